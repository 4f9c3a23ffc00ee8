package sqlitedb

import (
	"context"
	"errors"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

// ChunksAfter lists chunks behind a hash, at most limit, in order of hash: for who reads all of them, page by page, so that
// no transaction lasts as long as that.
func (s *Store) ChunksAfter(ctx context.Context, id studio.ProjectID, after studio.Hash, limit int) (chunks []serverdb.Chunk, err error) {
	err = s.read(ctx, id, func(snap *snapshot) error {
		var hash, pack []byte
		var c serverdb.Chunk
		return failure("list chunks", snap.c.each(`SELECT hash, pack, offset, stored, size, codec,
			EXISTS (SELECT 1 FROM condemned k WHERE k.pack = chunk.pack) FROM chunk WHERE hash > ? ORDER BY hash LIMIT ?`,
			[]any{after[:], limit}, []any{&hash, &pack, &c.Offset, &c.Stored, &c.Size, &c.Codec, &c.Condemned}, func() (bool, error) {
				c.Hash, c.Pack = studio.HashFrom(hash), studio.IDFrom(pack)
				chunks = append(chunks, c)
				return true, nil
			}))
	})
	return chunks, err
}

// ManifestsAfter lists roots and pages behind a hash, at most limit, in order of hash, without what they refer to.
func (s *Store) ManifestsAfter(ctx context.Context, id studio.ProjectID, after studio.Hash, limit int) (all []serverdb.Manifest, err error) {
	err = s.read(ctx, id, func(snap *snapshot) error {
		var hash, b []byte
		var root bool
		return failure("list manifests", snap.c.each(`SELECT hash, bytes, root FROM manifest WHERE hash > ? ORDER BY hash LIMIT ?`,
			[]any{after[:], limit}, []any{&hash, &b, &root}, func() (bool, error) {
				all = append(all, serverdb.Manifest{Hash: studio.HashFrom(hash), Bytes: append([]byte{}, b...), Root: root})
				return true, nil
			}))
	})
	return all, errors.Join(err, ctx.Err())
}
