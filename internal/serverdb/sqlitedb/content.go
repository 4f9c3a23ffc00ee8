package sqlitedb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

const chunkColumns = `hash, pack, offset, stored, size, codec, EXISTS (SELECT 1 FROM condemned k WHERE k.pack = chunk.pack)`

func (s *snapshot) chunks(query string, args ...any) []serverdb.Chunk {
	var chunks []serverdb.Chunk
	var c serverdb.Chunk
	var hash, pack []byte
	s.each(query, args, []any{&hash, &pack, &c.Offset, &c.Stored, &c.Size, &c.Codec, &c.Condemned}, func() (bool, error) {
		c.Hash, c.Pack = studio.HashFrom(hash), studio.IDFrom(pack)
		chunks = append(chunks, c)
		return true, nil
	})
	return chunks
}

// Locate finds chunks.
func (s *snapshot) Locate(hashes []studio.Hash) []serverdb.Chunk {
	var chunks []serverdb.Chunk
	for _, h := range hashes {
		chunks = append(chunks, s.chunks(`SELECT `+chunkColumns+` FROM chunk WHERE hash = ?`, h[:])...)
	}
	return chunks
}

// ChunksOf lists chunks of a pack.
func (s *snapshot) ChunksOf(pack studio.ID, after studio.Hash, limit int) []serverdb.Chunk {
	return s.chunks(`SELECT `+chunkColumns+` FROM chunk WHERE pack = ? AND hash > ? ORDER BY hash LIMIT ?`, pack[:], after[:], max(limit, 0))
}

// ChunksAfter lists chunks behind a hash, at most limit, in order of hash: for who reads all of them, page by page, so that
// no transaction lasts as long as that.
func (s *Store) ChunksAfter(ctx context.Context, id studio.ProjectID, after studio.Hash, limit int) (chunks []serverdb.Chunk, err error) {
	err = s.read(ctx, id, func(snap *snapshot) error {
		chunks = snap.chunks(`SELECT `+chunkColumns+` FROM chunk WHERE hash > ? ORDER BY hash LIMIT ?`, after[:], limit)
		return snap.Err()
	})
	return chunks, err
}

// ManifestsAfter lists roots and pages behind a hash, at most limit, in order of hash, without what they refer to.
func (s *Store) ManifestsAfter(ctx context.Context, id studio.ProjectID, after studio.Hash, limit int) (all []serverdb.Manifest, err error) {
	err = s.read(ctx, id, func(snap *snapshot) error {
		all = snap.Manifests(after, limit)
		for i, m := range all {
			all[i].Bytes, _ = snap.Manifest(m.Hash)
		}
		return snap.Err()
	})
	return all, errors.Join(err, ctx.Err())
}

// Manifests lists roots and pages.
func (s *snapshot) Manifests(after studio.Hash, limit int) []serverdb.Manifest {
	var all []serverdb.Manifest
	var m serverdb.Manifest
	var hash []byte
	s.each(`SELECT hash, root FROM manifest WHERE hash > ? ORDER BY hash LIMIT ?`, []any{after[:], max(limit, 0)}, []any{&hash, &m.Root},
		func() (bool, error) {
			m.Hash = studio.HashFrom(hash)
			all = append(all, m)
			return true, nil
		})
	return all
}

// Previews lists previews.
func (s *snapshot) Previews(after studio.Hash, limit int) []studio.Hash {
	return s.hashes(`SELECT hash FROM preview WHERE hash > ? ORDER BY hash LIMIT ?`, after[:], max(limit, 0))
}

// Packs lists those that take no more.
func (s *snapshot) Packs() []serverdb.Pack {
	var packs []serverdb.Pack
	var p serverdb.Pack
	var id []byte
	s.each(`SELECT pack, since_ms, deleting FROM condemned ORDER BY pack`, nil, []any{&id, &p.CondemnedMs, &p.Deleting}, func() (bool, error) {
		p.ID = studio.IDFrom(id)
		packs = append(packs, p)
		return true, nil
	})
	return packs
}

// Bad lists the chunks that could not be read.
func (s *snapshot) Bad() []serverdb.Bad {
	var all []serverdb.Bad
	var b serverdb.Bad
	var hash, pack []byte
	s.each(`SELECT hash, pack, offset, stored, size, codec, found_ms FROM bad ORDER BY hash`, nil,
		[]any{&hash, &pack, &b.Offset, &b.Stored, &b.Size, &b.Codec, &b.FoundMs}, func() (bool, error) {
			b.Hash, b.Pack = studio.HashFrom(hash), studio.IDFrom(pack)
			all = append(all, b)
			return true, nil
		})
	return all
}

// AddChunks writes where chunks are.
func (t *tx) AddChunks(chunks []serverdb.Chunk) error {
	for _, c := range chunks {
		if condemned := false; t.get(`SELECT EXISTS (SELECT 1 FROM condemned WHERE pack = ?)`, []any{c.Pack[:]}, &condemned) && condemned {
			return t.fail("write chunks", fmt.Errorf("%w: %s", serverdb.ErrCondemned, c.Pack))
		}
		if err := t.takeOut(c.Hash); err != nil {
			return t.fail("write chunks", err)
		}
		if err := errors.Join(t.c.exec(`INSERT INTO chunk (hash, pack, offset, stored, size, codec) VALUES (?, ?, ?, ?, ?, ?)`,
			c.Hash[:], c.Pack[:], c.Offset, c.Stored, c.Size, c.Codec), t.c.exec(`DELETE FROM bad WHERE hash = ?`, c.Hash[:])); err != nil {
			return t.fail("write chunks", err)
		}
		t.head.Stored, t.moved = t.head.Stored+int64(c.Stored), true
	}
	return t.err
}

// takeOut forgets where a chunk is.
func (t *tx) takeOut(h studio.Hash) error {
	for _, old := range t.Locate([]studio.Hash{h}) {
		if err := t.c.exec(`DELETE FROM chunk WHERE hash = ?`, h[:]); err != nil {
			return err
		}
		t.head.Stored, t.moved = t.head.Stored-int64(old.Stored), true
	}
	return t.err
}

// still are those of chunks that are where they are said to be.
func (t *tx) still(chunks []serverdb.Chunk) []serverdb.Chunk {
	return slices.DeleteFunc(slices.Clone(chunks), func(c serverdb.Chunk) bool {
		now := t.Locate([]studio.Hash{c.Hash})
		return len(now) != 1 || now[0].Pack != c.Pack || now[0].Offset != c.Offset
	})
}

// RemoveChunks forgets chunks.
func (t *tx) RemoveChunks(chunks []serverdb.Chunk) error {
	for _, c := range t.still(chunks) {
		if err := t.takeOut(c.Hash); err != nil {
			return t.fail("remove chunks", err)
		}
	}
	for _, c := range chunks {
		if err := t.c.exec(`DELETE FROM bad WHERE hash = ? AND pack = ? AND offset = ?`, c.Hash[:], c.Pack[:], c.Offset); err != nil {
			return t.fail("remove chunks", err)
		}
	}
	return t.err
}

// MarkBad forgets chunks that cannot be read, and remembers that they are to come again.
func (t *tx) MarkBad(chunks []serverdb.Chunk, atMs int64) error {
	for _, c := range t.still(chunks) {
		if err := errors.Join(t.takeOut(c.Hash), t.c.exec(`INSERT OR REPLACE INTO bad (hash, pack, offset, stored, size, codec, found_ms)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, c.Hash[:], c.Pack[:], c.Offset, c.Stored, c.Size, c.Codec, atMs)); err != nil {
			return t.fail("mark chunks", err)
		}
	}
	return t.err
}

// SetPack writes what became of a pack.
func (t *tx) SetPack(p serverdb.Pack) error {
	if p.Deleting {
		if err := t.empty(p.ID); err != nil {
			return err
		}
	}
	return t.fail("condemn pack", t.c.exec(`INSERT OR REPLACE INTO condemned (pack, since_ms, deleting) VALUES (?, ?, ?)`,
		p.ID[:], p.CondemnedMs, p.Deleting))
}

// ForgetPack forgets a pack whose file is gone.
func (t *tx) ForgetPack(id studio.ID) error {
	if err := t.empty(id); err != nil {
		return err
	}
	return t.fail("forget pack", t.c.exec(`DELETE FROM condemned WHERE pack = ?`, id[:]))
}

func (t *tx) empty(id studio.ID) error {
	if n := len(t.ChunksOf(id, studio.Hash{}, 1)); n > 0 {
		return t.fail("give up pack", fmt.Errorf("there are chunks in %s", id))
	}
	return t.err
}

// AddManifests writes roots and pages, and what they refer to.
func (t *tx) AddManifests(manifests []serverdb.Manifest) error {
	for _, m := range manifests {
		if err := t.c.exec(`INSERT OR IGNORE INTO manifest (hash, bytes, root) VALUES (?, ?, ?)`,
			m.Hash[:], slices.Concat([]byte{}, m.Bytes), m.Root); err != nil {
			return t.fail("write manifest", err)
		}
		link := `INSERT OR IGNORE INTO chunk_in (chunk, page) VALUES (?, ?)`
		if m.Root {
			link = `INSERT OR IGNORE INTO page_of (page, root) VALUES (?, ?)`
		}
		for _, to := range m.Refers {
			if err := t.c.exec(link, to[:], m.Hash[:]); err != nil {
				return t.fail("write manifest", err)
			}
		}
	}
	return t.err
}

// RemoveManifests forgets roots and pages.
func (t *tx) RemoveManifests(manifests []serverdb.Manifest) error {
	for _, m := range manifests {
		link := `DELETE FROM chunk_in WHERE chunk = ? AND page = ?`
		if m.Root {
			link = `DELETE FROM page_of WHERE page = ? AND root = ?`
		}
		err := t.c.exec(`DELETE FROM manifest WHERE hash = ?`, m.Hash[:])
		for _, to := range m.Refers {
			err = errors.Join(err, t.c.exec(link, to[:], m.Hash[:]))
		}
		if err != nil {
			return t.fail("remove manifest", err)
		}
	}
	return t.err
}

// AddPreview writes a preview.
func (t *tx) AddPreview(h studio.Hash, webp []byte) error {
	return t.fail("write preview", t.c.exec(`INSERT OR IGNORE INTO preview (hash, webp) VALUES (?, ?)`, h[:], webp))
}

// RemovePreviews forgets previews.
func (t *tx) RemovePreviews(hashes []studio.Hash) error {
	for _, h := range hashes {
		if err := t.c.exec(`DELETE FROM preview WHERE hash = ?`, h[:]); err != nil {
			return t.fail("remove preview", err)
		}
	}
	return t.err
}
