// Package accounts is a studio's own database, studio.db: people, how they prove who they are, from where they are
// signed in, invitations, and the list of projects.
//
// It refuses to decide who may do what: who calls it has asked studio. Invariants: a commit is on the disk when a method
// returns; when a method fails nothing was changed; no password and no token is stored; a disabled person has no session;
// an invitation makes one account, once; a studio keeps one admin who can sign in.
package accounts

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"framehold/internal/auth"
	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/sqlite"
	"framehold/internal/studio"
)

//go:embed schema/schema.sql
var schema string

//go:embed migrations
var embedded embed.FS

const (
	applicationID = 0x46484c53 // "FHLS"
	cacheKiB      = 4 << 10    // of a connection
	readersMax    = 4
)

// Options say which database to open, and with what.
type Options struct {
	Path    string // of studio.db
	FS      fsys.FS
	Clock   *clock.Clock
	Hasher  *auth.Hasher
	Limiter *auth.Limiter
	// CommitFault, when set, is asked before each COMMIT: an error makes it fail. For tests of what a failure leaves.
	CommitFault func() error
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

// DB is an open studio.db. Safe for concurrent use, also of several processes.
type DB struct {
	o           Options
	write, read *sql.DB
	byToken     *sql.Stmt // of read: every call asks it
	inUse       io.Closer // shared lock: this process has it open
}

// Create makes a studio's database; one that is there is left as it is and opened. Codes: those of Open; store_in_use,
// while another process makes it or has it open.
func Create(ctx context.Context, o Options) (*DB, error) {
	if err := create(ctx, o); err != nil {
		return nil, err
	}
	return Open(ctx, o)
}

func create(ctx context.Context, o Options) (err error) {
	all, err := o.migrations()
	if err != nil {
		return err
	}
	if err := o.FS.MkdirAll(filepath.Dir(o.Path), 0o700); err != nil {
		return failure("make studio", err)
	}
	lock, err := lock(o, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	file, err := o.FS.OpenFile(o.Path, os.O_RDWR|os.O_CREATE, 0o600) // its journals get the same mode
	if err != nil {
		return failure("make studio", err)
	}
	if err := errors.Join(file.Close(), o.FS.SyncDir(filepath.Dir(o.Path))); err != nil {
		return failure("make studio", err)
	}
	d := &DB{o: o}
	defer func() { err = errors.Join(err, d.Close()) }()
	if err := d.connectWriter(); err != nil {
		return err
	}
	return d.tx(ctx, "make studio", func(tx *tx) error {
		var tables int
		if err := tx.row(`SELECT count(*) FROM sqlite_schema`).Scan(&tables); err != nil || tables > 0 {
			return err
		}
		for _, q := range []string{schema, fmt.Sprintf("PRAGMA application_id = %d", applicationID),
			fmt.Sprintf("PRAGMA user_version = %d", sqlite.Newest(all))} {
			if err := tx.exec(q); err != nil {
				return err
			}
		}
		return nil
	})
}

// Open opens a studio's database. Codes: studio_missing (an empty one is never made in its place), store_in_use (it is
// being made), store_newer, damaged.
func Open(ctx context.Context, o Options) (d *DB, err error) {
	i, err := o.FS.Stat(o.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, studio.Refuse(studio.CodeStudioMissing, studio.Params{Path: filepath.Dir(o.Path)})
	}
	if err == nil && i.Size == 0 { // the switch to WAL would write a header into it
		return nil, studio.Refuse(studio.CodeDamaged, studio.Params{Path: o.Path, N: 1})
	}
	d = &DB{o: o}
	defer func() {
		if err != nil {
			d, err = nil, errors.Join(err, d.Close())
		}
	}()
	if d.inUse, err = lock(o, true); err != nil {
		return d, err
	}
	if err := d.connectWriter(); err != nil {
		return d, err
	}
	if d.read, err = sqlite.Readers(o.Path, readersMax, cacheKiB); err != nil {
		return d, failure("open studio", err)
	}
	if err := d.checkVersion(ctx); err != nil {
		return d, err
	}
	d.byToken, err = d.read.PrepareContext(ctx, sessionByToken)
	return d, failure("open studio", err)
}

// checkVersion refuses what is not ours and what a newer program has written, and carries over what an older one has.
func (d *DB) checkVersion(ctx context.Context) error {
	all, err := d.o.migrations()
	if err != nil {
		return err
	}
	var is, application int
	row := d.write.QueryRowContext(ctx, `SELECT user_version, application_id FROM pragma_user_version, pragma_application_id`)
	if err := row.Scan(&is, &application); err != nil {
		return failure("open studio", err)
	}
	switch {
	case application != applicationID || is == 0:
		return studio.Refuse(studio.CodeDamaged, studio.Params{Path: d.o.Path, N: 1})
	case is > sqlite.Newest(all):
		return studio.Refuse(studio.CodeStoreNewer, studio.Params{Path: d.o.Path, Name: "studio"})
	case is < sqlite.Newest(all):
		return d.carry(ctx, all)
	}
	return nil
}

// carry carries the database to the newest version, when nobody else has it open. Code: store_in_use.
func (d *DB) carry(ctx context.Context, all []sqlite.Migration) error {
	if err := d.inUse.Close(); err != nil {
		return failure("carry studio over", err)
	}
	d.inUse = nil
	alone, err := lock(d.o, false)
	if err != nil {
		return err
	}
	err = failure("carry studio over", sqlite.Carry(ctx, d.write, d.o.FS, d.o.Path, all))
	if err = errors.Join(err, alone.Close()); err != nil {
		return err
	}
	d.inUse, err = lock(d.o, true)
	return err
}

func lock(o Options, shared bool) (io.Closer, error) {
	l, err := o.FS.Lock(o.Path+".lock", shared)
	if errors.Is(err, fsys.ErrLocked) {
		return nil, studio.Refuse(studio.CodeStoreInUse, studio.Params{Path: o.Path, Name: "studio"})
	}
	if err != nil {
		return nil, failure("open studio", err)
	}
	return l, nil
}

func (d *DB) connectWriter() (err error) {
	d.write, err = sqlite.Writer(d.o.Path, cacheKiB)
	return failure("open studio", err)
}

// Close releases the database.
func (d *DB) Close() error {
	err := sqlite.Close(d.read, d.write)
	if d.inUse != nil {
		err = errors.Join(err, d.inUse.Close())
	}
	return err
}

// CopyTo writes a copy of the database at a moment between two commits as one file without a journal, durable when it
// returns.
func (d *DB) CopyTo(ctx context.Context, path string) error {
	return failure("copy studio", sqlite.Copy(ctx, d.read, d.o.FS, path))
}

// Check reads the whole database. Codes: damaged.
func (d *DB) Check(ctx context.Context) error {
	problems, err := rows(ctx, d.read, func(r *sql.Rows) (text string, err error) { return text, r.Scan(&text) },
		`SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'
		 UNION ALL SELECT "table" FROM pragma_foreign_key_check`)
	if err != nil {
		return failure("check studio", err)
	}
	if len(problems) > 0 {
		return studio.Refuse(studio.CodeDamaged, studio.Params{Path: d.o.Path, N: len(problems)})
	}
	return nil
}
