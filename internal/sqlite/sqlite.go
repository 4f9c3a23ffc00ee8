// Package sqlite opens SQLite databases, copies them and says what their errors mean, for every store that has one.
//
// It knows no table and runs no query of a store. It keeps one invariant: a pool waits for others before it says that a
// database is busy, whatever else its connections are set to.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"framehold/internal/fsys"
)

const busyTimeoutMs = 10_000

// Pragmas of a connection that writes. journal_mode(WAL) is none of them: it is asked for where a database is made.
const (
	synchronous       = "synchronous(FULL)"     // NORMAL could lose the last commits at a power failure
	foreignKeys       = "foreign_keys(1)"       // off by default
	recursiveTriggers = "recursive_triggers(1)" // else INSERT OR REPLACE deletes a row without its delete triggers
	// What takes one statement back is kept in memory. In a file it is every page that a statement touches, written once more for
	// each statement of a transaction behind the first large one: a pull of 60,000 acts wrote 1.2 GB for nothing.
	temporary = "temp_store(MEMORY)"
)

// Pool is a database as it is opened.
type Pool struct {
	Path        string
	Connections int
	Query       url.Values // of the URI: mode, immutable, _txlock; may be nil
	Pragmas     []string   // run when a connection is opened
}

// Open makes a pool. Nothing is read before it is used.
func Open(p Pool) (*sql.DB, error) {
	// busy_timeout comes first: the others may have to wait.
	query := url.Values{"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busyTimeoutMs)}, p.Pragmas...)}
	for key, values := range p.Query {
		query[key] = values
	}
	name := url.URL{Scheme: "file", Opaque: (&url.URL{Path: p.Path}).EscapedPath(), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(p.Connections)
	db.SetMaxIdleConns(p.Connections)
	return db, nil
}

// Writer is the one connection of a process that writes to a database; it makes the file when there is none. Its
// transactions are immediate, and on the disk when they are committed.
func Writer(path string, cacheKiB int) (*sql.DB, error) {
	return Open(Pool{path, 1, url.Values{"_txlock": {"immediate"}}, append([]string{"journal_mode(WAL)"}, writing(cacheKiB)...)})
}

// WriterOf is Writer for a file that is there and has its journal mode.
func WriterOf(path string, cacheKiB int) (*sql.DB, error) {
	return Open(Pool{path, 1, url.Values{"_txlock": {"immediate"}, "mode": {"rw"}}, writing(cacheKiB)})
}

// Readers are connections that cannot write.
func Readers(path string, connections, cacheKiB int) (*sql.DB, error) {
	return Open(Pool{path, connections, url.Values{"mode": {"ro"}}, []string{Cache(cacheKiB)}})
}

// Cache is the pragma of a connection's page cache.
func Cache(kib int) string { return fmt.Sprintf("cache_size(-%d)", kib) }

func writing(cacheKiB int) []string {
	return []string{synchronous, foreignKeys, recursiveTriggers, temporary, Cache(cacheKiB)}
}

// Close closes those that are open: nil is none.
func Close(pools ...*sql.DB) error {
	var errs []error
	for _, db := range pools {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Executor is a pool, or one of its connections.
type Executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Copy writes a database, as it is between two commits, into one file without a journal; the file must not be there. Who
// uses the database goes on meanwhile. When it returns nil the copy is on the disk.
func Copy(ctx context.Context, from Executor, f fsys.FS, to string) error {
	if _, err := from.ExecContext(ctx, `VACUUM INTO ?`, to); err != nil { // it does not sync
		return err
	}
	if err := Sync(f, to); err != nil {
		return err
	}
	return f.SyncDir(filepath.Dir(to))
}

// Sync brings what stands in a file to the disk.
func Sync(f fsys.FS, path string) error {
	file, err := f.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
