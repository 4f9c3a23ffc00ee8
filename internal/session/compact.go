package session

import (
	"context"
	"errors"

	"framehold/internal/chunk"
	"framehold/internal/chunkstore"
	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

const condemnedTries = 3 // a pack was condemned between look-up and commit: stored again

// again runs fn, which saves content, and once more when a pack that it stood on was condemned meanwhile: then in a new
// one. fn has closed its batch when it returns.
func (s *Session) again(fn func() error) error {
	for try := 0; ; try++ {
		err := fn()
		if !errors.Is(err, projectdb.ErrCondemned) || try == condemnedTries {
			return err
		}
		if err := s.packs.Leave(); err != nil {
			return err
		}
	}
}

// lease keeps every pack where it is until release. Code: store_in_use.
func (s *Session) lease() (release func(), err error) {
	if s.readOnly != nil { // nor can a lock be made on its medium
		return func() {}, nil
	}
	lock, err := s.packs.Lease()
	if err != nil {
		return nil, storeFailure(err)
	}
	return func() { _ = lock.Close() }, nil // the lock goes with the handle, whatever closing it answers
}

func rowsOut(rows []chunkstore.Row) []projectdb.ChunkRow {
	out := make([]projectdb.ChunkRow, len(rows))
	for i, r := range rows {
		out[i] = rowOut(r)
	}
	return out
}

// Compacted is what compact did.
type Compacted struct {
	Packs     int   // removed
	Freed     int64 // bytes
	Condemned int   // packs that take no rows from now on and are removed by a compact a day later
}

const (
	condemnedForMs = 24 * 3600 * 1000 // a reader that looked a chunk up has read it by then
	deadPart       = 2                // a pack over half dead is condemned
)

// contents is what a collector knows of a pack.
type contents struct {
	projectdb.PackState
	bytes int64 // of the file
	alive []chunkstore.Row
	dead  []studio.Hash
}

// Compact gives back the bytes that no version needs: packs over half dead are condemned; those condemned for a day are
// emptied, their living records moved and read back, and removed. A pack that any process writes to, or is about to
// commit rows of, is left alone; so is one whose records cannot be read. A crash repeats a step. Code: store_in_use,
// while another process collects, repairs or exports.
func (s *Session) Compact(ctx context.Context, progress Progress) (c Compacted, err error) {
	if s.readOnly != nil {
		return c, s.readOnly
	}
	alone, err := s.packs.Collector()
	if err != nil {
		return c, storeFailure(err)
	}
	defer func() { err = errors.Join(err, alone.Close()) }()
	if err := s.packs.Leave(); err != nil {
		return c, storeFailure(err)
	}
	packs, err := s.packContents(ctx)
	if err != nil {
		return c, storeFailure(err)
	}
	var failed []error
	for id, p := range packs {
		if ctx.Err() != nil {
			return c, fileFailure("", ctx.Err())
		}
		progress.tell(Step{Phase: PhaseWriting, Done: c.Freed})
		failed = append(failed, s.collect(ctx, id, p, &c))
	}
	return c, storeFailure(errors.Join(failed...))
}

// packContents lists the packs with their living and dead chunks. The rows are counted before the versions are looked
// at, so that every chunk which was counted and is needed is found alive; a row that came later makes the count wrong,
// and the pack is left for the next time.
func (s *Session) packContents(ctx context.Context) (map[studio.ID]*contents, error) {
	sizes, err := s.packs.PackFiles()
	if err != nil {
		return nil, err
	}
	packs := make(map[studio.ID]*contents, len(sizes))
	for id, size := range sizes {
		packs[studio.ID(id)] = &contents{bytes: size}
	}
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		known, err := snap.Packs()
		for id, state := range known {
			if p := packs[id]; p != nil {
				p.PackState = state
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	needed := map[chunk.Hash]bool{}
	err = s.eachContent(ctx, func(c content) error {
		_, err := s.packs.Entries(ctx, chunk.Hash(c.hash), func(entries []chunk.Entry) error {
			for _, e := range entries {
				needed[e.Hash] = true
			}
			return nil
		})
		if errors.Is(err, chunkstore.ErrMissing) && !c.must {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return packs, s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		return snap.EachChunk(func(r projectdb.ChunkRow) error {
			p := packs[r.Pack]
			switch {
			case p == nil:
			case needed[chunk.Hash(r.Hash)]:
				p.alive = append(p.alive, rowIn(r))
			default:
				p.dead = append(p.dead, r.Hash)
			}
			return nil
		})
	})
}

// collect takes the next step with one pack, if there is one. A pack without a record is being made: not locked yet.
func (s *Session) collect(ctx context.Context, id studio.ID, p *contents, c *Compacted) error {
	now, alive := s.clock.NowMs(), int64(0)
	for _, r := range p.alive {
		alive += r.RecordBytes()
	}
	forgotten := p.CondemnedMs < 0
	empty := p.CondemnedMs > 0 && now-p.CondemnedMs > condemnedForMs
	condemn := p.CondemnedMs == 0 && alive < p.bytes/deadPart && p.bytes > chunkstore.EmptyPackBytes
	if !forgotten && !empty && !condemn || len(p.alive)+len(p.dead) != p.Chunks {
		return nil
	}
	seized, err := s.packs.Seize(chunkstore.PackID(id))
	if err != nil || seized == nil {
		return err
	}
	if condemn {
		err = s.care(ctx, func(tx *projectdb.Tx) error { return tx.Condemn(id, p.Chunks, now) })
	}
	if empty {
		err = s.emptyPack(ctx, id, p)
	}
	err = errors.Join(err, seized.Close())
	switch {
	case errors.Is(err, projectdb.ErrNamed), errors.Is(err, projectdb.ErrCondemned):
		return nil // rows came to it meanwhile: the next time
	case err != nil:
		return err
	case condemn:
		c.Condemned++
		return nil
	}
	if err := s.packs.RemovePack(chunkstore.PackID(id)); err != nil {
		return err
	}
	c.Packs++
	c.Freed += p.bytes - alive
	return nil
}

// emptyPack moves what lives in a condemned pack to another and forgets the pack, all rows in one transaction.
func (s *Session) emptyPack(ctx context.Context, id studio.ID, p *contents) error {
	return s.again(func() error {
		batch := s.packs.Begin()
		defer batch.Close()
		moved, err := batch.Move(ctx, p.alive)
		if err != nil {
			return err
		}
		return s.care(ctx, func(tx *projectdb.Tx) error {
			return tx.ForgetPack(projectdb.Forgotten{Pack: id, Moved: rowsOut(moved), Dead: p.dead})
		})
	})
}
