package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"framehold/internal/chunkstore"
	"framehold/internal/fsys"
	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

const (
	collectEvery = 24 * time.Hour
	// A condemned pack serves reads that long at least, so that whoever was told of a chunk in it, or has looked one up, is done.
	condemnedMs = 72 * 3600 * 1000
	newLifeMs   = 30 * 24 * 3600 * 1000 // after a project began anew its clients may still give back what names bytes
	deadPart    = 2                     // a pack over half dead is condemned
	collectPage = 1000                  // rows that are looked at, or written, in one transaction
)

// keeping answers what must stay of a project's content, at one moment (row Ic3): what a lease names, and what a checkpoint
// needs whose bytes were not given up. What names a page or a root needs all that is behind it.
type keeping struct {
	snap  serverdb.Snapshot
	roots map[studio.Hash]bool // as far as they were asked for
	pages map[studio.Hash]bool
}

func newKeeping(snap serverdb.Snapshot) *keeping {
	return &keeping{snap, map[studio.Hash]bool{}, map[studio.Hash]bool{}}
}

func (k *keeping) leased(h studio.Hash) bool { return k.snap.Protected([]studio.Hash{h})[0] }

func (k *keeping) root(h studio.Hash) bool {
	keeps, known := k.roots[h]
	if !known {
		keeps = k.leased(h) || slices.ContainsFunc(k.snap.CheckpointsOf(h), func(id studio.CheckpointID) bool {
			c, ok := k.snap.Checkpoint(id)
			return ok && studio.KeepsBytes(k.snap, c)
		})
		k.roots[h] = keeps
	}
	return keeps
}

func (k *keeping) page(h studio.Hash) bool {
	keeps, known := k.pages[h]
	if !known {
		keeps = k.leased(h) || slices.ContainsFunc(k.snap.RootsOfPage(h), k.root)
		k.pages[h] = keeps
	}
	return keeps
}

// dead tells whether nothing needs a root or a page.
func (k *keeping) dead(m serverdb.Manifest) bool {
	return m.Root && !k.root(m.Hash) || !m.Root && !k.page(m.Hash)
}

func (k *keeping) chunk(h studio.Hash) bool {
	return k.leased(h) || slices.ContainsFunc(k.snap.Pages(h), k.page)
}

// preview: its picture stays in the history, also of a version whose bytes were given up.
func (k *keeping) preview(h studio.Hash) bool { return k.leased(h) || len(k.snap.PreviewsOf(h)) > 0 }

// Sweep is what passes over a project's content come to in the end, in one transaction, where all chunks are in one pack: leases
// that ended before an instant are over, and what nothing needs is gone. It is for a model of a server, which has no disk.
func (c *Core) Sweep(tx serverdb.Tx, pack studio.ID, leasesBeforeMs int64) (removed int, err error) {
	const all = 1 << 30
	if err := tx.EndLeases(leasesBeforeMs); err != nil {
		return 0, err
	}
	k := newKeeping(tx)
	blobs := kept(tx.Manifests(studio.Hash{}, all), k.dead)
	if err := removeManifests(tx, blobs); err != nil {
		return 0, err
	}
	k = newKeeping(tx)
	chunks := kept(tx.ChunksOf(pack, studio.Hash{}, all), func(c serverdb.Chunk) bool { return !k.chunk(c.Hash) })
	return len(blobs) + len(chunks), errors.Join(tx.RemoveChunks(chunks), tx.Err())
}

// Collected is what a pass over a project's content did.
type Collected struct {
	Condemned int   // packs that take no more from now on
	Packs     int   // removed
	Freed     int64 // bytes of them
	Bad       int   // chunks that could not be read
}

// collecting is one pass over a project's content. What it decides is decided again in the transaction that it writes, so that
// whatever comes meanwhile is seen; a crash anywhere repeats a step.
type collecting struct {
	s       *Server
	project studio.ProjectID
	packs   *chunkstore.Packs
	now     int64
	done    Collected
}

// Collect gives back what nothing needs any more, in two phases (rows Ic4, Ic5): a pack that is mostly dead is condemned, and
// serves reads only; when it was so for three days, and every lease has been renewed since, what lives in it is moved, read
// back, and the pack is deleted. It also ends leases that are over, and reads a thirtieth of the packs again each day (row
// Ic11). While a backup or a check reads the packs it does nothing.
func (s *Server) Collect(ctx context.Context, project studio.ProjectID) (done Collected, err error) {
	packs, err := s.packsOf(project)
	if err != nil {
		return done, err
	}
	alone, err := packs.Collector()
	if errors.Is(err, fsys.ErrLocked) {
		return done, nil
	}
	if err != nil {
		return done, err
	}
	c := &collecting{s: s, project: project, packs: packs}
	defer func() { err = errors.Join(err, alone.Close()) }()
	err = c.run(ctx)
	return c.done, err
}

func (c *collecting) read(ctx context.Context, fn func(serverdb.Snapshot)) error {
	return c.s.projects.Read(ctx, c.project, func(snap serverdb.Snapshot) error {
		fn(snap)
		return snap.Err()
	})
}

func (c *collecting) write(ctx context.Context, fn func(serverdb.Tx) error) error {
	return c.s.writers.do(ctx, c.project, 1, func(tx serverdb.Tx) error { return errors.Join(fn(tx), tx.Err()) })
}

func (c *collecting) run(ctx context.Context) error {
	anew := false
	if err := c.write(ctx, func(tx serverdb.Tx) error {
		head := tx.Head()
		c.now = max(head.ServerMs, c.s.o.Clock.NowMs())
		anew = head.GenNo > 1 && c.now-head.GenMs < newLifeMs
		err := tx.EndLeases(c.now)
		for _, l := range tx.Leases() {
			err = errors.Join(err, tx.TrimLease(l.Client, c.now-leaseMs))
		}
		return err
	}); err != nil {
		return err
	}
	steps := []func(context.Context) error{c.again, c.scrub, c.previews, c.manifests, c.eachPack}
	if anew {
		steps = steps[:2]
	}
	for _, step := range steps {
		if err := errors.Join(step(ctx), ctx.Err()); err != nil {
			return err
		}
	}
	return nil
}

// previews removes those that no checkpoint has.
func (c *collecting) previews(ctx context.Context) error {
	for after := (studio.Hash{}); ; {
		var page, dead []studio.Hash
		dies := func(snap serverdb.Snapshot) func(studio.Hash) bool {
			k := newKeeping(snap)
			return func(h studio.Hash) bool { return !k.preview(h) }
		}
		if err := c.read(ctx, func(snap serverdb.Snapshot) {
			page = snap.Previews(after, collectPage)
			dead = kept(page, dies(snap))
		}); err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1]
		if len(dead) == 0 {
			continue
		}
		if err := c.write(ctx, func(tx serverdb.Tx) error { return tx.RemovePreviews(kept(dead, dies(tx))) }); err != nil {
			return err
		}
	}
}

// kept are those of all that pass.
func kept[T any](all []T, pass func(T) bool) (some []T) {
	for _, one := range all {
		if pass(one) {
			some = append(some, one)
		}
	}
	return some
}

// manifests removes roots and pages that nothing needs: from then on they lead to no chunk.
func (c *collecting) manifests(ctx context.Context) error {
	for after := (studio.Hash{}); ; {
		var page, dead []serverdb.Manifest
		if err := c.read(ctx, func(snap serverdb.Snapshot) {
			page = snap.Manifests(after, collectPage)
			dead = kept(page, newKeeping(snap).dead)
		}); err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].Hash
		if len(dead) == 0 {
			continue
		}
		if err := c.write(ctx, func(tx serverdb.Tx) error { return removeManifests(tx, kept(dead, newKeeping(tx).dead)) }); err != nil {
			return err
		}
	}
}

func removeManifests(tx serverdb.Tx, dead []serverdb.Manifest) error {
	for i, m := range dead {
		b, here := tx.Manifest(m.Hash)
		if !here {
			continue
		}
		parsed, err := parseManifest(m.Hash, b)
		if err != nil {
			return fmt.Errorf("manifest %s: %w", m.Hash, err)
		}
		dead[i] = parsed
	}
	return tx.RemoveManifests(dead)
}

// eachPack takes the next step with each pack, if there is one. One that fails keeps nobody from the others.
func (c *collecting) eachPack(ctx context.Context) error {
	if err := c.packs.Leave(); err != nil { // else the open one would never be looked at
		return err
	}
	sizes, err := c.packs.PackFiles()
	if err != nil {
		return err
	}
	var leases []serverdb.Lease
	over := map[studio.ID]serverdb.Pack{} // that take no more
	var held map[studio.ID]bool
	if err := c.read(ctx, func(snap serverdb.Snapshot) {
		leases, held = snap.Leases(), holding(snap)
		for _, p := range snap.Packs() {
			over[p.ID] = p
		}
	}); err != nil {
		return err
	}
	var failed error
	for id, size := range sizes {
		p, isOver := over[studio.ID(id)]
		delete(over, studio.ID(id))
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case held[studio.ID(id)]:
		case !isOver:
			failed = errors.Join(failed, c.judge(ctx, id, size))
		case p.Deleting:
			failed = errors.Join(failed, c.remove(ctx, p, size))
		case c.due(p, leases):
			failed = errors.Join(failed, c.empty(ctx, p, size))
		}
	}
	for _, p := range over { // whose files are gone already
		if p.Deleting {
			failed = errors.Join(failed, c.write(ctx, func(tx serverdb.Tx) error { return tx.ForgetPack(p.ID) }))
		}
	}
	return failed
}

// due tells whether a condemned pack may be emptied: three days are over, and no lease has had its last sign of life before
// the pack was condemned.
func (c *collecting) due(p serverdb.Pack, leases []serverdb.Lease) bool {
	return c.now-p.CondemnedMs >= condemnedMs && !slices.ContainsFunc(leases, func(l serverdb.Lease) bool {
		return l.ExpiresMs-leaseMs < p.CondemnedMs
	})
}

// chunks hands the chunks of a pack to fn, page by page, with what is needed of them at that moment.
func (c *collecting) chunks(ctx context.Context, pack studio.ID, fn func(page []serverdb.Chunk, keeps []bool) error) error {
	for after := (studio.Hash{}); ; {
		var page []serverdb.Chunk
		var keeps []bool
		if err := c.read(ctx, func(snap serverdb.Snapshot) {
			k := newKeeping(snap)
			for _, row := range snap.ChunksOf(pack, after, collectPage) {
				page, keeps = append(page, row), append(keeps, k.chunk(row.Hash))
			}
		}); err != nil || len(page) == 0 {
			return err
		}
		after = page[len(page)-1].Hash
		if err := fn(page, keeps); err != nil {
			return err
		}
	}
}

// judge condemns a pack that is mostly dead. One that is open, or that an upload stands on, is left alone.
func (c *collecting) judge(ctx context.Context, id chunkstore.PackID, size int64) error {
	if size <= chunkstore.EmptyPackBytes { // it is being made
		return nil
	}
	alive := int64(0)
	if err := c.chunks(ctx, studio.ID(id), func(page []serverdb.Chunk, keeps []bool) error {
		for i, row := range page {
			if keeps[i] {
				alive += rowOf(row).RecordBytes()
			}
		}
		return nil
	}); err != nil || alive*deadPart >= size {
		return err
	}
	seized, err := c.packs.Seize(id)
	if err != nil || seized == nil {
		return err
	}
	err = c.write(ctx, func(tx serverdb.Tx) error {
		if _, is := packIn(tx, studio.ID(id)); is {
			return nil
		}
		return tx.SetPack(serverdb.Pack{ID: studio.ID(id), CondemnedMs: c.now})
	})
	if err == nil {
		c.done.Condemned++
	}
	return errors.Join(err, seized.Close())
}

func packIn(snap serverdb.Snapshot, id studio.ID) (serverdb.Pack, bool) {
	packs := snap.Packs()
	i := slices.IndexFunc(packs, func(p serverdb.Pack) bool { return p.ID == id })
	if i < 0 {
		return serverdb.Pack{}, false
	}
	return packs[i], true
}

// holding lists the packs that hold a chunk which is needed and could not be read. They stay as they are: it may be read
// there again, by another disk or by a person, while nobody else has it.
func holding(snap serverdb.Snapshot) map[studio.ID]bool {
	k, packs := newKeeping(snap), map[studio.ID]bool{}
	for _, b := range snap.Bad() {
		if k.chunk(b.Hash) {
			packs[b.Pack] = true
		}
	}
	return packs
}

// empty moves what is needed out of a condemned pack, forgets the rest, and deletes the pack. A chunk that cannot be read is
// bad (row Ic11); what came to be needed meanwhile stays, and so does the pack, until the next pass.
func (c *collecting) empty(ctx context.Context, p serverdb.Pack, size int64) error {
	if err := c.chunks(ctx, p.ID, func(page []serverdb.Chunk, keeps []bool) error { return c.movePage(ctx, page, keeps) }); err != nil {
		return err
	}
	seized, err := c.packs.Seize(chunkstore.PackID(p.ID))
	if err != nil || seized == nil {
		return err
	}
	mine := false
	err = c.write(ctx, func(tx serverdb.Tx) error {
		now, is := packIn(tx, p.ID)
		if mine = is && now == p && len(tx.ChunksOf(p.ID, studio.Hash{}, 1)) == 0 && !holding(tx)[p.ID]; !mine {
			return nil
		}
		return tx.SetPack(serverdb.Pack{ID: p.ID, CondemnedMs: p.CondemnedMs, Deleting: true})
	})
	if err = errors.Join(err, seized.Close()); err != nil || !mine {
		return err
	}
	return c.remove(ctx, p, size)
}

// movePage moves those of a page that are needed, and forgets the others, in one transaction that looks again.
func (c *collecting) movePage(ctx context.Context, page []serverdb.Chunk, keeps []bool) error {
	var alive []chunkstore.Row
	for i, row := range page {
		if !keeps[i] {
			continue
		}
		switch err := c.packs.Check(rowOf(row)); {
		case unreadable(err):
			if err := c.bad(ctx, row, err); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			alive = append(alive, rowOf(row))
		}
	}
	batch := c.packs.Begin()
	defer batch.Close()
	rows, err := batch.Move(ctx, alive)
	if err != nil {
		return err
	}
	moved := map[studio.Hash]serverdb.Chunk{}
	for _, r := range rows {
		moved[studio.Hash(r.Hash)] = chunkOf(r)
	}
	return c.write(ctx, func(tx serverdb.Tx) error {
		k := newKeeping(tx)
		var dead, put []serverdb.Chunk
		for _, row := range page {
			to, isMoved := moved[row.Hash]
			now := tx.Locate([]studio.Hash{row.Hash})
			switch {
			case len(now) == 0 || now[0].Pack != row.Pack: // stored again elsewhere, or bad
			case isMoved:
				put = append(put, to)
			case !k.chunk(row.Hash):
				dead = append(dead, row)
			}
		}
		return errors.Join(tx.AddChunks(put), tx.RemoveChunks(dead))
	})
}

// remove deletes the file of a pack that no chunk is in, then forgets it. Its id is never used again, so a removal that comes
// late hits nothing else.
func (c *collecting) remove(ctx context.Context, p serverdb.Pack, size int64) error {
	if err := c.packs.RemovePack(chunkstore.PackID(p.ID)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := c.write(ctx, func(tx serverdb.Tx) error { return tx.ForgetPack(p.ID) }); err != nil {
		return err
	}
	c.done.Packs++
	c.done.Freed += size
	return nil
}

// collectAll passes over every project that is due.
func (s *Server) collectAll(ctx context.Context, last map[studio.ProjectID]time.Time) error {
	projects, err := s.projects.Projects(ctx)
	for _, id := range projects {
		now := s.o.Clock.Now()
		if before, was := last[id]; ctx.Err() != nil || was && now.Sub(before) < collectEvery {
			continue
		}
		last[id] = now
		done, failed := s.Collect(ctx, id)
		err = errors.Join(err, failed)
		if done != (Collected{}) {
			s.log.Info("content was looked through", "project", id.String(), "condemned", done.Condemned, "packs", done.Packs,
				"bytes", done.Freed, "bad", done.Bad)
		}
		s.counts.add("framehold_collected_bytes_total", done.Freed)
	}
	return err
}
