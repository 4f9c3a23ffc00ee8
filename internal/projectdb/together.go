package projectdb

import "strings"

// rowsTogether is how many rows one statement writes: more are not faster.
const rowsTogether = 16

// together gathers rows of one table until there are enough for a statement: tens of thousands of rows cost half of what they
// cost one by one. Triggers see each row with those before it, as ever.
type together struct {
	tx     *Tx
	table  string // of the rows that wait
	into   string
	places string // of one row
	width  int
	values []any
}

// add takes a row in. columns names those of its table.
func (w *together) add(table string, columns func() string, values ...any) error {
	if table != w.table || len(w.values) >= rowsTogether*w.width {
		if err := w.write(); err != nil {
			return err
		}
	}
	if table != w.table {
		w.table, w.into, w.places, w.width = table, insertInto(table, columns()), placesOf(len(values)), len(values)
	}
	w.values = append(w.values, values...)
	return nil
}

// write writes what was gathered.
func (w *together) write() error {
	if len(w.values) == 0 {
		return nil
	}
	err := w.tx.exec(w.into+w.places+strings.Repeat(", "+w.places, len(w.values)/w.width-1), w.values...)
	w.values = w.values[:0]
	return err
}
