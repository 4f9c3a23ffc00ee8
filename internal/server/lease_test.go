package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/server"
	"framehold/internal/serverdb"
	"framehold/internal/serverdb/memdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const weekMs = 7 * dayMs

// lessor is a server's core over a database in memory, and one client that has uploaded a chunk at an instant.
type lessor struct {
	t       *testing.T
	core    server.Core
	db      *memdb.Store
	project studio.ProjectID
	account studio.UserID
	client  studio.ID
	chunk   serverdb.Chunk
}

func newLessor(t *testing.T, nowMs int64) *lessor {
	l := &lessor{t: t, db: memdb.New(), project: studio.ProjectID{ID: studio.ID{15: 1}}, account: studio.UserID{ID: studio.ID{15: 2}},
		client: studio.ID{15: 3}, chunk: serverdb.Chunk{Hash: studio.Hash{4}, Pack: studio.ID{15: 5}, Stored: 10, Size: 10}}
	require.NoError(t, l.db.Create(t.Context(), l.project, serverdb.Head{Generation: [8]byte{1}, GenNo: 1, ServerMs: nowMs}))
	l.tx(func(tx serverdb.Tx) error {
		ev := studio.Event{Seq: 1, Op: studio.OpID{ID: studio.ID{15: 6}}}
		ev.Chain = ev.NextChain([32]byte{})
		require.NoError(t, tx.Append([]studio.Event{ev}))
		return tx.Put(1, []studio.Row{studio.Member{User: l.account, Profile: l.account, Username: "ana", Ver: 1}}, nil)
	})
	l.tx(func(tx serverdb.Tx) error {
		_, err := l.core.Hello(tx, l.call(nowMs), wire.HelloRequest{Project: l.project, Client: l.client, Proto: wire.Proto})
		require.NoError(t, err)
		return l.core.AddChunks(tx, l.call(nowMs), l.client, server.Received{New: []serverdb.Chunk{l.chunk}})
	})
	return l
}

func (l *lessor) call(nowMs int64) server.Call { return server.Call{Account: l.account, NowMs: nowMs} }

func (l *lessor) tx(fn func(serverdb.Tx) error) {
	l.t.Helper()
	require.NoError(l.t, l.db.Tx(l.t.Context(), l.project, fn))
}

// has asks for the chunk, and tells until when the client's lease is then.
func (l *lessor) has(nowMs int64) (here bool, untilMs int64) {
	l.t.Helper()
	l.tx(func(tx serverdb.Tx) error {
		reply, err := l.core.Have(tx, l.call(nowMs), wire.HaveRequest{Project: l.project, Client: l.client, Hashes: []studio.Hash{l.chunk.Hash}})
		require.NoError(l.t, err)
		here = reply.Have[0]
		lease, ok := tx.Lease(l.client)
		require.True(l.t, ok)
		untilMs = lease.ExpiresMs
		return nil
	})
	return here, untilMs
}

// A lease lasts a week behind the last sign of life of its upload, and a clock that is set back shortens none (rows Ic1, H13).
func TestASignOfLifeRenewsALease(t *testing.T) {
	const now = 1000 * weekMs
	l := newLessor(t, now)
	for _, after := range []int64{0, dayMs, 6 * dayMs} {
		here, untilMs := l.has(now + after)
		require.True(t, here)
		require.Equal(t, now+after+weekMs, untilMs)
	}
	_, untilMs := l.has(now - 500*weekMs)
	require.GreaterOrEqual(t, untilMs, int64(now+weekMs))
}

// A chunk whose pack is condemned is asked for again, from who has uploaded it too: it is stored elsewhere, before the pack goes
// (row Ic4).
func TestAChunkOfACondemnedPackIsAskedForAgain(t *testing.T) {
	const now = 1000 * weekMs
	l := newLessor(t, now)
	l.tx(func(tx serverdb.Tx) error { return tx.SetPack(serverdb.Pack{ID: l.chunk.Pack, CondemnedMs: now}) })
	here, _ := l.has(now)
	require.False(t, here)
	again := l.chunk
	again.Pack = studio.ID{15: 7}
	l.tx(func(tx serverdb.Tx) error {
		return l.core.AddChunks(tx, l.call(now), l.client, server.Received{New: []serverdb.Chunk{again}})
	})
	here, _ = l.has(now)
	require.True(t, here)
}
