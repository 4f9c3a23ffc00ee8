package studio

import "encoding/binary"

// Newer is what a newer program added to a record: the fields above those that this program knows, in canonical form. They
// are kept as they came, count in every hash, and go back with the record (row H9).
type Newer string

// Opaque is a row of a table that this program does not know. It is kept as it came.
type Opaque struct {
	Of   Table
	At   string // its key
	Form string // canonical
}

// TableNewer stands for all tables that this program does not know, where rows are listed.
const TableNewer Table = 255

// Table is the table that this program does not know.
func (o Opaque) Table() Table { return o.Of }

// Key tells the row from the others of its table.
func (o Opaque) Key() string { return o.At }

// Opaques finds rows of tables that this program does not know: a View that keeps them has it.
type Opaques interface {
	Opaque(t Table, key string) (Opaque, bool)
}

// newer takes the fields that are left, and writes them again: it ends a record that may grow.
func (c *coder) newer(v *Newer) {
	if !c.reading {
		c.out = append(c.out, *v...)
		return
	}
	if c.err != nil || len(c.in) == 0 {
		return
	}
	var rest []byte
	for _, f := range c.in {
		if f.number <= c.last || f.isInt && f.value == 0 || !f.isInt && len(f.bytes) == 0 {
			return // left there: it is malformed
		}
		c.last = f.number
		if f.isInt {
			rest = binary.AppendUvarint(binary.AppendUvarint(rest, f.number<<3), f.value)
		} else {
			rest = item(rest, f.number, f.bytes)
		}
	}
	c.in, *v = nil, Newer(rest)
}

// newerOf is what a newer program added to a row.
func newerOf(r Row) Newer {
	switch r := r.(type) {
	case Project:
		return r.Newer
	case Member:
		return r.Newer
	case Role:
		return r.Newer
	case Status:
		return r.Newer
	case Type:
		return r.Newer
	case SavedView:
		return r.Newer
	}
	return ""
}

// IsNewer tells whether the body of an op says what this program does not know: its authority waits with it until it is
// updated (row H8). A body has no fields of a newer program, the row in it may.
func IsNewer(k Kind, b Body) bool {
	whole, ok := b.(*RowBody)
	if !ok {
		return false
	}
	row, err := DecodeRow(tableOf(k), whole.Row)
	return err == nil && newerOf(row) != ""
}
