package chunkstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"framehold/internal/chunk"
)

const (
	blockBytes    = 4 << 20 // read at once
	blocksAhead   = 2       // between two stages; about six are in flight: 26 MiB
	entropyRawMin = 7.92    // bits per byte from which a chunk is kept as it is
	savingPart    = 64      // a chunk that shrinks by less than 1/64 is kept as it is
)

// Source is what is taken apart: read once, by offset. NextData tells where data is at or after an offset, so that
// holes are not read; nil: all is data.
type Source struct {
	Reader   io.ReaderAt
	Size     int64
	NextData func(offset int64) (start, end int64, err error)
}

// Saved is what became of one source.
type Saved struct {
	Manifest chunk.Hash
	Size     int64
	Chunks   int64
	NewBytes int64 // that were appended to packs, compressed
}

// Pending is what the caller writes in one transaction after Flush: the rows of new chunks, manifest blobs, the rows of
// chunks that are used again, whose packs must still be live in that transaction, and those rows of the index whose
// bytes are gone from the disk: the new row of the same chunk takes their place.
type Pending struct {
	Rows   []Row
	Blobs  []chunk.Blob
	Reused []Row
	Lost   []Row
}

// Batch is a number of files that are saved together: one sync, one transaction. Not safe for concurrent use.
type Batch struct {
	packs   *Packs
	index   Index
	trusts  bool            // that what the index names can be read
	spans   map[PackID]span // of what was appended
	flushed bool            // rows may name it
	pending Pending
	doubts  bool // reads back what it would use again
	known   map[chunk.Hash]Row
	reused  map[chunk.Hash]bool
	blobs   map[chunk.Hash]bool
	sizes   map[PackID]int64 // of pack files that were looked at
}

// Begin starts a batch. It must be closed once its rows are committed, or will not be: until then its packs are locked
// against being collected.
func (p *Packs) Begin() *Batch { return p.begin(p.index) }

func (p *Packs) begin(index Index) *Batch {
	return &Batch{packs: p, index: index, spans: map[PackID]span{}, known: map[chunk.Hash]Row{},
		reused: map[chunk.Hash]bool{}, blobs: map[chunk.Hash]bool{}, sizes: map[PackID]int64{}}
}

// Pending is what the caller must write, once, after Flush.
func (b *Batch) Pending() Pending { return b.pending }

// Flush makes every byte of the batch durable, in whichever packs and whoever closed them. From then on a transaction
// may name them, and Close lets them be.
func (b *Batch) Flush() error {
	if err := b.packs.sync(b.spans); err != nil {
		return err
	}
	b.flushed = true
	return nil
}

// Close ends the batch. One that was not flushed is given up: the disk, which may be full, gets its room back.
func (b *Batch) Close() {
	b.packs.release(b.spans, !b.flushed)
	b.spans = map[PackID]span{}
}

// Save takes a source apart and appends what is not known. progress, which may be nil, hears the bytes read so far.
// Reading, cutting and hashing, and compressing run at once; records are appended in order. Errors: those of the
// source and the disk, ErrShort, and ctx's.
func (b *Batch) Save(ctx context.Context, src Source, progress func(bytes int64)) (Saved, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var saved Saved
	manifest := chunk.NewBuilder(func(blob chunk.Blob) error {
		if !b.blobs[blob.Hash] {
			b.blobs[blob.Hash] = true
			b.pending.Blobs = append(b.pending.Blobs, blob)
		}
		return nil
	})
	pool := newBlockPool()
	read := make(chan *block, blocksAhead)
	cut := make(chan *block, blocksAhead)
	var stages sync.WaitGroup
	stages.Go(func() { readBlocks(ctx, src, pool, read) })
	stages.Go(func() { cutBlocks(ctx, b.packs.cutter, read, cut) })
	err := func() error {
		for blk := range cut {
			if blk.err != nil {
				return blk.err
			}
			n, err := b.storeBlock(ctx, blk, manifest)
			saved.NewBytes += n
			if err != nil {
				return err
			}
			if progress != nil {
				progress(blk.end)
			}
			pool.put(blk)
		}
		return ctx.Err()
	}()
	stop()
	stages.Wait()
	if err != nil {
		return Saved{}, err
	}
	root, name, err := manifest.Finish()
	if err != nil {
		return Saved{}, err
	}
	saved.Manifest, saved.Size, saved.Chunks = name, root.Size, root.Chunks
	return saved, nil
}

// block is a run of data, or a hole, on its way through the stages.
type block struct {
	buf     []byte // room for what the block before could not cut, then the data
	data    []byte
	hole    int64
	last    bool  // of its run of data
	end     int64 // offset in the source behind it
	pieces  [][]byte
	entries []chunk.Entry
	err     error
}

type blockPool struct{ free sync.Pool }

func newBlockPool() *blockPool {
	return &blockPool{sync.Pool{New: func() any { return &block{buf: make([]byte, chunk.MaxBytes+blockBytes)} }}}
}

func (p *blockPool) get() *block {
	b := p.free.Get().(*block)
	*b = block{buf: b.buf, pieces: b.pieces[:0], entries: b.entries[:0]}
	return b
}

func (p *blockPool) put(b *block) { p.free.Put(b) }

// readBlocks reads the source once, run of data by run of data.
func readBlocks(ctx context.Context, src Source, pool *blockPool, out chan<- *block) {
	defer close(out)
	send := func(b *block) bool {
		select {
		case out <- b:
			return b.err == nil
		case <-ctx.Done():
			return false
		}
	}
	for offset := int64(0); offset < src.Size; {
		start, end, err := offset, src.Size, error(nil)
		if src.NextData != nil {
			start, end, err = src.NextData(offset)
			start, end = min(start, src.Size), min(end, src.Size)
		}
		if err == nil && start < end && end <= offset {
			err = fmt.Errorf("%w: no data at %d", ErrShort, offset)
		}
		if err != nil {
			b := pool.get()
			b.err = err
			send(b)
			return
		}
		if start > offset {
			b := pool.get()
			b.hole, b.end = start-offset, start
			if !send(b) {
				return
			}
		}
		for at := start; at < end; {
			b := pool.get()
			n := int(min(blockBytes, end-at))
			b.data = b.buf[chunk.MaxBytes : chunk.MaxBytes+n]
			if got, err := src.Reader.ReadAt(b.data, at); got < n {
				b.err = fmt.Errorf("read at %d: %w", at, err)
				if err == io.EOF || err == nil {
					b.err = fmt.Errorf("%w: at %d of %d bytes", ErrShort, at+int64(got), src.Size)
				}
			}
			at += int64(n)
			b.last, b.end = at == end, at
			if !send(b) {
				return
			}
		}
		offset = max(end, start)
	}
}

// cutBlocks cuts in order and hashes the chunks of a block on all cores.
func cutBlocks(ctx context.Context, cutter *chunk.Cutter, in <-chan *block, out chan<- *block) {
	defer close(out)
	var carry []byte
	for b := range in {
		if b.err == nil && b.hole == 0 {
			start := chunk.MaxBytes - len(carry)
			copy(b.buf[start:], carry)
			rest := b.buf[start : chunk.MaxBytes+len(b.data)]
			for len(rest) >= chunk.MaxBytes || (b.last && len(rest) > 0) {
				n := cutter.Next(rest)
				b.pieces = append(b.pieces, rest[:n])
				rest = rest[n:]
			}
			carry = append(carry[:0], rest...)
			b.entries = append(b.entries, make([]chunk.Entry, len(b.pieces))...)
			parallel(len(b.pieces), func(i int) { b.entries[i] = chunk.EntryOf(b.pieces[i]) })
		}
		select {
		case out <- b:
		case <-ctx.Done():
			return
		}
	}
}

// parallel runs fn for 0..n-1 on all cores and waits.
func parallel(n int, fn func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n)
	var wg sync.WaitGroup
	next := make(chan int)
	for range workers {
		wg.Go(func() {
			for i := range next {
				fn(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// storeBlock looks the chunks of a block up, compresses and appends the new ones in order, and lists them all.
func (b *Batch) storeBlock(ctx context.Context, blk *block, manifest *chunk.Builder) (newBytes int64, err error) {
	if blk.hole > 0 {
		return 0, manifest.Add(chunk.Entry{Len: blk.hole, Hole: true})
	}
	fresh, err := b.unknown(ctx, blk.entries)
	if err != nil {
		return 0, err
	}
	type packed struct {
		codec Codec
		bytes []byte
	}
	stored := make([]packed, len(fresh))
	parallel(len(fresh), func(i int) {
		stored[i].codec, stored[i].bytes = b.packs.compress(blk.pieces[fresh[i]])
	})
	for i, at := range fresh {
		e := blk.entries[at]
		where, err := b.append(e.Hash, stored[i].codec, int(e.Len), stored[i].bytes)
		if err != nil {
			return newBytes, err
		}
		row := Row{Hash: e.Hash, Location: where}
		b.known[e.Hash] = row
		b.pending.Rows = append(b.pending.Rows, row)
		newBytes += where.RecordBytes()
	}
	for _, e := range blk.entries {
		if err := manifest.Add(e); err != nil {
			return newBytes, err
		}
	}
	return newBytes, nil
}

// unknown lists the places of chunks that must be stored: the first of each hash that neither this batch nor a live
// pack has. A chunk of a condemned pack is stored again, and one whose bytes are gone from the disk.
func (b *Batch) unknown(ctx context.Context, entries []chunk.Entry) ([]int, error) {
	ask := make([]chunk.Hash, 0, len(entries))
	first := map[chunk.Hash]int{}
	for i, e := range entries {
		if _, seen := first[e.Hash]; seen {
			continue
		}
		first[e.Hash] = i
		if _, known := b.known[e.Hash]; !known {
			ask = append(ask, e.Hash)
		}
	}
	rows, err := b.index.Locate(ctx, ask)
	if err != nil {
		return nil, fmt.Errorf("look up chunks: %w", err)
	}
	sound, err := b.sound(rows)
	if err != nil {
		return nil, err
	}
	for i, r := range rows {
		if r.Condemned {
			continue
		}
		if !sound[i] {
			b.pending.Lost = append(b.pending.Lost, r)
			continue
		}
		b.known[r.Hash] = r
		if !b.reused[r.Hash] {
			b.reused[r.Hash] = true
			b.pending.Reused = append(b.pending.Reused, r)
		}
	}
	var fresh []int
	for i, e := range entries {
		if _, known := b.known[e.Hash]; !known && first[e.Hash] == i {
			fresh = append(fresh, i)
		}
	}
	return fresh, nil
}

// Doubt makes the batch read back what it would use again, and store anew what cannot be read: for a file that is about to
// lose its other copy.
func (b *Batch) Doubt() { b.doubts = true }

// sound tells of each row whether its record can be used again.
func (b *Batch) sound(rows []Row) ([]bool, error) {
	sound, failed := make([]bool, len(rows)), make([]error, len(rows))
	for i, r := range rows {
		if !r.Condemned {
			sound[i], failed[i] = b.there(r)
		}
	}
	if b.doubts {
		parallel(len(rows), func(i int) {
			if !sound[i] {
				return
			}
			err := b.packs.Check(rows[i])
			if sound[i] = err == nil; errors.Is(err, ErrDamaged) || errors.Is(err, ErrMissing) {
				err = nil
			}
			failed[i] = err
		})
	}
	return sound, errors.Join(failed...)
}

// there tells whether a pack still reaches to the end of a record. A pack is looked at once, and again when it seems too
// short: another process may have appended to it since.
func (b *Batch) there(r Row) (bool, error) {
	end := r.Offset + int64(r.Stored) + recordTailBytes
	if b.trusts || end <= b.sizes[r.Pack] {
		return true, nil
	}
	info, err := b.packs.fs.Lstat(b.packs.path(r.Pack))
	if errors.Is(err, errNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look at pack %s: %w", r.Pack, err)
	}
	b.sizes[r.Pack] = info.Size
	return end <= info.Size, nil
}

func (p *Packs) compress(plain []byte) (Codec, []byte) {
	if entropyBits(plain) > entropyRawMin {
		return Raw, plain
	}
	out := p.enc.EncodeAll(plain, make([]byte, 0, len(plain)))
	if len(out) > len(plain)-len(plain)/savingPart {
		return Raw, plain
	}
	return Zstd, out
}
