package replica_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/replica"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

var life = wire.Generation{1}

func idOf(n byte) studio.ID { return studio.ID{15: n} }

// standing is a store that has seen the server at a seq.
func standing(seq uint64) replica.Stand {
	return replica.Stand{Project: studio.ProjectID{ID: idOf(1)}, Client: idOf(2), Me: studio.UserID{ID: idOf(3)}, NextN: 5, Lmid: 4,
		Cookie: wire.Cookie{Generation: life, Seq: seq}}
}

// greeted is a core whose hello was answered: it wants the first page.
func greeted(t *testing.T, stand replica.Stand) *replica.Core {
	c := replica.NewCore(stand)
	require.Equal(t, replica.Greet{}, c.Step(0, replica.Woke{}))
	require.IsType(t, replica.Fetch{}, c.Step(0, hello()))
	return c
}

func hello() replica.Greeted {
	return replica.Greeted{Reply: wire.HelloReply{Generation: life, HeadSeq: 9, Lmid: 4, Kinds: studio.Kinds()}}
}

func page(seq uint64, whole bool, next string) replica.Fetched {
	return replica.Fetched{Reply: wire.PullReply{Head: wire.Signed{Generation: life, Seq: seq}, Whole: whole, NextPage: []byte(next)}}
}

func TestARoundEndsWhenTheServerKeepsSayingNo(t *testing.T) {
	for _, code := range []wire.Code{wire.CodeGeneration, wire.CodeInvalid} {
		c := greeted(t, standing(9))
		no := replica.Fetched{Err: &wire.Failure{Code: code}}
		require.Equal(t, replica.Greet{}, c.Step(0, no), code)
		require.IsType(t, replica.Fetch{}, c.Step(0, hello()), code)
		require.IsType(t, replica.Rest{}, c.Step(0, no), code)
		require.Equal(t, replica.NeedsHelp, c.State(), code)
	}
}

func TestAnIdOfSomebodyElseIsChanged(t *testing.T) {
	c := replica.NewCore(standing(9))
	c.Step(0, replica.Woke{})
	require.Equal(t, replica.Renumber{}, c.Step(0, replica.Greeted{Err: &wire.Failure{Code: wire.CodeInvalid}}))
}

func TestNumbersThatTheServerCannotTakeAreGivenAnew(t *testing.T) {
	for _, code := range []wire.StopCode{wire.StopGap, wire.StopForked, wire.StopUnsupported} {
		c := greeted(t, standing(9))
		require.IsType(t, replica.Build{}, c.Step(0, page(9, false, "")))
		require.IsType(t, replica.Push{}, c.Step(0, replica.Built{Ops: []wire.Op{{N: 7}}, Stand: standing(9)}))
		stopped := replica.Pushed{Reply: wire.PushReply{Stop: wire.Stop{N: 7, Code: code}}}
		require.Equal(t, replica.Renumber{}, c.Step(0, stopped), code)
	}
}

func TestAServerWhoseCountFellIsNoticedAtHello(t *testing.T) {
	c := replica.NewCore(standing(9))
	c.Step(0, replica.Woke{})
	fallen := hello()
	fallen.Reply.Lmid = 3
	require.Equal(t, replica.Renumber{}, c.Step(0, fallen))
}

func TestPagesOfTwoHeadsAreOneViewOnlyForWhoSeesAll(t *testing.T) {
	c := greeted(t, standing(5))
	require.IsType(t, replica.Fetch{}, c.Step(0, page(8, true, "more")))
	anew := c.Step(0, page(9, true, ""))
	require.Empty(t, anew.(replica.Fetch).Request.Page, "what a limited view sees changes with the head")

	c = greeted(t, standing(5))
	require.IsType(t, replica.Fetch{}, c.Step(0, page(8, false, "more")))
	laid := c.Step(0, page(9, false, "")).(replica.Lay)
	require.Equal(t, uint64(9), laid.Pulled.Head.Seq, "the view stands where the last page was read")

	c = greeted(t, standing(5))
	require.IsType(t, replica.Fetch{}, c.Step(0, page(8, false, "more")))
	require.IsType(t, replica.Fetch{}, c.Step(0, page(7, false, "")), "the server went back between two pages")
}

func TestPagesOfTwoLivesAreNoView(t *testing.T) {
	for _, whole := range []bool{false, true} {
		for _, seq := range []uint64{8, 9} {
			c := greeted(t, standing(5))
			require.IsType(t, replica.Fetch{}, c.Step(0, page(8, whole, "more")))
			other := page(seq, whole, "")
			other.Reply.Head.Generation = wire.Generation{2}
			anew, asks := c.Step(0, other).(replica.Fetch)
			require.True(t, asks, "the server was restored between two pages")
			require.Empty(t, anew.Request.Page)
		}
	}
}

func TestWhatWasMadeWhileInSyncIsSentBeforeNewsAreFetched(t *testing.T) {
	made := replica.Woke{Made: true}
	c := replica.NewCore(standing(9))
	require.Equal(t, replica.Greet{}, c.Step(0, made), "nothing was heard yet")
	require.IsType(t, replica.Fetch{}, c.Step(0, hello()))
	c.Step(0, page(9, false, ""))
	c.Step(0, replica.Built{Stand: standing(9)})
	require.Equal(t, replica.Synced, c.State())

	require.IsType(t, replica.Build{}, c.Step(0, made))
	require.IsType(t, replica.Push{}, c.Step(0, replica.Built{Ops: []wire.Op{{N: 5}}, Stand: standing(9)}))
	c.Step(0, replica.Pushed{Reply: wire.PushReply{Outcomes: make([]wire.Outcome, 1)}})
	require.IsType(t, replica.Fetch{}, c.Step(0, replica.Kept{Stand: standing(9)}), "and what came of it is fetched")
	c.Step(0, page(9, false, ""))
	c.Step(0, replica.Built{Stand: standing(9)})

	require.IsType(t, replica.Build{}, c.Step(0, made))
	c.Step(0, replica.Built{Ops: []wire.Op{{N: 6}}, Stand: standing(9)})
	require.IsType(t, replica.Rest{}, c.Step(0, replica.Pushed{Err: &wire.Failure{Code: wire.CodeUnavailable}}))
	require.Equal(t, replica.Greet{}, c.Step(0, made), "offline")
}

// One's own change comes back as news of a head where the store stands already: there is nothing to ask for.
func TestAHeadThatIsHereIsNotAskedFor(t *testing.T) {
	c := greeted(t, standing(9))
	c.Step(0, page(9, false, ""))
	require.Nil(t, c.Step(0, replica.Woke{Head: 9}), "while it is busy")
	require.IsType(t, replica.Rest{}, c.Step(0, replica.Built{Stand: standing(9)}))
	require.Nil(t, c.Step(0, replica.Woke{Head: 9}), "at rest")
	require.IsType(t, replica.Fetch{}, c.Step(0, replica.Woke{Head: 10}))
	require.Nil(t, c.Step(0, replica.Woke{Head: 11}))
	c.Step(0, page(9, false, ""))
	require.IsType(t, replica.Fetch{}, c.Step(0, replica.Built{Stand: standing(9)}), "there was more meanwhile")
	c.Step(0, page(9, false, ""))
	require.IsType(t, replica.Rest{}, c.Step(0, replica.Built{Stand: standing(9)}), "it is asked once")
	require.IsType(t, replica.Fetch{}, c.Step(0, replica.Woke{Head: 8}), "the server went back")
}

func TestNewsThatComeWithAPokeAreLaid(t *testing.T) {
	rested := func() *replica.Core {
		c := greeted(t, standing(9))
		c.Step(0, page(9, false, ""))
		require.IsType(t, replica.Rest{}, c.Step(0, replica.Built{Stand: standing(9)}))
		return c
	}
	news := &replica.News{At: standing(9).Cookie, Reply: page(10, false, "").Reply}
	require.Equal(t, uint64(10), rested().Step(0, replica.Woke{News: news}).(replica.Lay).Pulled.Head.Seq)
	old := &replica.News{At: standing(8).Cookie, Reply: news.Reply}
	require.IsType(t, replica.Fetch{}, rested().Step(0, replica.Woke{News: old}), "they are of where it stood before")
	nothing := &replica.News{At: news.At, Reply: page(9, false, "").Reply}
	require.IsType(t, replica.Build{}, rested().Step(0, replica.Woke{News: nothing}))

	c := rested()
	require.IsType(t, replica.Fetch{}, c.Step(0, replica.Woke{}))
	require.Nil(t, c.Step(0, replica.Woke{News: news}), "a pull is on its way")
	c.Step(0, page(9, false, ""))
	require.IsType(t, replica.Fetch{}, c.Step(0, replica.Built{Stand: standing(9)}))
}

func TestManyOpsGoOneFullBatchAfterAnother(t *testing.T) {
	c := greeted(t, standing(9))
	c.Step(0, page(9, false, ""))
	batch := func(n int) ([]wire.Op, []wire.Outcome) { return make([]wire.Op, n), make([]wire.Outcome, n) }
	sent := func(n int) replica.Effect {
		ops, outcomes := batch(n)
		require.IsType(t, replica.Push{}, c.Step(0, replica.Built{Ops: ops, Stand: standing(9)}))
		require.IsType(t, replica.Keep{}, c.Step(0, replica.Pushed{Reply: wire.PushReply{Outcomes: outcomes}}))
		return c.Step(0, replica.Kept{Stand: standing(9)})
	}
	require.IsType(t, replica.Build{}, sent(wire.PushOpsMax), "what came of it is fetched with the rest")
	require.IsType(t, replica.Fetch{}, sent(7))
	c.Step(0, page(9, false, ""))
	require.IsType(t, replica.Build{}, sent(wire.PushOpsMax))
	require.IsType(t, replica.Fetch{}, c.Step(0, replica.Built{Stand: standing(9)}), "it was the last")
	c.Step(0, page(9, false, ""))
	require.IsType(t, replica.Rest{}, c.Step(0, replica.Built{Stand: standing(9)}))
}

func TestTheHistoryComesBehindTheFirstRowsPartByPart(t *testing.T) {
	blank := standing(0)
	blank.Cookie, blank.Blank = wire.Cookie{}, true
	c := replica.NewCore(blank)
	c.Step(0, replica.Woke{})
	require.Equal(t, wire.PartRows, c.Step(0, hello()).(replica.Fetch).Request.Part)
	rows := page(9, false, "")
	rows.Reply.Later = true
	require.True(t, c.Step(0, rows).(replica.Lay).Pulled.Later)

	here := standing(9)
	here.Log = replica.Log{Have: 0, Upto: 9, Chain: [32]byte{7}}
	require.IsType(t, replica.Build{}, c.Step(0, replica.Laid{Stand: here}))
	require.Equal(t, replica.Rest{UntilMs: 50}, c.Step(50, replica.Built{Stand: here}), "the project can be used now")
	require.Equal(t, replica.Synced, c.State())

	part := func(c *replica.Core) replica.Effect {
		require.Equal(t, wire.PartAll, c.Step(50, replica.Woke{}).(replica.Fetch).Request.Part, "what is new goes first")
		c.Step(50, page(9, false, ""))
		return c.Step(50, replica.Built{Stand: here})
	}
	asked := part(c).(replica.FetchLog).Request
	require.Equal(t, wire.Cookie{Generation: life, Seq: 9, Chain8: [8]byte{7}}, asked.Cookie)
	require.Equal(t, uint64(0), asked.After)
	require.Equal(t, wire.PartLog, asked.Part)
	events := []studio.Event{{Seq: 1}, {Seq: 2}}
	require.Equal(t, replica.KeepLog{Events: events}, c.Step(50, replica.FetchedLog{Reply: wire.PullReply{Events: events}}))
	here.Log.Have = 2
	require.Equal(t, replica.Rest{UntilMs: 50}, c.Step(50, replica.KeptLog{Stand: here}))
	require.Equal(t, uint64(2), part(c).(replica.FetchLog).Request.After)

	c.Step(50, replica.FetchedLog{Reply: wire.PullReply{Events: events}})
	all := c.Step(50, replica.KeptLog{Err: replica.ErrDiffers}).(replica.Fetch).Request
	require.Equal(t, wire.PartAll, all.Part, "a history that is not that of the rows: everything is fetched anew")
	require.Equal(t, wire.Cookie{}, all.Cookie)
}

func TestOnlyTheNextEventsOfTheHistoryAreTaken(t *testing.T) {
	events, chains := make([]studio.Event, 4), make([][32]byte, 5)
	for i := range events {
		events[i] = studio.Event{Seq: uint64(i) + 1, Op: studio.OpID{ID: idOf(byte(i))}}
		chains[i+1] = events[i].NextChain(chains[i])
	}
	log := replica.Log{Have: 1, Upto: 4, Chain: chains[4]}
	next, err := log.Next(chains[1], events[:3])
	require.NoError(t, err)
	require.Len(t, next, 2, "the first is here")
	require.Equal(t, chains[3], next[1].Chain)
	require.Equal(t, replica.Log{Have: 3, Upto: 4, Chain: chains[4]}, log.With(next))
	next, err = log.Next(chains[1], events[1:])
	require.NoError(t, err)
	require.Equal(t, replica.Log{}, log.With(next))

	other := studio.Event{Seq: 4, Op: studio.OpID{ID: idOf(9)}}
	for what, wrong := range map[string][]studio.Event{"none": {}, "a gap": events[2:], "behind the end": append(events[1:4:4], studio.Event{Seq: 5}),
		"another": append(events[1:3:3], other)} {
		_, err := log.Next(chains[1], wrong)
		require.ErrorIs(t, err, replica.ErrDiffers, what)
	}
}

func TestWithoutABaseEverythingIsFetchedAsEverything(t *testing.T) {
	stand := standing(0)
	stand.Cookie = wire.Cookie{}
	c := greeted(t, stand)
	require.True(t, c.Step(0, page(9, false, "")).(replica.Lay).Pulled.Anew)
}
