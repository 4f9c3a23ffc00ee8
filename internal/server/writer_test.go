package server_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

func (p *person) note(shot studio.AssetID, text string) studio.Op {
	return p.op(studio.KindNoteAdd, shot.ID, &studio.NoteBody{Note: studio.NoteID{ID: p.s.o.Clock.NewID()}, Text: text})
}

// Many push at once, some of them what is refused as a whole: each gets its own answer, every accepted op is there once, and
// events are dense.
func TestPushesThatShareACommitAreApart(t *testing.T) {
	c := newCrew(t)
	const people, pushes = 12, 15
	before := c.ana.pull(c.film.id, wire.Cookie{}).Head.Seq
	var wg sync.WaitGroup
	var accepted atomic.Int64
	for i := range people {
		p := c.login("ana")
		p.hello(c.film.id)
		wg.Go(func() {
			for n := range pushes {
				q := wire.PushRequest{Project: c.film.id, Client: p.client, Generation: c.generation,
					Ops: []wire.Op{wire.OpOf(uint64(n)+1, p.note(c.film.shots[1], fmt.Sprint(i, n)))}}
				wrong := q
				wrong.Generation = wire.Generation{1}
				if i%3 == 0 {
					_, err := p.wire().Push(t.Context(), wrong)
					if f := (*wire.Failure)(nil); !errors.As(err, &f) || f.Code != wire.CodeGeneration {
						t.Errorf("another generation: %v", err)
					}
				}
				reply, err := p.wire().Push(t.Context(), q)
				if err != nil || len(reply.Outcomes) != 1 || reply.Outcomes[0].Verdict != studio.Applied || reply.Lmid != uint64(n)+1 {
					t.Errorf("push: %+v, %v", reply, err)
					return
				}
				accepted.Add(1)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int64(people*pushes), accepted.Load())
	pulled := c.ana.pull(c.film.id, wire.Cookie{})
	require.Equal(t, before+people*pushes, pulled.Head.Seq)
	for i, ev := range pulled.Events {
		require.Equal(t, uint64(i)+1, ev.Seq)
	}
}

// When the disk refuses a commit, nobody is told that their op is safe, and nothing of it is there; the next try goes through.
func TestCase_H14(t *testing.T) {
	c := newCrew(t)
	c.stop()
	var fails atomic.Bool
	c.o.CommitFault = func() error {
		if fails.Load() {
			return fmt.Errorf("write: %w", syscall.ENOSPC)
		}
		return nil
	}
	c.start()
	op := c.ana.note(c.film.shots[0], "is it there?")
	q := wire.PushRequest{Project: c.film.id, Client: c.ana.client, Generation: c.generation, Ops: []wire.Op{wire.OpOf(c.ana.n+1, op)}}
	head := c.ana.pull(c.film.id, wire.Cookie{}).Head.Seq
	fails.Store(true)
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			_, err := c.ana.wire().Push(t.Context(), q)
			if f := (*wire.Failure)(nil); !errors.As(err, &f) || f.Code != wire.CodeUnavailable {
				t.Errorf("push: %v", err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, head, c.ana.pull(c.film.id, wire.Cookie{}).Head.Seq)
	require.Contains(t, c.log.String(), "disk_full")
	fails.Store(false)
	for range 2 { // the second is the same verdict again
		reply, err := c.ana.wire().Push(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, head+1, reply.Outcomes[0].Seq)
	}
}

func TestWhoWaitsIsWoken(t *testing.T) {
	c := newCrew(t)
	head := c.ana.pull(c.film.id, wire.Cookie{}).Head.Seq
	woken := make(chan wire.WaitReply, 8)
	for range cap(woken) {
		go func() {
			reply, err := c.cy.wire().WaitForHead(t.Context(), wire.WaitRequest{Project: c.film.id, Seq: head})
			if err != nil {
				t.Errorf("wait: %v", err)
			}
			woken <- reply
		}()
	}
	pushed := c.applied(c.ana, c.ana.note(c.film.shots[0], "wake up"))
	for range cap(woken) {
		select {
		case reply := <-woken:
			require.Equal(t, pushed.HeadSeq, reply.HeadSeq)
		case <-time.After(20 * time.Second):
			require.Fail(t, "nobody was woken")
		}
	}
}

func TestWhoWaitsIsAnsweredWhenTheServerStops(t *testing.T) {
	c := newCrew(t)
	head := c.ana.pull(c.film.id, wire.Cookie{}).Head.Seq
	answered := make(chan error, 1)
	go func() {
		reply, err := c.cy.wire().WaitForHead(t.Context(), wire.WaitRequest{Project: c.film.id, Seq: head})
		if err == nil && reply.HeadSeq != head {
			err = fmt.Errorf("head %d", reply.HeadSeq)
		}
		answered <- err
	}()
	for !strings.Contains(string(c.do("GET", "/metrics", "", nil, nil).body), "framehold_waiting 1") {
	}
	c.stop()
	require.NoError(t, <-answered)
}

func TestWhoLosesTheirPlaceIsToldSo(t *testing.T) {
	c := newCrew(t)
	head := c.ana.pull(c.film.id, wire.Cookie{}).Head.Seq
	answered := make(chan error, 1)
	go func() {
		_, err := c.cy.wire().WaitForHead(t.Context(), wire.WaitRequest{Project: c.film.id, Seq: head})
		answered <- err
	}()
	for !strings.Contains(string(c.do("GET", "/metrics", "", nil, nil).body), "framehold_waiting 1") {
	}
	cy := c.film.stateMember("cy")
	cy.Gone = true
	c.applied(c.ana, c.ana.op(studio.KindMemberSet, cy.User.ID, &studio.RowBody{SeenVer: cy.Ver, Row: studio.EncodeRow(cy)}))
	require.Equal(t, wire.CodeNotMember, failed(t, <-answered))
	_, err := c.cy.wire().Pull(t.Context(), wire.PullRequest{Project: c.film.id, Client: c.cy.client})
	require.Equal(t, wire.CodeNotMember, failed(t, err))
}

func TestACallThatIsGivenUpLeavesTheServerWell(t *testing.T) {
	c := newCrew(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.ana.wire().Push(ctx, wire.PushRequest{Project: c.film.id, Client: c.ana.client, Generation: c.generation})
	require.Equal(t, wire.CodeUnavailable, failed(t, err))
	c.applied(c.ana, c.ana.note(c.film.shots[0], "still here"))
}

func TestARestartKeepsEverything(t *testing.T) {
	c := newCrew(t)
	content := newFile(1<<20, 7)
	c.uploaded(c.ben, content.bytes())
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}), c.seal(c.ben))
	before := c.ana.pull(c.film.id, wire.Cookie{})
	c.restart()
	after := c.ana.pull(c.film.id, wire.Cookie{})
	require.Equal(t, before.Events, after.Events)
	require.Equal(t, before.Sums, after.Sums)
	require.Equal(t, before.Head.Chain, after.Head.Chain)
	_, came := c.ana.fetch(c.film.id, content.hashes())
	require.Equal(t, content.hashes(), came)
}
