package session_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/projectdb"
	"framehold/internal/session"
	"framehold/internal/studio"
)

// richStore is the database of a closed film in which something stands in every table: sh.blend of ana's with three
// versions and a parked one, rig.blend which it needs, a note, a tag, an undone rename; ben is an artist.
func richStore(t *testing.T) (path string) {
	t.Helper()
	ctx := t.Context()
	w := newWorld(t)
	ana, err := session.Init(ctx, w.env("ana"), w.root, "Film")
	require.NoError(t, err)
	done := func(out session.Outcome, err error) {
		t.Helper()
		require.NoError(t, err)
		require.NoError(t, out.Err())
	}
	ben := member(t, ana, "ben", "Artist")
	w.write("sh.blend", "one")
	w.write("rig.blend", "the rig")
	shot, rig := addTask(t, ana, "sh.blend", ana.Me()), addTask(t, ana, "rig.blend", ben.User)
	done(ana.New(ctx, []session.NewRequest{{Name: "shots", Collection: true}}))
	for _, text := range []string{"two", "three"} {
		w.write("sh.blend", text)
		require.NoError(t, save(t, ana, "sh.blend", text, "wip").Err)
	}
	db := w.raw()
	_, err = db.Exec(`UPDATE local_file SET base = (SELECT id FROM checkpoint WHERE version = 2) WHERE asset = ?`, shot.Bytes())
	require.NoError(t, err)
	require.NoError(t, db.Close())
	w.write("sh.blend", "beside")
	made, err := ana.CreateCheckpoint(ctx, session.CheckpointRequest{Assets: []studio.AssetID{shot}, Comment: "beside", Anyway: true})
	require.NoError(t, err)
	require.NoError(t, made[0].Err)
	require.Equal(t, "parked", made[0].State)
	w.write("sh.blend", "not saved")
	k, err := ana.Version(ctx, shot, "v3")
	require.NoError(t, err)
	r, err := ana.Restore(ctx, shot, k.ID, nil)
	require.NoError(t, err)
	require.False(t, r.Safety.IsZero())
	_, out, err := ana.AddNote(ctx, shot, "the left arm")
	done(out, err)
	done(ana.Set(ctx, []studio.AssetID{shot}, session.SetRequest{AddTags: []string{"hero"},
		Values: map[studio.Field]string{studio.FieldDue: "2026-12-24", studio.FieldDescription: "a shot"}}))
	done(ana.Depend(ctx, shot, []studio.ID{rig.ID}, false))
	done(ana.Rename(ctx, rig.ID, "rig2.blend"))
	done(ana.Undo(ctx))
	done(ana.Assign(ctx, session.AssignRequest{Assets: []studio.AssetID{rig}}))
	done(ana.Convert(ctx, []studio.AssetID{rig}, studio.Resource))
	require.NoError(t, ana.Close())
	found, err := filepath.Glob(filepath.Join(w.home, "*", "stores", "*", "project.db"))
	require.NoError(t, err)
	return found[0]
}

// tampered is a copy of a store after statements that no trigger saw; the triggers stand as before.
func tampered(t *testing.T, from string, change func(*sql.DB)) (problems []string) {
	t.Helper()
	b, err := os.ReadFile(from)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "project.db")
	require.NoError(t, os.WriteFile(path, b, 0o600))
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	triggers := map[string]string{}
	rows, err := db.Query(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`)
	require.NoError(t, err)
	for rows.Next() {
		var name, text string
		require.NoError(t, rows.Scan(&name, &text))
		triggers[name] = text
	}
	require.NoError(t, rows.Err())
	for name := range triggers {
		_, err := db.Exec(`DROP TRIGGER ` + name)
		require.NoError(t, err)
	}
	change(db)
	for _, text := range triggers {
		_, err := db.Exec(text)
		require.NoError(t, err)
	}
	require.NoError(t, db.Close())
	d, err := projectdb.Open(t.Context(), projectdb.Options{Path: path, FS: fsys.Real(), Clock: clock.System()})
	require.NoError(t, err)
	_, found, err := d.Verify(t.Context())
	require.NoError(t, err)
	require.NoError(t, d.Close())
	for _, p := range found {
		problems = append(problems, p.About+": "+p.What)
	}
	return problems
}

func TestVerifyProvesEveryRowFromTheLog(t *testing.T) {
	store := richStore(t)
	require.Empty(t, tampered(t, store, func(*sql.DB) {}))
	const ben, shot = ` WHERE username = 'ben'`, ` WHERE name = 'sh.blend'`
	for statement, want := range map[string]string{
		`UPDATE member SET role = (SELECT role FROM member WHERE username = 'ana')` + ben:                             "ben: its role is role Admin, by the log role Artist",
		`UPDATE member SET gone = 1` + ben:                                                                            "ben: its gone is 1, by the log 0",
		`UPDATE role SET may = 0 WHERE name = 'Artist'`:                                                               "role Artist: its may is 0, by the log",
		`UPDATE status SET category = 5 WHERE name = 'Todo'`:                                                          "status Todo: its category is 5, by the log 1",
		`UPDATE type SET name = 'x' WHERE name = 'Rigging'`:                                                           `type Rigging: its name is "x", by the log "Rigging"`,
		`UPDATE project SET artist_done = 1`:                                                                          "project Film: its artist done is 1, by the log 0",
		`UPDATE collection SET shared = 1`:                                                                            "shots: its shared is 1, by the log 0",
		`UPDATE asset SET status = (SELECT id FROM status WHERE name = 'Done')` + shot:                                "sh.blend: its status is status Done, by the log status Work in progress",
		`UPDATE asset SET name = 'x.blend'` + shot:                                                                    `sh.blend: its name is "x.blend", by the log "sh.blend"`,
		`UPDATE asset SET description = ''` + shot:                                                                    `sh.blend: its description is "", by the log "a shot"`,
		`UPDATE asset SET due = '2027-01-01'` + shot:                                                                  `sh.blend: its due is "2027-01-01", by the log "2026-12-24"`,
		`UPDATE asset SET epoch = 9` + shot:                                                                           "sh.blend: its epoch is 9, by the log 1",
		`UPDATE asset SET kind = 258 WHERE name = 'rig.blend'`:                                                        "rig.blend: its kind is 258, by the log 2",
		`UPDATE asset SET priority = -1` + shot:                                                                       "sh.blend: its priority is -1, by the log 0",
		`UPDATE asset SET purged = 1, trashed_ms = 1` + shot:                                                          "sh.blend: its purged is 1, by the log 0",
		`UPDATE asset SET head = NULL, next_version = 1` + shot:                                                       "sh.blend: its head is nothing, by the log sh.blend v3",
		`UPDATE assignment SET to_user = (SELECT user_id FROM member WHERE username = 'ben')`:                         "sh.blend held by ana: its to user is ben, by the log ana",
		`UPDATE checkpoint SET prev = NULL WHERE version = 3`:                                                         "sh.blend v3: its prev is nothing, by the log sh.blend v2",
		`UPDATE checkpoint SET status_at_acceptance = NULL WHERE version = 3`:                                         "sh.blend v3: its status at acceptance is nothing, by the log status Work in progress",
		`UPDATE checkpoint SET received_ms = 1 WHERE version = 3`:                                                     "sh.blend v3: its received ms is 1, by the log",
		`UPDATE checkpoint SET author = (SELECT user_id FROM member WHERE username = 'ben')`:                          "sh.blend v3: its author is ben, by the log ana",
		`UPDATE checkpoint SET preview = randomblob(32) WHERE version = 3`:                                            "sh.blend: has a version whose preview is missing",
		`DELETE FROM checkpoint WHERE version = 2`:                                                                    "sh.blend v2: is in the log and missing from the checkpoint table",
		`DELETE FROM checkpoint WHERE state = 3`:                                                                      "is in the log and missing from the checkpoint table",
		`UPDATE checkpoint SET version = 4 WHERE state = 8`:                                                           "has what only a version has",
		`UPDATE checkpoint SET author = randomblob(16) WHERE state = 8`:                                               "was made by no member",
		`UPDATE parked SET state = 5`:                                                                                 "its state is 5, by the log 1",
		`UPDATE note SET text = 'x'`:                                                                                  `its text is "x", by the log "the left arm"`,
		`DELETE FROM note`:                                                                                            "is in the log and missing from the note table",
		`DELETE FROM tag`:                                                                                             "sh.blend tag hero: is in the log and missing from the tag table",
		`INSERT INTO tag SELECT id, 'more' FROM asset` + shot:                                                         "is in the tag table, and no event made it",
		`DELETE FROM dependency`:                                                                                      "sh.blend needs rig.blend: is in the log and missing",
		`INSERT INTO saved_view SELECT randomblob(16), user_id, 0, 'x', '', '', 1, NULL FROM member` + ben:            "is in the saved_view table, and no event made it",
		`INSERT INTO member SELECT randomblob(16), 'eve', '', '', role, '', '', NULL, 0, 1, NULL FROM member` + ben:   "is in the member table, and no event made it",
		`INSERT INTO newer_row VALUES (99, x'01', x'01')`:                                                             "is in the newer_row table, and no event made it",
		`UPDATE asset SET newer = x'c00205' WHERE name = 'sh.blend'`:                                                  "its newer is ",
		`DELETE FROM line WHERE seq = 35`:                                                                             "event 35: its line is missing from the log that people read",
		`UPDATE line SET actor = (SELECT user_id FROM member` + ben + `) WHERE seq > 40`:                              "its actor is ben, by the log ana",
		`INSERT INTO line SELECT 9999, kind, actor, 1, 1, NULL, '', NULL, '', '', '', '', '', NULL FROM line LIMIT 1`: "event 9999: has a line",
		`DELETE FROM tree_name`:                                                                                       "sh.blend: is missing from the tree under its name",
		`UPDATE tree_name SET name_key = 'x' WHERE name_key = 'sh.blend'`:                                             "sh.blend: stands in the tree under a name that is not its own",
		`DELETE FROM undo`: "what was there before it is not kept as it was",
		`UPDATE undo SET before = x'00' WHERE before IS NOT NULL`: "what was there before it is not kept as it was",
		`DELETE FROM op`:                                   "event 1: is missing from the acts that can be undone",
		`UPDATE op SET actor = randomblob(16)`:             "event 1: is not the same among the acts that can be undone",
		`UPDATE local_file SET base = randomblob(16)`:      "its file on this disk comes from a version that it has not",
		`UPDATE event SET received_ms = -1 WHERE seq = 7`:  "event 7: was changed after it was written: its received_ms is none",
		`UPDATE event SET kind = kind + 256 WHERE seq = 7`: "event 7: was changed after it was written: its kind is none",
		`UPDATE event SET about = x'01' WHERE seq = 7`:     "event 7: was changed after it was written: its about is none",
		`DELETE FROM event WHERE seq = 7`:                  "event 7: is missing",
		`DELETE FROM event WHERE seq BETWEEN 7 AND 9`:      "events 7 to 9: are missing",
	} {
		t.Run(statement, func(t *testing.T) {
			problems := tampered(t, store, func(db *sql.DB) {
				_, err := db.Exec(statement)
				require.NoError(t, err)
			})
			require.Contains(t, strings.Join(problems, "\n"), want)
		})
	}
}

// decided writes one act of a person to a store, as a session does.
func decided(t *testing.T, d *projectdb.DB, actor studio.UserID, op studio.Op) studio.Decision {
	t.Helper()
	var decision studio.Decision
	_, err := d.Write(t.Context(), projectdb.Act{Lane: projectdb.LaneEdit, Kind: projectdb.ActEdit, Actor: actor}, func(tx *projectdb.Tx) error {
		op.ID.ID, op.Group.ID = studio.IDFrom(randomID()), studio.IDFrom(randomID())
		at := studio.Moment{Actor: actor, ReceivedMs: 1, Seq: tx.NextSeq()}
		decision = studio.Decide(tx, op, at)
		ev := studio.EventOf(tx, op, at, decision)
		logged := projectdb.Logged{Event: ev, Op: op}
		if line, shown := studio.LineOf(ev, op.Body, tx, decision); shown {
			logged.Line = &line
		}
		logged.Undo = studio.NewState(tx).Apply(decision, ev)
		return tx.Commit(projectdb.Batch{Events: []projectdb.Logged{logged}, Puts: decision.Puts, Gone: decision.Gone})
	})
	require.NoError(t, err)
	return decision
}

// What the triggers refuse to a bare statement, they let through with its event: an adoption, and a drop.
func TestAnAdoptionPassesTheTriggersAndIsProven(t *testing.T) {
	d, err := projectdb.Open(t.Context(), projectdb.Options{Path: richStore(t), FS: fsys.Real(), Clock: clock.System()})
	require.NoError(t, err)
	var ana studio.UserID
	var shot studio.Asset
	var first studio.CheckpointID
	var chain studio.ParkedChain
	require.NoError(t, d.Read(t.Context(), func(s *projectdb.Snapshot) error {
		for _, k := range s.AllCheckpoints() {
			if k.State == studio.Parked {
				ana = k.Author
				shot, _ = s.Asset(k.Asset)
				chain, _ = s.Chain(k.ChainRoot)
			}
		}
		first = s.Checkpoints(shot.ID)[0].ID
		return nil
	}))
	adopted := decided(t, d, ana, studio.Op{Kind: studio.KindAdopt, Entity: shot.ID.ID,
		Body: &studio.ParkedBody{Root: chain.Root, ExpectHead: shot.Head}})
	require.Equal(t, studio.Applied, adopted.Verdict)
	require.Equal(t, uint32(4), adopted.Version)
	dropped := decided(t, d, ana, studio.Op{Kind: studio.KindDrop, Entity: shot.ID.ID, Body: &studio.CheckpointBody{Checkpoint: first}})
	require.Equal(t, studio.Applied, dropped.Verdict)
	_, problems, err := d.Verify(t.Context())
	require.NoError(t, err)
	require.Empty(t, problems)
	require.NoError(t, d.Close())
}

// Whoever cuts the log short has the rows follow: the list of own acts remembers.
func TestVerifyNamesATailThatWasCutOff(t *testing.T) {
	problems := tampered(t, richStore(t), func(db *sql.DB) {
		_, err := db.Exec(`DELETE FROM event WHERE seq >= (SELECT max(seq) - 1 FROM event)`)
		require.NoError(t, err)
	})
	said := strings.Join(problems, "\n")
	require.Contains(t, said, "ana's conversion of rig.blend was written as this event, which the log does not have: its end was cut off")
	require.Contains(t, said, "log: ends with event ")
}

// A forger who drops the triggers, writes events and chains them anew is named by what the rules say of the event.
func TestVerifyNamesAForgedEventInAChainThatIsWhole(t *testing.T) {
	store := richStore(t)
	user := func(db *sql.DB, name string) (id studio.UserID) {
		var b []byte
		require.NoError(t, db.QueryRow(`SELECT user_id FROM member WHERE username = ?`, name).Scan(&b))
		return studio.UserID{ID: studio.IDFrom(b)}
	}
	t.Run("a checkpoint by someone who does not hold the task is added", func(t *testing.T) {
		problems := tampered(t, store, func(db *sql.DB) {
			ben := user(db, "ben")
			var shot, head, status, manifest []byte
			require.NoError(t, db.QueryRow(`SELECT a.id, head, status, k.manifest FROM asset a JOIN checkpoint k ON k.id = head
				WHERE name = 'sh.blend'`).Scan(&shot, &head, &status, &manifest))
			id := studio.CheckpointID{ID: studio.IDFrom(randomID())}
			announce := &studio.AnnounceBody{Checkpoint: id, Base: studio.CheckpointID{ID: studio.IDFrom(head)}, Comment: "mine",
				Status: studio.StatusID{ID: studio.IDFrom(status)}, Manifest: studio.HashFrom(manifest)}
			for i, body := range []studio.Body{announce, &studio.SealBody{Checkpoint: id}} {
				forge(t, db, studio.Event{Actor: ben, Kind: studio.KindAnnounce + studio.Kind(i), Entity: studio.IDFrom(shot),
					About: id, Status: studio.StatusID{ID: studio.IDFrom(status)}, Verdict: studio.Applied, Version: uint32(4 * i), Body: studio.EncodeBody(body)})
			}
			for _, statement := range []string{
				`INSERT INTO checkpoint SELECT ?, asset, ?, id, id, NULL, status_at_creation, status_at_acceptance, manifest, bytes, 0,
					'mine', NULL, NULL, NULL, 2, 4, 0, NULL, NULL, NULL, 1, 1, 2, NULL FROM checkpoint WHERE version = 3`,
				`UPDATE asset SET head = coalesce(?, ?), next_version = 5 WHERE name = 'sh.blend'`} {
				_, err := db.Exec(statement, id.Bytes(), ben.Bytes())
				require.NoError(t, err)
			}
		})
		said := strings.Join(problems, "\n")
		require.Contains(t, said, "ben's checkpoint of sh.blend does not follow from what was before it: "+
			"the log says done, the rules say parked, because ana of the film held it")
		require.Contains(t, said, "its version is 4, by the log 0")
		require.NotContains(t, said, "chain of the log breaks")
	})
	t.Run("the actor of one is another", func(t *testing.T) {
		problems := tampered(t, store, func(db *sql.DB) {
			_, err := db.Exec(`UPDATE event SET actor = ? WHERE kind = 9`, user(db, "ben").Bytes())
			require.NoError(t, err)
			chainAnew(t, db)
		})
		said := strings.Join(problems, "\n")
		require.NotContains(t, said, "chain of the log breaks")
		require.Contains(t, said, "ben's conversion of rig.blend does not follow from what was before it: "+
			"the log says done, the rules say refused, because the role of the one who acted did not allow it")
		require.Contains(t, said, "is not the same among the acts that can be undone")
	})
}

const wholeEventSQL = `SELECT seq, op_id, actor, kind, entity, coalesce(about, x''), coalesce(group_id, x''), coalesce(undoes, x''),
	made_hlc, received_ms, verdict, reason, result, version, coalesce(status, x''), body, chain FROM event ORDER BY seq`

// events reads the log as another program would.
func events(t *testing.T, db *sql.DB) (log []studio.Event) {
	t.Helper()
	rows, err := db.Query(wholeEventSQL)
	require.NoError(t, err)
	for rows.Next() {
		var ev studio.Event
		var op, actor, entity, about, group, undoes, status, chain []byte
		require.NoError(t, rows.Scan(&ev.Seq, &op, &actor, &ev.Kind, &entity, &about, &group, &undoes, &ev.MadeHybrid, &ev.ReceivedMs,
			&ev.Verdict, &ev.Reason, &ev.Result, &ev.Version, &status, &ev.Body, &chain))
		ev.Status.ID = studio.IDFrom(status)
		ev.Op.ID, ev.Actor.ID, ev.Entity, ev.About.ID = studio.IDFrom(op), studio.IDFrom(actor), studio.IDFrom(entity), studio.IDFrom(about)
		ev.Group.ID, ev.Undoes.ID, ev.Chain = studio.IDFrom(group), studio.IDFrom(undoes), studio.HashFrom(chain)
		log = append(log, ev)
	}
	require.NoError(t, rows.Err())
	return log
}

// chainAnew makes the chain of a changed log whole.
func chainAnew(t *testing.T, db *sql.DB) {
	t.Helper()
	var chain [32]byte
	for _, ev := range events(t, db) {
		chain = ev.NextChain(chain)
		_, err := db.Exec(`UPDATE event SET chain = ? WHERE seq = ?`, chain[:], ev.Seq)
		require.NoError(t, err)
	}
}

// forge adds an event to the end of the log, in its chain.
func forge(t *testing.T, db *sql.DB, ev studio.Event) {
	t.Helper()
	log := events(t, db)
	last := log[len(log)-1]
	ev.Seq, ev.Op.ID, ev.MadeHybrid, ev.ReceivedMs = last.Seq+1, studio.IDFrom(randomID()), last.MadeHybrid+1, last.ReceivedMs
	ev.Chain = ev.NextChain(last.Chain)
	_, err := db.Exec(`INSERT INTO event (seq, op_id, n, actor, kind, entity, about, made_hlc, received_ms, verdict, reason, result, version,
		status, body, chain) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, '', '', ?, ?, ?, ?)`, ev.Seq, ev.Op.Bytes(), ev.Actor.Bytes(), ev.Kind,
		ev.Entity.Bytes(), ev.About.Bytes(), ev.MadeHybrid, ev.ReceivedMs, ev.Verdict, ev.Version, ev.Status.Bytes(), ev.Body, ev.Chain[:])
	require.NoError(t, err)
}
