package projectdb

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"regexp"
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

// problemsMax is how many problems of one sort are named; the rest is counted.
const problemsMax = 25

// findings gathers problems: of each sort as many as people read.
type findings struct {
	problems []Problem
	count    map[string]int
	sorts    []string // in the order they were met
}

func (f *findings) report(sort, about, what string) {
	if f.count[sort]++; f.count[sort] == 1 {
		f.sorts = append(f.sorts, sort)
	}
	if f.count[sort] <= problemsMax {
		f.problems = append(f.problems, Problem{about, what})
	}
}

func (f *findings) all() []Problem {
	problems := f.problems
	for _, sort := range f.sorts {
		if more := f.count[sort] - problemsMax; more > 0 {
			problems = append(problems, Problem{sort, fmt.Sprintf("%d more of this sort", more)})
		}
	}
	return problems
}

// Verify proves the database: its own integrity, its schema and triggers against the program's, the hash chain of the
// log; and everything else from the log: each event is decided anew by what was before it, and every row of every table
// is compared with what that comes to, both ways. Safety checkpoints have no event: their shape is checked.
func (d *DB) Verify(ctx context.Context) (counts Counts, problems []Problem, err error) {
	found := &findings{count: map[string]int{}}
	err = d.Read(ctx, func(s *Snapshot) error {
		for _, check := range []func(*Snapshot, *findings) error{checkIntegrity, checkSchema, checkLog} {
			if err := check(s, found); err != nil {
				return err
			}
		}
		return s.queryRow(`SELECT (SELECT count(*) FROM asset), (SELECT count(*) FROM checkpoint), (SELECT count(*) FROM event)`).
			Scan(&counts.Assets, &counts.Checkpoints, &counts.Events)
	})
	if studio.CodeOf(err) == studio.CodeDamaged {
		found.report("database", "database", err.Error())
		err = nil
	}
	return counts, found.all(), err
}

// checkIntegrity queries the two pragmas: Exec would discard what they find.
func checkIntegrity(s *Snapshot, found *findings) error {
	err := s.each(`PRAGMA integrity_check`, nil, func(row scanner) error {
		var what string
		if err := row.Scan(&what); err != nil {
			return err
		}
		if what != "ok" {
			found.report("database", "database", what)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.each(`PRAGMA foreign_key_check`, nil, func(row scanner) error {
		var table, parent string
		var rowid, fk sql.NullInt64
		if err := row.Scan(&table, &rowid, &parent, &fk); err != nil {
			return err
		}
		found.report("table "+table, "table "+table, "names a row of "+parent+" that is not there")
		return nil
	})
}

// checkSchema compares the schema in the file with the program's own, made in memory.
func checkSchema(s *Snapshot, found *findings) error {
	mem, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return err
	}
	defer func() { _ = mem.Close() }()
	mem.SetMaxOpenConns(1)
	if _, err := mem.ExecContext(s.ctx, schema+triggers()); err != nil {
		return fmt.Errorf("make schema: %w", err)
	}
	want, err := schemaOf(mem.QueryContext(s.ctx, schemaSQL))
	if err != nil {
		return err
	}
	have, err := schemaOf(s.in.QueryContext(s.ctx, schemaSQL))
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if have[name] == "" {
			found.report("schema", name, "is missing from the database")
		} else if have[name] != want[name] {
			found.report("schema", name, "is not as the program made it")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if want[name] == "" {
			found.report("schema", name, "was added to the database")
		}
	}
	return nil
}

// spacing is what may differ where a migration added a column: comments, and blanks.
var spacing = regexp.MustCompile(`--[^\n]*\n|\s+`)

// plain is a definition without spacing that says nothing.
func plain(sql string) string {
	sql = strings.Join(strings.Fields(spacing.ReplaceAllString(sql, " ")), " ")
	return strings.NewReplacer(" ,", ",", " )", ")", "( ", "(").Replace(sql)
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
		found[name] = plain(sql)
	}
	return found, rows.Err()
}
