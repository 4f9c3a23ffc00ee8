package studio_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

// logged is a stage whose acts are written down.
type logged struct {
	*stage
	log []studio.Event
}

func (s *logged) act(t *testing.T, actor studio.UserID, kind studio.Kind, entity studio.ID, body studio.Body, undoes studio.OpID) studio.OpID {
	t.Helper()
	s.seq++
	op := studio.Op{ID: studio.OpID{ID: studio.ID{0: 7, 14: byte(s.seq >> 8), 15: byte(s.seq)}}, Kind: kind, Entity: entity, Body: body,
		Undoes: undoes, MadeHybrid: s.seq << 16}
	at := studio.Moment{Actor: actor, ReceivedMs: int64(s.seq), Seq: s.seq}
	d := studio.Decide(s.state, op, at)
	require.NotEqual(t, studio.Refused, d.Verdict, d.Reason)
	ev := studio.EventOf(s.state, op, at, d)
	s.state.Apply(d, ev)
	s.log = append(s.log, ev)
	return op.ID
}

// story is a log with everything that a ledger has an index for.
func story(t *testing.T) *logged {
	t.Helper()
	s := &logged{stage: &stage{state: studio.NewState(nil)}}
	none := studio.OpID{}
	me, ben := studio.UserID{ID: id(1, 1)}, studio.UserID{ID: id(2, 1)}
	define := func(kind studio.Kind, row studio.Row, seen uint64) {
		s.act(t, me, kind, studio.IDFrom([]byte(row.Key())), &studio.RowBody{SeenVer: seen, Row: studio.EncodeRow(row)}, none)
	}
	project := studio.Project{ID: studio.ProjectID{ID: id(1, 9)}, Name: "Film", State: studio.Founding, Personal: true}
	define(studio.KindProjectSet, project, 0)
	admin := studio.Role{ID: studio.RoleID{ID: id(1, 2)}, Name: "Admin", May: studio.DefaultRoles()[0].May}
	define(studio.KindRoleSet, admin, 0)
	for i, st := range studio.DefaultStatuses() {
		define(studio.KindStatusDefine, studio.Status{ID: studio.StatusID{ID: id(byte(9-i), 3)}, Name: st.Name, Label: st.Label, Category: st.Category,
			Order: int32(i)}, 0)
	}
	define(studio.KindMemberSet, studio.Member{User: me, Username: "ana", Role: admin.ID}, 0)
	define(studio.KindMemberSet, studio.Member{User: ben, Username: "ben", Role: admin.ID}, 0)
	project.State = studio.Active
	define(studio.KindProjectSet, project, 1)

	shot, rig := id(1, 4), id(2, 4)
	for i, a := range []studio.ID{shot, rig} {
		s.act(t, me, studio.KindAssetCreate, a, &studio.CreateBody{Name: fmt.Sprintf("asset_%d", i), Kind: studio.Task}, none)
	}
	s.act(t, me, studio.KindCollectionCreate, id(1, 8), &studio.CreateBody{Name: "shots"}, none)
	undone := s.act(t, me, studio.KindCollectionCreate, id(2, 8), &studio.CreateBody{Name: "wrong"}, none)
	s.act(t, me, studio.KindTrash, id(2, 8), &studio.TrashBody{}, undone)
	held := s.act(t, me, studio.KindAssign, shot, &studio.AssignBody{To: ben}, none)
	save := func(n byte, base studio.CheckpointID) studio.CheckpointID {
		k := studio.CheckpointID{ID: id(n, 5)}
		s.act(t, ben, studio.KindAnnounce, shot, &studio.AnnounceBody{Checkpoint: k, Base: base, Assignment: studio.AssignmentID(held),
			Comment: "x", Manifest: studio.Hash{n}}, none)
		s.act(t, ben, studio.KindSeal, shot, &studio.SealBody{Checkpoint: k}, none)
		return k
	}
	v1 := save(1, studio.CheckpointID{})
	v2 := save(2, v1)
	beside := save(3, v1)
	save(4, beside)
	s.act(t, ben, studio.KindAdopt, shot, &studio.ParkedBody{Root: beside, Upto: beside, ExpectHead: v2}, none)
	s.act(t, me, studio.KindNoteAdd, shot, &studio.NoteBody{Note: studio.NoteID{ID: id(1, 6)}, Text: "why", Checkbox: true}, none)
	s.act(t, me, studio.KindDependAdd, shot, &studio.DependBody{Target: rig}, none)
	tag := s.act(t, me, studio.KindTagAdd, shot, &studio.TagBody{Tag: "hero"}, none)
	s.act(t, me, studio.KindTagRemove, shot, &studio.TagBody{Tag: "hero"}, tag)
	s.act(t, me, studio.KindStatusRemove, id(8, 3), &studio.StatusRemoveBody{Replacement: studio.StatusID{ID: id(9, 3)}}, none)
	rename := s.act(t, me, studio.KindRename, rig, &studio.RenameBody{Name: "rig", Seen: "asset_1"}, none)
	s.act(t, me, studio.KindRename, rig, &studio.RenameBody{Name: "asset_1", Seen: "rig"}, rename)
	s.act(t, ben, studio.KindRoadStart, shot, &studio.RoadBody{UntilMs: 1 << 40}, none)
	for n := byte(1); n <= 2; n++ {
		ask := studio.HandoverID{ID: id(n, 10)}
		s.act(t, me, studio.KindHandoverAsk, shot, &studio.HandoverAskBody{Handover: ask, To: me}, none)
		s.act(t, ben, studio.KindHandoverAnswer, shot, &studio.HandoverAnswerBody{Handover: ask, Text: "not yet"}, none)
	}
	s.act(t, ben, studio.KindRoadEnd, shot, &studio.EmptyBody{}, none)
	s.act(t, me, studio.KindMerge, shot, &studio.MergeBody{Other: studio.AssetID{ID: rig}}, none)
	return s
}

func (s *logged) TrailOf(entity studio.ID, after, before uint64) (trail []studio.Event) {
	for _, ev := range s.log {
		if ev.Entity == entity && ev.Seq > after && ev.Seq < before {
			trail = append(trail, ev)
		}
	}
	return trail
}

func (s *logged) Event(op studio.OpID) (studio.Event, bool) {
	for _, ev := range s.log {
		if ev.Op == op {
			return ev, true
		}
	}
	return studio.Event{}, false
}

func TestALedgerComesToWhatTheStateCameTo(t *testing.T) {
	s := story(t)
	l := studio.NewLedger(s)
	for _, ev := range s.log {
		p, err := l.Play(ev)
		require.NoError(t, err)
		require.True(t, p.Follows, "event %d: %s", ev.Seq, p.Decision.Reason)
	}
	puts, gone := s.state.Changed()
	for _, want := range puts {
		have, ok := l.Row(want.Table(), want.Key())
		require.True(t, ok)
		require.Equal(t, want, have)
	}
	for _, r := range gone {
		_, ok := l.Row(r.Table(), r.Key())
		require.False(t, ok)
	}
	a := studio.AssetID{ID: id(1, 4)}
	require.Equal(t, s.state.Needs(a), l.Needs(a))
	require.Equal(t, s.state.Notes(a), l.Notes(a))
	require.Equal(t, s.state.Parked(a), l.Parked(a))
	require.Len(t, l.Handovers(a), 2)
	require.Equal(t, s.state.Handovers(a), l.Handovers(a))
	wantRoad, _ := s.state.Road(a)
	road, ok := l.Road(a)
	require.True(t, ok)
	require.Equal(t, wantRoad, road)
	require.Equal(t, s.state.Statuses(), l.Statuses())
	for _, chain := range l.Parked(a) {
		wantChain, want := s.state.Chain(chain.Root)
		haveChain, have := l.Chain(chain.Root)
		require.Equal(t, wantChain, haveChain)
		require.Equal(t, len(want), len(have))
	}
	collections, assets := l.Inside(studio.CollectionID{})
	require.Len(t, collections, 1)
	require.Len(t, assets, 1)
}

// An event that the rules would not have let through has no effect, and is told apart from one that they did.
func TestALedgerDoesNotFollowAForgedEvent(t *testing.T) {
	s := story(t)
	l := studio.NewLedger(s)
	for _, ev := range s.log {
		_, err := l.Play(ev)
		require.NoError(t, err)
	}
	a, _ := l.Asset(studio.AssetID{ID: id(1, 4)})
	forged := s.log[len(s.log)-1]
	forged.Seq, forged.Op = forged.Seq+1, studio.OpID{ID: id(200, 7)}
	forged.Kind, forged.Entity, forged.Undoes, forged.Actor = studio.KindAssign, a.ID.ID, studio.OpID{}, studio.UserID{ID: id(77, 1)}
	forged.Body = studio.EncodeBody(&studio.AssignBody{To: studio.UserID{ID: id(1, 1)}, Expect: a.Assignment})
	p, err := l.Play(forged)
	require.NoError(t, err)
	require.False(t, p.Follows)
	require.Equal(t, studio.CodeNotMember, p.Decision.Reason)
	now, _ := l.Asset(a.ID)
	require.Equal(t, a, now)
}
