package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/wire"
)

// A first pull may leave the history out; it comes afterwards, part by part, up to where the rows stand and no further.
func TestTheHistoryComesBehindTheRows(t *testing.T) {
	l := newCrew(t)
	ana := l.ana
	q := wire.PullRequest{Project: l.film.id, Client: ana.client, Part: wire.PartRows, MaxBytes: 600}
	var rows []wire.Row
	var head wire.Signed
	for more := true; more; more = len(q.Page) > 0 {
		reply, err := ana.wire().Pull(t.Context(), q)
		require.NoError(t, err)
		require.True(t, reply.Later)
		require.Empty(t, reply.Events)
		rows, head, q.Page = append(rows, reply.Rows...), reply.Head, reply.NextPage
	}
	all := ana.pull(l.film.id, wire.Cookie{})
	require.Equal(t, all.Rows, rows)
	require.Equal(t, all.Head.Seq, head.Seq)
	ana.push(l.film.id, head.Generation, ana.note(l.film.shots[0], "later")) // the head moves on

	at := wire.Cookie{Generation: head.Generation, Seq: head.Seq, Chain8: [8]byte(head.Chain[:8])}
	var chain [32]byte
	after := uint64(0)
	for after < head.Seq {
		reply, err := ana.wire().Pull(t.Context(), wire.PullRequest{Project: l.film.id, Client: ana.client, Part: wire.PartLog,
			Cookie: at, After: after, MaxBytes: 600})
		require.NoError(t, err)
		require.Empty(t, reply.Rows)
		require.Empty(t, reply.Sums)
		require.NotEmpty(t, reply.Events)
		for _, ev := range reply.Events {
			after++
			require.Equal(t, after, ev.Seq)
			chain = ev.NextChain(chain)
		}
	}
	require.Equal(t, head.Chain, chain)

	ahead := at
	ahead.Chain8[0]++
	_, err := ana.wire().Pull(t.Context(), wire.PullRequest{Project: l.film.id, Client: ana.client, Part: wire.PartLog, Cookie: ahead})
	require.Equal(t, wire.CodeGeneration, failed(t, err), "of another history")
	_, err = ana.wire().Pull(t.Context(), wire.PullRequest{Project: l.film.id, Client: ana.client, Part: wire.PartLog})
	require.Error(t, err, "up to nothing")
}

// What is new comes with the poke, where it is little: the same as a pull would bring, to whom it would bring it.
func TestNewsComeWithThePoke(t *testing.T) {
	c := newCrew(t)
	for who, p := range map[string]*person{"ana": c.ana, "ben": c.ben} {
		at := p.pull(c.film.id, wire.Cookie{}).Head
		cookie := wire.Cookie{Generation: at.Generation, Seq: at.Seq, Chain8: [8]byte(at.Chain[:8])}
		q := wire.WaitRequest{Project: c.film.id, Client: p.client, Seq: at.Seq, Cookie: cookie}
		c.ana.push(c.film.id, at.Generation, c.ana.note(c.film.shots[0], "for "+who))
		reply, err := p.wire().WaitForHead(t.Context(), q)
		require.NoError(t, err)
		pulled := p.pull(c.film.id, cookie)
		require.NotEmpty(t, pulled.Rows)
		require.NotNil(t, reply.News, who)
		require.Equal(t, pulled.Rows, reply.News.Rows, who)
		require.Equal(t, pulled.Events, reply.News.Events, who)
		require.Equal(t, pulled.Whole, reply.News.Whole, who)

		q.Cookie.Chain8[0]++
		reply, err = p.wire().WaitForHead(t.Context(), q)
		require.NoError(t, err)
		require.Nil(t, reply.News, "of another history: the pull says so")
	}
}
