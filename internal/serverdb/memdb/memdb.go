// Package memdb is a studio server's database in memory: the oracle that other stores are compared with, and the server
// store of simulations.
//
// It refuses to be durable. Invariants: a committed state never changes, so that a reader keeps its own and a failed Tx
// leaves nothing; nothing depends on the order of a Go map.
package memdb

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

// Store is projects in memory. Safe for concurrent use.
type Store struct {
	mu       sync.Mutex
	projects map[studio.ProjectID]*project
}

type project struct {
	writer sync.Mutex // held for the length of a Tx
	mu     sync.Mutex // guards now
	now    *state     // never changed, only replaced
}

var _ serverdb.Store = (*Store)(nil)

// New makes a store without projects.
func New() *Store { return &Store{projects: map[studio.ProjectID]*project{}} }

// Copy is another store with what this one has committed: a backup, as a simulation restores it.
func (s *Store) Copy() *Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := New()
	for id, p := range s.projects {
		c.projects[id] = &project{now: p.committed()}
	}
	return c
}

// Create makes an empty project.
func (s *Store) Create(ctx context.Context, id studio.ProjectID, head serverdb.Head) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.projects[id]; known {
		return fmt.Errorf("create project %s: %w", id, serverdb.ErrExists)
	}
	s.projects[id] = &project{now: &state{head: serverdb.Head{
		Generation: head.Generation, GenNo: head.GenNo, Founder: head.Founder, ServerMs: head.ServerMs, GenMs: head.GenMs,
		Sums: studio.Sums{},
	}}}
	return nil
}

// Projects lists the projects, in order of id.
func (s *Store) Projects(ctx context.Context) ([]studio.ProjectID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Keys(s.projects), func(a, b studio.ProjectID) int {
		return bytes.Compare(a.ID[:], b.ID[:])
	}), ctx.Err()
}

func (s *Store) project(ctx context.Context, id studio.ProjectID) (*project, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, known := s.projects[id]
	if !known {
		return nil, fmt.Errorf("project %s: %w", id, serverdb.ErrUnknown)
	}
	return p, ctx.Err()
}

func (p *project) committed() *state {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// Tx runs fn over a copy of the state that shares what it does not change; when all went well the copy is the state.
func (s *Store) Tx(ctx context.Context, id studio.ProjectID, fn func(serverdb.Tx) error) error {
	p, err := s.project(ctx, id)
	if err != nil {
		return err
	}
	p.writer.Lock()
	defer p.writer.Unlock()
	next := *p.committed()
	next.head.Sums = maps.Clone(next.head.Sums)
	t := &tx{snapshot: snapshot{&next}, edit: &edit{}, began: next.head.Seq}
	if err := cmp.Or(fn(t), t.failed, ctx.Err()); err != nil {
		return err
	}
	if t.lastPut > next.head.Seq {
		return fmt.Errorf("rows of event %d are written without it", t.lastPut)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = &next
	return nil
}

// Read runs fn over the state that was committed last.
func (s *Store) Read(ctx context.Context, id studio.ProjectID, fn func(serverdb.Snapshot) error) error {
	p, err := s.project(ctx, id)
	if err != nil {
		return err
	}
	return fn(snapshot{p.committed()})
}

// Close does nothing: what is in memory stays until nobody holds it.
func (s *Store) Close() error { return nil }
