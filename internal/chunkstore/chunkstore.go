// Package chunkstore keeps chunks in packs: append-only files whose records name themselves. It takes a file apart
// into chunks that are not known yet, puts it together again with every hash checked, verifies, repairs and collects.
//
// It refuses to hold an opinion about assets or people, and imports no database: Index and Ledger are what it asks of
// one. Invariants: bytes are durable (Batch.Flush) before the caller writes a row that names them; a record is never
// changed; a pack is never appended to by another process, nor after a failed append or sync; a pack that is open, or
// that a batch stands on whose rows are not committed, is locked against being collected. Layout: FORMAT.md.
package chunkstore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"

	"framehold/internal/chunk"
	"framehold/internal/fsys"
)

// Errors of reading. A disk's own errors come through as they are (syscall.ENOSPC ...).
var (
	ErrMissing = errors.New("chunk is missing")
	ErrDamaged = errors.New("chunk is damaged")
	// ErrShort says that a source ended before its size: it was cut while it was read.
	ErrShort = errors.New("source ended early")
)

const (
	packTargetBytes = 64 << 20 // a pack is closed when it has grown to this
	writebackBytes  = 32 << 20 // so that the final sync is short
	openPacksMax    = 32       // read handles kept
	packSuffix      = ".pack"
)

// EmptyPackBytes is how large a pack without a record is at most.
const EmptyPackBytes = int64(packHeaderBytes)

// PackID names a pack.
type PackID [16]byte

// String is 32 hexadecimal digits.
func (p PackID) String() string { return hex.EncodeToString(p[:]) }

// Codec says how a record's bytes are kept.
type Codec uint8

// Codecs; the numbers are stored.
const (
	Raw  Codec = 0
	Zstd Codec = 1
)

// Location is where a chunk is.
type Location struct {
	Pack   PackID
	Offset int64 // of the record's bytes in the pack
	Stored uint32
	Size   uint32
	Codec  Codec
}

// RecordBytes is what a record takes up in its pack.
func (l Location) RecordBytes() int64 { return recordHeaderBytes + int64(l.Stored) + recordTailBytes }

// Row is a line of the index.
type Row struct {
	Hash chunk.Hash
	Location
	Condemned bool // its pack serves reads but no reuse
}

// Index is what the store asks of the project's database.
type Index interface {
	// Locate returns a row for each hash that is known, in any order.
	Locate(ctx context.Context, hashes []chunk.Hash) ([]Row, error)
	// Blob returns a manifest's root or page; ErrMissing when it is not there.
	Blob(ctx context.Context, h chunk.Hash) ([]byte, error)
}

// Packs is a store in a folder of packs. Safe for concurrent use, also by several processes on one folder.
type Packs struct {
	fs     fsys.FS
	dir    string
	index  Index
	newID  func() [16]byte
	cutter *chunk.Cutter
	enc    *zstd.Encoder
	dec    *zstd.Decoder

	mu    sync.Mutex // guards what follows
	open  *pack
	packs map[PackID]*pack // the open one, and those that a batch still stands on
	reads map[PackID]fsys.File
}

// Open opens the packs in dir, which is made when it is not there. newID names new packs.
func Open(f fsys.FS, dir string, index Index, newID func() [16]byte) (*Packs, error) {
	if err := f.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open packs: %w", err)
	}
	workers := runtime.GOMAXPROCS(0)
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false),
		zstd.WithEncoderConcurrency(workers), zstd.WithWindowSize(chunk.MaxBytes), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(workers), zstd.WithDecoderMaxMemory(4*chunk.MaxBytes),
		zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return &Packs{fs: f, dir: dir, index: index, newID: newID, cutter: chunk.NewCutter(), enc: enc, dec: dec,
		packs: map[PackID]*pack{}, reads: map[PackID]fsys.File{}}, nil
}

// Close releases the files.
func (p *Packs) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	p.open = nil
	for _, k := range p.packs {
		err = errors.Join(err, p.shut(k), k.lock.Close())
	}
	p.packs = map[PackID]*pack{}
	for _, f := range p.reads {
		err = errors.Join(err, f.Close())
	}
	p.reads = map[PackID]fsys.File{}
	p.dec.Close()
	return errors.Join(err, p.enc.Close())
}

func (p *Packs) path(id PackID) string { return filepath.Join(p.dir, id.String()+packSuffix) }

// forget closes the handle that a pack is read by.
func (p *Packs) forget(id PackID) {
	if f, ok := p.reads[id]; ok {
		_ = f.Close()
		delete(p.reads, id)
	}
}

// reader returns a handle for reading a pack, kept for the next read.
func (p *Packs) reader(id PackID) (fsys.File, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f, ok := p.reads[id]; ok {
		return f, nil
	}
	f, err := p.fs.OpenNoFollow(p.path(id))
	if err != nil {
		return nil, err
	}
	if len(p.reads) >= openPacksMax {
		for other, old := range p.reads { // any: reading goes on from the handle's users, who hold it no longer than a read
			_ = old.Close()
			delete(p.reads, other)
			break
		}
	}
	p.reads[id] = f
	return f, nil
}

// read returns the plain bytes of a chunk, its hash checked.
func (p *Packs) read(row Row) ([]byte, error) {
	if row.Size > chunk.MaxBytes || row.Stored > maxStored {
		return nil, fmt.Errorf("%w: %s in pack %s has impossible sizes", ErrDamaged, row.Hash, row.Pack)
	}
	buf := make([]byte, row.Stored)
	if err := p.readAt(row, buf); err != nil {
		return nil, err
	}
	plain := buf
	if row.Codec == Zstd {
		var err error
		if plain, err = p.dec.DecodeAll(buf, make([]byte, 0, row.Size)); err != nil {
			return nil, fmt.Errorf("%w: %s in pack %s: %w", ErrDamaged, row.Hash, row.Pack, err)
		}
	}
	if len(plain) != int(row.Size) || chunk.Sum(plain) != row.Hash {
		return nil, fmt.Errorf("%w: %s in pack %s", ErrDamaged, row.Hash, row.Pack)
	}
	return plain, nil
}

// readAt fills buf; a handle that another read closed meanwhile is opened once more.
func (p *Packs) readAt(row Row, buf []byte) error {
	for try := 0; ; try++ {
		f, err := p.reader(row.Pack)
		if err == nil {
			_, err = f.ReadAt(buf, row.Offset)
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, errClosed) && try < closedRetryMax:
		case errors.Is(err, errNotExist):
			return fmt.Errorf("%w: %s: pack %s is not there", ErrMissing, row.Hash, row.Pack)
		case errors.Is(err, io.EOF):
			return fmt.Errorf("%w: %s: pack %s ends early", ErrDamaged, row.Hash, row.Pack)
		default:
			return fmt.Errorf("read pack %s: %w", row.Pack, err)
		}
	}
}
