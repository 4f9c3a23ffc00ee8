// Package projectdb is one project's SQLite store: tables, triggers, the hash-chained event log, and a ChangeSet for
// each commit. It refuses to decide: rows come from studio's decisions, bytes from chunkstore. It knows no file of the
// working folder and no network.
//
// Invariants: WAL journal, a commit is on the disk when it returns; one write connection with immediate transactions,
// readers cannot write; events are only appended, seq without gaps; who acts stands in the table act for the length
// of a transaction of ours, by which the triggers, generated from studio.Protection, know it. Where a server is the authority
// (a replica row), own acts are ops of the queue, and events come in lane pull alone.
package projectdb

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/sqlite"
	"framehold/internal/studio"
)

//go:embed schema/schema.sql
var schema string

const (
	cacheKiB       = 16 << 10 // of a connection
	readersMax     = 4        // more than a window asks at once
	openRetryMax   = 10 * time.Second
	openRetryPause = 20 * time.Millisecond
	applicationID  = 0x46484c44 // "FHLD"
)

// Options say which store to open.
type Options struct {
	Path  string // of project.db
	FS    fsys.FS
	Clock *clock.Clock
	// Migrations are NNNN-what.sql files; nil: those of this program. For tests.
	Migrations fs.FS
	// CommitFault, when set, is asked before each COMMIT: an error makes it fail. For tests of what a failure leaves.
	CommitFault func() error
}

// DB is an open project store. Safe for concurrent use.
type DB struct {
	write, read *sql.DB
	o           Options
	readOnly    error     // why writes are refused; nil: they are not
	frozen      *frozen   // what the file looked like when it was opened as one that nothing changes; nil: it was not
	inUse       io.Closer // shared lock: this process has the store open

	mu       sync.Mutex
	watchers map[int]func(ChangeSet)
	nextWatr int
	lastSeen int64 // newest change row that watchers heard of
	polled   bool
}

// Create makes a new store; one that is there is left as it is and opened.
func Create(ctx context.Context, o Options) (*DB, error) {
	if err := o.FS.MkdirAll(filepath.Dir(o.Path), 0o700); err != nil {
		return nil, failure("make store", err)
	}
	return open(ctx, o, true)
}

// Open opens a store. Codes: store_missing (an empty store is never made in its place), store_in_use, damaged.
// A store that is newer than the program, on a medium that cannot be written or on a full disk, opens read-only: see
// ReadOnly.
func Open(ctx context.Context, o Options) (*DB, error) {
	i, err := o.FS.Stat(o.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, studio.Refuse(studio.CodeStoreMissing, studio.Params{Path: filepath.Dir(o.Path)})
	}
	if err == nil && i.Size == 0 { // the switch to WAL would write a header into it
		return nil, damaged(o.Path)
	}
	return open(ctx, o, false)
}

func open(ctx context.Context, o Options, create bool) (d *DB, err error) {
	d = &DB{o: o, watchers: map[int]func(ChangeSet){}}
	defer func() {
		if err != nil {
			err = errors.Join(d.named(err), d.Close())
		}
	}()
	if d.inUse, err = o.FS.Lock(o.Path+".lock", true); err != nil {
		if errors.Is(err, fsys.ErrLocked) {
			return d, studio.Refuse(studio.CodeStoreInUse, studio.Params{Path: o.Path})
		}
		if err = failure("open store", err); !isReadOnly(err) && !isFull(err) {
			return d, err
		}
		return d, d.openReadOnly(ctx, isFull(err))
	}
	d.write, err = sqlite.Writer(o.Path, cacheKiB)
	if err != nil {
		return d, failure("open store", err)
	}
	err = d.prepare(ctx, create)
	if full := isFull(err); full && !create || isReadOnly(err) { // it can be read, but SQLite may make no journal beside it
		if err = d.write.Close(); err != nil && !isFull(failure("close", err)) {
			return d, failure("open store", err)
		}
		d.write = nil
		return d, d.openReadOnly(ctx, full)
	}
	if err != nil {
		return d, err
	}
	d.read, err = sqlite.Readers(o.Path, readersMax, cacheKiB)
	return d, failure("open store", err)
}

// openReadOnly opens a store on a medium that cannot be written, or on a full disk. Where no journal was left, the readers
// take the file for immutable: SQLite then needs no shared memory beside it. Read sees to it that it is so. With a journal
// on a full disk, one connection has the database for itself, and its index of the journal in its own memory.
func (d *DB) openReadOnly(ctx context.Context, full bool) error {
	d.readOnly = studio.Refuse(studio.CodeReadOnly, studio.Params{Path: d.o.Path})
	if full {
		d.readOnly = studio.Refuse(studio.CodeDiskFull, studio.Params{Path: d.o.Path, Why: "open"})
	}
	pool := sqlite.Pool{Path: d.o.Path, Connections: readersMax, Query: url.Values{"mode": {"ro"}}, Pragmas: []string{sqlite.Cache(cacheKiB)}}
	switch now := d.looks(); {
	case now.journal == 0:
		pool.Query.Set("immutable", "1")
		d.frozen = &now
	case full:
		pool.Query.Set("mode", "rw") // an exclusive lock takes a file that is open for writing
		// The driver sorts pragmas by name, and cache_size looks at the schema: that would take shared memory first.
		pool.Pragmas, pool.Connections = []string{"locking_mode(EXCLUSIVE)", "query_only(1)"}, 1
	}
	var err error
	if d.read, err = sqlite.Open(pool); err != nil {
		return failure("open store", err)
	}
	all, err := d.migrations()
	if err != nil {
		return err
	}
	version, err := d.version(ctx, d.read)
	if err == nil && version < sqlite.Newest(all) {
		return d.readOnly // an older store would have to be carried over first
	}
	return err
}

// frozen is how a database looked that is read as immutable.
type frozen struct {
	file    fsys.Info
	journal int64 // bytes
}

func (d *DB) looks() (f frozen) {
	f.file, _ = d.o.FS.Stat(d.o.Path) // one that is not there is found missing by who opens it
	if i, err := d.o.FS.Stat(d.o.Path + "-wal"); err == nil {
		f.journal = i.Size
	}
	return f
}

// stillFrozen refuses to read a database as immutable that another process has begun to change: it must be opened again.
func (d *DB) stillFrozen() error {
	if d.frozen == nil {
		return nil
	}
	if now := d.looks(); now.journal != 0 || !now.file.Same(d.frozen.file) {
		return studio.Refuse(studio.CodeTimeout, studio.Params{Path: d.o.Path})
	}
	return nil
}

// prepare makes the schema of a new store and looks at the version of an old one. Two processes that make the same
// database meet SQLITE_BUSY at the switch to WAL, which busy_timeout does not cover, so it tries again for a while.
func (d *DB) prepare(ctx context.Context, create bool) error {
	limit, cancel := context.WithTimeout(ctx, openRetryMax)
	defer cancel()
	for {
		err := d.prepareOnce(ctx, create)
		if err == nil || !sqlite.IsBusy(err) {
			return err
		}
		select {
		case <-limit.Done():
			return failure("open store", errors.Join(err, ctx.Err()))
		case <-time.After(openRetryPause):
		}
	}
}

func (d *DB) prepareOnce(ctx context.Context, create bool) error {
	all, err := d.migrations()
	if err != nil {
		return err
	}
	version, err := d.version(ctx, d.write)
	switch {
	case version == 0 && create && isNew(err):
		return d.makeSchema(ctx, sqlite.Newest(all))
	case err != nil:
		return err
	case version > sqlite.Newest(all):
		d.readOnly = studio.Refuse(studio.CodeStoreNewer, studio.Params{Path: d.o.Path})
	case version < sqlite.Newest(all):
		return d.migrate(ctx, all)
	}
	return nil
}

// errNew says that the database has no schema yet.
var errNew = errors.New("no schema")

func isNew(err error) bool { return errors.Is(err, errNew) }

// version reads which schema a store has. Codes: damaged, when it is no store of ours.
func (d *DB) version(ctx context.Context, db *sql.DB) (version int, err error) {
	var application int
	row := db.QueryRowContext(ctx, `SELECT user_version, application_id FROM pragma_user_version, pragma_application_id`)
	if err := row.Scan(&version, &application); err != nil {
		return 0, failure("open store", err)
	}
	if version == 0 {
		return 0, errors.Join(damaged(d.o.Path), errNew)
	}
	if application != applicationID {
		return 0, damaged(d.o.Path)
	}
	return version, nil
}

// named says of a damaged database which file it is.
func (d *DB) named(err error) error {
	if r, ok := studio.RefusalOf(err); ok && r.Code == studio.CodeDamaged && r.Params.Path == "" {
		return errors.Join(damaged(d.o.Path), err)
	}
	return err
}

func damaged(path string) error {
	return studio.Refuse(studio.CodeDamaged, studio.Params{Path: path, Why: "database", N: 1})
}

func (d *DB) makeSchema(ctx context.Context, newest int) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return failure("make store", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	var version int
	if err := tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil || version != 0 {
		return failure("make store", err) // another process was first
	}
	for _, q := range []string{schema, triggers(), fmt.Sprintf("PRAGMA application_id = %d", applicationID),
		fmt.Sprintf("PRAGMA user_version = %d", newest)} {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return failure("make store", err)
		}
	}
	return failure("make store", tx.Commit())
}

// ReadOnly says why the store cannot be written; nil when it can.
func (d *DB) ReadOnly() error { return d.readOnly }

// Path is where the database is.
func (d *DB) Path() string { return d.o.Path }

// Close releases the database.
func (d *DB) Close() error {
	err := sqlite.Close(d.read, d.write)
	if d.inUse != nil {
		err = errors.Join(err, d.inUse.Close())
	}
	return err
}

// CopyTo writes a copy of the store at a moment between two commits as one file without a journal, durable when it returns.
func (d *DB) CopyTo(ctx context.Context, path string) error {
	return failure("copy store", sqlite.Copy(ctx, d.read, d.o.FS, path))
}
