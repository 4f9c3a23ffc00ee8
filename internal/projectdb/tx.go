package projectdb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"framehold/internal/sqlite"
	"framehold/internal/studio"
)

// Lane says on whose authority a transaction writes: edit is a person here; pull and rebase come with a server.
type Lane string

// Lanes of ours.
const (
	LaneEdit Lane = "edit" // an act of the person at this store: the strictest
	LanePull Lane = "pull" // what a server has decided, and what is pending over it; only where a server is the authority
	// LaneRebase is own ops that were never sent leaving the queue or coming back: the view is made anew, the base stays.
	LaneRebase Lane = "rebase"
)

// ActKind says what a transaction is for.
type ActKind string

// What a transaction is for.
const (
	ActEdit ActKind = "edit"
	ActSync ActKind = "sync" // the conversation with the server
	ActCare ActKind = "care" // of chunks, packs, caches: no tracking data
)

// Act is who writes, in which lane.
type Act struct {
	Lane  Lane
	Kind  ActKind
	Actor studio.UserID
}

// ChangeSet says what a commit changed.
type ChangeSet struct {
	ID         int64
	Seq        uint64
	Everything bool // definitions changed, or too much to name
	Entities   []studio.ID
}

const changeEntitiesMax = 2000 // more are fetched anew as a whole

// Logged is a decided op and all that is written with it.
type Logged struct {
	Event studio.Event
	Op    studio.Op
	Undo  []studio.Image
	Line  *studio.Line // nil: not shown in the log
}

// Batch is what an act writes.
type Batch struct {
	Events     []Logged
	Ahead      bool // a server decides: the ops are queued, and there are no events yet
	Puts, Gone []studio.Row
}

// Tx is a write transaction. It is a studio.View of the rows as they are in it. It lives as long as the function it
// is handed to.
type Tx struct {
	reader
	db     *DB
	act    Act
	since  uint64 // the newest event before it
	change ChangeSet
	noted  map[studio.ID]bool // that change names
	dirty  bool               // a change row is due
}

// Write runs fn in one immediate transaction and commits. When fn or the commit fails, the store is as it was.
// When it returns nil, everything is on the disk, and watchers have been told. Codes: store_newer, read_only, those
// of the triggers, disk_full, timeout, damaged.
func (d *DB) Write(ctx context.Context, act Act, fn func(*Tx) error) (change ChangeSet, err error) {
	if d.readOnly != nil {
		return ChangeSet{}, d.readOnly
	}
	begun, err := sqlite.Begin(ctx, d.write, true)
	if err != nil {
		return ChangeSet{}, failure("begin", err)
	}
	tx := &Tx{reader: newReader(ctx, begun), db: d, act: act}
	defer func() { err = errors.Join(err, tx.end(begun)) }()
	if err := tx.run(fn); err != nil {
		return ChangeSet{}, d.named(err)
	}
	if d.o.CommitFault != nil {
		if err := d.o.CommitFault(); err != nil {
			return ChangeSet{}, failure("commit", err)
		}
	}
	tx.close()
	if err := begun.Commit(ctx); err != nil {
		return ChangeSet{}, failure("commit", err)
	}
	if tx.dirty {
		d.tell(tx.change)
	}
	return tx.change, nil
}

func (tx *Tx) run(fn func(*Tx) error) error {
	var sinceN uint64
	if err := tx.queryRow(`SELECT (SELECT coalesce(max(seq), 0) FROM event), (SELECT coalesce(max(local_n), 0) FROM op)`).
		Scan(&tx.since, &sinceN); err != nil {
		return failure("begin", err)
	}
	if err := tx.exec(`INSERT INTO act (one, lane, kind, actor, since_seq, since_n, never) VALUES (1, ?, ?, ?, ?, ?, 0)`,
		string(tx.act.Lane), string(tx.act.Kind), tx.act.Actor.Bytes(), tx.since, sinceN); err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.Err(); err != nil {
		return err
	}
	if tx.dirty {
		if err := tx.writeChange(); err != nil {
			return err
		}
	}
	return tx.exec(`DELETE FROM act`)
}

func (tx *Tx) exec(query string, args ...any) error {
	s, err := tx.prepared(query)
	if err == nil {
		_, err = s.Exec(args...)
	}
	return failure("write", err)
}

// NextSeq is the seq of the next event.
func (tx *Tx) NextSeq() uint64 {
	var seq uint64
	tx.note(tx.queryRow(`SELECT coalesce(max(seq), 0) + 1 FROM event`).Scan(&seq))
	return seq
}

// Commit writes a batch: events, ops and lines first, then the rows in an order that the triggers accept. The chain is
// continued here.
func (tx *Tx) Commit(b Batch) error {
	if b.Ahead {
		for _, l := range b.Events {
			if err := tx.appendOp(l, OpQueued); err != nil {
				return err
			}
		}
	} else if err := tx.appendEvents(b.Events); err != nil {
		return err
	}
	if err := tx.putRows(b.Puts); err != nil {
		return err
	}
	for _, r := range b.Gone {
		t := tableOf(r)
		if err := tx.exec("DELETE FROM "+t.name+" WHERE "+t.keySQL(), t.values()[:t.keys]...); err != nil {
			return err
		}
	}
	tx.noteChange(b)
	return nil
}

func (tx *Tx) appendEvents(events []Logged) error {
	if len(events) == 0 {
		return nil
	}
	var chain [32]byte
	var last []byte
	err := tx.queryRow(`SELECT chain FROM event ORDER BY seq DESC LIMIT 1`).Scan(&last)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return failure("read chain", err)
	}
	copy(chain[:], last)
	for i := range events {
		ev := &events[i].Event
		chain = ev.NextChain(chain)
		ev.Chain = chain
		if err := tx.appendEvent(events[i]); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) appendEvent(l Logged) error {
	t := eventTable(&l.Event)
	values := append(t.values(), l.Event.Body, l.Event.Chain[:])
	if err := tx.exec(eventInsert(t), values...); err != nil {
		return err
	}
	if err := tx.appendOp(l, OpDecided); err != nil || l.Line == nil {
		return err
	}
	return tx.putLine(*l.Line)
}

// appendOp writes an own op, and the rows as they were before it. One that a server has to decide has no seq yet.
func (tx *Tx) appendOp(l Logged, state QueueState) error {
	seq := l.Event.Seq
	if state != OpDecided {
		seq = 0
	}
	s, err := tx.prepared(`INSERT INTO op (op_id, actor, kind, entity, about, body, group_id, undoes, made_hlc, state, verdict, reason, seq)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return failure("write op", err)
	}
	done, err := s.Exec(l.Op.ID.Bytes(), l.Event.Actor.Bytes(), l.Op.Kind, l.Op.Entity.Bytes(), nullID(l.Event.About.ID),
		l.Event.Body, l.Op.Group.Bytes(), nullID(l.Op.Undoes.ID), int64(l.Op.MadeHybrid), string(state), l.Event.Verdict,
		string(l.Event.Reason), seq)
	if err != nil {
		return failure("write op", err)
	}
	n, err := done.LastInsertId()
	if err != nil {
		return failure("write op", err)
	}
	return tx.putUndo(n, l.Undo)
}

// order of tables when rows are written: definitions, then what stands on them. Assets come twice: bare ones that are
// new before everything that names them, whole ones last, when their assignment and head are there.
var putOrder = []studio.Table{
	studio.TableProject, studio.TableRole, studio.TableMember, studio.TableStatus, studio.TableType,
	studio.TableCollection, studio.TableAssignment, studio.TableCheckpoint, studio.TableAsset, studio.TableParked,
	studio.TableNote, studio.TableTag, studio.TableDependency, studio.TableView, studio.TableRoad, studio.TableHandover,
}

func (tx *Tx) putRows(rows []studio.Row) error { return tx.putTelling(rows, func(studio.Row) {}) }

// putTelling writes rows and hands those on that are not as they were.
func (tx *Tx) putTelling(rows []studio.Row, changed func(studio.Row)) error {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b studio.Row) int {
		if order := cmp.Compare(slices.Index(putOrder, a.Table()), slices.Index(putOrder, b.Table())); order != 0 {
			return order
		}
		return openLast(a, b)
	})
	p := putting{tx: tx, changed: changed, born: map[studio.AssetID]bool{}}
	for part := range ofOneTable(sorted) {
		if part[0].Table() == studio.TableAsset {
			if err := p.newAssets(part); err != nil {
				return err
			}
		}
	}
	for part := range ofOneTable(sorted) {
		if err := p.put(part); err != nil {
			return err
		}
	}
	return tx.renameTree(p.stood, p.stands)
}

// openLast: a holding is ended before the next one begins; versions come in order.
func openLast(a, b studio.Row) int {
	switch a := a.(type) {
	case studio.Assignment:
		ended := func(g studio.Assignment) int { return min(int(g.ToSeq), 1) }
		return cmp.Compare(ended(b.(studio.Assignment)), ended(a))
	case studio.Checkpoint:
		return cmp.Compare(a.Version, b.(studio.Checkpoint).Version)
	}
	return 0
}

// put writes a row as it is, whatever is there.
func (tx *Tx) put(t table) error {
	values := t.values()
	if len(t.cols) > t.keys {
		s, err := tx.prepared(t.updateSQL())
		if err != nil {
			return failure("write "+t.name, err)
		}
		done, err := s.Exec(append(slices.Clone(values[t.keys:]), values[:t.keys]...)...)
		if err != nil {
			return failure("write "+t.name, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 1 {
			return failure("write "+t.name, err)
		}
		return tx.exec(t.insertSQL(), values...)
	}
	return tx.exec(t.insertSQL()+" ON CONFLICT DO NOTHING", values...) // all of it is key: what is there is the same
}

// renameTree keeps the names of the tree: all old ones of the batch go first, so that two may change places.
func (tx *Tx) renameTree(stood, stands []stand) error {
	for _, s := range stood {
		if err := tx.exec(`DELETE FROM tree_name WHERE entity = ?`, s.entity.Bytes()); err != nil {
			return err
		}
	}
	names := together{tx: tx}
	for _, s := range stands {
		if s.out {
			continue
		}
		if err := names.add("tree_name", treeColumns, s.parent.Bytes(), s.key, s.entity.Bytes()); err != nil {
			return err
		}
	}
	return names.write()
}

// stand is where something is in the tree, or was before it was put into the trash.
type stand struct {
	parent, entity studio.ID
	key            string
	out            bool // in the trash
}

// appendStand adds the place of a row that has one.
func appendStand(stands []stand, r studio.Row) []stand {
	switch r := r.(type) {
	case studio.Asset:
		return append(stands, stand{r.Parent.ID, r.ID.ID, r.NameKey, r.Trashed()})
	case studio.Collection:
		return append(stands, stand{r.Parent.ID, r.ID.ID, r.NameKey, r.Trashed()})
	}
	return stands
}

func nullID(id studio.ID) any {
	if id.IsZero() {
		return nil
	}
	return id.Bytes()
}

// noteChange gathers what readers must fetch again.
func (tx *Tx) noteChange(b Batch) {
	tx.dirty = true
	if len(b.Events) > 0 && !b.Ahead {
		tx.change.Seq = b.Events[len(b.Events)-1].Event.Seq
	}
	for _, r := range slices.Concat(b.Puts, b.Gone) {
		tx.noteRow(r)
	}
}

func (tx *Tx) noteRow(r studio.Row) {
	switch r := r.(type) {
	case studio.Asset:
		tx.noteEntity(r.ID.ID)
	case studio.Collection:
		tx.noteEntity(r.ID.ID)
	case studio.Checkpoint:
		tx.noteEntity(r.Asset.ID)
	case studio.Note:
		tx.noteEntity(r.Asset.ID)
	case studio.TagOn:
		tx.noteEntity(r.Asset.ID)
	case studio.Dependency:
		tx.noteEntity(r.Asset.ID)
	case studio.ParkedChain:
		tx.noteEntity(r.Asset.ID)
	case studio.Road:
		tx.noteEntity(r.Asset.ID)
	case studio.Handover:
		tx.noteEntity(r.Asset.ID)
	case studio.Project, studio.Member, studio.Role, studio.Status, studio.Type, studio.SavedView:
		tx.change.Everything = true
	}
}

func (tx *Tx) noteEntity(id studio.ID) {
	if tx.change.Everything || tx.noted[id] {
		return
	}
	if tx.noted == nil {
		tx.noted = map[studio.ID]bool{}
	}
	tx.noted[id] = true
	tx.change.Entities = append(tx.change.Entities, id)
	tx.change.Everything = len(tx.change.Entities) > changeEntitiesMax
}

func (tx *Tx) writeChange() error {
	if tx.change.Everything {
		tx.change.Entities = nil
	}
	b := make([]byte, 0, 16*len(tx.change.Entities))
	for _, id := range tx.change.Entities {
		b = append(b, id[:]...)
	}
	s, err := tx.prepared(`INSERT INTO change (seq, everything, entities) VALUES (?, ?, ?)`)
	if err != nil {
		return failure("write change", err)
	}
	done, err := s.Exec(tx.change.Seq, tx.change.Everything, b)
	if err != nil {
		return failure("write change", err)
	}
	if tx.change.ID, err = done.LastInsertId(); err != nil {
		return failure("write change", err)
	}
	return tx.exec(`DELETE FROM change WHERE id < ?`, tx.change.ID-changesKept)
}

const changesKept = 1000 // a process that was away for longer fetches everything
