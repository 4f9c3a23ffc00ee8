package session_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

// The triggers of a store are made from studio's table, row by row and need by need, and there is no other birth.
func TestTheTriggersAreThoseOfTheProtectionTable(t *testing.T) {
	w := newWorld(t)
	w.init("ana")
	rows, err := w.raw().Query(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'checkpoint_born_%'`)
	require.NoError(t, err)
	have := map[string]string{}
	for rows.Next() {
		var name, text string
		require.NoError(t, rows.Scan(&name, &text))
		have[name] = text
	}
	require.NoError(t, rows.Err())
	listed := map[studio.Authority][]string{}
	for _, p := range studio.Protection() {
		name := "checkpoint_born_" + p.Name
		text := have[name]
		require.Contains(t, text, fmt.Sprintf("NEW.state = %d ", p.Born), name)
		require.Equal(t, len(p.Needs), strings.Count(text, "RAISE"), name)
		for _, n := range p.Needs {
			at := strings.Index(text, "'framehold:"+string(n.Code())+"'")
			require.GreaterOrEqual(t, at, 0, "%s: need %d", name, n)
			text = text[at+1:] // in their order
		}
		listed[p.By] = append(listed[p.By], fmt.Sprint(uint8(p.Born)))
		delete(have, name)
	}
	for by, states := range listed {
		name := fmt.Sprintf("checkpoint_born_by_%d", by)
		require.Contains(t, have[name], "NOT IN ("+strings.Join(states, ", ")+")")
		delete(have, name)
	}
	require.Empty(t, have)
}

// copyOf is a copy of a store as it is now, for who changes it by hand.
func (w *world) copyOf() string {
	w.t.Helper()
	path := filepath.Join(w.t.TempDir(), "copy.db")
	_, err := w.raw().Exec(`VACUUM INTO ?`, path)
	require.NoError(w.t, err)
	return path
}

func TestVerifyProvesAStudioProjectFromTheServersLogAndItsQueue(t *testing.T) {
	ana := aheadOf(t)
	id := asset(t, ana.Session, "ana.blend")
	_, out, err := ana.AddNote(t.Context(), id, "the left arm")
	done(t, out, err)
	store := ana.copyOf()
	require.Empty(t, tampered(t, store, func(*sql.DB) {}))
	const shot, ben = ` WHERE name = 'ana.blend'`, ` WHERE name = 'ben.blend'`
	for statement, want := range map[string]string{
		`UPDATE asset SET name = 'x.blend'` + ben:                                                    `ben.blend: its name is "x.blend", by the log "ben.blend"`,
		`UPDATE asset SET epoch = 9` + shot:                                                          "ana.blend: its epoch is 9, by the log 1",
		`UPDATE asset SET head = NULL` + shot:                                                        "ana.blend: its head is nothing, by the log",
		`UPDATE checkpoint SET state = 2, version = 1 WHERE state = 6`:                               "its state is 2, by the log 6",
		`UPDATE checkpoint SET comment = 'x' WHERE state = 6`:                                        `its comment is "x", by the log "one"`,
		`DELETE FROM checkpoint WHERE state = 6`:                                                     "is in the log or in the acts to send, and missing from the checkpoint table",
		`UPDATE note SET text = 'x'`:                                                                 `its text is "x", by the log "the left arm"`,
		`DELETE FROM op WHERE kind = 29`:                                                             "is in the note table, and neither the server nor an act of this computer made it",
		`UPDATE op SET verdict = 4 WHERE kind = 20 AND state = 'queued'`:                             "waits as parked, the rules say done",
		`DELETE FROM undo WHERE local_n IN (SELECT local_n FROM op WHERE kind = 20)`:                 "ana's checkpoint of ana.blend: what was there before it is not kept as it was",
		`UPDATE replica SET sums = x''`:                                                              "table asset: is not as the server had it when this computer compared the two",
		`UPDATE replica SET chain = zeroblob(32)`:                                                    "log: ends otherwise than the server signed event",
		`DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)`:                                 "was here: its end was cut off",
		`DELETE FROM event WHERE seq = 7`:                                                            "event 7: is missing",
		`UPDATE event SET received_ms = received_ms + 1 WHERE seq = 7`:                               "event 7: was changed after it was written: the chain of the log breaks here",
		`UPDATE line SET actor = (SELECT user_id FROM member WHERE username = 'ben') WHERE seq > 25`: "its actor is ben, by the log ana",
		`DELETE FROM tree_name`:                                                                      "ana.blend: is missing from the tree under its name",
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

// A vendor sees only what they hold: there is no whole log, and verify proves the view by what the server sent.
func TestALimitedViewIsProvenByWhatTheServerSent(t *testing.T) {
	_, ana, ben := newFilm(t, map[string]string{"ben": "Vendor"})
	ana.syncs()
	ben.syncs()
	p, err := ben.Look(t.Context())
	require.NoError(t, err)
	require.Len(t, p.Assets, 1)
	ben.proves()
	id := asset(t, ben.Session, "ben.blend")
	ben.write("ben.blend", "one")
	first := save(t, ben.Session, "ben.blend", "one", "")
	require.NoError(t, first.Err)
	ben.sends()
	ben.write("ben.blend", "two")
	second := save(t, ben.Session, "ben.blend", "two", "")
	require.NoError(t, second.Err)
	ben.proves()
	problems := tampered(t, ben.copyOf(), func(db *sql.DB) {
		for _, statement := range []string{`UPDATE asset SET due = '2027-01-01', priority = -1`, `DELETE FROM checkpoint WHERE state = 6`} {
			_, err := db.Exec(statement)
			require.NoError(t, err)
		}
	})
	said := strings.Join(problems, "\n")
	require.Contains(t, said, `ben.blend: its priority is none`)
	require.Contains(t, said, `ben.blend: its due is "2027-01-01", by what the server sent ""`)
	require.Contains(t, said, "was sent by the server or is in the acts to send, and missing from the checkpoint table")

	ana.syncs()
	give(t, ana.Session, id, ana.Me()) // the vendor sees it no more; what they saved stays
	ana.syncs()
	ben.syncs()
	p, err = ben.Look(t.Context())
	require.NoError(t, err)
	require.Empty(t, p.Assets)
	var n int
	require.NoError(t, ben.raw().QueryRow(`SELECT count(*) FROM checkpoint WHERE state = 7 AND comment = 'two'`).Scan(&n))
	require.Equal(t, 1, n)
	ben.proves()
	ben.sends()
	require.NoError(t, ben.raw().QueryRow(`SELECT count(*) FROM checkpoint WHERE state = 3 AND comment = 'two'`).Scan(&n))
	require.Equal(t, 1, n)
	ana.syncs()
	ana.proves()
}
