package replica_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/replica"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// saved is a store with one task of the person's, and a checkpoint of it that waits to be sent.
type saved struct {
	base    []studio.Row
	state   *studio.State
	stand   replica.Stand
	pending []replica.Pending
}

func newSaved(t *testing.T) *saved {
	me, role := studio.UserID{ID: idOf(3)}, studio.RoleID{ID: idOf(4)}
	a := studio.Asset{ID: studio.AssetID{ID: idOf(5)}, Name: "shot", NameKey: "shot", Kind: studio.Task, Assignee: me, NextVersion: 1, Ver: 1}
	s := &saved{stand: standing(5), state: studio.NewState(nil), base: []studio.Row{
		studio.Project{ID: studio.ProjectID{ID: idOf(1)}, Name: "Film", State: studio.Active, Ver: 1},
		studio.Role{ID: role, Name: "Artist", May: studio.DefaultRoles()[4].May, Ver: 1},
		studio.Member{User: me, Username: "ana", Role: role, Ver: 1},
		a,
	}}
	for _, r := range s.base {
		s.state.Put(r)
	}
	s.stand.Sums = s.sums()
	k := studio.CheckpointID{ID: idOf(7)}
	s.act(t, studio.Op{ID: studio.OpID{ID: idOf(8)}, Kind: studio.KindAnnounce, Entity: a.ID.ID, Body: &studio.AnnounceBody{Checkpoint: k}})
	s.act(t, studio.Op{ID: studio.OpID{ID: idOf(9)}, Kind: studio.KindSeal, Entity: a.ID.ID, Body: &studio.SealBody{Checkpoint: k}})
	return s
}

func (s *saved) sums() studio.Sums {
	sums := studio.Sums{}
	for _, r := range s.base {
		sums[r.Table()] = sums[r.Table()].Plus(studio.EncodeRow(r))
	}
	return sums
}

func (s *saved) act(t *testing.T, op studio.Op) {
	done, err := s.state.Run(op, studio.PendingMoment(s.stand.Me, op, uint64(len(s.pending)+1)), nil)
	require.NoError(t, err)
	s.pending = append(s.pending, replica.Pending{LocalN: uint64(len(s.pending) + 1), Op: op, Undo: done[0].Undo})
}

func (s *saved) All(t studio.Table) (rows []studio.Row) {
	puts, _ := s.state.Changed()
	for _, r := range puts {
		if r.Table() == t {
			rows = append(rows, r)
		}
	}
	return rows
}

func (s *saved) Rows(t studio.Table, keys []string) (rows []studio.Row) {
	for _, key := range keys {
		if r, ok := s.state.Find(t, key); ok {
			rows = append(rows, r)
		}
	}
	return rows
}

// lay rebases and takes the result over.
func (s *saved) lay(t *testing.T, p replica.Pulled) replica.Rebased {
	stand := s.stand
	if p.Anew {
		stand.Sums = studio.Sums{}
	}
	over := studio.NewState(s.state)
	out, err := replica.Rebase(over, stand, s.pending, s, p)
	require.NoError(t, err)
	s.state.Absorb(over)
	s.stand.Sums, s.stand.Cookie.Seq = out.Sums, p.Head.Seq
	s.pending = nil
	for _, r := range out.Redone {
		s.pending = append(s.pending, r.Pending)
	}
	return out
}

func (s *saved) everything(seq uint64) replica.Pulled {
	p := replica.Pulled{Head: wire.Signed{Generation: life, Seq: seq}, Sums: s.sums(), Anew: true}
	for _, r := range s.base {
		p.Rows = append(p.Rows, wire.Row{Table: r.Table(), Key: r.Key(), Bytes: studio.EncodeRow(r)})
	}
	return p
}

func TestACheckpointThatWaitsStaysAtEveryPull(t *testing.T) {
	s := newSaved(t)
	for seq := uint64(6); seq < 10; seq++ {
		p := replica.Pulled{Head: wire.Signed{Generation: life, Seq: seq}, Sums: s.sums()}
		if seq%2 == 1 {
			p = s.everything(seq)
		}
		require.Equal(t, s.sums(), s.lay(t, p).Sums)
		k, ok := s.state.Checkpoint(studio.CheckpointID{ID: idOf(7)})
		require.True(t, ok, "pull %d", seq)
		for _, image := range s.pending[0].Undo {
			require.Nil(t, image.Before, "to the base, what is announced is new, however often it is played again")
		}
		require.Equal(t, studio.Local, k.State)
	}
}

func TestACheckpointThatWaitsStaysWhenItsTaskIsOutOfSight(t *testing.T) {
	s := newSaved(t)
	s.base = s.base[:3]
	for seq := uint64(6); seq < 8; seq++ {
		p := s.everything(seq)
		p.Sums, p.Whole, p.Anew = nil, true, false
		s.lay(t, p)
		k, ok := s.state.Checkpoint(studio.CheckpointID{ID: idOf(7)})
		require.True(t, ok)
		require.Equal(t, studio.Contested, k.State)
		require.Len(t, s.pending, 2, "it is sent all the same")
	}
}

func TestAVerdictThatTheServerLostIsAskedForAgain(t *testing.T) {
	s := newSaved(t)
	s.pending[0].Acked, s.pending[0].N, s.pending[0].Seq = true, 4, 7
	s.lay(t, replica.Pulled{Head: wire.Signed{Generation: life, Seq: 6}, Sums: s.sums()})
	require.True(t, s.pending[0].Acked, "it has not come to that verdict yet")
	s.lay(t, replica.Pulled{Head: wire.Signed{Generation: life, Seq: 7}, Sums: s.sums()})
	require.False(t, s.pending[0].Acked, "the server's event 7 is another one")
	require.Zero(t, s.pending[0].N)
}

func TestWhatAWholeHistoryLacksIsLost(t *testing.T) {
	ids := []studio.OpID{{ID: idOf(1)}, {ID: idOf(2)}, {ID: idOf(3)}}
	var mine []replica.Decided
	for _, id := range ids {
		mine = append(mine, replica.Decided{Op: id, Verdict: studio.Applied})
	}
	p := replica.Pulled{Anew: true, Events: []studio.Event{{Op: ids[0], Verdict: studio.Applied}, {Op: ids[2], Verdict: studio.Noop}}}
	require.Equal(t, ids[1:], p.Lost(mine), "not there, or with another verdict")
	p.Anew = false
	require.Empty(t, p.Lost(mine))
}

// Who sees all continues the chain over what a pull brings: it leads to the head that the studio has signed, or the base is not
// the server's.
func TestEventsThatDoNotLeadToTheSignedHeadAreNotLaid(t *testing.T) {
	s := newSaved(t)
	s.stand.Full = true
	ev := studio.Event{Seq: 6, Op: studio.OpID{ID: idOf(20)}, Actor: s.stand.Me, Kind: studio.KindTagAdd, Entity: idOf(5), Verdict: studio.Refused}
	lay := func(head wire.Signed, events ...studio.Event) (replica.Rebased, error) {
		return replica.Rebase(studio.NewState(s.state), s.stand, s.pending, s,
			replica.Pulled{Head: head, Sums: s.sums(), Events: events})
	}
	head := wire.Signed{Generation: life, Seq: 6, Chain: ev.NextChain(s.stand.Chain)}
	out, err := lay(head, ev)
	require.NoError(t, err)
	require.Equal(t, head.Chain, out.Chain)
	other := ev
	other.Verdict = studio.Applied
	_, err = lay(head, other)
	require.ErrorIs(t, err, replica.ErrDiffers, "another verdict")
	_, err = lay(head)
	require.ErrorIs(t, err, replica.ErrDiffers, "none")
	further := other
	further.Seq = 7
	_, err = lay(wire.Signed{Generation: life, Seq: 7, Chain: further.NextChain(head.Chain)}, further)
	require.ErrorIs(t, err, replica.ErrDiffers, "the one before it is missing")
}

// What the server refused is taken back by the pull that tells of it, with every row that the act had made, also where there was none.
func TestWhatWasRefusedLeavesNothingBehind(t *testing.T) {
	s := newSaved(t)
	task := idOf(5)
	tag := studio.Op{ID: studio.OpID{ID: idOf(21)}, Kind: studio.KindTagAdd, Entity: task, Body: &studio.TagBody{Tag: "mine"}}
	s.act(t, tag)
	require.True(t, s.state.HasTag(studio.AssetID{ID: task}, "mine"))
	out := s.lay(t, replica.Pulled{Head: wire.Signed{Generation: life, Seq: 6}, Sums: s.sums(),
		Events: []studio.Event{{Seq: 6, Op: tag.ID, Actor: s.stand.Me, Kind: tag.Kind, Entity: task, Verdict: studio.Refused}}})
	require.False(t, s.state.HasTag(studio.AssetID{ID: task}, "mine"))
	require.Contains(t, out.Acked, tag.ID)
	require.Equal(t, s.sums(), out.Sums)
	require.Len(t, s.pending, 2, "what was saved still waits")
}
