package projectdb

import (
	"errors"
	"fmt"

	"framehold/internal/studio"
)

// remoteChecks prove the store of a studio project. A full view has every event: decided anew they give the base, and the
// chain is the server's. A limited view has no log to prove it by: its base is the view with the pending ops taken back.
// Either way the base has the sums that were compared with the server's, and the pending ops over it give the view (I8).
func (r *replay) remoteChecks() []func() error {
	r.opaque = r.newerActs()
	if r.stand.LogUpto > 0 { // the log is not all here yet
		r.by = "by what the server sent"
		return []func() error{r.layBase, r.checkShape, r.checkOps, r.checkSums, r.foresee, r.compareTables}
	}
	if !r.opaque && (r.stand.Full || r.stand.Generation == ([8]byte{})) {
		return []func() error{r.playAll, r.checkHead, r.checkOps, r.checkSums, r.foresee, r.compareTables, r.checkVersions,
			r.checkDerived}
	}
	r.by = "by what the server sent"
	if r.opaque && r.stand.Full {
		return []func() error{r.playAll, r.checkHead, r.layBase, r.checkShape, r.checkOps, r.checkSums, r.foresee, r.compareTables, r.checkDerived}
	}
	return []func() error{r.layBase, r.checkShape, r.checkOps, r.checkSums, r.foresee, r.compareTables, r.checkDerived}
}

// newerActs tells whether the log has acts, or the tables have rows, of which this program does not know all: a newer one made
// them, by rules that this one does not know (row H9).
func (r *replay) newerActs() (newer bool) {
	newer = len(r.All(studio.TableNewer)) > 0
	for _, zero := range stateRows {
		newer = newer || r.grown(tableOf(zero))
	}
	if newer {
		return true
	}
	err := r.each(`SELECT kind, body, newer IS NOT NULL FROM event`, nil, func(row scanner) error {
		var kind studio.Kind
		var bytes []byte
		var grown bool
		if err := row.Scan(cell{(*uint8)(&kind)}, &bytes, &grown); err != nil || newer || grown {
			newer = newer || grown
			return err
		}
		body, err := studio.DecodeBody(kind, bytes)
		newer = errors.Is(err, studio.ErrNewer) || err == nil && studio.IsNewer(kind, body)
		return nil
	})
	return r.note(err) && newer
}

// known is how a row that ought to be there is said to be known.
func (r *replay) known() string {
	switch {
	case r.stand == nil:
		return "is in the log"
	case r.by == "by the log":
		return "is in the log or in the acts to send,"
	}
	return "was sent by the server or is in the acts to send,"
}

// lineOf is the line that an event has in the log that people read. What a server refused is not shown.
func (r *replay) lineOf(p studio.Played) *studio.Line {
	if r.stand != nil && (p.Event.Verdict == studio.Refused || p.Event.Verdict == studio.Noop) {
		return nil
	}
	return p.Line
}

// ofEvent tells whether a column of a line follows from its event alone. A pulled line names things as they are called at
// the end of its pull.
func (r *replay) ofEvent(column string) bool {
	switch column {
	case "kind", "actor", "at_ms", "received_ms":
		return true
	}
	return r.stand == nil
}

// checkHead compares the end of the log with the head that the server signed.
func (r *replay) checkHead() error {
	switch last := uint64(r.next - 1); {
	case r.stand.Generation == ([8]byte{}): // nothing was pulled yet
	case last != r.stand.Seq:
		r.report("lost event", "log", fmt.Sprintf("ends with event %d, but the server's event %d was here: its end was cut off", last, r.stand.Seq))
	case r.chain != r.stand.Chain && !r.broken:
		r.report("log", "log", fmt.Sprintf("ends otherwise than the server signed event %d", last))
	}
	return nil
}

// checkSums compares the base with the sums that a pull compared with the server's.
func (r *replay) checkSums() error {
	if r.stand.Generation == ([8]byte{}) {
		return nil
	}
	for _, t := range r.ledger.Sums().Unlike(r.stand.Sums) {
		name := fmt.Sprint(t)
		if t <= studio.TableLast {
			name = tableOf(stateRows[t-1]).name
		}
		r.report("sum", "table "+name, "is not as the server had it when this computer compared the two")
	}
	return nil
}

// foresee decides what is pending over the base, as it was decided when it was made or pulled under.
func (r *replay) foresee() error {
	queue, err := r.Queue()
	if err != nil {
		return err
	}
	for _, q := range queue {
		p := r.ledger.Foresee(q.Op, studio.PendingMoment(q.Actor, q.Op, uint64(q.LocalN)))
		if b, ok := q.Op.Body.(*studio.AnnounceBody); ok {
			r.own[string(b.Checkpoint.ID[:])] = true
		}
		act := r.nameOf(studio.TableMember, string(q.Actor.ID[:])) + "'s " + kindName(q.Op.Kind) + " of " + r.entity(q.Op.Entity)
		switch {
		case q.State == OpQueued && (p.Decision.Verdict != q.Verdict || p.Decision.Reason != q.Reason):
			r.report("act to send", act, fmt.Sprintf("waits as %s, the rules say %s", verdictName(q.Verdict), verdictName(p.Decision.Verdict)))
		case !sameImages(p.Images, q.Undo):
			r.report("act to send", act, "what was there before it is not kept as it was")
		}
	}
	return r.Err()
}

// layBase makes the base from the view: what is pending is taken back, the last first.
func (r *replay) layBase() error {
	queue, err := r.Queue()
	if err != nil {
		return err
	}
	base := studio.NewState(r.Snapshot)
	for i := len(queue) - 1; i >= 0; i-- {
		undo := queue[i].Undo
		for j := len(undo) - 1; j >= 0; j-- {
			if err := base.PutBack(undo[j]); err != nil {
				r.report("act to send", "act "+queue[i].Op.ID.String(), "what was there before it cannot be read")
			}
		}
		if b, ok := queue[i].Op.Body.(*studio.AnnounceBody); ok {
			base.Remove(studio.TableCheckpoint, string(b.Checkpoint.ID[:]))
		}
	}
	for _, t := range studio.Tables() {
		for _, row := range r.All(t) {
			k, isCheckpoint := row.(studio.Checkpoint)
			if now, ok := base.Find(row.Table(), row.Key()); ok && !(isCheckpoint && k.State == studio.Safety) {
				r.ledger.Lay(now)
			}
		}
	}
	back, _ := base.Changed()
	r.ledger.Lay(back...)
	return r.Err()
}

// checkShape looks for columns whose value no row of ours has, where there is no log to compare the rows with.
func (r *replay) checkShape() error {
	for _, zero := range stateRows {
		t := tableOf(zero)
		err := r.each(t.selectSQL(""), nil, func(row scanner) error {
			raw, err := rawRow(row, len(t.cols))
			if err != nil {
				return err
			}
			if odd := tableOf(zero).take(raw); odd != "" {
				key, _ := raw[0].([]byte)
				r.report(t.name, r.nameOf(zero.Table(), string(key)), "its "+odd+" is none")
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
