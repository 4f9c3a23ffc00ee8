package projectdb

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"

	"framehold/internal/studio"
)

// Replica is where the store of a studio project stands to its server.
type Replica struct {
	Server     string // its address
	Account    studio.UserID
	Profile    studio.UserID // of the person here who is signed in with it
	Client     studio.ID
	Generation [8]byte // zero: nothing was pulled yet
	Seq        uint64
	Chain      [32]byte
	Signed     []byte // the newest signed head, as the wire has it
	Sums       studio.Sums
	Lmid       uint64
	NextN      uint64
	Full       bool
	SyncAsked  bool     // a process without the lock has asked the driver to sync
	LogUpto    uint64   // the history up to here comes later; 0: all of it is here
	LogChain   [32]byte // at LogUpto
	DepositKey [32]byte // hands work in when this person may not write any more; zero: none was given yet
}

func replicaTable(r *Replica, generation, chain, sums, logChain, deposit *[]byte, one *uint8) []any {
	return []any{one, &r.Server, cell{&r.Account.ID}, cell{&r.Profile.ID}, cell{&r.Client}, generation, &r.Seq, chain, &r.Signed, sums, &r.Lmid,
		&r.NextN, cell{&r.Full}, cell{&r.SyncAsked}, &r.LogUpto, logChain, deposit}
}

const replicaColumns = `one, server, account, profile, client_id, generation, seq, chain, signed, sums, lmid, next_n, full_view, sync_asked, log_upto, log_chain, deposit_key`

// Replica reads it; ok is false for a personal project.
func (r *reader) Replica() (stand Replica, ok bool) {
	var generation, chain, sums, logChain, deposit []byte
	var one uint8
	ok = r.note(r.queryRow(`SELECT ` + replicaColumns + ` FROM replica`).Scan(replicaTable(&stand, &generation, &chain, &sums, &logChain, &deposit, &one)...))
	copy(stand.LogChain[:], logChain)
	copy(stand.DepositKey[:], deposit)
	copy(stand.Generation[:], generation)
	copy(stand.Chain[:], chain)
	stand.Sums = sumsFrom(sums)
	return stand, ok
}

// SetReplica writes it.
func (tx *Tx) SetReplica(r Replica) error {
	if r.Signed == nil {
		r.Signed = []byte{}
	}
	return tx.exec(`INSERT OR REPLACE INTO replica (`+replicaColumns+`) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.Server, r.Account.Bytes(), r.Profile.Bytes(), r.Client.Bytes(), r.Generation[:], r.Seq, r.Chain[:], r.Signed, sumsBytes(r.Sums), r.Lmid, r.NextN,
		r.Full, r.SyncAsked, r.LogUpto, r.LogChain[:], r.DepositKey[:])
}

// SetSyncAsked asks the process that syncs, or takes the wish back.
func (tx *Tx) SetSyncAsked(asked bool) error {
	tx.dirty = true // so that the other process hears of it
	return tx.exec(`UPDATE replica SET sync_asked = ?`, asked)
}

// CountQueue counts the ops that no server has decided yet, and the open cards.
func (r *reader) CountQueue() (ops, cards int, err error) {
	err = r.queryRow(`SELECT (SELECT count(*) FROM op WHERE state = 'queued'), (SELECT count(*) FROM inbox WHERE closed_ms = 0)`).
		Scan(&ops, &cards)
	return ops, cards, failure("read", err)
}

// sumsBytes is a run of table numbers and 16 bytes each, in order of table.
func sumsBytes(sums studio.Sums) []byte {
	tables := make([]studio.Table, 0, len(sums))
	for t := range sums {
		tables = append(tables, t)
	}
	slices.Sort(tables)
	b := []byte{}
	for _, t := range tables {
		b = append(append(b, byte(t)), sums[t].Bytes()...)
	}
	return b
}

func sumsFrom(b []byte) studio.Sums {
	sums := studio.Sums{}
	for part := range slices.Chunk(b, 17) {
		sums[studio.Table(part[0])] = studio.SumFrom(part[1:])
	}
	return sums
}

// QueueState says how far an own op has come.
type QueueState string

// States of an own op. In a personal project an op is decided when it is made.
const (
	OpQueued  QueueState = "queued"  // not decided by the server yet
	OpAcked   QueueState = "acked"   // decided; the base does not show it yet
	OpDecided QueueState = "decided" // decided, and in the base
	// OpCancelled: undone before it was ever sent, or the undo of one that was.
	OpCancelled QueueState = "cancelled"
)

// QueuedOp is an own op that the base does not show yet.
type QueuedOp struct {
	LocalN  int64
	N       uint64 // 0: never sent
	State   QueueState
	Actor   studio.UserID
	Seq     uint64         // of its verdict; 0: none yet
	Verdict studio.Verdict // by this store's own decision until the server's is here
	Reason  studio.Code
	Op      studio.Op
	Undo    []studio.Image
}

// QueuedOps lists the own ops that the base does not show yet, oldest first, without their undo images.
func (r *reader) QueuedOps() ([]QueuedOp, error) {
	return r.ownOps(`WHERE ` + isPending + ` ORDER BY local_n`)
}

// QueueHead lists the own ops that have no verdict yet: the first n of them, and behind those the ones that were sent already and the
// seals, which may stand in any order. upto is the last behind which ops are left out; the highest number when none is.
func (r *reader) QueueHead(n int) (ops []QueuedOp, upto uint64, err error) {
	const waits = isPending + ` AND state = 'queued'` // said so that the index is used
	err = r.queryRow(`SELECT coalesce((SELECT local_n FROM op WHERE `+waits+` ORDER BY local_n LIMIT 1 OFFSET ?), ?)`, n,
		int64(math.MaxInt64)).Scan(&upto)
	if err != nil {
		return nil, 0, failure("read", err)
	}
	ops, err = r.ownOps(`WHERE `+waits+` AND (local_n <= ? OR n IS NOT NULL OR kind = ?) ORDER BY local_n`, upto, studio.KindSeal)
	return ops, upto, err
}

// Queue lists them with the rows as they were before each.
func (r *reader) Queue() ([]QueuedOp, error) {
	ops, err := r.QueuedOps()
	if err != nil {
		return nil, err
	}
	at := make(map[int64]int, len(ops))
	for i, o := range ops {
		at[o.LocalN] = i
	}
	err = r.each(`SELECT u.local_n, u.table_no, u.key, u.before FROM undo u JOIN op o ON o.local_n = u.local_n
		WHERE o.`+isPending+` ORDER BY u.local_n, u.i`, nil, func(row scanner) error {
		var n int64
		var image studio.Image
		var table uint8
		var key []byte
		if err := row.Scan(&n, &table, &key, &image.Before); err != nil {
			return err
		}
		image.Table, image.Key = studio.Table(table), string(key)
		ops[at[n]].Undo = append(ops[at[n]].Undo, image)
		return nil
	})
	return ops, err
}

// OwnOp finds an own op, whatever its state; without its undo images.
func (r *reader) OwnOp(id studio.OpID) (QueuedOp, bool) {
	ops, err := r.ownOps(`WHERE op_id = ?`, id.Bytes())
	if !r.note(err) || len(ops) == 0 {
		return QueuedOp{}, false
	}
	return ops[0], true
}

// AnnounceOf finds the own op that told of a checkpoint.
func (r *reader) AnnounceOf(k studio.CheckpointID) (studio.OpID, bool) {
	ops, err := r.ownOps(`WHERE kind = ? AND about = ?`, studio.KindAnnounce, k.Bytes())
	if !r.note(err) || len(ops) == 0 {
		return studio.OpID{}, false
	}
	return ops[0].Op.ID, true
}

// DecidedAfter lists the own ops whose event came after a seq and was not refused, oldest first: what a server that went
// back must be given again.
func (r *reader) DecidedAfter(seq uint64) ([]QueuedOp, error) {
	return r.ownOps(`WHERE state = 'decided' AND seq > ? AND verdict <> 5 ORDER BY local_n`, seq)
}

// NextLocalN is the place that the next own op has in the queue.
func (r *reader) NextLocalN() uint64 {
	var n uint64
	r.note(r.queryRow(`SELECT coalesce(max(local_n), 0) + 1 FROM op`).Scan(&n))
	return n
}

// LogWhole tells whether every event up to the newest is here, and which that is.
func (r *reader) LogWhole() (newest uint64, whole bool) {
	var n uint64
	r.note(r.queryRow(`SELECT coalesce(max(seq), 0), count(*) FROM event`).Scan(&newest, &n))
	return newest, n == newest
}

// LogHave is the newest event that is here of those up to a seq.
func (r *reader) LogHave(upto uint64) (seq uint64) {
	r.note(r.queryRow(`SELECT coalesce(max(seq), 0) FROM event WHERE seq <= ?`, upto).Scan(&seq))
	return seq
}

// Blank tells whether nothing of a project is here: no row, no event, no own op.
func (r *reader) Blank() bool {
	tables := []string{"event", "op"}
	for _, row := range stateRows {
		tables = append(tables, tableOf(row).name)
	}
	for _, table := range tables {
		var some bool
		if !r.note(r.queryRow(`SELECT EXISTS (SELECT 1 FROM `+table+`)`).Scan(&some)) || some {
			return false
		}
	}
	return true
}

func (r *reader) ownOps(where string, args ...any) ([]QueuedOp, error) {
	ops := []QueuedOp{}
	err := r.each(`SELECT local_n, coalesce(n, 0), state, actor, seq, verdict, reason, op_id, kind, entity, body, group_id, undoes, made_hlc
		FROM op `+where, args,
		func(row scanner) error {
			var o QueuedOp
			var body []byte
			var hybrid int64
			err := row.Scan(&o.LocalN, &o.N, &o.State, cell{&o.Actor.ID}, &o.Seq, cell{(*uint8)(&o.Verdict)}, cell{(*string)(&o.Reason)},
				cell{&o.Op.ID.ID}, cell{(*uint8)(&o.Op.Kind)}, cell{&o.Op.Entity}, &body,
				cell{&o.Op.Group.ID}, cell{&o.Op.Undoes.ID}, &hybrid)
			if err != nil {
				return err
			}
			o.Op.MadeHybrid = uint64(hybrid)
			o.Op.Body, err = studio.DecodeBody(o.Op.Kind, body)
			ops = append(ops, o)
			return err
		})
	return ops, err
}

// Queued adds an op to the queue as this store decided it: its verdict, and the rows as they were before it, which others
// have written already.
func (tx *Tx) Queued(op studio.Op, d studio.Decision, actor studio.UserID, undo []studio.Image) error {
	return tx.appendOp(loggedOf(op, d, actor, undo), OpQueued)
}

// Cancelled notes the undo of an op that was never sent: it is never sent either.
func (tx *Tx) Cancelled(undo studio.Op, actor studio.UserID) error {
	return tx.appendOp(loggedOf(undo, studio.Decision{Verdict: studio.Noop}, actor, nil), OpCancelled)
}

func loggedOf(op studio.Op, d studio.Decision, actor studio.UserID, undo []studio.Image) Logged {
	return Logged{Op: op, Undo: undo, Event: studio.Event{Actor: actor, About: d.About, Body: studio.EncodeBody(op.Body),
		Verdict: d.Verdict, Reason: d.Reason}}
}

// Cancel takes an op out of the queue that was never sent. In lane rebase.
func (tx *Tx) Cancel(id studio.OpID) error {
	return errors.Join(tx.exec(`UPDATE op SET state = 'cancelled' WHERE op_id = ?`, id.Bytes()),
		tx.exec(`DELETE FROM undo WHERE local_n = (SELECT local_n FROM op WHERE op_id = ?)`, id.Bytes()))
}

// Uncancel puts it into the queue again, at its old place, and forgets its undo.
func (tx *Tx) Uncancel(id studio.OpID) error {
	return errors.Join(tx.exec(`UPDATE op SET state = 'queued' WHERE op_id = ? AND state = 'cancelled'`, id.Bytes()),
		tx.exec(`DELETE FROM op WHERE undoes = ? AND state = 'cancelled'`, id.Bytes()))
}

// ChainAt is the chain after an event.
func (r *reader) ChainAt(seq uint64) (chain [32]byte, ok bool) {
	var b []byte
	ok = r.note(r.queryRow(`SELECT chain FROM event WHERE seq = ?`, seq).Scan(&b))
	copy(chain[:], b)
	return chain, ok
}

// LastEvent is the newest event's seq and the chain after it.
func (r *reader) LastEvent() (seq uint64, chain [32]byte) {
	var b []byte
	r.note(r.queryRow(`SELECT seq, chain FROM event ORDER BY seq DESC LIMIT 1`).Scan(&seq, &b))
	copy(chain[:], b)
	return seq, chain
}

// NumberOp writes the n of an op, before it is sent.
func (tx *Tx) NumberOp(localN int64, n uint64) error {
	return tx.exec(`UPDATE op SET n = ? WHERE local_n = ?`, n, localN)
}

// AckOp writes the server's verdict of an op that the base does not show yet.
func (tx *Tx) AckOp(id studio.OpID, verdict studio.Verdict, reason studio.Code, seq uint64) error {
	return tx.exec(`UPDATE op SET state = 'acked', verdict = ?, reason = ?, seq = ? WHERE op_id = ? AND state = 'queued'`, verdict,
		string(reason), seq, id.Bytes())
}

// DecideOp writes that the base shows an op.
func (tx *Tx) DecideOp(ev studio.Event) error {
	return tx.exec(`UPDATE op SET state = 'decided', verdict = ?, reason = ?, seq = ? WHERE op_id = ?`, ev.Verdict, string(ev.Reason),
		ev.Seq, ev.Op.Bytes())
}

// RequeueOp queues a decided op again, without n: the server went back behind it. What was before it is of another base:
// only what it authored is remembered.
func (tx *Tx) RequeueOp(localN int64) error {
	return errors.Join(tx.exec(`UPDATE op SET state = 'queued', n = NULL, seq = 0 WHERE local_n = ?`, localN),
		tx.exec(`DELETE FROM undo WHERE local_n = ? AND NOT (table_no = ? AND before IS NULL)`, localN, studio.TableCheckpoint))
}

// Unnumber takes the n of all ops away that have no verdict: they get new ones.
func (tx *Tx) Unnumber() error {
	return tx.exec(`UPDATE op SET n = NULL, state = 'queued', seq = 0 WHERE ` + isPending)
}

// Replayed writes how a pending op stands over a new base: this store's own verdict and the rows before it.
func (tx *Tx) Replayed(localN int64, verdict studio.Verdict, reason studio.Code, undo []studio.Image) error {
	if err := tx.exec(`UPDATE op SET verdict = ?, reason = ? WHERE local_n = ?`, verdict, string(reason), localN); err != nil {
		return err
	}
	if err := tx.exec(`DELETE FROM undo WHERE local_n = ?`, localN); err != nil {
		return err
	}
	return tx.putUndo(localN, undo)
}

func (tx *Tx) putUndo(localN int64, undo []studio.Image) error {
	for i, image := range undo {
		if err := tx.exec(`INSERT INTO undo (local_n, i, table_no, key, before) VALUES (?, ?, ?, ?, ?)`,
			localN, i, image.Table, []byte(image.Key), image.Before); err != nil {
			return err
		}
	}
	return nil
}

// AppendPulled writes events of the server and their lines; those that are there stay.
func (tx *Tx) AppendPulled(events []studio.Event, line func(studio.Event) *studio.Line) error {
	var newest uint64
	if err := tx.queryRow(`SELECT coalesce(max(seq), 0) FROM event`).Scan(&newest); err != nil {
		return failure("write events", err)
	}
	behind := events
	for len(behind) > 0 && behind[0].Seq <= newest { // they come in order
		behind = behind[1:]
	}
	if n := len(events); n > 0 {
		tx.change.Seq = events[n-1].Seq
	}
	tx.dirty = true
	return tx.putEvents(behind, line)
}

// PutLog writes events that were left out of the first pull, the next ones in their order, and their lines. Readers hear of
// them when the last are here: until then nothing that they show is wrong.
func (tx *Tx) PutLog(events []studio.Event, last bool, line func(studio.Event) *studio.Line) error {
	if last {
		tx.dirty, tx.change.Everything = true, true
	}
	return tx.putEvents(events, line)
}

func (tx *Tx) putEvents(events []studio.Event, line func(studio.Event) *studio.Line) error {
	log, lines := together{tx: tx}, together{tx: tx}
	for i := range events {
		ev := &events[i]
		t := eventTable(ev)
		if err := log.add(t.name, eventColumns, append(t.values(), append([]byte{}, ev.Body...), ev.Chain[:])...); err != nil {
			return err
		}
		if l := line(*ev); l != nil {
			t := lineTable(l)
			if err := lines.add(t.name, t.names, t.values()...); err != nil {
				return err
			}
		}
	}
	return errors.Join(log.write(), lines.write())
}

// ForgetAfter takes the events after a seq away, with their lines: the server went back behind them. What was decided
// there and is this person's own is queued again by RequeueOp.
func (tx *Tx) ForgetAfter(seq uint64) error {
	return errors.Join(tx.exec(`DELETE FROM line WHERE seq > ?`, seq), tx.exec(`DELETE FROM event WHERE seq > ?`, seq))
}

// PutRows writes rows as they are, and takes others away, outside of any act: rows of the server, and what is pending over
// them. A number that goes from one checkpoint to another is free in between. Readers hear of what is not as it was, and of rows
// that came, which may say that an act is no more pending; came nil: all did.
func (tx *Tx) PutRows(puts, gone []studio.Row, came func(studio.Row) bool) error {
	tx.noteChange(Batch{Gone: gone})
	for _, r := range slices.Backward(gone) { // what stands on others goes first
		if err := tx.drop(r); err != nil {
			return err
		}
	}
	for _, r := range puts {
		if k, ok := r.(studio.Checkpoint); ok {
			if err := tx.exec(`UPDATE checkpoint SET version = 0 WHERE id = ? AND version NOT IN (0, ?)`, k.ID.Bytes(), k.Version); err != nil {
				return err
			}
		}
	}
	for _, r := range puts {
		if came == nil || came(r) {
			tx.noteRow(r)
		}
	}
	return tx.putTelling(puts, tx.noteRow)
}

func (tx *Tx) drop(r studio.Row) error {
	t := tableOf(r)
	if err := tx.exec("DELETE FROM "+t.name+" WHERE "+t.keySQL(), t.values()[:t.keys]...); err != nil {
		return fmt.Errorf("drop %s: %w", t.name, err)
	}
	switch r := r.(type) {
	case studio.Asset:
		return tx.exec(`DELETE FROM tree_name WHERE entity = ?`, r.ID.Bytes())
	case studio.Collection:
		return tx.exec(`DELETE FROM tree_name WHERE entity = ?`, r.ID.Bytes())
	}
	return nil
}

// All lists the rows of a table.
func (r *reader) All(t studio.Table) []studio.Row {
	if t == studio.TableNewer {
		return rowsOf(list(r, newerTable, "ORDER BY table_no, key"))
	}
	keys := tableOf(stateRows[t-1])
	order := "ORDER BY " + keys.cols[0].name
	for _, c := range keys.cols[1:keys.keys] {
		order += ", " + c.name
	}
	return r.rows(t, order)
}

// rows lists rows of a table that this program knows.
func (r *reader) rows(t studio.Table, where string, args ...any) []studio.Row {
	switch t {
	case studio.TableProject:
		return rowsOf(list(r, projectTable, where, args...))
	case studio.TableMember:
		return rowsOf(list(r, memberTable, where, args...))
	case studio.TableRole:
		return rowsOf(list(r, roleTable, where, args...))
	case studio.TableStatus:
		return rowsOf(list(r, statusTable, where, args...))
	case studio.TableType:
		return rowsOf(list(r, typeTable, where, args...))
	case studio.TableCollection:
		return rowsOf(list(r, collectionTable, where, args...))
	case studio.TableAsset:
		return rowsOf(list(r, assetTable, where, args...))
	case studio.TableAssignment:
		return rowsOf(list(r, assignmentTable, where, args...))
	case studio.TableCheckpoint:
		return rowsOf(list(r, checkpointTable, where, args...))
	case studio.TableParked:
		return rowsOf(list(r, parkedTable, where, args...))
	case studio.TableNote:
		return rowsOf(list(r, noteTable, where, args...))
	case studio.TableTag:
		return rowsOf(list(r, tagTable, where, args...))
	case studio.TableView:
		return rowsOf(list(r, viewTable, where, args...))
	case studio.TableRoad:
		return rowsOf(list(r, roadTable, where, args...))
	case studio.TableDependency:
		return rowsOf(list(r, dependencyTable, where, args...))
	}
	studio.Must(t == studio.TableHandover, "every table is listed")
	return rowsOf(list(r, handoverTable, where, args...))
}

func rowsOf[R studio.Row](typed []R) []studio.Row {
	rows := make([]studio.Row, len(typed))
	for i, r := range typed {
		rows[i] = r
	}
	return rows
}

// Card is something that a person still has to see: a verdict that was not plain, a task that came or went.
type Card struct {
	ID       studio.ID
	Op       studio.OpID // zero: of nobody's op
	Code     studio.Code
	Params   studio.Params
	Asset    studio.AssetID
	OpenedMs int64
	ClosedMs int64 // 0: open
}

// AddCard opens a card; one that is there stays as it is.
func (tx *Tx) AddCard(c Card) error {
	tx.dirty = true
	params, err := json.Marshal(c.Params)
	if err != nil {
		return fmt.Errorf("write card: %w", err)
	}
	return tx.exec(`INSERT INTO inbox (id, op_id, code, params, asset, opened_ms, closed_ms) VALUES (?, ?, ?, ?, ?, ?, 0)
		ON CONFLICT DO NOTHING`, c.ID.Bytes(), nullID(c.Op.ID), string(c.Code), string(params), nullID(c.Asset.ID), c.OpenedMs)
}

// CloseCard closes a card.
func (tx *Tx) CloseCard(id studio.ID, nowMs int64) error {
	tx.dirty = true
	return tx.exec(`UPDATE inbox SET closed_ms = ? WHERE id = ? AND closed_ms = 0`, nowMs, id.Bytes())
}

// Cards lists the open cards, the oldest first.
func (r *reader) Cards() ([]Card, error) {
	cards := []Card{}
	err := r.each(`SELECT id, op_id, code, params, asset, opened_ms FROM inbox WHERE closed_ms = 0 ORDER BY opened_ms, id`, nil,
		func(row scanner) error {
			var c Card
			var params string
			if err := row.Scan(cell{&c.ID}, cell{&c.Op.ID}, cell{(*string)(&c.Code)}, &params, cell{&c.Asset.ID}, &c.OpenedMs); err != nil {
				return err
			}
			err := json.Unmarshal([]byte(params), &c.Params)
			cards = append(cards, c)
			return err
		})
	return cards, err
}

// SetCovered notes that the server holds all bytes of a checkpoint.
func (tx *Tx) SetCovered(k studio.CheckpointID) error {
	return tx.exec(`INSERT INTO transfer (checkpoint, covered) VALUES (?, 1) ON CONFLICT DO UPDATE SET covered = 1`, k.Bytes())
}

// SetUncovered notes that the server does not hold all of them after all.
func (tx *Tx) SetUncovered(k studio.CheckpointID) error {
	return tx.exec(`DELETE FROM transfer WHERE checkpoint = ?`, k.Bytes())
}

// Covered tells whether the server holds all bytes of a checkpoint.
func (r *reader) Covered(k studio.CheckpointID) bool {
	var covered bool
	err := r.queryRow(`SELECT covered FROM transfer WHERE checkpoint = ?`, k.Bytes()).Scan(&covered)
	return !errors.Is(err, sql.ErrNoRows) && r.note(err) && covered
}

// Uncovered notes that the server does not hold all bytes of a checkpoint after all.
func (tx *Tx) Uncovered(k studio.CheckpointID) error {
	return tx.exec(`UPDATE transfer SET covered = 0 WHERE checkpoint = ?`, k.Bytes())
}

// ForgetCovered notes that the server went back, or knows this store by another name: what it holds for it must be asked
// for again.
func (tx *Tx) ForgetCovered() error { return tx.exec(`DELETE FROM transfer`) }
