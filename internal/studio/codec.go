package studio

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// ErrMalformed says that bytes are not what this codec writes.
var ErrMalformed = errors.New("malformed record")

// ErrNewer says, beside ErrMalformed, that they may be what a newer program writes: a kind or a field that this one lacks.
var ErrNewer = errors.New("of a newer program")

const encodedMaxBytes = 1 << 20 // a body or row; texts are at most 32 KiB

// fielder is a record that names its fields once, in rising order, for writing and for reading.
type fielder interface{ fields(c *coder) }

// coder writes or reads the canonical form of FORMAT.md: fields in number order, each (number << 3 | wire type) as a
// varint, wire type 0 a varint, 2 a length and bytes; a field with its zero value is left out. It is the subset of
// protobuf's wire format that has one encoding for each value.
type coder struct {
	reading bool
	out     []byte
	last    uint64 // the number of the field that was named last
	in      []wireField
	err     error
}

type wireField struct {
	number uint64
	isInt  bool
	value  uint64
	bytes  []byte
}

func encode(f fielder) []byte {
	c := coder{out: []byte{}} // a record of zero values is empty, not absent
	f.fields(&c)
	return c.out
}

// decode reads b into f and refuses anything that encode would not have written.
func decode(b []byte, f fielder) error {
	c := coder{reading: true}
	if len(b) > encodedMaxBytes {
		return fmt.Errorf("%w: %d bytes", ErrMalformed, len(b))
	}
	if err := c.parse(b); err != nil {
		return err
	}
	f.fields(&c)
	if c.err != nil {
		return c.err
	}
	if len(c.in) > 0 {
		return fmt.Errorf("%w, %w: unknown field %d", ErrMalformed, ErrNewer, c.in[0].number)
	}
	return nil
}

func (c *coder) parse(b []byte) error {
	c.in = make([]wireField, 0, fieldsIn(b))
	for len(b) > 0 {
		tag, n := uvarint(b)
		if n <= 0 {
			return fmt.Errorf("%w: bad tag", ErrMalformed)
		}
		b = b[n:]
		f := wireField{number: tag >> 3, isInt: tag&7 == 0}
		value, n := uvarint(b)
		if n <= 0 || (tag&7 != 0 && tag&7 != 2) {
			return fmt.Errorf("%w: bad field %d", ErrMalformed, f.number)
		}
		b = b[n:]
		if f.isInt {
			f.value = value
		} else {
			if value > uint64(len(b)) {
				return fmt.Errorf("%w: field %d is cut short", ErrMalformed, f.number)
			}
			f.bytes, b = b[:value], b[value:]
		}
		c.in = append(c.in, f)
	}
	if !slices.IsSortedFunc(c.in, func(a, b wireField) int { return cmp.Compare(a.number, b.number) }) {
		return fmt.Errorf("%w: fields out of order", ErrMalformed)
	}
	return nil
}

// fieldsIn counts the fields of a record, up to what is malformed: a pull reads tens of thousands, each into one piece of memory.
func fieldsIn(b []byte) (n int) {
	for len(b) > 0 {
		tag, t := uvarint(b)
		value, v := uvarint(b[max(t, 0):])
		if t <= 0 || v <= 0 {
			return n
		}
		if b = b[t+v:]; tag&7 != 0 {
			b = b[min(value, uint64(len(b))):]
		}
		n++
	}
	return n
}

// uvarint refuses longer forms than needed: n <= 0.
func uvarint(b []byte) (value uint64, n int) {
	value, n = binary.Uvarint(b)
	if n > 1 && b[n-1] == 0 {
		return 0, -1
	}
	return value, n
}

func (c *coder) take(number uint64, isInt bool) (wireField, bool) {
	c.last = number
	if c.err != nil || len(c.in) == 0 || c.in[0].number != number {
		return wireField{}, false
	}
	f := c.in[0]
	if f.isInt != isInt || (isInt && f.value == 0) {
		c.err = fmt.Errorf("%w: field %d", ErrMalformed, number)
		return wireField{}, false
	}
	c.in = c.in[1:]
	return f, true
}

func (c *coder) rising(number uint64) {
	Must(number > c.last, "fields are written in number order")
	c.last = number
}

func (c *coder) u64(number uint64, v *uint64) {
	if c.reading {
		if f, ok := c.take(number, true); ok {
			*v = f.value
		}
		return
	}
	c.rising(number)
	if *v != 0 {
		c.out = binary.AppendUvarint(c.out, number<<3)
		c.out = binary.AppendUvarint(c.out, *v)
	}
}

func (c *coder) raw(number uint64, v []byte) ([]byte, bool) {
	if c.reading {
		f, ok := c.take(number, false)
		if ok && len(f.bytes) == 0 {
			c.err = fmt.Errorf("%w: field %d is empty", ErrMalformed, number)
		}
		return f.bytes, ok
	}
	c.rising(number)
	if len(v) > 0 {
		c.out = item(c.out, number, v)
	}
	return v, true
}

func item(out []byte, number uint64, v []byte) []byte {
	out = binary.AppendUvarint(out, number<<3|2)
	out = binary.AppendUvarint(out, uint64(len(v)))
	return append(out, v...)
}

func (c *coder) str(number uint64, v *string) {
	b, ok := c.raw(number, []byte(*v))
	if !c.reading || !ok {
		return
	}
	if !utf8.Valid(b) {
		c.err = fmt.Errorf("%w: field %d is not UTF-8", ErrMalformed, number)
		return
	}
	*v = string(b)
}

func (c *coder) blob(number uint64, v *[]byte) {
	if b, ok := c.raw(number, *v); ok && c.reading {
		*v = slices.Clone(b)
	}
}

func (c *coder) fixed(number uint64, v []byte) {
	var b []byte
	for _, x := range v {
		if x != 0 {
			b = v
			break
		}
	}
	got, ok := c.raw(number, b)
	if !c.reading || !ok {
		return
	}
	if len(got) != len(v) || allZero(got) {
		c.err = fmt.Errorf("%w: field %d has %d bytes", ErrMalformed, number, len(got))
		return
	}
	copy(v, got)
}

func allZero(b []byte) bool { return !slices.ContainsFunc(b, func(x byte) bool { return x != 0 }) }

func (c *coder) id(number uint64, v *ID)     { c.fixed(number, v[:]) }
func (c *coder) hash(number uint64, v *Hash) { c.fixed(number, v[:]) }

func (c *coder) flag(number uint64, v *bool) {
	n := uint64(0)
	if *v {
		n = 1
	}
	c.u64(number, &n)
	if c.reading {
		if n > 1 {
			c.err = fmt.Errorf("%w: field %d is no flag", ErrMalformed, number)
		}
		*v = n == 1
	}
}

// num writes a number that is never negative; as a number type that is too small it refuses what it reads.
func num[N ~uint8 | ~uint16 | ~uint32 | ~int32 | ~int64 | ~uint64](c *coder, number uint64, v *N) {
	Must(*v >= 0, "encoded numbers are not negative")
	n := uint64(*v)
	c.u64(number, &n)
	if c.reading {
		*v = N(n)
		if uint64(*v) != n || *v < 0 {
			c.err = fmt.Errorf("%w: field %d is out of range", ErrMalformed, number)
		}
	}
}

// idList writes ids as one run of 16 bytes each.
func idList[T any](c *coder, number uint64, v *[]T, of func(*T) *ID) {
	var b []byte
	for i := range *v {
		b = append(b, of(&(*v)[i])[:]...)
	}
	got, ok := c.raw(number, b)
	if !c.reading || !ok {
		return
	}
	if len(got)%16 != 0 {
		c.err = fmt.Errorf("%w: field %d is no list of ids", ErrMalformed, number)
		return
	}
	*v = make([]T, len(got)/16)
	for i := range *v {
		copy(of(&(*v)[i])[:], got[16*i:])
	}
}
