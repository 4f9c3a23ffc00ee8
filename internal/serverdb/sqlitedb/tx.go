package sqlitedb

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

// tx is a snapshot that can be written. A failed write stays in err, so that the transaction fails.
type tx struct {
	snapshot
	began   uint64 // head when it began
	lastPut uint64 // the highest seq of a row it has written
	sums    map[studio.Table]bool
	moved   bool // the head is due
}

func (t *tx) fail(action string, err error) error {
	err = failure(action, err)
	if t.err == nil {
		t.err = err
	}
	return err
}

// finish writes what follows from the rest, and says why the transaction cannot be committed.
func (t *tx) finish() error {
	if t.err == nil && t.lastPut > t.head.Seq {
		return fmt.Errorf("rows of event %d are written without it", t.lastPut)
	}
	for _, table := range slices.Sorted(maps.Keys(t.sums)) {
		query, args := `INSERT INTO sum (tbl, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
			[]any{table, t.head.Sums[table].Bytes()}
		if _, some := t.head.Sums[table]; !some {
			query, args = `DELETE FROM sum WHERE tbl = ?`, []any{table}
		}
		if t.err == nil {
			_ = t.fail("write sums", t.c.exec(query, args...)) // stays in err
		}
	}
	if t.err == nil && t.moved {
		h := t.head
		_ = t.fail("write head", t.c.exec(`UPDATE head SET generation = ?, gen_no = ?, seq = ?, chain = ?, founder = ?,
			server_ms = ?, defs_seq = ?, gen_ms = ?, stored = ?`, h.Generation[:], int64(h.GenNo), h.Seq, h.Chain[:], nullID(h.Founder.ID),
			h.ServerMs, t.defsSeq, h.GenMs, h.Stored))
	}
	return t.err
}

// Put writes rows, what leads to them, and the sums.
func (t *tx) Put(seq uint64, puts, gone []studio.Row) error {
	if seq <= t.began {
		return t.fail("write rows", fmt.Errorf("event %d is of an earlier transaction", seq))
	}
	if t.readSums(); t.err != nil {
		return t.err
	}
	t.lastPut = max(t.lastPut, seq)
	for _, r := range puts {
		form := studio.EncodeRow(r)
		now, err := studio.RowFrom(r.Table(), r.Key(), form) // shares nothing with the caller's, and will be readable
		if err == nil && len(form) == 0 {
			err = errors.New("a row without content")
		}
		if err == nil {
			err = t.replace(seq, rowKey{r.Table(), r.Key()}, now, form)
		}
		if err != nil {
			return t.fail("write rows", fmt.Errorf("table %d: %w", r.Table(), err))
		}
	}
	for _, r := range gone {
		if t.row(r.Table(), r.Key()) == nil {
			continue
		}
		if err := t.replace(seq, rowKey{r.Table(), r.Key()}, nil, nil); err != nil {
			return t.fail("write rows", err)
		}
	}
	return t.err
}

// replace writes a row as it is now; nil: it is no more.
func (t *tx) replace(seq uint64, k rowKey, now studio.Row, form []byte) error {
	old := t.row(k.table, k.key)
	if t.err != nil {
		return t.err
	}
	if err := t.c.exec(`INSERT INTO state (tbl, key, seq, row) VALUES (?, ?, ?, ?)
		ON CONFLICT (tbl, key) DO UPDATE SET seq = excluded.seq, row = excluded.row`, k.table, []byte(k.key), seq, form); err != nil {
		return err
	}
	sum := t.head.Sums[k.table]
	if old != nil {
		sum = sum.Less(studio.EncodeRow(old))
	}
	if now != nil {
		sum = sum.Plus(form)
	}
	if t.head.Sums[k.table] = sum; sum == (studio.Sum{}) {
		delete(t.head.Sums, k.table)
	}
	if t.sums == nil {
		t.sums = map[studio.Table]bool{}
	}
	t.sums[k.table] = true
	if k.table <= definitionsMax {
		t.defs, t.defsWritten, t.defsSeq, t.moved = nil, true, max(t.defsSeq, seq), true
	} else {
		t.remember(k.table, k.key, now)
	}
	return t.moveRefs(k, refsOf(old), refsOf(now))
}

func (t *tx) moveRefs(k rowKey, old, now []ref) error {
	for _, r := range old {
		if slices.Contains(now, r) {
			continue
		}
		if err := t.c.exec(`DELETE FROM ref WHERE kind = ? AND ref = ? AND tbl = ? AND key = ?`,
			r.kind, []byte(r.from), k.table, []byte(k.key)); err != nil {
			return err
		}
	}
	for _, r := range now {
		if slices.Contains(old, r) {
			continue
		}
		if err := t.c.exec(`INSERT INTO ref (kind, ref, tbl, key) VALUES (?, ?, ?, ?)`,
			r.kind, []byte(r.from), k.table, []byte(k.key)); err != nil {
			return err
		}
	}
	return nil
}

// Append writes events behind the head.
func (t *tx) Append(events []studio.Event) error {
	if err := serverdb.Follow(t.head, events); err != nil {
		return t.fail("write events", err)
	}
	for _, ev := range events {
		var client []byte
		if !ev.Client.IsZero() {
			client = ev.Client[:]
		}
		body := ev.Body
		if body == nil {
			body = []byte{}
		}
		if err := t.c.exec(`INSERT INTO event (seq, op_id, client_id, n, entity, header, body, chain) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			ev.Seq, ev.Op.ID[:], client, int64(ev.N), ev.Entity[:], ev.Header(), body, ev.Chain[:]); err != nil {
			return t.fail("write events", err)
		}
		t.head.Seq, t.head.Chain, t.moved = ev.Seq, ev.Chain, true
	}
	return nil
}

// SetHead writes generation, its number and beginning, and server time.
func (t *tx) SetHead(h serverdb.Head) error {
	t.head.Generation, t.head.GenNo, t.head.Founder, t.head.ServerMs, t.moved = h.Generation, h.GenNo, h.Founder, h.ServerMs, true
	t.head.GenMs = h.GenMs
	return t.err
}

// SetClient writes a client.
func (t *tx) SetClient(c serverdb.Client) error {
	return t.fail("write client", t.c.exec(`INSERT OR REPLACE INTO client (`+clientColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID[:], c.User.ID[:], c.Device, int64(c.Lmid), c.DepositKey[:], c.Proto, c.SeenMs, int64(c.CookieSeq),
		c.UnsentCheckpoints, c.UnsentBytes, c.DepositBytes))
}

// SetVisible writes lines of closures.
func (t *tx) SetVisible(visible []serverdb.Visible) error {
	for _, v := range visible {
		if err := t.c.exec(`INSERT OR REPLACE INTO visible (user_id, entity, since_seq, until_seq) VALUES (?, ?, ?, ?)`,
			v.User.ID[:], v.Entity[:], int64(v.SinceSeq), int64(v.UntilSeq)); err != nil {
			return t.fail("write visible", err)
		}
	}
	return t.err
}

func nullID(id studio.ID) []byte {
	if id.IsZero() {
		return nil
	}
	return id[:]
}
