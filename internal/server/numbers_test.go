package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// numbered is a crew of whom ben pushes ops with numbers of his choice.
type numbered struct{ *crew }

func (n numbered) tag(text string) studio.Op {
	return n.ben.op(studio.KindTagAdd, n.film.shots[0].ID, &studio.TagBody{Tag: text})
}

func (n numbered) push(ops ...wire.Op) wire.PushReply {
	n.t.Helper()
	reply, err := n.ben.wire().Push(n.t.Context(), wire.PushRequest{Project: n.film.id, Client: n.ben.client, Generation: n.generation, Ops: ops})
	require.NoError(n.t, err)
	return reply
}

// anew gives ben's store another client id.
func (n numbered) anew() {
	n.ben.client = n.o.Clock.NewID()
	require.Zero(n.t, n.ben.hello(n.film.id).Lmid)
}

// A store that was copied sends what waits under a new client id, from one on. What the server knows has the result that it had
// and takes its number up, so that what is behind it follows (rows A7, G6).
func TestKnownOpsTakeTheirNewNumbersUp(t *testing.T) {
	n := numbered{newCrew(t)}
	one, two, three := n.tag("one"), n.tag("two"), n.tag("three")
	first := n.push(wire.OpOf(1, one), wire.OpOf(2, two))
	n.anew()
	again := n.push(wire.OpOf(1, one), wire.OpOf(2, two), wire.OpOf(3, three))
	require.Equal(t, wire.Stop{}, again.Stop)
	require.Equal(t, uint64(3), again.Lmid)
	require.Equal(t, first.Outcomes, again.Outcomes[:2])
	require.Equal(t, studio.Applied, again.Outcomes[2].Verdict)
	require.Equal(t, first.HeadSeq+1, again.HeadSeq)
}

// A known op takes no number up but the next one: what was numbered before it, and is on its way, would be lost.
func TestAKnownOpDoesNotPassOverNumbers(t *testing.T) {
	n := numbered{newCrew(t)}
	known := n.tag("known")
	n.push(wire.OpOf(1, known))
	n.anew()
	require.Zero(t, n.push(wire.OpOf(3, known)).Lmid)
	next := n.push(wire.OpOf(1, n.tag("next")))
	require.Equal(t, wire.Stop{}, next.Stop)
	require.Equal(t, uint64(1), next.Lmid)
}

// Another op under a number that was decided is that of a copied store; one behind a number that did not come waits for it.
// Neither is decided.
func TestANumberIsUsedOnceAndInOrder(t *testing.T) {
	n := numbered{newCrew(t)}
	head := n.push(wire.OpOf(1, n.tag("one"))).HeadSeq
	for number, stop := range map[uint64]wire.StopCode{1: wire.StopForked, 3: wire.StopGap} {
		reply := n.push(wire.OpOf(number, n.tag("another")))
		require.Equal(t, wire.Stop{N: number, Code: stop}, reply.Stop)
		require.Empty(t, reply.Outcomes)
		require.Equal(t, uint64(1), reply.Lmid)
		require.Equal(t, head, reply.HeadSeq)
	}
}

// A cookie is of this history with its generation and its chain: by its seq alone it might be of a life that the server has
// lost, whose rows are other ones.
func TestACookieOfAnotherHistoryIsRefused(t *testing.T) {
	c := newCrew(t)
	head := c.ana.pull(c.film.id, wire.Cookie{}).Head
	mine := wire.Cookie{Generation: head.Generation, Seq: head.Seq, Chain8: [8]byte(head.Chain[:8])}
	require.Empty(t, c.ana.pull(c.film.id, mine).Rows)
	for name, change := range map[string]func(*wire.Cookie){
		"another chain":      func(k *wire.Cookie) { k.Chain8[0] ^= 1 },
		"another generation": func(k *wire.Cookie) { k.Generation[0] ^= 1 },
		"beyond the head":    func(k *wire.Cookie) { k.Seq++ },
	} {
		other := mine
		change(&other)
		_, err := c.ana.wire().Pull(t.Context(), wire.PullRequest{Project: c.film.id, Client: c.ana.client, Cookie: other})
		require.Equal(t, wire.CodeGeneration, failed(t, err), name)
	}
}

// A push of another life of the project is refused: its client has not gone back to what both have.
func TestAPushOfAnotherGenerationDecidesNothing(t *testing.T) {
	c := newCrew(t)
	head := c.ana.pull(c.film.id, wire.Cookie{}).Head
	other := head.Generation
	other[0] ^= 1
	for _, generation := range []wire.Generation{other, {}} {
		_, err := c.ana.wire().Push(t.Context(), wire.PushRequest{Project: c.film.id, Client: c.ana.client, Generation: generation,
			Ops: []wire.Op{wire.OpOf(c.ana.n+1, c.ana.note(c.film.shots[0], "of another life"))}})
		require.Equal(t, wire.CodeGeneration, failed(t, err))
	}
	require.Equal(t, head.Seq, c.ana.pull(c.film.id, wire.Cookie{}).Head.Seq)
}

// A client id is bound to its person: whoever says hello with it besides has copied the store, and has it renumbered.
func TestAClientIsOfOnePerson(t *testing.T) {
	n := numbered{newCrew(t)}
	n.push(wire.OpOf(1, n.tag("one")))
	copied := wire.HelloRequest{Project: n.film.id, Client: n.ben.client, Device: "desk", Proto: wire.Proto, App: "test"}
	_, err := n.cy.wire().Hello(t.Context(), copied)
	require.Equal(t, wire.CodeInvalid, failed(t, err))
	require.Equal(t, uint64(1), n.ben.hello(n.film.id).Lmid)
	require.Equal(t, studio.Applied, n.push(wire.OpOf(2, n.tag("two"))).Outcomes[0].Verdict)
}
