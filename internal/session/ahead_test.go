package session_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

const opSQL = `INSERT INTO op (op_id, actor, kind, entity, about, body, group_id, made_hlc, state, verdict, reason, seq)
	VALUES (?, ?, ?, ?, ?, x'00', ?, 1, ?, ?, '', 0)`

const aheadSQL = ` INTO checkpoint (id, asset, author, base, prev, assignment, status_at_creation, status_at_acceptance, manifest, bytes,
	new_bytes, comment, state, version, no_change, made_hlc, received_ms, ver)
	SELECT ?, a.id, ?, a.head, a.head, a.assignment, a.status, a.status, (SELECT hash FROM manifest_blob LIMIT 1), 1, 0, 'by hand', ?, ?, 0, 1, 1, 1
	FROM asset a WHERE a.id = ?`

// aheadOf is a studio project's store of ana's with a local v1* on her task, a safety checkpoint, and ben's task.
func aheadOf(t *testing.T) *artist {
	t.Helper()
	_, ana, _ := newFilm(t, nil)
	ana.syncs()
	ana.write("ana.blend", "one")
	made := save(t, ana.Session, "ana.blend", "one", "")
	require.NoError(t, made.Err)
	ana.write("ana.blend", "not saved")
	r, err := ana.Restore(t.Context(), made.Asset, made.ID, nil)
	require.NoError(t, err)
	require.False(t, r.Safety.IsZero())
	return ana
}

// Ahead of a server a raw statement meets the same rule as an act: a checkpoint is born local by the holder on the head, or
// contested by a holder who insists, with its op in the queue; never with a version.
func TestAStoreAheadOfAServerRefusesToRawSQLWhatTheRulesRefuse(t *testing.T) {
	ana := aheadOf(t)
	p, err := ana.Look(t.Context())
	require.NoError(t, err)
	users := map[string]studio.UserID{}
	for id, m := range p.Members {
		users[m.Username] = id
	}
	db := ana.raw()
	type birth struct {
		task, author, queue string
		state               studio.CheckpointState
		verdict             studio.Verdict
		version             int
	}
	try := func(verb string, b birth) error {
		tx, err := db.Begin()
		require.NoError(t, err)
		defer func() { require.NoError(t, tx.Rollback()) }()
		id, asset, author := randomID(), asset(t, ana.Session, b.task+".blend"), users[b.author]
		if b.queue != "" {
			_, err := tx.Exec(opSQL, randomID(), author.Bytes(), studio.KindSeal, asset.Bytes(), id, randomID(), b.queue, b.verdict)
			require.NoError(t, err)
		}
		_, err = tx.Exec(verb+aheadSQL, id, author.Bytes(), b.state, b.version, asset.Bytes())
		return err
	}
	good := birth{"ana", "ana", "queued", studio.Local, studio.Applied, 0}
	with := func(change func(*birth)) birth {
		b := good
		change(&b)
		return b
	}
	contested := with(func(b *birth) { b.state, b.verdict = studio.Contested, studio.Kept })
	for _, verb := range []string{"INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"} {
		require.NoError(t, try(verb, good))
		require.NoError(t, try(verb, contested))
		for name, one := range map[string]struct {
			birth
			code string
		}{
			"another's task":                       {with(func(b *birth) { b.task = "ben" }), "not_assignee"},
			"another author":                       {with(func(b *birth) { b.author = "ben" }), "not_assignee"},
			"nobody's task":                        {with(func(b *birth) { b.task = "nobody" }), "unassigned"},
			"contested by who does not hold it":    {with(func(b *birth) { b.task, b.state, b.verdict = "ben", studio.Contested, studio.Kept }), "not_assignee"},
			"without its op":                       {with(func(b *birth) { b.queue = "" }), "forged"},
			"its op was decided":                   {with(func(b *birth) { b.queue = "decided" }), "forged"},
			"its op would be parked":               {with(func(b *birth) { b.verdict = studio.Kept }), "forged"},
			"contested, but its op would be done":  {with(func(b *birth) { b.state = studio.Contested }), "forged"},
			"with a version":                       {with(func(b *birth) { b.version = 1 }), "forged"},
			"accepted, which a server alone says":  {with(func(b *birth) { b.state, b.version = studio.Accepted, 1 }), "forged"},
			"announced, which a server alone says": {with(func(b *birth) { b.state = studio.Announced }), "forged"},
			"parked, which a server alone says":    {with(func(b *birth) { b.state, b.verdict = studio.Parked, studio.Kept }), "forged"},
		} {
			require.ErrorContains(t, try(verb, one.birth), "framehold:"+one.code, "%s: %s", verb, name)
		}
	}
}

func TestAStoreAheadOfAServerKeepsItsHistoryAndItsQueue(t *testing.T) {
	ana := aheadOf(t)
	db := ana.raw()
	const mine = ` WHERE name = 'ana.blend'`
	for name, statement := range map[string]string{
		"an event is added":                `INSERT INTO event SELECT seq + 1, randomblob(16), client_id, n, actor, kind, entity, about, group_id, undoes, cause, made_hlc, received_ms, verdict, reason, result, version, status, body, chain, newer FROM event ORDER BY seq DESC LIMIT 1`,
		"an event is deleted":              `DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)`,
		"an op leaves the queue":           `DELETE FROM op WHERE state = 'queued'`,
		"an op of the queue is replaced":   `INSERT OR REPLACE INTO op SELECT * FROM op WHERE state = 'queued'`,
		"an op of the queue is cancelled":  `UPDATE op SET state = 'cancelled' WHERE state = 'queued'`,
		"an op of the queue is another's":  `UPDATE op SET actor = randomblob(16) WHERE state = 'queued'`,
		"a local checkpoint is deleted":    `DELETE FROM checkpoint WHERE state = 6`,
		"a local checkpoint is accepted":   `UPDATE checkpoint SET state = 2, version = 1 WHERE state = 6`,
		"a local checkpoint is numbered":   `UPDATE checkpoint SET version = 1 WHERE state = 6`,
		"a local comment is changed":       `UPDATE checkpoint SET comment = 'x' WHERE state = 6`,
		"the head goes back":               `UPDATE asset SET head = NULL` + mine,
		"the next version is raised":       `UPDATE asset SET next_version = 2` + mine,
		"the assignee changes by hand":     `UPDATE asset SET assignee = x'00000000000000000000000000000001'` + mine,
		"nobody holds it all at once":      `UPDATE asset SET assignee = NULL, assignment = NULL` + mine,
		"a second holding is written":      `INSERT INTO assignment SELECT randomblob(16), asset, to_user, by_user, '', 1, 0, NULL FROM assignment`,
		"a holding is deleted":             `DELETE FROM assignment`,
		"a holding ends":                   `UPDATE assignment SET to_seq = 9`,
		"a task becomes a resource":        `UPDATE asset SET kind = 2, assignee = NULL, assignment = NULL` + mine,
		"an asset comes from nowhere":      `INSERT INTO asset SELECT randomblob(16), parent, 'x', 'x', kind, type, '', status, 0, rank, '', 0, 0, NULL, NULL, 0, NULL, 1, created_by, 0, NULL, NULL, 0, 0, 1, NULL FROM asset LIMIT 1`,
		"a safety becomes local":           `UPDATE checkpoint SET state = 6 WHERE state = 8`,
		"a member is deleted":              `DELETE FROM member`,
		"the lane of a pull stays in act":  `INSERT INTO act (one, lane, kind, actor, since_seq, since_n, never) VALUES (1, 'pull', 'sync', x'00', 0, 0, 0)`,
		"a lane that is none is in act":    `INSERT INTO act (one, lane, kind, actor, since_seq, since_n, never) VALUES (1, 'other', 'sync', x'00', 0, 0, 0)`,
		"the head of another's task moves": `UPDATE asset SET head = (SELECT id FROM checkpoint WHERE state = 6) WHERE name = 'ben.blend'`,
	} {
		_, err := db.Exec(statement)
		forbidden(t, err, name)
	}
	ana.proves()
}

// inLane runs statements in a lane, as a program would that fills act itself, and takes them back.
func inLane(t *testing.T, db *sql.DB, lane string, me studio.UserID, statements ...string) error {
	t.Helper()
	tx, err := db.Begin()
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback()) }()
	_, err = tx.Exec(`INSERT INTO act (one, lane, kind, actor, since_seq, since_n, never) VALUES (1, ?, 'sync', ?, (SELECT max(seq) FROM event),
		(SELECT max(local_n) FROM op), 0)`, lane, me.Bytes())
	for _, statement := range statements {
		if err == nil {
			_, err = tx.Exec(statement)
		}
	}
	return err
}

func TestAPullWritesWhatTheServerHasAndKeepsWhatIsOnlyHere(t *testing.T) {
	ana := aheadOf(t)
	db := ana.raw()
	pull := func(statements ...string) error { return inLane(t, db, "pull", ana.Me(), statements...) }
	for name, statements := range map[string][]string{
		"rows are as the server has them": {`UPDATE asset SET head = NULL, next_version = 7, kind = 2, assignee = NULL, assignment = NULL, created_ms = 1`},
		"a checkpoint gets its version":   {`UPDATE checkpoint SET state = 2, version = 1, received_ms = 5, no_change = 1 WHERE state = 6`},
		"rows go":                         {`DELETE FROM assignment`, `DELETE FROM asset`, `DELETE FROM member`},
		"the log's end goes":              {`DELETE FROM event WHERE seq > 10`},
	} {
		require.NoError(t, pull(statements...), name)
	}
	for name, statements := range map[string][]string{
		"a safety checkpoint is deleted":      {`DELETE FROM checkpoint WHERE state = 8`},
		"a safety checkpoint is changed":      {`UPDATE checkpoint SET received_ms = 1 WHERE state = 8`},
		"a local checkpoint is deleted":       {`DELETE FROM checkpoint WHERE state = 6`},
		"a local comment changes":             {`UPDATE checkpoint SET comment = 'x' WHERE state = 6`},
		"a local manifest changes":            {`UPDATE checkpoint SET manifest = randomblob(32) WHERE state = 6`},
		"an own accepted comment changes":     {`UPDATE checkpoint SET state = 2, version = 1 WHERE state = 6`, `UPDATE checkpoint SET comment = 'x' WHERE state = 2`},
		"an event is changed":                 {`UPDATE event SET reason = 'x' WHERE seq = 3`},
		"an event is left out":                {`DELETE FROM event WHERE seq = 5`, `INSERT INTO event SELECT seq + 2, randomblob(16), client_id, n, actor, kind, entity, about, group_id, undoes, cause, made_hlc, received_ms, verdict, reason, result, version, status, body, chain, newer FROM event ORDER BY seq DESC LIMIT 1`},
		"an op leaves the queue":              {`DELETE FROM op WHERE state = 'queued'`},
		"a local one comes without its op":    {`INSERT INTO checkpoint SELECT randomblob(16), asset, author, base, prev, assignment, status_at_creation, status_at_acceptance, manifest, bytes, 0, '', NULL, NULL, NULL, 6, 0, 0, NULL, NULL, NULL, 1, 1, 1, NULL FROM checkpoint WHERE state = 6`},
		"a safety checkpoint comes by a pull": {`INSERT INTO checkpoint SELECT randomblob(16), asset, author, base, NULL, NULL, status_at_creation, NULL, manifest, bytes, 0, '', NULL, NULL, NULL, 8, 0, 0, NULL, NULL, NULL, 1, 1, 1, NULL FROM checkpoint WHERE state = 8`},
	} {
		require.ErrorContains(t, pull(statements...), "framehold:forged", name)
	}
	require.ErrorContains(t, inLane(t, db, "rebase", ana.Me(), `DELETE FROM event WHERE seq > 10`), "framehold:forged")
	ana.proves()
}

func TestAPersonalProjectHasNoLaneOfAServer(t *testing.T) {
	w := newWorld(t)
	ana := w.init("ana")
	db := w.raw()
	require.NoError(t, inLane(t, db, "edit", ana.Me()))
	for _, lane := range []string{"pull", "rebase", ""} {
		require.ErrorContains(t, inLane(t, db, lane, ana.Me()), "framehold:forged", lane)
	}
}
