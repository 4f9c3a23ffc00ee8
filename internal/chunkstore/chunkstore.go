// Package chunkstore keeps chunks in packs: append-only files whose records name themselves. It takes a file apart
// into chunks that are not known yet, puts it together again with every hash checked, verifies, repairs and collects.
//
// It refuses to hold an opinion about assets or people, and imports no database: Index and Ledger are what it asks of
// one. Invariants: bytes are durable (Batch.Flush) before the caller writes a row that names them; a record is never
// changed; a pack is never appended to by another process, nor after a failed append. Layout: FORMAT.md.
package chunkstore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
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
	open  *openPack
	ends  map[PackID]int64 // of the packs that this process wrote and closed
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
		ends: map[PackID]int64{}, reads: map[PackID]fsys.File{}}, nil
}

// Close releases the files.
func (p *Packs) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	if p.open != nil {
		err = p.open.file.Close()
		p.open = nil
	}
	for _, f := range p.reads {
		err = errors.Join(err, f.Close())
	}
	p.reads = map[PackID]fsys.File{}
	p.dec.Close()
	return errors.Join(err, p.enc.Close())
}

func (p *Packs) path(id PackID) string { return filepath.Join(p.dir, id.String()+packSuffix) }

// openPack is the pack that this process appends to.
type openPack struct {
	id       PackID
	file     fsys.File
	size     int64
	written  int64 // up to where write-back was started
	synced   int64
	dirKnown bool // its name is durable
}

// appendRecord puts a record at the end of the open pack and returns where its bytes are. After a failure the pack
// takes no more: a torn record that could not be cut off must stay the last one.
func (p *Packs) appendRecord(h chunk.Hash, codec Codec, size int, stored []byte) (Location, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open != nil && p.open.size >= packTargetBytes {
		if err := p.retire(); err != nil {
			return Location{}, err
		}
	}
	if p.open == nil {
		if err := p.start(); err != nil {
			return Location{}, err
		}
	}
	o := p.open
	record := encodeRecord(h, codec, size, stored)
	if _, err := o.file.WriteAt(record, o.size); err != nil {
		_ = o.file.Truncate(o.size) // gives the room back; a reader passes over what stays
		return Location{}, errors.Join(fmt.Errorf("append to pack %s: %w", o.id, err), p.closePack())
	}
	at := Location{Pack: o.id, Offset: o.size + recordHeaderBytes, Stored: uint32(len(stored)), Size: uint32(size),
		Codec: codec}
	o.size += int64(len(record))
	if o.size-o.written >= writebackBytes {
		o.file.StartWriteback(o.written, o.size-o.written)
		o.written = o.size
	}
	return at, nil
}

// start makes a new pack. Its name is random and its file new, so that no two processes share one.
func (p *Packs) start() error {
	id := PackID(p.newID())
	file, err := p.fs.OpenFile(p.path(id), flagsNew, 0o600)
	if err != nil {
		return fmt.Errorf("make pack: %w", err)
	}
	header := packHeader(id)
	if _, err := file.WriteAt(header, 0); err != nil {
		return errors.Join(fmt.Errorf("make pack %s: %w", id, err), file.Close(), p.fs.Remove(p.path(id)))
	}
	p.open = &openPack{id: id, file: file, size: int64(len(header))}
	return nil
}

// retire syncs and closes the open pack: it is full.
func (p *Packs) retire() error {
	return errors.Join(p.syncPack(p.open), p.closePack())
}

// closePack ends the open pack.
func (p *Packs) closePack() error {
	o := p.open
	p.open = nil
	p.ends[o.id] = o.size
	return o.file.Close()
}

func (p *Packs) syncPack(o *openPack) error {
	if o.synced < o.size {
		if err := o.file.Sync(); err != nil {
			return fmt.Errorf("sync pack %s: %w", o.id, err)
		}
		o.synced = o.size
	}
	if !o.dirKnown {
		if err := p.fs.SyncDir(p.dir); err != nil {
			return fmt.Errorf("sync packs: %w", err)
		}
		o.dirKnown = true
	}
	return nil
}

// sync makes everything appended so far durable.
func (p *Packs) sync() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		return nil
	}
	err := p.syncPack(p.open)
	if err != nil { // what a failed sync left on the disk is not known: the pack takes no more
		err = errors.Join(err, p.closePack())
	}
	return err
}

// span is a run of records in a pack.
type span struct{ from, to, bytes int64 }

// cut gives the room of records back that no row names and none will: those of a batch that was given up. It leaves
// what another batch may stand behind or between; compaction comes by later.
func (p *Packs) cut(id PackID, s span) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	open := p.open != nil && p.open.id == id
	end, known := p.ends[id]
	if open {
		end, known = p.open.size, true
	}
	if !known || s.to != end || s.bytes != s.to-s.from {
		return nil
	}
	if s.from == int64(len(packHeader(id))) { // nothing else is in it
		var err error
		if open {
			err = p.closePack()
		}
		delete(p.ends, id)
		p.forget(id)
		return errors.Join(err, p.fs.Remove(p.path(id)))
	}
	if open {
		if err := p.open.file.Truncate(s.from); err != nil {
			return errors.Join(err, p.closePack())
		}
		p.open.size, p.open.written, p.open.synced = s.from, min(p.open.written, s.from), min(p.open.synced, s.from)
		return nil
	}
	file, err := p.fs.OpenFile(p.path(id), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	p.ends[id] = s.from
	return errors.Join(file.Truncate(s.from), file.Close())
}

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
