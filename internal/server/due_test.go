package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/server"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// An ask that was not answered by its deadline gives the task by itself where the project says so, once, in the name of who
// asked and with the ask as cause; everybody's next pull brings it (row D15).
func TestAnAskThatIsDueHandsTheTaskOver(t *testing.T) {
	c := newCrew(t)
	ask := func(deadlineMs int64) studio.Op {
		op := c.ana.op(studio.KindHandoverAsk, c.film.shots[0].ID, &studio.HandoverAskBody{
			Handover: studio.HandoverID{ID: c.o.Clock.NewID()}, To: c.members[c.cy], DeadlineMs: deadlineMs})
		c.applied(c.ana, op)
		return op
	}
	holder := func() studio.UserID {
		for _, r := range c.ana.pull(c.film.id, wire.Cookie{}).Rows {
			if row, err := studio.DecodeRow(r.Table, r.Bytes); err == nil {
				if a, ok := row.(studio.Asset); ok && a.ID == c.film.shots[0] {
					return a.Assignee
				}
			}
		}
		return studio.UserID{}
	}
	asked := ask(1)
	require.NoError(t, server.HandOver(t.Context(), c.srv))
	require.Equal(t, c.members[c.ben], holder(), "the project does not let it happen by itself")

	film := c.film.state.Project()
	film.Options.HandoverAuto = true
	c.applied(c.ana, c.ana.op(studio.KindProjectSet, film.ID.ID, &studio.RowBody{SeenVer: film.Ver, Row: studio.EncodeRow(film)}))
	before := c.ana.pull(c.film.id, wire.Cookie{}).Head
	require.NoError(t, server.HandOver(t.Context(), c.srv))
	require.Equal(t, c.members[c.cy], holder())
	at := wire.Cookie{Generation: before.Generation, Seq: before.Seq, Chain8: [8]byte(before.Chain[:8])}
	events := c.cy.pull(c.film.id, at).Events
	require.Len(t, events, 1)
	require.Equal(t, studio.KindAssign, events[0].Kind)
	require.Equal(t, c.members[c.ana], events[0].Actor)
	require.Equal(t, asked.ID, events[0].Cause)
	require.Equal(t, studio.Applied, events[0].Verdict)

	head := c.ana.pull(c.film.id, wire.Cookie{}).Head.Seq
	require.NoError(t, server.HandOver(t.Context(), c.srv))
	require.Equal(t, head, c.ana.pull(c.film.id, wire.Cookie{}).Head.Seq, "once")
}

// An ask whose time has not come yet, or whose holder is on the road, is left.
func TestAnAskThatIsNotDueIsLeft(t *testing.T) {
	c := newCrew(t)
	film := c.film.state.Project()
	film.Options.HandoverAuto = true
	c.applied(c.ana, c.ana.op(studio.KindProjectSet, film.ID.ID, &studio.RowBody{SeenVer: film.Ver, Row: studio.EncodeRow(film)}))
	c.applied(c.ana, c.ana.op(studio.KindHandoverAsk, c.film.shots[0].ID, &studio.HandoverAskBody{
		Handover: studio.HandoverID{ID: c.o.Clock.NewID()}, To: c.members[c.cy], DeadlineMs: c.o.Clock.NowMs() + dayMs}))
	head := c.ana.pull(c.film.id, wire.Cookie{}).Head.Seq
	require.NoError(t, server.HandOver(t.Context(), c.srv))
	require.Equal(t, head, c.ana.pull(c.film.id, wire.Cookie{}).Head.Seq)
}
