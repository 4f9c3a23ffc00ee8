package server

import (
	"context"
	"errors"
	"syscall"

	"framehold/internal/chunkstore"
	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

const scrubDays = 30 // in which every pack is read again once

// unreadable tells whether an error says that a chunk is not where it should be, or not what it should be.
func unreadable(err error) bool {
	return errors.Is(err, chunkstore.ErrDamaged) || errors.Is(err, chunkstore.ErrMissing) || errors.Is(err, syscall.EIO)
}

// scrub reads the packs again whose day it is.
func (c *collecting) scrub(ctx context.Context) error {
	sizes, err := c.packs.PackFiles()
	if err != nil {
		return err
	}
	day := c.now / (24 * 3600 * 1000) % scrubDays
	for id := range sizes {
		if int64(id[len(id)-1])%scrubDays != day {
			continue
		}
		if err := c.chunks(ctx, studio.ID(id), func(page []serverdb.Chunk, _ []bool) error {
			for _, row := range page {
				err := c.packs.Check(rowOf(row))
				if unreadable(err) {
					err = c.bad(ctx, row, err)
				}
				if err := errors.Join(err, ctx.Err()); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func (c *collecting) bad(ctx context.Context, row serverdb.Chunk, why error) error {
	err := c.s.markBad(ctx, c.project, row, why)
	if err == nil {
		c.done.Bad++
	}
	return err
}

// again takes back what was bad and can be read now, as after a disk that was away, and forgets what nobody needs any more.
func (c *collecting) again(ctx context.Context) error {
	var needed, rest []serverdb.Chunk
	if err := c.read(ctx, func(snap serverdb.Snapshot) {
		k := newKeeping(snap)
		for _, b := range snap.Bad() {
			if k.chunk(b.Hash) {
				needed = append(needed, b.Chunk)
			} else {
				rest = append(rest, b.Chunk)
			}
		}
	}); err != nil {
		return err
	}
	if len(rest) > 0 {
		if err := c.write(ctx, func(tx serverdb.Tx) error {
			k := newKeeping(tx)
			return tx.RemoveChunks(kept(rest, func(row serverdb.Chunk) bool { return !k.chunk(row.Hash) }))
		}); err != nil {
			return err
		}
	}
	for _, row := range needed {
		if err := c.takeBack(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

func (c *collecting) takeBack(ctx context.Context, row serverdb.Chunk) error {
	batch := c.packs.Begin()
	defer batch.Close()
	moved, err := batch.Move(ctx, []chunkstore.Row{rowOf(row)})
	if unreadable(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.write(ctx, func(tx serverdb.Tx) error {
		if len(tx.Locate([]studio.Hash{row.Hash})) > 0 { // it came again
			return nil
		}
		return tx.AddChunks([]serverdb.Chunk{chunkOf(moved[0])})
	})
}

// markBad takes a chunk that cannot be read out of what is served (row Ic11). Clients that hold it are asked for it: see
// Core.Hello.
func (s *Server) markBad(ctx context.Context, project studio.ProjectID, row serverdb.Chunk, why error) error {
	s.log.Error("a chunk cannot be read", "project", project.String(), "cause", why.Error())
	s.counts.add("framehold_unreadable_chunks_total", 1)
	return s.writers.do(ctx, project, 1, func(tx serverdb.Tx) error {
		return errors.Join(tx.MarkBad([]serverdb.Chunk{row}, max(tx.Head().ServerMs, s.o.Clock.NowMs())), tx.Err())
	})
}

// found looks at a chunk that could not be sent, and marks it when it is bad where it is now.
func (s *Server) found(ctx context.Context, project studio.ProjectID, packs *chunkstore.Packs, h studio.Hash) error {
	var rows []serverdb.Chunk
	if err := s.projects.Read(ctx, project, func(snap serverdb.Snapshot) error {
		rows = snap.Locate([]studio.Hash{h})
		return snap.Err()
	}); err != nil || len(rows) == 0 {
		return err
	}
	if err := packs.Check(rowOf(rows[0])); unreadable(err) {
		return s.markBad(ctx, project, rows[0], err)
	}
	return nil
}
