package server

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"framehold/internal/chunk"
	"framehold/internal/chunkstore"
	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

const (
	problemsMax  = 100  // more say nothing new
	checkPage    = 1000 // rows that are read in one transaction
	checkRowPage = 1 << 20
)

// CheckedProject is what a check found of a project.
type CheckedProject struct {
	ID                studio.ProjectID
	Name              string
	Rows, Events      int
	Chunks, Manifests int
	Bytes             int64    // of chunks, as they are kept
	Problems          []string // the first 100: what and where, for who looks after the studio
}

// Check reads everything of the studio again and proves it whole: that every project is there; databases, chains, chunks,
// manifests, and that what a checkpoint on the line names is there. It can run while the studio is served. Codes: damaged, when the accounts are.
func (s *Studio) Check(ctx context.Context) ([]CheckedProject, error) {
	if err := s.accounts.Check(ctx); err != nil {
		return nil, err
	}
	listed, err := s.accounts.Projects(ctx)
	if err != nil {
		return nil, err
	}
	ids, err := s.projects.Projects(ctx)
	if err != nil {
		return nil, err
	}
	all := []CheckedProject{}
	for _, p := range listed {
		if !slices.Contains(ids, p.ID) {
			all = append(all, CheckedProject{ID: p.ID, Name: p.Name, Problems: []string{"its database is not there"}})
		}
	}
	for _, id := range ids {
		k := &checking{s: s, p: CheckedProject{ID: id}, chunks: map[studio.Hash]bool{}, manifests: map[studio.Hash]bool{}}
		if err := k.run(ctx); err != nil {
			return all, fmt.Errorf("check project %s: %w", id, err)
		}
		all = append(all, k.p)
	}
	return all, nil
}

// checking is the check of one project.
type checking struct {
	s                 *Studio
	p                 CheckedProject
	chunks, manifests map[studio.Hash]bool // that are whole
}

func (k *checking) problem(format string, args ...any) {
	if len(k.p.Problems) < problemsMax {
		k.p.Problems = append(k.p.Problems, fmt.Sprintf(format, args...))
	}
}

func (k *checking) run(ctx context.Context) error {
	report, err := k.s.projects.Check(ctx, k.p.ID)
	if studio.CodeOf(err) == studio.CodeDamaged {
		k.problem("database: %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	k.p.Rows, k.p.Events = report.Rows, report.Events
	for _, f := range report.Problems {
		k.problem("%s: table %d, key %x, event %d %s", f.Flaw, f.Table, f.Key, f.Seq, f.Text)
	}
	for _, step := range []func(context.Context) error{k.readChunks, k.readManifests, k.readCheckpoints} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (k *checking) readChunks(ctx context.Context) (err error) {
	packs, err := k.s.openPacks(k.p.ID)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, packs.Close()) }()
	lease, err := packs.Lease()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lease.Close()) }()
	for after := (studio.Hash{}); ; {
		rows, err := k.s.projects.ChunksAfter(ctx, k.p.ID, after, checkPage)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, c := range rows {
			after = c.Hash
			if err := ctx.Err(); err != nil {
				return err
			}
			k.p.Chunks++
			k.p.Bytes += int64(c.Stored)
			err := packs.Check(rowOf(c))
			if err != nil && !errors.Is(err, chunkstore.ErrDamaged) && !errors.Is(err, chunkstore.ErrMissing) {
				return err
			}
			if k.chunks[c.Hash] = err == nil; err != nil {
				k.problem("%v", err)
			}
		}
	}
}

// readManifests reads pages and roots; whether what they name is there can be said only when all were read.
func (k *checking) readManifests(ctx context.Context) error {
	refers := map[studio.Hash][]studio.Hash{} // of roots to pages
	for after := (studio.Hash{}); ; {
		rows, err := k.s.projects.ManifestsAfter(ctx, k.p.ID, after, checkPage)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		for _, m := range rows {
			after = m.Hash
			k.p.Manifests++
			parsed, err := parseManifest(m.Hash, m.Bytes)
			if whole := err == nil && chunk.Sum(m.Bytes) == chunk.Hash(m.Hash) && parsed.Root == m.Root; !whole {
				k.problem("manifest %s is damaged", m.Hash)
				continue
			}
			if k.manifests[m.Hash] = true; m.Root {
				refers[m.Hash] = parsed.Refers
				continue
			}
			for _, c := range parsed.Refers {
				if !k.chunks[c] {
					k.problem("page %s: chunk %s cannot be read", m.Hash, c)
				}
			}
		}
	}
	for root, pages := range refers {
		for _, page := range pages {
			if !k.manifests[page] {
				k.problem("manifest %s: page %s cannot be read", root, page)
			}
		}
	}
	return nil
}

// readCheckpoints is invariant I9: what was sealed, and was not dropped, can be read.
func (k *checking) readCheckpoints(ctx context.Context) error {
	at, more := serverdb.Position{}, true
	for more {
		if err := k.s.projects.Read(ctx, k.p.ID, func(snap serverdb.Snapshot) error {
			k.p.Name = snap.Project().Name
			var rows []serverdb.Row
			rows, more = snap.RowsAfter(at, snap.Head().Seq, checkRowPage)
			for _, r := range rows {
				at = serverdb.Behind(r)
				if r.Table == studio.TableCheckpoint && r.Bytes != nil {
					k.readCheckpoint(r)
				}
			}
			return snap.Err()
		}); err != nil {
			return err
		}
	}
	return nil
}

func (k *checking) readCheckpoint(r serverdb.Row) {
	row, err := studio.DecodeRow(r.Table, r.Bytes)
	c, isCheckpoint := row.(studio.Checkpoint)
	if err != nil || !isCheckpoint {
		return // the database's own check has told of it
	}
	switch c.State {
	case studio.Accepted, studio.Parked, studio.Step:
	default:
		return
	}
	for _, h := range []studio.Hash{c.Manifest, c.Image} {
		if !h.IsZero() && !k.manifests[h] {
			k.problem("checkpoint %s: its content %s is missing", c.ID, h)
		}
	}
}
