package studio

import (
	"cmp"
	"slices"
)

// Log finds what is asked of a log.
type Log interface {
	Event(OpID) (Event, bool)
	// TrailOf lists the events about an entity between two, both left out, in order.
	TrailOf(entity ID, after, before uint64) []Event
}

// Ledger is a project made again from its log: a View kept in memory that decides every event anew. Rows are kept,
// events are not, and there is an index for whatever a decision asks for, so that time grows with the length of the
// log and memory with the size of the project. Not safe for concurrent use.
//
// A rule that changes must go on deciding older events as it did: else every store that has one fails its verify.
type Ledger struct {
	log     Log
	next    uint64
	project Project
	rows    map[Table]map[string]Row
	named   map[place]ID
	inside  map[CollectionID]map[ID]bool // true: an asset
	notes   map[AssetID][]string         // keys, in their order
	needs   map[AssetID][]string
	parked  map[AssetID][]string
	asks    map[AssetID][]string
	chains  map[CheckpointID][]string

	members  []Member // nil: to be listed anew
	roles    []Role
	statuses []Status
	types    []Type
}

// NewLedger makes an empty Ledger of a log.
func NewLedger(log Log) *Ledger {
	return &Ledger{log: log, rows: map[Table]map[string]Row{}, named: map[place]ID{},
		inside: map[CollectionID]map[ID]bool{}, notes: map[AssetID][]string{}, needs: map[AssetID][]string{}, parked: map[AssetID][]string{},
		asks:   map[AssetID][]string{},
		chains: map[CheckpointID][]string{}}
}

// Played is an event decided anew.
type Played struct {
	Decision Decision
	Event    Event   // as it should be; what a wire adds to it and the chain are as given
	Follows  bool    // it is as it should be: the ledger has its effects
	Images   []Image // of the rows before it, when it follows
	Line     *Line   // of the log; nil: not shown
}

// Play decides an event anew, by what the events before it came to. One that does not follow has no effect.
// Error: ErrMalformed, when its body is none.
func (l *Ledger) Play(ev Event) (Played, error) {
	if ev.Verdict == Kept && ev.Reason == CodeUnreadable {
		return Played{Decision: Decision{Verdict: Kept, Reason: CodeUnreadable}, Event: ev, Follows: true}, nil
	}
	body, err := DecodeBody(ev.Kind, ev.Body)
	if err != nil {
		return Played{}, err
	}
	l.next = ev.Seq
	op := Op{ID: ev.Op, Kind: ev.Kind, Entity: ev.Entity, Group: ev.Group, Undoes: ev.Undoes, MadeHybrid: ev.MadeHybrid,
		Body: body}
	at := Moment{Actor: ev.Actor, ReceivedMs: ev.ReceivedMs, Seq: ev.Seq, Cause: ev.Cause, System: !ev.Cause.IsZero(),
		Client: ev.Client, Uncovered: ev.Reason == CodeWaitContent && ev.Kind == KindSeal,
		NoRoom: ev.Reason == CodeQuota, Deposit: l.handedIn(ev)}
	d := Decide(l, op, at)
	if ev.Verdict == Refused && ev.Reason == CodeGroup { // for another of its group, which is named there
		d = Decision{Verdict: Refused, Reason: CodeGroup}
	}
	p := Played{Decision: d, Event: EventOf(l, op, at, d)}
	p.Event.Client, p.Event.N, p.Event.Chain = ev.Client, ev.N, ev.Chain
	p.Follows = p.Event.EntryHash() == ev.EntryHash()
	if !p.Follows {
		return p, nil
	}
	if line, shown := LineOf(ev, body, l, d); shown {
		p.Line = &line
	}
	p.Images = l.take(d)
	return p, nil
}

// handedIn tells whether an event came with the key for handing in: its reason says so, or it tells of a checkpoint and its
// author was no member then.
func (l *Ledger) handedIn(ev Event) bool {
	if ev.Reason == CodeNotMember {
		return ev.Verdict == Kept || !HandedIn(ev.Kind)
	}
	m, ok := l.Member(ev.Actor)
	return HandedIn(ev.Kind) && (!ok || m.Gone)
}

// Lay takes rows as they are: the base of a project whose log is not all here.
func (l *Ledger) Lay(rows ...Row) {
	for _, r := range rows {
		l.put(r, r)
	}
}

// Foresee decides an own op ahead of the server over all that was played, and takes its effects: invariant I8 of sync.md. One that
// is refused has none. The events of the log and the ops of the queue before it are what it finds as done.
func (l *Ledger) Foresee(op Op, at Moment) Played {
	l.next = at.Seq
	p := Played{Decision: Decide(l, op, at)}
	if p.Follows = p.Decision.Verdict != Refused; p.Follows {
		p.Images = l.take(p.Decision)
	}
	return p
}

func (l *Ledger) take(d Decision) (images []Image) {
	for _, r := range d.Puts {
		images = append(images, l.put(r, r))
	}
	for _, r := range d.Gone {
		images = append(images, l.put(r, nil))
	}
	return images
}

// Sums is the state hash of the rows.
func (l *Ledger) Sums() Sums {
	sums := Sums{}
	for t, rows := range l.rows {
		for _, r := range rows {
			sums[t] = sums[t].Plus(EncodeRow(r))
		}
	}
	return sums
}

// Row finds a row by its table and key.
func (l *Ledger) Row(t Table, key string) (Row, bool) {
	r, ok := l.rows[t][key]
	return r, ok
}

// Keys lists the keys of a table, in their order.
func (l *Ledger) Keys(t Table) []string { return slices.Sorted(keys(l.rows[t])) }

func (l *Ledger) put(r, now Row) Image {
	t, key := r.Table(), r.Key()
	rows := l.rows[t]
	if rows == nil {
		rows = map[string]Row{}
		l.rows[t] = rows
	}
	before := rows[key]
	image := Image{Table: t, Key: key}
	if before != nil {
		image.Before = EncodeRow(before)
		l.index(before, false)
	}
	if delete(rows, key); now != nil {
		rows[key] = now
		l.index(now, true)
	}
	return image
}

// index notes where a row is looked for, or forgets it.
func (l *Ledger) index(r Row, there bool) {
	switch r := r.(type) {
	case Project:
		l.project = r
	case Member:
		l.members = nil
	case Role:
		l.roles = nil
	case Status:
		l.statuses = nil
	case Type:
		l.types = nil
	case Collection:
		l.stand(place{r.Parent, r.NameKey}, r.ID.ID, there && !r.Trashed(), false)
	case Asset:
		l.stand(place{r.Parent, r.NameKey}, r.ID.ID, there && !r.Trashed(), true)
	case Note:
		list(l.notes, r.Asset, r.Key(), there)
	case Dependency:
		list(l.needs, r.Asset, r.Key(), there)
	case Handover:
		list(l.asks, r.Asset, r.Key(), there)
	case ParkedChain:
		list(l.parked, r.Asset, r.Key(), there)
	case Checkpoint:
		if !r.ChainRoot.IsZero() {
			list(l.chains, r.ChainRoot, r.Key(), there)
		}
	}
}

func (l *Ledger) stand(at place, id ID, there, asset bool) {
	if !there {
		delete(l.inside[at.parent], id)
		if l.named[at] == id {
			delete(l.named, at)
		}
		return
	}
	if l.inside[at.parent] == nil {
		l.inside[at.parent] = map[ID]bool{}
	}
	l.inside[at.parent][id], l.named[at] = asset, id
}

func list[K comparable](index map[K][]string, of K, key string, there bool) {
	at, known := slices.BinarySearch(index[of], key)
	switch {
	case there && !known:
		index[of] = slices.Insert(index[of], at, key)
	case !there && known:
		index[of] = slices.Delete(index[of], at, at+1)
	}
}

func row[R Row](l *Ledger, t Table, id ID) (R, bool) {
	r, ok := l.rows[t][string(id[:])].(R)
	return r, ok
}

func rowsAt[R Row](l *Ledger, t Table, keys []string) []R {
	found := make([]R, 0, len(keys))
	for _, key := range keys {
		if r, ok := l.rows[t][key].(R); ok {
			found = append(found, r)
		}
	}
	return found
}

// all lists a whole table in an order, once until it changes.
func all[R Row](l *Ledger, kept *[]R, t Table, order func(a, b R) int) []R {
	if *kept == nil {
		*kept = rowsAt[R](l, t, l.Keys(t))
		slices.SortStableFunc(*kept, order)
	}
	return *kept
}

// Err is nil: memory does not fail.
func (l *Ledger) Err() error { return nil }

// Project is the project's row.
func (l *Ledger) Project() Project { return l.project }

// Member finds a member.
func (l *Ledger) Member(id UserID) (Member, bool) { return row[Member](l, TableMember, id.ID) }

// Members lists the members.
func (l *Ledger) Members() []Member { return all(l, &l.members, TableMember, byKey[Member]) }

// Role finds a role.
func (l *Ledger) Role(id RoleID) (Role, bool) { return row[Role](l, TableRole, id.ID) }

// Roles lists the roles in their order.
func (l *Ledger) Roles() []Role {
	return all(l, &l.roles, TableRole, func(a, b Role) int { return cmp.Compare(a.Order, b.Order) })
}

// Status finds a status.
func (l *Ledger) Status(id StatusID) (Status, bool) { return row[Status](l, TableStatus, id.ID) }

// Statuses lists the statuses in their order.
func (l *Ledger) Statuses() []Status {
	return all(l, &l.statuses, TableStatus, func(a, b Status) int { return cmp.Compare(a.Order, b.Order) })
}

// Type finds a type.
func (l *Ledger) Type(id TypeID) (Type, bool) { return row[Type](l, TableType, id.ID) }

// Types lists the types in their order.
func (l *Ledger) Types() []Type {
	return all(l, &l.types, TableType, func(a, b Type) int { return cmp.Compare(a.Order, b.Order) })
}

// Collection finds a collection.
func (l *Ledger) Collection(id CollectionID) (Collection, bool) {
	return row[Collection](l, TableCollection, id.ID)
}

// Asset finds an asset.
func (l *Ledger) Asset(id AssetID) (Asset, bool) { return row[Asset](l, TableAsset, id.ID) }

// Named finds what stands under a name in a collection.
func (l *Ledger) Named(parent CollectionID, key string) (ID, bool) {
	id, ok := l.named[place{parent, key}]
	return id, ok
}

// Inside lists what stands directly in a collection.
func (l *Ledger) Inside(in CollectionID) (collections []CollectionID, assets []AssetID) {
	for _, id := range slices.SortedFunc(keys(l.inside[in]), func(a, b ID) int { return slices.Compare(a[:], b[:]) }) {
		if l.inside[in][id] {
			assets = append(assets, AssetID{id})
		} else {
			collections = append(collections, CollectionID{id})
		}
	}
	return collections, assets
}

// Assignment finds an assignment.
func (l *Ledger) Assignment(id AssignmentID) (Assignment, bool) {
	return row[Assignment](l, TableAssignment, id.ID)
}

// Checkpoint finds a checkpoint.
func (l *Ledger) Checkpoint(id CheckpointID) (Checkpoint, bool) {
	return row[Checkpoint](l, TableCheckpoint, id.ID)
}

// Chain lists a chain of parked checkpoints.
func (l *Ledger) Chain(root CheckpointID) (ParkedChain, []Checkpoint) {
	chain, ok := row[ParkedChain](l, TableParked, root.ID)
	if !ok {
		return chain, nil
	}
	members := slices.DeleteFunc(rowsAt[Checkpoint](l, TableCheckpoint, l.chains[root]), func(k Checkpoint) bool {
		return k.State != Parked
	})
	return chain, InChain(members)
}

// Parked lists the chains of an asset.
func (l *Ledger) Parked(a AssetID) []ParkedChain {
	return rowsAt[ParkedChain](l, TableParked, l.parked[a])
}

// Note finds a note.
func (l *Ledger) Note(id NoteID) (Note, bool) { return row[Note](l, TableNote, id.ID) }

// Notes lists the notes of an asset in the order they were written.
func (l *Ledger) Notes(a AssetID) []Note { return rowsAt[Note](l, TableNote, l.notes[a]) }

// HasTag tells whether an asset has a tag.
func (l *Ledger) HasTag(a AssetID, tag string) bool {
	_, ok := l.rows[TableTag][TagOn{a, tag}.Key()]
	return ok
}

// Needs lists what an asset depends on directly.
func (l *Ledger) Needs(a AssetID) []Dependency {
	return rowsAt[Dependency](l, TableDependency, l.needs[a])
}

// View finds a saved view.
func (l *Ledger) View(id ViewID) (SavedView, bool) { return row[SavedView](l, TableView, id.ID) }

// Road finds the road of an asset.
func (l *Ledger) Road(a AssetID) (Road, bool) { return row[Road](l, TableRoad, a.ID) }

// Handover finds an ask.
func (l *Ledger) Handover(id HandoverID) (Handover, bool) {
	return row[Handover](l, TableHandover, id.ID)
}

// Handovers lists the asks about an asset.
func (l *Ledger) Handovers(a AssetID) []Handover {
	return rowsAt[Handover](l, TableHandover, l.asks[a])
}

// Event finds a decided op: one that the log has before what is played now.
func (l *Ledger) Event(id OpID) (Event, bool) {
	ev, ok := l.log.Event(id)
	return ev, ok && ev.Seq < l.next
}

// Trail lists the events about an entity after a seq, before what is played now.
func (l *Ledger) Trail(entity ID, after uint64) []Event { return l.log.TrailOf(entity, after, l.next) }

// InStatus lists the tasks of a status.
func (l *Ledger) InStatus(id StatusID) []Asset {
	assets := rowsAt[Asset](l, TableAsset, l.Keys(TableAsset))
	return slices.DeleteFunc(assets, func(a Asset) bool { return a.Status != id })
}

// HeldBy lists the tasks that a person holds.
func (l *Ledger) HeldBy(id UserID) []Asset {
	assets := rowsAt[Asset](l, TableAsset, l.Keys(TableAsset))
	return slices.DeleteFunc(assets, func(a Asset) bool { return a.Assignee != id })
}
