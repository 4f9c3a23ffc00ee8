package projectdb

import (
	"context"
	"errors"
	"fmt"

	"framehold/internal/studio"
)

// ErrCondemned says that a chunk which is to be used again lies in a pack that takes no reuse any more: the content is
// to be saved once more.
var ErrCondemned = errors.New("chunk lies in a condemned pack")

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
}

// AddContent adds rows of chunks and manifests. A chunk that another process stored meanwhile keeps its row: ours is
// garbage. ErrCondemned when a reused chunk's pack is no more live.
func (tx *Tx) AddContent(c Content) error {
	for _, r := range c.Reused {
		var live bool
		err := tx.queryRow(`SELECT EXISTS (SELECT 1 FROM chunk c JOIN pack p ON p.id = c.pack
			WHERE c.hash = ? AND p.condemned_ms = 0)`, r.Hash[:]).Scan(&live)
		if err != nil {
			return failure("check chunks", err)
		}
		if !live {
			return fmt.Errorf("%w: %s", ErrCondemned, r.Hash)
		}
	}
	packs := map[studio.ID]bool{}
	for _, r := range c.Rows {
		if !packs[r.Pack] {
			packs[r.Pack] = true
			if err := tx.exec(`INSERT INTO pack (id, condemned_ms) VALUES (?, 0) ON CONFLICT DO NOTHING`, r.Pack.Bytes()); err != nil {
				return err
			}
		}
		if err := tx.exec(`INSERT INTO chunk (hash, pack, offset, stored, size, codec) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET pack = excluded.pack, offset = excluded.offset, stored = excluded.stored, codec = excluded.codec
			WHERE EXISTS (SELECT 1 FROM pack WHERE id = chunk.pack AND condemned_ms > 0)`,
			r.Hash[:], r.Pack.Bytes(), r.Offset, r.Stored, r.Size, r.Codec); err != nil {
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

// MoveChunks points chunks to other records of the same bytes: after a repair, or when a pack is emptied.
func (tx *Tx) MoveChunks(rows []ChunkRow) error {
	for _, r := range rows {
		if err := tx.exec(`INSERT INTO pack (id, condemned_ms) VALUES (?, 0) ON CONFLICT DO NOTHING`, r.Pack.Bytes()); err != nil {
			return err
		}
		if err := tx.exec(`INSERT INTO chunk (hash, pack, offset, stored, size, codec) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET pack = excluded.pack, offset = excluded.offset, stored = excluded.stored,
			size = excluded.size, codec = excluded.codec`,
			r.Hash[:], r.Pack.Bytes(), r.Offset, r.Stored, r.Size, r.Codec); err != nil {
			return err
		}
	}
	return nil
}

// Condemn marks a pack: it serves reads and takes no reuse from now on.
func (tx *Tx) Condemn(pack studio.ID, nowMs int64) error {
	return tx.exec(`INSERT INTO pack (id, condemned_ms) VALUES (?, ?) ON CONFLICT DO UPDATE SET condemned_ms = excluded.condemned_ms
		WHERE condemned_ms = 0`, pack.Bytes(), max(nowMs, 1))
}

// ForgetPack takes the rows of a pack away whose file is about to be removed.
func (tx *Tx) ForgetPack(pack studio.ID) error {
	if err := tx.exec(`DELETE FROM chunk WHERE pack = ?`, pack.Bytes()); err != nil {
		return err
	}
	return tx.exec(`DELETE FROM pack WHERE id = ?`, pack.Bytes())
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
			err := s.each(`SELECT c.pack, c.offset, c.stored, c.size, c.codec, coalesce(p.condemned_ms, 1) > 0 FROM chunk c
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
	return s.each(`SELECT c.hash, c.pack, c.offset, c.stored, c.size, c.codec, coalesce(p.condemned_ms, 1) > 0 FROM chunk c
		LEFT JOIN pack p ON p.id = c.pack ORDER BY c.pack, c.offset`, nil, func(row scanner) error {
		var r ChunkRow
		if err := row.Scan(cell{&r.Hash}, cell{&r.Pack}, &r.Offset, &r.Stored, &r.Size, &r.Codec, &r.Condemned); err != nil {
			return err
		}
		return fn(r)
	})
}

// Packs lists the packs and when they were condemned (0: live).
func (s *Snapshot) Packs() (map[studio.ID]int64, error) {
	packs := map[studio.ID]int64{}
	err := s.each(`SELECT id, condemned_ms FROM pack`, nil, func(row scanner) error {
		var id studio.ID
		var ms int64
		err := row.Scan(cell{&id}, &ms)
		packs[id] = ms
		return err
	})
	return packs, err
}
