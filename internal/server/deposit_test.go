package server_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/server"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const dayMs = 24 * 3600 * 1000

// leaver is someone who has lost their place with work that was not sent: a checkpoint, and a tag.
type leaver struct {
	*crew
	key           wire.Token
	content       file
	announce, tag studio.Op
	sealing       studio.Op
}

// newLeaver removes ben from the film while he works.
func newLeaver(t *testing.T) *leaver {
	t.Helper()
	l := &leaver{crew: newCrew(t), content: newFile(300_000, 9)}
	l.key = wire.Token(l.ben.hello(l.film.id).DepositKey)
	require.False(t, l.key.IsZero())
	l.announce = l.crew.announce(l.ben, l.content, studio.Hash{})
	l.sealing = l.crew.seal(l.ben)
	l.tag = l.ben.op(studio.KindTagAdd, l.film.shots[0].ID, &studio.TagBody{Tag: "mine"})
	l.setGone(true, 0)
	return l
}

// setGone takes ben's place away, or gives it back.
func (l *leaver) setGone(gone bool, seen uint64) {
	l.t.Helper()
	ben := l.film.stateMember("ben")
	ben.Gone = gone
	l.applied(l.ana, l.ana.op(studio.KindMemberSet, ben.User.ID, &studio.RowBody{SeenVer: ben.Ver + seen, Row: studio.EncodeRow(ben)}))
}

// handIn hands ops in with a key; nobody is signed in for it.
func (l *leaver) handIn(key wire.Token, ops ...studio.Op) (wire.DepositReply, error) {
	q := wire.DepositRequest{Project: l.film.id, Client: l.ben.client, Key: key}
	for i, op := range ops {
		q.Ops = append(q.Ops, wire.OpOf(uint64(i+1), op))
	}
	return wire.NewClient(l.http, l.url, func() string { return "" }).Deposit(l.t.Context(), q)
}

// handInBytes hands content in for the checkpoint that an op told of.
func (l *leaver) handInBytes(key wire.Token, op studio.OpID, body []byte) answer {
	l.t.Helper()
	header := http.Header{}
	wire.SetDepositKey(header, key)
	return l.do("PUT", "/v1/deposit/"+op.String(), "", map[string]string{"Authorization": header.Get("Authorization"),
		wire.HeaderProject: l.film.id.String(), wire.HeaderClient: l.ben.client.String()}, bytes.NewReader(body))
}

func (l *leaver) outcome(reply wire.DepositReply, err error) wire.Outcome {
	l.t.Helper()
	require.NoError(l.t, err)
	require.Len(l.t, reply.Outcomes, 1)
	return reply.Outcomes[0]
}

// TestCase_G2: who was removed hands in what they had not sent; it is parked, and supervisors see it.
func TestCase_G2(t *testing.T) {
	l := newLeaver(t)
	_, err := l.ben.wire().Pull(t.Context(), wire.PullRequest{Project: l.film.id, Client: l.ben.client})
	require.Equal(t, wire.CodeNotMember, failed(t, err))
	_, err = l.ben.wire().Push(t.Context(), wire.PushRequest{Project: l.film.id, Client: l.ben.client, Generation: l.generation})
	require.Equal(t, wire.CodeNotMember, failed(t, err))

	require.Equal(t, studio.Applied, l.outcome(l.handIn(l.key, l.announce)).Verdict)
	early := l.outcome(l.handIn(l.key, l.sealing))
	require.Equal(t, studio.CodeWaitContent, early.Reason, "its bytes are not here")
	a := l.handInBytes(l.key, l.announce.ID, l.content.bytes())
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	sealed := l.outcome(l.handIn(l.key, l.crew.seal(l.ben)))
	require.Equal(t, studio.Kept, sealed.Verdict)
	require.Equal(t, studio.CodeNotMember, sealed.Reason)
	require.Equal(t, studio.Refused, l.outcome(l.handIn(l.key, l.tag)).Verdict, "what was saved is taken, and nothing else")
	again := l.outcome(l.handIn(l.key, l.announce))
	require.Equal(t, studio.Applied, again.Verdict, "an op has one verdict")

	pulled := l.ana.pull(l.film.id, wire.Cookie{})
	var chain studio.ParkedChain
	for _, r := range pulled.Rows {
		if r.Table == studio.TableParked {
			row, err := studio.DecodeRow(r.Table, r.Bytes)
			require.NoError(t, err)
			chain = row.(studio.ParkedChain)
		}
	}
	require.Equal(t, studio.CodeNotMember, chain.Reason)
	require.Equal(t, l.checkpoint, chain.Root)
	_, came := l.ana.fetch(l.film.id, l.content.hashes())
	require.Equal(t, l.content.hashes(), came, "byte for byte")

	_, came = l.ben.fetch(l.film.id, l.content.hashes())
	require.Empty(t, came, "the key is for handing in: nothing comes back")

	l.ahead.Store(29 * dayMs)
	require.Equal(t, studio.Applied, l.outcome(l.handIn(l.key, l.announce)).Verdict)
	l.ahead.Store(31 * dayMs)
	_, err = l.handIn(l.key, l.announce)
	require.Equal(t, wire.CodeNotMember, failed(t, err), "30 days")
}

// What was pushed before the place was lost, and not answered, is handed in again among what waits: it has the result that it had.
func TestWhatWasDecidedIsHandedInAgain(t *testing.T) {
	l := newLeaver(t)
	l.setGone(false, 1)
	first := l.ben.push(l.film.id, l.generation, l.tag)
	l.setGone(true, 2)
	reply, err := l.handIn(l.key, l.announce, l.tag)
	require.NoError(t, err)
	require.Len(t, reply.Outcomes, 2)
	require.Equal(t, studio.Applied, reply.Outcomes[0].Verdict)
	require.Equal(t, first.Outcomes[0], reply.Outcomes[1])
}

func TestWhatCanBeHandedInHasALimit(t *testing.T) {
	l := newLeaver(t)
	server.SetDepositLimit(l.srv, 400_000)
	require.Equal(t, studio.Applied, l.outcome(l.handIn(l.key, l.announce)).Verdict)
	require.Equal(t, http.StatusOK, l.handInBytes(l.key, l.announce.ID, l.content.bytes()).status)
	a := l.handInBytes(l.key, l.announce.ID, newFile(300_000, 10).bytes())
	require.Equal(t, "quota", a.code())
	require.Equal(t, studio.Kept, l.outcome(l.handIn(l.key, l.sealing)).Verdict, "what came before it counts")
}

func TestADepositKeyIsGoodForHandingInAlone(t *testing.T) {
	l := newLeaver(t)
	require.Equal(t, studio.Applied, l.outcome(l.handIn(l.key, l.announce)).Verdict)
	for name, key := range map[string]wire.Token{"none": {}, "another": {9}, "of another client": wire.Token(l.cy.hello(l.film.id).DepositKey)} {
		_, err := l.handIn(key, l.sealing)
		require.Contains(t, []wire.Code{wire.CodeUnauthenticated, wire.CodeInvalid}, failed(t, err), name)
		require.Equal(t, "unauthenticated", l.handInBytes(key, l.announce.ID, nil).code(), name)
	}
	own := l.ana.push(l.film.id, l.generation, l.ana.op(studio.KindTagAdd, l.film.shots[1].ID, &studio.TagBody{Tag: "x"}))
	require.Equal(t, studio.Applied, own.Outcomes[0].Verdict)
	for name, op := range map[string]studio.OpID{"no op": {ID: l.o.Clock.NewID()}, "of no checkpoint": own.Outcomes[0].Op} {
		require.Equal(t, "invalid", l.handInBytes(l.key, op, l.content.bytes()).code(), name)
	}
	l.ben.token = l.key.Text()
	_, err := l.ben.wire().Pull(t.Context(), wire.PullRequest{Project: l.film.id, Client: l.ben.client})
	require.Equal(t, wire.CodeUnauthenticated, failed(t, err), "it is no session")
}

// TestCase_G8: of a device whose session was revoked the queue can be handed in, until an admin blocks that too.
func TestCase_G8(t *testing.T) {
	l := newLeaver(t)
	l.setGone(false, 1)
	require.Equal(t, 204, l.post("/v1/studio/logout", l.ben.token, map[string]string{}).status)
	_, err := l.ben.wire().Push(t.Context(), wire.PushRequest{Project: l.film.id, Client: l.ben.client, Generation: l.generation})
	require.Equal(t, wire.CodeUnauthenticated, failed(t, err))
	require.Equal(t, studio.Applied, l.outcome(l.handIn(l.key, l.announce)).Verdict)
	require.Equal(t, http.StatusOK, l.handInBytes(l.key, l.announce.ID, l.content.bytes()).status)
	sealed := l.outcome(l.handIn(l.key, l.sealing))
	require.Equal(t, studio.CodeNotMember, sealed.Reason, "whoever has the device: it does not join the line")
	require.Equal(t, studio.CodeNotMember, l.outcome(l.handIn(l.key, l.tag)).Reason)

	l.data(func(d *server.Studio) { require.NoError(t, d.BlockDeposits(t.Context(), "ben")) })
	_, err = l.handIn(l.key, l.announce)
	require.Equal(t, wire.CodeUnauthenticated, failed(t, err))
	require.Equal(t, "unauthenticated", l.handInBytes(l.key, l.announce.ID, nil).code())

	token := l.login("ben") // who signs in again is trusted again
	l.ben.token = token.token
	require.Equal(t, l.key, wire.Token(l.ben.hello(l.film.id).DepositKey))
	require.Equal(t, studio.Applied, l.outcome(l.handIn(l.key, l.announce)).Verdict)
}

// An account that was closed hands in for as long as one that was removed from its project.
func TestAClosedAccountHandsInFor30Days(t *testing.T) {
	l := newLeaver(t)
	l.setGone(false, 1)
	l.data(func(d *server.Studio) {
		_, err := d.DisableUser(t.Context(), "ben")
		require.NoError(t, err)
	})
	require.Equal(t, studio.Applied, l.outcome(l.handIn(l.key, l.announce)).Verdict)
	l.ahead.Store(31 * dayMs)
	_, err := l.handIn(l.key, l.sealing)
	require.Equal(t, wire.CodeNotMember, failed(t, err))
}

// TestCase_G7: a device that lost its disk. What was sealed or parked is on the server; what was only told of stays listed, and
// another device of its person may forget it.
func TestCase_G7(t *testing.T) {
	c := newCrew(t)
	content := newFile(200_000, 4)
	c.uploaded(c.ben, content.bytes())
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}), c.seal(c.ben))
	sealed := c.checkpoint
	c.applied(c.ben, c.announce(c.ben, newFile(200_000, 5), studio.Hash{})) // its bytes never come
	told := c.checkpoint

	again := c.login("ben") // another device: a client of its own
	again.hello(c.film.id)
	states := map[studio.CheckpointID]studio.CheckpointState{}
	for _, r := range again.pull(c.film.id, wire.Cookie{}).Rows {
		if r.Table == studio.TableCheckpoint {
			row, err := studio.DecodeRow(r.Table, r.Bytes)
			require.NoError(t, err)
			states[row.(studio.Checkpoint).ID] = row.(studio.Checkpoint).State
		}
	}
	require.Equal(t, map[studio.CheckpointID]studio.CheckpointState{sealed: studio.Accepted, told: studio.Announced}, states)
	_, came := again.fetch(c.film.id, content.hashes())
	require.Equal(t, content.hashes(), came)
	forget := again.op(studio.KindDrop, c.film.shots[0].ID, &studio.CheckpointBody{Checkpoint: told})
	require.Equal(t, studio.Applied, again.push(c.film.id, c.generation, forget).Outcomes[0].Verdict)
}

// Row A8: an op that the server fails at is kept as the bytes that came, and does not hold up the others.
func TestAnOpThatTheServerFailsAtIsKeptAsItCame(t *testing.T) {
	c := newCrew(t)
	key := wire.Token(c.ben.hello(c.film.id).DepositKey)
	broken := wire.OpOf(1, c.ben.op(studio.KindTagAdd, c.film.shots[0].ID, &studio.TagBody{Tag: "x"}))
	broken.Body = []byte("this is no body")
	c.ben.n++
	_, err := c.ben.wire().Push(t.Context(), wire.PushRequest{Project: c.film.id, Client: c.ben.client, Generation: c.generation, Ops: []wire.Op{broken}})
	require.NoError(t, err)
	reply, err := c.ben.wire().Deposit(t.Context(), wire.DepositRequest{Project: c.film.id, Client: c.ben.client, Key: key,
		Ops: []wire.Op{broken}, Unreadable: true})
	require.NoError(t, err)
	require.Equal(t, studio.Kept, reply.Outcomes[0].Verdict)
	require.Equal(t, studio.CodeUnreadable, reply.Outcomes[0].Reason)
	c.applied(c.ben, c.ben.op(studio.KindTagAdd, c.film.shots[0].ID, &studio.TagBody{Tag: "after it"}))

	pulled := c.ana.pull(c.film.id, wire.Cookie{})
	kept := pulled.Events[len(pulled.Events)-2]
	require.Equal(t, broken.ID, kept.Op)
	require.Equal(t, broken.Body, kept.Body, "as it came")
	requireWhole(t, c.stage, 1)
}
