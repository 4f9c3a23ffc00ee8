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
	require.IsType(t, replica.Lay{}, c.Step(0, page(9, false, "")))

	c = greeted(t, standing(5))
	require.IsType(t, replica.Fetch{}, c.Step(0, page(8, false, "more")))
	require.IsType(t, replica.Fetch{}, c.Step(0, page(7, false, "")), "the server went back between two pages")
}

func TestWithoutABaseEverythingIsFetchedAsEverything(t *testing.T) {
	stand := standing(0)
	stand.Cookie = wire.Cookie{}
	c := greeted(t, stand)
	require.True(t, c.Step(0, page(9, false, "")).(replica.Lay).Pulled.Anew)
}
