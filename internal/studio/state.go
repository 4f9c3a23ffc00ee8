package studio

import (
	"cmp"
	"slices"
)

// State is a View kept in memory: over nothing, as a model of a project for tests and simulations, or over another
// View, as what an act has changed so far and not written yet. Not safe for concurrent use.
type State struct {
	base   View // nil: nothing below
	rows   map[Table]map[string]Row
	names  map[place][]ID
	events map[OpID]*Event // nil: hidden
	anew   bool            // the events below do not count
	silent bool            // see Silent
}

type place struct {
	parent CollectionID
	key    string
}

// Image is a row as it was before an op: what an undo or a rebase puts back.
type Image struct {
	Table  Table
	Key    string
	Before []byte // canonical form; nil: there was none
}

// NewState makes a State over base, which may be nil.
func NewState(base View) *State {
	return &State{base: base, rows: map[Table]map[string]Row{}, names: map[place][]ID{}, events: map[OpID]*Event{}}
}

// Silent has Run make no lines of the log: for who does not write it. A line looks at all that is above its asset.
func (s *State) Silent() *State {
	s.silent = true
	return s
}

// Apply makes the changes of a decision and returns what was there before, in order of table and key.
func (s *State) Apply(d Decision, ev Event) []Image {
	s.events[ev.Op] = &ev
	images := make([]Image, 0, len(d.Puts)+len(d.Gone))
	change := func(r Row, now Row) {
		image := Image{Table: r.Table(), Key: r.Key()}
		if before, ok := s.row(r); ok {
			image.Before = EncodeRow(before)
		}
		images = append(images, image)
		s.set(r, now)
	}
	for _, r := range d.Puts {
		change(r, r)
	}
	for _, r := range d.Gone {
		change(r, nil)
	}
	return images
}

func (s *State) set(r, now Row) {
	rows := s.rows[r.Table()]
	if rows == nil {
		rows = map[string]Row{}
		s.rows[r.Table()] = rows
	}
	rows[r.Key()] = now
	switch r := now.(type) {
	case Asset:
		s.name(r.Parent, r.NameKey, r.ID.ID)
	case Collection:
		s.name(r.Parent, r.NameKey, r.ID.ID)
	}
}

func (s *State) name(parent CollectionID, key string, id ID) {
	at := place{parent, key}
	if !slices.Contains(s.names[at], id) {
		s.names[at] = append(s.names[at], id)
	}
}

// Put sets a row; Remove takes one away; Record adds an event, which nobody changes any more: for who lays rows of another
// authority over a view.
func (s *State) Put(r Row) { s.set(r, r) }

// Remove takes a row away.
func (s *State) Remove(t Table, key string) {
	rows := s.rows[t]
	if rows == nil {
		rows = map[string]Row{}
		s.rows[t] = rows
	}
	rows[key] = nil
}

// Record adds a decided op; Forget hides one, until it is recorded or applied again.
func (s *State) Record(ev *Event) { s.events[ev.Op] = ev }

// Forget hides a decided op of the view below.
func (s *State) Forget(op OpID) { s.events[op] = nil }

// PutBack undoes one row: it is as it was before. ErrMalformed for an image that is none.
func (s *State) PutBack(i Image) error {
	if i.Before == nil {
		s.Remove(i.Table, i.Key)
		return nil
	}
	r, err := DecodeRow(i.Table, i.Before)
	if err == nil {
		s.Put(r)
	}
	return err
}

// Here finds a row by its table and key among those that were set or taken away here, which are nil: it does not ask the view below.
func (s *State) Here(t Table, key string) (r Row, set bool) {
	r, set = s.rows[t][key]
	return r, set
}

// Find finds a row by its table and key.
func (s *State) Find(t Table, key string) (Row, bool) {
	if r, known := s.rows[t][key]; known {
		return r, r != nil
	}
	return s.row(keyed(t, key))
}

// Absorb takes over what a State that lies over this one has changed.
func (s *State) Absorb(over *State) {
	Must(over.base == View(s), "only what lies over a state is absorbed by it")
	for t, rows := range over.rows {
		for key, r := range rows {
			if r == nil {
				s.set(keyed(t, key), nil)
			} else {
				s.set(r, r)
			}
		}
	}
	for id, ev := range over.events {
		s.events[id] = ev
	}
}

// Changed lists the rows as they are now, those that are no more, in order of table and key.
func (s *State) Changed() (puts, gone []Row) {
	for _, t := range slices.Sorted(keys(s.rows)) {
		for _, key := range slices.Sorted(keys(s.rows[t])) {
			if r := s.rows[t][key]; r != nil {
				puts = append(puts, r)
			} else {
				gone = append(gone, keyed(t, key))
			}
		}
	}
	return puts, gone
}

// keyed makes a row that has the key and nothing else.
func keyed(t Table, key string) Row {
	if t > TableLast {
		return Opaque{Of: t, At: key}
	}
	id := IDFrom([]byte(key[:min(len(key), 16)]))
	switch t {
	case TableProject:
		return Project{ID: ProjectID{id}}
	case TableMember:
		return Member{User: UserID{id}}
	case TableRole:
		return Role{ID: RoleID{id}}
	case TableStatus:
		return Status{ID: StatusID{id}}
	case TableType:
		return Type{ID: TypeID{id}}
	case TableCollection:
		return Collection{ID: CollectionID{id}}
	case TableAsset:
		return Asset{ID: AssetID{id}}
	case TableAssignment:
		return Assignment{ID: AssignmentID{id}}
	case TableCheckpoint:
		return Checkpoint{ID: CheckpointID{id}}
	case TableParked:
		return ParkedChain{Root: CheckpointID{id}}
	case TableNote:
		return Note{ID: NoteID{id}}
	case TableTag:
		return TagOn{AssetID{id}, key[min(len(key), 16):]}
	case TableDependency:
		return Dependency{AssetID{id}, IDFrom([]byte(key[min(len(key), 16):]))}
	case TableView:
		return SavedView{ID: ViewID{id}}
	case TableRoad:
		return Road{Asset: AssetID{id}}
	}
	Must(t == TableHandover, "every table has its rows")
	return Handover{ID: HandoverID{id}}
}

func keys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// find looks a row up here, then below.
func find[R Row](s *State, t Table, key string, below func(View) (R, bool)) (R, bool) {
	if r, known := s.rows[t][key]; known {
		row, ok := r.(R)
		return row, ok
	}
	if s.base == nil {
		var none R
		return none, false
	}
	return below(s.base)
}

// merge is a list from below with the rows from here that belong to it.
func merge[R Row](s *State, t Table, below func(View) []R, belongs func(R) bool, order func(a, b R) int) []R {
	var list []R
	if s.base != nil {
		for _, r := range below(s.base) {
			if _, known := s.rows[t][r.Key()]; !known {
				list = append(list, r)
			}
		}
	}
	for _, r := range s.rows[t] {
		if row, ok := r.(R); ok && belongs(row) {
			list = append(list, row)
		}
	}
	slices.SortFunc(list, order)
	return list
}

func byKey[R Row](a, b R) int { return cmp.Compare(a.Key(), b.Key()) }

func any1[R Row](R) bool { return true }

// row finds the row with the table and key of r.
func (s *State) row(r Row) (Row, bool) {
	switch r := r.(type) {
	case Project:
		p := s.Project()
		return p, p != Project{}
	case Member:
		return boxed(s.Member(r.User))
	case Role:
		return boxed(s.Role(r.ID))
	case Status:
		return boxed(s.Status(r.ID))
	case Type:
		return boxed(s.Type(r.ID))
	case Collection:
		return boxed(s.Collection(r.ID))
	case Asset:
		return boxed(s.Asset(r.ID))
	case Assignment:
		return boxed(s.Assignment(r.ID))
	case Checkpoint:
		return boxed(s.Checkpoint(r.ID))
	case ParkedChain:
		chain, _ := s.Chain(r.Root)
		return chain, chain != ParkedChain{}
	case Note:
		return boxed(s.Note(r.ID))
	case TagOn:
		return r, s.HasTag(r.Asset, r.Tag)
	case Dependency:
		return r, slices.Contains(s.Needs(r.Asset), r)
	case SavedView:
		return boxed(s.View(r.ID))
	case Road:
		return boxed(s.Road(r.Asset))
	case Handover:
		return boxed(s.Handover(r.ID))
	case Opaque:
		return boxed(s.Opaque(r.Of, r.At))
	}
	panic("studio: unknown row")
}

func boxed[R Row](r R, ok bool) (Row, bool) { return r, ok }

// Err is the error of the view below.
func (s *State) Err() error {
	if s.base == nil {
		return nil
	}
	return s.base.Err()
}

// Project is the project's row.
func (s *State) Project() Project {
	for _, r := range s.rows[TableProject] {
		return r.(Project)
	}
	if s.base == nil {
		return Project{}
	}
	return s.base.Project()
}

// Member finds a member.
func (s *State) Member(id UserID) (Member, bool) {
	return find(s, TableMember, string(id.ID[:]), func(v View) (Member, bool) { return v.Member(id) })
}

// Members lists the members.
func (s *State) Members() []Member {
	return merge(s, TableMember, View.Members, any1[Member], byKey[Member])
}

// Role finds a role.
func (s *State) Role(id RoleID) (Role, bool) {
	return find(s, TableRole, string(id.ID[:]), func(v View) (Role, bool) { return v.Role(id) })
}

// Roles lists the roles in their order.
func (s *State) Roles() []Role {
	return merge(s, TableRole, View.Roles, any1[Role], func(a, b Role) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), byKey(a, b))
	})
}

// Status finds a status.
func (s *State) Status(id StatusID) (Status, bool) {
	return find(s, TableStatus, string(id.ID[:]), func(v View) (Status, bool) { return v.Status(id) })
}

// Statuses lists the statuses in their order.
func (s *State) Statuses() []Status {
	return merge(s, TableStatus, View.Statuses, any1[Status], func(a, b Status) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), byKey(a, b))
	})
}

// Type finds a type.
func (s *State) Type(id TypeID) (Type, bool) {
	return find(s, TableType, string(id.ID[:]), func(v View) (Type, bool) { return v.Type(id) })
}

// Types lists the types in their order.
func (s *State) Types() []Type {
	return merge(s, TableType, View.Types, any1[Type], func(a, b Type) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), byKey(a, b))
	})
}

// Collection finds a collection.
func (s *State) Collection(id CollectionID) (Collection, bool) {
	return find(s, TableCollection, string(id.ID[:]), func(v View) (Collection, bool) { return v.Collection(id) })
}

// Asset finds an asset.
func (s *State) Asset(id AssetID) (Asset, bool) {
	return find(s, TableAsset, string(id.ID[:]), func(v View) (Asset, bool) { return v.Asset(id) })
}

// Named finds what stands under a name in a collection.
func (s *State) Named(parent CollectionID, key string) (ID, bool) {
	for _, id := range s.names[place{parent, key}] {
		if s.stands(id, parent, key) {
			return id, true
		}
	}
	if s.base == nil {
		return ID{}, false
	}
	id, ok := s.base.Named(parent, key)
	if !ok || !s.stands(id, parent, key) {
		return ID{}, false
	}
	return id, true
}

func (s *State) stands(id ID, parent CollectionID, key string) bool {
	if a, ok := s.Asset(AssetID{id}); ok {
		return a.Parent == parent && a.NameKey == key && !a.Trashed()
	}
	c, ok := s.Collection(CollectionID{id})
	return ok && c.Parent == parent && c.NameKey == key && !c.Trashed()
}

// Inside lists what stands directly in a collection.
func (s *State) Inside(in CollectionID) ([]CollectionID, []AssetID) {
	var collections []CollectionID
	var assets []AssetID
	if s.base != nil {
		collections, assets = s.base.Inside(in)
		collections = slices.DeleteFunc(slices.Clone(collections), func(id CollectionID) bool {
			_, known := s.rows[TableCollection][string(id.ID[:])]
			return known
		})
		assets = slices.DeleteFunc(slices.Clone(assets), func(id AssetID) bool {
			_, known := s.rows[TableAsset][string(id.ID[:])]
			return known
		})
	}
	for _, r := range s.rows[TableCollection] {
		if c, ok := r.(Collection); ok && c.Parent == in && !c.Trashed() {
			collections = append(collections, c.ID)
		}
	}
	for _, r := range s.rows[TableAsset] {
		if a, ok := r.(Asset); ok && a.Parent == in && !a.Trashed() {
			assets = append(assets, a.ID)
		}
	}
	slices.SortFunc(collections, func(a, b CollectionID) int { return slices.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(assets, func(a, b AssetID) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return collections, assets
}

// Assignment finds an assignment.
func (s *State) Assignment(id AssignmentID) (Assignment, bool) {
	return find(s, TableAssignment, string(id.ID[:]), func(v View) (Assignment, bool) { return v.Assignment(id) })
}

// Checkpoint finds a checkpoint.
func (s *State) Checkpoint(id CheckpointID) (Checkpoint, bool) {
	return find(s, TableCheckpoint, string(id.ID[:]), func(v View) (Checkpoint, bool) { return v.Checkpoint(id) })
}

// Chain lists a chain of parked checkpoints.
func (s *State) Chain(root CheckpointID) (ParkedChain, []Checkpoint) {
	chain, ok := find(s, TableParked, string(root.ID[:]), func(v View) (ParkedChain, bool) {
		c, _ := v.Chain(root)
		return c, c != ParkedChain{}
	})
	if !ok {
		return ParkedChain{}, nil
	}
	members := merge(s, TableCheckpoint, func(v View) []Checkpoint {
		_, list := v.Chain(root)
		return list
	}, func(k Checkpoint) bool { return k.ChainRoot == root && k.State == Parked }, byKey[Checkpoint])
	return chain, InChain(members)
}

// Parked lists the chains of an asset.
func (s *State) Parked(a AssetID) []ParkedChain {
	return merge(s, TableParked, func(v View) []ParkedChain { return v.Parked(a) },
		func(p ParkedChain) bool { return p.Asset == a }, byKey[ParkedChain])
}

// Note finds a note.
func (s *State) Note(id NoteID) (Note, bool) {
	return find(s, TableNote, string(id.ID[:]), func(v View) (Note, bool) { return v.Note(id) })
}

// Notes lists the notes of an asset in the order they were written.
func (s *State) Notes(a AssetID) []Note {
	return merge(s, TableNote, func(v View) []Note { return v.Notes(a) },
		func(n Note) bool { return n.Asset == a }, byKey[Note])
}

// HasTag tells whether an asset has a tag.
func (s *State) HasTag(a AssetID, tag string) bool {
	if r, known := s.rows[TableTag][TagOn{a, tag}.Key()]; known {
		return r != nil
	}
	return s.base != nil && s.base.HasTag(a, tag)
}

// Needs lists what an asset depends on directly.
func (s *State) Needs(a AssetID) []Dependency {
	return merge(s, TableDependency, func(v View) []Dependency { return v.Needs(a) },
		func(d Dependency) bool { return d.Asset == a }, byKey[Dependency])
}

// View finds a saved view.
func (s *State) View(id ViewID) (SavedView, bool) {
	return find(s, TableView, string(id.ID[:]), func(v View) (SavedView, bool) { return v.View(id) })
}

// Road finds the road of an asset.
func (s *State) Road(a AssetID) (Road, bool) {
	return find(s, TableRoad, string(a.ID[:]), func(v View) (Road, bool) { return v.Road(a) })
}

// Handover finds an ask.
func (s *State) Handover(id HandoverID) (Handover, bool) {
	return find(s, TableHandover, string(id.ID[:]), func(v View) (Handover, bool) { return v.Handover(id) })
}

// Handovers lists the asks about an asset.
func (s *State) Handovers(a AssetID) []Handover {
	return merge(s, TableHandover, func(v View) []Handover { return v.Handovers(a) },
		func(h Handover) bool { return h.Asset == a }, byKey[Handover])
}

// Event finds a decided op.
func (s *State) Event(id OpID) (Event, bool) {
	if ev, known := s.events[id]; known {
		if ev == nil {
			return Event{}, false
		}
		return *ev, true
	}
	if s.base == nil || s.anew {
		return Event{}, false
	}
	return s.base.Event(id)
}

// Opaque finds a row of a table that this program does not know.
func (s *State) Opaque(t Table, key string) (Opaque, bool) {
	return find(s, t, key, func(v View) (Opaque, bool) {
		if below, keeps := v.(Opaques); keeps {
			return below.Opaque(t, key)
		}
		return Opaque{}, false
	})
}

// InStatus lists the tasks of a status.
func (s *State) InStatus(id StatusID) []Asset {
	return merge(s, TableAsset, func(v View) []Asset { return v.InStatus(id) },
		func(a Asset) bool { return a.Status == id }, byKey[Asset])
}

// HeldBy lists the tasks that a person holds.
func (s *State) HeldBy(id UserID) []Asset {
	return merge(s, TableAsset, func(v View) []Asset { return v.HeldBy(id) },
		func(a Asset) bool { return a.Assignee == id }, byKey[Asset])
}

// DropEvents makes a State see no event of what is below it: all that there are come anew.
func (s *State) DropEvents() { s.anew = true }

// Trail lists the events about an entity after a seq.
func (s *State) Trail(entity ID, after uint64) []Event {
	var trail []Event
	if s.base != nil && !s.anew { // what is decided anew here counts as it is decided here
		trail = slices.DeleteFunc(slices.Clone(s.base.Trail(entity, after)), func(ev Event) bool {
			_, known := s.events[ev.Op]
			return known
		})
	}
	for _, ev := range s.events {
		if ev != nil && ev.Entity == entity && ev.Seq > after {
			trail = append(trail, *ev)
		}
	}
	slices.SortFunc(trail, func(a, b Event) int { return cmp.Compare(a.Seq, b.Seq) })
	return trail
}
