package sqlitedb

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

// Flaw says what is wrong with a project's file.
type Flaw string

// Flaws. Those of derived tables (refs, sums) go with Rebuild.
const (
	FlawFile  Flaw = "file"  // SQLite's own check
	FlawRow   Flaw = "row"   // a row that is not in its canonical form, or not under its key, or ahead of the events
	FlawRef   Flaw = "ref"   // a reference is missing, or leads to what does not refer
	FlawSum   Flaw = "sum"   // a sum is not that of its rows
	FlawDefs  Flaw = "defs"  // the newest change of a definition is not where the head says
	FlawEvent Flaw = "event" // an event is missing, not as it was decided, or not in the chain
	FlawHead  Flaw = "head"  // the head is not that of the newest event
)

const problemsMax = 100 // more say nothing new

// Problem is one flaw and where it is.
type Problem struct {
	Flaw  Flaw
	Table studio.Table // of rows, refs and sums
	Key   string
	Seq   uint64 // of events
	Text  string // of SQLite, or the error: for the log
}

// Report is what Check found.
type Report struct {
	Rows, Events int
	Problems     []Problem // the first 100
}

// Check reads a whole project at one moment: what is derived is computed again and compared, every row is decoded, every
// event's chain is recomputed. An error says that it could not look; what it saw is in the report.
func (s *Store) Check(ctx context.Context, id studio.ProjectID) (Report, error) {
	k := checker{sums: studio.Sums{}}
	err := s.read(ctx, id, func(snap *snapshot) error {
		k.snapshot = snap
		for _, step := range []func() error{k.checkFile, k.checkRows, k.checkDerived, k.checkEvents} {
			if err := errors.Join(step(), ctx.Err()); err != nil {
				return failure("check project", err)
			}
		}
		return nil
	})
	return k.report, err
}

// checker gathers what it sees of a snapshot.
type checker struct {
	*snapshot
	report  Report
	sums    studio.Sums
	refs    int
	defsSeq uint64
}

func (k *checker) problem(p Problem) {
	if len(k.report.Problems) < problemsMax {
		k.report.Problems = append(k.report.Problems, p)
	}
}

func (k *checker) checkFile() error {
	var text string
	err := k.c.each(`SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`, nil, []any{&text},
		func() (bool, error) {
			k.problem(Problem{Flaw: FlawFile, Text: text})
			return true, nil
		})
	if err != nil {
		return err
	}
	return k.c.each(`SELECT "table" FROM pragma_foreign_key_check`, nil, []any{&text}, func() (bool, error) {
		k.problem(Problem{Flaw: FlawFile, Text: "foreign key of " + text})
		return true, nil
	})
}

func (k *checker) checkRows() error {
	return k.c.eachRow(func(r serverdb.Row) error {
		k.report.Rows++
		if r.Table <= definitionsMax {
			k.defsSeq = max(k.defsSeq, r.Seq)
		}
		at := Problem{Flaw: FlawRow, Table: r.Table, Key: r.Key, Seq: r.Seq}
		if r.Seq > k.head.Seq || r.Seq == 0 {
			k.problem(at)
		}
		if r.Bytes == nil {
			return nil
		}
		k.sums[r.Table] = k.sums[r.Table].Plus(r.Bytes)
		row, err := studio.RowFrom(r.Table, r.Key, r.Bytes)
		if err != nil {
			at.Text = err.Error()
			k.problem(at)
			return nil
		}
		if !bytes.Equal(studio.EncodeRow(row), r.Bytes) {
			k.problem(at)
		}
		for _, ref := range refsOf(row) {
			k.refs++
			var there bool
			if err := k.c.get(`SELECT EXISTS (SELECT 1 FROM ref WHERE kind = ? AND ref = ? AND tbl = ? AND key = ?)`,
				[]any{ref.kind, []byte(ref.from), r.Table, []byte(r.Key)}, &there); err != nil {
				return err
			}
			if !there {
				k.problem(Problem{Flaw: FlawRef, Table: r.Table, Key: r.Key})
			}
		}
		return nil
	})
}

// checkDerived compares what checkRows has computed.
func (k *checker) checkDerived() error {
	var refs int
	if err := k.c.get(`SELECT count(*) FROM ref`, nil, &refs); err != nil {
		return err
	}
	if refs > k.refs {
		k.problem(Problem{Flaw: FlawRef, Text: fmt.Sprintf("%d references, %d are due", refs, k.refs)})
	}
	stored := k.Head().Sums
	for _, t := range stored.Unlike(k.sums) {
		k.problem(Problem{Flaw: FlawSum, Table: t})
	}
	if k.defsSeq != k.snapshot.defsSeq {
		k.problem(Problem{Flaw: FlawDefs, Seq: k.snapshot.defsSeq})
	}
	var bytes int64
	if err := k.c.get(`SELECT coalesce(sum(stored), 0) FROM chunk`, nil, &bytes); err != nil {
		return err
	}
	if bytes != k.head.Stored {
		k.problem(Problem{Flaw: FlawSum, Text: fmt.Sprintf("%d bytes of chunks, the head says %d", bytes, k.head.Stored)})
	}
	return k.Err()
}

func (k *checker) checkEvents() error {
	var seq, n uint64
	var op, client, header, body, chain []byte
	var last serverdb.Head
	err := k.c.each(`SELECT seq, op_id, client_id, n, header, body, chain FROM event ORDER BY seq`, nil,
		[]any{&seq, &op, &client, (*number)(&n), &header, &body, &chain}, func() (bool, error) {
			k.report.Events++
			ev, err := studio.EventFrom(header, nil)
			ev.Body = body
			copy(ev.Chain[:], chain)
			if err == nil {
				err = serverdb.Follow(last, []studio.Event{ev})
			}
			if err == nil && (ev.Seq != seq || ev.Op.ID != studio.IDFrom(op) || ev.Client != studio.IDFrom(client) || ev.N != n) {
				err = errors.New("its columns are not those of its header")
			}
			if err != nil {
				k.problem(Problem{Flaw: FlawEvent, Seq: seq, Text: err.Error()})
			}
			last.Seq, last.Chain = seq, ev.Chain
			return true, nil
		})
	if last.Seq != k.head.Seq || last.Chain != k.head.Chain {
		k.problem(Problem{Flaw: FlawHead, Seq: k.head.Seq})
	}
	return err
}

// eachRow walks over the rows in order of table and key.
func (c *conn) eachRow(fn func(serverdb.Row) error) error {
	var r serverdb.Row
	var key []byte
	return c.each(`SELECT tbl, key, seq, row FROM state ORDER BY tbl, key`, nil, []any{&r.Table, &key, &r.Seq, &r.Bytes},
		func() (bool, error) {
			r.Key = string(key)
			return true, fn(r)
		})
}

// Rebuild computes what is derived from the rows anew: references, sums, the newest change of a definition.
func (s *Store) Rebuild(ctx context.Context, id studio.ProjectID) error {
	return s.write(ctx, id, func(t *tx) error { return failure("rebuild project", t.rebuild()) })
}

func (t *tx) rebuild() error {
	if err := errors.Join(t.c.exec(`DELETE FROM ref`), t.c.exec(`DELETE FROM sum`)); err != nil {
		return err
	}
	t.head.Sums, t.sums, t.defsSeq, t.moved = studio.Sums{}, map[studio.Table]bool{}, 0, true
	t.p.defs.Store(nil) // it may be what the old number led to
	err := t.c.eachRow(func(r serverdb.Row) error {
		if r.Table <= definitionsMax {
			t.defsSeq = max(t.defsSeq, r.Seq)
		}
		if r.Bytes == nil {
			return nil
		}
		row, err := studio.RowFrom(r.Table, r.Key, r.Bytes)
		if err != nil {
			return err
		}
		t.head.Sums[r.Table] = t.head.Sums[r.Table].Plus(r.Bytes)
		return t.moveRefs(rowKey{r.Table, r.Key}, nil, refsOf(row))
	})
	for table := range t.head.Sums {
		t.sums[table] = true
	}
	return errors.Join(err, t.c.get(`SELECT coalesce(sum(stored), 0) FROM chunk`, nil, &t.head.Stored))
}
