package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

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
	return v, s.eachContent(ctx, func(about string, h studio.Hash) error {
		return s.verifyContent(ctx, &v, about, h, sound)
	})
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

func why(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, chunkstore.ErrMissing):
		return "is missing"
	case errors.Is(err, chunkstore.ErrDamaged):
		return "is damaged"
	}
	return err.Error()
}

// eachContent hands every content that must be there to fn, with what it is.
func (s *Session) eachContent(ctx context.Context, fn func(about string, h studio.Hash) error) error {
	type content struct {
		about string
		hash  studio.Hash
	}
	var all []content
	err := s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		for _, k := range snap.AllCheckpoints() {
			a, _ := snap.Asset(k.Asset)
			if k.State == studio.Dropped || a.Purged {
				continue
			}
			name := studio.PathOf(snap, k.Asset.ID) + " " + k.Label()
			if k.State == studio.Safety {
				name = studio.PathOf(snap, k.Asset.ID) + " safety " + k.ID.String()
			}
			all = append(all, content{name, k.Manifest})
			if !k.Image.IsZero() {
				all = append(all, content{name + " (image)", k.Image})
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range all {
		if err := ctx.Err(); err != nil {
			return fileFailure("", err)
		}
		if err := fn(c.about, c.hash); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) verifyContent(ctx context.Context, v *Verified, about string, h studio.Hash, sound map[chunk.Hash]bool) error {
	bad := 0
	_, err := s.packs.Entries(ctx, chunk.Hash(h), func(entries []chunk.Entry) error {
		for _, e := range entries {
			if !e.Hole && !sound[e.Hash] {
				bad++
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, chunkstore.ErrMissing), errors.Is(err, chunkstore.ErrDamaged):
		v.Problems = append(v.Problems, projectdb.Problem{About: about, What: "its list of pieces " + why(err)})
	case err != nil:
		return err
	case bad > 0:
		v.Problems = append(v.Problems, projectdb.Problem{About: about, What: fmt.Sprintf("%d of its pieces cannot be read", bad)})
	}
	return nil
}

// Repair finds the bytes of damaged chunks again: in other records of the packs, then in the working files. It returns
// how many were mended; what is left is in the next Verify.
func (s *Session) Repair(ctx context.Context, progress Progress) (mended int, err error) {
	wanted, err := s.wantedChunks(ctx)
	if err != nil || len(wanted) == 0 {
		return 0, err
	}
	n := len(wanted)
	rows, err := s.packs.Find(ctx, wanted)
	if err != nil {
		return 0, storeFailure(err)
	}
	for _, r := range rows {
		delete(wanted, r.Hash)
	}
	batch := s.packs.Begin()
	defer batch.Close()
	if len(wanted) > 0 {
		if err := s.searchFiles(ctx, batch, wanted, progress); err != nil {
			return 0, err
		}
	}
	rows = append(rows, batch.Pending().Rows...)
	err = s.care(ctx, func(tx *projectdb.Tx) error {
		moved := make([]projectdb.ChunkRow, len(rows))
		for i, r := range rows {
			moved[i] = rowOut(r)
		}
		return tx.MoveChunks(moved)
	})
	return n - len(wanted), storeFailure(err)
}

// wantedChunks are those that versions need and that cannot be read.
func (s *Session) wantedChunks(ctx context.Context) (map[chunk.Hash]bool, error) {
	var v Verified
	sound, err := s.verifyChunks(ctx, &v, nil)
	if err != nil {
		return nil, err
	}
	wanted := map[chunk.Hash]bool{}
	err = s.eachContent(ctx, func(_ string, h studio.Hash) error {
		_, err := s.packs.Entries(ctx, chunk.Hash(h), func(entries []chunk.Entry) error {
			for _, e := range entries {
				if !e.Hole && !sound[e.Hash] {
					wanted[e.Hash] = true
				}
			}
			return nil
		})
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

// Compacted is what compact did.
type Compacted struct {
	Packs     int   // removed
	Freed     int64 // bytes
	Condemned int   // packs that take no reuse from now on and are removed by a compact a day later
}

const (
	condemnedForMs = 24 * 3600 * 1000 // a reader or writer that knew a pack has ended by then
	deadPart       = 2                // a pack over half dead is condemned
)

// Compact gives back the bytes that no version needs: packs over half dead are condemned; those condemned for a day are
// emptied, their living records moved and read back, and removed. A crash repeats a step.
func (s *Session) Compact(ctx context.Context, progress Progress) (c Compacted, err error) {
	if s.readOnly != nil {
		return c, s.readOnly
	}
	live := map[chunk.Hash]bool{}
	err = s.eachContent(ctx, func(_ string, h studio.Hash) error {
		_, err := s.packs.Entries(ctx, chunk.Hash(h), func(entries []chunk.Entry) error {
			for _, e := range entries {
				live[e.Hash] = true
			}
			return nil
		})
		return err
	})
	if err != nil {
		return c, storeFailure(err)
	}
	sizes, err := s.packs.PackFiles()
	if err != nil {
		return c, storeFailure(err)
	}
	rows := map[studio.ID][]chunkstore.Row{}
	var condemned map[studio.ID]int64
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) (err error) {
		if condemned, err = snap.Packs(); err != nil {
			return err
		}
		return snap.EachChunk(func(r projectdb.ChunkRow) error {
			if live[chunk.Hash(r.Hash)] {
				rows[r.Pack] = append(rows[r.Pack], rowIn(r))
			}
			return nil
		})
	})
	if err != nil {
		return c, err
	}
	now := s.clock.NowMs()
	for pack, size := range sizes {
		id := studio.ID(pack)
		alive := int64(0)
		for _, r := range rows[id] {
			alive += int64(r.Stored)
		}
		since, known := condemned[id]
		progress.tell(Step{Phase: PhaseWriting, Done: c.Freed})
		switch {
		case known && since > 0 && now-since > condemnedForMs:
			if err := s.emptyPack(ctx, id, rows[id]); err != nil {
				return c, storeFailure(err)
			}
			c.Packs++
			c.Freed += size - alive
		case (!known || since == 0) && alive < size/deadPart:
			if err := s.care(ctx, func(tx *projectdb.Tx) error { return tx.Condemn(id, now) }); err != nil {
				return c, err
			}
			c.Condemned++
		}
	}
	return c, nil
}

func (s *Session) emptyPack(ctx context.Context, id studio.ID, alive []chunkstore.Row) error {
	moved, err := s.packs.Move(ctx, alive)
	if err != nil {
		return err
	}
	err = s.care(ctx, func(tx *projectdb.Tx) error {
		out := make([]projectdb.ChunkRow, len(moved))
		for i, r := range moved {
			out[i] = rowOut(r)
		}
		if err := tx.MoveChunks(out); err != nil {
			return err
		}
		return tx.ForgetPack(id)
	})
	if err != nil {
		return err
	}
	return s.packs.RemovePack(chunkstore.PackID(id))
}
