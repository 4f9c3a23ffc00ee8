package studio

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// define decides the ops that set a definition as a whole row: compare-and-swap on its version (row K9).
func (d *decider) define(b *RowBody) Decision {
	row, err := DecodeRow(tableOf(d.op.Kind), b.Row)
	if err != nil {
		return d.refuse(CodeUsage, Params{Why: "row_malformed"})
	}
	if row.Key() != string(d.op.Entity[:]) || newerOf(row) != d.newerHere(row) {
		return d.refuse(CodeUsage, Params{Why: "row_malformed"})
	}
	switch r := row.(type) {
	case Member:
		return d.memberSet(r, b.SeenVer)
	case Role:
		return d.roleSet(r, b.SeenVer)
	case Status:
		return d.statusDefine(r, b.SeenVer)
	case Type:
		return d.typeDefine(r, b.SeenVer)
	case SavedView:
		return d.viewSet(r, b.SeenVer)
	}
	return d.projectSet(row.(Project), b.SeenVer)
}

// newerHere is what a newer program added to the row that an op sets: this program can keep it, and say nothing of it.
func (d *decider) newerHere(r Row) Newer {
	before, ok := NewState(d.view).Find(r.Table(), r.Key())
	if !ok {
		return ""
	}
	return newerOf(before)
}

func tableOf(k Kind) Table {
	return map[Kind]Table{
		KindMemberSet: TableMember, KindRoleSet: TableRole, KindStatusDefine: TableStatus, KindTypeDefine: TableType,
		KindViewSet: TableView, KindProjectSet: TableProject,
	}[k]
}

func (d *decider) stale(field string) Decision {
	return d.refuse(CodeStaleField, Params{Field: field})
}

func (d *decider) memberSet(m Member, seen uint64) Decision {
	before, _ := d.view.Member(m.User)
	if before.Ver != seen {
		return d.stale(m.Username)
	}
	if !d.maySetMember(before, m) {
		return d.denied(MayMembers, m.Username)
	}
	if err := CheckUsername(m.Username); err != nil {
		return d.refuseErr(err)
	}
	role, ok := d.view.Role(m.Role)
	if !ok {
		return d.refuse(CodeUnknownRole, Params{Name: m.Role.String()})
	}
	if role.May.IsAdmin() && m.Role != before.Role && !d.can(MayRoles) {
		return d.denied(MayRoles, m.Username)
	}
	for _, other := range d.view.Members() {
		if other.User != m.User && strings.EqualFold(other.Username, m.Username) {
			return d.refuse(CodeUsernameTaken, Params{Name: m.Username, Who: other.DisplayName()})
		}
		if other.User != m.User && !m.Profile.IsZero() && other.Profile == m.Profile {
			return d.refuse(CodeUsernameTaken, Params{Name: other.Username, Who: other.DisplayName()})
		}
	}
	m.Ver = before.Ver
	if m == before {
		return d.noop(CodeAlready, Params{Name: m.Username})
	}
	m.Ver++
	if d.removesLastAdmin(func(x Member) Member {
		if x.User == m.User {
			return m
		}
		return x
	}, nil) {
		return d.refuse(CodeLastAdmin, Params{Who: m.DisplayName(), Project: d.view.Project().Name})
	}
	return d.apply(m)
}

// maySetMember: who manages members; everyone their own name and address; and the profile that opens the project
// first under a place that was made for it binds itself to it.
func (d *decider) maySetMember(before, m Member) bool {
	if d.can(MayMembers) {
		return true
	}
	if before.User != d.at.Actor {
		return false
	}
	if before.Profile.IsZero() {
		before.Profile = m.Profile
	}
	before.Name, before.Email, before.Ver = m.Name, m.Email, m.Ver
	return before == m
}

// removesLastAdmin tells whether nobody would be admin after a change.
func (d *decider) removesLastAdmin(member func(Member) Member, role *Role) bool {
	if d.founding {
		return false
	}
	for _, m := range d.view.Members() {
		m = member(m)
		r, _ := d.view.Role(m.Role)
		if role != nil && role.ID == m.Role {
			r = *role
		}
		if !m.Gone && r.May.IsAdmin() {
			return false
		}
	}
	return true
}

func (d *decider) roleSet(r Role, seen uint64) Decision {
	before, _ := d.view.Role(r.ID)
	if !d.can(MayRoles) {
		return d.denied(MayRoles, r.Name)
	}
	if before.Ver != seen {
		return d.stale(r.Name)
	}
	if r.Name == "" || len(r.Name) > tagMaxBytes {
		return d.refuse(CodeInvalidName, Params{Name: r.Name, Why: "name_empty"})
	}
	for _, other := range d.view.Roles() {
		if other.ID != r.ID && strings.EqualFold(other.Name, r.Name) {
			return d.refuse(CodeNameTaken, Params{Name: r.Name})
		}
	}
	r.Ver = before.Ver
	if r == before {
		return d.noop(CodeAlready, Params{Name: r.Name})
	}
	r.Ver++
	if d.removesLastAdmin(func(m Member) Member { return m }, &r) {
		return d.refuse(CodeLastAdmin, Params{Project: d.view.Project().Name})
	}
	return d.apply(r)
}

func (d *decider) statusDefine(s Status, seen uint64) Decision {
	before, known := d.view.Status(s.ID)
	if !d.can(MaySettings) {
		return d.denied(MaySettings, s.Name)
	}
	if before.Ver != seen {
		return d.stale(s.Name)
	}
	if why := statusProblem(s); why != "" {
		return d.refuse(CodeInvalidName, Params{Name: s.Label, Why: why})
	}
	if !isColour(s.Colour) {
		return d.refuse(CodeInvalidName, Params{Name: s.Label, Now: s.Colour, Why: "colour_invalid"})
	}
	for _, other := range d.view.Statuses() {
		if other.ID != s.ID && !other.Removed && strings.EqualFold(other.Label, s.Label) {
			return d.refuse(CodeNameTaken, Params{Name: s.Label})
		}
	}
	if known && before.Category == CategoryTodo && s.Category != CategoryTodo && !d.otherTodo(s.ID) {
		return d.refuse(CodeLastStatus, Params{Name: s.Name})
	}
	if known && (before.Removed || s.Removed) { // removing names a replacement: status.remove
		return d.refuse(CodeStatusGone, Params{Name: s.Name})
	}
	s.Ver = before.Ver + 1
	return d.apply(s)
}

func statusProblem(s Status) string {
	switch {
	case s.Name == "" || len(s.Name) > nameMaxBytes:
		return "name_empty"
	case s.Label == "" || utf8.RuneCountInString(s.Label) > labelMaxRune || strings.ContainsAny(s.Label, " \t\n,:\""):
		return "label_invalid"
	case s.Category < CategoryTodo || s.Category > CategoryBlocked:
		return "category_invalid"
	case !slices.IsSortedFunc(s.OnlyRoles, func(a, b RoleID) int { return slices.Compare(a.ID[:], b.ID[:]) }):
		return "row_malformed"
	}
	return ""
}

// isColour tells whether a text is #rrggbb, or "" for the built-in one.
func isColour(s string) bool {
	hex := strings.Trim(strings.ToLower(s), "0123456789abcdef")
	return s == "" || len(s) == len("#rrggbb") && s[0] == '#' && hex == "#"
}

func (d *decider) typeDefine(t Type, seen uint64) Decision {
	before, _ := d.view.Type(t.ID)
	if !d.can(MaySettings) {
		return d.denied(MaySettings, t.Name)
	}
	if before.Ver != seen {
		return d.stale(t.Name)
	}
	if t.Name == "" || len(t.Name) > tagMaxBytes {
		return d.refuse(CodeInvalidName, Params{Name: t.Name, Why: "name_empty"})
	}
	if !isColour(t.Colour) {
		return d.refuse(CodeInvalidName, Params{Name: t.Name, Now: t.Colour, Why: "colour_invalid"})
	}
	for _, other := range d.view.Types() {
		if other.ID != t.ID && !other.Removed && strings.EqualFold(other.Name, t.Name) {
			return d.refuse(CodeNameTaken, Params{Name: t.Name})
		}
	}
	t.Ver = before.Ver + 1
	return d.apply(t)
}

func (d *decider) viewSet(v SavedView, seen uint64) Decision {
	before, known := d.view.View(v.ID)
	if before.Ver != seen {
		return d.stale(v.Name)
	}
	if known && before.Owner != d.at.Actor && !d.can(MayShareViews) || v.Shared && !d.can(MayShareViews) {
		return d.denied(MayShareViews, v.Name)
	}
	if !known {
		v.Owner = d.at.Actor
	} else {
		v.Owner = before.Owner
	}
	if _, err := ParseQuery(v.Query); err != nil || v.Name == "" || len(v.Name) > nameMaxBytes {
		return d.refuse(CodeBadQuery, Params{Name: v.Name})
	}
	v.Ver = before.Ver + 1
	return d.apply(v)
}

func (d *decider) projectSet(p Project, seen uint64) Decision {
	before := d.view.Project()
	if !d.can(MaySettings) {
		return d.denied(MaySettings, p.Name)
	}
	if before.Ver != seen || (before.ID != p.ID && !before.ID.IsZero()) {
		return d.stale(p.Name)
	}
	if why := lineProblem(p.Name); why != "" {
		return d.refuse(CodeInvalidName, Params{Name: p.Name, Why: why})
	}
	if p.State == Founding && before.State > Founding { // once a project is founded, rights are asked for good
		return d.refuse(CodeUsage, Params{Name: p.Name, Why: "row_malformed"})
	}
	p.Ver = before.Ver + 1
	return d.apply(p)
}
