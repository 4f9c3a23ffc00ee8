package studio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

const untilMs = 1_000_000

// fromDevice says which project store an op came from.
func fromDevice(n byte) with {
	return func(_ *studio.Op, at *studio.Moment) { at.Client = id(n, 12) }
}

func (w *world) road(who string, a studio.AssetID, device byte) studio.Decision {
	w.t.Helper()
	return w.act(w.users[who], studio.KindRoadStart, a.ID, &studio.RoadBody{UntilMs: untilMs}, fromDevice(device))
}

// onTheRoad is a task that Artist has taken on the road.
func onTheRoad(t *testing.T) (*world, studio.Asset) {
	t.Helper()
	w := server(t)
	a := w.shot(1, studio.CategoryActive, "Artist")
	w.applied(w.road("Artist", a.ID, 1))
	return w, a
}

func (w *world) override(who string, a studio.AssetID, to, reason string) studio.Decision {
	w.t.Helper()
	return w.act(w.users[who], studio.KindAssign, a.ID, &studio.AssignBody{To: w.users[to], Expect: w.asset(a).Assignment, Reason: reason,
		OverrideRoad: true})
}

func (w *world) back(who string, a studio.AssetID) studio.Decision {
	w.t.Helper()
	return w.act(w.users[who], studio.KindRoadEnd, a.ID, &studio.EmptyBody{})
}

func TestCase_J1(t *testing.T) {
	w, a := onTheRoad(t)
	road, ok := w.state.Road(a.ID)
	require.True(t, ok)
	require.Equal(t, studio.Road{Asset: a.ID, User: w.users["Artist"], Client: id(1, 12), UntilMs: untilMs, SinceSeq: w.seq}, road)
	require.True(t, road.Keeps(untilMs-1))
	w.noop(w.road("Artist", a.ID, 1), studio.CodeAlready)
	w.accepted(w.save("Artist", a.ID, 2, a.Head), 2) // nothing differs on the road
}

func TestCase_J2(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryActive, "Artist")
	w.give(a.ID, "other")
	d := w.refused(w.road("Artist", a.ID, 1), studio.CodeNotAssignee)
	require.Equal(t, "Other", d.Params.Who)
	w.give(a.ID, "")
	w.refused(w.road("Artist", a.ID, 1), studio.CodeNotAssignee)
}

func TestCase_J3(t *testing.T) {
	w, a := onTheRoad(t)
	d := w.refused(w.give(a.ID, "other"), studio.CodeOnTheRoad)
	require.Equal(t, []string{"Artist", "1970-01-01"}, []string{d.Params.Who, d.Params.When})
	w.refused(w.give(a.ID, ""), studio.CodeOnTheRoad)
	w.refused(w.assign("Assistant Supervisor", a.ID, "Assistant Supervisor", a.Assignment), studio.CodeOnTheRoad)
	w.applied(w.assign("Artist", a.ID, "", a.Assignment)) // the holder may give it back
	road, _ := w.state.Road(a.ID)
	require.NotZero(t, road.EndedSeq)
}

func TestCase_J4(t *testing.T) {
	w, a := onTheRoad(t)
	w.refused(w.override("Supervisor", a.ID, "other", ""), studio.CodeOnTheRoad)
	w.refused(w.override("Artist", a.ID, "other", "why"), studio.CodePermission)
	w.applied(w.override("Supervisor", a.ID, "other", "the client has called"))
	road, _ := w.state.Road(a.ID)
	require.Equal(t, w.seq, road.EndedSeq)
	w.parked(w.save("Artist", a.ID, 2, a.Head), studio.CodeNotAssignee)
}

func TestCase_J5(t *testing.T) {
	w, a := onTheRoad(t)
	w.nowMs = untilMs
	w.accepted(w.save("Artist", a.ID, 2, a.Head), 2) // still theirs
	w.applied(w.give(a.ID, "other"))
}

func TestCase_J6(t *testing.T) {
	w, a := onTheRoad(t)
	w.refused(w.back("Supervisor", a.ID), studio.CodeNotAssignee)
	w.applied(w.back("Artist", a.ID))
	w.noop(w.back("Artist", a.ID), studio.CodeAlready)
	w.applied(w.give(a.ID, "other"))
	w.give(a.ID, "Artist")
	w.applied(w.road("Artist", a.ID, 1)) // take it again
}

func TestCase_J8(t *testing.T) {
	w, a := onTheRoad(t)
	w.applied(w.override("Supervisor", a.ID, "", "the laptop is lost"))
	require.True(t, w.asset(a.ID).Assignee.IsZero())
}

func TestCase_J10(t *testing.T) {
	w, a := onTheRoad(t)
	w.applied(w.road("Artist", a.ID, 2))
	road, _ := w.state.Road(a.ID)
	require.Equal(t, id(2, 12), road.Client)
	w.refused(w.give(a.ID, "other"), studio.CodeOnTheRoad)
}
