package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"

	"framehold/internal/chunk"
	"framehold/internal/chunkstore"
	"framehold/internal/fsys"
	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// Verified is what verify looked at and found.
type Verified struct {
	Assets, Checkpoints, Chunks, Events int
	Bytes                               int64 // plain bytes of the chunks
	Problems                            []projectdb.Problem
}

// Verify reads everything again: the database, the log's chain, every pack's records from the disk to their hashes, and
// every version's pages and pieces.
func (s *Session) Verify(ctx context.Context, progress Progress) (v Verified, err error) {
	counts, problems, err := s.db.Verify(ctx)
	if err != nil {
		return v, storeFailure(err)
	}
	v.Assets, v.Checkpoints, v.Events, v.Problems = counts.Assets, counts.Checkpoints, counts.Events, problems
	sound, err := s.verifyChunks(ctx, &v, progress)
	if err != nil {
		return v, err
	}
	return v, s.eachContent(ctx, func(c content) error { return s.verifyContent(ctx, &v, c, sound) })
}

// verifyChunks reads every chunk of the index and returns those that are whole.
func (s *Session) verifyChunks(ctx context.Context, v *Verified, progress Progress) (map[chunk.Hash]bool, error) {
	sound := map[chunk.Hash]bool{}
	var total, done int64
	var rows []chunkstore.Row
	err := s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		return snap.EachChunk(func(r projectdb.ChunkRow) error {
			rows = append(rows, rowIn(r))
			total += int64(r.Stored)
			return nil
		})
	})
	for _, r := range rows {
		if ctx.Err() != nil {
			return nil, fileFailure("", ctx.Err())
		}
		checkErr := s.packs.Check(r)
		if checkErr != nil {
			now, known, err := s.rowOf(ctx, r.Hash)
			switch {
			case err != nil:
				return nil, err
			case !known: // it was collected meanwhile
				continue
			case now.Location != r.Location:
				r, checkErr = now, s.packs.Check(now)
			}
		}
		sound[r.Hash] = checkErr == nil
		if checkErr != nil {
			v.Problems = append(v.Problems, projectdb.Problem{About: "chunk " + r.Hash.String(),
				What: fmt.Sprintf("pack %s at %d: %s", r.Pack, r.Offset, why(checkErr))})
		}
		v.Chunks++
		v.Bytes += int64(r.Size)
		done += int64(r.Stored)
		progress.tell(Step{Phase: PhaseReading, Done: done, Total: total})
	}
	return sound, err
}

// rowOf is where a chunk is now: other processes save and collect while this one reads.
func (s *Session) rowOf(ctx context.Context, h chunk.Hash) (row chunkstore.Row, known bool, err error) {
	rows, err := storeIndex{s.db}.Locate(ctx, []chunk.Hash{h})
	if err != nil || len(rows) == 0 {
		return row, false, err
	}
	return rows[0], true, nil
}

// isSound tells whether a chunk can be read; one that is younger than the list is read now.
func (s *Session) isSound(ctx context.Context, sound map[chunk.Hash]bool, h chunk.Hash) (bool, error) {
	if ok, looked := sound[h]; looked {
		return ok, nil
	}
	row, known, err := s.rowOf(ctx, h)
	if err != nil {
		return false, err
	}
	sound[h] = known && s.packs.Check(row) == nil
	return sound[h], nil
}

func why(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, chunkstore.ErrMissing):
		return "is missing"
	case errors.Is(err, chunkstore.ErrDamaged):
		return "is damaged"
	}
	return err.Error()
}

// content is a file or image that a checkpoint is made of.
type content struct {
	about string
	hash  studio.Hash
	// must be here whole. In a studio project that is what only this store may have; all else is fetched when it is used.
	must bool
}

// mustHold tells whether this store has to have the bytes of a checkpoint.
func (s *Session) mustHold(k studio.Checkpoint) bool {
	if !s.ahead() {
		return true
	}
	return k.State == studio.Safety || k.State == studio.Local || k.State == studio.Contested || k.State == studio.Announced && k.Author == s.me
}

// eachContent hands every content to fn: those of the checkpoints, and those of files whose assets, and with them the
// checkpoints, are no longer shared with the person (row G3).
func (s *Session) eachContent(ctx context.Context, fn func(content) error) error {
	var all []content
	err := s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		for _, k := range snap.AllCheckpoints() {
			if !studio.KeepsBytes(snap, k) {
				continue
			}
			name := studio.PathOf(snap, k.Asset.ID) + " " + k.Label()
			if s.ahead() {
				name = studio.PathOf(snap, k.Asset.ID) + " " + studio.LabelIn(snap, k)
			}
			if k.State == studio.Safety {
				name = studio.PathOf(snap, k.Asset.ID) + " safety " + k.ID.String()
			}
			all = append(all, content{name, k.Manifest, s.mustHold(k)})
			if !k.Image.IsZero() {
				all = append(all, content{name + " (image)", k.Image, s.mustHold(k)})
			}
		}
		lost, err := snap.Unshared(s.folderID)
		for _, f := range lost {
			if !f.Manifest.IsZero() {
				all = append(all, content{f.Path, f.Manifest, false})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range all {
		if err := ctx.Err(); err != nil {
			return fileFailure("", err)
		}
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) verifyContent(ctx context.Context, v *Verified, c content, sound map[chunk.Hash]bool) error {
	bad, err := s.badChunks(ctx, c, sound)
	switch {
	case errors.Is(err, chunkstore.ErrMissing) && !c.must:
	case errors.Is(err, chunkstore.ErrMissing), errors.Is(err, chunkstore.ErrDamaged):
		v.Problems = append(v.Problems, projectdb.Problem{About: c.about, What: "its list of pieces " + why(err)})
	case err != nil:
		return err
	case len(bad) > 0:
		v.Problems = append(v.Problems, projectdb.Problem{About: c.about, What: fmt.Sprintf("%d of its pieces cannot be read", len(bad))})
	}
	return nil
}

// badChunks lists the pieces of a content that cannot be read, one as often as it is used. Of one that need not be here, a
// piece that is not here is not bad.
func (s *Session) badChunks(ctx context.Context, c content, sound map[chunk.Hash]bool) (bad []chunk.Hash, err error) {
	_, err = s.packs.Entries(ctx, chunk.Hash(c.hash), func(entries []chunk.Entry) error {
		for _, e := range entries {
			if _, here := sound[e.Hash]; e.Hole || !c.must && !here {
				continue
			}
			ok, err := s.isSound(ctx, sound, e.Hash)
			if err != nil {
				return err
			}
			if !ok {
				bad = append(bad, e.Hash)
			}
		}
		return nil
	})
	return bad, err
}

// Repair finds the bytes of damaged chunks again: in other records of the packs, then in the working files. What it
// finds is stored once more, in a pack of this process. It returns how many were mended; what is left is in the next
// Verify. Code: store_in_use, while packs are being collected.
func (s *Session) Repair(ctx context.Context, progress Progress) (mended int, err error) {
	release, err := s.lease()
	if err != nil {
		return 0, err
	}
	defer release()
	wanted, err := s.wantedChunks(ctx)
	if err != nil || len(wanted) == 0 {
		return 0, err
	}
	err = s.again(func() error {
		mended, err = s.mend(ctx, maps.Clone(wanted), progress)
		return err
	})
	return mended, storeFailure(err)
}

func (s *Session) mend(ctx context.Context, wanted map[chunk.Hash]bool, progress Progress) (int, error) {
	batch := s.packs.Begin()
	defer batch.Close()
	n := len(wanted)
	found, err := s.packs.Find(ctx, wanted)
	if err != nil {
		return 0, err
	}
	rows, err := batch.Move(ctx, found)
	if err != nil {
		return 0, err
	}
	if len(wanted) > 0 {
		if err := s.searchFiles(ctx, batch, wanted, progress); err != nil {
			return 0, err
		}
	}
	if err := batch.Flush(); err != nil {
		return 0, err
	}
	rows = append(rows, batch.Pending().Rows...)
	err = s.care(ctx, func(tx *projectdb.Tx) error { return tx.MoveChunks(rowsOut(rows)) })
	return n - len(wanted), err
}

// wantedChunks are those that versions need and that cannot be read.
func (s *Session) wantedChunks(ctx context.Context) (map[chunk.Hash]bool, error) {
	var v Verified
	sound, err := s.verifyChunks(ctx, &v, nil)
	if err != nil {
		return nil, err
	}
	wanted := map[chunk.Hash]bool{}
	err = s.eachContent(ctx, func(c content) error {
		bad, err := s.badChunks(ctx, c, sound)
		for _, h := range bad {
			wanted[h] = true
		}
		if errors.Is(err, chunkstore.ErrMissing) || errors.Is(err, chunkstore.ErrDamaged) {
			return nil // a list of pieces is not found in packs or files
		}
		return err
	})
	return wanted, err
}

func (s *Session) searchFiles(ctx context.Context, batch *chunkstore.Batch, wanted map[chunk.Hash]bool, progress Progress) error {
	scanned, err := s.folder.Scan(ctx, "")
	if err != nil {
		return fileFailure(s.folder.Root(), err)
	}
	for _, e := range scanned.Files {
		if len(wanted) == 0 {
			break
		}
		progress.tell(Step{Phase: PhaseReading, Path: e.Path})
		_, err := s.folder.ReadStable(ctx, e.Path, func(src fsys.File, info fsys.Info) error {
			return batch.SaveWanted(ctx, sourceOf(src, info), wanted)
		})
		if ctx.Err() != nil {
			return fileFailure(e.Path, ctx.Err())
		}
		_ = err // a file that cannot be read now has nothing to give
	}
	return nil
}
