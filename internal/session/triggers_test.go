package session_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver, for statements that no act of ours makes

	"framehold/internal/studio"
)

// raw opens the store of the first home as another program would.
func (w *world) raw() *sql.DB {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.home, "*", "stores", "*", "project.db"))
	require.NoError(w.t, err)
	require.Len(w.t, found, 1)
	db, err := sql.Open("sqlite", "file:"+found[0]+"?_pragma=busy_timeout(10000)&_pragma=foreign_keys(1)")
	require.NoError(w.t, err)
	db.SetMaxOpenConns(1)
	w.t.Cleanup(func() { require.NoError(w.t, db.Close()) })
	return db
}

func randomID() []byte {
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	return id
}

const eventSQL = `INSERT INTO event (seq, op_id, n, actor, kind, entity, about, made_hlc, received_ms, verdict, reason, result, version, body, chain)
	SELECT max(seq) + 1, ?, 0, ?, 20, ?, ?, 1, 1, 1, '', '', 2, x'00', x'00' FROM event`

const checkpointSQL = ` INTO checkpoint (id, asset, author, base, prev, assignment, status_at_creation, status_at_acceptance, manifest, bytes,
	new_bytes, comment, state, version, no_change, made_hlc, received_ms, ver)
	SELECT ?, k.asset, ?, k.id, k.id, a.assignment, a.status, a.status, k.manifest, k.bytes, 0, 'by hand', 2, a.next_version, 0, 1, 1, 1
	FROM asset a JOIN checkpoint k ON k.id = a.head WHERE a.id = ?`

// A statement of another program meets the same rule as an act: the very row that the holder may write is refused to
// everyone else. Each is tried in a transaction that is rolled back.
func TestTheStoreRefusesToRawSQLWhatTheRulesRefuse(t *testing.T) {
	w := newWorld(t)
	people, held := w.holders()
	users := map[string]studio.UserID{}
	for name, s := range people {
		users[name] = s.Me()
	}
	db := w.raw()
	try := func(verb, author string, asset studio.AssetID, event bool) error {
		tx, err := db.Begin()
		require.NoError(t, err)
		defer func() { require.NoError(t, tx.Rollback()) }()
		id := randomID()
		if event {
			_, err = tx.Exec(eventSQL, randomID(), users[author].Bytes(), asset.Bytes(), id)
			require.NoError(t, err)
		}
		_, err = tx.Exec(verb+checkpointSQL, id, users[author].Bytes(), asset.Bytes())
		return err
	}
	accepted := 0
	for holder, asset := range held {
		for author := range users {
			for _, verb := range []string{"INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"} {
				err := try(verb, author, asset, true)
				switch {
				case holder == author:
					require.NoError(t, err, "%s of %s by %s", verb, holder, author)
					accepted++
				case holder == "nobody":
					require.ErrorContains(t, err, "framehold:unassigned", "%s by %s", verb, author)
				default:
					require.ErrorContains(t, err, "framehold:not_assignee", "%s of %s by %s", verb, holder, author)
				}
			}
			require.Error(t, try("INSERT", author, asset, false), "without its event")
		}
	}
	require.Equal(t, 2*3, accepted)
}

func TestTheStoreRefusesToChangeHistory(t *testing.T) {
	w := newWorld(t)
	ana := w.init("ana")
	ben := member(t, ana, "ben", "Artist")
	w.write("ana.blend", "one")
	id := addTask(t, ana, "ana.blend", ana.Me())
	w.write("ana.blend", "two")
	require.NoError(t, save(t, ana, "ana.blend", "two", "").Err)
	db := w.raw()
	for name, statement := range map[string]string{
		"an event is edited":            `UPDATE event SET reason = 'x' WHERE seq = 3`,
		"an event is deleted":           `DELETE FROM event WHERE seq = 3`,
		"an event is replaced":          `INSERT OR REPLACE INTO event SELECT * FROM event WHERE seq = 3`,
		"a comment is changed":          `UPDATE checkpoint SET comment = 'x' WHERE version = 1`,
		"an author is changed":          `UPDATE checkpoint SET author = x'00' WHERE version = 1`,
		"a status at creation changes":  `UPDATE checkpoint SET status_at_creation = x'00' WHERE version = 1`,
		"a checkpoint is deleted":       `DELETE FROM checkpoint WHERE version = 1`,
		"a checkpoint is replaced":      `INSERT OR REPLACE INTO checkpoint SELECT * FROM checkpoint WHERE version = 1`,
		"the head goes back":            `UPDATE asset SET head = (SELECT id FROM checkpoint WHERE version = 1)`,
		"the assignee changes by hand":  `UPDATE asset SET assignee = x'00000000000000000000000000000001'`,
		"nobody holds it all at once":   `UPDATE asset SET assignee = NULL, assignment = NULL`,
		"a second holding is written":   `INSERT INTO assignment SELECT randomblob(16), asset, to_user, by_user, '', 1, 0, NULL FROM assignment`,
		"a holding is deleted":          `DELETE FROM assignment`,
		"a row is left in the act":      `INSERT INTO act (one, lane, kind, actor, since_seq, never) VALUES (1, 'edit', 'edit', x'00', 0, 0)`,
		"an asset is made with a head":  `INSERT OR REPLACE INTO asset SELECT * FROM asset`,
		"a version is numbered by hand": `UPDATE asset SET next_version = 9`,
	} {
		_, err := db.Exec(statement)
		forbidden(t, err, name)
	}
	_ = ben
	v, err := ana.Verify(context.Background(), nil)
	require.NoError(t, err)
	require.Empty(t, v.Problems)
	k, err := ana.Version(context.Background(), id, "")
	require.NoError(t, err)
	require.Equal(t, uint32(2), k.Version)
}

func TestVerifyNamesAnEventWhoseByteWasChanged(t *testing.T) {
	w := newWorld(t)
	ana := w.init("ana")
	w.write("ana.blend", "one")
	addTask(t, ana, "ana.blend", ana.Me())
	db := w.raw()
	for _, statement := range []string{`DROP TRIGGER event_fixed`, `UPDATE event SET received_ms = received_ms + 1 WHERE seq = 5`} {
		_, err := db.Exec(statement)
		require.NoError(t, err)
	}
	v, err := ana.Verify(context.Background(), nil)
	require.NoError(t, err)
	about := []string{}
	for _, p := range v.Problems {
		about = append(about, p.About)
	}
	require.Contains(t, about, "event 5")
}

func TestVerifyNamesADamagedPackAndRepairMendsItFromTheWorkingFile(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ana := w.init("ana")
	w.write("ana.blend", "one")
	addTask(t, ana, "ana.blend", ana.Me())
	packs, err := filepath.Glob(filepath.Join(w.home, "*", "stores", "*", "packs", "*.pack"))
	require.NoError(t, err)
	require.Len(t, packs, 1)
	b, err := os.ReadFile(packs[0])
	require.NoError(t, err)
	b[len(b)-6] ^= 1
	require.NoError(t, os.WriteFile(packs[0], b, 0o600))
	v, err := ana.Verify(ctx, nil)
	require.NoError(t, err)
	require.NotEmpty(t, v.Problems)
	require.Equal(t, "ana.blend v1", v.Problems[len(v.Problems)-1].About)

	mended, err := ana.Repair(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, 1, mended)
	v, err = ana.Verify(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, v.Problems)
}
