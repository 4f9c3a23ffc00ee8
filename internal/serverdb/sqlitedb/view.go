package sqlitedb

import (
	"bytes"
	"slices"

	"framehold/internal/studio"
)

// row finds a row by table and key; nil when it is not there. It remembers both.
func (s *snapshot) row(t studio.Table, key string) studio.Row {
	if t <= definitionsMax {
		return s.definitions().rows[t][key]
	}
	if r, known := s.memo[rowKey{t, key}]; known {
		return r
	}
	var form []byte
	var r studio.Row
	if s.get(`SELECT row FROM state WHERE tbl = ? AND key = ?`, []any{t, []byte(key)}, &form) && form != nil {
		var err error
		if r, err = studio.RowFrom(t, key, form); !s.note(err) {
			return nil
		}
	}
	if s.err == nil {
		s.remember(t, key, r)
	}
	return r
}

func (s *snapshot) remember(t studio.Table, key string, r studio.Row) {
	if len(s.memo) >= memoMax {
		clear(s.memo)
	}
	s.memo[rowKey{t, key}] = r
}

func one[R studio.Row](s *snapshot, t studio.Table, key string) (R, bool) {
	r, ok := s.row(t, key).(R)
	return r, ok
}

// list decodes the rows of a table that a query finds.
func list[R studio.Row](s *snapshot, t studio.Table, query string, args ...any) []R {
	var rows []R
	var form []byte
	s.each(query, args, []any{&form}, func() (bool, error) {
		r, err := studio.DecodeRow(t, form)
		if row, ok := r.(R); ok {
			rows = append(rows, row)
		}
		return true, err
	})
	return rows
}

// linked lists the rows of a table that references lead to, in order of key.
func linked[R studio.Row](s *snapshot, t studio.Table, kind refKind, from studio.ID) []R {
	return list[R](s, t, `SELECT s.row FROM ref r CROSS JOIN state s ON s.tbl = r.tbl AND s.key = r.key
		WHERE r.kind = ? AND r.ref = ? AND r.tbl = ? ORDER BY r.key`, kind, from[:], t)
}

// Project is the project's row.
func (s *snapshot) Project() studio.Project { return s.definitions().project }

// Member finds a member.
func (s *snapshot) Member(id studio.UserID) (studio.Member, bool) {
	return one[studio.Member](s, studio.TableMember, string(id.ID[:]))
}

// Members lists the members.
func (s *snapshot) Members() []studio.Member { return s.definitions().members }

// Role finds a role.
func (s *snapshot) Role(id studio.RoleID) (studio.Role, bool) {
	return one[studio.Role](s, studio.TableRole, string(id.ID[:]))
}

// Roles lists the roles in their order.
func (s *snapshot) Roles() []studio.Role { return s.definitions().roles }

// Status finds a status.
func (s *snapshot) Status(id studio.StatusID) (studio.Status, bool) {
	return one[studio.Status](s, studio.TableStatus, string(id.ID[:]))
}

// Statuses lists the statuses in their order.
func (s *snapshot) Statuses() []studio.Status { return s.definitions().statuses }

// Type finds a type.
func (s *snapshot) Type(id studio.TypeID) (studio.Type, bool) {
	return one[studio.Type](s, studio.TableType, string(id.ID[:]))
}

// Types lists the types in their order.
func (s *snapshot) Types() []studio.Type { return s.definitions().types }

// Collection finds a collection.
func (s *snapshot) Collection(id studio.CollectionID) (studio.Collection, bool) {
	return one[studio.Collection](s, studio.TableCollection, string(id.ID[:]))
}

// Asset finds an asset.
func (s *snapshot) Asset(id studio.AssetID) (studio.Asset, bool) {
	return one[studio.Asset](s, studio.TableAsset, string(id.ID[:]))
}

// Named finds what stands under a name in a collection.
func (s *snapshot) Named(parent studio.CollectionID, key string) (studio.ID, bool) {
	id, ok := s.bytes(`SELECT key FROM ref WHERE kind = ? AND ref = ? ORDER BY key LIMIT 1`, refName,
		append(parent.ID[:], key...))
	return studio.IDFrom(id), ok
}

// Inside lists what stands directly in a collection: no name key has a byte 0xff, since they are UTF-8.
func (s *snapshot) Inside(in studio.CollectionID) (collections []studio.CollectionID, assets []studio.AssetID) {
	var table studio.Table
	var key []byte
	s.each(`SELECT tbl, key FROM ref WHERE kind = ? AND ref >= ? AND ref < ?`,
		[]any{refName, in.ID[:], append(slices.Clone(in.ID[:]), 0xff)}, []any{&table, &key}, func() (bool, error) {
			if id := studio.IDFrom(key); table == studio.TableAsset {
				assets = append(assets, studio.AssetID{ID: id})
			} else {
				collections = append(collections, studio.CollectionID{ID: id})
			}
			return true, nil
		})
	slices.SortFunc(collections, func(a, b studio.CollectionID) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(assets, func(a, b studio.AssetID) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return collections, assets
}

// Assignment finds an assignment.
func (s *snapshot) Assignment(id studio.AssignmentID) (studio.Assignment, bool) {
	return one[studio.Assignment](s, studio.TableAssignment, string(id.ID[:]))
}

// Checkpoint finds a checkpoint.
func (s *snapshot) Checkpoint(id studio.CheckpointID) (studio.Checkpoint, bool) {
	return one[studio.Checkpoint](s, studio.TableCheckpoint, string(id.ID[:]))
}

// Chain lists a chain of parked checkpoints.
func (s *snapshot) Chain(root studio.CheckpointID) (studio.ParkedChain, []studio.Checkpoint) {
	chain, ok := one[studio.ParkedChain](s, studio.TableParked, string(root.ID[:]))
	if !ok {
		return studio.ParkedChain{}, nil
	}
	members := linked[studio.Checkpoint](s, studio.TableCheckpoint, refChain, root.ID)
	return chain, studio.InChain(members)
}

// Parked lists the chains of an asset.
func (s *snapshot) Parked(a studio.AssetID) []studio.ParkedChain {
	return linked[studio.ParkedChain](s, studio.TableParked, refParked, a.ID)
}

// Note finds a note.
func (s *snapshot) Note(id studio.NoteID) (studio.Note, bool) {
	return one[studio.Note](s, studio.TableNote, string(id.ID[:]))
}

// Notes lists the notes of an asset in the order they were written.
func (s *snapshot) Notes(a studio.AssetID) []studio.Note {
	return linked[studio.Note](s, studio.TableNote, refNote, a.ID)
}

// HasTag tells whether an asset has a tag.
func (s *snapshot) HasTag(a studio.AssetID, tag string) bool {
	return s.row(studio.TableTag, studio.TagOn{Asset: a, Tag: tag}.Key()) != nil
}

// Needs lists what an asset depends on directly: the keys of its dependencies begin with its id.
func (s *snapshot) Needs(a studio.AssetID) []studio.Dependency {
	return list[studio.Dependency](s, studio.TableDependency,
		`SELECT row FROM state WHERE tbl = ? AND key >= ? AND key <= ? AND row IS NOT NULL ORDER BY key`,
		studio.TableDependency, a.ID[:], append(slices.Clone(a.ID[:]), bytes.Repeat([]byte{0xff}, len(studio.ID{}))...))
}

// View finds a saved view.
func (s *snapshot) View(id studio.ViewID) (studio.SavedView, bool) {
	return one[studio.SavedView](s, studio.TableView, string(id.ID[:]))
}

// Road finds the road of an asset.
func (s *snapshot) Road(a studio.AssetID) (studio.Road, bool) {
	return one[studio.Road](s, studio.TableRoad, string(a.ID[:]))
}

// Handover finds an ask.
func (s *snapshot) Handover(id studio.HandoverID) (studio.Handover, bool) {
	return one[studio.Handover](s, studio.TableHandover, string(id.ID[:]))
}

// Handovers lists the asks about an asset.
func (s *snapshot) Handovers(a studio.AssetID) []studio.Handover {
	return linked[studio.Handover](s, studio.TableHandover, refAsk, a.ID)
}

// Asks lists all asks.
func (s *snapshot) Asks() []studio.Handover {
	return list[studio.Handover](s, studio.TableHandover, `SELECT row FROM state WHERE tbl = ? AND row IS NOT NULL ORDER BY key`,
		studio.TableHandover)
}

// Event finds a decided op.
func (s *snapshot) Event(op studio.OpID) (studio.Event, bool) {
	for _, ev := range s.events(`SELECT header, body, chain FROM event WHERE op_id = ?`, op.ID[:]) {
		return ev, true
	}
	return studio.Event{}, false
}

// Trail lists the events about something after a seq.
func (s *snapshot) Trail(entity studio.ID, after uint64) []studio.Event {
	return s.events(`SELECT header, body, chain FROM event WHERE entity = ? AND seq > ? ORDER BY seq`, entity[:], seqArg(after))
}

// InStatus lists the tasks of a status.
func (s *snapshot) InStatus(id studio.StatusID) []studio.Asset {
	return linked[studio.Asset](s, studio.TableAsset, refStatus, id.ID)
}

// HeldBy lists the tasks that a person holds.
func (s *snapshot) HeldBy(id studio.UserID) []studio.Asset {
	return linked[studio.Asset](s, studio.TableAsset, refHolder, id.ID)
}
