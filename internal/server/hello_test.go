package server_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/server"
	"framehold/internal/serverdb"
	"framehold/internal/serverdb/memdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// TestCase_H2: an older database was copied back. A head that the studio signed proves it; nothing else does.
func TestCase_H2(t *testing.T) {
	project, account := studio.ProjectID{ID: studio.ID{15: 1}}, studio.UserID{ID: studio.ID{15: 2}}
	old := wire.Generation{1}
	seen := func(change func(*wire.Signed)) wire.Signed {
		s := wire.Signed{Project: project, Generation: old, Seq: 1, Chain: [32]byte{9}, Signature: []byte("studio")}
		change(&s)
		return s
	}
	for name, c := range map[string]struct {
		seen  wire.Signed
		fresh bool
	}{
		"a newer seq":                {seen(func(*wire.Signed) {}), true},
		"another chain at a seq":     {seen(func(s *wire.Signed) { s.Seq = 0 }), true},
		"the same history":           {seen(func(s *wire.Signed) { s.Seq, s.Chain = 0, [32]byte{} }), false},
		"a claim that nobody signed": {seen(func(s *wire.Signed) { s.Signature = nil }), false},
		"another generation":         {seen(func(s *wire.Signed) { s.Generation = wire.Generation{2} }), false},
		"another project":            {seen(func(s *wire.Signed) { s.Project = studio.ProjectID{} }), false},
		"nothing":                    {wire.Signed{}, false},
	} {
		db := memdb.New()
		require.NoError(t, db.Create(context.Background(), project, serverdb.Head{Generation: old, GenNo: 1}))
		core := server.Core{Verify: func(s wire.Signed) bool { return string(s.Signature) == "studio" },
			NewGeneration: func(studio.ProjectID) [8]byte { return [8]byte{7} }}
		member := studio.Member{User: account, Profile: account, Username: "ana", Ver: 1}
		var reply wire.HelloReply
		err := db.Tx(context.Background(), project, func(tx serverdb.Tx) (err error) {
			ev := studio.Event{Seq: 1, Op: studio.OpID{ID: studio.ID{15: 5}}}
			ev.Chain = ev.NextChain([32]byte{})
			if err := tx.Append([]studio.Event{ev}); err != nil {
				return err
			}
			if err := tx.Put(1, []studio.Row{member}, nil); err != nil {
				return err
			}
			if c.seen.Seq == 1 { // beyond what the server has
				c.seen.Seq = 2
			}
			reply, err = core.Hello(tx, server.Call{Account: account}, wire.HelloRequest{Project: project, Client: studio.ID{15: 3},
				Proto: wire.Proto, Seen: c.seen})
			return err
		})
		require.NoError(t, err, name)
		require.Equal(t, c.fresh, reply.Generation != old, name)
		require.NoError(t, db.Read(context.Background(), project, func(snap serverdb.Snapshot) error {
			require.Equal(t, reply.Generation, wire.Generation(snap.Head().Generation), "%s: it stays", name)
			return nil
		}))
	}
}
