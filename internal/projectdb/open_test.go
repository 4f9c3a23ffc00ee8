package projectdb_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
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

func migrations(sql string) fstest.MapFS {
	return fstest.MapFS{"0002-lights.sql": {Data: []byte(sql)}}
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
	o.Migrations = migrations(`CREATE TABLE light (name TEXT) STRICT; INSERT INTO light VALUES ('key')`)
	for range 2 { // the second time there is nothing to do
		d, err := projectdb.Open(t.Context(), o)
		require.NoError(t, err)
		require.NoError(t, write(d))
		require.NoError(t, d.Close())
	}
	require.Equal(t, "key", sqlOf(t, o.Path, `SELECT name FROM light`))
	require.Equal(t, "2", sqlOf(t, o.Path, `PRAGMA user_version`))
	require.Len(t, backups(t, o), 1)
	require.Equal(t, "1", sqlOf(t, backups(t, o)[0], `PRAGMA user_version`))
	require.Equal(t, "ok", sqlOf(t, backups(t, o)[0], `PRAGMA integrity_check`))
}

func TestTriggersAreMadeAnewByAMigration(t *testing.T) {
	const named = `SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name)`
	o := options(t)
	create(t, o)
	fresh := sqlOf(t, o.Path, named)
	sqlOf(t, o.Path, `DROP TRIGGER event_fixed`, `CREATE TRIGGER old_one AFTER INSERT ON event BEGIN SELECT 1; END`, `SELECT 1`)
	o.Migrations = migrations(`SELECT 1`)
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
			o.Migrations = migrations(statement)
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
	o.Migrations = migrations(`CREATE TABLE light (name TEXT) STRICT`)
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
	o.Migrations = fstest.MapFS{"0003-lights.sql": {Data: []byte(`SELECT 1`)}}
	_, err := projectdb.Open(t.Context(), o)
	require.ErrorContains(t, err, "0003-lights.sql")
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
