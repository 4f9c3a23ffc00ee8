package projectdb_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

func options(t *testing.T) projectdb.Options {
	t.Helper()
	return projectdb.Options{Path: filepath.Join(t.TempDir(), "store", "project.db"), FS: fsys.Real(), Clock: clock.System()}
}

func create(t *testing.T, o projectdb.Options) {
	t.Helper()
	d, err := projectdb.Create(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, d.Close())
}

// sqlOf runs statements as another program would and returns the text of the last one's first row.
func sqlOf(t *testing.T, path string, statements ...string) (said string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	db.SetMaxOpenConns(1)
	last := len(statements) - 1
	for _, s := range statements[:last] {
		_, err := db.Exec(s)
		require.NoError(t, err)
	}
	require.NoError(t, db.QueryRow(statements[last]).Scan(&said))
	return said
}

func backups(t *testing.T, o projectdb.Options) []string {
	t.Helper()
	found, err := filepath.Glob(o.Path + ".v*.backup")
	require.NoError(t, err)
	return found
}

func write(d *projectdb.DB) error {
	_, err := d.Write(context.Background(), projectdb.Act{Lane: projectdb.LaneEdit, Kind: projectdb.ActCare},
		func(*projectdb.Tx) error { return nil })
	return err
}

// migrations are those of the program and one more.
func migrations(t *testing.T, sql string) fstest.MapFS {
	t.Helper()
	all := fstest.MapFS{}
	ours, err := filepath.Glob(filepath.Join("migrations", "*.sql"))
	require.NoError(t, err)
	for _, name := range ours {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		all[filepath.Base(name)] = &fstest.MapFile{Data: b}
	}
	all[fmt.Sprintf("%04d-lights.sql", len(ours)+2)] = &fstest.MapFile{Data: []byte(sql)}
	return all
}

// TestCase_H11: a store of an older program is carried over, alone and with a copy beside it; one of a newer program is read.
func TestCase_H11(t *testing.T) {
	t.Run("AnOldStoreIsCarriedOverWithACopyBesideIt", anOldStoreIsCarriedOver)
	t.Run("AMigrationWaitsForNobody", aMigrationWaitsForNobody)
	t.Run("ANewerStoreOpensReadOnly", aNewerStoreOpensReadOnly)
}

func anOldStoreIsCarriedOver(t *testing.T) {
	o := options(t)
	create(t, o)
	o.Migrations = migrations(t, `CREATE TABLE light (name TEXT) STRICT; INSERT INTO light VALUES ('key')`)
	for range 2 { // the second time there is nothing to do
		d, err := projectdb.Open(t.Context(), o)
		require.NoError(t, err)
		require.NoError(t, write(d))
		require.NoError(t, d.Close())
	}
	require.Equal(t, "key", sqlOf(t, o.Path, `SELECT name FROM light`))
	require.Equal(t, "3", sqlOf(t, o.Path, `PRAGMA user_version`))
	require.Len(t, backups(t, o), 1)
	require.Equal(t, "2", sqlOf(t, backups(t, o)[0], `PRAGMA user_version`))
	require.Equal(t, "ok", sqlOf(t, backups(t, o)[0], `PRAGMA integrity_check`))
}

// TestAStoreOfTheFirstSchemaBecomesAsAFreshOne carries it over; verify compares its schema with a fresh one.
func TestAStoreOfTheFirstSchemaBecomesAsAFreshOne(t *testing.T) {
	o := options(t)
	first, err := os.ReadFile(filepath.Join("testdata", "0001-schema.sql"))
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(o.Path), 0o700))
	create(t, projectdb.Options{Path: o.Path + ".fresh", FS: o.FS, Clock: o.Clock})
	application := sqlOf(t, o.Path+".fresh", `PRAGMA application_id`)
	sqlOf(t, o.Path, string(first), `PRAGMA application_id = `+application, `PRAGMA user_version = 1`, `PRAGMA journal_mode = wal`)
	d, err := projectdb.Open(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, d.ReadOnly())
	_, problems, err := d.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, problems)
	require.NoError(t, d.Close())
	require.Len(t, backups(t, o), 1)
}

// TestAnUpdatedProgramReadsWhatItKept: what a newer program had added has its columns and tables after the migration that
// makes them, and the rest stays as it came (row H9).
func TestAnUpdatedProgramReadsWhatItKept(t *testing.T) {
	o := options(t)
	create(t, o)
	view := studio.SavedView{ID: studio.ViewID{ID: studio.ID{1}}, Owner: studio.UserID{ID: studio.ID{2}}, Name: "Mine", Ver: 4}
	type blob = []byte
	db, err := sql.Open("sqlite", "file:"+o.Path)
	require.NoError(t, err)
	for query, args := range map[string][]any{
		// As a program kept them that knew no field of a project above 12, none of an event above 17, and no saved views.
		`INSERT INTO project VALUES (x'09090909090909090909090909090909', 'Film', 2, 0, 1, 0, 0, 0, '', 0, 0, 0, 7, 0, ?)`: {blob{13 << 3, 30, 0xc0, 2, 5}},
		`INSERT INTO newer_row VALUES (14, ?, ?), (200, x'01', x'02')`:                                                     {blob(view.Key()), studio.EncodeRow(view)},
		`INSERT INTO event VALUES (1, x'07070707070707070707070707070707', NULL, 0, x'02020202020202020202020202020202', 90, x'03030303030303030303030303030303', NULL, NULL, NULL, NULL, 0, 0, 1, '', '', 0, NULL, x'', zeroblob(32), ?)`: {
			slices.Concat(blob{0x92, 1, 16}, blob(view.Key()), blob{0xc0, 2, 5})},
	} {
		_, err := db.ExecContext(t.Context(), query, args...)
		require.NoError(t, err, query)
	}
	require.NoError(t, db.Close())
	o.Migrations = migrations(t, `SELECT 1`)
	d, err := projectdb.Open(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, d.Read(t.Context(), func(snap *projectdb.Snapshot) error {
		require.Equal(t, uint32(30), snap.Project().Options.ParkedDays)
		require.Len(t, snap.Project().Newer, 3)
		kept, ok := snap.View(view.ID)
		require.True(t, ok)
		require.Equal(t, view, kept)
		require.Equal(t, []studio.Row{studio.Opaque{Of: 200, At: "\x01", Form: "\x02"}}, snap.All(studio.TableNewer))
		return snap.Err()
	}))
	require.NoError(t, d.Close())
	require.Equal(t, "01 C00205", sqlOf(t, o.Path, `SELECT hex(substr(status, 1, 1)) || ' ' || hex(newer) FROM event`))
}

func TestTriggersAreMadeAnewByAMigration(t *testing.T) {
	const named = `SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name)`
	o := options(t)
	create(t, o)
	fresh := sqlOf(t, o.Path, named)
	sqlOf(t, o.Path, `DROP TRIGGER event_fixed`, `CREATE TRIGGER old_one AFTER INSERT ON event BEGIN SELECT 1; END`, `SELECT 1`)
	o.Migrations = migrations(t, `SELECT 1`)
	d, err := projectdb.Open(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, d.Close())
	require.Equal(t, fresh, sqlOf(t, o.Path, named))
}

func TestAMigrationThatFailsLeavesTheStoreAsItWas(t *testing.T) {
	for name, statement := range map[string]string{
		"a wrong statement":        `CREATE TABLE light (name TEXT) STRICT; SELECT nonsense`,
		"a row without its parent": `CREATE TABLE light (name TEXT); INSERT INTO asset_tag (asset, tag) VALUES (x'01', x'02')`,
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			create(t, o)
			old := o
			o.Migrations = migrations(t, statement)
			_, err := projectdb.Open(t.Context(), o)
			require.Error(t, err)
			require.Equal(t, "0", sqlOf(t, o.Path, `SELECT count(*) FROM sqlite_schema WHERE name = 'light'`))
			d, err := projectdb.Open(t.Context(), old)
			require.NoError(t, err)
			require.NoError(t, write(d))
			require.NoError(t, d.Close())
		})
	}
}

func aMigrationWaitsForNobody(t *testing.T) {
	o := options(t)
	create(t, o)
	older, err := projectdb.Open(t.Context(), o)
	require.NoError(t, err)
	o.Migrations = migrations(t, `CREATE TABLE light (name TEXT) STRICT`)
	_, err = projectdb.Open(t.Context(), o)
	require.Equal(t, studio.CodeStoreInUse, studio.CodeOf(err))
	require.Empty(t, backups(t, o))
	require.NoError(t, write(older))
	require.NoError(t, older.Close())
	newer, err := projectdb.Open(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, newer.Close())
}

func TestMigrationsAreNumberedWithoutAGap(t *testing.T) {
	o := options(t)
	create(t, o)
	o.Migrations = fstest.MapFS{"0004-lights.sql": {Data: []byte(`SELECT 1`)}}
	_, err := projectdb.Open(t.Context(), o)
	require.ErrorContains(t, err, "0004-lights.sql")
}

func aNewerStoreOpensReadOnly(t *testing.T) {
	o := options(t)
	create(t, o)
	sqlOf(t, o.Path, `PRAGMA user_version = 99`, `SELECT 1`)
	d, err := projectdb.Open(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, studio.CodeStoreNewer, studio.CodeOf(d.ReadOnly()))
	require.Equal(t, studio.CodeStoreNewer, studio.CodeOf(write(d)))
	require.NoError(t, d.Close())
	require.Equal(t, "99", sqlOf(t, o.Path, `PRAGMA user_version`))
}

func TestAStoreOnAReadOnlyMediumOpensReadOnly(t *testing.T) {
	for _, cause := range []error{syscall.EROFS, os.ErrPermission} {
		o := options(t)
		create(t, o)
		o.FS = fsys.NewFaulty(fsys.Real(), func(call, path string) error {
			if call == "lock" && strings.HasSuffix(path, ".lock") {
				return cause
			}
			return nil
		})
		d, err := projectdb.Open(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, studio.CodeReadOnly, studio.CodeOf(write(d)))
		require.NoError(t, d.Close())
	}
}

func TestAStoreReadAsImmutableIsNotReadOnWhileItChanges(t *testing.T) {
	o := options(t)
	create(t, o)
	frozen := o
	frozen.FS = fsys.NewFaulty(fsys.Real(), func(call, path string) error {
		if call == "lock" && strings.HasSuffix(path, ".lock") {
			return syscall.ENOSPC
		}
		return nil
	})
	d, err := projectdb.Open(t.Context(), frozen)
	require.NoError(t, err)
	require.Equal(t, studio.CodeDiskFull, studio.CodeOf(write(d)))
	read := func() error { return d.Read(t.Context(), func(*projectdb.Snapshot) error { return nil }) }
	require.NoError(t, read())

	other, err := projectdb.Open(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, write(other))
	require.Equal(t, studio.CodeTimeout, studio.CodeOf(read()))
	require.NoError(t, other.Close())
	require.Equal(t, studio.CodeTimeout, studio.CodeOf(read()))
	require.NoError(t, d.Close())
}

func TestWhatIsNoStoreIsDamagedAndLeftAsItIs(t *testing.T) {
	for name, body := range map[string]string{
		"empty":       "",
		"not SQLite":  strings.Repeat("no database ", 1000),
		"cut in half": "SQLite format 3\x00",
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			require.NoError(t, os.MkdirAll(filepath.Dir(o.Path), 0o755))
			require.NoError(t, os.WriteFile(o.Path, []byte(body), 0o600))
			_, err := projectdb.Open(t.Context(), o)
			require.Equal(t, studio.CodeDamaged, studio.CodeOf(err), "%v", err)
			left, err := os.ReadFile(o.Path)
			require.NoError(t, err)
			require.True(t, body == string(left), "its bytes are as they were")
		})
	}
	o := options(t)
	require.NoError(t, os.MkdirAll(filepath.Dir(o.Path), 0o755))
	sqlOf(t, o.Path, `CREATE TABLE other (x)`, `PRAGMA user_version = 1`, `SELECT 1`)
	_, err := projectdb.Open(t.Context(), o)
	require.Equal(t, studio.CodeDamaged, studio.CodeOf(err), "another program's database")
}

// A transaction whose context ends says nothing more, and is not committed.
func TestATransactionEndsWithItsContext(t *testing.T) {
	o := options(t)
	d, err := projectdb.Create(t.Context(), o)
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	act := projectdb.Act{Lane: projectdb.LaneEdit, Kind: projectdb.ActCare}
	folder := studio.ID{1}
	for _, between := range []bool{true, false} {
		ctx, stop := context.WithCancel(t.Context())
		_, err = d.Write(ctx, act, func(tx *projectdb.Tx) error {
			require.NoError(t, tx.SetFolder(folder, "/films", 1))
			stop()
			if between {
				return tx.SetFolder(folder, "/films", 2)
			}
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
	}
	require.NoError(t, write(d))
	ctx, stop := context.WithCancel(t.Context())
	require.ErrorIs(t, d.Read(ctx, func(s *projectdb.Snapshot) error {
		_, there := s.Folder(folder)
		require.False(t, there)
		stop()
		_, there = s.Folder(folder)
		require.False(t, there)
		return nil
	}), context.Canceled)
}
