package chunkstore

import (
	"context"
	"errors"
	"fmt"
	"io"

	"framehold/internal/chunk"
)

const (
	loadEntries   = 64 // looked up and decoded at once: about 4 MiB
	movedRetryMax = 2  // a pack is condemned for a day before its chunks move again
)

// Target is where a file is put together. Holes are not written; the size is set at the end.
type Target interface {
	io.WriterAt
	Truncate(size int64) error
}

// Root reads what a manifest says of its file.
func (p *Packs) Root(ctx context.Context, manifest chunk.Hash) (chunk.Root, error) {
	b, err := p.blob(ctx, manifest)
	if err != nil {
		return chunk.Root{}, err
	}
	root, err := chunk.ParseRoot(b)
	if err != nil {
		return root, fmt.Errorf("%w: manifest %s: %w", ErrDamaged, manifest, err)
	}
	return root, nil
}

func (p *Packs) blob(ctx context.Context, h chunk.Hash) ([]byte, error) {
	b, err := p.index.Blob(ctx, h)
	if err != nil {
		return nil, err
	}
	if chunk.Sum(b) != h {
		return nil, fmt.Errorf("%w: manifest %s", ErrDamaged, h)
	}
	return b, nil
}

// Entries hands the pieces of a file to fn, page by page, in order.
func (p *Packs) Entries(ctx context.Context, manifest chunk.Hash, fn func([]chunk.Entry) error) (chunk.Root, error) {
	root, err := p.Root(ctx, manifest)
	if err != nil {
		return root, err
	}
	chunks := int64(0)
	for _, ref := range root.Pages {
		b, err := p.blob(ctx, ref.Hash)
		if err != nil {
			return root, err
		}
		entries, err := chunk.ParsePage(b)
		if err != nil {
			return root, fmt.Errorf("%w: page %s: %w", ErrDamaged, ref.Hash, err)
		}
		sum := int64(0)
		for _, e := range entries {
			sum += e.Len
			if !e.Hole {
				chunks++
			}
		}
		if sum != ref.Len {
			return root, fmt.Errorf("%w: page %s has another length", ErrDamaged, ref.Hash)
		}
		if err := fn(entries); err != nil {
			return root, err
		}
	}
	if chunks != root.Chunks {
		return root, fmt.Errorf("%w: manifest %s counts its chunks wrong", ErrDamaged, manifest)
	}
	return root, nil
}

// Load puts a file together: every chunk's hash is checked before its bytes are written, in order. progress, which may
// be nil, hears the bytes written so far. Errors: ErrMissing, ErrDamaged, the target's, ctx's.
func (p *Packs) Load(ctx context.Context, manifest chunk.Hash, to Target, progress func(bytes int64)) (int64, error) {
	offset := int64(0)
	root, err := p.Entries(ctx, manifest, func(entries []chunk.Entry) error {
		for len(entries) > 0 {
			n := min(loadEntries, len(entries))
			written, err := p.loadSome(ctx, entries[:n], to, offset)
			if err != nil {
				return err
			}
			offset += written
			entries = entries[n:]
			if progress != nil {
				progress(offset)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if offset != root.Size {
		return 0, fmt.Errorf("%w: manifest %s", ErrDamaged, manifest)
	}
	return offset, to.Truncate(offset)
}

func (p *Packs) loadSome(ctx context.Context, entries []chunk.Entry, to Target, offset int64) (written int64, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	plain, err := p.readAll(ctx, entries)
	for try := 0; errors.Is(err, ErrMissing) && try < movedRetryMax; try++ {
		plain, err = p.readAll(ctx, entries) // its pack was collected between the look-up and the read
	}
	if err != nil {
		return 0, err
	}
	for i, e := range entries {
		if !e.Hole {
			if _, err := to.WriteAt(plain[i], offset+written); err != nil {
				return written, err
			}
		}
		written += e.Len
	}
	return written, nil
}

// readAll looks chunks up and reads them on all cores.
func (p *Packs) readAll(ctx context.Context, entries []chunk.Entry) ([][]byte, error) {
	rows, err := p.locate(ctx, entries)
	if err != nil {
		return nil, err
	}
	plain := make([][]byte, len(entries))
	failed := make([]error, len(entries))
	parallel(len(entries), func(i int) {
		e := entries[i]
		if e.Hole {
			return
		}
		row, ok := rows[e.Hash]
		if !ok {
			failed[i] = fmt.Errorf("%w: %s", ErrMissing, e.Hash)
			return
		}
		plain[i], failed[i] = p.read(row)
		if failed[i] == nil && int64(len(plain[i])) != e.Len {
			failed[i] = fmt.Errorf("%w: %s has another length", ErrDamaged, e.Hash)
		}
	})
	return plain, errors.Join(failed...)
}

func (p *Packs) locate(ctx context.Context, entries []chunk.Entry) (map[chunk.Hash]Row, error) {
	ask := make([]chunk.Hash, 0, len(entries))
	for _, e := range entries {
		if !e.Hole {
			ask = append(ask, e.Hash)
		}
	}
	found, err := p.index.Locate(ctx, ask)
	if err != nil {
		return nil, fmt.Errorf("look up chunks: %w", err)
	}
	rows := make(map[chunk.Hash]Row, len(found))
	for _, r := range found {
		rows[r.Hash] = r
	}
	return rows, nil
}
