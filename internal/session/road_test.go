package session_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/projectdb"
	"framehold/internal/session"
	"framehold/internal/studio"
)

// needs makes a task need an asset.
func needs(t *testing.T, s *session.Session, task studio.AssetID, target studio.AssetID) {
	t.Helper()
	out, err := s.Depend(t.Context(), task, []studio.ID{target.ID}, false)
	require.NoError(t, err)
	require.NoError(t, out.Err())
}

// tracks adds a file as a task of nobody's.
func tracks(t *testing.T, s *session.Session, path string) studio.AssetID {
	t.Helper()
	added, err := s.Add(t.Context(), session.AddRequest{Paths: []string{path}, Task: true})
	require.NoError(t, err)
	require.Len(t, added.Files, 1)
	require.NoError(t, added.Files[0].Err)
	return added.Files[0].Asset
}

func tomorrow() int64 { return time.Now().Add(24 * time.Hour).UnixMilli() }

func codes(t *testing.T, s *session.Session) (codes []studio.Code) {
	t.Helper()
	cards, err := s.Inbox(t.Context())
	require.NoError(t, err)
	for _, c := range cards {
		codes = append(codes, c.Code)
	}
	return codes
}

func road(t *testing.T, s *session.Session, id studio.AssetID) studio.Road {
	t.Helper()
	p, err := s.Look(t.Context())
	require.NoError(t, err)
	return p.Assets[id].Road
}

func goes(t *testing.T, s *session.Session, id studio.AssetID, untilMs int64) session.RoadPlan {
	t.Helper()
	out, plan, err := s.StartRoad(t.Context(), session.RoadRequest{Assets: []studio.AssetID{id}, UntilMs: untilMs})
	require.NoError(t, err)
	require.NoError(t, out.Err())
	return plan
}

func TestCase_J7(t *testing.T) {
	ctx := context.Background()
	pia, ana, _ := published(t)
	id := asset(t, ana.s, "shot_020.blend")
	plan := goes(t, ana.s, id, tomorrow())
	require.Len(t, plan.Items, 1)
	require.True(t, plan.Items[0].Here)
	require.Equal(t, "one", ana.read("shot_020.blend"), "it was fetched")
	ana.sync()
	require.Empty(t, codes(t, ana.s))

	pia.sync()
	require.Equal(t, ana.s.Me(), road(t, pia.s, id).User, "the team sees it")
	pia.write("dragon.blend", "scales")
	dragon := tracks(t, pia.s, "dragon.blend")
	needs(t, pia.s, id, dragon)
	pia.sync()

	ana.sync()
	require.Equal(t, []studio.Code{studio.CodeRoadNew}, codes(t, ana.s))
	cards, err := ana.s.Inbox(ctx)
	require.NoError(t, err)
	require.Equal(t, session.Card{ID: id.ID, Kind: session.CardRoad, Asset: id, Path: "shot_020.blend", Code: studio.CodeRoadNew, Bytes: 6,
		Params: studio.Params{Asset: "shot_020.blend", N: 1, Path: "dragon.blend"}, Verdict: studio.Applied, OpenedMs: cards[0].OpenedMs}, cards[0])
	plan, err = ana.s.PlanRoad(ctx, []studio.AssetID{id})
	require.NoError(t, err)
	require.Equal(t, []string{"dragon.blend"}, plan.Lacks(true))
	require.EqualValues(t, 6, plan.ToFetch, "the size comes first")
	require.Positive(t, plan.Free)

	plan, err = ana.s.FetchRoad(ctx, []studio.AssetID{id}, nil)
	require.NoError(t, err)
	require.Zero(t, plan.Missing)
	require.Equal(t, "scales", ana.read("dragon.blend"))
	require.Empty(t, codes(t, ana.s))

	freed, err := ana.s.FreeUp(ctx, []studio.AssetID{dragon})
	require.NoError(t, err)
	require.Equal(t, studio.CodePinned, studio.CodeOf(freed[0].Err), "nothing frees what is pinned")
	require.Equal(t, "scales", ana.read("dragon.blend"))
	out, err := ana.s.EndRoad(ctx, []studio.AssetID{id})
	require.NoError(t, err)
	require.NoError(t, out.Err())
	freed, err = ana.s.FreeUp(ctx, []studio.AssetID{dragon})
	require.NoError(t, err)
	require.NoError(t, freed[0].Err)
}

func TestCase_J9(t *testing.T) {
	f, ana, ben := newFilm(t, nil)
	ana.write("rig.blend", "bones")
	rig := tracks(t, ana.Session, "rig.blend")
	id := asset(t, ana.Session, "ben.blend")
	needs(t, ana.Session, id, rig)
	ana.sends()
	ben.syncs()

	plan := goes(t, ben.Session, id, tomorrow()) // its server gives no bytes
	require.Equal(t, []string{"rig.blend"}, plan.Lacks(false))
	require.Error(t, plan.Items[0].Err)
	require.Equal(t, 1, plan.Missing)
	require.Equal(t, ben.Me(), road(t, ben.Session, id).User, "the road stands")
	require.Equal(t, []studio.Code{studio.CodeRoadMissing}, codes(t, ben.Session))
	ben.syncs()
	ana.syncs()
	require.Equal(t, ben.Me(), road(t, ana.Session, id).User)
	require.Empty(t, codes(t, ana.Session), "the list is for who has left")
	require.Same(t, f, ben.film)
}

func TestARoadKeepsATaskFromOthersUntilItsDate(t *testing.T) {
	ctx := t.Context()
	_, ana, ben := newFilm(t, nil)
	id := asset(t, ana.Session, "ben.blend")
	goes(t, ben.Session, id, tomorrow())
	ben.syncs()
	ana.syncs()
	take := session.AssignRequest{Assets: []studio.AssetID{id}, To: ana.Me()}
	out, err := ana.Assign(ctx, take)
	require.NoError(t, err)
	require.Equal(t, studio.CodeOnTheRoad, studio.CodeOf(out.Err()))
	risk, err := ana.Risk(ctx, id)
	require.NoError(t, err)
	require.Equal(t, ben.Me(), risk.Road.User)
	require.False(t, risk.Overdue)
	take.Override = true
	out, err = ana.Assign(ctx, take)
	require.NoError(t, err)
	require.Equal(t, studio.CodeOnTheRoad, studio.CodeOf(out.Err()), "that takes a reason")
	take.Reason = "the client comes on Friday"
	out, err = ana.Assign(ctx, take)
	require.NoError(t, err)
	require.NoError(t, out.Err())
	ana.syncs()
	ben.syncs()
	cards, err := ben.Inbox(ctx)
	require.NoError(t, err)
	require.Len(t, cards, 1)
	require.Equal(t, studio.CodeTaken, cards[0].Code)
	require.Equal(t, session.CardNews, cards[0].Kind)
	require.Equal(t, studio.Params{Asset: "ben.blend", Who: "ana of the film", Now: "ana of the film", Why: take.Reason, Mine: "road", When: cards[0].Params.When},
		cards[0].Params)
	require.NoError(t, ben.CloseCard(ctx, cards[0].ID))
	require.Empty(t, codes(t, ben.Session))
	ben.proves()
}

func TestADateThatIsOverIsSaidAndEndsNothing(t *testing.T) {
	_, ana, ben := newFilm(t, nil)
	id := asset(t, ana.Session, "ben.blend")
	goes(t, ben.Session, id, time.Now().Add(-time.Hour).UnixMilli())
	ben.syncs()
	require.Equal(t, []studio.Code{studio.CodeOverdue}, codes(t, ben.Session))
	ana.syncs()
	give(t, ana.Session, id, ana.Me())
}

func TestWhoWasAwayForHoursIsBackOnceAllIsSent(t *testing.T) {
	ctx := context.Background()
	_, ana, _ := published(t)
	id := asset(t, ana.s, "shot_020.blend")
	goes(t, ana.s, id, tomorrow())
	require.Equal(t, ana.s.Me(), road(t, ana.s, id).User)
	ana.sync()
	require.Equal(t, ana.s.Me(), road(t, ana.s, id).User, "a word in between ends nothing")
	_, err := session.Store(ana.s).Write(ctx, projectdb.Act{Lane: projectdb.LaneEdit, Kind: projectdb.ActCare}, func(tx *projectdb.Tx) error {
		return tx.SetContact(projectdb.Contact{AtMs: time.Now().Add(-5 * time.Hour).UnixMilli()})
	})
	require.NoError(t, err)
	ana.sync()
	require.True(t, road(t, ana.s, id).Asset.IsZero())
}

func TestAnAskIsAnsweredByWhoHoldsTheTask(t *testing.T) {
	ctx := t.Context()
	_, ana, ben := newFilm(t, nil)
	id := asset(t, ana.Session, "ana.blend")
	out, err := ben.Ask(ctx, session.AskRequest{Assets: []studio.AssetID{id}})
	require.NoError(t, err)
	require.NoError(t, out.Err())
	ben.syncs()
	require.Empty(t, codes(t, ben.Session), "it has a day to be answered in")
	ana.syncs()
	cards, err := ana.Inbox(ctx)
	require.NoError(t, err)
	require.Len(t, cards, 1)
	require.Equal(t, session.CardAsk, cards[0].Kind)
	require.False(t, cards[0].Closable())
	require.Equal(t, studio.Params{Asset: "ana.blend", Who: "ben of the film", When: cards[0].Params.When}, cards[0].Params)
	_, err = ana.Answer(ctx, studio.HandoverID(id), true, "")
	require.Equal(t, studio.CodeUnknownAsk, studio.CodeOf(err))
	out, err = ana.Answer(ctx, studio.HandoverID{ID: cards[0].ID}, false, "the arm is not done")
	require.NoError(t, err)
	require.NoError(t, out.Err())
	require.Empty(t, codes(t, ana.Session))
	ana.syncs()
	ben.syncs()
	cards, err = ben.Inbox(ctx)
	require.NoError(t, err)
	require.Len(t, cards, 1)
	require.Equal(t, studio.CodeNotYet, cards[0].Code)
	require.Equal(t, "the arm is not done", cards[0].Params.Why)

	_, err = ben.Ask(ctx, session.AskRequest{Assets: []studio.AssetID{id}})
	require.NoError(t, err)
	ben.syncs()
	ana.syncs()
	cards, err = ana.Inbox(ctx)
	require.NoError(t, err)
	_, err = ana.Answer(ctx, studio.HandoverID{ID: cards[0].ID}, true, "")
	require.NoError(t, err)
	ana.syncs()
	ben.syncs()
	p, err := ben.Look(ctx)
	require.NoError(t, err)
	require.Equal(t, ben.Me(), p.Assets[id].Assignee)
	cards, err = ben.Inbox(ctx)
	require.NoError(t, err)
	require.Equal(t, studio.CodeAssigned, cards[len(cards)-1].Code)
	require.Equal(t, "ana of the film", cards[len(cards)-1].Params.Who, "who gave it up")
	require.Empty(t, codes(t, ana.Session), "who handed it in knows")
	ben.proves()
}

func TestCase_F2(t *testing.T) {
	ctx := context.Background()
	pia, _, ben := published(t)
	pia.write("notes.txt", "of pia")
	ben.write("notes.txt", "of ben")
	theirs := tracks(t, pia.s, "notes.txt")
	mine := tracks(t, ben.s, "notes.txt")
	pia.sync()
	ben.sync()
	require.Equal(t, []studio.Code{studio.CodeRenamed}, codes(t, ben.s))
	p, err := ben.s.Look(ctx)
	require.NoError(t, err)
	require.Equal(t, "notes~2.txt", p.Path(mine.ID))
	require.Equal(t, "notes.txt", p.Path(theirs.ID))
	_, err = ben.s.Rescan(ctx)
	require.NoError(t, err)
	require.Equal(t, "of ben", ben.read("notes.txt"), "nothing moves on the disk")
	require.Equal(t, "notes.txt", ben.s.Files().Of[mine].Path)
	require.Equal(t, session.StateNormal, ben.s.Files().Of[mine].State(p.Assets[mine]))

	got, err := ben.s.Fetch(ctx, []studio.AssetID{theirs}, nil)
	require.NoError(t, err)
	require.Equal(t, studio.CodeInTheWay, studio.CodeOf(got[0].Err), "the other one is not put there until its author decides")
	require.Equal(t, "of ben", ben.read("notes.txt"))

	cards, err := ben.s.Inbox(ctx)
	require.NoError(t, err)
	require.NoError(t, ben.s.CloseCard(ctx, cards[0].ID))
	require.Equal(t, "of ben", ben.read("notes~2.txt"), "both are kept")
	give(t, pia.s, theirs, memberID(t, pia.s, "ben"))
	pia.sync()
	ben.sync()
	got, err = ben.s.Fetch(ctx, []studio.AssetID{theirs}, nil)
	require.NoError(t, err)
	require.NoError(t, got[0].Err)
	require.Equal(t, "of pia", ben.read("notes.txt"))
	_, err = ben.s.Rescan(ctx)
	require.NoError(t, err)
	p, err = ben.s.Look(ctx)
	require.NoError(t, err)
	for _, id := range []studio.AssetID{mine, theirs} {
		require.Equal(t, session.StateNormal, ben.s.Files().Of[id].State(p.Assets[id]))
	}
}

func TestWhoGivesTasksReadsWhatTheirHolderHasNotSent(t *testing.T) {
	ctx := context.Background()
	pia, ana, ben := published(t)
	id := asset(t, ana.s, "shot_020.blend")
	_, err := ana.s.Restore(ctx, id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	ana.write("shot_020.blend", "two of ana")
	require.NoError(t, save(t, ana.s, "shot_020.blend", "two", "").Err)
	anaIs := ana.s.Me()
	require.NoError(t, session.Greet(ctx, ana.s))
	people, err := pia.s.Presence(ctx)
	require.NoError(t, err)
	require.Positive(t, people[anaIs].SeenMs)
	require.Equal(t, 1, people[anaIs].Unsent)
	require.EqualValues(t, len("two of ana"), people[anaIs].Bytes)
	risk, err := pia.s.Risk(ctx, id)
	require.NoError(t, err)
	risk.Knows(people[anaIs])
	require.Equal(t, session.Risk{Holder: anaIs, Version: 1, SeenMs: people[anaIs].SeenMs, Unsent: 1, UnsentBytes: 10}, risk)
	ana.sync()
	people, err = pia.s.Presence(ctx)
	require.NoError(t, err)
	require.Zero(t, people[anaIs].Unsent, "it has arrived")
	require.Zero(t, people[anaIs].Bytes)
	people, err = ben.s.Presence(ctx)
	require.NoError(t, err)
	require.Empty(t, people, "it is for who gives tasks away")
}

// Announced and not arrived: giving the task to somebody else would park it (row D6).
func TestWhatIsOnItsWayIsCountedBeforeATaskIsGivenAway(t *testing.T) {
	_, ana, ben := newFilm(t, nil)
	ben.write("ben.blend", "first of ben")
	require.NoError(t, save(t, ben.Session, "ben.blend", "first", "").Err)
	ben.syncs() // announces
	ana.syncs()
	risk, err := ana.Risk(t.Context(), asset(t, ana.Session, "ben.blend"))
	require.NoError(t, err)
	require.Equal(t, session.Risk{Holder: ben.Me(), Checkpoints: 1, Bytes: 12}, risk)
}
