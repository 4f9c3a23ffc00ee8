package accounts

import (
	"context"
	"database/sql"
	"errors"
	"unicode"
	"unicode/utf8"

	"framehold/internal/sqlite"
	"framehold/internal/studio"
)

const labelMaxBytes = 255

// failure gives an error of the database its code.
func failure(action string, err error) error { return sqlite.Failure(action, err) }

// tx is a write transaction, and the one instant at which all of it happens.
type tx struct {
	*sql.Tx
	ctx   context.Context
	db    *DB
	nowMs int64
}

// tx runs fn in one immediate transaction and commits. When fn or the commit fails, nothing was changed.
func (d *DB) tx(ctx context.Context, action string, fn func(*tx) error) error {
	begun, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return failure(action, err)
	}
	defer func() { _ = begun.Rollback() }() // after a commit it does nothing
	if err := fn(&tx{Tx: begun, ctx: ctx, db: d, nowMs: d.o.Clock.NowMs()}); err != nil {
		return failure(action, err)
	}
	if d.o.CommitFault != nil {
		if err := d.o.CommitFault(); err != nil {
			return failure(action, err)
		}
	}
	return failure(action, begun.Commit())
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.ExecContext(t.ctx, query, args...)
	return err
}

// changed is exec that tells how many rows it met.
func (t *tx) changed(query string, args ...any) (int, error) {
	r, err := t.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	n, err := r.RowsAffected()
	return int(n), err
}

func (t *tx) row(query string, args ...any) *sql.Row { return t.QueryRowContext(t.ctx, query, args...) }

// querier is a pool or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// asks is a query that is prepared already.
type asks struct{ s *sql.Stmt }

func (a asks) QueryContext(ctx context.Context, _ string, args ...any) (*sql.Rows, error) {
	return a.s.QueryContext(ctx, args...)
}

// rows reads all rows of a query.
func rows[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string,
	args ...any) (all []T, err error) {
	r, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	for r.Next() {
		value, err := scan(r)
		if err != nil {
			return nil, err
		}
		all = append(all, value)
	}
	return all, r.Err()
}

// one is rows where at most one is expected.
func one[T any](ctx context.Context, q querier, scan func(*sql.Rows) (T, error), query string, args ...any) (T, bool, error) {
	all, err := rows(ctx, q, scan, query, args...)
	if err != nil || len(all) == 0 {
		var none T
		return none, false, err
	}
	return all[0], true, nil
}

// checkLabel refuses what people would not read as one line.
func checkLabel(field, text string) error {
	switch {
	case len(text) > labelMaxBytes:
		return studio.Refuse(studio.CodeTooLong, studio.Params{Field: field, Limit: "255 bytes"})
	case !utf8.ValidString(text):
		return studio.Refuse(studio.CodeInvalidName, studio.Params{Name: field, Why: "name_utf8"})
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return studio.Refuse(studio.CodeInvalidName, studio.Params{Name: field, Why: "name_control"})
		}
	}
	return nil
}
