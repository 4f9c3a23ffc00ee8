package sqlitedb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync/atomic"

	"framehold/internal/fsys"
	"framehold/internal/sqlite"
	"framehold/internal/studio"
)

const cacheKiB = 16 << 10 // of a connection

// project is the open file of one project.
type project struct {
	writer, readers pool
	defs            atomic.Pointer[definitions] // of a committed head
}

func openProject(ctx context.Context, o Options, path string) (*project, error) {
	write, err := sqlite.WriterOf(path, cacheKiB)
	if err != nil {
		return nil, failure("open project", err)
	}
	if err := carryOver(ctx, o, write, path); err != nil {
		return nil, errors.Join(err, sqlite.Close(write))
	}
	read, err := sqlite.Readers(path, readersMax, cacheKiB)
	if err != nil {
		return nil, failure("open project", errors.Join(err, sqlite.Close(write)))
	}
	return &project{writer: newPool(write, 1), readers: newPool(read, readersMax)}, nil
}

// carryOver refuses what is not ours and what a newer program has written, and carries over what an older one has (row H18).
// Codes: damaged, store_newer, store_in_use.
func carryOver(ctx context.Context, o Options, write *sql.DB, path string) error {
	all, err := o.migrations()
	if err != nil {
		return err
	}
	var version, application int
	row := write.QueryRowContext(ctx, `SELECT user_version, application_id FROM pragma_user_version, pragma_application_id`)
	if err := row.Scan(&version, &application); err != nil {
		return failure("open project", err)
	}
	switch {
	case application != applicationID || version == 0:
		return studio.Refuse(studio.CodeDamaged, studio.Params{Path: path, N: 1})
	case version > sqlite.Newest(all):
		return studio.Refuse(studio.CodeStoreNewer, studio.Params{Path: path})
	case version == sqlite.Newest(all):
		return nil
	case o.Alone == nil:
		return studio.Refuse(studio.CodeStoreInUse, studio.Params{Path: path, Name: "studio"})
	}
	alone, err := o.Alone()
	if errors.Is(err, fsys.ErrLocked) {
		return studio.Refuse(studio.CodeStoreInUse, studio.Params{Path: path, Name: "studio"})
	}
	if err != nil {
		return failure("carry project over", err)
	}
	return errors.Join(failure("carry project over", sqlite.Carry(ctx, write, o.FS, path, all)), alone.Close())
}

func (p *project) close() error { return errors.Join(p.readers.close(), p.writer.close()) }

// pool hands out connections, each to one at a time.
type pool struct {
	db    *sql.DB
	slots chan *conn // nil: not connected yet
}

func newPool(db *sql.DB, size int) pool {
	p := pool{db, make(chan *conn, size)}
	for range size {
		p.slots <- nil
	}
	return p
}

// use hands fn a connection that no one else has, in a transaction when there is a statement that begins one; fn ends it,
// and what fn leaves open, or fails in, is rolled back. A connection that cannot be rolled back is closed.
func (p pool) use(ctx context.Context, begin string, fn func(*conn) error) (err error) {
	var c *conn
	select {
	case c = <-p.slots:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { p.slots <- c }()
	if err := ctx.Err(); err != nil {
		return err
	}
	if c == nil {
		if c, err = newConn(ctx, p.db); err != nil {
			return err
		}
	}
	if begin == `` {
		return fn(c)
	}
	if err := c.exec(begin); err != nil {
		return failure("begin", err)
	}
	ended := false
	defer func() {
		if ended { // else fn failed, or it panics
			return
		}
		if undone := c.rollback(); undone != nil {
			err, c = errors.Join(err, undone, c.discard()), nil
		}
	}()
	err = fn(c)
	ended = err == nil
	return err
}

// discard closes a connection for good: it does not go back to database/sql's own pool.
func (c *conn) discard() error {
	err := c.c.Raw(func(any) error { return driver.ErrBadConn })
	if errors.Is(err, driver.ErrBadConn) {
		err = nil
	}
	return err
}

// close waits until no connection is in use.
func (p pool) close() error {
	var errs []error
	for range cap(p.slots) {
		if c := <-p.slots; c != nil {
			errs = append(errs, c.close())
		}
	}
	return errors.Join(append(errs, p.db.Close())...)
}
