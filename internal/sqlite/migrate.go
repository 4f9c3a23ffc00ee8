package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"framehold/internal/fsys"
)

// Migration carries a database from the version below to its own.
type Migration struct {
	Version int
	SQL     string
}

// Migrations reads the files NNNN-what.sql of a folder: from 2 on, without a gap.
func Migrations(dir fs.FS) ([]Migration, error) {
	names, err := fs.Glob(dir, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var all []Migration
	for i, name := range names {
		number, _, ok := strings.Cut(path.Base(name), "-")
		if want := fmt.Sprintf("%04d", i+2); !ok || number != want {
			return nil, fmt.Errorf("migration %s: its number should be %s", name, want)
		}
		b, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		all = append(all, Migration{i + 2, string(b)})
	}
	return all, nil
}

// Newest is the version that migrations lead to.
func Newest(all []Migration) int { return 1 + len(all) }

// Querier is a pool, a connection or a transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Values reads one column.
func Values[T any](ctx context.Context, q Querier, query string) (all []T, err error) {
	rows, err := q.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// Broken lists what does not hold in a database: tables with rows without their parent, and what SQLite's own check says. It
// is queried, since an Exec of these pragmas would discard it.
func Broken(ctx context.Context, q Querier) ([]string, error) {
	tables, err := Values[string](ctx, q, `SELECT 'foreign key of ' || "table" FROM pragma_foreign_key_check`)
	if err != nil {
		return nil, err
	}
	said, err := Values[string](ctx, q, `SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`)
	return append(tables, said...), err
}

// ErrBroken says that a database, or its copy, does not hold together.
var ErrBroken = errors.New("the database does not hold together")

// Carry carries an old database to the newest version, with a copy beside it that was read again, in one transaction. Who
// calls is alone with it. db is its writer. ErrBroken, when the copy or what the migrations lead to does not hold together:
// the database is then as it was.
func Carry(ctx context.Context, db *sql.DB, f fsys.FS, file string, all []Migration) (err error) {
	c, err := db.Conn(ctx) // foreign_keys is a setting of a connection, and no transaction may change it
	if err != nil {
		return err
	}
	defer func() {
		_, on := c.ExecContext(context.WithoutCancel(ctx), `PRAGMA foreign_keys = 1`)
		err = errors.Join(err, on, c.Close())
	}()
	version, err := Values[int](ctx, c, `PRAGMA user_version`)
	if err != nil || len(version) != 1 || version[0] >= Newest(all) {
		return err
	}
	if err := copyBeside(ctx, c, f, file, version[0]); err != nil {
		return err
	}
	if _, err := c.ExecContext(ctx, `PRAGMA foreign_keys = 0`); err != nil {
		return err
	}
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	for _, m := range all[version[0]-1:] {
		if _, err := tx.ExecContext(ctx, m.SQL); err != nil {
			return fmt.Errorf("migration %04d: %w", m.Version, err)
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", Newest(all))); err != nil {
		return err
	}
	if broken, err := Broken(ctx, tx); err != nil || len(broken) > 0 {
		return errors.Join(err, fmt.Errorf("%w: %v", ErrBroken, broken))
	}
	return tx.Commit()
}

// copyBeside copies a database under the first name that is free, and reads the copy again.
func copyBeside(ctx context.Context, c *sql.Conn, f fsys.FS, file string, version int) error {
	name := fmt.Sprintf("%s.v%d.backup", file, version)
	for i := 2; ; i++ {
		if _, err := f.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return err
		}
		name = fmt.Sprintf("%s.v%d.%d.backup", file, version, i)
	}
	if err := Copy(ctx, c, f, name); err != nil {
		return err
	}
	copied, err := Readers(name, 1, 1<<10)
	if err != nil {
		return err
	}
	broken, err := Broken(ctx, copied)
	if err == nil && len(broken) > 0 {
		err = fmt.Errorf("%w: %s: %v", ErrBroken, name, broken)
	}
	return errors.Join(err, Close(copied))
}
