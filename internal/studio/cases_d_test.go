package studio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

// assign gives a task by somebody who saw a holding of it.
func (w *world) assign(who string, a studio.AssetID, to string, seen studio.AssignmentID) studio.Decision {
	w.t.Helper()
	return w.act(w.users[who], studio.KindAssign, a.ID, &studio.AssignBody{To: w.users[to], Expect: seen})
}

func TestCase_D1(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	w.applied(w.assign("Supervisor", a.ID, "other", a.Assignment))
	now := w.asset(a.ID)
	require.Equal(t, w.users["other"], now.Assignee)
	require.Equal(t, w.done[0].Op.ID.ID, now.Assignment.ID)
	require.Equal(t, a.Epoch+1, now.Epoch)
	before, _ := w.state.Assignment(a.Assignment)
	require.Equal(t, w.seq, before.ToSeq)
}

func TestCase_D2(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	w.give(a.ID, "other")
	w.noop(w.assign("Supervisor", a.ID, "other", a.Assignment), studio.CodeAlready)
	w.give(a.ID, "")
	w.noop(w.assign("Supervisor", a.ID, "", a.Assignment), studio.CodeAlready)
}

func TestCase_D3(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "")
	w.applied(w.assign("Supervisor", a.ID, "other", studio.AssignmentID{}))
	d := w.refused(w.assign("Production Manager", a.ID, "Artist", studio.AssignmentID{}), studio.CodeStaleAssignment)
	require.Equal(t, []string{"Supervisor", "Other", "Artist"}, []string{d.Params.Who, d.Params.Now, d.Params.Mine})
	w.applied(w.assign("Production Manager", a.ID, "Artist", w.asset(a.ID).Assignment)) // one click
}

func TestCase_D4(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "")
	w.applied(w.setMember("other", func(m *studio.Member) { m.Gone = true }))
	w.refused(w.assign("Supervisor", a.ID, "other", studio.AssignmentID{}), studio.CodeBadTarget)
	rig := id(2, 4)
	w.applied(w.act(w.users["Artist"], studio.KindAssetCreate, rig, &studio.CreateBody{Name: "rig", Kind: studio.Resource}))
	w.refused(w.assign("Supervisor", studio.AssetID{ID: rig}, "Artist", studio.AssignmentID{}), studio.CodeIsResource)
}

func TestCase_D5(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "other")
	for _, who := range []string{"Artist", "Vendor"} {
		w.refused(w.assign(who, a.ID, "Artist", a.Assignment), studio.CodePermission)
		w.refused(w.assign(who, a.ID, "", a.Assignment), studio.CodePermission)
	}
}

func TestCase_D6(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	k := w.announce("Artist", a.ID, 2, a.Head)
	require.Equal(t, []studio.Checkpoint{w.checkpoint(k)}, studio.AtRisk(w.state, a.ID), "what the dialog shows")
	w.applied(w.give(a.ID, "other"))
	w.parked(w.seal("Artist", a.ID, k), studio.CodeNotAssignee)
}

func TestCase_D7(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "")
	w.applied(w.trash("Admin", a.ID))
	w.refused(w.give(a.ID, "Artist"), studio.CodeTrashed)
}

func TestCase_D8(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	away := w.author()
	w.applied(w.give(a.ID, "other"))
	away.applied(away.save("Artist", a.ID, 2, a.Head)) // unaware
	w.parked(w.save("Artist", a.ID, 2, a.Head), studio.CodeNotAssignee)
}

func TestCase_D9(t *testing.T) {
	w := server(t)
	a, b, c := w.shot(1, studio.CategoryTodo, ""), w.shot(2, studio.CategoryTodo, "other"), w.shot(3, studio.CategoryTodo, "Artist")
	w.applied(w.assign("Supervisor", a.ID, "Artist", a.Assignment))
	w.refused(w.assign("Supervisor", b.ID, "Artist", studio.AssignmentID{ID: id(1, 99)}), studio.CodeStaleAssignment)
	w.noop(w.assign("Supervisor", c.ID, "Artist", studio.AssignmentID{}), studio.CodeAlready)
}

func TestCase_D10(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	require.Empty(t, studio.HoldersGone(w.state))
	w.applied(w.setMember("Artist", func(m *studio.Member) { m.Gone = true }))
	require.Equal(t, a, w.asset(a.ID), "never unassigned silently")
	require.Equal(t, []studio.Asset{a}, studio.HoldersGone(w.state))
	w.applied(w.give(a.ID, "other"))
	require.Empty(t, studio.HoldersGone(w.state))
}

func TestCase_D11(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "")
	away := w.author()
	w.refused(w.assign("Vendor", a.ID, "Vendor", studio.AssignmentID{}), studio.CodePermission)
	w.applied(w.assign("other", a.ID, "other", studio.AssignmentID{}))
	away.applied(away.assign("Artist", a.ID, "Artist", studio.AssignmentID{}))
	away.applied(away.save("Artist", a.ID, 2, a.Head))
	w.refused(w.assign("Artist", a.ID, "Artist", studio.AssignmentID{}), studio.CodePermission) // Other holds it: they may not any more
	w.refused(w.assign("Assistant Supervisor", a.ID, "Assistant Supervisor", studio.AssignmentID{}), studio.CodeStaleAssignment)
	w.parked(w.save("Artist", a.ID, 2, a.Head), studio.CodeNotAssignee)
}

func TestCase_D12(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Vendor")
	w.give(a.ID, "")
	w.give(a.ID, "Vendor")
	w.refused(w.assign("Vendor", a.ID, "", a.Assignment), studio.CodeStaleAssignment) // given anew since
	w.applied(w.assign("Vendor", a.ID, "", w.asset(a.ID).Assignment))
	require.True(t, w.asset(a.ID).Assignee.IsZero())
}

func TestCase_D13(t *testing.T) {
	w, a := onTheRoad(t)
	w.refused(w.give(a.ID, "other"), studio.CodeOnTheRoad)
	w.applied(w.override("Supervisor", a.ID, "other", "he is ill"))
}

func (w *world) ask(who string, a studio.AssetID, n byte, to string, deadline int64) studio.HandoverID {
	w.t.Helper()
	h := studio.HandoverID{ID: id(n, 10)}
	w.applied(w.act(w.users[who], studio.KindHandoverAsk, a.ID, &studio.HandoverAskBody{Handover: h, To: w.users[to], DeadlineMs: deadline}))
	return h
}

func (w *world) answer(who string, a studio.AssetID, h studio.HandoverID, yes bool) studio.Decision {
	w.t.Helper()
	return w.act(w.users[who], studio.KindHandoverAnswer, a.ID, &studio.HandoverAnswerBody{Handover: h, Yes: yes, Text: "tonight"})
}

func (w *world) stands(h studio.HandoverID) studio.HandoverState {
	now, _ := w.state.Handover(h)
	return now.State
}

func TestCase_D14(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	h := w.ask("Supervisor", a.ID, 1, "other", 0)
	require.Equal(t, a, w.asset(a.ID), "nothing changes yet")
	kept, _ := w.state.Handover(h)
	require.Equal(t, studio.Handover{ID: h, Asset: a.ID, From: w.users["Artist"], To: w.users["other"], By: w.users["Supervisor"],
		DeadlineMs: int64(w.seq) + 24*3600*1000, State: studio.HandoverAsked}, kept)
	body := &studio.HandoverAskBody{Handover: studio.HandoverID{ID: id(9, 10)}, To: w.users["other"]}
	w.noop(w.act(w.users["Supervisor"], studio.KindHandoverAsk, a.ID.ID, body), studio.CodeAlready)
	w.refused(w.act(w.users["Artist"], studio.KindHandoverAsk, a.ID.ID, body), studio.CodePermission)
	w.refused(w.answer("other", a.ID, h, true), studio.CodeNotAssignee)
	w.applied(w.answer("Artist", a.ID, h, false))
	require.Equal(t, studio.HandoverNo, w.stands(h))
	w.noop(w.answer("Artist", a.ID, h, true), studio.CodeAlready)

	second, third := w.ask("Supervisor", a.ID, 2, "other", 0), w.ask("Supervisor", a.ID, 3, "Vendor", 0)
	away := w.author()
	away.applied(away.answer("Artist", a.ID, second, true))
	require.Len(t, away.done, 1, "the server makes what follows")
	w.applied(w.answer("Artist", a.ID, second, true))
	require.Len(t, w.done, 2)
	require.Equal(t, w.users["Supervisor"], w.done[1].Event.Actor, "in the name of who asked")
	require.Equal(t, w.done[0].Op.ID, w.done[1].Event.Cause)
	given, _ := w.state.Assignment(w.asset(a.ID).Assignment)
	require.Equal(t, []studio.UserID{w.users["other"], w.users["Supervisor"]}, []studio.UserID{given.To, given.By})
	require.Equal(t, []studio.HandoverState{studio.HandoverYes, studio.HandoverClosed}, []studio.HandoverState{w.stands(second), w.stands(third)})

	fourth := w.ask("Supervisor", a.ID, 4, "Artist", 0)
	w.applied(w.setMember("Supervisor", func(m *studio.Member) { m.Role = w.roles["Artist"] }))
	w.is(w.answer("other", a.ID, fourth, true), studio.Applied, studio.CodePermission)
	require.Equal(t, w.users["other"], w.asset(a.ID).Assignee, "who asked may not any more")

	w.refused(w.act(w.users["Vendor"], studio.KindHandoverAsk, a.ID.ID, &studio.HandoverAskBody{Handover: studio.HandoverID{ID: id(9, 50)},
		To: w.users["Vendor"]}), studio.CodePermission)
	own := w.ask("Artist", a.ID, 6, "Artist", 0) // for oneself the right to claim is enough
	take := &studio.AssignBody{To: w.users["Artist"], Expect: w.asset(a.ID).Assignment}
	w.refused(w.act(w.users["Artist"], studio.KindAssign, a.ID.ID, take), studio.CodePermission)
	w.applied(w.answer("other", a.ID, own, true))
	require.Equal(t, w.users["Artist"], w.asset(a.ID).Assignee, "its holder gave it up")
}

func TestCase_D15(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryTodo, "Artist")
	h := w.ask("Supervisor", a.ID, 1, "other", 1000)
	ask, _ := w.state.Handover(h)
	_, _, due := studio.DueHandover(w.state, ask, 1000)
	require.False(t, due, "the project does not let it happen by itself")
	w.nowMs = 2000
	w.applied(w.give(a.ID, "other")) // who asked takes it, with a reason
	require.Equal(t, studio.HandoverClosed, w.stands(h))

	w = serverWith(t, studio.Options{HandoverAuto: true})
	a = w.shot(1, studio.CategoryTodo, "Artist")
	h = w.ask("Supervisor", a.ID, 1, "other", 1000)
	ask, _ = w.state.Handover(h)
	_, _, due = studio.DueHandover(w.state, ask, 999)
	require.False(t, due)
	op, as, due := studio.DueHandover(w.state, ask, 1000)
	require.True(t, due)
	w.applied(w.act(as, op.Kind, op.Entity, op.Body, func(_ *studio.Op, at *studio.Moment) { at.System = true }))
	require.Equal(t, w.users["other"], w.asset(a.ID).Assignee)
	require.Equal(t, studio.HandoverClosed, w.stands(h))
}

func TestCase_D16(t *testing.T) {
	w := server(t)
	a := w.shot(1, studio.CategoryActive, "Artist")
	convert := func(who string, to studio.AssetKind) studio.Decision {
		return w.act(w.users[who], studio.KindConvert, a.ID.ID, &studio.ConvertBody{To: to})
	}
	w.refused(convert("Supervisor", studio.Resource), studio.CodeStillHeld)
	k := w.announce("Artist", a.ID, 2, a.Head)
	w.give(a.ID, "")
	w.refused(convert("Artist", studio.Resource), studio.CodePermission)
	w.applied(convert("Supervisor", studio.Resource))
	w.accepted(w.seal("Artist", a.ID, k), 2) // row B8b
	w.refused(convert("Vendor", studio.Task), studio.CodePermission)
	w.applied(convert("Artist", studio.Task))
	require.Equal(t, studio.CategoryTodo, w.category(a.ID))
	require.True(t, w.asset(a.ID).Assignee.IsZero())
}
