package projectdb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"framehold/internal/fsys"
	"framehold/internal/sqlite"
	"framehold/internal/studio"
)

//go:embed migrations
var embedded embed.FS

// migration carries a store from the version below to its own.
type migration struct {
	version int
	sql     string
}

// migrationsIn reads the files NNNN-what.sql of a folder: from 2 on, without a gap.
func migrationsIn(dir fs.FS) ([]migration, error) {
	names, err := fs.Glob(dir, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	var all []migration
	for i, name := range names {
		number, _, ok := strings.Cut(path.Base(name), "-")
		if want := fmt.Sprintf("%04d", i+2); !ok || number != want {
			return nil, fmt.Errorf("migration %s: its number should be %s", name, want)
		}
		b, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, err
		}
		all = append(all, migration{i + 2, string(b)})
	}
	return all, nil
}

// migrations of this program, or those that a test gives.
func (d *DB) migrations() ([]migration, error) {
	dir := d.o.Migrations
	if dir == nil {
		var err error
		if dir, err = fs.Sub(embedded, "migrations"); err != nil {
			return nil, err
		}
	}
	return migrationsIn(dir)
}

// migrate carries an old store to the newest version: alone with it, with a copy beside it, in one transaction.
// Code: store_in_use, while another process has the store open; it is then as it was.
func (d *DB) migrate(ctx context.Context, all []migration) (err error) {
	if err := d.inUse.Close(); err != nil {
		return failure("migrate store", err)
	}
	d.inUse = nil
	alone, err := d.o.FS.Lock(d.o.Path+".lock", false)
	if errors.Is(err, fsys.ErrLocked) {
		return studio.Refuse(studio.CodeStoreInUse, studio.Params{Path: d.o.Path})
	}
	if err != nil {
		return failure("migrate store", err)
	}
	err = d.migrateAlone(ctx, all)
	if err = errors.Join(err, alone.Close()); err != nil {
		return err
	}
	d.inUse, err = d.o.FS.Lock(d.o.Path+".lock", true)
	return failure("open store", err)
}

func (d *DB) migrateAlone(ctx context.Context, all []migration) (err error) {
	c, err := d.write.Conn(ctx) // foreign_keys is a setting of a connection, and no transaction may change it
	if err != nil {
		return failure("migrate store", err)
	}
	defer func() {
		_, on := c.ExecContext(context.WithoutCancel(ctx), `PRAGMA foreign_keys = 1`)
		err = errors.Join(err, failure("migrate store", on), c.Close())
	}()
	var version int
	if err := c.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return failure("migrate store", err)
	}
	if version >= newest(all) {
		return nil // another process was first
	}
	if err := d.backUp(ctx, c, version); err != nil {
		return err
	}
	if _, err := c.ExecContext(ctx, `PRAGMA foreign_keys = 0`); err != nil {
		return failure("migrate store", err)
	}
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return failure("migrate store", err)
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	for _, step := range []func(context.Context, *sql.Tx, int, []migration) error{dropTriggers, carry, examine} {
		if err := step(ctx, tx, version, all); err != nil {
			return failure("migrate store", err)
		}
	}
	return failure("migrate store", tx.Commit())
}

// backUp copies the store beside itself.
func (d *DB) backUp(ctx context.Context, c *sql.Conn, version int) error {
	at := d.o.Clock.Now().UTC().Format("20060102T150405.000Z")
	name := fmt.Sprintf("%s.v%d.%s.backup", d.o.Path, version, at)
	return failure("back up store", sqlite.Copy(ctx, c, d.o.FS, name))
}

func dropTriggers(ctx context.Context, tx *sql.Tx, _ int, _ []migration) error {
	names, err := values[string](ctx, tx, `SELECT name FROM sqlite_schema WHERE type = 'trigger'`)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := tx.ExecContext(ctx, `DROP TRIGGER "`+strings.ReplaceAll(name, `"`, `""`)+`"`); err != nil {
			return err
		}
	}
	return nil
}

func carry(ctx context.Context, tx *sql.Tx, version int, all []migration) error {
	statements := []string{}
	for _, m := range all {
		if m.version > version {
			statements = append(statements, m.sql)
		}
	}
	statements = append(statements, triggers(), fmt.Sprintf("PRAGMA user_version = %d", newest(all)))
	for _, q := range statements {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// examine queries what an Exec would discard: what does not hold any more.
func examine(ctx context.Context, tx *sql.Tx, _ int, _ []migration) error {
	broken, err := values[string](ctx, tx, `SELECT "table" FROM pragma_foreign_key_check`)
	if err != nil {
		return err
	}
	said, err := values[string](ctx, tx, `SELECT integrity_check FROM pragma_integrity_check`)
	if err != nil {
		return err
	}
	if len(broken) > 0 || len(said) != 1 || said[0] != "ok" {
		return errors.Join(studio.Refuse(studio.CodeDamaged, studio.Params{Path: "project.db", N: len(broken) + len(said)}),
			fmt.Errorf("rows without their parent in %v; integrity: %v", broken, said))
	}
	return nil
}

func values[T any](ctx context.Context, tx *sql.Tx, query string) (all []T, err error) {
	rows, err := tx.QueryContext(ctx, query)
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

// newest is the version that the migrations lead to.
func newest(all []migration) int { return 1 + len(all) }
