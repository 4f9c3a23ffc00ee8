package studio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

const (
	todo    = studio.CategoryTodo
	active  = studio.CategoryActive
	review  = studio.CategoryReview
	retake  = studio.CategoryRetake
	done    = studio.CategoryDone
	blocked = studio.CategoryBlocked
)

// unseen is a move by somebody who saw one status, of a task that is in another now.
type unseen struct {
	who           string
	saw, now, to  studio.Category
	verdict       studio.Verdict
	reason        studio.Code
	aboutIsBefore bool // the head that they saw is not the head now
}

func (u unseen) try(t *testing.T) {
	t.Helper()
	w := server(t)
	a := w.shot(1, active, "Artist")
	if a.Status != w.statuses[u.now] {
		w.force(a.ID, u.now)
	}
	about := a.Head
	if u.aboutIsBefore {
		w.onLine("Artist", a.ID, 2)
	}
	before := w.asset(a.ID)
	w.is(w.move(u.who, a, u.saw, u.to, about), u.verdict, u.reason)
	if u.verdict == studio.Applied {
		require.Equal(t, u.to, w.category(a.ID))
	} else {
		require.Equal(t, before, w.asset(a.ID))
	}
}

func tryAll(t *testing.T, moves ...unseen) {
	t.Helper()
	for _, u := range moves {
		t.Run(u.who+" "+u.saw.String()+" "+u.now.String()+" "+u.to.String(), u.try)
	}
}

func TestCase_E1(t *testing.T) {
	tryAll(t, unseen{who: "Artist", saw: todo, now: review, to: review, verdict: studio.Noop, reason: studio.CodeAlready})
}

func (w *world) removeStatus(c, by studio.Category) {
	w.t.Helper()
	w.applied(w.act(w.users["Admin"], studio.KindStatusRemove, w.statuses[c].ID, &studio.StatusRemoveBody{Replacement: w.statuses[by]}))
}

func TestCase_E2(t *testing.T) {
	w := server(t)
	a := w.shot(1, active, "Artist")
	b := w.shot(2, blocked, "Artist")
	w.removeStatus(blocked, review)
	require.Equal(t, review, w.category(b.ID), "its tasks go to the replacement")
	d := w.is(w.move("Artist", a, active, blocked, a.Head), studio.Merged, studio.CodeReplaced)
	require.Equal(t, []string{"Blocked", "Waiting for approval"}, []string{d.Params.Name, d.Params.Now})
	require.Equal(t, review, w.category(a.ID))
	w.applied(w.move("Artist", b, blocked, active, b.Head)) // who saw the removed one saw the replacement
	w.removeStatus(review, active)
	w.is(w.move("Artist", a, active, blocked, a.Head), studio.Noop, studio.CodeAlready) // a replacement of a replacement
	w.refused(w.act(w.users["Admin"], studio.KindStatusSet, a.ID.ID, &studio.StatusBody{From: w.statuses[active],
		To: studio.StatusID{ID: id(77, 3)}, About: a.Head}), studio.CodeStatusGone)
}

func TestCase_E3(t *testing.T) {
	tryAll(t, unseen{who: "other", saw: active, now: active, to: review, verdict: studio.Refused, reason: studio.CodeNotAssignee})
}

func TestCase_E4(t *testing.T) {
	tryAll(t,
		unseen{who: "Artist", saw: review, now: review, to: done, verdict: studio.Refused, reason: studio.CodePermission},
		// Judged by what they saw, where no later row applies it: this one is allowed and superseded.
		unseen{who: "Artist", saw: active, now: retake, to: todo, verdict: studio.Noop, reason: studio.CodeSuperseded},
		unseen{who: "Artist", saw: active, now: done, to: blocked, verdict: studio.Refused, reason: studio.CodePermission},
		// And by where the task is, where one does: from active to done a supervisor may not, from review they may.
		unseen{who: "Supervisor", saw: active, now: active, to: done, verdict: studio.Refused, reason: studio.CodePermission},
		unseen{who: "Supervisor", saw: active, now: review, to: done, verdict: studio.Applied})
	w := server(t)
	a := w.shot(1, active, "Artist")
	s, _ := w.state.Status(w.statuses[review])
	s.OnlyRoles = []studio.RoleID{w.roles["Supervisor"]}
	w.applied(w.act(w.users["Admin"], studio.KindStatusDefine, s.ID.ID, &studio.RowBody{SeenVer: s.Ver, Row: studio.EncodeRow(s)}))
	w.refused(w.move("Artist", a, active, review, a.Head), studio.CodePermission) // narrowed while they were away
}

func TestCase_E5(t *testing.T) {
	tryAll(t,
		unseen{who: "Supervisor", saw: review, now: review, to: done, verdict: studio.Refused, reason: studio.CodeNewerWork, aboutIsBefore: true},
		unseen{who: "Supervisor", saw: review, now: review, to: retake, verdict: studio.Refused, reason: studio.CodeNewerWork, aboutIsBefore: true})
	w := server(t)
	a := w.shot(1, review, "Artist")
	d := w.refused(w.move("Supervisor", a, review, done, studio.CheckpointID{}), studio.CodeNewerWork)
	require.Equal(t, "v1", d.Params.Version)
}

func TestCase_E6(t *testing.T) {
	w := server(t)
	a := w.shot(1, active, "other")
	w.give(a.ID, "Artist")
	root := w.beside("other", a.ID, 2, a.Head)
	w.refused(w.move("Artist", a, active, review, root), studio.CodeCheckpointPark)
	k := w.announce("Artist", a.ID, 3, a.Head)
	w.noop(w.move("Artist", a, active, review, k), studio.CodeWaitContent)
}

func TestCase_E7(t *testing.T) {
	tryAll(t, unseen{who: "Artist", saw: active, now: active, to: review, verdict: studio.Applied},
		unseen{who: "Supervisor", saw: review, now: review, to: retake, verdict: studio.Applied})
}

func TestCase_E8(t *testing.T) {
	for _, now := range []studio.Category{retake, done, blocked} {
		tryAll(t, unseen{who: "Artist", saw: review, now: now, to: todo, verdict: studio.Noop, reason: studio.CodeSuperseded},
			unseen{who: "Artist", saw: review, now: now, to: active, verdict: studio.Noop, reason: studio.CodeSuperseded})
	}
}

func TestCase_E9(t *testing.T) {
	w := server(t)
	a := w.shot(1, review, "Artist")
	w.force(a.ID, retake) // about v1
	w.noop(w.move("Artist", a, active, review, a.Head), studio.CodeSuperseded)
	w.noop(w.move("Artist", a, active, review, studio.CheckpointID{}), studio.CodeSuperseded)
	v2 := w.onLine("Artist", a.ID, 2)
	w.applied(w.move("Artist", a, active, review, v2.ID)) // the new work answers it

	w.force(a.ID, retake)
	k := w.announce("Artist", a.ID, 3, v2.ID) // the same in the step of a checkpoint
	d := w.act(w.users["Artist"], studio.KindSeal, a.ID.ID, &studio.SealBody{Checkpoint: k, From: w.statuses[active], To: w.statuses[review]})
	w.accepted(d, 3)
	require.Equal(t, review, w.category(a.ID))
}

func TestCase_E10(t *testing.T) {
	tryAll(t, unseen{who: "Artist", saw: active, now: done, to: review, verdict: studio.Refused, reason: studio.CodeStaleStatus},
		unseen{who: "Artist", saw: active, now: blocked, to: review, verdict: studio.Refused, reason: studio.CodeStaleStatus})
}

func TestCase_E11(t *testing.T) {
	tryAll(t, unseen{who: "Artist", saw: todo, now: review, to: active, verdict: studio.Applied},
		unseen{who: "Artist", saw: todo, now: active, to: review, verdict: studio.Applied})
}

func TestCase_E12(t *testing.T) {
	tryAll(t, unseen{who: "Supervisor", saw: review, now: retake, to: done, verdict: studio.Refused, reason: studio.CodeStaleStatus},
		unseen{who: "Supervisor", saw: review, now: done, to: retake, verdict: studio.Refused, reason: studio.CodeStaleStatus},
		unseen{who: "Production Manager", saw: active, now: done, to: blocked, verdict: studio.Refused, reason: studio.CodeStaleStatus},
		unseen{who: "Production Manager", saw: review, now: blocked, to: done, verdict: studio.Refused, reason: studio.CodeStaleStatus})
}

func TestCase_E13(t *testing.T) {
	tryAll(t, unseen{who: "Supervisor", saw: review, now: active, to: done, verdict: studio.Refused, reason: studio.CodeWithdrawn},
		unseen{who: "Supervisor", saw: review, now: todo, to: retake, verdict: studio.Refused, reason: studio.CodeWithdrawn},
		unseen{who: "Production Manager", saw: todo, now: review, to: retake, verdict: studio.Applied},
		unseen{who: "Production Manager", saw: todo, now: active, to: blocked, verdict: studio.Applied})

	w := server(t) // with --note: the notes arrive all the same
	a := w.shot(1, review, "Artist")
	w.force(a.ID, active)
	note := studio.NoteID{ID: w.fresh(6)}
	decided := w.group("Supervisor",
		studio.Op{Kind: studio.KindNoteAdd, Entity: a.ID.ID, Body: &studio.NoteBody{Note: note, Checkpoint: a.Head, Text: "wider", Checkbox: true}},
		studio.Op{Kind: studio.KindStatusSet, Entity: a.ID.ID, Body: &studio.StatusBody{From: w.statuses[review], To: w.statuses[retake],
			About: a.Head, Notes: []studio.NoteID{note}}})
	w.applied(decided[0])
	w.is(decided[1], studio.Refused, studio.CodeWithdrawn)
	_, arrived := w.state.Note(note)
	require.True(t, arrived)
	require.Equal(t, active, w.category(a.ID))
}

func TestCase_E14(t *testing.T) {
	move := func(w *world, a studio.Asset, to studio.Category, reason string, notes ...studio.NoteID) studio.Decision {
		return w.act(w.users["Supervisor"], studio.KindStatusSet, a.ID.ID, &studio.StatusBody{From: a.Status, To: w.statuses[to],
			About: a.Head, Reason: reason, Notes: notes})
	}
	w := server(t)
	a := w.shot(1, active, "Artist")
	w.force(a.ID, review)
	for _, n := range w.state.Notes(a.ID) {
		w.applied(w.act(w.users["Admin"], studio.KindNoteResolve, a.ID.ID, &studio.ResolveBody{Note: n.ID, Done: true}))
	}
	a = w.asset(a.ID)
	w.refused(move(w, a, retake, "too dark"), studio.CodeNoteRequired)
	theirs, mine := studio.NoteID{ID: w.fresh(6)}, studio.NoteID{ID: w.fresh(6)}
	w.applied(w.act(w.users["Artist"], studio.KindNoteAdd, a.ID.ID, &studio.NoteBody{Note: theirs, Text: "hm"}))
	w.refused(move(w, a, retake, "", theirs), studio.CodeNoteRequired) // not of this actor, and nothing to do
	w.applied(w.act(w.users["Supervisor"], studio.KindNoteAdd, a.ID.ID, &studio.NoteBody{Note: mine, Text: "brighter"}))
	w.applied(move(w, a, retake, "", mine))

	w = serverWith(t, studio.Options{})
	a = w.shot(1, done, "Artist")
	w.refused(move(w, a, retake, ""), studio.CodeNoteRequired)
	w.applied(move(w, a, retake, "the cut has changed"))

	w = serverWith(t, studio.Options{ReviewImage: true})
	a = w.task(t, 1, todo, w.users["Artist"])
	w.refused(w.move("Artist", a, todo, review, a.Head), studio.CodeImageRequired)
	k := studio.CheckpointID{ID: id(2, 5)}
	w.applied(w.act(w.users["Artist"], studio.KindAnnounce, a.ID.ID, &studio.AnnounceBody{Checkpoint: k, Base: a.Head,
		Assignment: a.Assignment, Manifest: studio.Hash{2}, Preview: studio.Hash{3}}))
	w.applied(w.act(w.users["Artist"], studio.KindSeal, a.ID.ID, &studio.SealBody{Checkpoint: k, From: a.Status, To: w.statuses[review]}))
}

func TestCase_E15(t *testing.T) {
	w := server(t)
	a := w.shot(1, active, "Artist")
	k := w.announce("Artist", a.ID, 2, a.Head)
	send := func(k studio.CheckpointID) studio.Decision {
		return w.act(w.users["Artist"], studio.KindSeal, a.ID.ID, &studio.SealBody{Checkpoint: k, From: a.Status, To: w.statuses[review]})
	}
	w.force(a.ID, done)
	d := w.is(send(k), studio.Merged, studio.CodeStatusKept)
	require.Equal(t, studio.CodeStaleStatus, studio.CodeOf(d.Move))
	now := w.accepted(d, 2)
	require.Equal(t, done, w.category(a.ID))
	require.Equal(t, w.statuses[done], now.StatusAtAcceptance)

	w.force(a.ID, active)
	w.give(a.ID, "other")
	w.parked(send(w.announce("Artist", a.ID, 3, k)), studio.CodeNotAssignee)
	require.Equal(t, active, w.category(a.ID), "parked: the move is not made")
}
