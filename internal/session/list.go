package session

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"
	"sync"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// Views of a list.
const (
	ViewDefault    = "default"
	ViewMy         = "my"
	ViewAssigned   = "assigned"
	ViewUnassigned = "unassigned"
)

// ListRequest asks for a window of a view.
type ListRequest struct {
	View       string
	Query      string
	Collection studio.CollectionID
	Expanded   map[studio.CollectionID]bool
	Assignees  []studio.UserID // any of them
	Nobody     bool            // or nobody
	Types      []studio.TypeID
	Tags       []string
	Statuses   []studio.StatusID
	States     []FileState
	Sort       string // name state status assignee type saved due priority; "-" before it turns it round
	Flat       bool
	Tasks      bool // tasks alone
	Offset     int
	Limit      int // 0: all
}

func (r ListRequest) filtered() bool {
	return r.Query != "" || len(r.Assignees) > 0 || r.Nobody || len(r.Types) > 0 || len(r.Tags) > 0 ||
		len(r.Statuses) > 0 || len(r.States) > 0
}

// Row is a line of a list.
type Row struct {
	Kind        string // collection task resource untracked
	ID          studio.ID
	Parent      studio.CollectionID
	Name, Path  string
	Depth       int
	Expanded    bool
	HasChildren bool
	Asset       *projectdb.AssetInfo // nil: none
	Collection  studio.Collection
	State       FileState
	NotYours    bool
	File        File
	Unusable    string
	Count       int
	Bar         []Share
	Faces       []studio.UserID
	key         string // of the path, for orders
}

// Share is a number of tasks in a status.
type Share struct {
	Status studio.StatusID
	Count  int
}

// List is one window of a view.
type List struct {
	Picture *Picture
	Total   int
	Assets  int
	All     int
	Rows    []Row
}

// lister makes one list.
type lister struct {
	s       *Session
	p       *Picture
	r       ListRequest
	query   studio.Query
	now     studio.QueryNow
	working Working
	sums    map[studio.CollectionID]*sum
}

type sum struct {
	count int
	by    map[studio.StatusID]int
	faces map[studio.UserID]int
}

// sums are the numbers of the collections of one picture.
type sums struct {
	mu  sync.Mutex
	of  *Picture
	sum map[studio.CollectionID]*sum
}

func (s *Session) newLister(ctx context.Context, r ListRequest) (*lister, error) {
	p, err := s.Look(ctx)
	if err != nil {
		return nil, err
	}
	return s.listerOf(p, r)
}

func (s *Session) listerOf(p *Picture, r ListRequest) (*lister, error) {
	query, err := studio.ParseQuery(r.Query)
	if err != nil {
		return nil, err
	}
	ms := s.clock.NowMs()
	l := &lister{s: s, p: p, r: r, query: query, working: s.Files()}
	l.now = studio.QueryNow{Ms: ms, Day: s.clock.Now().Local().Format("2006-01-02"), Me: p.Members[s.me].Username}
	return l, nil
}

// List makes a window of a view. Code: bad_query.
func (s *Session) List(ctx context.Context, r ListRequest) (List, error) {
	l, err := s.newLister(ctx, r)
	if err != nil {
		return List{}, err
	}
	return l.list(), nil
}

// ListIn is List over a picture that the caller has: one of LookMine too.
func (s *Session) ListIn(p *Picture, r ListRequest) (List, error) {
	l, err := s.listerOf(p, r)
	if err != nil {
		return List{}, err
	}
	return l.list(), nil
}

func (l *lister) list() List {
	s, r := l.s, l.r
	var rows []Row
	list := List{Picture: l.p}
	if (r.View == "" || r.View == ViewDefault) && !r.Flat && !r.filtered() {
		l.sums = s.sums(l.p)
		rows = l.tree(r.Collection, 0, nil)
	} else {
		rows = l.flat(&list)
	}
	for i := range rows {
		if rows[i].Asset != nil {
			list.Assets++
		}
	}
	if list.All == 0 {
		list.All = list.Assets
	}
	list.Total = len(rows)
	list.Rows = window(rows, r.Offset, r.Limit)
	return list
}

func window[T any](rows []T, offset, limit int) []T {
	offset = min(max(offset, 0), len(rows))
	end := len(rows)
	if limit > 0 {
		end = min(end, offset+limit)
	}
	return rows[offset:end]
}

// tree lists a collection and those below it that are open.
func (l *lister) tree(in studio.CollectionID, depth int, rows []Row) []Row {
	if depth > pathDepthMax {
		return rows
	}
	var level []Row
	for _, id := range l.p.inside[in] {
		level = append(level, l.row(id))
	}
	level = append(level, l.untrackedIn(in)...)
	for _, row := range l.sorted(level) {
		row.Depth = depth
		if row.Kind == "collection" {
			id := studio.CollectionID{ID: row.ID}
			row.Expanded = l.r.Expanded[id]
			row.HasChildren = len(l.p.inside[id]) > 0
		}
		rows = append(rows, row)
		if row.Expanded {
			rows = l.tree(studio.CollectionID{ID: row.ID}, depth+1, rows)
		}
	}
	return rows
}

// untrackedIn lists the files of the working folder that are not tracked and whose nearest collection this is.
func (l *lister) untrackedIn(in studio.CollectionID) []Row {
	var rows []Row
	for _, e := range l.working.Untracked {
		parent := l.nearest(path.Dir(e.Path))
		if parent != in {
			continue
		}
		row := Row{key: keyPath(e.Path), Kind: "untracked", Parent: in, Path: e.Path, Name: e.Path, State: StateUntracked, Unusable: e.Unusable}
		if base := l.p.Path(in.ID); base != "" {
			row.Name = strings.TrimPrefix(e.Path, base+"/")
		}
		if e.Unusable != "" {
			row.State = StateUnusable
		}
		row.File = File{Path: e.Path, Exists: true, Size: e.Info.Size, MtimeMs: e.Info.MtimeNs / 1e6}
		rows = append(rows, row)
	}
	return rows
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
func (l *lister) flat(list *List) []Row {
	var rows []Row
	for _, id := range l.p.Below(l.r.Collection) {
		a := l.p.Assets[id]
		if !l.inView(a) || l.r.Tasks && a.Kind != studio.Task {
			continue
		}
		list.All++
		row := l.row(id.ID)
		if l.matches(&row) {
			rows = append(rows, row)
		}
	}
	if l.wantsUntracked() {
		for _, e := range l.working.Untracked {
			row := Row{key: keyPath(e.Path), Kind: "untracked", Path: e.Path, Name: path.Base(e.Path), State: StateUntracked, Unusable: e.Unusable}
			row.File = File{Path: e.Path, Exists: true, Size: e.Info.Size, MtimeMs: e.Info.MtimeNs / 1e6}
			if e.Unusable != "" {
				row.State = StateUnusable
			}
			if l.matches(&row) {
				rows = append(rows, row)
			}
		}
	}
	return l.sorted(rows)
}

// sorted orders rows by moving each once: a row is wide, and a sort moves what it sorts many times.
func (l *lister) sorted(rows []Row) []Row {
	order := make([]*Row, len(rows))
	for i := range rows {
		order[i] = &rows[i]
	}
	slices.SortStableFunc(order, func(a, b *Row) int { return l.compare(a, b) })
	out := make([]Row, len(rows))
	for i, r := range order {
		out[i] = *r
	}
	return out
}

func (l *lister) wantsUntracked() bool {
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

func (l *lister) matches(row *Row) bool {
	if len(l.r.States) > 0 && !slices.Contains(l.r.States, row.State) {
		return false
	}
	if a := row.Asset; a != nil {
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
	item := l.item(row)
	return l.query.Match(&item, l.now)
}

func (l *lister) item(row *Row) studio.Item {
	item := studio.Item{Path: row.Path, Kind: row.Kind, State: string(row.State)}
	if a := row.Asset; a != nil {
		st, holder := l.p.StatusOf[a.Status], l.p.Members[a.Assignee]
		item.Type, item.Tags = l.p.TypeOf[a.Type].Name, a.Tags
		item.StatusLabel, item.StatusName, item.Category = st.Label, st.Name, st.Category.String()
		item.Assignee, item.AssigneeName = holder.Username, holder.DisplayName()
		item.Due, item.SavedMs, item.Priority, item.Parked = a.Due, a.SavedMs, int(a.Priority), a.OpenParked
	}
	return item
}

// row makes the line of an asset or collection.
func (l *lister) row(id studio.ID) Row {
	if a, ok := l.p.Assets[studio.AssetID{ID: id}]; ok {
		row := Row{key: l.p.keys[id], Kind: a.Kind.String(), ID: id, Parent: a.Parent, Name: a.Name, Path: l.p.Path(id), Asset: a}
		if l.working.Looked {
			row.File = l.working.Of[a.ID]
			row.State = row.File.State(a)
			changed := row.State == StateModified || row.State == StateDiverged
			row.NotYours = changed && a.Kind == studio.Task && a.Assignee != l.s.me
		}
		return row
	}
	c := l.p.Collections[studio.CollectionID{ID: id}]
	row := Row{key: l.p.keys[id], Kind: "collection", ID: id, Parent: c.Parent, Name: c.Name, Path: l.p.Path(id), Collection: c}
	if sum := l.sums[c.ID]; sum != nil {
		row.Count = sum.count
		for _, st := range l.p.Statuses {
			if n := sum.by[st.ID]; n > 0 {
				row.Bar = append(row.Bar, Share{st.ID, n})
			}
		}
		row.Faces = sum.mostly()
	}
	return row
}

const facesMax = 4

func (s *sum) mostly() []studio.UserID {
	var faces []studio.UserID
	for u := range s.faces {
		faces = append(faces, u)
	}
	slices.SortFunc(faces, func(a, b studio.UserID) int {
		return cmp.Or(cmp.Compare(s.faces[b], s.faces[a]), slices.Compare(a.ID[:], b.ID[:]))
	})
	return faces[:min(len(faces), facesMax)]
}

func (s *Session) sums(p *Picture) map[studio.CollectionID]*sum {
	c := &s.index.sums
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == p {
		return c.sum
	}
	all := map[studio.CollectionID]*sum{}
	for _, a := range p.Assets {
		if a.Trashed() {
			continue
		}
		for at, depth := a.Parent, 0; !at.IsZero() && depth < pathDepthMax; depth++ {
			got := all[at]
			if got == nil {
				got = &sum{by: map[studio.StatusID]int{}, faces: map[studio.UserID]int{}}
				all[at] = got
			}
			got.count++
			if a.Kind == studio.Task {
				got.by[a.Status]++
			}
			if !a.Assignee.IsZero() {
				got.faces[a.Assignee]++
			}
			at = p.Collections[at].Parent
		}
	}
	c.of, c.sum = p, all
	return all
}

// compare orders rows: collections first, then as asked, then by name.
func (l *lister) compare(a, b *Row) int {
	if (a.Kind == "collection") != (b.Kind == "collection") {
		if a.Kind == "collection" {
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

func (l *lister) compareBy(key string, a, b *Row) int {
	switch key {
	case "state":
		return cmp.Compare(stateWeight(a.State), stateWeight(b.State))
	case "path":
		return strings.Compare(a.key, b.key)
	case "name", "":
		return strings.Compare(lastOf(a.key), lastOf(b.key))
	}
	if a.Asset == nil || b.Asset == nil {
		return cmp.Compare(boolInt(a.Asset == nil), boolInt(b.Asset == nil))
	}
	x, y := a.Asset, b.Asset
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
		StatePlanned, StateNormal, ""}, s)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// IDs lists the assets of a view in its order, for "select all".
func (s *Session) IDs(ctx context.Context, r ListRequest) ([]studio.AssetID, error) {
	r.Offset, r.Limit = 0, 0
	list, err := s.List(ctx, r)
	ids := []studio.AssetID{}
	for _, row := range list.Rows {
		if row.Asset != nil {
			ids = append(ids, row.Asset.ID)
		}
	}
	return ids, err
}

// Rows makes the lines of some assets and collections; those not known are left out.
func (s *Session) Rows(ctx context.Context, ids []studio.ID) (*Picture, []Row, error) {
	l, err := s.newLister(ctx, ListRequest{})
	if err != nil {
		return nil, nil, err
	}
	l.sums = s.sums(l.p)
	rows := make([]Row, 0, len(ids))
	for _, id := range ids {
		_, isAsset := l.p.Assets[studio.AssetID{ID: id}]
		c, isCollection := l.p.Collections[studio.CollectionID{ID: id}]
		if !isAsset && !isCollection {
			continue
		}
		row := l.row(id)
		row.HasChildren = isCollection && len(l.p.inside[c.ID]) > 0
		rows = append(rows, row)
	}
	return l.p, rows, nil
}

// Counts are the numbers on tabs and chips.
type Counts struct {
	Default, My, Assigned, Unassigned, Modified, Untracked, Outdated, Missing int

	Parked, ParkedOpen int // chains in the list of parked ones; of them those that nobody has decided about
}

// Counts counts.
func (s *Session) Counts(ctx context.Context) (c Counts, err error) {
	l, err := s.newLister(ctx, ListRequest{})
	if err != nil {
		return c, err
	}
	for id, a := range l.p.Assets {
		if a.Trashed() {
			continue
		}
		c.Default++
		if a.Kind == studio.Task {
			switch {
			case a.Assignee.IsZero():
				c.Unassigned++
			default:
				c.Assigned++
			}
			if a.Assignee == s.me && l.p.StatusOf[a.Status].Category != studio.CategoryDone {
				c.My++
			}
		}
		if !l.working.Looked {
			continue
		}
		switch l.working.Of[id].State(a) {
		case StateModified:
			c.Modified++
		case StateOutdated, StateDiverged:
			c.Outdated++
		case StateMissing:
			c.Missing++
		}
	}
	c.Untracked = len(l.working.Untracked)
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		for _, chain := range snap.OpenChains(false) {
			c.Parked++
			if chain.State == studio.ParkedOpen {
				c.ParkedOpen++
			}
		}
		return nil
	})
	return c, err
}

// Column is a column of the board.
type Column struct {
	Status studio.Status
	Total  int
	Cards  []Row
}

// Board makes the columns of a view with their first Limit cards; Offset is of each column.
func (s *Session) Board(ctx context.Context, r ListRequest) (*Picture, []Column, error) {
	offset, limit := r.Offset, r.Limit
	r.Flat, r.Tasks, r.Offset, r.Limit = true, true, 0, 0
	list, err := s.List(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	by := map[studio.StatusID][]*Row{}
	for i := range list.Rows {
		if row := &list.Rows[i]; row.Asset != nil {
			by[row.Asset.Status] = append(by[row.Asset.Status], row)
		}
	}
	columns := []Column{}
	for _, st := range list.Picture.Statuses {
		cards := by[st.ID]
		if st.Removed || st.Hidden && len(cards) == 0 {
			continue
		}
		if r.Sort == "" {
			slices.SortStableFunc(cards, func(a, b *Row) int {
				return cmp.Or(cmp.Compare(boolInt(a.Asset.Rank == ""), boolInt(b.Asset.Rank == "")), strings.Compare(a.Asset.Rank, b.Asset.Rank))
			})
		}
		column := Column{Status: st, Total: len(cards)}
		for _, card := range window(cards, offset, limit) {
			column.Cards = append(column.Cards, *card)
		}
		columns = append(columns, column)
	}
	return list.Picture, columns, nil
}
