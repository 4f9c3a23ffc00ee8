package projectdb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"framehold/internal/studio"
)

// Problem is something that verify found: a sentence for people, about one thing.
type Problem struct {
	About string // event 12, shot_020.blend v3, trigger checkpoint_born ...
	What  string
}

// Counts is how much verify looked at.
type Counts struct{ Assets, Checkpoints, Events int }

// Verify checks the database: its own integrity, its schema and triggers against the program's, the hash chain of the
// log, and that each asset's holder, head and each checkpoint follow from events.
func (d *DB) Verify(ctx context.Context) (counts Counts, problems []Problem, err error) {
	err = d.Read(ctx, func(s *Snapshot) error {
		for _, check := range []func(*Snapshot) ([]Problem, error){checkIntegrity, checkSchema, checkChain, checkForged} {
			found, err := check(s)
			if err != nil {
				return err
			}
			problems = append(problems, found...)
		}
		return s.queryRow(`SELECT (SELECT count(*) FROM asset), (SELECT count(*) FROM checkpoint), (SELECT count(*) FROM event)`).
			Scan(&counts.Assets, &counts.Checkpoints, &counts.Events)
	})
	if studio.CodeOf(err) == studio.CodeDamaged {
		return counts, append(problems, Problem{About: "database", What: err.Error()}), nil
	}
	return counts, problems, err
}

// checkIntegrity queries the two pragmas: Exec would discard what they find.
func checkIntegrity(s *Snapshot) (problems []Problem, err error) {
	err = s.each(`PRAGMA integrity_check`, nil, func(row scanner) error {
		var what string
		if err := row.Scan(&what); err != nil {
			return err
		}
		if what != "ok" {
			problems = append(problems, Problem{"database", what})
		}
		return nil
	})
	if err != nil {
		return problems, err
	}
	err = s.each(`PRAGMA foreign_key_check`, nil, func(row scanner) error {
		var table, parent string
		var rowid, fk sql.NullInt64
		if err := row.Scan(&table, &rowid, &parent, &fk); err != nil {
			return err
		}
		problems = append(problems, Problem{"table " + table, "names a row of " + parent + " that is not there"})
		return nil
	})
	return problems, err
}

// checkSchema compares the schema in the file with the program's own, made in memory.
func checkSchema(s *Snapshot) ([]Problem, error) {
	mem, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	defer func() { _ = mem.Close() }()
	mem.SetMaxOpenConns(1)
	if _, err := mem.ExecContext(s.ctx, schema+triggers()); err != nil {
		return nil, fmt.Errorf("make schema: %w", err)
	}
	want, err := schemaOf(mem.QueryContext(s.ctx, schemaSQL))
	if err != nil {
		return nil, err
	}
	have, err := schemaOf(s.tx.QueryContext(s.ctx, schemaSQL))
	if err != nil {
		return nil, err
	}
	var problems []Problem
	for name, sql := range want {
		if have[name] == "" {
			problems = append(problems, Problem{name, "is missing from the database"})
		} else if have[name] != sql {
			problems = append(problems, Problem{name, "is not as the program made it"})
		}
	}
	for name := range have {
		if want[name] == "" {
			problems = append(problems, Problem{name, "was added to the database"})
		}
	}
	slices.SortFunc(problems, func(a, b Problem) int { return strings.Compare(a.About, b.About) })
	return problems, nil
}

const schemaSQL = `SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'`

func schemaOf(rows *sql.Rows, err error) (map[string]string, error) {
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	found := map[string]string{}
	for rows.Next() {
		var name, sql string
		if err := rows.Scan(&name, &sql); err != nil {
			return nil, err
		}
		found[name] = sql
	}
	return found, rows.Err()
}

// checkChain goes over the whole log. After the first break only seq is followed: all behind it would be named too.
func checkChain(s *Snapshot) (problems []Problem, err error) {
	var chain [32]byte
	next, broken := uint64(1), false
	err = s.Events(1, func(ev studio.Event) error {
		about := fmt.Sprintf("event %d", ev.Seq)
		if ev.Seq != next {
			problems = append(problems, Problem{fmt.Sprintf("event %d", next), "is missing"})
			broken = true
		}
		next = ev.Seq + 1
		if chain = ev.NextChain(chain); chain != ev.Chain {
			if !broken {
				problems = append(problems, Problem{about, "was changed after it was written: the chain of the log breaks here"})
			}
			broken = true
		}
		chain = ev.Chain
		if _, err := studio.DecodeBody(ev.Kind, ev.Body); err != nil {
			problems = append(problems, Problem{about, "cannot be read"})
		}
		return nil
	})
	return problems, err
}

// checkForged names rows that no act made: SQL that forges cannot be prevented in a local file, but it is found.
func checkForged(s *Snapshot) (problems []Problem, err error) {
	for _, q := range []struct{ about, what, sql string }{
		{"checkpoint", "has no event by its author", `SELECT hex(k.id) FROM checkpoint k WHERE k.state <> 8 AND NOT EXISTS (
			SELECT 1 FROM event e WHERE e.about = k.id AND e.entity = k.asset AND e.kind = 20 AND e.actor = k.author)`},
		{"asset", "has a holder that no event gave it to", `SELECT hex(a.id) FROM asset a WHERE a.assignee IS NOT NULL AND NOT EXISTS (
			SELECT 1 FROM assignment g JOIN event e ON e.op_id = g.id AND e.kind = 15 AND e.entity = a.id
			WHERE g.id = a.assignment AND g.to_user = a.assignee AND g.to_seq = 0)`},
		{"asset", "has a head that is not its newest version", `SELECT hex(a.id) FROM asset a WHERE a.head IS NOT (
			SELECT k.id FROM checkpoint k WHERE k.asset = a.id AND k.version > 0 ORDER BY k.version DESC LIMIT 1)`},
		{"asset", "has no event that made it", `SELECT hex(a.id) FROM asset a WHERE NOT EXISTS (
			SELECT 1 FROM event e WHERE e.entity = a.id AND e.kind = 2)`},
		{"name", "stands in the tree for something else", `SELECT hex(t.entity) FROM tree_name t WHERE NOT EXISTS (
			SELECT 1 FROM asset a WHERE a.id = t.entity AND a.name_key = t.name_key AND a.trashed_ms = 0) AND NOT EXISTS (
			SELECT 1 FROM collection c WHERE c.id = t.entity AND c.name_key = t.name_key AND c.trashed_ms = 0)`},
	} {
		err := s.each(q.sql, nil, func(row scanner) error {
			var id string
			if err := row.Scan(&id); err != nil {
				return err
			}
			problems = append(problems, Problem{q.about + " " + strings.ToLower(id), q.what})
			return nil
		})
		if err != nil {
			return problems, err
		}
	}
	return problems, nil
}
