package sim

import (
	"fmt"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// line is what a life of the server has shown so far: an oracle that shares nothing with its rows.
type line struct {
	seq     uint64
	heads   map[studio.ID]studio.CheckpointID
	holders map[studio.ID]studio.UserID
	kinds   map[studio.ID]studio.AssetKind
	given   map[studio.OpID]wire.Outcome // verdicts that were ever answered
	lmids   map[studio.ID]uint64
}

func newLine() line {
	return line{heads: map[studio.ID]studio.CheckpointID{}, holders: map[studio.ID]studio.UserID{},
		kinds: map[studio.ID]studio.AssetKind{}, given: map[studio.OpID]wire.Outcome{},
		lmids: map[studio.ID]uint64{}}
}

// from begins where a backup stands.
func (l *line) from(snap serverdb.Snapshot) error {
	l.seq = snap.Head().Seq
	at := serverdb.Position{}
	for more := true; more; {
		var rows []serverdb.Row
		rows, more = snap.RowsAfter(at, l.seq, 1<<20)
		for _, r := range rows {
			at = serverdb.Behind(r)
			if r.Table != studio.TableAsset || r.Bytes == nil {
				continue
			}
			row, err := studio.DecodeRow(r.Table, r.Bytes)
			if err != nil {
				return err
			}
			a := row.(studio.Asset)
			l.heads[a.ID.ID], l.holders[a.ID.ID], l.kinds[a.ID.ID] = a.Head, a.Assignee, a.Kind
		}
	}
	return snap.Err()
}

// verdicts is I4 and I5: an op has one verdict in a generation, the same whenever it is asked for, and lmid never falls.
func (l *line) verdicts(r wire.PushRequest, reply wire.PushReply) error {
	for _, o := range reply.Outcomes {
		before, known := l.given[o.Op]
		if known && before != o {
			return fmt.Errorf("I4: op %s was %v, now %v", o.Op, before, o)
		}
		l.given[o.Op] = o
	}
	if reply.Lmid < l.lmids[r.Client] {
		return fmt.Errorf("I5: lmid of %s fell from %d to %d", r.Client, l.lmids[r.Client], reply.Lmid)
	}
	l.lmids[r.Client] = reply.Lmid
	return nil
}

// next is I1, I2 and I6 for one event; snap is of the commit that it came with.
func (l *line) next(snap serverdb.Snapshot, ev studio.Event) error {
	if ev.Seq != l.seq+1 {
		return fmt.Errorf("I6: event %d after %d", ev.Seq, l.seq)
	}
	l.seq = ev.Seq
	if ev.Verdict != studio.Applied && ev.Verdict != studio.Merged {
		return nil
	}
	body, err := studio.DecodeBody(ev.Kind, ev.Body)
	if err != nil {
		return err
	}
	switch b := body.(type) {
	case *studio.AssignBody:
		l.holders[ev.Entity] = b.To
	case *studio.CreateBody:
		l.kinds[ev.Entity] = b.Kind
	case *studio.ConvertBody:
		l.kinds[ev.Entity] = b.To
	case *studio.SealBody:
		return l.accepted(snap, ev)
	case *studio.ParkedBody:
		if ev.Kind == studio.KindAdopt {
			return l.adopted(snap, ev, b)
		}
	}
	return nil
}

// accepted is I2: what joined the line did so on its head, by who held the task.
func (l *line) accepted(snap serverdb.Snapshot, ev studio.Event) error {
	k, ok := snap.Checkpoint(ev.About)
	if !ok || k.Version != ev.Version || k.State != studio.Accepted && k.State != studio.Dropped {
		return fmt.Errorf("I2: event %d: checkpoint %s is not the accepted v%d", ev.Seq, ev.About, ev.Version)
	}
	if k.Author != ev.Actor || k.Base != k.Prev || k.Prev != l.heads[ev.Entity] {
		return fmt.Errorf("I2: event %d: v%d by %s on %s, behind %s", ev.Seq, k.Version, k.Author, k.Base, k.Prev)
	}
	l.heads[ev.Entity] = k.ID
	a, _ := snap.Asset(k.Asset)
	if l.kinds[ev.Entity] == studio.Task && a.First != k.ID && l.holders[ev.Entity] != k.Author {
		return fmt.Errorf("I2: event %d: %s did not hold the task", ev.Seq, k.Author)
	}
	return nil
}

// adopted: who adopts names the head that they saw, and what they adopt stands behind it.
func (l *line) adopted(snap serverdb.Snapshot, ev studio.Event, b *studio.ParkedBody) error {
	if b.ExpectHead != l.heads[ev.Entity] {
		return fmt.Errorf("I2: event %d: adopted on %s, the head was %s", ev.Seq, b.ExpectHead, l.heads[ev.Entity])
	}
	id := ev.About
	for id != b.ExpectHead {
		k, ok := snap.Checkpoint(id)
		if !ok || k.Version == 0 {
			return fmt.Errorf("I2: event %d: %s is on the line and has no version", ev.Seq, id)
		}
		id = k.Prev
	}
	l.heads[ev.Entity] = ev.About
	return nil
}

// held is I1 over all rows: one open holding for a held task, none for others; and the oracle agrees.
func (l *line) held(rows []studio.Row) error {
	open := map[studio.AssetID][]studio.Assignment{}
	for _, r := range rows {
		if g, ok := r.(studio.Assignment); ok && g.ToSeq == 0 {
			open[g.Asset] = append(open[g.Asset], g)
		}
	}
	for _, r := range rows {
		a, ok := r.(studio.Asset)
		if !ok {
			continue
		}
		held := len(open[a.ID]) == 1 && open[a.ID][0].ID == a.Assignment && open[a.ID][0].To == a.Assignee
		if free := len(open[a.ID]) == 0 && a.Assignee.IsZero() && a.Assignment.IsZero(); !held && !free {
			return fmt.Errorf("I1: asset %s is held by %s, and its holdings are %v", a.ID, a.Assignee, open[a.ID])
		}
		if a.Head != l.heads[a.ID.ID] || a.Assignee != l.holders[a.ID.ID] || a.Kind != l.kinds[a.ID.ID] {
			return fmt.Errorf("I2: asset %s: head %s, holder %s and kind are not what its events say", a.ID, a.Head, a.Assignee)
		}
	}
	return nil
}
