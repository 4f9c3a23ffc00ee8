package studio_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

// world is a project of a studio server in memory, or what a member's own store makes of it: one of each role, and
// another artist. The tests Case_X in this package are named by the rows of internal/docs/sync.md.
type world struct {
	*stage
	t     *testing.T
	ahead bool
	n     *uint64 // ops so far, also of the views of authors
	nowMs int64
	done  []studio.Done // of the last act
}

// server is a project with the default options of the product.
func server(t *testing.T) *world { return serverWith(t, studio.Options{RetakeNote: true}) }

func serverWith(t *testing.T, options studio.Options) *world {
	t.Helper()
	return &world{stage: stageOf(t, options, false), t: t, n: new(uint64(1 << 20))}
}

// author is the view of a member who is offline from now on: what they do there is decided ahead.
func (w *world) author() *world {
	away := *w
	own := *w.stage
	own.state = studio.NewState(nil)
	puts, _ := w.state.Changed()
	for _, r := range puts {
		own.state.Put(r)
	}
	away.stage, away.ahead = &own, true
	return &away
}

type with func(*studio.Op, *studio.Moment)

// act decides an op of somebody, applies it and what follows, and returns the decision.
func (w *world) act(who studio.UserID, kind studio.Kind, entity studio.ID, body studio.Body, more ...with) studio.Decision {
	w.t.Helper()
	*w.n++
	w.seq++
	op := studio.Op{ID: studio.OpID{ID: studio.ID{0: 8, 13: byte(*w.n >> 16), 14: byte(*w.n >> 8), 15: byte(*w.n)}}, Kind: kind,
		Entity: entity, Body: body, MadeHybrid: *w.n << 16}
	at := studio.Moment{Actor: who, ReceivedMs: w.nowMs + int64(w.seq), Seq: w.seq, Ahead: w.ahead}
	for _, change := range more {
		change(&op, &at)
	}
	done, err := w.state.Run(op, at, nil)
	require.NoError(w.t, err)
	w.seq += uint64(len(done) - 1)
	w.done = done
	return done[0].Decision
}

// is demands a verdict and its reason.
func (w *world) is(d studio.Decision, verdict studio.Verdict, reason studio.Code) studio.Decision {
	w.t.Helper()
	require.Equal(w.t, verdict, d.Verdict, "%s %+v", d.Reason, d.Params)
	require.Equal(w.t, reason, d.Reason)
	return d
}

func (w *world) applied(d studio.Decision) studio.Decision {
	w.t.Helper()
	return w.is(d, studio.Applied, "")
}

func (w *world) refused(d studio.Decision, reason studio.Code) studio.Decision {
	w.t.Helper()
	require.Empty(w.t, d.Puts, "what is refused changes nothing")
	return w.is(d, studio.Refused, reason)
}

func (w *world) noop(d studio.Decision, reason studio.Code) studio.Decision {
	w.t.Helper()
	require.Empty(w.t, d.Puts, "what is a no-op changes nothing")
	return w.is(d, studio.Noop, reason)
}

// parked demands that a checkpoint is beside the line of its asset, which is as it was.
func (w *world) parked(d studio.Decision, reason studio.Code) studio.Decision {
	w.t.Helper()
	w.is(d, studio.Kept, reason)
	k := w.checkpoint(d.About)
	require.Equal(w.t, studio.Parked, k.State)
	require.Zero(w.t, k.Version)
	a, _ := w.state.Asset(k.Asset)
	require.NotEqual(w.t, k.ID, a.Head)
	return d
}

// accepted demands that a checkpoint is the head.
func (w *world) accepted(d studio.Decision, version uint32) studio.Checkpoint {
	w.t.Helper()
	require.Contains(w.t, []studio.Verdict{studio.Applied, studio.Merged}, d.Verdict, "%s", d.Reason)
	k := w.checkpoint(d.About)
	require.Equal(w.t, studio.Accepted, k.State)
	require.Equal(w.t, version, k.Version)
	require.Equal(w.t, k.ID, w.asset(k.Asset).Head)
	return k
}

func (w *world) asset(id studio.AssetID) studio.Asset {
	w.t.Helper()
	a, ok := w.state.Asset(id)
	require.True(w.t, ok)
	return a
}

func (w *world) checkpoint(id studio.CheckpointID) studio.Checkpoint {
	w.t.Helper()
	k, ok := w.state.Checkpoint(id)
	require.True(w.t, ok)
	return k
}

// shot is a task in a status, with its v1, held by whom; the Supervisor knows the others by role.
func (w *world) shot(n byte, in studio.Category, holder string) studio.Asset {
	w.t.Helper()
	return w.task(w.t, n, in, w.users[holder])
}

func (w *world) give(a studio.AssetID, to string) studio.Decision {
	w.t.Helper()
	return w.act(w.users["Supervisor"], studio.KindAssign, a.ID, &studio.AssignBody{To: w.users[to], Expect: w.asset(a).Assignment, Reason: "plan"})
}

// announce tells of checkpoint n, which somebody made on a base while they held it as they see it.
func (w *world) announce(who string, a studio.AssetID, n byte, base studio.CheckpointID) studio.CheckpointID {
	w.t.Helper()
	k := studio.CheckpointID{ID: id(n, 5)}
	now, _ := w.state.Asset(a)
	w.applied(w.act(w.users[who], studio.KindAnnounce, a.ID, &studio.AnnounceBody{Checkpoint: k, Base: base, Assignment: now.Assignment,
		Status: now.Status, Comment: "x", Manifest: studio.Hash{n}}))
	return k
}

func (w *world) seal(who string, a studio.AssetID, k studio.CheckpointID, more ...with) studio.Decision {
	w.t.Helper()
	return w.act(w.users[who], studio.KindSeal, a.ID, &studio.SealBody{Checkpoint: k}, more...)
}

// save is both.
func (w *world) save(who string, a studio.AssetID, n byte, base studio.CheckpointID) studio.Decision {
	w.t.Helper()
	return w.seal(who, a, w.announce(who, a, n, base))
}

// onLine saves a version that is accepted.
func (w *world) onLine(who string, a studio.AssetID, n byte) studio.Checkpoint {
	w.t.Helper()
	d := w.save(who, a, n, w.asset(a).Head)
	return w.accepted(d, d.Version)
}

// beside saves a checkpoint that is parked since its author no longer holds the task.
func (w *world) beside(who string, a studio.AssetID, n byte, base studio.CheckpointID) studio.CheckpointID {
	w.t.Helper()
	return w.parked(w.save(who, a, n, base), studio.CodeNotAssignee).About
}

func (w *world) chain(root studio.CheckpointID) studio.ParkedChain {
	w.t.Helper()
	chain, _ := w.state.Chain(root)
	require.Equal(w.t, root, chain.Root)
	return chain
}

func (w *world) chainAct(who string, kind studio.Kind, a studio.AssetID, root studio.CheckpointID) studio.Decision {
	w.t.Helper()
	return w.act(w.users[who], kind, a.ID, &studio.ParkedBody{Root: root, ExpectHead: w.asset(a).Head})
}

// move is a move of somebody who saw a task in a status, with its head and a note of theirs.
func (w *world) move(who string, a studio.Asset, from, to studio.Category, about studio.CheckpointID) studio.Decision {
	w.t.Helper()
	note := studio.NoteID{ID: w.fresh(6)}
	w.applied(w.act(w.users["Admin"], studio.KindNoteAdd, a.ID.ID, &studio.NoteBody{Note: note, Checkpoint: about, Text: "why", Checkbox: true}))
	return w.act(w.users[who], studio.KindStatusSet, a.ID.ID, &studio.StatusBody{From: w.statuses[from], To: w.statuses[to], About: about})
}

// force sets a status as an admin does, who has seen everything.
func (w *world) force(a studio.AssetID, to studio.Category) {
	w.t.Helper()
	now := w.asset(a)
	status, _ := w.state.Status(now.Status)
	w.applied(w.move("Admin", now, status.Category, to, now.Head))
}

func (w *world) category(a studio.AssetID) studio.Category {
	status, _ := w.state.Status(w.asset(a).Status)
	return status.Category
}

func (w *world) fresh(kind byte) studio.ID {
	*w.n++
	return studio.ID{0: kind, 1: 1, 14: byte(*w.n >> 8), 15: byte(*w.n)}
}

// setMember changes a member as an admin does.
func (w *world) setMember(who string, change func(*studio.Member)) studio.Decision {
	w.t.Helper()
	m, _ := w.state.Member(w.users[who])
	change(&m)
	return w.act(w.users["Admin"], studio.KindMemberSet, m.User.ID, &studio.RowBody{SeenVer: m.Ver, Row: studio.EncodeRow(m)})
}

func (w *world) setProject(change func(*studio.Project)) {
	w.t.Helper()
	p := w.state.Project()
	change(&p)
	w.applied(w.act(w.users["Admin"], studio.KindProjectSet, p.ID.ID, &studio.RowBody{SeenVer: p.Ver, Row: studio.EncodeRow(p)}))
}

func (w *world) trash(who string, a studio.AssetID) studio.Decision {
	w.t.Helper()
	return w.act(w.users[who], studio.KindTrash, a.ID, &studio.TrashBody{SeenHead: w.asset(a).Head, SeenParked: studio.OpenChains(w.state, a)})
}

func (w *world) folder(n byte, parent studio.CollectionID, name string) studio.CollectionID {
	w.t.Helper()
	c := studio.CollectionID{ID: id(n, 8)}
	w.applied(w.act(w.users["Admin"], studio.KindCollectionCreate, c.ID, &studio.CreateBody{Parent: parent, Name: name}))
	return c
}

func (w *world) create(who string, n byte, parent studio.CollectionID, name string) (studio.AssetID, studio.Decision) {
	w.t.Helper()
	a := studio.AssetID{ID: id(n, 4)}
	return a, w.act(w.users[who], studio.KindAssetCreate, a.ID, &studio.CreateBody{Parent: parent, Name: name, Kind: studio.Task})
}
