package chunkstore

import (
	"context"
	"errors"
	"fmt"

	"framehold/internal/chunk"
)

// Piece is a chunk as it is kept and sent: its bytes coded, its hash that of the plain ones.
type Piece struct {
	Hash   chunk.Hash
	Codec  Codec
	Size   int    // of the plain bytes
	Stored []byte // coded
}

// plain decodes a piece and checks size and hash.
func (p *Packs) plain(piece Piece) ([]byte, error) {
	if piece.Size > chunk.MaxBytes || len(piece.Stored) > maxStored {
		return nil, fmt.Errorf("%w: %s has impossible sizes", ErrDamaged, piece.Hash)
	}
	plain := piece.Stored
	if piece.Codec == Zstd {
		var err error
		if plain, err = p.dec.DecodeAll(piece.Stored, make([]byte, 0, piece.Size)); err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrDamaged, piece.Hash, err)
		}
	}
	if len(plain) != piece.Size || chunk.Sum(plain) != piece.Hash {
		return nil, fmt.Errorf("%w: %s", ErrDamaged, piece.Hash)
	}
	return plain, nil
}

// Put appends pieces that another store sends, after their hashes were checked; those that are known are used again.
// Code as with Save. ErrDamaged when one is not what its hash says: nothing of the call is kept then.
func (b *Batch) Put(ctx context.Context, pieces []Piece) error {
	failed := make([]error, len(pieces))
	parallel(len(pieces), func(i int) { _, failed[i] = b.packs.plain(pieces[i]) })
	if err := errors.Join(failed...); err != nil {
		return err
	}
	entries := make([]chunk.Entry, len(pieces))
	for i, piece := range pieces {
		entries[i] = chunk.Entry{Len: int64(piece.Size), Hash: piece.Hash}
	}
	fresh, err := b.unknown(ctx, entries)
	if err != nil {
		return err
	}
	for _, i := range fresh {
		where, err := b.append(pieces[i].Hash, pieces[i].Codec, pieces[i].Size, pieces[i].Stored)
		if err != nil {
			return err
		}
		row := Row{Hash: pieces[i].Hash, Location: where}
		b.known[pieces[i].Hash] = row
		b.pending.Rows = append(b.pending.Rows, row)
	}
	return nil
}

// Pieces hands chunks to fn as they are kept, in the order that they are asked for, each one's hash checked.
// Errors: ErrMissing, ErrDamaged, ctx's, fn's.
func (p *Packs) Pieces(ctx context.Context, hashes []chunk.Hash, fn func(Piece) error) error {
	for len(hashes) > 0 {
		n := min(loadEntries, len(hashes))
		if err := p.somePieces(ctx, hashes[:n], fn); err != nil {
			return err
		}
		hashes = hashes[n:]
	}
	return nil
}

func (p *Packs) somePieces(ctx context.Context, hashes []chunk.Hash, fn func(Piece) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	pieces, err := p.readPieces(ctx, hashes)
	for try := 0; errors.Is(err, ErrMissing) && try < movedRetryMax; try++ {
		pieces, err = p.readPieces(ctx, hashes) // its pack was collected between the look-up and the read
	}
	if err != nil {
		return err
	}
	for _, piece := range pieces {
		if err := fn(piece); err != nil {
			return err
		}
	}
	return nil
}

// readPieces looks chunks up and reads them on all cores.
func (p *Packs) readPieces(ctx context.Context, hashes []chunk.Hash) ([]Piece, error) {
	entries := make([]chunk.Entry, len(hashes))
	for i, h := range hashes {
		entries[i] = chunk.Entry{Hash: h}
	}
	rows, err := p.locate(ctx, entries)
	if err != nil {
		return nil, err
	}
	pieces, failed := make([]Piece, len(hashes)), make([]error, len(hashes))
	parallel(len(hashes), func(i int) {
		row, ok := rows[hashes[i]]
		if !ok {
			failed[i] = fmt.Errorf("%w: %s", ErrMissing, hashes[i])
			return
		}
		pieces[i] = Piece{Hash: row.Hash, Codec: row.Codec, Size: int(row.Size), Stored: make([]byte, min(row.Stored, maxStored))}
		if failed[i] = p.readAt(row, pieces[i].Stored); failed[i] == nil {
			_, failed[i] = p.plain(pieces[i])
		}
	})
	return pieces, errors.Join(failed...)
}

// Missing lists the chunks among entries that no live pack has, each once: what must be fetched to put a file together.
func (b *Batch) Missing(ctx context.Context, entries []chunk.Entry) ([]chunk.Hash, error) {
	var wanted []chunk.Entry
	for _, e := range entries {
		if !e.Hole {
			wanted = append(wanted, e)
		}
	}
	fresh, err := b.unknown(ctx, wanted)
	missing := make([]chunk.Hash, len(fresh))
	for i, at := range fresh {
		missing[i] = wanted[at].Hash
	}
	return missing, err
}
