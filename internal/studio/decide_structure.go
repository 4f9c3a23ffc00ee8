package studio

import (
	"slices"
	"strings"
)

// create decides collection.create and asset.create.
func (d *decider) create(b *CreateBody) Decision {
	if !d.can(MayCreate) {
		return d.denied(MayCreate, b.Name)
	}
	if err := CheckName(b.Name); err != nil {
		return d.refuseErr(err)
	}
	if d.exists(d.op.Entity) {
		return d.noop(CodeAlready, Params{Asset: b.Name})
	}
	p, refused := d.placeFor(b.Parent, b.Name, ID{})
	if refused != nil {
		return *refused
	}
	name, result := p.name, p.result
	if d.op.Kind == KindCollectionCreate {
		result.Puts = append(p.puts, Collection{
			ID: CollectionID{d.op.Entity}, Parent: p.parent, Name: name, NameKey: NameKey(name), Shared: b.Shared,
			CreatedBy: d.at.Actor, CreatedMs: d.at.ReceivedMs, Ver: 1,
		})
		return result
	}
	if b.Kind != Task && b.Kind != Resource {
		return d.refuse(CodeUsage, Params{Name: b.Name})
	}
	if _, ok := d.view.Type(b.Type); !ok && !b.Type.IsZero() {
		return d.refuse(CodeUnknownType, Params{Name: b.Type.String()})
	}
	a := Asset{
		ID: AssetID{d.op.Entity}, Parent: p.parent, Name: name, NameKey: NameKey(name), Kind: b.Kind, Type: b.Type,
		Rank: firstRank(d.op.MadeHybrid), NextVersion: 1, CreatedBy: d.at.Actor, CreatedMs: d.at.ReceivedMs,
		First: b.First, Ver: 1,
	}
	if b.Kind == Task {
		a.Status, a.StatusMs = firstTodo(d.view), d.at.ReceivedMs
	}
	result.Puts = append(p.puts, a)
	return result
}

func (d *decider) exists(id ID) bool {
	if _, ok := d.view.Asset(AssetID{id}); ok {
		return true
	}
	_, ok := d.view.Collection(CollectionID{id})
	return ok
}

// free is the name, or the next free one, and the verdict that says so. The thing itself does not count.
func (d *decider) free(parent CollectionID, name string, self ID) (string, Decision) {
	taken := func(key string) bool {
		id, ok := d.view.Named(parent, key)
		return ok && !sameID(id, self)
	}
	if !taken(NameKey(name)) {
		return name, Decision{Verdict: Applied}
	}
	free := nextFreeName(name, taken)
	return free, Decision{Verdict: Merged, Reason: CodeRenamed, Params: Params{Name: name, Now: free}, Name: free}
}

func firstTodo(view View) StatusID {
	for _, s := range view.Statuses() {
		if s.Category == CategoryTodo && !s.Removed && !s.Hidden {
			return s.ID
		}
	}
	for _, s := range view.Statuses() {
		if s.Category == CategoryTodo && !s.Removed {
			return s.ID
		}
	}
	return StatusID{}
}

// firstRank places a new card behind those made before it: the hybrid instant in digits of rank order. It never
// ends in the lowest digit, so that there is room before it.
func firstRank(hybrid uint64) string {
	var b [12]byte
	b[11] = 'V'
	for i := 10; i >= 0; i-- {
		b[i] = rankDigits[hybrid%62]
		hybrid /= 62
	}
	return string(b[:])
}

// mayArrange refuses who may not rename or move an asset: a task that another holds needs its own permission.
func (d *decider) mayArrange(a Asset, path string) *Decision {
	needed := MayCreate
	if a.Kind == Task && !a.Assignee.IsZero() && a.Assignee != d.at.Actor {
		needed = MayRenameHeld
	}
	if !d.can(needed) {
		return d.denied(needed, path).ptr()
	}
	return nil
}

func (d *decider) rename(b *RenameBody) Decision {
	if err := CheckName(b.Name); err != nil {
		return d.refuseErr(err)
	}
	if c, ok := d.view.Collection(CollectionID{d.op.Entity}); ok {
		if !d.can(MayCreate) {
			return d.denied(MayCreate, c.Name)
		}
		if c.Name == b.Name {
			return d.noop(CodeAlready, Params{Asset: c.Name})
		}
		name, result := d.free(c.Parent, b.Name, c.ID.ID)
		c.Name, c.NameKey, c.Ver = name, NameKey(name), c.Ver+1
		result.Puts = []Row{c}
		return result
	}
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	if refused := d.mayArrange(a, d.pathOf(a.ID.ID)); refused != nil {
		return *refused
	}
	if a.Name == b.Name {
		return d.noop(CodeAlready, Params{Asset: a.Name})
	}
	name, result := d.free(a.Parent, b.Name, a.ID.ID)
	a.Name, a.NameKey, a.Ver = name, NameKey(name), a.Ver+1
	result.Puts = []Row{a}
	return result
}

func (d *decider) move(b *MoveBody) Decision {
	if _, ok := d.view.Collection(b.Parent); !ok && !b.Parent.IsZero() {
		return d.refuse(CodeUnknownTarget, Params{Name: b.Parent.String()})
	}
	if c, ok := d.view.Collection(CollectionID{d.op.Entity}); ok {
		return d.moveCollection(c, b)
	}
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	if refused := d.mayArrange(a, d.pathOf(a.ID.ID)); refused != nil {
		return *refused
	}
	if a.Parent == b.Parent {
		return d.noop(CodeAlready, Params{Asset: a.Name})
	}
	p, refused := d.placeFor(b.Parent, a.Name, a.ID.ID)
	if refused != nil {
		return *refused
	}
	a.Parent, a.Name, a.NameKey, a.Ver = p.parent, p.name, NameKey(p.name), a.Ver+1
	p.result.Puts = append(p.puts, a)
	return p.result
}

func (d *decider) moveCollection(c Collection, b *MoveBody) Decision {
	if !d.can(MayCreate) {
		return d.denied(MayCreate, c.Name)
	}
	if c.Parent == b.Parent {
		return d.noop(CodeAlready, Params{Asset: c.Name})
	}
	if d.inside(b.Parent, c.ID) {
		return d.refuse(CodeCycle, Params{Asset: d.pathOf(c.ID.ID), Name: d.pathOf(b.Parent.ID)})
	}
	p, refused := d.placeFor(b.Parent, c.Name, c.ID.ID)
	if refused != nil {
		return *refused
	}
	if d.inside(p.parent, c.ID) { // Recovered stands in it, or is it: it stays where it is
		return d.noop(CodeAlready, Params{Asset: c.Name})
	}
	c.Parent, c.Name, c.NameKey, c.Ver = p.parent, p.name, NameKey(p.name), c.Ver+1
	p.result.Puts = append(p.puts, c)
	return p.result
}

// inside tells whether a collection is another, or stands in it.
func (d *decider) inside(c, in CollectionID) bool {
	for seen := 0; !c.IsZero() && seen < depthMax; seen++ {
		if c == in {
			return true
		}
		outer, _ := d.view.Collection(c)
		c = outer.Parent
	}
	return false
}

func (d *decider) trash(b *TrashBody) Decision {
	path := d.pathOf(d.op.Entity)
	if !d.can(MayTrash) {
		return d.denied(MayTrash, path)
	}
	if c, ok := d.view.Collection(CollectionID{d.op.Entity}); ok {
		if c.Trashed() {
			return d.noop(CodeAlready, Params{Asset: path})
		}
		c.TrashedBy, c.TrashedMs, c.Ver = d.at.Actor, max(d.at.ReceivedMs, 1), c.Ver+1
		return d.apply(c)
	}
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	if a.Trashed() {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	if b.SeenHead != a.Head && !d.undoing {
		head, _ := d.view.Checkpoint(a.Head)
		return d.refuse(CodeChanged, Params{Asset: path, Version: LabelIn(d.view, head), Who: d.nameOf(head.Author)})
	}
	for _, root := range OpenChains(d.view, a.ID) {
		if !slices.Contains(b.SeenParked, root) && !d.undoing {
			k, _ := d.view.Checkpoint(root)
			return d.refuse(CodeChanged, Params{Asset: path, Version: LabelIn(d.view, k), Who: d.nameOf(k.Author)})
		}
	}
	a.TrashedBy, a.TrashedMs, a.Ver = d.at.Actor, max(d.at.ReceivedMs, 1), a.Ver+1
	return d.apply(a)
}

func (d *decider) restore() Decision {
	path := d.pathOf(d.op.Entity)
	if !d.can(MayTrash) {
		return d.denied(MayTrash, path)
	}
	if c, ok := d.view.Collection(CollectionID{d.op.Entity}); ok {
		if !c.Trashed() {
			return d.noop(CodeAlready, Params{Asset: path})
		}
		name, result := d.free(c.Parent, c.Name, c.ID.ID)
		c.Name, c.NameKey, c.TrashedBy, c.TrashedMs, c.Ver = name, NameKey(name), UserID{}, 0, c.Ver+1
		result.Puts = []Row{c}
		return result
	}
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	if !a.Trashed() {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	name, result := d.free(a.Parent, a.Name, a.ID.ID)
	a.Name, a.NameKey, a.TrashedBy, a.TrashedMs, a.Ver = name, NameKey(name), UserID{}, 0, a.Ver+1
	result.Puts = []Row{a}
	return result
}

// purge gives up the content of an asset in the trash: its row and its events stay. The caller lists its
// checkpoints to the store, which frees their bytes.
func (d *decider) purge() Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	if !d.can(MayPurge) {
		return d.denied(MayPurge, path)
	}
	if !a.Trashed() {
		return d.refuse(CodeUsage, Params{Asset: path, Why: "purge_needs_trash"})
	}
	if d.within(d.view.Project().Options.TrashDays, a.TrashedMs) {
		return d.refuse(CodeUsage, Params{Asset: path, Why: "purge_too_early"})
	}
	for _, p := range d.view.Parked(a.ID) {
		if p.State == ParkedOpen {
			return d.refuse(CodeParkedOpen, Params{Asset: path})
		}
	}
	a.Purged, a.Ver = true, a.Ver+1
	return d.apply(a)
}

func (d *decider) convert(b *ConvertBody) Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	switch {
	case b.To != Task && b.To != Resource:
		return d.refuse(CodeUsage, Params{Asset: path})
	case a.Kind == b.To:
		return d.noop(CodeAlready, Params{Asset: path})
	case b.To == Task && !d.can(MayToTask):
		return d.denied(MayToTask, path)
	case b.To == Resource && !d.can(MayToResource):
		return d.denied(MayToResource, path)
	case b.To == Resource && !a.Assignee.IsZero():
		return d.refuse(CodeStillHeld, Params{Asset: path, Who: d.nameOf(a.Assignee)})
	}
	a.Kind, a.Ver = b.To, a.Ver+1
	a.Status, a.StatusMs = StatusID{}, 0
	if b.To == Task {
		a.Status, a.StatusMs = firstTodo(d.view), d.at.ReceivedMs
		if s, ok := d.view.Status(b.Status); ok && d.undoing && !s.Removed {
			a.Status = s.ID
		}
	}
	return d.apply(a)
}

func (d *decider) tag(b *TagBody) Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	if !d.can(MayCreate) {
		return d.denied(MayCreate, path)
	}
	if err := CheckTag(b.Tag); err != nil {
		return d.refuseErr(err)
	}
	has := d.view.HasTag(a.ID, b.Tag)
	if has == (d.op.Kind == KindTagAdd) {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	if has {
		return Decision{Verdict: Applied, Gone: []Row{TagOn{a.ID, b.Tag}}}
	}
	return d.apply(TagOn{a.ID, b.Tag})
}

func (d *decider) depend(b *DependBody) Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	if !d.can(MayDependAll) && (!d.may.Has(MayDependOwn) || !d.holds(a)) {
		return d.denied(MayDependAll, path)
	}
	link := Dependency{a.ID, b.Target}
	has := false
	for _, have := range d.view.Needs(a.ID) {
		has = has || have == link
	}
	if has == (d.op.Kind == KindDependAdd) {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	if has {
		return Decision{Verdict: Applied, Gone: []Row{link}}
	}
	if !d.exists(b.Target) || !d.sees(b.Target) {
		return d.refuse(CodeUnknownTarget, Params{Name: b.Target.String()})
	}
	if target := (AssetID{b.Target}); target == a.ID || d.reaches(target, a.ID) {
		return d.refuse(CodeCycle, Params{Asset: path, Name: d.pathOf(b.Target)})
	}
	return d.apply(link)
}

// sees tells whether the actor may know of a target: what they need they may download, so nobody names what they do not
// see (row Ic10). The answer is that of a target which is not there.
func (d *decider) sees(target ID) bool {
	return d.undoing || d.may.Has(MaySeeAll) || d.founding || SightOf(d.view, d.at.Actor).Sees(target)
}

// reaches tells whether from needs to through assets alone.
func (d *decider) reaches(from, to AssetID) bool {
	seen := map[AssetID]bool{from: true}
	for queue := []AssetID{from}; len(queue) > 0; queue = queue[1:] {
		for _, link := range d.view.Needs(queue[0]) {
			next := AssetID{link.Target}
			if next == to {
				return true
			}
			if !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
	}
	return false
}

// set decides asset.set: one field, compared with what the actor saw.
func (d *decider) set(b *SetBody) Decision {
	path := d.pathOf(d.op.Entity)
	if b.Field == FieldShared {
		return d.setShared(b, path)
	}
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	needed := MayCreate
	if b.Field == FieldDue || b.Field == FieldPriority || b.Field == FieldEstimate {
		needed = MayPlan
	}
	if !d.can(needed) {
		return d.denied(needed, path)
	}
	if err := CheckText("description", b.Value); err != nil {
		return d.refuseErr(err)
	}
	now := a.FieldValue(b.Field)
	if now == b.Value {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	if now != b.Seen {
		return d.refuse(CodeStaleField, Params{Asset: path, Field: b.Field.String(), Now: now, Mine: b.Value})
	}
	if !a.setField(d.view, b.Field, b.Value) {
		return d.refuse(CodeUsage, Params{Asset: path, Field: b.Field.String(), Name: b.Value, Why: "field_invalid"})
	}
	a.Ver++
	return d.apply(a)
}

func (d *decider) setShared(b *SetBody, path string) Decision {
	c, ok := d.view.Collection(CollectionID{d.op.Entity})
	if !ok {
		return d.refuse(CodeUnknownTarget, Params{Name: path})
	}
	if !d.can(MayAssign) {
		return d.denied(MayAssign, path)
	}
	if c.Shared == (b.Value == "1") {
		return d.noop(CodeAlready, Params{Asset: path})
	}
	c.Shared, c.Ver = b.Value == "1", c.Ver+1
	return d.apply(c)
}

// String is the name of a field, as sentences and the command line have it.
func (f Field) String() string {
	names := [...]string{"", "type", "description", "due", "priority", "estimate", "shared"}
	if int(f) < len(names) {
		return names[f]
	}
	return ""
}

// FieldValue is a field as SetBody writes it.
func (a Asset) FieldValue(f Field) string {
	switch f {
	case FieldType:
		if a.Type.IsZero() {
			return ""
		}
		return a.Type.String()
	case FieldDescription:
		return a.Description
	case FieldDue:
		return a.Due
	case FieldPriority:
		return itoa(uint64(a.Priority))
	case FieldEstimate:
		return itoa(uint64(a.EstimateMin))
	}
	return ""
}

func (a *Asset) setField(view View, f Field, value string) bool {
	switch f {
	case FieldType:
		if value == "" {
			a.Type = TypeID{}
			return true
		}
		id, err := ParseID(value)
		t, ok := view.Type(TypeID{id})
		a.Type = TypeID{id}
		return err == nil && ok && !t.Removed
	case FieldDescription:
		a.Description = value
		return true
	case FieldDue:
		a.Due = value
		return value == "" || IsDay(value)
	case FieldPriority:
		if len(value) != 1 || value[0] < '0' || value[0] > '3' {
			return false
		}
		a.Priority = value[0] - '0'
		return true
	case FieldEstimate:
		n, ok := minutes(value)
		a.EstimateMin = n
		return ok
	}
	return false
}

const estimateMaxMin = 10_000_000 // 19 years

func minutes(s string) (n uint32, ok bool) {
	if s == "" || len(s) > 8 {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint32(c-'0')
	}
	return n, n <= estimateMaxMin
}

// IsDay tells whether s is a day of the Gregorian calendar, 2026-12-24.
func IsDay(s string) bool {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' || strings.Trim(s, "0123456789-") != "" ||
		strings.Count(s, "-") != 2 {
		return false
	}
	year, _ := minutes(s[:4])
	month, _ := minutes(s[5:7])
	day, _ := minutes(s[8:])
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	days := [...]uint32{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		days = 29
	}
	return day <= days
}
