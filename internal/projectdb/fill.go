package projectdb

import (
	"bytes"
	"cmp"
	"iter"
	"slices"
	"strings"

	"framehold/internal/studio"
)

// fillTogether is how many rows one statement writes when a blank store is filled: more are not faster.
const fillTogether = 16

// Fill writes the rows of a server into a blank store; they come in order of table. Triggers and indexes of the tracking
// data are taken away and made again as they were, in this transaction: what a trigger keeps is not there yet, and an index
// is made faster at once than row by row. Uniqueness is proved by the indexes, and the foreign keys hold throughout.
func (tx *Tx) Fill(rows iter.Seq2[studio.Row, error]) error {
	made, err := tx.setAside()
	if err != nil {
		return err
	}
	tx.dirty, tx.change.Everything = true, true
	f := filling{tx: tx}
	for r, err := range rows {
		if err != nil {
			return err
		}
		if err := f.add(tableOf(r)); err != nil {
			return err
		}
		f.names = appendStand(f.names, r)
	}
	if err := f.write(); err != nil {
		return err
	}
	if err := f.tree(); err != nil {
		return err
	}
	for _, statement := range made {
		if err := tx.define(statement); err != nil {
			return err
		}
	}
	return nil
}

// setAside drops the triggers and the indexes of the tables that are filled, and returns what makes them again.
func (tx *Tx) setAside() (made []string, err error) {
	filled := map[string]bool{}
	for _, r := range stateRows {
		filled[tableOf(r).name] = true
	}
	var drop []string
	err = tx.each(`SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type IN ('trigger', 'index') AND sql IS NOT NULL
		ORDER BY rowid`, nil, func(row scanner) error {
		var kind, name, of, definition string
		if err := row.Scan(&kind, &name, &of, &definition); err != nil {
			return err
		}
		if filled[of] {
			drop, made = append(drop, "DROP "+kind+" "+name), append(made, definition)
		}
		return nil
	})
	for _, statement := range drop {
		if err == nil {
			err = tx.define(statement)
		}
	}
	return made, err
}

// define changes the schema. Such a statement is said once: it is not kept prepared.
func (tx *Tx) define(statement string) error {
	_, err := tx.in.ExecContext(tx.ctx, statement)
	return failure("fill", err)
}

// filling gathers rows of one table until there are enough for a statement.
type filling struct {
	tx     *Tx
	of     table // the newest row's
	values []any
	names  []stand // in the tree, of all rows
}

func (f *filling) add(t table) error {
	if t.name != f.of.name || len(f.values) >= fillTogether*len(t.cols) {
		if err := f.write(); err != nil {
			return err
		}
	}
	f.of = t
	f.values = append(f.values, t.values()...)
	return nil
}

// write writes what was gathered.
func (f *filling) write() error {
	if len(f.values) == 0 {
		return nil
	}
	values := f.values
	f.values = f.values[:0]
	return f.insert(f.of.name, f.of.names(), len(f.of.cols), values)
}

func (f *filling) insert(table, columns string, width int, values []any) error {
	one := "(?" + strings.Repeat(", ?", width-1) + ")"
	return f.tx.exec("INSERT INTO "+table+" ("+columns+") VALUES "+one+strings.Repeat(", "+one, len(values)/width-1), values...)
}

// tree writes the names of the tree, in order of its key.
func (f *filling) tree() error {
	stands := slices.DeleteFunc(f.names, func(s stand) bool { return s.out })
	slices.SortFunc(stands, func(a, b stand) int {
		return cmp.Or(bytes.Compare(a.parent[:], b.parent[:]), cmp.Compare(a.key, b.key))
	})
	for part := range slices.Chunk(stands, fillTogether) {
		values := f.values[:0]
		for _, s := range part {
			values = append(values, s.parent.Bytes(), s.key, s.entity.Bytes())
		}
		if err := f.insert("tree_name", "parent, name_key, entity", 3, values); err != nil {
			return err
		}
	}
	return nil
}
