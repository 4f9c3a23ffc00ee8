package sim_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/fsys"
	"framehold/internal/replica"
	"framehold/internal/server"
	"framehold/internal/serverdb"
	"framehold/internal/serverdb/sqlitedb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// history is a long life of a project, as a store with full view holds it.
type history struct {
	events []studio.Event
	chains [][32]byte
	head   wire.Signed
}

// ChainAt gives the chain after a seq.
func (h *history) ChainAt(_ context.Context, seq uint64) ([32]byte, bool, error) {
	return h.chains[seq], true, nil
}

// EventsAfter lists events behind a seq.
func (h *history) EventsAfter(_ context.Context, after uint64, limit int) ([]studio.Event, error) {
	return h.events[after:min(int(after)+limit, len(h.events))], nil
}

func sealed(s wire.Signed) wire.Signed {
	mac := sha256.Sum256(s.Bytes())
	s.Signature = mac[:]
	return s
}

// Twenty thousand lost changes come back: by nearer heads, then page by page, each of them once. sync.md allows a minute for a
// hundred thousand; how long it took is told.
func TestALongHistoryComesBack(t *testing.T) {
	const lost = 20_000
	project, account := studio.ProjectID{ID: studio.ID{1}}, studio.UserID{ID: studio.ID{2}}
	client, shot := studio.ID{3}, studio.AssetID{ID: studio.ID{4}}
	role := studio.RoleID{ID: studio.ID{5}}
	core := &server.Core{Sign: sealed, Verify: func(s wire.Signed) bool { return string(sealed(s).Signature) == string(s.Signature) }}
	by := server.Call{Account: account, NowMs: 1}
	ctx := t.Context()
	db, err := sqlitedb.Open(sqlitedb.Options{Dir: t.TempDir(), FS: fsys.Real()})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.Create(ctx, project, serverdb.Head{Generation: [8]byte{2}, GenNo: 2}))
	rows := []studio.Row{studio.Project{ID: project, Name: "Film", State: studio.Active, Ver: 1},
		studio.Role{ID: role, Name: "Admin", May: studio.DefaultRoles()[0].May, Ver: 1},
		studio.Member{User: account, Username: "ana", Role: role, Profile: account, Ver: 1},
		studio.Asset{ID: shot, Name: "shot", NameKey: "shot", Kind: studio.Task, NextVersion: 1, Ver: 1}}
	past := &history{chains: [][32]byte{{}}}
	add := func(ev studio.Event) {
		ev.Seq = uint64(len(past.events)) + 1
		ev.Chain = ev.NextChain(past.chains[len(past.events)])
		past.events, past.chains = append(past.events, ev), append(past.chains, ev.Chain)
	}
	add(studio.Event{Op: studio.OpID{ID: studio.ID{6}}, Verdict: studio.Applied})
	require.NoError(t, db.Tx(ctx, project, func(tx serverdb.Tx) error {
		if err := tx.Append(past.events); err != nil {
			return err
		}
		if err := tx.Put(1, rows, nil); err != nil {
			return err
		}
		_, err := core.Hello(tx, by, wire.HelloRequest{Project: project, Client: client, Proto: wire.Proto})
		return err
	}))
	for i := range lost {
		body := &studio.RankBody{Rank: fmt.Sprintf("r%dV", i)}
		add(studio.Event{Op: studio.OpID{ID: studio.ID{7, byte(i >> 16), byte(i >> 8), byte(i)}}, Kind: studio.KindRankSet, Entity: shot.ID,
			Actor: account, Verdict: studio.Applied, Body: studio.EncodeBody(body)})
	}
	past.head = sealed(wire.Signed{Project: project, Generation: [8]byte{1}, Seq: lost + 1, Chain: past.chains[lost+1]})

	healed, calls := uint32(0), 0
	began := time.Now()
	err = replica.Testify(ctx, past, replica.Stand{Project: project, Client: client, Signed: past.head}, replica.Witness{After: 1, Generation: [8]byte{2}},
		func(ctx context.Context, q wire.WitnessRequest) (reply wire.WitnessReply, err error) {
			require.LessOrEqual(t, len(q.Tail), wire.WitnessTail)
			require.LessOrEqual(t, len(q.Events), wire.PushOpsMax)
			err = db.Tx(ctx, project, func(tx serverdb.Tx) error {
				reply, err = core.Witness(tx, by, q)
				return err
			})
			calls++
			healed += reply.Healed
			return reply, err
		})
	require.NoError(t, err)
	require.Equal(t, uint32(lost), healed)
	require.NoError(t, db.Read(ctx, project, func(snap serverdb.Snapshot) error {
		require.Equal(t, uint64(lost+1), snap.Head().Seq)
		a, _ := snap.Asset(shot)
		require.Equal(t, fmt.Sprintf("r%dV", lost-1), a.Rank)
		return nil
	}))
	t.Logf("%d lost changes came back in %d calls and %s", lost, calls, time.Since(began).Round(time.Millisecond))
}
