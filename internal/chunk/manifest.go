package chunk

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Limits of what a reader of manifests accepts.
const (
	pageEntriesMax  = 4096    // a page is cut by the hashes of its entries, 512 on average
	pageCutBits     = 9       // 2^9 = 512
	blobMaxBytes    = 4 << 20 // root or page
	fileMaxBytes    = 16 << 40
	pageCountMax    = 1 << 20
	manifestVersion = 1
)

const (
	magicRoot = "FHMR"
	magicPage = "FHMP"
)

// ErrMalformed says that bytes are no manifest of FORMAT.md.
var ErrMalformed = errors.New("malformed manifest")

// Blob is a root or a page, named by the hash of its bytes.
type Blob struct {
	Hash  Hash
	Bytes []byte
}

// Root is the first part of a manifest: what the file is, and its pages in order.
type Root struct {
	Size   int64 // of the file
	Chunks int64 // entries that are no holes
	Pages  []PageRef
}

// PageRef names a page and how many bytes of the file it covers.
type PageRef struct {
	Hash Hash
	Len  int64
}

// Builder makes a manifest of entries in order, page by page, so that no whole list is held in memory.
type Builder struct {
	page []Entry
	root Root
	out  func(Blob) error
}

// NewBuilder hands each page, and at the end the root, to out as soon as it is complete.
func NewBuilder(out func(Blob) error) *Builder { return &Builder{out: out} }

// Add appends an entry. A page ends behind an entry whose hash has nine zero bits at its end, so that two versions of a
// file share all pages but the changed ones.
func (b *Builder) Add(e Entry) error {
	if e.Len <= 0 || (!e.Hole && e.Len > MaxBytes) {
		return fmt.Errorf("%w: an entry of %d bytes", ErrMalformed, e.Len)
	}
	b.page = append(b.page, e)
	b.root.Size += e.Len
	if !e.Hole {
		b.root.Chunks++
	}
	cut := !e.Hole && binary.BigEndian.Uint16(e.Hash[30:])&(1<<pageCutBits-1) == 0
	if cut || len(b.page) == pageEntriesMax {
		return b.endPage()
	}
	return nil
}

func (b *Builder) endPage() error {
	ref := PageRef{}
	body := append([]byte(magicPage), manifestVersion)
	body = binary.AppendUvarint(body, uint64(len(b.page)))
	for _, e := range b.page {
		ref.Len += e.Len
		if e.Hole {
			body = binary.AppendUvarint(body, uint64(e.Len)<<1|1)
			continue
		}
		body = binary.AppendUvarint(body, uint64(e.Len)<<1)
		body = append(body, e.Hash[:]...)
		body = binary.LittleEndian.AppendUint32(body, e.Head)
	}
	ref.Hash = Sum(body)
	b.root.Pages = append(b.root.Pages, ref)
	b.page = b.page[:0]
	return b.out(Blob{Hash: ref.Hash, Bytes: body})
}

// Finish ends the last page and returns the root and its hash: the name of the manifest.
func (b *Builder) Finish() (Root, Hash, error) {
	if len(b.page) > 0 {
		if err := b.endPage(); err != nil {
			return Root{}, Hash{}, err
		}
	}
	body := encodeRoot(b.root)
	h := Sum(body)
	return b.root, h, b.out(Blob{Hash: h, Bytes: body})
}

func encodeRoot(r Root) []byte {
	body := append([]byte(magicRoot), manifestVersion)
	body = binary.AppendUvarint(body, uint64(len(Algorithm)))
	body = append(body, Algorithm...)
	for _, n := range []uint64{MinBytes, AverageBytes, MaxBytes, uint64(r.Size), uint64(r.Chunks), uint64(len(r.Pages))} {
		body = binary.AppendUvarint(body, n)
	}
	for _, p := range r.Pages {
		body = append(body, p.Hash[:]...)
		body = binary.AppendUvarint(body, uint64(p.Len))
	}
	return body
}

// ParseRoot reads a root; sizes and counts are checked before anything is allocated. A root of another algorithm is
// read too: reading needs no cutter.
func ParseRoot(b []byte) (Root, error) {
	r := reader{rest: b}
	r.magic(magicRoot)
	r.bytes(int(min(r.number(), 64))) // the algorithm's name
	for range 3 {
		r.number()
	}
	root := Root{Size: int64(r.number()), Chunks: int64(r.number())}
	count := r.number()
	if r.failed || len(b) > blobMaxBytes || count > pageCountMax || count > uint64(len(r.rest)/33) ||
		root.Size < 0 || root.Size > fileMaxBytes {
		return Root{}, fmt.Errorf("%w: root", ErrMalformed)
	}
	sum := int64(0)
	for range count {
		p := PageRef{Hash: r.hash(), Len: int64(r.number())}
		if p.Len <= 0 || p.Len > fileMaxBytes {
			return Root{}, fmt.Errorf("%w: page of %d bytes", ErrMalformed, p.Len)
		}
		sum += p.Len
		root.Pages = append(root.Pages, p)
	}
	if r.failed || len(r.rest) > 0 || sum != root.Size {
		return Root{}, fmt.Errorf("%w: root", ErrMalformed)
	}
	return root, nil
}

// ParsePage reads the entries of a page.
func ParsePage(b []byte) ([]Entry, error) {
	r := reader{rest: b}
	r.magic(magicPage)
	count := r.number()
	if r.failed || len(b) > blobMaxBytes || count == 0 || count > pageEntriesMax {
		return nil, fmt.Errorf("%w: page", ErrMalformed)
	}
	entries := make([]Entry, 0, count)
	for range count {
		n := r.number()
		e := Entry{Len: int64(n >> 1), Hole: n&1 == 1}
		if !e.Hole {
			e.Hash = r.hash()
			e.Head = binary.LittleEndian.Uint32(r.bytes(4))
		}
		if r.failed || e.Len <= 0 || e.Len > fileMaxBytes || (!e.Hole && e.Len > MaxBytes) {
			return nil, fmt.Errorf("%w: page", ErrMalformed)
		}
		entries = append(entries, e)
	}
	if len(r.rest) > 0 {
		return nil, fmt.Errorf("%w: page", ErrMalformed)
	}
	return entries, nil
}

// reader takes bytes off the front; after a failure it answers with zeros.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) bytes(n int) []byte {
	if r.failed || n > len(r.rest) {
		r.failed = true
		return make([]byte, n)
	}
	var b []byte
	b, r.rest = r.rest[:n], r.rest[n:]
	return b
}

func (r *reader) magic(m string) {
	if string(r.bytes(len(m))) != m || r.bytes(1)[0] != manifestVersion {
		r.failed = true
	}
}

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if r.failed || n <= 0 || (n > 1 && r.rest[n-1] == 0) {
		r.failed = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) hash() (h Hash) {
	copy(h[:], r.bytes(len(h)))
	return h
}
