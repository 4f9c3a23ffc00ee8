package memdb

import (
	"cmp"
	"slices"

	"framehold/internal/studio"
)

// snapshot is a state as others read it. Nothing fails in memory: Err is always nil.
type snapshot struct{ *state }

func one[R studio.Row](s snapshot, t studio.Table, key string) (R, bool) {
	k, _ := s.rows.get(rowKey(t, key))
	r, ok := k.row.(R)
	return r, ok
}

func all[R studio.Row](s snapshot, t studio.Table) []R {
	var rows []R
	s.rows.under(rowKey(t, ""), func(_ string, k kept) bool {
		if r, ok := k.row.(R); ok {
			rows = append(rows, r)
		}
		return true
	})
	return rows
}

// linked lists the rows of a table that links of a kind lead to, in order of key.
func linked[R studio.Row](s snapshot, l link, from studio.ID, t studio.Table) []R {
	var rows []R
	for _, key := range s.behind(l, string(from[:])) {
		if r, ok := one[R](s, t, key); ok {
			rows = append(rows, r)
		}
	}
	return rows
}

// inOrder sorts rows that come in order of key.
func inOrder[R any](rows []R, order func(R) int32) []R {
	slices.SortStableFunc(rows, func(a, b R) int { return cmp.Compare(order(a), order(b)) })
	return rows
}

func (s snapshot) Err() error { return nil }

func (s snapshot) Project() studio.Project {
	for _, p := range all[studio.Project](s, studio.TableProject) {
		return p
	}
	return studio.Project{}
}

func (s snapshot) Member(id studio.UserID) (studio.Member, bool) {
	return one[studio.Member](s, studio.TableMember, string(id.ID[:]))
}

func (s snapshot) Members() []studio.Member { return all[studio.Member](s, studio.TableMember) }

func (s snapshot) Role(id studio.RoleID) (studio.Role, bool) {
	return one[studio.Role](s, studio.TableRole, string(id.ID[:]))
}

func (s snapshot) Roles() []studio.Role {
	return inOrder(all[studio.Role](s, studio.TableRole), func(r studio.Role) int32 { return r.Order })
}

func (s snapshot) Status(id studio.StatusID) (studio.Status, bool) {
	return one[studio.Status](s, studio.TableStatus, string(id.ID[:]))
}

func (s snapshot) Statuses() []studio.Status {
	return inOrder(all[studio.Status](s, studio.TableStatus), func(r studio.Status) int32 { return r.Order })
}

func (s snapshot) Type(id studio.TypeID) (studio.Type, bool) {
	return one[studio.Type](s, studio.TableType, string(id.ID[:]))
}

func (s snapshot) Types() []studio.Type {
	return inOrder(all[studio.Type](s, studio.TableType), func(r studio.Type) int32 { return r.Order })
}

func (s snapshot) Collection(id studio.CollectionID) (studio.Collection, bool) {
	return one[studio.Collection](s, studio.TableCollection, string(id.ID[:]))
}

func (s snapshot) Asset(id studio.AssetID) (studio.Asset, bool) {
	return one[studio.Asset](s, studio.TableAsset, string(id.ID[:]))
}

func (s snapshot) Named(parent studio.CollectionID, name string) (studio.ID, bool) {
	for _, rest := range s.behind(linkName, string(parent.ID[:])+name) {
		if len(rest) == len(studio.ID{}) { // longer: a name that begins like this one
			return studio.IDFrom([]byte(rest)), true
		}
	}
	return studio.ID{}, false
}

func (s snapshot) Inside(in studio.CollectionID) (collections []studio.CollectionID, assets []studio.AssetID) {
	for _, key := range s.behind(linkCollection, string(in.ID[:])) {
		collections = append(collections, studio.CollectionID{ID: studio.IDFrom([]byte(key))})
	}
	for _, key := range s.behind(linkAsset, string(in.ID[:])) {
		assets = append(assets, studio.AssetID{ID: studio.IDFrom([]byte(key))})
	}
	return collections, assets
}

func (s snapshot) Assignment(id studio.AssignmentID) (studio.Assignment, bool) {
	return one[studio.Assignment](s, studio.TableAssignment, string(id.ID[:]))
}

func (s snapshot) Checkpoint(id studio.CheckpointID) (studio.Checkpoint, bool) {
	return one[studio.Checkpoint](s, studio.TableCheckpoint, string(id.ID[:]))
}

func (s snapshot) Chain(root studio.CheckpointID) (studio.ParkedChain, []studio.Checkpoint) {
	chain, ok := one[studio.ParkedChain](s, studio.TableParked, string(root.ID[:]))
	if !ok {
		return studio.ParkedChain{}, nil
	}
	members := linked[studio.Checkpoint](s, linkChain, root.ID, studio.TableCheckpoint)
	return chain, studio.InChain(members)
}

func (s snapshot) Parked(a studio.AssetID) []studio.ParkedChain {
	return linked[studio.ParkedChain](s, linkParked, a.ID, studio.TableParked)
}

func (s snapshot) Note(id studio.NoteID) (studio.Note, bool) {
	return one[studio.Note](s, studio.TableNote, string(id.ID[:]))
}

func (s snapshot) Notes(a studio.AssetID) []studio.Note {
	return linked[studio.Note](s, linkNote, a.ID, studio.TableNote)
}

func (s snapshot) HasTag(a studio.AssetID, tag string) bool {
	_, ok := one[studio.TagOn](s, studio.TableTag, studio.TagOn{Asset: a, Tag: tag}.Key())
	return ok
}

func (s snapshot) Needs(a studio.AssetID) []studio.Dependency {
	return linked[studio.Dependency](s, linkNeeds, a.ID, studio.TableDependency)
}

func (s snapshot) View(id studio.ViewID) (studio.SavedView, bool) {
	return one[studio.SavedView](s, studio.TableView, string(id.ID[:]))
}

func (s snapshot) Road(a studio.AssetID) (studio.Road, bool) {
	return one[studio.Road](s, studio.TableRoad, string(a.ID[:]))
}

func (s snapshot) Handover(id studio.HandoverID) (studio.Handover, bool) {
	return one[studio.Handover](s, studio.TableHandover, string(id.ID[:]))
}

func (s snapshot) Handovers(a studio.AssetID) []studio.Handover {
	return linked[studio.Handover](s, linkHandover, a.ID, studio.TableHandover)
}

// Asks lists all asks.
func (s snapshot) Asks() []studio.Handover { return all[studio.Handover](s, studio.TableHandover) }

func (s snapshot) Event(op studio.OpID) (studio.Event, bool) {
	seq, ok := s.ops.get(string(op.ID[:]))
	if !ok {
		return studio.Event{}, false
	}
	return s.events.get(seqKey(seq))
}

func (s snapshot) Trail(entity studio.ID, after uint64) []studio.Event {
	var trail []studio.Event
	for _, key := range s.behind(linkEvent, string(entity[:])) {
		if ev, ok := s.events.get(key); ok && ev.Seq > after {
			trail = append(trail, ev)
		}
	}
	return trail
}

func (s snapshot) InStatus(id studio.StatusID) []studio.Asset {
	return linked[studio.Asset](s, linkStatus, id.ID, studio.TableAsset)
}

func (s snapshot) HeldBy(id studio.UserID) []studio.Asset {
	return linked[studio.Asset](s, linkHeld, id.ID, studio.TableAsset)
}
