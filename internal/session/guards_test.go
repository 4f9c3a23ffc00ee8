package session_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

// guarded is a film with two versions of ana's file, a safety checkpoint of it, a second task, and a resource.
func (w *world) guarded() (held studio.AssetID, db *sql.DB) {
	w.t.Helper()
	ana := w.init("ana")
	member(w.t, ana, "ben", "Artist")
	w.write("ana.blend", "one")
	held = addTask(w.t, ana, "ana.blend", ana.Me())
	w.write("other.blend", "one of another")
	addTask(w.t, ana, "other.blend", ana.Me())
	w.write("ana.blend", "two")
	require.NoError(w.t, save(w.t, ana, "ana.blend", "two", "").Err)
	w.write("ana.blend", "not saved")
	k, err := ana.Version(w.t.Context(), held, "v2")
	require.NoError(w.t, err)
	r, err := ana.Restore(w.t.Context(), held, k.ID, nil)
	require.NoError(w.t, err)
	require.False(w.t, r.Safety.IsZero())
	return held, w.raw()
}

// A conflict clause makes room for its row by taking another away, without a delete trigger: no key of what is
// protected can be reached that way.
func TestNoConflictClauseTakesARowAway(t *testing.T) {
	w := newWorld(t)
	held, db := w.guarded()
	for name, statement := range map[string]string{
		"a safety takes the number of v1":   `UPDATE OR REPLACE checkpoint SET version = 1 WHERE state = 8`,
		"a safety takes the next number":    `UPDATE checkpoint SET version = 3 WHERE state = 8`,
		"a safety becomes a version":        `UPDATE OR REPLACE checkpoint SET version = 1, state = 2 WHERE state = 8`,
		"v1 gets the rowid of another":      `UPDATE OR REPLACE checkpoint SET rowid = (SELECT rowid FROM checkpoint WHERE version = 1) WHERE state = 8`,
		"a new row gets the rowid of v1":    `INSERT OR REPLACE INTO checkpoint (rowid, id, asset, author, manifest, bytes, new_bytes, comment, state, version, no_change, made_hlc, received_ms, ver) SELECT (SELECT rowid FROM checkpoint WHERE version = 1), randomblob(16), asset, author, manifest, bytes, 0, '', 8, 0, 0, 1, 1, 1 FROM checkpoint WHERE state = 8`,
		"a checkpoint gets the id of v1":    `UPDATE OR REPLACE checkpoint SET id = (SELECT id FROM checkpoint WHERE version = 1) WHERE state = 8`,
		"a checkpoint is dropped by its id": `REPLACE INTO checkpoint SELECT * FROM checkpoint WHERE state = 8`,
		"an asset gets another's id":        `UPDATE OR REPLACE asset SET id = (SELECT min(id) FROM asset)`,
		"an asset gets another's rowid":     `UPDATE OR REPLACE asset SET rowid = (SELECT min(rowid) FROM asset)`,
		"an asset comes from nowhere":       `INSERT INTO asset SELECT randomblob(16), parent, 'x', 'x', kind, type, '', status, 0, rank, '', 0, 0, NULL, NULL, 0, NULL, 1, created_by, 0, NULL, NULL, 0, 0, 1, NULL FROM asset LIMIT 1`,
		"a holding gets another's id":       `UPDATE OR REPLACE assignment SET id = (SELECT min(id) FROM assignment)`,
		"a holding gets another's task":     `UPDATE OR REPLACE assignment SET asset = (SELECT min(asset) FROM assignment)`,
		"a holding gets another's rowid":    `UPDATE OR REPLACE assignment SET rowid = (SELECT min(rowid) FROM assignment)`,
		"a holding ends without an event":   `UPDATE assignment SET to_seq = 1`,
		"a holding's reason changes":        `UPDATE assignment SET reason = 'because'`,
		"an event gets another's number":    `UPDATE OR REPLACE event SET seq = 3 WHERE seq = 4`,
		"a member gets another's name":      `UPDATE OR REPLACE member SET username = 'ANA' WHERE username = 'ben'`,
		"a member replaces another":         `INSERT OR REPLACE INTO member SELECT randomblob(16), username, name, email, role, title, department, NULL, 0, 1, NULL FROM member WHERE username = 'ana'`,
		"a member is deleted":               `DELETE FROM member`,
		"a role is replaced":                `INSERT OR REPLACE INTO role SELECT * FROM role`,
		"a status gets another's id":        `UPDATE OR REPLACE status SET id = (SELECT min(id) FROM status)`,
		"the project is deleted":            `DELETE FROM project`,
		"what v2 stands on is changed":      `UPDATE checkpoint SET prev = NULL WHERE version = 2`,
		"a status at acceptance changes":    `UPDATE checkpoint SET status_at_acceptance = NULL WHERE version = 1`,
		"when v1 came in changes":           `UPDATE checkpoint SET received_ms = 1 WHERE version = 1`,
		"v1 is adopted by nobody's act":     `UPDATE checkpoint SET adopted_by = author WHERE version = 1`,
		"v1 joins a chain":                  `UPDATE checkpoint SET chain_root = id WHERE version = 1`,
	} {
		_, err := db.Exec(statement)
		forbidden(t, err, name)
	}
	var n int
	require.NoError(t, db.QueryRow(`SELECT count(*) FROM checkpoint WHERE asset = ? AND version IN (1, 2)`, held.Bytes()).Scan(&n))
	require.Equal(t, 2, n)
}

// forbidden is an error of what the store does not let happen: not of a row that has too few columns.
func forbidden(t *testing.T, err error, name string) {
	t.Helper()
	require.Error(t, err, name)
	require.NotContains(t, err.Error(), "columns but", name)
}

// Without this a non-holder would make a resource of the task, save, and make it a task again.
func TestTheStoreKeepsTheKindWithoutAConversion(t *testing.T) {
	w := newWorld(t)
	ana := w.init("ana")
	w.write("ana.blend", "one")
	id := addTask(t, ana, "ana.blend", studio.UserID{})
	db := w.raw()
	_, err := db.Exec(`UPDATE asset SET kind = 2`)
	require.ErrorContains(t, err, "framehold:forged")
	for _, to := range []studio.AssetKind{studio.Resource, studio.Task} {
		out, err := ana.Convert(t.Context(), []studio.AssetID{id}, to)
		require.NoError(t, err)
		require.NoError(t, out.Err())
	}
	_, err = ana.Log(t.Context(), id) // an act after the conversion
	require.NoError(t, err)
	out, err := ana.Rename(t.Context(), id.ID, "renamed.blend")
	require.NoError(t, err)
	require.NoError(t, out.Err())
	_, err = db.Exec(`UPDATE asset SET kind = 2`)
	require.ErrorContains(t, err, "framehold:forged", "the conversion of an earlier transaction does not count")
}

// A head moves to an adopted checkpoint only with the adoption: adopted_by can be written by anyone.
func TestTheHeadGoesNotBackToAnAdoptedCheckpoint(t *testing.T) {
	w := newWorld(t)
	ana := w.init("ana")
	w.write("ana.blend", "one")
	addTask(t, ana, "ana.blend", ana.Me())
	w.write("ana.blend", "two")
	require.NoError(t, save(t, ana, "ana.blend", "two", "").Err)
	db := w.raw()
	for _, statement := range []string{`DROP TRIGGER checkpoint_place`, `UPDATE checkpoint SET adopted_by = author WHERE version = 1`} {
		_, err := db.Exec(statement)
		require.NoError(t, err)
	}
	_, err := db.Exec(`UPDATE asset SET head = (SELECT id FROM checkpoint WHERE version = 1), next_version = 2`)
	require.ErrorContains(t, err, "framehold:not_assignee")
}
