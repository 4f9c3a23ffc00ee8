package server_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// base is what a store has pulled: rows by table and key, and events.
type base struct {
	rows   map[string]string
	events []studio.Event
	head   wire.Signed
}

// pages pulls behind a cookie in pages of so many bytes, over what is there; between is called behind each page.
func (p *person) pages(project studio.ProjectID, over base, maxBytes uint32, between func(base)) base {
	p.s.t.Helper()
	now := base{rows: map[string]string{}, events: over.events[:len(over.events):len(over.events)]}
	for key, row := range over.rows {
		now.rows[key] = row
	}
	cookie := wire.Cookie{Generation: over.head.Generation, Seq: over.head.Seq, Chain8: [8]byte(over.head.Chain[:8])}
	for page := []byte{}; page != nil; {
		reply, err := p.wire().Pull(p.s.t.Context(), wire.PullRequest{Project: project, Client: p.client, Cookie: cookie, Page: page, MaxBytes: maxBytes})
		require.NoError(p.s.t, err)
		for _, r := range reply.Rows {
			key := fmt.Sprint(r.Table, r.Key)
			if now.rows[key] = string(r.Bytes); r.Bytes == nil {
				delete(now.rows, key)
			}
		}
		now.events, now.head = append(now.events, reply.Events...), reply.Head
		if page = reply.NextPage; page != nil && between != nil {
			between(now)
		}
	}
	return now
}

// Whoever stands at a seq has, after a pull in pages of any size, the rows and events of who fetches everything: none twice, none
// too few, though one event changes several rows (I6).
func TestAPullBringsExactlyWhatIsBehindTheCookie(t *testing.T) {
	c := newCrew(t)
	content := newFile(100_000, 3)
	c.uploaded(c.ben, content.bytes())
	tag := func(kind studio.Kind, text string) studio.Op {
		return c.ben.op(kind, c.film.shots[0].ID, &studio.TagBody{Tag: text})
	}
	at := []base{{}}
	at = append(at, c.ana.pages(c.film.id, base{}, 0, nil))
	for _, ops := range [][]studio.Op{
		{tag(studio.KindTagAdd, "stays"), tag(studio.KindTagAdd, "goes")},
		{c.announce(c.ben, content, studio.Hash{}), c.seal(c.ben)},
		{tag(studio.KindTagRemove, "goes")},
	} {
		c.applied(c.ben, ops...)
		at = append(at, c.ana.pages(c.film.id, at[len(at)-1], 0, nil))
	}
	c.give(c.cy, c.film.shots[1]) // an assignment and its task
	whole := c.ana.pages(c.film.id, base{}, 0, nil)
	for i, ev := range whole.events {
		require.Equal(t, uint64(i)+1, ev.Seq)
	}
	for _, over := range at {
		for _, maxBytes := range []uint32{1, 300, 0} {
			now := c.ana.pages(c.film.id, over, maxBytes, nil)
			require.Equal(t, whole.rows, now.rows, "from %d by pages of %d bytes", over.head.Seq, maxBytes)
			require.Equal(t, whole.events, now.events)
			require.Equal(t, whole.head.Chain, now.head.Chain)
		}
	}
}

// What changes or goes between two pages of a first sync is on a later one.
func TestWhatChangesBetweenTwoPagesComesAgain(t *testing.T) {
	c := newCrew(t)
	tag := func(kind studio.Kind) studio.Op {
		return c.ben.op(kind, c.film.shots[0].ID, &studio.TagBody{Tag: "goes"})
	}
	c.applied(c.ben, tag(studio.KindTagAdd))
	for range 5 {
		c.applied(c.ana, c.ana.note(c.film.shots[1], "so that there are pages behind it"))
	}
	key := fmt.Sprint(studio.TableTag, studio.TagOn{Asset: c.film.shots[0], Tag: "goes"}.Key())
	removed := false
	now := c.ana.pages(c.film.id, base{}, 300, func(so base) {
		if _, came := so.rows[key]; came && !removed {
			c.applied(c.ben, tag(studio.KindTagRemove))
			removed = true
		}
	})
	require.True(t, removed)
	require.Equal(t, c.ana.pages(c.film.id, base{}, 0, nil).rows, now.rows)
}

// Who does not see all has the events about what they see, and those of their own acts, also when what those were about went out
// of sight; of the rest they learn that there were some.
func TestALimitedViewHasItsEventsAndNoOthers(t *testing.T) {
	c := newCrew(t)
	secret := c.ana.note(c.film.shots[0], "not for vendors")
	c.applied(c.ana, secret)
	c.give(c.vic, c.film.shots[1])
	told := c.ana.note(c.film.shots[1], "for who holds it")
	c.applied(c.ana, told)
	answer := c.vic.note(c.film.shots[1], "understood")
	c.applied(c.vic, answer)
	events := func() map[studio.OpID]bool {
		ops := map[studio.OpID]bool{}
		for _, ev := range c.vic.pages(c.film.id, base{}, 300, nil).events {
			ops[ev.Op] = true
		}
		return ops
	}
	now := events()
	require.True(t, now[told.ID] && now[answer.ID])
	require.False(t, now[secret.ID])
	shot := c.film.shots[1]
	var held studio.AssignmentID
	for _, r := range c.ana.pull(c.film.id, wire.Cookie{}).Rows {
		if r.Table == studio.TableAsset && r.Key == string(shot.ID[:]) {
			row, err := studio.DecodeRow(r.Table, r.Bytes)
			require.NoError(t, err)
			held = row.(studio.Asset).Assignment
		}
	}
	c.applied(c.ana, c.ana.op(studio.KindAssign, shot.ID, &studio.AssignBody{To: c.members[c.cy], Expect: held}))
	now = events()
	require.True(t, now[answer.ID], "their own")
	require.False(t, now[told.ID] || now[secret.ID])
}

// A poke brings all that is new or nothing of it: what is more than a little is pulled, page by page.
func TestAPokeBringsAllOrNothing(t *testing.T) {
	c := newCrew(t)
	at := c.ana.pull(c.film.id, wire.Cookie{}).Head
	q := wire.WaitRequest{Project: c.film.id, Client: c.ana.client, Seq: at.Seq,
		Cookie: wire.Cookie{Generation: at.Generation, Seq: at.Seq, Chain8: [8]byte(at.Chain[:8])}}
	news := func() *wire.PullReply {
		reply, err := c.ana.wire().WaitForHead(t.Context(), q)
		require.NoError(t, err)
		return reply.News
	}
	c.applied(c.ben, c.ben.note(c.film.shots[0], "little"))
	require.Len(t, news().Events, 1)
	much := strings.Repeat("much ", 5000)
	for range wire.NewsBytesMax/len(much) + 1 {
		c.applied(c.ben, c.ben.note(c.film.shots[0], much))
	}
	require.Nil(t, news())
}
