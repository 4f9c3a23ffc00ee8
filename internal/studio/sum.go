package studio

import (
	"crypto/sha256"
	"encoding/binary"
)

// Sum is the state hash of one table: the sum modulo 2^128 of the first 16 bytes of the SHA-256 of each row's canonical
// form, little-endian (sync.md section 5). It does not depend on the order in which rows came and went.
type Sum struct{ Lo, Hi uint64 }

// Sums is the state hash of every table.
type Sums map[Table]Sum

// Unlike lists the tables whose sums differ, in their order.
func (s Sums) Unlike(other Sums) (tables []Table) {
	for t := TableProject; t < TableNewer; t++ {
		if s[t] != other[t] {
			tables = append(tables, t)
		}
	}
	return tables
}

func termOf(row []byte) (lo, hi uint64) {
	h := sha256.Sum256(row)
	return binary.LittleEndian.Uint64(h[:8]), binary.LittleEndian.Uint64(h[8:16])
}

// Plus is the sum with one row more.
func (s Sum) Plus(row []byte) Sum {
	lo, hi := termOf(row)
	sum := Sum{Lo: s.Lo + lo, Hi: s.Hi + hi}
	if sum.Lo < lo {
		sum.Hi++
	}
	return sum
}

// Less is the sum with one row less.
func (s Sum) Less(row []byte) Sum {
	lo, hi := termOf(row)
	rest := Sum{Lo: s.Lo - lo, Hi: s.Hi - hi}
	if s.Lo < lo {
		rest.Hi--
	}
	return rest
}

// Bytes is the sum as 16 bytes, little-endian.
func (s Sum) Bytes() []byte {
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, 16), s.Lo)
	return binary.LittleEndian.AppendUint64(b, s.Hi)
}

// SumFrom reads 16 bytes; any other number of bytes gives the empty sum.
func SumFrom(b []byte) Sum {
	if len(b) != 16 {
		return Sum{}
	}
	return Sum{Lo: binary.LittleEndian.Uint64(b), Hi: binary.LittleEndian.Uint64(b[8:])}
}
