package projectdb

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"framehold/internal/studio"
)

// replay goes over the log once, from its first event to its last.
type replay struct {
	*Snapshot
	*findings
	ledger *studio.Ledger
	stand  *Replica        // nil: a personal project
	by     string          // whose word the tables are compared with
	own    map[string]bool // checkpoints that pending ops announce
	chain  [32]byte
	opaque bool // there are acts of kinds that this program lacks: the chain of the log is checked, and not what it comes to
	broken bool // after the first break of the chain all behind it would be named too
	next   int64
	forged map[studio.ID]bool // entities of events that do not follow
}

// checkLog decides every event anew and compares what that comes to with the tables.
func checkLog(s *Snapshot, found *findings) error {
	r := &replay{Snapshot: s, findings: found, ledger: studio.NewLedger(s), by: "by the log", own: map[string]bool{}, next: 1,
		forged: map[studio.ID]bool{}}
	checks := []func() error{r.playAll, r.checkOps, r.checkCutOff, r.compareTables, r.checkVersions, r.checkDerived}
	if stand, remote := s.Replica(); remote {
		r.stand = &stand
		checks = r.remoteChecks()
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// TrailOf lists the events about an entity between two, both left out, in order; pending ops are events to come.
func (s *Snapshot) TrailOf(entity studio.ID, after, before uint64) (trail []studio.Event) {
	if before > pendingSeqs {
		return slices.DeleteFunc(s.Trail(entity, after), func(ev studio.Event) bool { return ev.Seq >= before })
	}
	s.note(s.each(eventSelect("WHERE entity = ? AND seq > ? AND seq < ? ORDER BY seq"),
		[]any{entity.Bytes(), int64(after), int64(before)}, func(row scanner) error {
			var ev studio.Event
			err := scanEvent(row, &ev)
			trail = append(trail, ev)
			return err
		}))
	return trail
}

const pendingSeqs = 1 << 62 // above every event: see studio.PendingMoment

const eventsPage = 1000 // held in memory at once, with their lines and undo images

// logEvent is an event as it was read.
type logEvent struct {
	studio.Event
	seq int64
	odd string // a column whose value no event of ours has
}

func (r *replay) playAll() error {
	for after := int64(math.MinInt64); ; {
		page, err := r.page(after)
		if err != nil || len(page) == 0 {
			return err
		}
		from, to := page[0].seq, page[len(page)-1].seq
		lines, err := r.linesOf(from, to)
		if err != nil {
			return err
		}
		images, err := r.imagesOf(from, to)
		if err != nil {
			return err
		}
		for _, ev := range page {
			if p, ok := r.play(ev); ok {
				r.compareLine(ev.Seq, r.lineOf(p), lines[ev.seq])
				if was, hasOp := images[ev.seq]; hasOp && r.stand == nil && !sameImages(p.Images, was) {
					r.report("undo", about(ev.seq), "what was there before it is not kept as it was")
				}
			}
		}
		if err := r.Err(); err != nil {
			return err
		}
		after = to
	}
}

func about(seq int64) string { return fmt.Sprintf("event %d", seq) }

func (r *replay) page(after int64) (page []logEvent, err error) {
	query := eventSelect("WHERE seq > ? ORDER BY seq LIMIT ?")
	err = r.each(query, []any{after, eventsPage}, func(row scanner) error {
		var ev logEvent
		t := eventTable(&ev.Event)
		raw, err := rawRow(row, len(t.cols)+2)
		if err != nil {
			return err
		}
		ev.seq, _ = raw[0].(int64)
		ev.odd = t.take(raw)
		body, _ := raw[len(t.cols)].([]byte)
		chain, _ := raw[len(t.cols)+1].([]byte)
		ev.Body = body
		if copy(ev.Chain[:], chain); len(chain) != len(ev.Chain) && ev.odd == "" {
			ev.odd = "chain"
		}
		if ev.ReceivedMs < 0 || ev.seq < 1 {
			ev.odd = "received_ms"
		}
		page = append(page, ev)
		return nil
	})
	return page, err
}

// rawRow reads n columns as the database has them: null, number, text or bytes.
func rawRow(row scanner, n int) ([]any, error) {
	raw, into := make([]any, n), make([]any, n)
	for i := range raw {
		into[i] = &raw[i]
	}
	return raw, row.Scan(into...)
}

// take sets the fields of a row and names the first column that its field cannot hold as it is.
func (t table) take(raw []any) (odd string) {
	for i, c := range t.cols {
		if err := c.cell.Scan(raw[i]); (err != nil || !sameValue(c.cell.value(), raw[i])) && odd == "" {
			odd = c.name
		}
	}
	return odd
}

// sameValue compares a field with a column. An empty list is bytes of no length.
func sameValue(field, column any) bool {
	b, isBytes := column.([]byte)
	switch f := field.(type) {
	case []byte:
		return isBytes && bytes.Equal(f, b) || column == nil && len(f) == 0
	case nil:
		return column == nil
	}
	return !isBytes && field == column
}

// play takes one event; ok when it follows from those before it.
func (r *replay) play(ev logEvent) (p studio.Played, ok bool) {
	switch {
	case ev.seq == r.next+1:
		r.report("log", about(r.next), "is missing")
	case ev.seq > r.next:
		r.report("log", fmt.Sprintf("events %d to %d", r.next, ev.seq-1), "are missing")
	}
	r.broken = r.broken || ev.seq != r.next
	r.next = ev.seq + 1
	if ev.odd != "" {
		r.report("log", about(ev.seq), "was changed after it was written: its "+ev.odd+" is none")
		r.broken = true
		return p, false
	}
	if r.chain = ev.NextChain(r.chain); r.chain != ev.Chain && !r.broken {
		r.report("log", about(ev.seq), "was changed after it was written: the chain of the log breaks here")
		r.broken = true
	}
	r.chain = ev.Chain
	if r.opaque {
		return p, false
	}
	p, err := r.ledger.Play(ev.Event)
	switch {
	case err != nil:
		r.report("log", about(ev.seq), "cannot be read")
		return p, false
	case !p.Follows:
		r.doesNotFollow(ev.Event, p)
	}
	return p, p.Follows
}

// doesNotFollow names an event that the rules do not come to. What follows on it can only be wrong too, so that of
// each thing the first is named.
func (r *replay) doesNotFollow(ev studio.Event, p studio.Played) {
	if r.forged[ev.Entity] {
		return
	}
	r.forged[ev.Entity] = true
	act := r.nameOf(studio.TableMember, string(ev.Actor.ID[:])) + "'s " + kindName(ev.Kind) + " of " + r.entity(ev.Entity)
	what := act + " does not follow from what was before it: "
	if want := p.Event; want.Verdict == ev.Verdict {
		what += fmt.Sprintf("version %d, name %q, reason %q, by the rules version %d, name %q, reason %q",
			ev.Version, ev.Result, ev.Reason, want.Version, want.Result, want.Reason)
	} else {
		what += fmt.Sprintf("the log says %s, the rules say %s", verdictName(ev.Verdict), verdictName(want.Verdict))
		if why := r.because(p.Decision, ev); why != "" {
			what += ", because " + why
		}
	}
	r.report("act that the rules refuse", about(int64(ev.Seq)), what)
}

func (r *replay) because(d studio.Decision, ev studio.Event) string {
	switch d.Reason {
	case studio.CodeUnassigned:
		return "nobody held it"
	case studio.CodeNotAssignee:
		return d.Params.Who + " held it"
	case studio.CodeNotMember:
		return "the one who acted was no member"
	case studio.CodePermission, studio.CodeNoPermission:
		return "the role of the one who acted did not allow it"
	}
	return string(d.Reason)
}

// linesOf reads the lines of the log of a run of events.
func (r *replay) linesOf(from, to int64) (map[int64][]any, error) {
	t := lineTable(&studio.Line{})
	lines := map[int64][]any{}
	err := r.each(t.selectSQL("WHERE seq BETWEEN ? AND ?"), []any{from, to}, func(row scanner) error {
		raw, err := rawRow(row, len(t.cols))
		if seq, ok := raw[0].(int64); ok {
			lines[seq] = raw
		}
		return err
	})
	return lines, err
}

func (r *replay) compareLine(seq uint64, want *studio.Line, have []any) {
	name := about(int64(seq))
	switch {
	case want == nil && have == nil:
		return
	case have == nil:
		r.report("log line", name, "its line is missing from the log that people read")
		return
	case want == nil:
		r.report("log line", name, "has a line in the log that people read, and is none")
		return
	}
	t := lineTable(want)
	for i, value := range t.values() {
		if !sameValue(value, have[i]) && r.ofEvent(t.cols[i].name) {
			r.report("log line", name, "its line in the log that people read is not what happened: "+
				r.differs(t.cols[i].name, have[i], value))
			return
		}
	}
}

// imagesOf reads the rows as they were before each of a run of events that has its op.
func (r *replay) imagesOf(from, to int64) (map[int64][]studio.Image, error) {
	images := map[int64][]studio.Image{}
	err := r.each(`SELECT e.seq, u.i, u.table_no, u.key, u.before FROM event e JOIN op o ON o.op_id = e.op_id
		LEFT JOIN undo u ON u.local_n = o.local_n WHERE e.seq BETWEEN ? AND ? ORDER BY e.seq, u.i`, []any{from, to},
		func(row scanner) error {
			var seq int64
			var i, table sql.NullInt64
			var key []byte
			var image studio.Image
			if err := row.Scan(&seq, &i, &table, &key, &image.Before); err != nil {
				return err
			}
			if images[seq] = append(images[seq], image); !i.Valid {
				images[seq] = images[seq][:0]
				return nil
			}
			last := &images[seq][len(images[seq])-1]
			last.Key = string(key)
			if i.Int64 == int64(len(images[seq])-1) && table.Int64 > 0 && table.Int64 <= math.MaxUint8 {
				last.Table = studio.Table(table.Int64)
			}
			return nil
		})
	return images, err
}

func sameImages(want, have []studio.Image) bool {
	return slices.EqualFunc(want, have, func(a, b studio.Image) bool {
		return a.Table == b.Table && a.Key == b.Key && bytes.Equal(a.Before, b.Before)
	})
}

const (
	// of a personal project, where every op was made here
	opsSQL = `SELECT e.seq, o.op_id IS NULL FROM event e LEFT JOIN op o ON o.op_id = e.op_id
		WHERE o.op_id IS NULL OR o.seq IS NOT e.seq OR o.actor IS NOT e.actor OR o.kind IS NOT e.kind
		OR o.entity IS NOT e.entity OR o.body IS NOT e.body OR o.group_id IS NOT e.group_id OR o.undoes IS NOT e.undoes OR o.made_hlc IS NOT e.made_hlc
		OR o.state IS NOT 'decided' OR o.verdict IS NOT e.verdict OR o.reason IS NOT e.reason ORDER BY e.seq`
	// of a studio project: own ops that its server has decided
	decidedSQL = `SELECT e.seq, 0 FROM event e JOIN op o ON o.op_id = e.op_id WHERE o.state = 'decided'
		AND (o.seq IS NOT e.seq OR o.actor IS NOT e.actor OR o.kind IS NOT e.kind OR o.entity IS NOT e.entity OR o.body IS NOT e.body
		OR o.verdict IS NOT e.verdict OR o.reason IS NOT e.reason) ORDER BY e.seq`
	lostSQL = `SELECT o.seq, o.actor, o.kind, o.entity FROM op o WHERE o.state = 'decided'
		AND NOT EXISTS (SELECT 1 FROM event e WHERE e.op_id = o.op_id) ORDER BY o.local_n`
)

// checkOps compares the list of own acts with the log, both ways.
func (r *replay) checkOps() error {
	err := r.each(lostSQL, nil, func(row scanner) error {
		var seq int64
		var actor, entity studio.ID
		var kind uint8
		if err := row.Scan(&seq, cell{&actor}, cell{&kind}, cell{&entity}); err != nil {
			return err
		}
		what := r.nameOf(studio.TableMember, string(actor[:])) + "'s " + kindName(studio.Kind(kind)) + " of " + r.entity(entity) +
			" was written as this event, which the log does not have"
		if seq >= r.next {
			what += ": its end was cut off"
		}
		r.report("lost event", about(seq), what)
		return nil
	})
	query := opsSQL
	switch {
	case err != nil:
		return err
	case r.stand != nil:
		query = decidedSQL
	case !r.ledger.Project().Personal:
		return nil
	}
	return r.each(query, nil, func(row scanner) error {
		var seq int64
		var missing bool
		if err := row.Scan(&seq, &missing); err != nil {
			return err
		}
		if missing {
			r.report("act", about(seq), "is missing from the acts that can be undone")
		} else {
			r.report("act", about(seq), "is not the same among the acts that can be undone")
		}
		return nil
	})
}

// checkCutOff looks for what was written after the log's last event.
func (r *replay) checkCutOff() error {
	var last sql.NullInt64
	err := r.queryRow(`SELECT max(seq) FROM change`).Scan(&last)
	if err == nil && last.Int64 >= r.next {
		r.report("lost event", "log", fmt.Sprintf("ends with event %d, but event %d was written: its end was cut off",
			r.next-1, last.Int64))
	}
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return failure("read", err)
	}
	return nil
}
