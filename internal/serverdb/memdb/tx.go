package memdb

import (
	"fmt"
	"slices"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

// tx changes a state that nobody else sees yet.
type tx struct {
	snapshot
	edit    *edit
	began   uint64 // head when it began
	lastPut uint64 // the highest seq of a row it has written
	failed  error  // the first write that failed
}

// fail makes the whole transaction fail, also when fn goes on.
func (t *tx) fail(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}

func (t *tx) Put(seq uint64, puts, gone []studio.Row) error {
	if seq <= t.began {
		return t.fail(fmt.Errorf("write rows: event %d is of an earlier transaction", seq))
	}
	t.lastPut = max(t.lastPut, seq)
	for _, r := range puts {
		b := studio.EncodeRow(r)
		if len(b) == 0 {
			return t.fail(fmt.Errorf("write rows: a row of table %d without content", r.Table()))
		}
		now, err := studio.RowFrom(r.Table(), r.Key(), b) // shares nothing with the caller's
		if err != nil {
			return t.fail(fmt.Errorf("write rows: table %d: %w", r.Table(), err))
		}
		t.replace(kept{seq: seq, table: r.Table(), key: r.Key(), row: now, bytes: b})
	}
	for _, r := range gone {
		if k, _ := t.rows.get(rowKey(r.Table(), r.Key())); k.row != nil {
			t.replace(kept{seq: seq, table: r.Table(), key: r.Key()})
		}
	}
	return nil
}

func (t *tx) replace(k kept) {
	key := rowKey(k.table, k.key)
	sum := t.head.Sums[k.table]
	if old, known := t.rows.get(key); known {
		t.bySeq.remove(t.edit, seqKey(old.seq)+key)
		if old.row != nil {
			sum = sum.Less(old.bytes)
			for _, l := range linksOf(old.row) {
				t.links.remove(t.edit, l)
			}
		}
	}
	t.rows.put(t.edit, key, k)
	t.bySeq.put(t.edit, seqKey(k.seq)+key, k)
	if k.row != nil {
		sum = sum.Plus(k.bytes)
		for _, l := range linksOf(k.row) {
			t.links.put(t.edit, l, struct{}{})
		}
	}
	if t.head.Sums[k.table] = sum; sum == (studio.Sum{}) {
		delete(t.head.Sums, k.table)
	}
}

func (t *tx) Append(events []studio.Event) error {
	if err := serverdb.Follow(t.head, events); err != nil {
		return t.fail(fmt.Errorf("write events: %w", err))
	}
	for _, ev := range events {
		op := string(ev.Op.ID[:])
		if t.ops.has(op) {
			return t.fail(fmt.Errorf("write events: op %s was decided before", ev.Op))
		}
		if !ev.Client.IsZero() {
			if t.sent.has(sentKey(ev.Client, ev.N)) {
				return t.fail(fmt.Errorf("write events: client %s has used n %d", ev.Client, ev.N))
			}
			t.sent.put(t.edit, sentKey(ev.Client, ev.N), ev.Seq)
			t.sentBySeq.put(t.edit, sentKey(ev.Client, ev.Seq), ev.Seq)
		}
		if ev.Body = slices.Clone(ev.Body); len(ev.Body) == 0 {
			ev.Body = nil
		}
		t.ops.put(t.edit, op, ev.Seq)
		t.events.put(t.edit, seqKey(ev.Seq), ev)
		t.links.put(t.edit, string(linkEvent)+string(ev.Entity[:])+seqKey(ev.Seq), struct{}{})
		t.head.Seq, t.head.Chain = ev.Seq, ev.Chain
	}
	return nil
}

func (t *tx) SetHead(h serverdb.Head) error {
	t.head.Generation, t.head.GenNo, t.head.Founder, t.head.ServerMs = h.Generation, h.GenNo, h.Founder, h.ServerMs
	t.head.GenMs = h.GenMs
	return nil
}

func (t *tx) SetClient(c serverdb.Client) error {
	t.clients.put(t.edit, string(c.ID[:]), c)
	return nil
}

func (t *tx) SetVisible(visible []serverdb.Visible) error {
	for _, v := range visible {
		t.visible.put(t.edit, string(v.User.ID[:])+string(v.Entity[:]), v)
	}
	return nil
}
