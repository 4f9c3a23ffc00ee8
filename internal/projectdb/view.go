package projectdb

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"framehold/internal/sqlite"
	"framehold/internal/studio"
)

// reader answers lookups in one transaction. The first failure of the database stays: lookups then say "not there",
// and Err says why. It is a studio.View.
type reader struct {
	ctx   context.Context // asked before each statement, and between its rows
	in    transaction
	err   error
	stmts map[string]*sql.Stmt

	project  *studio.Project
	members  []studio.Member // nil: not read yet
	roles    []studio.Role
	statuses []studio.Status
	types    []studio.Type
}

// transaction is what statements are said in: that of the store, or of a migration.
type transaction interface {
	PrepareContext(context.Context, string) (*sql.Stmt, error)
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

func newReader(ctx context.Context, in transaction) reader {
	return reader{ctx: ctx, in: in, stmts: map[string]*sql.Stmt{}}
}

// end releases what is still held, and undoes what was not committed.
func (r *reader) end(begun *sqlite.Transaction) error {
	r.close()
	return failure("roll back", begun.Rollback())
}

// close releases the prepared statements.
func (r *reader) close() {
	for _, s := range r.stmts {
		_ = s.Close()
	}
	r.stmts = map[string]*sql.Stmt{}
}

// prepared keeps a statement for the length of the transaction: an act on 1,000 tasks says the same things.
func (r *reader) prepared(query string) (*sql.Stmt, error) {
	if err := r.ctx.Err(); err != nil {
		return nil, err
	}
	if s, ok := r.stmts[query]; ok {
		return s, nil
	}
	s, err := r.in.PrepareContext(r.ctx, query)
	if err == nil {
		r.stmts[query] = s
	}
	return s, err
}

type scanner interface{ Scan(...any) error }

type failedRow struct{ err error }

func (f failedRow) Scan(...any) error { return f.err }

func (r *reader) queryRow(query string, args ...any) scanner {
	s, err := r.prepared(query)
	if err != nil {
		return failedRow{err}
	}
	return s.QueryRow(args...)
}

// each runs fn for every row of a query.
func (r *reader) each(query string, args []any, fn func(scanner) error) error {
	s, err := r.prepared(query)
	if err != nil {
		return failure("read", err)
	}
	rows, err := s.Query(args...)
	if err != nil {
		return failure("read", err)
	}
	for rows.Next() {
		err := r.ctx.Err()
		if err == nil {
			err = fn(rows)
		}
		if err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return failure("read", errors.Join(rows.Err(), rows.Close()))
}

func (r *reader) note(err error) bool {
	if err == nil {
		return true
	}
	if !errors.Is(err, sql.ErrNoRows) && r.err == nil {
		r.err = failure("read", err)
	}
	return false
}

// Err is the first failure of the database.
func (r *reader) Err() error { return r.err }

// one reads a row by its id into t.
func (r *reader) one(t table, id studio.ID) bool {
	return r.note(r.queryRow(t.selectSQL("WHERE "+t.cols[0].name+" = ?"), id.Bytes()).Scan(t.targets()...))
}

// grown tells whether a table has rows with fields of a newer program.
func (r *reader) grown(t table) (some bool) {
	if t.cols[len(t.cols)-1].name != "newer" {
		return false
	}
	return r.note(r.queryRow("SELECT EXISTS (SELECT 1 FROM "+t.name+" WHERE newer IS NOT NULL)").Scan(&some)) && some
}

// list reads rows of one table.
func list[R any](r *reader, of func(*R) table, where string, args ...any) []R {
	var row, none R
	rows := []R{}
	t := of(&row)
	targets := t.targets()
	r.note(r.each(t.selectSQL(where), args, func(s scanner) error {
		row = none // a column that is null leaves its field as it is
		if err := s.Scan(targets...); err != nil {
			return err
		}
		rows = append(rows, row)
		return nil
	}))
	return rows
}

// Project is the project's row.
func (r *reader) Project() studio.Project {
	if r.project == nil {
		rows := list(r, projectTable, "")
		if len(rows) == 0 {
			return studio.Project{}
		}
		r.project = &rows[0]
	}
	return *r.project
}

// Member finds a member.
func (r *reader) Member(id studio.UserID) (studio.Member, bool) {
	return pick(r.Members(), func(m studio.Member) bool { return m.User == id })
}

// Members lists the members.
func (r *reader) Members() []studio.Member {
	if r.members == nil {
		r.members = list(r, memberTable, "ORDER BY user_id")
	}
	return r.members
}

// Role finds a role.
func (r *reader) Role(id studio.RoleID) (studio.Role, bool) {
	return pick(r.Roles(), func(x studio.Role) bool { return x.ID == id })
}

// Roles lists the roles in their order.
func (r *reader) Roles() []studio.Role {
	if r.roles == nil {
		r.roles = list(r, roleTable, "ORDER BY ordinal, id")
	}
	return r.roles
}

// Status finds a status.
func (r *reader) Status(id studio.StatusID) (studio.Status, bool) {
	return pick(r.Statuses(), func(s studio.Status) bool { return s.ID == id })
}

// Statuses lists the statuses in their order.
func (r *reader) Statuses() []studio.Status {
	if r.statuses == nil {
		r.statuses = list(r, statusTable, "ORDER BY ordinal, id")
	}
	return r.statuses
}

// Type finds a type.
func (r *reader) Type(id studio.TypeID) (studio.Type, bool) {
	return pick(r.Types(), func(t studio.Type) bool { return t.ID == id })
}

// Types lists the types in their order.
func (r *reader) Types() []studio.Type {
	if r.types == nil {
		r.types = list(r, typeTable, "ORDER BY ordinal, id")
	}
	return r.types
}

func pick[R any](rows []R, is func(R) bool) (found R, ok bool) {
	if i := slices.IndexFunc(rows, is); i >= 0 {
		return rows[i], true
	}
	return found, false
}

// Collection finds a collection.
func (r *reader) Collection(id studio.CollectionID) (c studio.Collection, ok bool) {
	ok = r.one(collectionTable(&c), id.ID)
	return c, ok
}

// Asset finds an asset.
func (r *reader) Asset(id studio.AssetID) (a studio.Asset, ok bool) {
	ok = r.one(assetTable(&a), id.ID)
	return a, ok
}

// Named finds what stands under a name in a collection.
func (r *reader) Named(parent studio.CollectionID, key string) (studio.ID, bool) {
	var id studio.ID
	ok := r.note(r.queryRow(`SELECT entity FROM tree_name WHERE parent = ? AND name_key = ?`, parent.Bytes(), key).
		Scan(cell{&id}))
	return id, ok
}

// Inside lists what stands directly in a collection.
func (r *reader) Inside(in studio.CollectionID) (collections []studio.CollectionID, assets []studio.AssetID) {
	r.note(r.each(`SELECT entity, EXISTS (SELECT 1 FROM asset WHERE id = entity) FROM tree_name WHERE parent = ?
		ORDER BY entity`, []any{in.Bytes()}, func(s scanner) error {
		var id studio.ID
		var isAsset bool
		if err := s.Scan(cell{&id}, &isAsset); err != nil {
			return err
		}
		if isAsset {
			assets = append(assets, studio.AssetID{ID: id})
		} else {
			collections = append(collections, studio.CollectionID{ID: id})
		}
		return nil
	}))
	return collections, assets
}

// Assignment finds an assignment.
func (r *reader) Assignment(id studio.AssignmentID) (a studio.Assignment, ok bool) {
	ok = r.one(assignmentTable(&a), id.ID)
	return a, ok
}

// Checkpoint finds a checkpoint.
func (r *reader) Checkpoint(id studio.CheckpointID) (k studio.Checkpoint, ok bool) {
	if id.IsZero() {
		return k, false
	}
	ok = r.one(checkpointTable(&k), id.ID)
	return k, ok
}

// Chain lists a chain of parked checkpoints.
func (r *reader) Chain(root studio.CheckpointID) (studio.ParkedChain, []studio.Checkpoint) {
	var chain studio.ParkedChain
	if root.IsZero() || !r.one(parkedTable(&chain), root.ID) {
		return chain, nil
	}
	return chain, studio.InChain(list(r, checkpointTable, "WHERE chain_root = ? AND state = 3", root.Bytes()))
}

// Parked lists the chains of an asset.
func (r *reader) Parked(a studio.AssetID) []studio.ParkedChain {
	return list(r, parkedTable, "WHERE asset = ? ORDER BY root", a.Bytes())
}

// Note finds a note.
func (r *reader) Note(id studio.NoteID) (n studio.Note, ok bool) {
	ok = r.one(noteTable(&n), id.ID)
	return n, ok
}

// Notes lists the notes of an asset in the order they were written.
func (r *reader) Notes(a studio.AssetID) []studio.Note {
	return list(r, noteTable, "WHERE asset = ? ORDER BY id", a.Bytes())
}

// HasTag tells whether an asset has a tag.
func (r *reader) HasTag(a studio.AssetID, tag string) bool {
	var n int
	r.note(r.queryRow(`SELECT count(*) FROM tag WHERE asset = ? AND tag = ?`, a.Bytes(), tag).Scan(&n))
	return n > 0
}

// Needs lists what an asset depends on directly.
func (r *reader) Needs(a studio.AssetID) []studio.Dependency {
	return list(r, dependencyTable, "WHERE asset = ? ORDER BY target", a.Bytes())
}

// View finds a saved view.
func (r *reader) View(id studio.ViewID) (v studio.SavedView, ok bool) {
	ok = r.one(viewTable(&v), id.ID)
	return v, ok
}

// Road finds the road of an asset.
func (r *reader) Road(a studio.AssetID) (road studio.Road, ok bool) {
	ok = r.one(roadTable(&road), a.ID)
	return road, ok
}

// Handover finds an ask.
func (r *reader) Handover(id studio.HandoverID) (h studio.Handover, ok bool) {
	ok = r.one(handoverTable(&h), id.ID)
	return h, ok
}

// Handovers lists the asks about an asset.
func (r *reader) Handovers(a studio.AssetID) []studio.Handover {
	return list(r, handoverTable, "WHERE asset = ? ORDER BY id", a.Bytes())
}

// Opaque finds a row of a table that this program does not know.
func (r *reader) Opaque(t studio.Table, key string) (o studio.Opaque, ok bool) {
	found := list(r, newerTable, "WHERE table_no = ? AND key = ?", t, []byte(key))
	if len(found) == 0 {
		return o, false
	}
	return found[0], true
}

// InStatus lists the tasks of a status.
func (r *reader) InStatus(id studio.StatusID) []studio.Asset {
	return list(r, assetTable, "WHERE status = ? ORDER BY id", id.Bytes())
}

// HeldBy lists the tasks that a person holds.
func (r *reader) HeldBy(id studio.UserID) []studio.Asset {
	return list(r, assetTable, "WHERE assignee = ? ORDER BY id", id.Bytes())
}

// Event finds a decided op.
func (r *reader) Event(id studio.OpID) (ev studio.Event, ok bool) {
	if ok = r.note(scanEvent(r.queryRow(eventSelect("WHERE op_id = ?"), id.Bytes()), &ev)); ok {
		return ev, true
	}
	ev = studio.Event{}
	ok = r.note(scanPending(r.queryRow(pendingSelect+"WHERE op_id = ? AND "+isPending, id.Bytes()), &ev))
	return ev, ok
}

// What is pending is an event to come: seq is that of studio.PendingMoment.
const pendingSelect = `SELECT 1 << 62 | local_n, op_id, actor, kind, entity, about, group_id, undoes, made_hlc, verdict, reason, body FROM op `

// isPending is said as the index op_pending says it, so that it is used.
const isPending = `state IN ('queued', 'acked')`

func scanPending(s scanner, ev *studio.Event) error {
	var hybrid int64
	err := s.Scan(&ev.Seq, cell{&ev.Op.ID}, cell{&ev.Actor.ID}, cell{(*uint8)(&ev.Kind)}, cell{&ev.Entity}, cell{&ev.About.ID},
		cell{&ev.Group.ID}, cell{&ev.Undoes.ID}, &hybrid, cell{(*uint8)(&ev.Verdict)}, cell{(*string)(&ev.Reason)}, &ev.Body)
	ev.MadeHybrid = uint64(hybrid)
	return err
}

// Trail lists the events about an entity after a seq.
func (r *reader) Trail(entity studio.ID, after uint64) (trail []studio.Event) {
	r.note(r.each(eventSelect("WHERE entity = ? AND seq > ? ORDER BY seq"), []any{entity.Bytes(), after}, func(s scanner) error {
		var ev studio.Event
		err := scanEvent(s, &ev)
		trail = append(trail, ev)
		return err
	}))
	r.note(r.each(pendingSelect+"WHERE entity = ? AND "+isPending+" ORDER BY local_n", []any{entity.Bytes()}, func(s scanner) error {
		var ev studio.Event
		err := scanPending(s, &ev)
		if ev.Seq > after {
			trail = append(trail, ev)
		}
		return err
	}))
	return trail
}

func eventTable(ev *studio.Event) table {
	return table{"event", 1, []column{
		col("seq", &ev.Seq), col("op_id", &ev.Op.ID), col("client_id", &ev.Client), col("n", &ev.N),
		col("actor", &ev.Actor.ID), col("kind", (*uint8)(&ev.Kind)), col("entity", &ev.Entity), col("about", &ev.About.ID),
		col("group_id", &ev.Group.ID), col("undoes", &ev.Undoes.ID), col("cause", &ev.Cause.ID),
		col("made_hlc", &ev.MadeHybrid), col("received_ms", &ev.ReceivedMs), col("verdict", (*uint8)(&ev.Verdict)),
		col("reason", (*string)(&ev.Reason)), col("result", &ev.Result), col("version", &ev.Version), col("status", &ev.Status.ID), col("newer", &ev.Newer),
	}}
}

func eventInsert(t table) string {
	return said(&inserts, t.name, func() string { return insertInto(t.name, eventColumns()) + placesOf(len(t.cols)+2) })
}

func eventSelect(where string) string { return "SELECT " + eventColumns() + " FROM event " + where }

func eventColumns() string { return eventTable(&studio.Event{}).names() + ", body, chain" }

func scanEvent(s scanner, ev *studio.Event) error {
	var chain []byte
	err := s.Scan(append(eventTable(ev).targets(), &ev.Body, &chain)...)
	if len(chain) == len(ev.Chain) {
		copy(ev.Chain[:], chain)
	}
	return err
}
