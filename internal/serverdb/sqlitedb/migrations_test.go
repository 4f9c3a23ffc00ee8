package sqlitedb_test

import (
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/fsys"
	"framehold/internal/serverdb"
	"framehold/internal/serverdb/sqlitedb"
	"framehold/internal/studio"
)

// TestAnOldProjectBecomesAsAFreshOne carries a project of the first schema over: its tables are then those of a fresh one, and
// what it held is counted.
func TestAnOldProjectBecomesAsAFreshOne(t *testing.T) {
	old, err := os.ReadFile(filepath.Join("testdata", "0001-schema.sql"))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, film.String()), 0o700))
	require.NoError(t, raw(t, dir, string(old)+`
		PRAGMA application_id = 1179145028; PRAGMA user_version = 1; PRAGMA journal_mode = wal;
		INSERT INTO head VALUES (1, zeroblob(8), 1, 0, zeroblob(32), NULL, 7, 0);
		INSERT INTO chunk VALUES (zeroblob(32), x'0505', 0, 40, 50, 0), (randomblob(32), x'0505', 40, 2, 2, 0);
		INSERT INTO condemned VALUES (x'0505');
		INSERT INTO lease VALUES (zeroblob(16), 9); INSERT INTO lease_chunk VALUES (zeroblob(16), zeroblob(32))`))
	store := open(t, sqlitedb.Options{Dir: dir, Alone: func() (io.Closer, error) { return fsys.Real().Lock(filepath.Join(dir, "alone"), false) }})
	require.NoError(t, store.Read(t.Context(), film, func(snap serverdb.Snapshot) error {
		require.Equal(t, int64(42), snap.Head().Stored)
		require.Equal(t, []bool{true}, snap.Protected([]studio.Hash{{}}))
		require.Len(t, snap.Packs(), 1)
		return snap.Err()
	}))
	report, err := store.Check(t.Context(), film)
	require.NoError(t, err)
	require.Empty(t, report.Problems)

	freshDir := t.TempDir()
	require.NoError(t, open(t, sqlitedb.Options{Dir: freshDir}).Create(t.Context(), film, serverdb.Head{GenNo: 1}))
	require.Equal(t, shape(t, freshDir), shape(t, dir))
}

// shape lists the columns of each table, the indexes and the triggers.
func shape(t *testing.T, dir string) (lines []string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, film.String(), "project.db"))
	require.NoError(t, err)
	rows, err := db.QueryContext(t.Context(), `SELECT s.name || ' ' || c.name || ' ' || c.type || ' ' || c."notnull" || ' ' || coalesce(c.dflt_value, '')
		FROM sqlite_schema s JOIN pragma_table_info(s.name) c WHERE s.type = 'table' UNION ALL
		SELECT s.name || ' ' || s.sql FROM sqlite_schema s WHERE s.type IN ('index', 'trigger') AND s.sql IS NOT NULL ORDER BY 1`)
	require.NoError(t, err)
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		lines = append(lines, line)
	}
	require.NoError(t, errors.Join(rows.Err(), rows.Close(), db.Close()))
	require.Greater(t, len(lines), 50)
	return lines
}
