package replica_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/replica"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// asked wakes a core as a person does.
func asked(c *replica.Core) replica.Effect { return c.Step(0, replica.Woke{Asked: true}) }

// building is a core that has pulled and chooses what to send.
func building(t *testing.T, stand replica.Stand) *replica.Core {
	c := greeted(t, stand)
	require.IsType(t, replica.Build{}, c.Step(0, page(stand.Cookie.Seq, false, "")))
	return c
}

// pushing is a core with a batch of n ops in flight.
func pushing(t *testing.T, stand replica.Stand, n int) (*replica.Core, replica.Push) {
	c := building(t, stand)
	return c, sent(t, c, stand, n)
}

func sent(t *testing.T, c *replica.Core, stand replica.Stand, n int) replica.Push {
	push, ok := c.Step(0, replica.Built{Ops: ops(n), Stand: stand}).(replica.Push)
	require.True(t, ok)
	return push
}

func ops(n int) (batch []wire.Op) {
	for i := range n {
		batch = append(batch, wire.Op{N: uint64(5 + i), Kind: studio.KindTagAdd, ID: studio.OpID{ID: idOf(byte(100 + i))}})
	}
	return batch
}

func refusal(code wire.Code) error { return &wire.Failure{Code: code} }

// TestCase_A3: what became of a batch that was not answered is unknown. It stays as it is, and goes again with the same numbers.
func TestCase_A3(t *testing.T) {
	c, push := pushing(t, standing(9), 3)
	for _, failed := range []wire.Code{wire.CodeUnavailable, wire.CodeRate, wire.CodeQuota} {
		rest := c.Step(1000, replica.Pushed{Err: refusal(failed)})
		require.IsType(t, replica.Rest{}, rest, failed)
		require.Equal(t, replica.Offline, c.State(), "not sent yet, never failed")
		require.Equal(t, replica.Greet{}, c.Step(2000, replica.Woke{}))
		require.IsType(t, replica.Fetch{}, c.Step(2000, hello()))
		require.IsType(t, replica.Build{}, c.Step(2000, page(9, false, "")))
		require.Equal(t, push, sent(t, c, standing(9), 3))
	}
	last := c.Step(0, replica.Pushed{Err: refusal(wire.CodeUnavailable)}).(replica.Rest)
	for range 10 {
		c.Step(0, replica.Woke{})
		pause := c.Step(0, replica.Greeted{Err: refusal(wire.CodeUnavailable)}).(replica.Rest)
		require.GreaterOrEqual(t, pause.UntilMs, last.UntilMs, "less and less often")
		require.LessOrEqual(t, pause.UntilMs, int64(60_000))
		last = pause
	}
	require.Equal(t, int64(60_000), last.UntilMs)
}

// TestCase_A4: the session has ended. Sync waits for the person to sign in, and nothing is lost meanwhile.
func TestCase_A4(t *testing.T) {
	c, _ := pushing(t, standing(9), 1)
	require.IsType(t, replica.Rest{}, c.Step(0, replica.Pushed{Err: refusal(wire.CodeUnauthenticated)}))
	require.Equal(t, replica.NeedsAuth, c.State())
	require.Nil(t, c.Step(0, replica.Woke{}), "an edit does not ask again")
	require.Equal(t, replica.Greet{}, asked(c))
	require.IsType(t, replica.Fetch{}, c.Step(0, hello()))
	c.Step(0, page(9, false, ""))
	require.Len(t, sent(t, c, standing(9), 1).Request.Ops, 1, "it goes on where it was")
}

// TestCase_A5: the server says that this is another life of the project: find what both have, show the rest, give back one's own.
func TestCase_A5(t *testing.T) {
	stand := standing(9)
	stand.Full, stand.Signed = true, wire.Signed{Generation: life, Seq: 9}
	c, _ := pushing(t, stand, 2)
	require.Equal(t, replica.Greet{}, c.Step(0, replica.Pushed{Err: refusal(wire.CodeGeneration)}))
	other := hello()
	other.Reply.Generation, other.Reply.HeadSeq, other.Reply.Lmid = wire.Generation{2}, 7, 3
	require.Equal(t, replica.Compare{Upto: 7}, c.Step(0, other))
	require.Equal(t, replica.Witness{After: 6, Generation: wire.Generation{2}}, c.Step(0, replica.Compared{Common: 6}))
	require.Equal(t, replica.Rewind{After: 6, FirstN: 4}, c.Step(0, replica.Witnessed{}))
	back := stand
	back.Cookie, back.NextN, back.Lmid = wire.Cookie{}, 4, 3
	require.Equal(t, wire.Cookie{}, c.Step(0, replica.Laid{Stand: back}).(replica.Fetch).Request.Cookie, "everything anew")

	c, _ = pushing(t, standing(9), 2) // without full view there is nothing to show
	c.Step(0, replica.Pushed{Err: refusal(wire.CodeGeneration)})
	c.Step(0, other)
	require.Equal(t, replica.Rewind{After: 6, FirstN: 4}, c.Step(0, replica.Compared{Common: 6}))
}

// A witness that is not believed gives back its own all the same; one that the network cut off begins again.
func TestAWitnessThatIsNotBelievedGoesOn(t *testing.T) {
	stand := standing(9)
	stand.Full, stand.Signed = true, wire.Signed{Generation: life, Seq: 9}
	other := hello()
	other.Reply.Generation = wire.Generation{2}
	witnessing := func() *replica.Core {
		c := replica.NewCore(stand)
		c.Step(0, replica.Woke{})
		c.Step(0, other)
		require.Equal(t, replica.Witness{After: 6, Generation: wire.Generation{2}}, c.Step(0, replica.Compared{Common: 6}))
		return c
	}
	require.IsType(t, replica.Rewind{}, witnessing().Step(0, replica.Witnessed{Err: refusal(wire.CodeInvalid)}))
	require.IsType(t, replica.Rest{}, witnessing().Step(0, replica.Witnessed{Err: refusal(wire.CodeUnavailable)}))
	require.Equal(t, replica.Greet{}, witnessing().Step(0, replica.Witnessed{Err: refusal(wire.CodeGeneration)}))
}

// waiting is a queue of ops of two assets.
func queue(list ...studio.Op) (queue []replica.Pending) {
	for i, op := range list {
		op.ID = studio.OpID{ID: idOf(byte(50 + i))}
		queue = append(queue, replica.Pending{LocalN: uint64(i + 1), Op: op})
	}
	return queue
}

func opOf(kind studio.Kind, asset byte, body studio.Body) studio.Op {
	return studio.Op{Kind: kind, Entity: idOf(asset), Body: body}
}

func kindsOf(ready []replica.Pending) (kinds []studio.Kind) {
	for _, p := range ready {
		kinds = append(kinds, p.Op.Kind)
	}
	return kinds
}

var everything = replica.Build{Limit: 100, Knows: func(studio.Kind) bool { return true }}

func sight(covered bool, view studio.View) replica.Sight {
	return replica.Sight{Covered: func(studio.CheckpointID) bool { return covered }, View: view}
}

// TestCase_A6: the server lacks a kind. That op and what follows on the same thing step aside, without a number; the rest flows.
func TestCase_A6(t *testing.T) {
	q := queue(opOf(studio.KindRoadStart, 1, &studio.RoadBody{}), opOf(studio.KindTagAdd, 1, &studio.TagBody{}),
		opOf(studio.KindRankSet, 2, &studio.RankBody{}))
	old := replica.Build{Limit: 100, Knows: func(k studio.Kind) bool { return k != studio.KindRoadStart }}
	view := studio.NewState(nil)
	require.Equal(t, []studio.Kind{studio.KindRankSet}, kindsOf(replica.Ready(q, sight(true, view), old)))
	require.Len(t, replica.Ready(q, sight(true, view), everything), 3, "after the server's update")
	require.Equal(t, 2, replica.Aside(q, old.Knows), "with what follows on the same entity")
	require.Zero(t, replica.Aside(q, everything.Knows))

	c, _ := pushing(t, standing(9), 2) // the server was set back to an older program since it said hello
	stopped := replica.Pushed{Reply: wire.PushReply{Stop: wire.Stop{N: 5, Code: wire.StopUnsupported}}}
	require.Equal(t, replica.Renumber{}, c.Step(0, stopped))
	fresh := standing(9)
	fresh.Client = idOf(99)
	require.Equal(t, replica.Greet{}, c.Step(0, replica.Laid{Stand: fresh}), "it says anew which kinds it has")
	greeting := hello()
	greeting.Reply.Kinds, greeting.Reply.Lmid = []studio.Kind{studio.KindTagAdd}, 4
	c.Step(0, greeting)
	knows := c.Step(0, page(9, false, "")).(replica.Build).Knows
	require.True(t, knows(studio.KindTagAdd))
	require.False(t, knows(studio.KindRoadStart))
}

// TestCase_J11: a server that does not know of the road: the road waits for its update, work does not.
func TestCase_J11(t *testing.T) {
	q := queue(opOf(studio.KindRoadStart, 1, &studio.RoadBody{UntilMs: 1}), opOf(studio.KindAnnounce, 2, &studio.AnnounceBody{}),
		opOf(studio.KindRoadEnd, 1, &studio.EmptyBody{}))
	old := replica.Build{Limit: 100, Knows: func(k studio.Kind) bool { return k != studio.KindRoadStart && k != studio.KindRoadEnd }}
	ready := replica.Ready(q, sight(true, studio.NewState(nil)), old)
	require.Equal(t, []studio.Kind{studio.KindAnnounce}, kindsOf(ready))
}

// TestCase_H8: a client that is newer than its server. What the server cannot read waits as it is; it is never made into
// something older.
func TestCase_H8(t *testing.T) {
	body := &studio.RoadBody{UntilMs: 77}
	q := queue(opOf(studio.KindRoadStart, 1, body), opOf(studio.KindTagAdd, 2, &studio.TagBody{Tag: "x"}))
	old := replica.Build{Limit: 100, Knows: func(k studio.Kind) bool { return k < studio.KindRoadStart }}
	require.Equal(t, []studio.Kind{studio.KindTagAdd}, kindsOf(replica.Ready(q, sight(true, studio.NewState(nil)), old)))
	later := replica.Ready(q, sight(true, studio.NewState(nil)), everything)
	require.Equal(t, studio.EncodeBody(body), wire.OpOf(1, later[0].Op).Body)

	c, _ := pushing(t, standing(9), 2) // it knows the kind, and not a field of it
	stopped := replica.Pushed{Reply: wire.PushReply{Stop: wire.Stop{N: 5, Code: wire.StopUnsupported}}}
	require.Equal(t, replica.Renumber{}, c.Step(0, stopped))
	fresh := standing(9)
	fresh.Client = idOf(99)
	c.Step(0, replica.Laid{Stand: fresh})
	c.Step(0, hello())
	knows := c.Step(0, page(9, false, "")).(replica.Build).Knows
	require.False(t, knows(studio.KindTagAdd), "what it could not read steps aside, and the rest flows")
	require.True(t, knows(studio.KindNoteAdd))
}

// TestCase_A15: a seal waits for its bytes, and behind it what follows on the same asset; notes and other assets pass. One that
// waits for its base holds up what was made on it, and moves of the asset.
func TestCase_A15(t *testing.T) {
	k := studio.CheckpointID{ID: idOf(7)}
	q := queue(opOf(studio.KindAnnounce, 1, &studio.AnnounceBody{Checkpoint: k}), opOf(studio.KindSeal, 1, &studio.SealBody{Checkpoint: k}),
		opOf(studio.KindStatusSet, 1, &studio.StatusBody{}), opOf(studio.KindAssign, 1, &studio.AssignBody{}),
		opOf(studio.KindNoteAdd, 1, &studio.NoteBody{}), opOf(studio.KindStatusSet, 2, &studio.StatusBody{}))
	view := studio.NewState(nil)
	view.Put(studio.Checkpoint{ID: k, State: studio.Local, Ver: 1})
	require.Equal(t, []studio.Kind{studio.KindAnnounce, studio.KindNoteAdd, studio.KindStatusSet}, kindsOf(replica.Ready(q, sight(false, view), everything)))
	require.Len(t, replica.Ready(q, sight(true, view), everything), 6)

	base := studio.CheckpointID{ID: idOf(8)}
	view.Put(studio.Checkpoint{ID: base, State: studio.Announced, Ver: 1})
	view.Put(studio.Checkpoint{ID: k, Base: base, State: studio.Local, Ver: 1})
	other := studio.CheckpointID{ID: idOf(9)}
	view.Put(studio.Checkpoint{ID: other, State: studio.Local, Ver: 1})
	above := studio.CheckpointID{ID: idOf(10)}
	view.Put(studio.Checkpoint{ID: above, Base: k, State: studio.Local, Ver: 1})
	q = queue(opOf(studio.KindSeal, 1, &studio.SealBody{Checkpoint: above}), opOf(studio.KindSeal, 1, &studio.SealBody{Checkpoint: k}),
		opOf(studio.KindSeal, 1, &studio.SealBody{Checkpoint: other}), opOf(studio.KindStatusSet, 1, &studio.StatusBody{}))
	ready := replica.Ready(q, sight(true, view), everything)
	require.Len(t, ready, 1)
	require.Equal(t, other, ready[0].Op.Body.(*studio.SealBody).Checkpoint)
	handIn := everything
	handIn.HandIn = true
	require.Len(t, replica.Ready(q, sight(true, view), handIn), 4, "who has lost their place waits for nobody")
}

// TestCase_A7: the numbers of this store were used by another: it was copied, or set back. It gets a client id of its own, and
// what waits is numbered anew, with the ids that it has.
func TestCase_A7(t *testing.T) {
	stand := standing(9)
	for name, reply := range map[string]wire.HelloReply{
		"a number that was never given here": {Generation: life, HeadSeq: 9, Lmid: stand.NextN, Kinds: studio.Kinds()},
		"a count that fell":                  {Generation: life, HeadSeq: 9, Lmid: stand.Lmid - 1, Kinds: studio.Kinds()},
	} {
		c := replica.NewCore(stand)
		c.Step(0, replica.Woke{})
		require.Equal(t, replica.Renumber{}, c.Step(0, replica.Greeted{Reply: reply}), name)
	}
	c, push := pushing(t, stand, 2)
	stopped := replica.Pushed{Reply: wire.PushReply{Lmid: 4, Stop: wire.Stop{N: 5, Code: wire.StopForked}}}
	require.Equal(t, replica.Renumber{}, c.Step(0, stopped))
	fresh := stand
	fresh.Client, fresh.NextN, fresh.Lmid = idOf(99), 1, 0
	require.Equal(t, replica.Greet{}, c.Step(0, replica.Laid{Stand: fresh}))
	greeting := hello()
	greeting.Reply.Lmid = 0
	c.Step(0, greeting)
	c.Step(0, page(9, false, ""))
	fresh.NextN = 3
	again := sent(t, c, fresh, 2)
	require.Equal(t, idOf(99), again.Request.Client)
	for i, op := range again.Request.Ops {
		require.Equal(t, push.Request.Ops[i].ID, op.ID)
	}
}

// Row A8: a batch that fails for a reason of its own is halved until one op is left; that one is handed in as it is.
func TestABatchThatFailsIsHalvedUntilTheOpIsFound(t *testing.T) {
	stand := standing(9)
	stand.DepositKey = wire.Token{1}
	c := building(t, stand)
	bad := ops(9)[6].ID
	left, pushes := ops(9), 0
	effect := replica.Effect(replica.Build{Limit: 1000})
	for {
		if _, rests := effect.(replica.Rest); rests {
			effect = c.Step(0, replica.Woke{})
			effect = resumed(t, c, effect)
		}
		if _, fetches := effect.(replica.Fetch); fetches {
			effect = c.Step(0, page(9, false, ""))
		}
		build, builds := effect.(replica.Build)
		require.True(t, builds, "%T", effect)
		batch := left[:min(len(left), build.Limit)]
		if len(batch) == 0 {
			break
		}
		push := c.Step(0, replica.Built{Ops: batch, Stand: stand}).(replica.Push)
		pushes++
		require.Less(t, pushes, 30)
		fails := false
		for _, op := range push.Request.Ops {
			fails = fails || op.ID == bad
		}
		if fails {
			effect = c.Step(0, replica.Pushed{Err: refusal(wire.CodeInternal)})
			if deposit, hands := effect.(replica.Deposit); hands {
				require.True(t, deposit.Request.Unreadable)
				require.Len(t, deposit.Request.Ops, 1)
				require.Equal(t, bad, deposit.Request.Ops[0].ID)
				kept := wire.Outcome{Op: bad, Verdict: studio.Kept, Reason: studio.CodeUnreadable}
				require.IsType(t, replica.Keep{}, c.Step(0, replica.Deposited{Reply: wire.DepositReply{Outcomes: []wire.Outcome{kept}}}))
				left = left[1:]
				effect = c.Step(0, replica.Kept{Stand: stand})
			}
			continue
		}
		reply := wire.PushReply{Lmid: push.Request.Ops[len(batch)-1].N, HeadSeq: 9}
		for _, op := range batch {
			reply.Outcomes = append(reply.Outcomes, wire.Outcome{Op: op.ID, Verdict: studio.Applied})
		}
		require.IsType(t, replica.Keep{}, c.Step(0, replica.Pushed{Reply: reply}))
		left = left[len(batch):]
		effect = c.Step(0, replica.Kept{Stand: stand})
	}
	require.Empty(t, left)
}

// resumed goes on from a wake to the choice of what is sent.
func resumed(t *testing.T, c *replica.Core, effect replica.Effect) replica.Effect {
	if effect == (replica.Greet{}) {
		effect = c.Step(0, hello())
	}
	require.IsType(t, replica.Fetch{}, effect)
	return effect
}

// TestCase_H7: a server that only follows another judges no cookie. The client asks again later, and reconciles with nobody.
func TestCase_H7(t *testing.T) {
	c, push := pushing(t, standing(9), 1)
	require.IsType(t, replica.Rest{}, c.Step(0, replica.Pushed{Err: refusal(wire.CodeRetryPrimary)}))
	require.Equal(t, replica.Offline, c.State())
	require.Equal(t, replica.Greet{}, c.Step(0, replica.Woke{}))
	require.IsType(t, replica.Rest{}, c.Step(0, replica.Greeted{Err: refusal(wire.CodeRetryPrimary)}))
	require.Equal(t, standing(9), c.Stand(), "it stands where it stood")
	require.Equal(t, replica.Greet{}, c.Step(0, replica.Woke{}))
	c.Step(0, hello())
	c.Step(0, page(9, false, ""))
	require.Equal(t, push, sent(t, c, standing(9), 1))
}

// A program that is too old to read the project sends its own all the same (row H10).
func TestATooOldProgramSendsItsOwn(t *testing.T) {
	c := greeted(t, standing(9))
	require.IsType(t, replica.Build{}, c.Step(0, replica.Fetched{Err: refusal(wire.CodeUpgrade)}))
	sent(t, c, standing(9), 1)
	outcome := wire.Outcome{Op: ops(1)[0].ID, Verdict: studio.Applied, Seq: 10}
	require.IsType(t, replica.Keep{}, c.Step(0, replica.Pushed{Reply: wire.PushReply{Lmid: 5, Outcomes: []wire.Outcome{outcome}, HeadSeq: 10}}))
	require.IsType(t, replica.Build{}, c.Step(0, replica.Kept{Stand: standing(9)}))
	require.IsType(t, replica.Rest{}, c.Step(0, replica.Built{Stand: standing(9)}))
	require.Equal(t, replica.TooOld, c.State())
}

// TestCase_A9: a verdict takes an op off the wire at once, and out of the queue when the base shows it; not before.
func TestCase_A9(t *testing.T) {
	for _, verdict := range []studio.Verdict{studio.Applied, studio.Noop} {
		s := newSaved(t)
		announce := s.pending[0]
		s.pending[0].Acked, s.pending[0].Seq = true, 7
		ready := replica.Ready(s.pending, sight(true, s.state), everything)
		require.NotContains(t, ready, s.pending[0], "it is not sent again")
		s.lay(t, replica.Pulled{Head: wire.Signed{Generation: life, Seq: 6}, Sums: s.sums()})
		require.Len(t, s.pending, 2, "the base has not come to it")
		p := replica.Pulled{Head: wire.Signed{Generation: life, Seq: 7}, Events: []studio.Event{{Seq: 7, Op: announce.Op.ID, Verdict: verdict}}}
		out := s.lay(t, p)
		require.Len(t, s.pending, 1)
		require.Equal(t, verdict, out.Acked[announce.Op.ID].Verdict)
	}
}

// Who has lost their place hands in at once what was not sent, asks for every verdict again that the base does not show, and is
// left alone then. So does who cannot sign in again since their account was closed (row G2).
func TestWhoIsNoMemberHandsInWhatWaits(t *testing.T) {
	stand := standing(9)
	stand.DepositKey = wire.Token{1}
	for code, closed := range map[wire.Code]bool{wire.CodeNotMember: false, wire.CodeUnauthenticated: true} {
		c := replica.NewCore(stand)
		if closed {
			c.Close()
		}
		asked(c)
		require.Equal(t, replica.Again{}, c.Step(0, replica.Greeted{Err: refusal(code)}), code)
		build := c.Step(0, replica.Laid{Stand: stand}).(replica.Build)
		require.True(t, build.HandIn)
		require.True(t, build.Knows(255), "what cannot be read is kept")
		deposit := c.Step(0, replica.Built{Ops: ops(2), Stand: stand}).(replica.Deposit)
		require.Equal(t, stand.DepositKey, deposit.Request.Key)
		require.False(t, deposit.Request.Unreadable)
		require.Equal(t, uint64(1), deposit.Request.Ops[0].N, "the server numbers them")
		reply := wire.DepositReply{}
		for _, op := range ops(2) {
			reply.Outcomes = append(reply.Outcomes, wire.Outcome{Op: op.ID, Verdict: studio.Kept, Reason: studio.CodeNotMember})
		}
		keep := c.Step(0, replica.Deposited{Reply: reply}).(replica.Keep)
		require.True(t, keep.HandedIn)
		require.IsType(t, replica.Build{}, c.Step(0, replica.Kept{Stand: stand}))
		require.IsType(t, replica.Rest{}, c.Step(0, replica.Built{Stand: stand}))
		require.Equal(t, replica.NotAMember, c.State())
		require.Nil(t, c.Step(0, replica.Woke{}), "it is not asked again unasked")
	}
	c := replica.NewCore(standing(9)) // was never given a key
	asked(c)
	require.IsType(t, replica.Rest{}, c.Step(0, replica.Greeted{Err: refusal(wire.CodeNotMember)}))
	require.Equal(t, replica.NotAMember, c.State())
}

// The seal of a checkpoint whose announcement could not be read waits for no base: it stands on none any more.
func TestTheSealOfASafetyCheckpointWaitsForNoBase(t *testing.T) {
	base, top := studio.CheckpointID{ID: idOf(30)}, studio.CheckpointID{ID: idOf(31)}
	q := queue(opOf(studio.KindSeal, 1, &studio.SealBody{Checkpoint: top}))
	view := studio.NewState(nil)
	view.Put(studio.Checkpoint{ID: base, State: studio.Announced, Ver: 1})
	for state, ready := range map[studio.CheckpointState]int{studio.Announced: 0, studio.Safety: 1} {
		view.Put(studio.Checkpoint{ID: top, Base: base, State: state, Ver: 1})
		require.Len(t, replica.Ready(q, sight(true, view), everything), ready)
	}
}
