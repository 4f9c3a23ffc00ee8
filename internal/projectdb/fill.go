package projectdb

import (
	"bytes"
	"cmp"
	"errors"
	"iter"
	"slices"

	"framehold/internal/studio"
)

// Fill writes the rows of a server into a blank store; they come in order of table. Triggers and indexes of the tracking
// data are taken away and made again as they were, in this transaction: what a trigger keeps is not there yet, and an index
// is made faster at once than row by row. Uniqueness is proved by the indexes, and the foreign keys hold throughout.
func (tx *Tx) Fill(rows iter.Seq2[studio.Row, error]) error {
	made, err := tx.setAside()
	if err != nil {
		return err
	}
	tx.dirty, tx.change.Everything = true, true
	f := together{tx: tx}
	var stands []stand
	for r, err := range rows {
		if err != nil {
			return err
		}
		t := tableOf(r)
		if err := f.add(t.name, t.names, t.values()...); err != nil {
			return err
		}
		stands = appendStand(stands, r)
	}
	if err := errors.Join(f.write(), tx.fillTree(stands)); err != nil {
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

// fillTree writes the names of a tree, in order of its key.
func (tx *Tx) fillTree(stands []stand) error {
	stands = slices.DeleteFunc(stands, func(s stand) bool { return s.out })
	slices.SortFunc(stands, func(a, b stand) int {
		return cmp.Or(bytes.Compare(a.parent[:], b.parent[:]), cmp.Compare(a.key, b.key))
	})
	f := together{tx: tx}
	for _, s := range stands {
		if err := f.add("tree_name", treeColumns, s.parent.Bytes(), s.key, s.entity.Bytes()); err != nil {
			return err
		}
	}
	return f.write()
}

func treeColumns() string { return "parent, name_key, entity" }
