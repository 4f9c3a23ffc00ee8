package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
)

// Transaction is a transaction on one connection of a pool, which nobody else uses meanwhile. Its statements run without the
// context of the caller: the driver starts a goroutine for each one that can be cancelled, and database/sql another for each
// query of its own transactions, which together cost more than the statement. Who runs many asks the context in between.
type Transaction struct {
	c     *sql.Conn
	ended bool
}

// Begin waits for a connection and begins a transaction, immediate where it is said to write.
func Begin(ctx context.Context, db *sql.DB, writes bool) (*Transaction, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	begin := `BEGIN`
	if writes {
		begin = `BEGIN IMMEDIATE`
	}
	if _, err := c.ExecContext(ctx, begin); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &Transaction{c: c}, nil
}

// PrepareContext prepares a statement; it must be closed before the transaction ends.
func (t *Transaction) PrepareContext(_ context.Context, query string) (*sql.Stmt, error) {
	return t.c.PrepareContext(context.Background(), query)
}

// ExecContext runs a statement that is said once.
func (t *Transaction) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	return t.c.ExecContext(context.Background(), query, args...)
}

// QueryContext runs a query that is said once; its rows must be closed before the transaction ends.
func (t *Transaction) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.c.QueryContext(context.Background(), query, args...)
}

// Commit commits, unless ctx has ended. When it fails, Rollback is due.
func (t *Transaction) Commit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if _, err := t.c.ExecContext(context.Background(), `COMMIT`); err != nil {
		return err
	}
	t.ended = true
	return t.c.Close()
}

// Rollback undoes the transaction; that SQLite has ended it itself, after a full disk for example, is as good. Behind a commit it
// does nothing. A connection that cannot be rolled back is closed for good.
func (t *Transaction) Rollback() error {
	if t.ended {
		return nil
	}
	t.ended = true
	_, err := t.c.ExecContext(context.Background(), `ROLLBACK`)
	if err == nil || IsNoTransaction(err) {
		return t.c.Close()
	}
	discarded := t.c.Raw(func(any) error { return driver.ErrBadConn }) // it does not go back to the pool
	if errors.Is(discarded, driver.ErrBadConn) {
		discarded = nil
	}
	return errors.Join(err, discarded)
}
