package projectdb

import (
	"context"
	"errors"
	"fmt"

	"framehold/internal/studio"
)

// ErrCondemned says that a pack which a row names, or which a chunk that is to be used again lies in, is being collected
// or gone: the content is to be saved once more, in another pack.
var ErrCondemned = errors.New("pack is condemned")

// ErrNamed says that a pack cannot be forgotten: rows name it that the collector did not look at.
var ErrNamed = errors.New("pack is named by other rows")

// ChunkRow says where a chunk is.
type ChunkRow struct {
	Hash      studio.Hash
	Pack      studio.ID
	Offset    int64
	Stored    uint32
	Size      uint32
	Codec     uint8
	Condemned bool
}

// Blob is a manifest's root or page.
type Blob struct {
	Hash  studio.Hash
	Bytes []byte
}

// Content is what a transaction adds to the index, after the bytes are durable.
type Content struct {
	Rows   []ChunkRow
	Blobs  []Blob
	Reused []ChunkRow // whose packs must still be live
	Lost   []ChunkRow // whose bytes are gone from the disk: the new row of the same chunk takes the place of exactly this one
}

// AddContent adds rows of chunks and manifests. A chunk that another process stored meanwhile keeps its row: ours is
// garbage. ErrCondemned when the pack of a new row or of a reused chunk is no more live; the store is then as it was.
func (tx *Tx) AddContent(c Content) error {
	for _, r := range c.Reused {
		var live bool
		err := tx.queryRow(`SELECT EXISTS (SELECT 1 FROM chunk c JOIN pack p ON p.id = c.pack
			WHERE c.hash = ? AND p.condemned_ms = 0)`, r.Hash[:]).Scan(&live)
		if err != nil {
			return failure("check chunks", err)
		}
		if !live {
			return fmt.Errorf("%w: of chunk %s", ErrCondemned, r.Hash)
		}
	}
	if err := tx.livePacks(c.Rows); err != nil {
		return err
	}
	lost := make(map[studio.Hash]ChunkRow, len(c.Lost))
	for _, r := range c.Lost {
		lost[r.Hash] = r
	}
	for _, r := range c.Rows {
		was := lost[r.Hash] // the zero row is no row's place
		if err := tx.exec(`INSERT INTO chunk (hash, pack, offset, stored, size, codec) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET pack = excluded.pack, offset = excluded.offset, stored = excluded.stored, codec = excluded.codec
			WHERE NOT EXISTS (SELECT 1 FROM pack WHERE id = chunk.pack AND condemned_ms = 0)
				OR chunk.pack = ? AND chunk.offset = ?`,
			r.Hash[:], r.Pack.Bytes(), r.Offset, r.Stored, r.Size, r.Codec, was.Pack.Bytes(), was.Offset); err != nil {
			return err
		}
	}
	for _, b := range c.Blobs {
		if err := tx.exec(`INSERT INTO manifest_blob (hash, bytes) VALUES (?, ?) ON CONFLICT DO NOTHING`, b.Hash[:], b.Bytes); err != nil {
			return err
		}
	}
	return nil
}

// livePacks sees to it that every pack that rows name is known and takes rows. A pack that was condemned never does
// again, nor after its file is gone: its row stays for that.
func (tx *Tx) livePacks(rows []ChunkRow) error {
	seen := map[studio.ID]bool{}
	for _, r := range rows {
		if seen[r.Pack] {
			continue
		}
		seen[r.Pack] = true
		if err := tx.exec(`INSERT INTO pack (id, condemned_ms) VALUES (?, 0) ON CONFLICT DO NOTHING`, r.Pack.Bytes()); err != nil {
			return err
		}
		var condemnedMs int64
		if err := tx.queryRow(`SELECT condemned_ms FROM pack WHERE id = ?`, r.Pack.Bytes()).Scan(&condemnedMs); err != nil {
			return failure("check packs", err)
		}
		if condemnedMs != 0 {
			return fmt.Errorf("%w: %s", ErrCondemned, r.Pack)
		}
	}
	return nil
}

// MoveChunks points chunks to other records of the same bytes, after a repair. ErrCondemned when a pack takes no rows.
func (tx *Tx) MoveChunks(rows []ChunkRow) error {
	if err := tx.livePacks(rows); err != nil {
		return err
	}
	for _, r := range rows {
		if err := tx.exec(`INSERT INTO chunk (hash, pack, offset, stored, size, codec) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET pack = excluded.pack, offset = excluded.offset, stored = excluded.stored,
			size = excluded.size, codec = excluded.codec`,
			r.Hash[:], r.Pack.Bytes(), r.Offset, r.Stored, r.Size, r.Codec); err != nil {
			return err
		}
	}
	return nil
}

// Condemn marks a pack of which chunks rows were seen: it serves reads and takes no rows and no reuse from now on.
// ErrNamed when other rows name it by now.
func (tx *Tx) Condemn(pack studio.ID, chunks int, nowMs int64) error {
	var n int
	if err := tx.queryRow(`SELECT count(*) FROM chunk WHERE pack = ?`, pack.Bytes()).Scan(&n); err != nil {
		return failure("condemn pack", err)
	}
	if n != chunks {
		return fmt.Errorf("%w: %s", ErrNamed, pack)
	}
	return tx.exec(`INSERT INTO pack (id, condemned_ms) VALUES (?, ?) ON CONFLICT DO UPDATE SET condemned_ms = excluded.condemned_ms
		WHERE condemned_ms = 0`, pack.Bytes(), max(nowMs, 1))
}

// Forgotten is a condemned pack whose file is about to be removed.
type Forgotten struct {
	Pack  studio.ID
	Moved []ChunkRow    // where its living chunks are now
	Dead  []studio.Hash // its chunks that no version needs
}

// ForgetPack switches the rows of a pack and takes the dead ones away; its own row stays as a sign that it takes no
// rows. ErrNamed when it is not condemned, or when a row would be left that names it; ErrCondemned when a pack that was
// moved to is. The store is then as it was.
func (tx *Tx) ForgetPack(f Forgotten) error {
	if err := tx.livePacks(f.Moved); err != nil {
		return err
	}
	for _, r := range f.Moved {
		if err := tx.exec(`UPDATE chunk SET pack = ?, offset = ?, stored = ?, codec = ? WHERE hash = ? AND pack = ?`,
			r.Pack.Bytes(), r.Offset, r.Stored, r.Codec, r.Hash[:], f.Pack.Bytes()); err != nil {
			return err
		}
	}
	for _, h := range f.Dead {
		if err := tx.exec(`DELETE FROM chunk WHERE hash = ? AND pack = ?`, h[:], f.Pack.Bytes()); err != nil {
			return err
		}
	}
	var free bool
	err := tx.queryRow(`SELECT NOT EXISTS (SELECT 1 FROM chunk WHERE pack = ?1)
		AND EXISTS (SELECT 1 FROM pack WHERE id = ?1 AND condemned_ms > 0)`, f.Pack.Bytes()).Scan(&free)
	if err != nil {
		return failure("forget pack", err)
	}
	if !free {
		return fmt.Errorf("%w: %s", ErrNamed, f.Pack)
	}
	return tx.exec(`UPDATE pack SET condemned_ms = -condemned_ms WHERE id = ?`, f.Pack.Bytes())
}

// PutPreview keeps a preview under its hash.
func (tx *Tx) PutPreview(h studio.Hash, webp []byte) error {
	return tx.exec(`INSERT INTO preview (hash, webp) VALUES (?, ?) ON CONFLICT DO NOTHING`, h[:], webp)
}

// Locate finds chunks by hash, in any order; those not known are left out.
func (d *DB) Locate(ctx context.Context, hashes []studio.Hash) ([]ChunkRow, error) {
	rows := make([]ChunkRow, 0, len(hashes))
	err := d.Read(ctx, func(s *Snapshot) error {
		for _, h := range hashes {
			err := s.each(`SELECT c.pack, c.offset, c.stored, c.size, c.codec, coalesce(p.condemned_ms, 1) <> 0 FROM chunk c
				LEFT JOIN pack p ON p.id = c.pack WHERE c.hash = ?`, []any{h[:]}, func(row scanner) error {
				r := ChunkRow{Hash: h}
				err := row.Scan(cell{&r.Pack}, &r.Offset, &r.Stored, &r.Size, &r.Codec, &r.Condemned)
				rows = append(rows, r)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return rows, err
}

// Blob finds a manifest's root or page; ok is false when it is not there.
func (d *DB) Blob(ctx context.Context, h studio.Hash) (b []byte, ok bool, err error) {
	err = d.Read(ctx, func(s *Snapshot) error {
		ok = s.note(s.queryRow(`SELECT bytes FROM manifest_blob WHERE hash = ?`, h[:]).Scan(&b))
		return nil
	})
	return b, ok, err
}

// Preview finds a preview; ok is false when it is not there.
func (d *DB) Preview(ctx context.Context, h studio.Hash) (b []byte, ok bool, err error) {
	err = d.Read(ctx, func(s *Snapshot) error {
		ok = s.note(s.queryRow(`SELECT webp FROM preview WHERE hash = ?`, h[:]).Scan(&b))
		return nil
	})
	return b, ok, err
}

// EachChunk hands every row of the chunk index to fn, pack by pack in order of place.
func (s *Snapshot) EachChunk(fn func(ChunkRow) error) error {
	return s.each(`SELECT c.hash, c.pack, c.offset, c.stored, c.size, c.codec, coalesce(p.condemned_ms, 1) <> 0 FROM chunk c
		LEFT JOIN pack p ON p.id = c.pack ORDER BY c.pack, c.offset`, nil, func(row scanner) error {
		var r ChunkRow
		if err := row.Scan(cell{&r.Hash}, cell{&r.Pack}, &r.Offset, &r.Stored, &r.Size, &r.Codec, &r.Condemned); err != nil {
			return err
		}
		return fn(r)
	})
}

// PackState is what the store knows of a pack.
type PackState struct {
	CondemnedMs int64 // 0: live; below: forgotten, its file is to be removed
	Chunks      int   // rows that name it
}

// Packs lists the packs.
func (s *Snapshot) Packs() (map[studio.ID]PackState, error) {
	packs := map[studio.ID]PackState{}
	err := s.each(`SELECT p.id, p.condemned_ms, (SELECT count(*) FROM chunk c WHERE c.pack = p.id) FROM pack p`, nil,
		func(row scanner) error {
			var id studio.ID
			var state PackState
			err := row.Scan(cell{&id}, &state.CondemnedMs, &state.Chunks)
			packs[id] = state
			return err
		})
	return packs, err
}
