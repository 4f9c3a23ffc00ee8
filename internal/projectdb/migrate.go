package projectdb

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"framehold/internal/fsys"
	"framehold/internal/sqlite"
	"framehold/internal/studio"
)

//go:embed migrations
var embedded embed.FS

// migrations of this program, or those that a test gives.
func (d *DB) migrations() ([]sqlite.Migration, error) {
	dir := d.o.Migrations
	if dir == nil {
		var err error
		if dir, err = fs.Sub(embedded, "migrations"); err != nil {
			return nil, err
		}
	}
	return sqlite.Migrations(dir)
}

// migrate carries an old store to the newest version: alone with it, with a copy beside it, in one transaction.
// Code: store_in_use, while another process has the store open; it is then as it was.
func (d *DB) migrate(ctx context.Context, all []sqlite.Migration) (err error) {
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

func (d *DB) migrateAlone(ctx context.Context, all []sqlite.Migration) (err error) {
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
	if version >= sqlite.Newest(all) {
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
	for _, step := range []func(context.Context, *sql.Tx, int, []sqlite.Migration) error{dropTriggers, carry, settle, makeTriggers, examine} {
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

func dropTriggers(ctx context.Context, tx *sql.Tx, _ int, _ []sqlite.Migration) error {
	names, err := sqlite.Values[string](ctx, tx, `SELECT name FROM sqlite_schema WHERE type = 'trigger'`)
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

func carry(ctx context.Context, tx *sql.Tx, version int, all []sqlite.Migration) error {
	statements := []string{}
	for _, m := range all {
		if m.Version > version {
			statements = append(statements, m.SQL)
		}
	}
	for _, q := range append(statements, fmt.Sprintf("PRAGMA user_version = %d", sqlite.Newest(all))) {
		if _, err := tx.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// settle has this program read what an older one kept without knowing it: fields that have a column now, rows that have a table.
func settle(ctx context.Context, tx *sql.Tx, _ int, _ []sqlite.Migration) error {
	w := Tx{reader: newReader(ctx, tx)}
	defer w.close()
	for _, o := range list(&w.reader, newerTable, "WHERE table_no <= ?", studio.TableLast) {
		row, err := studio.RowFrom(o.Of, o.At, []byte(o.Form))
		if err != nil {
			return err
		}
		t := newerTable(&o)
		if err := errors.Join(w.put(tableOf(row)),
			w.exec("DELETE FROM "+t.name+" WHERE "+t.keySQL(), t.values()[:t.keys]...)); err != nil {
			return err
		}
	}
	for _, zero := range stateRows {
		if !w.grown(tableOf(zero)) {
			continue
		}
		for _, old := range w.All(zero.Table()) {
			row, err := studio.DecodeRow(old.Table(), studio.EncodeRow(old))
			if err == nil {
				err = w.put(tableOf(row))
			}
			if err != nil {
				return err
			}
		}
	}
	var grown []studio.Event
	err := w.each(eventSelect("WHERE newer IS NOT NULL"), nil, func(row scanner) error {
		var ev studio.Event
		err := scanEvent(row, &ev)
		grown = append(grown, ev)
		return err
	})
	for i := range grown {
		if err == nil {
			grown[i], err = studio.EventFrom(grown[i].Header(), nil)
		}
		if err == nil {
			err = w.put(eventTable(&grown[i]))
		}
	}
	return errors.Join(err, w.Err())
}

func makeTriggers(ctx context.Context, tx *sql.Tx, _ int, _ []sqlite.Migration) error {
	_, err := tx.ExecContext(ctx, triggers())
	return err
}

// examine refuses what does not hold any more.
func examine(ctx context.Context, tx *sql.Tx, _ int, _ []sqlite.Migration) error {
	broken, err := sqlite.Broken(ctx, tx)
	if err != nil || len(broken) == 0 {
		return err
	}
	return errors.Join(studio.Refuse(studio.CodeDamaged, studio.Params{Path: "project.db", N: len(broken)}), fmt.Errorf("%v", broken))
}
