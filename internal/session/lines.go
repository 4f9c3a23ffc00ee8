package session

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
	"framehold/internal/workspace"
)

const (
	kindCollection = "collection"
	kindUntracked  = "untracked"
	kindUnshared   = "unshared"
)

// line is what a list finds and orders: of 20,000 lines a screen shows sixty, and only those become rows.
type line struct {
	id    studio.ID // zero: not in the project
	kind  string    // collection task resource untracked unshared
	key   string    // of the path, for orders
	asset *projectdb.AssetInfo
	state FileState
	depth int

	entry *workspace.Entry // a file that is in no asset that the person may see; nil: it is in one
	name  string           // of entry, as shown
	in    studio.CollectionID
}

// lines finds what the request asks for, in its order; all counts the assets of the view before its filters.
func (l *lister) lines() (lines []line, all int) {
	if (l.r.View == "" || l.r.View == ViewDefault) && !l.r.Flat && !l.r.filtered() {
		l.sums = l.s.sums(l.p)
		lines = l.tree(l.r.Collection, 0, nil)
		return lines, assetsOf(lines)
	}
	return l.flat()
}

func assetsOf(lines []line) (n int) {
	for i := range lines {
		if lines[i].asset != nil {
			n++
		}
	}
	return n
}

// tree lists a collection and those below it that are open.
func (l *lister) tree(in studio.CollectionID, depth int, lines []line) []line {
	if depth > pathDepthMax {
		return lines
	}
	var level []line
	for _, id := range l.p.inside[in] {
		level = append(level, l.lineOf(id))
	}
	level = append(level, l.bareFilesIn(in)...)
	for _, at := range l.sorted(level) {
		at.depth = depth
		lines = append(lines, at)
		if at.kind == kindCollection && l.r.Expanded[studio.CollectionID{ID: at.id}] {
			lines = l.tree(studio.CollectionID{ID: at.id}, depth+1, lines)
		}
	}
	return lines
}

// lineOf is the line of an asset or collection.
func (l *lister) lineOf(id studio.ID) line {
	a, isAsset := l.p.Assets[studio.AssetID{ID: id}]
	if !isAsset {
		return line{id: id, kind: kindCollection, key: l.p.keys[id]}
	}
	at := line{id: id, kind: a.Kind.String(), key: l.p.keys[id], asset: a}
	if l.working.Looked {
		at.state = l.working.Of[a.ID].State(a)
	}
	return at
}

// bareFiles are the lines of the files of the working folder that are in no asset that the person may see: those that are not
// tracked, and those that are no longer shared.
func (l *lister) bareFiles(yield func(line) bool) {
	of := func(e *workspace.Entry, kind string, state FileState) line {
		return line{kind: kind, key: keyPath(e.Path), state: state, entry: e, name: path.Base(e.Path)}
	}
	for i := range l.working.Untracked {
		at := of(&l.working.Untracked[i], kindUntracked, StateUntracked)
		if at.entry.Unusable != "" {
			at.state = StateUnusable
		}
		if !yield(at) {
			return
		}
	}
	for i := range l.working.Unshared {
		if !yield(of(&l.working.Unshared[i], kindUnshared, StateUnshared)) {
			return
		}
	}
}

// bareFilesIn lists those of which this is the nearest collection.
func (l *lister) bareFilesIn(in studio.CollectionID) []line {
	var lines []line
	for at := range l.bareFiles {
		if l.nearest(path.Dir(at.entry.Path)) != in {
			continue
		}
		at.name, at.in = at.entry.Path, in
		if base := l.p.Path(in.ID); base != "" {
			at.name = strings.TrimPrefix(at.entry.Path, base+"/")
		}
		lines = append(lines, at)
	}
	return lines
}

func (l *lister) nearest(dir string) studio.CollectionID {
	for dir != "." && dir != "/" && dir != "" {
		if id, ok := l.p.At(dir); ok {
			if _, isCollection := l.p.Collections[studio.CollectionID{ID: id}]; isCollection {
				return studio.CollectionID{ID: id}
			}
		}
		dir = path.Dir(dir)
	}
	return studio.CollectionID{}
}

// flat lists every matching asset below the collection.
func (l *lister) flat() (lines []line, all int) {
	below := l.p.Below(l.r.Collection)
	lines = make([]line, 0, len(below))
	for _, id := range below {
		a := l.p.Assets[id]
		if !l.inView(a) || l.r.Tasks && a.Kind != studio.Task {
			continue
		}
		all++
		if at := l.lineOf(id.ID); l.matches(&at) {
			lines = append(lines, at)
		}
	}
	if l.wantsBareFiles() {
		for at := range l.bareFiles {
			if l.matches(&at) {
				lines = append(lines, at)
			}
		}
	}
	return l.sorted(lines), all
}

func (l *lister) pathOf(at *line) string {
	if at.entry != nil {
		return at.entry.Path
	}
	return l.p.Path(at.id)
}

// sorted orders lines by moving each once: a sort moves what it sorts many times.
func (l *lister) sorted(lines []line) []line {
	order := make([]*line, len(lines))
	for i := range lines {
		order[i] = &lines[i]
	}
	slices.SortStableFunc(order, func(a, b *line) int { return l.compare(a, b) })
	out := make([]line, len(lines))
	for i, at := range order {
		out[i] = *at
	}
	return out
}

func (l *lister) wantsBareFiles() bool {
	return (l.r.View == "" || l.r.View == ViewDefault) && !l.r.Tasks && len(l.r.Assignees) == 0 && !l.r.Nobody &&
		len(l.r.Types) == 0 && len(l.r.Tags) == 0 && len(l.r.Statuses) == 0
}

func (l *lister) inView(a *projectdb.AssetInfo) bool {
	switch l.r.View {
	case ViewMy:
		return a.Kind == studio.Task && a.Assignee == l.s.me
	case ViewAssigned:
		return a.Kind == studio.Task && !a.Assignee.IsZero()
	case ViewUnassigned:
		return a.Kind == studio.Task && a.Assignee.IsZero()
	}
	return true
}

func (l *lister) matches(at *line) bool {
	if len(l.r.States) > 0 && !slices.Contains(l.r.States, at.state) {
		return false
	}
	if a := at.asset; a != nil {
		switch {
		case (len(l.r.Assignees) > 0 || l.r.Nobody) && (a.Kind != studio.Task ||
			!slices.Contains(l.r.Assignees, a.Assignee) && !(l.r.Nobody && a.Assignee.IsZero())):
			return false
		case len(l.r.Types) > 0 && !slices.Contains(l.r.Types, a.Type):
			return false
		case len(l.r.Statuses) > 0 && !slices.Contains(l.r.Statuses, a.Status):
			return false
		case len(l.r.Tags) > 0 && !slices.ContainsFunc(l.r.Tags, func(t string) bool { return slices.Contains(a.Tags, t) }):
			return false
		}
	}
	if l.query.Empty() {
		return true
	}
	item := l.item(at)
	return l.query.Match(&item, l.now)
}

func (l *lister) item(at *line) studio.Item {
	item := studio.Item{Path: l.pathOf(at), Kind: at.kind, State: string(at.state)}
	if a := at.asset; a != nil {
		st, holder := l.p.StatusOf[a.Status], l.p.Members[a.Assignee]
		item.Type, item.Tags = l.p.TypeOf[a.Type].Name, a.Tags
		item.StatusLabel, item.StatusName, item.Category = st.Label, st.Name, st.Category.String()
		item.Assignee, item.AssigneeName = holder.Username, holder.DisplayName()
		item.Due, item.SavedMs, item.Priority, item.Parked = a.Due, a.SavedMs, int(a.Priority), a.OpenParked
	}
	return item
}

// compare orders lines: collections first, then as asked, then by name.
func (l *lister) compare(a, b *line) int {
	if (a.kind == kindCollection) != (b.kind == kindCollection) {
		if a.kind == kindCollection {
			return -1
		}
		return 1
	}
	key, back := strings.CutPrefix(l.r.Sort, "-")
	if key == "" && l.r.View == ViewMy {
		key = "todo"
	}
	order := l.compareBy(key, a, b)
	if back {
		order = -order
	}
	return cmp.Or(order, strings.Compare(a.key, b.key))
}

// lastOf is the last element of a path's key.
func lastOf(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }

func (l *lister) compareBy(key string, a, b *line) int {
	switch key {
	case "state":
		return cmp.Compare(stateWeight(a.state), stateWeight(b.state))
	case "path":
		return strings.Compare(a.key, b.key)
	case "name", "":
		return strings.Compare(lastOf(a.key), lastOf(b.key))
	}
	if a.asset == nil || b.asset == nil {
		return cmp.Compare(boolInt(a.asset == nil), boolInt(b.asset == nil))
	}
	x, y := a.asset, b.asset
	switch key {
	case "status":
		return cmp.Compare(l.p.StatusOf[x.Status].Order, l.p.StatusOf[y.Status].Order)
	case "assignee":
		return cmp.Or(cmp.Compare(boolInt(x.Assignee.IsZero()), boolInt(y.Assignee.IsZero())),
			strings.Compare(l.p.Members[x.Assignee].DisplayName(), l.p.Members[y.Assignee].DisplayName()))
	case "type":
		return strings.Compare(l.p.TypeOf[x.Type].Name, l.p.TypeOf[y.Type].Name)
	case "saved":
		return cmp.Compare(y.SavedMs, x.SavedMs)
	case "due":
		return cmp.Or(cmp.Compare(boolInt(x.Due == ""), boolInt(y.Due == "")), strings.Compare(x.Due, y.Due))
	case "priority":
		return cmp.Compare(y.Priority, x.Priority)
	case "todo":
		return cmp.Or(cmp.Compare(l.urgency(x), l.urgency(y)), cmp.Compare(y.Priority, x.Priority),
			l.compareBy("due", a, b))
	}
	return 0
}

// urgency puts retakes first and what is done last: the order of My Tasks.
func (l *lister) urgency(a *projectdb.AssetInfo) int {
	order := map[studio.Category]int{studio.CategoryRetake: 0, studio.CategoryActive: 1, studio.CategoryTodo: 2,
		studio.CategoryReview: 3, studio.CategoryBlocked: 4, studio.CategoryDone: 5}
	return order[l.p.StatusOf[a.Status].Category]
}

func stateWeight(s FileState) int {
	return slices.Index([]FileState{StateDiverged, StateModified, StateOutdated, StateMissing, StateUntracked, StateUnusable,
		StateUnshared, StatePlanned, StateNormal, ""}, s)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
