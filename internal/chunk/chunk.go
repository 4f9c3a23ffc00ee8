// Package chunk cuts content into chunks, names them by their hash and lists them in manifests. It is pure: bytes
// in, cut points, hashes and manifest bytes out; it reads and writes no file. It keeps one invariant: the entries of a
// manifest, in order, are exactly the bytes that were cut. The bytes of every form are in FORMAT.md.
package chunk

import (
	"encoding/hex"
	"fmt"

	"github.com/zeebo/blake3"
	"github.com/zeebo/xxh3"
)

// Algorithm names the cutter with its table, masks and sizes; a change of any of them is a new name.
const Algorithm = "gear64-1"

// Sizes of chunks.
const (
	MinBytes     = 16 << 10
	AverageBytes = 64 << 10
	MaxBytes     = 256 << 10
)

const headBytes = 512 // of a chunk that its quick comparison looks at

// Hash is the BLAKE3-256 of plain bytes; it names a chunk, and a manifest's root or page.
type Hash [32]byte

// Sum hashes b.
func Sum(b []byte) Hash { return blake3.Sum256(b) }

// String is 64 hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero tells whether there is none.
func (h Hash) IsZero() bool { return h == Hash{} }

// ParseHash reads 64 hexadecimal digits.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != 2*len(h) {
		return h, fmt.Errorf("hash %q has not 64 digits", s)
	}
	_, err := hex.Decode(h[:], []byte(s))
	return h, err
}

// Head is a quick look at a chunk: 32 bits of xxh3 over its first 512 bytes. Equal chunks have equal heads.
func Head(b []byte) uint32 { return uint32(xxh3.Hash(b[:min(len(b), headBytes)])) }

// Entry is one piece of a file: a chunk, or a hole that is neither read nor stored.
type Entry struct {
	Len  int64 // bytes; a chunk has at most MaxBytes
	Hash Hash
	Head uint32
	Hole bool
}

// EntryOf describes a chunk.
func EntryOf(b []byte) Entry { return Entry{Len: int64(len(b)), Hash: Sum(b), Head: Head(b)} }
