package accounts_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"framehold/internal/auth"
	"framehold/internal/fsys"
	"framehold/internal/serverdb/accounts"
	"framehold/internal/studio"
)

func TestADatabaseIsNeverMadeInPlaceOfALostOne(t *testing.T) {
	w := newWorld(t)
	o := w.options(cheap)
	o.Path = filepath.Join(t.TempDir(), "studio.db")
	_, err := accounts.Open(ctx, o)
	w.refused(studio.CodeStudioMissing, err)
	require.NoFileExists(t, o.Path)
	require.NoError(t, os.WriteFile(o.Path, nil, 0o600))
	_, err = accounts.Open(ctx, o)
	w.refused(studio.CodeDamaged, err)
	db, err := accounts.Create(ctx, o) // one that a crash left empty is made
	require.NoError(t, err)
	require.NoError(t, db.Close())
	require.NoError(t, os.WriteFile(o.Path, []byte(strings.Repeat("no database ", 1000)), 0o600))
	_, err = accounts.Open(ctx, o)
	w.refused(studio.CodeDamaged, err)
	_, err = accounts.Create(ctx, o)
	w.refused(studio.CodeDamaged, err)
}

func TestANewerOrForeignDatabaseIsLeftAlone(t *testing.T) {
	for query, code := range map[string]studio.Code{
		`PRAGMA user_version = 2`:          studio.CodeStoreNewer,
		`PRAGMA user_version = 0`:          studio.CodeDamaged,
		`PRAGMA application_id = 12345678`: studio.CodeDamaged,
	} {
		w := newWorld(t)
		db, err := sql.Open("sqlite", "file:"+w.path)
		require.NoError(t, err)
		_, err = db.Exec(query)
		require.NoError(t, errors.Join(err, db.Close()))
		_, err = accounts.Open(ctx, w.options(cheap))
		w.refused(code, err)
		_, err = accounts.Create(ctx, w.options(cheap))
		w.refused(studio.CodeStoreInUse, err)
	}
}

// What an older program has written is carried over with a copy beside it, when nobody else has it open (row H18).
func TestAnOlderDatabaseIsCarriedOver(t *testing.T) {
	w := newWorld(t)
	w.user("ana")
	o := w.options(cheap)
	o.Migrations = fstest.MapFS{"0002-lights.sql": {Data: []byte(`CREATE TABLE light (name TEXT) STRICT`)}}
	_, err := accounts.Open(ctx, o)
	w.refused(studio.CodeStoreInUse, err)
	copied := filepath.Join(t.TempDir(), "studio.db")
	require.NoError(t, w.CopyTo(ctx, copied))
	o.Path = copied
	for range 2 {
		db, err := accounts.Open(ctx, o)
		require.NoError(t, err)
		_, err = db.UserNamed(ctx, "ana")
		require.NoError(t, errors.Join(err, db.Check(ctx), db.Close()))
	}
	found, err := filepath.Glob(copied + ".v1*.backup")
	require.NoError(t, err)
	require.Len(t, found, 1)
	o.Migrations = nil
	_, err = accounts.Open(ctx, o)
	w.refused(studio.CodeStoreNewer, err)
}

// With each call of the file system failing in turn: a studio that was not made can be made afterwards.
func TestMakingAStudioCanBeTriedAgain(t *testing.T) {
	w := newWorld(t)
	for k := 1; ; k++ {
		require.Less(t, k, 100)
		left := k
		o := w.options(cheap)
		o.Path = filepath.Join(t.TempDir(), "data", "studio.db")
		o.FS = fsys.NewFaulty(fsys.Real(), func(string, string) error {
			if left--; left == 0 {
				return syscall.EIO
			}
			return nil
		})
		db, err := accounts.Create(ctx, o)
		if err == nil {
			require.NoError(t, db.Close())
			require.Greater(t, k, 4)
			return
		}
		require.ErrorIs(t, err, syscall.EIO)
		db, err = accounts.Create(ctx, o)
		require.NoError(t, err)
		require.NoError(t, errors.Join(db.Check(ctx), db.Close()))
	}
}

func TestTheDatabaseIsForTheServerAlone(t *testing.T) {
	w := newWorld(t)
	w.user("ana")
	if runtime.GOOS == "windows" {
		return // modes say nothing there
	}
	files, err := filepath.Glob(w.path + "*")
	require.NoError(t, err)
	require.Greater(t, len(files), 2)
	for _, f := range files {
		i, err := os.Stat(f)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o600), i.Mode().Perm(), f)
	}
}

func TestACopyIsAStudio(t *testing.T) {
	w := newWorld(t)
	w.user("ana")
	o := w.options(cheap)
	o.Path = filepath.Join(t.TempDir(), "copy.db")
	require.NoError(t, w.CopyTo(ctx, o.Path))
	db, err := accounts.Open(ctx, o)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, err = db.SignIn(ctx, as("ana", password))
	require.NoError(t, errors.Join(err, db.Check(ctx)))
}

func TestDamageIsFound(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Check(ctx))
	db, err := sql.Open("sqlite", "file:"+w.path)
	require.NoError(t, err)
	_, err = db.Exec(`INSERT INTO credential (user, phc, changed_ms) VALUES (x'01', '', 0)`)
	require.NoError(t, errors.Join(err, db.Close()))
	w.refused(studio.CodeDamaged, w.Check(ctx))
}

func TestWhoIsCancelledIsToldSo(t *testing.T) {
	w := newWorld(t)
	w.user("ana")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_, err := w.SignIn(gone, as("ana", password))
	require.ErrorIs(t, err, context.Canceled)
	_, err = w.Session(gone, auth.NewToken())
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, w.RevokeEveryone(gone), context.Canceled)
}
