package projectdb

import (
	"iter"
	"slices"
	"strings"

	"framehold/internal/studio"
)

const (
	rowsRead   = 64 // rows that one statement finds
	updatesMax = 32 // ways to update a table that a transaction keeps prepared
)

// ofOneTable cuts sorted rows into parts of one table each, as large as one statement finds.
func ofOneTable(sorted []studio.Row) iter.Seq[[]studio.Row] {
	return func(yield func([]studio.Row) bool) {
		for len(sorted) > 0 {
			n := 1
			for n < min(len(sorted), rowsRead) && sorted[n].Table() == sorted[0].Table() {
				n++
			}
			if !yield(sorted[:n]) {
				return
			}
			sorted = sorted[n:]
		}
	}
}

// Rows finds rows of one table by their keys; those that are not there are left out. In no order.
func (r *reader) Rows(t studio.Table, keys []string) (found []studio.Row) {
	if t == 0 { // of nobody: who reads what came with it says so
		return nil
	}
	if t > studio.TableLast || tableOf(stateRows[t-1]).keys > 1 {
		for _, key := range keys {
			if row, ok := studio.NewState(r).Find(t, key); ok {
				found = append(found, row)
			}
		}
		return found
	}
	for part := range slices.Chunk(keys, rowsRead) {
		where, args := among(tableOf(stateRows[t-1]).cols[0].name, part)
		found = append(found, r.rows(t, where, args...)...)
	}
	return found
}

// among is the condition that a column is one of some keys. There are few such statements: the last key is said again until it is one
// of them.
func among(column string, keys []string) (where string, args []any) {
	n := 1
	for n < len(keys) {
		n *= 2
	}
	for i := range n {
		args = append(args, []byte(keys[min(i, len(keys)-1)]))
	}
	return "WHERE " + column + " IN (?" + strings.Repeat(", ?", n-1) + ")", args
}

// putting writes rows. Of each it writes what is not as it was: most acts change a field or two, and an index that has none of them
// stays as it is.
type putting struct {
	tx            *Tx
	changed       func(studio.Row)
	born          map[studio.AssetID]bool // that were not there; false: there is more to write of one
	stood, stands []stand                 // places in the tree: those to give up, those to take
	ways          map[way]string
}

// way is an update of some columns: a bit for each.
type way struct {
	table   string
	columns uint64
}

// newAssets inserts the assets that are new, before everything that names them. An act writes one without head and holder: they come
// with the second write, behind their rows. A server's word stands at once.
func (p *putting) newAssets(part []studio.Row) error {
	there := map[string]bool{}
	where, args := among("id", keysOf(part))
	err := p.tx.each("SELECT id FROM asset "+where, args, func(row scanner) error {
		var id studio.ID
		err := row.Scan(cell{&id})
		there[string(id[:])] = true
		return err
	})
	if err != nil {
		return err
	}
	whole := p.tx.act.Lane == LanePull
	write := together{tx: p.tx}
	for _, r := range part {
		a := r.(studio.Asset)
		if _, twice := p.born[a.ID]; twice {
			p.born[a.ID] = false
			continue
		}
		if there[r.Key()] {
			continue
		}
		p.born[a.ID] = whole
		p.stands = appendStand(p.stands, r)
		p.changed(r)
		if !whole {
			a.Head, a.NextVersion, a.Assignee, a.Assignment = studio.CheckpointID{}, 1, studio.UserID{}, studio.AssignmentID{}
		}
		t := assetTable(&a)
		if err := write.add(t.name, t.names, t.values()...); err != nil {
			return err
		}
	}
	return write.write()
}

func keysOf(part []studio.Row) []string {
	keys := make([]string, len(part))
	for i, r := range part {
		keys[i] = r.Key()
	}
	return keys
}

// put writes rows of one table.
func (p *putting) put(part []studio.Row) error {
	if t := part[0].Table(); t > studio.TableLast || tableOf(part[0]).keys > 1 {
		for _, r := range part {
			p.changed(r)
			if err := p.tx.put(tableOf(r)); err != nil {
				return err
			}
		}
		return nil
	}
	part = slices.DeleteFunc(slices.Clone(part), func(r studio.Row) bool {
		a, is := r.(studio.Asset)
		return is && p.born[a.ID]
	})
	if len(part) == 0 {
		return nil
	}
	was := make(map[string]studio.Row, len(part))
	for _, r := range p.tx.Rows(part[0].Table(), keysOf(part)) {
		was[r.Key()] = r
	}
	if err := p.tx.Err(); err != nil {
		return err
	}
	for _, r := range part {
		before, known := was[r.Key()]
		was[r.Key()] = r
		if err := p.one(r, before, known); err != nil {
			return err
		}
	}
	return nil
}

func (p *putting) one(r, before studio.Row, known bool) error {
	t := tableOf(r)
	values := t.values()
	if !known {
		p.changed(r)
		p.stands = appendStand(p.stands, r)
		return p.tx.exec(t.insertSQL(), values...)
	}
	var set []any
	var columns uint64
	for i, old := range tableOf(before).values() {
		if i >= t.keys && !sameValue(values[i], old) {
			set, columns = append(set, values[i]), columns|1<<i
		}
	}
	if columns == 0 {
		return nil
	}
	if a, is := r.(studio.Asset); is {
		if _, born := p.born[a.ID]; born {
			return p.set(t, values, columns, set)
		}
	}
	p.changed(r)
	p.move(r, before)
	return p.set(t, values, columns, set)
}

// set updates some columns of a row.
func (p *putting) set(t table, values []any, columns uint64, set []any) error {
	if text, some := p.update(t, columns); some {
		return p.tx.exec(text, append(set, values[:t.keys]...)...)
	}
	return p.tx.exec(t.updateSQL(), append(slices.Clone(values[t.keys:]), values[:t.keys]...)...)
}

// move notes what becomes of a place in the tree.
func (p *putting) move(r, before studio.Row) {
	now, old := appendStand(nil, r), appendStand(nil, before)
	if slices.Equal(now, old) {
		return
	}
	p.stood, p.stands = append(p.stood, old...), append(p.stands, now...)
}

// update is the statement that sets some columns; some is false when there are too many of them already.
func (p *putting) update(t table, columns uint64) (text string, some bool) {
	w := way{t.name, columns}
	if text, some = p.ways[w]; some || len(p.ways) >= updatesMax {
		return text, some
	}
	if p.ways == nil {
		p.ways = map[way]string{}
	}
	p.ways[w] = t.updateOf(columns)
	return p.ways[w], true
}
