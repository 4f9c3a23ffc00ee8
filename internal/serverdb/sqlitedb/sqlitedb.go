// Package sqlitedb is a studio server's database on SQLite: one file for each project, DIR/<project id>/project.db.
//
// It refuses to decide, and to read what it only carries: rows are kept, paged and summed in their canonical form.
// Invariants: WAL journal, a commit is on the disk when Tx returns; one writer for each project with immediate
// transactions, readers cannot write; events are only appended, seq without gaps; what is derived (refs, sums) follows in
// the transaction that writes the rows, see Check and Rebuild.
package sqlitedb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"embed"
	"io"

	"framehold/internal/fsys"
	"framehold/internal/serverdb"
	"framehold/internal/sqlite"
	"framehold/internal/studio"
)

//go:embed schema.sql
var schema string

//go:embed migrations
var embedded embed.FS

const (
	applicationID = 0x46485344 // "FHSD"
	readersMax    = 4          // of a project; more wait
	fileName      = "project.db"
	newFileName   = "project.new" // until it is whole
)

// Options say where the projects are.
type Options struct {
	Dir string
	FS  fsys.FS
	// CommitFault, when set, is asked before each COMMIT: an error makes it fail. For tests of what a failure leaves.
	CommitFault func() error
	// Alone makes sure that nobody else has the projects open, while one of an older program is carried over. nil: none is.
	Alone func() (io.Closer, error)
	// Migrations are NNNN-what.sql files; nil: those of this program. For tests.
	Migrations fs.FS
}

func (o Options) migrations() ([]sqlite.Migration, error) {
	dir := o.Migrations
	if dir == nil {
		var err error
		if dir, err = fs.Sub(embedded, "migrations"); err != nil {
			return nil, err
		}
	}
	return sqlite.Migrations(dir)
}

// Store is the projects of a folder. Safe for concurrent use.
type Store struct {
	o Options

	mu       sync.Mutex
	projects map[studio.ProjectID]*project // that were opened
	closed   bool
}

var _ serverdb.Store = (*Store)(nil)

var errClosed = errors.New("the store is closed")

// Open opens the projects of a folder, which is made when it is not there. A project's file is opened when it is first
// asked for. Codes then: store_newer, for one that a newer program has written; damaged.
func Open(o Options) (*Store, error) {
	if err := o.FS.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, failure("open projects", err)
	}
	return &Store{o: o, projects: map[studio.ProjectID]*project{}}, nil
}

func (s *Store) folder(id studio.ProjectID) string { return filepath.Join(s.o.Dir, id.String()) }

// Create makes an empty project. It is made under another name and renamed when it is whole.
func (s *Store) Create(ctx context.Context, id studio.ProjectID, head serverdb.Head) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errClosed
	}
	path := filepath.Join(s.folder(id), fileName)
	if _, err := s.o.FS.Stat(path); err == nil {
		return fmt.Errorf("create project %s: %w", id, serverdb.ErrExists)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return failure("create project", err)
	}
	if err := s.o.FS.MkdirAll(s.folder(id), 0o700); err != nil {
		return failure("create project", err)
	}
	made := filepath.Join(s.folder(id), newFileName)
	for _, left := range []string{made, made + "-wal", made + "-shm"} { // by a Create that was cut short
		if err := s.o.FS.Remove(left); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return failure("create project", err)
		}
	}
	if err := s.makeFile(ctx, made, head); err != nil {
		return err
	}
	err := s.o.FS.RenameNew(made, path)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("create project %s: %w", id, serverdb.ErrExists)
	}
	return failure("create project", errors.Join(err, s.o.FS.SyncDir(s.folder(id)), s.o.FS.SyncDir(s.o.Dir)))
}

// makeFile makes a database with the schema and a head, whole and on the disk when it returns.
func (s *Store) makeFile(ctx context.Context, path string, head serverdb.Head) error {
	db, err := sqlite.Writer(path, cacheKiB)
	if err != nil {
		return failure("create project", err)
	}
	all, err := s.o.migrations()
	if err != nil {
		return err
	}
	version := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;", applicationID, sqlite.Newest(all))
	_, err = db.ExecContext(ctx, "BEGIN IMMEDIATE;\n"+schema+version+"COMMIT")
	if err == nil {
		_, err = db.ExecContext(ctx, `INSERT INTO head (one, generation, gen_no, seq, chain, founder, server_ms, defs_seq, gen_ms)
			VALUES (1, ?, ?, 0, zeroblob(32), ?, ?, 0, ?)`, head.Generation[:], int64(head.GenNo), nullID(head.Founder.ID), head.ServerMs,
			head.GenMs)
	}
	if err := failure("create project", errors.Join(err, db.Close())); err != nil {
		return err
	}
	return failure("create project", sqlite.Sync(s.o.FS, path))
}

// Projects lists the projects, in order of id.
func (s *Store) Projects(ctx context.Context) ([]studio.ProjectID, error) {
	entries, err := s.o.FS.ReadDir(s.o.Dir)
	if err != nil {
		return nil, failure("list projects", err)
	}
	var ids []studio.ProjectID
	for _, e := range entries {
		id, err := studio.ParseID(e.Name())
		if err != nil || id.String() != e.Name() {
			continue // not ours
		}
		switch _, err := s.o.FS.Stat(filepath.Join(s.o.Dir, e.Name(), fileName)); {
		case err == nil:
			ids = append(ids, studio.ProjectID{ID: id})
		case !errors.Is(err, fs.ErrNotExist):
			return nil, failure("list projects", err)
		}
	}
	slices.SortFunc(ids, func(a, b studio.ProjectID) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return ids, ctx.Err()
}

// project finds a project and opens it when that was not done yet.
func (s *Store) project(ctx context.Context, id studio.ProjectID) (*project, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if p, open := s.projects[id]; open {
		return p, ctx.Err()
	}
	path := filepath.Join(s.folder(id), fileName)
	switch i, err := s.o.FS.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("project %s: %w", id, serverdb.ErrUnknown)
	case err != nil:
		return nil, failure("open project", err)
	case i.Size == 0:
		return nil, studio.Refuse(studio.CodeDamaged, studio.Params{Path: path, N: 1})
	}
	p, err := openProject(ctx, s.o, path)
	if err == nil {
		s.projects[id] = p
	}
	return p, err
}

// Tx runs fn in one immediate transaction and commits. When it returns nil, everything is on the disk.
func (s *Store) Tx(ctx context.Context, id studio.ProjectID, fn func(serverdb.Tx) error) error {
	return s.write(ctx, id, func(t *tx) error { return fn(t) })
}

func (s *Store) write(ctx context.Context, id studio.ProjectID, fn func(*tx) error) error {
	p, err := s.project(ctx, id)
	if err != nil {
		return err
	}
	return p.writer.use(ctx, `BEGIN IMMEDIATE`, func(c *conn) error {
		t := &tx{snapshot: newSnapshot(p, c)}
		if t.began = t.head.Seq; t.err != nil {
			return t.err
		}
		if err := fn(t); err != nil {
			return err
		}
		if err := t.finish(); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.o.CommitFault != nil {
			if err := s.o.CommitFault(); err != nil {
				return failure("commit", err)
			}
		}
		return failure("commit", c.exec(`COMMIT`))
	})
}

// Read runs fn in one read transaction.
func (s *Store) Read(ctx context.Context, id studio.ProjectID, fn func(serverdb.Snapshot) error) error {
	return s.read(ctx, id, func(snap *snapshot) error { return fn(snap) })
}

func (s *Store) read(ctx context.Context, id studio.ProjectID, fn func(*snapshot) error) error {
	p, err := s.project(ctx, id)
	if err != nil {
		return err
	}
	return p.readers.use(ctx, `BEGIN`, func(c *conn) error {
		snap := newSnapshot(p, c)
		if snap.err != nil {
			return snap.err
		}
		err := fn(&snap)
		return errors.Join(err, snap.Err(), c.rollback())
	})
}

// Backup writes a copy of a project, at a moment between two commits, as one file without a journal; the file must not be
// there. The project goes on meanwhile. When Backup returns nil the copy is on the disk.
func (s *Store) Backup(ctx context.Context, id studio.ProjectID, toFile string) error {
	p, err := s.project(ctx, id)
	if err != nil {
		return err
	}
	return p.readers.use(ctx, ``, func(c *conn) error {
		return failure("back up project", sqlite.Copy(ctx, c.c, s.o.FS, toFile))
	})
}

// Close waits for what is running and releases the files.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for _, p := range s.projects {
		errs = append(errs, p.close())
	}
	s.projects = map[studio.ProjectID]*project{}
	return failure("close projects", errors.Join(errs...))
}
