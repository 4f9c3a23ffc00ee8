package sqlitedb_test

import (
	"database/sql"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"framehold/internal/fsys"
	"framehold/internal/serverdb"
	"framehold/internal/serverdb/dbtest"
	"framehold/internal/serverdb/memdb"
	"framehold/internal/serverdb/sqlitedb"
	"framehold/internal/studio"
)

var film = studio.ProjectID{ID: studio.ID{9}}

func open(t testing.TB, o sqlitedb.Options) *sqlitedb.Store {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.FS == nil {
		o.FS = fsys.Real()
	}
	s, err := sqlitedb.Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// played is a project in which a play of n acts was made, and the play, to go on with.
func played(t *testing.T, store serverdb.Store, n int) *dbtest.Play {
	t.Helper()
	p := dbtest.NewPlay(film, rand.New(rand.NewPCG(1, 1)).IntN)
	require.NoError(t, store.Create(t.Context(), film, serverdb.Head{GenNo: 1}))
	require.NoError(t, dbtest.Push(t.Context(), store, film, true, dbtest.Acts(p.Founding())))
	require.NoError(t, dbtest.Push(t.Context(), store, film, false, p.Some(n)))
	return p
}

// raw runs SQL on the file of a project as another program would: without our pragmas.
func raw(t *testing.T, dir, query string) error {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, film.String(), "project.db"))
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), query)
	require.NoError(t, db.Close())
	return err
}

func TestItPassesTheSuite(t *testing.T) {
	dbtest.Run(t, func(t *testing.T) serverdb.Store { return open(t, sqlitedb.Options{}) })
}

func TestItIsWhatMemoryIs(t *testing.T) {
	dbtest.Same(t, func() serverdb.Store { return memdb.New() }, func() serverdb.Store { return open(t, sqlitedb.Options{}) })
}

func TestItIsTheSameAfterItWasClosed(t *testing.T) {
	dir := t.TempDir()
	store := open(t, sqlitedb.Options{Dir: dir})
	p := played(t, store, 200)
	before := dbtest.Read(t, store, film, 1<<20)
	require.NoError(t, store.Close())
	require.Error(t, store.Tx(t.Context(), film, func(serverdb.Tx) error { return nil }))

	store = open(t, sqlitedb.Options{Dir: dir})
	require.Equal(t, before, dbtest.Read(t, store, film, 1<<20))
	require.NoError(t, dbtest.Push(t.Context(), store, film, true, p.Some(20)))
	dbtest.Sound(t, store, film)
}

// recorded plays pushes on a store in memory, and returns what was asked for and what came of it.
func recorded(t *testing.T, pushes int) (acts [][]dbtest.Act, end dbtest.Everything) {
	t.Helper()
	store, p := memdb.New(), dbtest.NewPlay(film, rand.New(rand.NewPCG(1, 1)).IntN)
	require.NoError(t, store.Create(t.Context(), film, serverdb.Head{GenNo: 1}))
	for i := range pushes {
		next := dbtest.Acts(p.Founding())
		if i > 0 {
			next = p.Some(5)
		}
		acts = append(acts, nil)
		require.NoError(t, dbtest.Push(t.Context(), store, film, i%2 == 0, func(v studio.View) (dbtest.Act, bool) {
			act, some := next(v)
			if some {
				acts[i] = append(acts[i], act)
			}
			return act, some
		}))
	}
	return acts, dbtest.Read(t, store, film, 1<<20)
}

// The k-th commit fails, for every k, until a whole play is through: nothing of it is left, and it can be said again.
func TestACommitThatFailsLeavesNothing(t *testing.T) {
	pushes, end := recorded(t, 10)
	errDisk := errors.New("no commit")
	for k := 1; ; k++ {
		commits, dir := 0, t.TempDir()
		o := sqlitedb.Options{Dir: dir, CommitFault: func() error {
			if commits++; commits == k {
				return errDisk
			}
			return nil
		}}
		store := open(t, o)
		require.NoError(t, store.Create(t.Context(), film, serverdb.Head{GenNo: 1}))
		for i, acts := range pushes {
			before := dbtest.Read(t, store, film, 1<<20)
			err := dbtest.Push(t.Context(), store, film, i%2 == 0, dbtest.Acts(acts))
			if err == nil {
				continue
			}
			require.ErrorIs(t, err, errDisk)
			require.Equal(t, before, dbtest.Read(t, store, film, 1<<20))
			require.NoError(t, store.Close())
			store = open(t, o)
			require.Equal(t, before, dbtest.Read(t, store, film, 1<<20))
			require.NoError(t, dbtest.Push(t.Context(), store, film, i%2 == 0, dbtest.Acts(acts)))
		}
		require.Equal(t, end, dbtest.Read(t, store, film, 1<<20))
		report, err := store.Check(t.Context(), film)
		require.NoError(t, err)
		require.Empty(t, report.Problems)
		if commits < k {
			return
		}
	}
}

// The k-th call of the file system fails, for every k, until a project is made: it can be made then all the same.
func TestACreateThatFailsCanBeRepeated(t *testing.T) {
	for k := 1; ; k++ {
		calls, dir := 0, t.TempDir()
		faulty := fsys.NewFaulty(fsys.Real(), func(string, string) error {
			if calls++; calls == k+1 { // the first one is Open's
				return syscall.ENOSPC
			}
			return nil
		})
		store := open(t, sqlitedb.Options{Dir: dir, FS: faulty})
		err := store.Create(t.Context(), film, serverdb.Head{GenNo: 7})
		if err == nil && calls <= k {
			return
		}
		if err != nil {
			require.Equal(t, studio.CodeDiskFull, studio.CodeOf(err))
			err = store.Create(t.Context(), film, serverdb.Head{GenNo: 7})
		}
		if err != nil { // it was there, and only the folder could not be synced
			require.ErrorIs(t, err, serverdb.ErrExists)
		}
		ids, err := store.Projects(t.Context())
		require.NoError(t, err)
		require.Equal(t, []studio.ProjectID{film}, ids)
		require.Equal(t, uint64(7), dbtest.Read(t, store, film, 1).Head.GenNo)
	}
}

func TestWhatIsNoProjectIsNotListed(t *testing.T) {
	dir := t.TempDir()
	store := open(t, sqlitedb.Options{Dir: dir})
	played(t, store, 0)
	for _, name := range []string{"studio.db", "0A" + strings.Repeat("0", 30), strings.Repeat("1", 32)} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, name), 0o700))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, strings.Repeat("1", 32), "project.new"), nil, 0o600)) // not whole
	ids, err := store.Projects(t.Context())
	require.NoError(t, err)
	require.Equal(t, []studio.ProjectID{film}, ids)
}

func TestABackupIsThatOfAMoment(t *testing.T) {
	store := open(t, sqlitedb.Options{})
	p := played(t, store, 100)
	before := dbtest.Read(t, store, film, 1<<20)
	dir := t.TempDir()
	copied := filepath.Join(dir, film.String(), "project.db")
	require.NoError(t, os.Mkdir(filepath.Dir(copied), 0o700))
	next, asked := p.Some(20), 0
	require.NoError(t, dbtest.Push(t.Context(), store, film, false, func(v studio.View) (dbtest.Act, bool) {
		if asked++; asked == 10 { // while a transaction has written
			require.NoError(t, store.Backup(t.Context(), film, copied))
		}
		return next(v)
	}))
	require.Error(t, store.Backup(t.Context(), film, copied), "it is there already")

	backup := open(t, sqlitedb.Options{Dir: dir})
	require.Equal(t, before, dbtest.Read(t, backup, film, 1<<20))
	require.NoError(t, backup.Tx(t.Context(), film, func(tx serverdb.Tx) error {
		return tx.SetHead(serverdb.Head{Generation: [8]byte{2}, GenNo: 2})
	}))
	require.NoError(t, dbtest.Push(t.Context(), backup, film, true, p.Some(5)))
	dbtest.Sound(t, backup, film)
}

// Another process has the project open too: what it defines is seen, and its ops come between ours.
func TestTwoProcessesSeeOneProject(t *testing.T) {
	dir := t.TempDir()
	one, two := open(t, sqlitedb.Options{Dir: dir}), open(t, sqlitedb.Options{Dir: dir})
	p := played(t, one, 50)
	for i := range 20 {
		require.NoError(t, dbtest.Push(t.Context(), []serverdb.Store{one, two}[i%2], film, true, p.Some(5)))
		require.Equal(t, dbtest.Read(t, one, film, 1<<20), dbtest.Read(t, two, film, 1<<20))
		dbtest.Sound(t, two, film)
	}
}

func TestAStoreOfANewerProgramIsNotOpened(t *testing.T) {
	dir := t.TempDir()
	store := open(t, sqlitedb.Options{Dir: dir})
	played(t, store, 0)
	require.NoError(t, store.Close())
	require.NoError(t, raw(t, dir, `PRAGMA user_version = 999`))
	read := func() error {
		return open(t, sqlitedb.Options{Dir: dir}).Read(t.Context(), film, func(serverdb.Snapshot) error { return nil })
	}
	require.Equal(t, studio.CodeStoreNewer, studio.CodeOf(read()))
	require.NoError(t, raw(t, dir, `PRAGMA application_id = 1`))
	require.Equal(t, studio.CodeDamaged, studio.CodeOf(read()))
	path := filepath.Join(dir, film.String(), "project.db")
	for _, content := range []string{"", strings.Repeat("no database. ", 1000)} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		require.Equal(t, studio.CodeDamaged, studio.CodeOf(read()), "%d bytes", len(content))
	}
}

func TestEventsCannotBeChanged(t *testing.T) {
	dir := t.TempDir()
	store := open(t, sqlitedb.Options{Dir: dir})
	played(t, store, 50)
	before := dbtest.Read(t, store, film, 1<<20)
	for _, query := range []string{
		`UPDATE event SET n = n + 1`, `UPDATE event SET body = x'00' WHERE seq = 3`, `DELETE FROM event WHERE seq = 3`,
		`DELETE FROM event`,
		`INSERT INTO event SELECT seq + 1000, randomblob(16), client_id, n + 1000, header, body, chain FROM event WHERE seq = 3`,
		`REPLACE INTO event SELECT seq, randomblob(16), client_id, n + 1000, header, body, chain FROM event WHERE seq = 3`,
	} {
		require.Error(t, raw(t, dir, query), query)
	}
	require.Equal(t, before, dbtest.Read(t, store, film, 1<<20))
}

func TestCheckFindsWhatIsWrongAndRebuildMendsWhatIsDerived(t *testing.T) {
	const some = ` WHERE rowid IN (SELECT rowid FROM event LIMIT 1 OFFSET 5)`
	for _, c := range []struct {
		query   string
		flaw    sqlitedb.Flaw
		derived bool
	}{
		{`DELETE FROM ref WHERE kind = 1`, sqlitedb.FlawRef, true},
		{`DELETE FROM ref; DELETE FROM sum; UPDATE head SET defs_seq = 0`, sqlitedb.FlawRef, true},
		{`INSERT INTO ref VALUES (4, randomblob(16), 11, randomblob(16))`, sqlitedb.FlawRef, true},
		{`UPDATE sum SET value = zeroblob(16) WHERE tbl = 7`, sqlitedb.FlawSum, true},
		{`UPDATE head SET defs_seq = defs_seq + 1`, sqlitedb.FlawDefs, true},
		{`UPDATE head SET stored = stored + 1`, sqlitedb.FlawSum, true},
		{`UPDATE state SET row = x'00' WHERE tbl = 14`, sqlitedb.FlawRow, false},
		{`UPDATE state SET key = randomblob(16) WHERE tbl = 9`, sqlitedb.FlawRow, false},
		{`UPDATE state SET seq = 100000 WHERE tbl = 14`, sqlitedb.FlawRow, false},
		{`DROP TRIGGER event_update; UPDATE event SET body = x'00'` + some, sqlitedb.FlawEvent, false},
		{`DROP TRIGGER event_update; UPDATE event SET n = n + 5000` + some, sqlitedb.FlawEvent, false},
		{`DROP TRIGGER event_delete; DELETE FROM event` + some, sqlitedb.FlawEvent, false},
		{`DROP TRIGGER event_delete; DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)`, sqlitedb.FlawHead, false},
		{`INSERT INTO lease_chunk VALUES (randomblob(16), randomblob(32), 1)`, sqlitedb.FlawFile, false},
	} {
		dir := t.TempDir()
		store := open(t, sqlitedb.Options{Dir: dir})
		played(t, store, 300)
		before := dbtest.Read(t, store, film, 1<<20)
		report, err := store.Check(t.Context(), film)
		require.NoError(t, err)
		require.Equal(t, sqlitedb.Report{Rows: len(before.Rows), Events: len(before.Events)}, report)

		require.NoError(t, raw(t, dir, c.query))
		report, err = store.Check(t.Context(), film)
		require.NoError(t, err)
		flaws := map[sqlitedb.Flaw]bool{}
		for _, p := range report.Problems {
			flaws[p.Flaw] = true
		}
		require.True(t, flaws[c.flaw], "%s: %v", c.query, report.Problems)
		if !c.derived {
			continue
		}
		require.NoError(t, store.Rebuild(t.Context(), film))
		report, err = store.Check(t.Context(), film)
		require.NoError(t, err)
		require.Empty(t, report.Problems)
		require.Equal(t, before, dbtest.Read(t, store, film, 1<<20))
		dbtest.Sound(t, store, film)
	}
}

func TestEveryTableSaysWhetherItIsTheTruth(t *testing.T) {
	b, err := fs.ReadFile(os.DirFS("."), "schema.sql")
	require.NoError(t, err)
	all := regexp.MustCompile(`(?m)^CREATE TABLE`).FindAllString(string(b), -1)
	strict := regexp.MustCompile(`(?m)^-- (canonical|derived): .+\n(-- .+\n)*CREATE TABLE \w+ \((?s:.*?)^\) STRICT(, WITHOUT ROWID)?;`)
	said := strict.FindAllString(string(b), -1)
	require.Len(t, said, len(all))
}
