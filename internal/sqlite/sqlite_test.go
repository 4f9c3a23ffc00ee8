package sqlite_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/fsys"
	"framehold/internal/sqlite"
	"framehold/internal/studio"
)

func open(t *testing.T) (path string, write, read *sql.DB) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "a b%?.db") // a name that a URI would take apart
	write, err := sqlite.Writer(path, 1024)
	require.NoError(t, err)
	read, err = sqlite.Readers(path, 2, 1024)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sqlite.Close(read, write, nil)) })
	_, err = write.Exec(`CREATE TABLE a (x INTEGER PRIMARY KEY) STRICT; INSERT INTO a VALUES (7)`)
	require.NoError(t, err)
	return path, write, read
}

func TestReadersCannotWrite(t *testing.T) {
	_, _, read := open(t)
	_, err := read.Exec(`INSERT INTO a VALUES (8)`)
	require.Equal(t, studio.CodeReadOnly, studio.CodeOf(sqlite.Failure("write", err)))
}

// SQLite itself says that it syncs its journal at every commit, on each connection that the pool may make: only then is a commit
// on the disk when it returns. What no commit needs is in no file.
func TestEveryCommitIsSynced(t *testing.T) {
	const full, memory = 2, 2
	path, write, _ := open(t)
	of, err := sqlite.WriterOf(path, 1024)
	require.NoError(t, err)
	defer func() { require.NoError(t, of.Close()) }()
	for _, db := range []*sql.DB{write, of} {
		for range 3 {
			c, err := db.Conn(t.Context())
			require.NoError(t, err)
			var level, temporary int
			var journal string
			require.NoError(t, c.QueryRowContext(t.Context(), `PRAGMA synchronous`).Scan(&level))
			require.NoError(t, c.QueryRowContext(t.Context(), `PRAGMA journal_mode`).Scan(&journal))
			require.NoError(t, c.QueryRowContext(t.Context(), `PRAGMA temp_store`).Scan(&temporary))
			require.Equal(t, full, level)
			require.Equal(t, "wal", journal)
			require.Equal(t, memory, temporary)
			require.ErrorIs(t, c.Raw(func(any) error { return driver.ErrBadConn }), driver.ErrBadConn) // the pool makes another
		}
	}
}

func TestCopyIsWholeAndHasNoJournal(t *testing.T) {
	path, write, read := open(t)
	tx, err := write.Begin()
	require.NoError(t, err)
	_, err = tx.Exec(`INSERT INTO a VALUES (8)`)
	require.NoError(t, err)
	to := filepath.Join(filepath.Dir(path), "copy.db")
	require.NoError(t, sqlite.Copy(t.Context(), read, fsys.Real(), to), "while another writes")
	require.NoError(t, tx.Commit())
	require.Error(t, sqlite.Copy(t.Context(), read, fsys.Real(), to), "nothing is written over")
	require.NoFileExists(t, to+"-wal")
	copied, err := sqlite.Readers(to, 1, 1024)
	require.NoError(t, err)
	defer func() { require.NoError(t, copied.Close()) }()
	var rows int
	require.NoError(t, copied.QueryRow(`SELECT count(*) FROM a`).Scan(&rows))
	require.Equal(t, 1, rows, "what was committed")
}

func TestCopySyncsTheFileAndItsFolder(t *testing.T) {
	path, _, read := open(t)
	for _, failing := range []string{"sync", "syncdir"} {
		broken := fsys.NewFaulty(fsys.Real(), func(call, _ string) error {
			if call == failing {
				return syscall.EIO
			}
			return nil
		})
		err := sqlite.Copy(t.Context(), read, broken, path+"."+failing)
		require.ErrorIs(t, err, syscall.EIO, failing)
	}
}

func TestAnErrorHasTheCodeOfWhatHappened(t *testing.T) {
	path, _, read := open(t)
	broken := path + ".broken"
	require.NoError(t, os.WriteFile(broken, []byte("this is no database, however long it may be"), 0o600))
	db, err := sqlite.Readers(broken, 1, 1024)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	_, damaged := db.Exec(`SELECT * FROM sqlite_schema`)
	_, wrong := read.Exec(`SELECT * FROM nothing`)
	for _, c := range []struct {
		err  error
		want studio.Code
	}{
		{nil, ""},
		{damaged, studio.CodeDamaged},
		{fmt.Errorf("write: %w", syscall.ENOSPC), studio.CodeDiskFull},
		{syscall.EDQUOT, studio.CodeDiskFull},
		{fs.ErrPermission, studio.CodeReadOnly},
		{syscall.EROFS, studio.CodeReadOnly},
		{wrong, studio.CodeInternal},
		{errors.New("else"), studio.CodeInternal},
		{studio.Refuse(studio.CodeNotAssignee, studio.Params{}), studio.CodeNotAssignee},
	} {
		require.Equal(t, c.want, studio.CodeOf(sqlite.Failure("act", c.err)), "%v", c.err)
	}
}

func TestATriggersWordIsRead(t *testing.T) {
	_, write, _ := open(t)
	_, err := write.Exec(`CREATE TRIGGER t BEFORE INSERT ON a BEGIN SELECT RAISE(ABORT, 'framehold:not_assignee'); END`)
	require.NoError(t, err)
	_, err = write.Exec(`INSERT INTO a VALUES (8)`)
	word, raised := sqlite.Raised(err, "framehold:")
	require.True(t, raised)
	require.Equal(t, "not_assignee", word)
	_, err = write.Exec(`INSERT INTO a VALUES ('x')`)
	_, raised = sqlite.Raised(err, "framehold:")
	require.False(t, raised)
}

func TestAStatementThatWasGivenUpIsCancelled(t *testing.T) {
	_, _, read := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := read.ExecContext(ctx, `SELECT * FROM a`)
	require.ErrorIs(t, sqlite.Failure("read", err), context.Canceled)
}

// A transaction that was begun and is not committed leaves nothing, and the one connection that writes is free again: also behind
// a panic, and behind a statement at which SQLite ended the transaction itself.
func TestATransactionThatIsNotCommittedLeavesNothing(t *testing.T) {
	_, write, _ := open(t)
	var n int
	within := func(fn func(*sqlite.Transaction)) {
		tx, err := sqlite.Begin(t.Context(), write, true)
		require.NoError(t, err)
		defer func() {
			_ = recover()
			require.NoError(t, tx.Rollback())
			require.NoError(t, write.QueryRow(`SELECT count(*) FROM a`).Scan(&n))
		}()
		_, err = tx.ExecContext(t.Context(), `INSERT INTO a VALUES (8)`)
		require.NoError(t, err)
		fn(tx)
	}
	within(func(*sqlite.Transaction) {})
	require.Equal(t, 1, n)
	within(func(*sqlite.Transaction) { panic("broken") })
	require.Equal(t, 1, n)
	within(func(tx *sqlite.Transaction) {
		_, err := tx.ExecContext(t.Context(), `INSERT OR ROLLBACK INTO a VALUES (7)`)
		require.Error(t, err)
	})
	require.Equal(t, 1, n)
	ended, cancel := context.WithCancel(t.Context())
	within(func(tx *sqlite.Transaction) {
		cancel()
		require.ErrorIs(t, tx.Commit(ended), context.Canceled)
	})
	require.Equal(t, 1, n)
	within(func(tx *sqlite.Transaction) { require.NoError(t, tx.Commit(t.Context())) })
	require.Equal(t, 2, n)
}

// Whoever waits for the connection that writes stops waiting when their context ends.
func TestWaitingForAConnectionEndsWithTheContext(t *testing.T) {
	_, write, _ := open(t)
	held, err := sqlite.Begin(t.Context(), write, true)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err = sqlite.Begin(ctx, write, true)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, held.Rollback())
}
