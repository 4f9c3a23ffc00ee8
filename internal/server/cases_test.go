package server_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"framehold/internal/server"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// TestCase_A14: a call that was given up comes late. What it did has its verdict since; it does nothing, and says the same.
func TestCase_A14(t *testing.T) {
	c := newCrew(t)
	push := func(ops ...wire.Op) wire.PushReply {
		reply, err := c.ben.wire().Push(t.Context(), wire.PushRequest{Project: c.film.id, Client: c.ben.client, Generation: c.generation, Ops: ops})
		require.NoError(t, err)
		require.Equal(t, wire.Stop{}, reply.Stop)
		return reply
	}
	tag := func(n uint64, text string) wire.Op {
		return wire.OpOf(n, c.ben.op(studio.KindTagAdd, c.film.shots[0].ID, &studio.TagBody{Tag: text}))
	}
	late := []wire.Op{tag(c.ben.n+1, "one"), tag(c.ben.n+2, "two")}
	first := push(late...) // given up by the client
	again := push(late...)
	require.Equal(t, first, again)
	third := push(tag(c.ben.n+3, "three"))
	require.Equal(t, first.HeadSeq+1, third.HeadSeq)
	comes := push(late...)
	require.Equal(t, first.Outcomes, comes.Outcomes, "byte for byte what it was")
	require.Equal(t, third.Lmid, comes.Lmid, "the count does not fall")
	require.Equal(t, third.HeadSeq, comes.HeadSeq, "nothing was done")
}

// TestCase_H6: the bytes of a checkpoint that came back are missing. It stays announced, for everyone to see, until they come
// from whoever has them; what was made on it waits.
func TestCase_H6(t *testing.T) {
	b := newBack(t)
	_, err := b.ana.witness(b.seen.behind(b.yesterday, len(b.seen.events)-int(b.yesterday)))
	require.NoError(t, err)
	state := func() studio.CheckpointState {
		for _, r := range b.cy.pull(b.film.id, wire.Cookie{}).Rows {
			if r.Table == studio.TableCheckpoint {
				row, err := studio.DecodeRow(r.Table, r.Bytes)
				require.NoError(t, err)
				return row.(studio.Checkpoint).State
			}
		}
		return 0
	}
	require.Equal(t, studio.Announced, state())
	content := newFile(100_000, 6)
	b.uploaded(b.ben, content.bytes()) // his computer has them
	reply := b.ben.push(b.film.id, b.generation, studio.Op{ID: b.ops["seal"], Kind: studio.KindSeal, Entity: b.film.shots[0].ID,
		Body: &studio.SealBody{Checkpoint: b.checkpoint}})
	require.Equal(t, studio.Applied, reply.Outcomes[0].Verdict)
	require.Equal(t, studio.Accepted, state())
	_, came := b.ana.fetch(b.film.id, content.hashes())
	require.Equal(t, content.hashes(), came)
}

// An op of a newer program, of a kind that this server lacks or with a field that it lacks, is not numbered: it waits for the
// server's update, and what is behind it can be sent in its place (rows A6, H8).
func TestWhatANewerProgramWritesIsNotNumbered(t *testing.T) {
	c := newCrew(t)
	tag := c.ben.op(studio.KindTagAdd, c.film.shots[0].ID, &studio.TagBody{Tag: "x"})
	field := wire.OpOf(c.ben.n+1, tag)
	field.Body = append(field.Body, 0xf8, 0x07, 0x01) // field 127
	kind := wire.OpOf(c.ben.n+1, tag)
	kind.Kind = 250
	for name, op := range map[string]wire.Op{"a field": field, "a kind": kind} {
		reply, err := c.ben.wire().Push(t.Context(), wire.PushRequest{Project: c.film.id, Client: c.ben.client, Generation: c.generation, Ops: []wire.Op{op}})
		require.NoError(t, err)
		require.Equal(t, wire.Stop{N: c.ben.n + 1, Code: wire.StopUnsupported}, reply.Stop, name)
	}
	c.applied(c.ben, tag)
}

// TestCase_H18: a server carries what an older program has written over, with a copy beside it, and refuses what a newer one has.
func TestCase_H18(t *testing.T) {
	c := newCrew(t)
	head := c.ana.hello(c.film.id).HeadSeq
	old := c.o
	before := fstest.MapFS{"0002-collecting.sql": {Data: []byte(`SELECT 1`)}} // it ran already
	c.o.ProjectMigrations = fstest.MapFS{"0002-collecting.sql": before["0002-collecting.sql"], "0003-lights.sql": {Data: []byte(`CREATE TABLE light (name TEXT) STRICT; INSERT INTO light VALUES ('key')`)}}
	c.data(func(d *server.Studio) { // a newer program, while an older one serves
		_, err := d.Check(t.Context())
		require.Equal(t, studio.CodeStoreInUse, studio.CodeOf(err))
	})
	c.restart()
	for _, p := range []*person{c.ana, c.ben} {
		require.Equal(t, head, p.hello(c.film.id).HeadSeq)
	}
	c.applied(c.ben, c.ben.op(studio.KindTagAdd, c.film.shots[1].ID, &studio.TagBody{Tag: "after it"}))
	at := filepath.Join(c.o.Dir, "projects", c.film.id.String(), "project.db")
	require.Equal(t, "key", valueOf(t, at, `SELECT name FROM light`))
	require.Equal(t, "3", valueOf(t, at, `PRAGMA user_version`))
	require.Equal(t, "2", valueOf(t, at+".v2.backup", `PRAGMA user_version`), "as it was")
	require.Equal(t, "ok", valueOf(t, at+".v2.backup", `PRAGMA integrity_check`))
	c.restart() // there is nothing to do
	c.stop()

	_, err := server.Open(t.Context(), old) // the older program again
	require.Equal(t, studio.CodeStoreNewer, studio.CodeOf(err))
	broken := c.o
	broken.ProjectMigrations = fstest.MapFS{"0002-collecting.sql": before["0002-collecting.sql"],
		"0003-lights.sql": {Data: []byte(`SELECT 1`)}, "0004-wrong.sql": {Data: []byte(`CREATE TABLE x (y TEXT); SELECT nonsense`)}}
	_, err = server.Open(t.Context(), broken)
	require.Error(t, err)
	require.Equal(t, "3", valueOf(t, at, `PRAGMA user_version`), "one that fails leaves it as it was")
	c.start()
}

func valueOf(t *testing.T, path, query string) (value string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	require.NoError(t, db.QueryRow(query).Scan(&value))
	require.NoError(t, db.Close())
	return value
}
