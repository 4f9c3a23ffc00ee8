package sqlitedb

import (
	"context"
	"database/sql"
	"errors"

	"framehold/internal/sqlite"
)

// failure gives an error of the database or of its files a code where there is one.
func failure(action string, err error) error { return sqlite.Failure(action, err) }

// conn is one connection with the statements that it has prepared. Who holds it is alone with it.
//
// Statements run without the caller's context: the driver starts a goroutine for each one that can be cancelled, which
// costs more than the statement. A transaction asks the context when it begins and before it commits.
type conn struct {
	c     *sql.Conn
	stmts map[string]*sql.Stmt
}

func newConn(ctx context.Context, db *sql.DB) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, failure("connect", err)
	}
	return &conn{c: c, stmts: map[string]*sql.Stmt{}}, nil
}

func (c *conn) close() error {
	errs := make([]error, 0, len(c.stmts)+1)
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.c.Close())...)
}

func (c *conn) prepared(query string) (*sql.Stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	s, err := c.c.PrepareContext(context.Background(), query)
	if err == nil {
		c.stmts[query] = s
	}
	return s, err
}

func (c *conn) exec(query string, args ...any) error {
	s, err := c.prepared(query)
	if err == nil {
		_, err = s.ExecContext(context.Background(), args...)
	}
	return err
}

// get reads one row; sql.ErrNoRows when there is none.
func (c *conn) get(query string, args []any, to ...any) error {
	s, err := c.prepared(query)
	if err != nil {
		return err
	}
	return s.QueryRowContext(context.Background(), args...).Scan(to...)
}

// each scans every row into to and calls fn after it, until fn says that it is enough.
func (c *conn) each(query string, args []any, to []any, fn func() (more bool, err error)) error {
	s, err := c.prepared(query)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	for more := true; more && rows.Next(); {
		if err = rows.Scan(to...); err == nil {
			more, err = fn()
		}
		if err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// rollback ends a transaction; that SQLite has ended it itself, after a full disk for example, is as good.
func (c *conn) rollback() error {
	err := c.exec(`ROLLBACK`)
	if sqlite.IsNoTransaction(err) {
		return nil
	}
	return failure("roll back", err)
}
