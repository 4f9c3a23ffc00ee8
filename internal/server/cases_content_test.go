package server_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

func (c *crew) have(p *person, hashes []studio.Hash) []bool {
	c.t.Helper()
	reply, err := p.wire().Have(c.t.Context(), wire.HaveRequest{Project: c.film.id, Client: p.client, Hashes: hashes})
	require.NoError(c.t, err)
	return reply.Have
}

// verdict pushes one op and returns what became of it.
func (c *crew) verdict(p *person, op studio.Op) wire.Outcome {
	c.t.Helper()
	reply := p.push(c.film.id, c.generation, op)
	require.Len(c.t, reply.Outcomes, 1, "%+v", reply.Stop)
	return reply.Outcomes[0]
}

func (c *crew) gets(p *person, content file) []studio.Hash {
	c.t.Helper()
	a, came := p.fetch(c.film.id, content.hashes())
	require.Equal(c.t, http.StatusOK, a.status)
	return came
}

// TestCase_Ic2: announced first, then chunks, then what names them, then the seal; nothing of it goes before its turn.
func TestCase_Ic2(t *testing.T) {
	c := newCrew(t)
	content := newFile(300<<10, 21)
	var chunks, manifests []wire.Frame
	for _, f := range content.frames {
		if f.Kind == wire.FrameChunk {
			chunks = append(chunks, f)
		} else {
			manifests = append(manifests, f)
		}
	}
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}))
	require.Equal(t, http.StatusBadRequest, c.ben.upload(c.film.id, framed(manifests)).status, "it names chunks that are not here")
	c.uploaded(c.ben, framed(chunks))
	require.NotContains(t, c.have(c.ben, content.hashes()[:len(chunks)]), false, "the lease protects them before anything names them")
	early := c.verdict(c.ben, c.seal(c.ben))
	require.Equal(t, studio.Noop, early.Verdict)
	require.Equal(t, studio.CodeWaitContent, early.Reason)
	c.uploaded(c.ben, framed(manifests))
	require.Equal(t, studio.Applied, c.verdict(c.ben, c.seal(c.ben)).Verdict)
	require.Equal(t, content.hashes(), c.gets(c.ana, content))
}

// TestCase_Ic6: whether another's bytes are there is no answer of this server.
func TestCase_Ic6(t *testing.T) {
	c := newCrew(t)
	content := newFile(300<<10, 22)
	c.uploaded(c.ben, content.bytes())
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}), c.seal(c.ben))
	never := make([]studio.Hash, len(content.hashes()))
	for i := range never {
		never[i] = studio.Hash{9, byte(i)}
	}
	for _, p := range []*person{c.cy, c.vic} {
		theirs, absent := c.have(p, content.hashes()), c.have(p, never)
		require.Equal(t, absent, theirs)
		require.NotContains(t, theirs, true)
	}
	require.NotContains(t, c.have(c.ana, content.hashes()), false, "who may download it need not send it")
}

// TestCase_Ic7: to name a file that one never had is no way to it. Who has its bytes sends them, and is told of no duplicate.
func TestCase_Ic7(t *testing.T) {
	c := newCrew(t)
	content := newFile(300<<10, 24)
	c.uploaded(c.ben, content.bytes())
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}), c.seal(c.ben))
	c.give(c.cy, c.film.shots[1])
	claim := func(f file) wire.Outcome {
		k := studio.CheckpointID{ID: c.o.Clock.NewID()}
		c.applied(c.cy, c.cy.op(studio.KindAnnounce, c.film.shots[1].ID, &studio.AnnounceBody{Checkpoint: k, Status: c.film.status,
			Manifest: f.manifest, Bytes: f.size, Comment: "mine"}))
		return c.verdict(c.cy, c.cy.op(studio.KindSeal, c.film.shots[1].ID, &studio.SealBody{Checkpoint: k}))
	}
	there, absent := claim(content), claim(newFile(300<<10, 25))
	require.Equal(t, studio.Noop, there.Verdict)
	require.Equal(t, [2]any{absent.Verdict, absent.Reason}, [2]any{there.Verdict, there.Reason}, "the same answer whether or not it is here")
	require.Empty(t, c.gets(c.cy, content), "the claim alone opens nothing")
	c.uploaded(c.cy, content.bytes())
	require.NotEqual(t, studio.CodeWaitContent, claim(content).Reason)
	require.Equal(t, content.hashes(), c.gets(c.cy, content), "it is their own file now")
}

// TestCase_Ic8: what may be downloaded is decided when it is asked for; the whole matrix is in entitlement_test.go.
func TestCase_Ic8(t *testing.T) {
	c := newCrew(t)
	content := newFile(300<<10, 26)
	c.uploaded(c.ben, content.bytes())
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}), c.seal(c.ben))
	require.Empty(t, c.gets(c.vic, content))
	c.applied(c.ana, c.ana.op(studio.KindAssign, c.film.shots[0].ID, &studio.AssignBody{To: c.members[c.vic], Expect: c.holding}))
	require.Equal(t, content.hashes(), c.gets(c.vic, content), "its holder")
	require.Equal(t, content.hashes(), c.gets(c.ben, content), "its author")
	require.Equal(t, content.hashes(), c.gets(c.ana, content), "who may download everything")
	require.Empty(t, c.gets(c.cy, content))
}

// TestCase_Ic9: packs of a folder have no address of their own: the server sends the pieces itself, and of a pack with two
// people's files only what is theirs.
func TestCase_Ic9(t *testing.T) {
	c := newCrew(t)
	bens, cys := newFile(300<<10, 27), newFile(300<<10, 28)
	c.uploaded(c.ben, framed(append(append([]wire.Frame{}, bens.frames...), cys.frames...))) // one upload, one pack
	c.applied(c.ben, c.announce(c.ben, bens, studio.Hash{}), c.seal(c.ben))
	holding := c.give(c.cy, c.film.shots[1])
	c.uploaded(c.cy, cys.bytes())
	k := studio.CheckpointID{ID: c.o.Clock.NewID()}
	c.applied(c.cy, c.cy.op(studio.KindAnnounce, c.film.shots[1].ID, &studio.AnnounceBody{Checkpoint: k, Assignment: holding,
		Status: c.film.status, Manifest: cys.manifest, Bytes: cys.size, Comment: "x"}),
		c.cy.op(studio.KindSeal, c.film.shots[1].ID, &studio.SealBody{Checkpoint: k}))
	_, came := c.cy.fetch(c.film.id, append(bens.hashes(), cys.hashes()...))
	require.Equal(t, cys.hashes(), came)
}

// TestCase_Ic12: a version whose bytes are given up goes to nobody; its row and its place in the history stay. What another
// version holds as well stays there.
func TestCase_Ic12(t *testing.T) {
	c := newCrew(t)
	first, second := newFile(300<<10, 29), newFile(300<<10, 30)
	c.uploaded(c.ben, append([]byte(nil), first.bytes()...))
	c.uploaded(c.ben, second.bytes())
	c.applied(c.ben, c.announce(c.ben, first, studio.Hash{}), c.seal(c.ben))
	old := c.checkpoint
	next := c.announce(c.ben, second, studio.Hash{})
	next.Body.(*studio.AnnounceBody).Base = old
	c.applied(c.ben, next, c.seal(c.ben))
	drop := func(id studio.CheckpointID) wire.Outcome {
		return c.verdict(c.ben, c.ben.op(studio.KindDrop, c.film.shots[0].ID, &studio.CheckpointBody{Checkpoint: id}))
	}
	require.Equal(t, studio.Refused, drop(c.checkpoint).Verdict, "the current version stays")
	require.Equal(t, studio.Applied, drop(old).Verdict)
	require.Empty(t, c.gets(c.ana, first))
	require.Equal(t, second.hashes(), c.gets(c.ana, second))
	rows := 0
	for _, row := range c.ana.pull(c.film.id, wire.Cookie{}).Rows {
		if one, err := studio.DecodeRow(row.Table, row.Bytes); err == nil {
			if k, ok := one.(studio.Checkpoint); ok && k.ID == old {
				require.Equal(t, studio.Dropped, k.State)
				rows++
			}
		}
	}
	require.Equal(t, 1, rows)
}

// TestCase_G4: what comes into someone's sight comes with their next pull; its bytes when they ask for them.
func TestCase_G4(t *testing.T) {
	c := newCrew(t)
	content := newFile(300<<10, 31)
	c.uploaded(c.ben, content.bytes())
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}), c.seal(c.ben))
	sees := func() (found bool) {
		for _, row := range c.vic.pull(c.film.id, wire.Cookie{}).Rows {
			one, err := studio.DecodeRow(row.Table, row.Bytes)
			require.NoError(t, err)
			if a, ok := one.(studio.Asset); ok {
				found = found || a.ID == c.film.shots[0]
			}
		}
		return found
	}
	require.False(t, sees())
	c.give(c.vic, c.film.shots[1])
	c.applied(c.ana, c.ana.op(studio.KindDependAdd, c.film.shots[1].ID, &studio.DependBody{Target: c.film.shots[0].ID}))
	require.True(t, sees(), "their task needs it")
	require.Equal(t, content.hashes(), c.gets(c.vic, content))
	c.applied(c.ana, c.ana.op(studio.KindDependRemove, c.film.shots[1].ID, &studio.DependBody{Target: c.film.shots[0].ID}))
	require.False(t, sees())
	require.Empty(t, c.gets(c.vic, content))
}

// TestCase_H13: a clock that goes back takes no time from anyone: instants on the server never fall, and what was leased for a
// week is so for a week.
func TestCase_H13(t *testing.T) {
	c := newCrew(t)
	content := newFile(300<<10, 32)
	c.ahead.Store(3 * 24 * 3600 * 1000)
	c.uploaded(c.ben, content.bytes())
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}))
	events := c.ana.pullAll(c.film.id)
	before := events[len(events)-1].ReceivedMs
	c.ahead.Store(-5 * 365 * 24 * 3600 * 1000)
	c.applied(c.ben, c.seal(c.ben))
	events = c.ana.pullAll(c.film.id)
	require.GreaterOrEqual(t, events[len(events)-1].ReceivedMs, before)
	require.NotContains(t, c.have(c.ben, content.hashes()), false)
}
