package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// What is told of a change is made once for all who see everything and stand at the same place: who sees less is told of their
// own, and who stands in another history of nothing.
func TestNewsAreToldToEachByWhatTheyMaySee(t *testing.T) {
	c := newCrew(t)
	stood := map[*person]wire.Cookie{}
	for _, p := range []*person{c.ana, c.cy, c.vic} {
		head := p.pull(c.film.id, wire.Cookie{}).Head
		stood[p] = wire.Cookie{Generation: head.Generation, Seq: head.Seq, Chain8: [8]byte(head.Chain[:8])}
	}
	for range 2 { // the second time it is known
		at := stood[c.ana]
		c.applied(c.ben, c.ben.op(studio.KindNoteAdd, c.film.shots[0].ID, &studio.NoteBody{Note: studio.NoteID{ID: c.o.Clock.NewID()}, Text: "hold it"}))
		news := func(p *person, from wire.Cookie) *wire.PullReply {
			t.Helper()
			reply, err := p.wire().WaitForHead(t.Context(), wire.WaitRequest{Project: c.film.id, Seq: at.Seq, Client: p.client, Cookie: from})
			require.NoError(t, err)
			return reply.News
		}
		mine, theirs := news(c.ana, at), news(c.cy, at)
		require.Equal(t, mine, theirs)
		require.Len(t, mine.Events, 1)
		again := news(c.cy, at)
		require.Equal(t, mine, again)
		limited := news(c.vic, at)
		require.True(t, limited.Whole)
		require.Empty(t, limited.Events, "a vendor sees their own tasks")
		require.NotEqual(t, mine.Rows, limited.Rows)
		forked := at
		forked.Chain8[0]++
		require.Nil(t, news(c.cy, forked), "of another history nothing is told")
		stood[c.ana] = wire.Cookie{Generation: mine.Head.Generation, Seq: mine.Head.Seq, Chain8: [8]byte(mine.Head.Chain[:8])}
	}
}
