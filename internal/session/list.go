package session

import (
	"cmp"
	"context"
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
	Kind        string // collection task resource untracked unshared
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
	lines, all := l.lines()
	list := List{Picture: l.p, All: all, Total: len(lines), Assets: assetsOf(lines)}
	for _, at := range window(lines, l.r.Offset, l.r.Limit) {
		list.Rows = append(list.Rows, l.row(at))
	}
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

// row makes what is shown of a line.
func (l *lister) row(at line) Row {
	switch {
	case at.entry != nil:
		e := at.entry
		row := Row{Kind: at.kind, Parent: at.in, Path: e.Path, Name: at.name, State: at.state, Depth: at.depth, Unusable: e.Unusable}
		row.File = File{Path: e.Path, Exists: true, Size: e.Info.Size, MtimeMs: e.Info.MtimeNs / 1e6}
		return row
	case at.asset != nil:
		a := at.asset
		row := Row{Kind: at.kind, ID: at.id, Parent: a.Parent, Name: a.Name, Path: l.p.Path(at.id), Asset: a, State: at.state, Depth: at.depth}
		if l.working.Looked {
			row.File = l.working.Of[a.ID]
			changed := row.State == StateModified || row.State == StateDiverged
			row.NotYours = changed && a.Kind == studio.Task && a.Assignee != l.s.me
		}
		return row
	default:
		return l.collectionRow(at)
	}
}

func (l *lister) collectionRow(at line) Row {
	c := l.p.Collections[studio.CollectionID{ID: at.id}]
	row := Row{Kind: kindCollection, ID: at.id, Parent: c.Parent, Name: c.Name, Path: l.p.Path(at.id), Collection: c, Depth: at.depth,
		Expanded: l.r.Expanded[c.ID], HasChildren: len(l.p.inside[c.ID]) > 0}
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

// IDs lists the assets of a view in its order, for "select all".
func (s *Session) IDs(ctx context.Context, r ListRequest) ([]studio.AssetID, error) {
	l, err := s.newLister(ctx, r)
	if err != nil {
		return nil, err
	}
	ids := []studio.AssetID{}
	lines, _ := l.lines()
	for _, at := range lines {
		if at.asset != nil {
			ids = append(ids, at.asset.ID)
		}
	}
	return ids, nil
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
		if _, isCollection := l.p.Collections[studio.CollectionID{ID: id}]; isAsset || isCollection {
			rows = append(rows, l.row(l.lineOf(id)))
		}
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
	r.Flat, r.Tasks = true, true
	l, err := s.newLister(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	lines, _ := l.lines()
	by := map[studio.StatusID][]*line{}
	for i := range lines {
		status := lines[i].asset.Status
		by[status] = append(by[status], &lines[i])
	}
	columns := []Column{}
	for _, st := range l.p.Statuses {
		cards := by[st.ID]
		if st.Removed || st.Hidden && len(cards) == 0 {
			continue
		}
		if r.Sort == "" {
			slices.SortStableFunc(cards, byRank)
		}
		column := Column{Status: st, Total: len(cards)}
		for _, card := range window(cards, r.Offset, r.Limit) {
			column.Cards = append(column.Cards, l.row(*card))
		}
		columns = append(columns, column)
	}
	return l.p, columns, nil
}

// byRank puts cards where people put them; those that nobody placed come last.
func byRank(a, b *line) int {
	return cmp.Or(cmp.Compare(boolInt(a.asset.Rank == ""), boolInt(b.asset.Rank == "")), strings.Compare(a.asset.Rank, b.asset.Rank))
}
