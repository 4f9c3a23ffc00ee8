package server_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/server"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// past is what a client with full view holds of a server's history.
type past struct {
	events []studio.Event // from the first
	chains [][32]byte     // after so many of them
	head   wire.Signed
}

func (p *person) past(project studio.ProjectID) (h past) {
	reply := p.pull(project, wire.Cookie{})
	h = past{events: reply.Events, chains: [][32]byte{{}}, head: reply.Head}
	for _, ev := range reply.Events {
		h.chains = append(h.chains, ev.NextChain(h.chains[len(h.chains)-1]))
	}
	return h
}

// behind is the testimony of everything behind a seq: some events, and the hashes of those behind them.
func (h past) behind(seq uint64, shown int) wire.WitnessRequest {
	q := wire.WitnessRequest{Project: h.head.Project, Head: h.head, Chain: h.chains[seq], Events: h.events[seq : int(seq)+shown]}
	for _, ev := range h.events[int(seq)+shown:] {
		q.Tail = append(q.Tail, ev.EntryHash())
	}
	return q
}

func (p *person) witness(q wire.WitnessRequest) (wire.WitnessReply, error) {
	q.Client = p.client
	if q.Generation == (wire.Generation{}) {
		q.Generation = p.hello(q.Project).Generation
	}
	return p.wire().Witness(p.s.t.Context(), q)
}

// back is a studio that was restored from yesterday's backup, and what ana has seen of today.
type back struct {
	*crew
	yesterday uint64
	seen      past
	given     studio.AssignmentID
	ops       map[string]studio.OpID
}

// newBack has a day's work of ana and ben that the restored server does not have: ben is given the second shot, tags it,
// tries to delete a tag that is not there, and saves a version whose bytes are lost with the rest.
func newBack(t *testing.T) *back {
	t.Helper()
	b := &back{crew: newCrew(t), ops: map[string]studio.OpID{}}
	to := filepath.Join(t.TempDir(), "studio.zip")
	b.backup(to)
	b.yesterday = b.ana.hello(b.film.id).HeadSeq
	second := b.film.shots[1]
	b.given = b.give(b.ben, second)
	b.ops["assign"] = studio.OpID{ID: b.given.ID}
	tag := b.ben.op(studio.KindTagAdd, second.ID, &studio.TagBody{Tag: "hero"})
	refused := b.cy.op(studio.KindAssign, second.ID, &studio.AssignBody{To: b.members[b.cy], Expect: b.given})
	b.applied(b.ben, tag)
	require.Equal(t, studio.Refused, b.cy.push(b.film.id, b.generation, refused).Outcomes[0].Verdict)
	b.ops["tag"], b.ops["refused"] = tag.ID, refused.ID
	content := newFile(100_000, 6)
	b.uploaded(b.ben, content.bytes())
	announce := b.crew.announce(b.ben, content, studio.Hash{})
	sealing := b.crew.seal(b.ben)
	b.applied(b.ben, announce, sealing)
	b.ops["announce"], b.ops["seal"] = announce.ID, sealing.ID
	b.seen = b.ana.past(b.film.id)
	b.take(to)
	return b
}

// take goes on with what a backup holds. Everyone signs in again, with the client that they had.
func (b *back) take(from string) {
	b.t.Helper()
	stage, _ := b.restored(from)
	for who, name := range map[*person]string{b.ana: "ana", b.ben: "ben", b.cy: "cy", b.vic: "vic"} {
		in := stage.login(name)
		who.s, who.token, who.n = stage, in.token, 0
		hello := who.hello(b.film.id)
		who.n, b.generation = hello.Lmid, hello.Generation
	}
	b.stage = stage
}

func (b *back) verdicts() map[studio.OpID]studio.Event {
	b.t.Helper()
	all := map[studio.OpID]studio.Event{}
	for _, ev := range b.ana.pull(b.film.id, wire.Cookie{}).Events {
		all[ev.Op] = ev
	}
	return all
}

// TestCase_H1: a studio that was restored begins a new life of every project, and whoever saw more is told.
func TestCase_H1(t *testing.T) {
	b := newBack(t)
	require.NotEqual(t, b.seen.head.Generation, b.generation)
	require.Equal(t, b.yesterday, b.ana.hello(b.film.id).HeadSeq)
	cookie := wire.Cookie{Generation: b.seen.head.Generation, Seq: b.seen.head.Seq}
	copy(cookie.Chain8[:], b.seen.head.Chain[:])
	_, err := b.ana.wire().Pull(t.Context(), wire.PullRequest{Project: b.film.id, Client: b.ana.client, Cookie: cookie})
	require.Equal(t, wire.CodeGeneration, failed(t, err))
	_, err = b.ana.wire().Push(t.Context(), wire.PushRequest{Project: b.film.id, Client: b.ana.client, Generation: b.seen.head.Generation})
	require.Equal(t, wire.CodeGeneration, failed(t, err))
	probed, err := b.ana.wire().Probe(t.Context(), wire.ProbeRequest{Project: b.film.id, Seqs: []uint64{b.yesterday, b.yesterday + 1}})
	require.NoError(t, err)
	require.Equal(t, [8]byte(b.seen.chains[b.yesterday][:8]), probed.Chain8[0], "alike up to the backup")
	require.Zero(t, probed.Chain8[1])
}

// TestCase_H4: who has full view shows what was lost. It is decided again in its old order, with its ids and actors; what was
// refused stays refused, and shown twice it changes nothing.
func TestCase_H4(t *testing.T) {
	b := newBack(t)
	lost := len(b.seen.events) - int(b.yesterday)
	late := b.seen.behind(b.yesterday+1, lost-1) // as another life, since ended, had asked for it
	late.Generation = wire.Generation{9}
	_, err := b.ana.witness(late)
	require.Equal(t, wire.CodeGeneration, failed(t, err), "this life lacks what comes before it")
	first, err := b.ana.witness(b.seen.behind(b.yesterday, 2)) // page by page
	require.NoError(t, err)
	require.Equal(t, uint32(2), first.Healed)
	require.Equal(t, b.yesterday+2, first.Nearer.Seq)
	require.Equal(t, b.seen.chains[b.yesterday+2], first.Nearer.Chain)
	second, err := b.ana.witness(b.seen.behind(b.yesterday+2, lost-2))
	require.NoError(t, err)
	require.Equal(t, uint32(1), second.Healed, "the announcement: the refused one stays refused, the seal waits for its bytes")
	again, err := b.ana.witness(b.seen.behind(b.yesterday, lost))
	require.NoError(t, err)
	require.Zero(t, again.Healed)
	require.Equal(t, second.HeadSeq, again.HeadSeq)

	now := b.verdicts()
	for name, actor := range map[string]*person{"assign": b.ana, "tag": b.ben, "announce": b.ben} {
		require.Equal(t, studio.Applied, now[b.ops[name]].Verdict, name)
		require.Equal(t, b.members[actor], now[b.ops[name]].Actor, name)
	}
	require.NotContains(t, now, b.ops["seal"], "it stays announced until its bytes come (row H6)")
	require.NotContains(t, now, b.ops["refused"])
	require.Less(t, now[b.ops["assign"]].Seq, now[b.ops["tag"]].Seq)

	reply := b.ben.push(b.film.id, b.generation, studio.Op{ID: b.ops["tag"], Kind: studio.KindTagAdd, Entity: b.film.shots[1].ID,
		Body: &studio.TagBody{Tag: "hero"}})
	require.Equal(t, now[b.ops["tag"]].Seq, reply.Outcomes[0].Seq, "its author gives it back too: it has its verdict")
	requireWhole(t, b.stage, 1)
}

// A long history is shown by hashes first: the server signs nearer heads.
func TestAWitnessAsksForNearerHeads(t *testing.T) {
	b := newBack(t)
	lost := len(b.seen.events) - int(b.yesterday)
	nearer, err := b.ana.witness(b.seen.behind(b.yesterday+3, 0))
	require.NoError(t, err)
	require.Zero(t, nearer.Healed)
	require.Equal(t, b.yesterday+3, nearer.Nearer.Seq)
	short := b.seen
	short.head, short.events = nearer.Nearer, b.seen.events[:b.yesterday+3]
	done, err := b.ana.witness(short.behind(b.yesterday, 3))
	require.NoError(t, err)
	require.Equal(t, uint32(2), done.Healed)
	done, err = b.ana.witness(b.seen.behind(b.yesterday+3, lost-3))
	require.NoError(t, err)
	require.Equal(t, uint32(1), done.Healed)
}

func TestOnlyWhatTheStudioSignedIsBelieved(t *testing.T) {
	b := newBack(t)
	lost := len(b.seen.events) - int(b.yesterday)
	for name, change := range map[string]func(*wire.WitnessRequest){
		"a head that nobody signed":  func(q *wire.WitnessRequest) { q.Head.Signature = make([]byte, 64) },
		"no head":                    func(q *wire.WitnessRequest) { q.Head = wire.Signed{} },
		"another actor":              func(q *wire.WitnessRequest) { q.Events[1].Actor = b.members[b.cy] },
		"another body":               func(q *wire.WitnessRequest) { q.Events[1].Body = append([]byte{}, q.Events[0].Body...) },
		"an event left out":          func(q *wire.WitnessRequest) { q.Events = append(q.Events[:1:1], q.Events[2:]...) },
		"the order changed":          func(q *wire.WitnessRequest) { q.Events[0], q.Events[1] = q.Events[1], q.Events[0] },
		"another chain before them":  func(q *wire.WitnessRequest) { q.Chain = [32]byte{1} },
		"cut off":                    func(q *wire.WitnessRequest) { q.Events = q.Events[:2] },
		"a tail that is not theirs":  func(q *wire.WitnessRequest) { q.Events, q.Tail = q.Events[:lost-1], [][32]byte{{5}} },
		"more than there were":       func(q *wire.WitnessRequest) { q.Tail = make([][32]byte, 5000) },
		"a head of another project":  func(q *wire.WitnessRequest) { q.Head.Seq++ },
		"of a life that was not its": func(q *wire.WitnessRequest) { q.Head.Generation = wire.Generation{9} },
	} {
		q := b.seen.behind(b.yesterday, lost)
		q.Events = append([]studio.Event{}, q.Events...)
		change(&q)
		_, err := b.ana.witness(q)
		require.Equal(t, wire.CodeInvalid, failed(t, err), name)
	}
	_, err := b.vic.witness(b.seen.behind(b.yesterday, lost))
	require.Equal(t, wire.CodeInvalid, failed(t, err), "who does not see all is no witness")
	fresh := b.ana.past(b.film.id)
	_, err = b.ana.witness(fresh.behind(uint64(len(fresh.events)), 0))
	require.Equal(t, wire.CodeGeneration, failed(t, err), "a life that goes on has lost nothing")
	require.Equal(t, b.yesterday, b.ana.hello(b.film.id).HeadSeq, "nothing was changed")
}

// TestCase_H5: the restored server has new work already. It keeps its order; what comes back is decided as it stands now.
func TestCase_H5(t *testing.T) {
	b := newBack(t)
	give := b.ana.op(studio.KindAssign, b.film.shots[1].ID, &studio.AssignBody{To: b.members[b.cy]})
	b.applied(b.ana, give)
	reply, err := b.ana.witness(b.seen.behind(b.yesterday, len(b.seen.events)-int(b.yesterday)))
	require.NoError(t, err)
	require.Equal(t, uint32(3), reply.Healed)
	now := b.verdicts()
	require.Equal(t, b.yesterday+1, now[give.ID].Seq)
	require.Equal(t, studio.CodeStaleAssignment, now[b.ops["assign"]].Reason)
	require.Equal(t, studio.Applied, now[b.ops["tag"]].Verdict)
	require.Contains(t, b.log.String(), "lost changes came back", "the admin is told")
	requireWhole(t, b.stage, 1)
}

// Work of somebody who is no member there is parked, not refused.
func TestLostWorkOfWhoIsNoMemberIsParked(t *testing.T) {
	b := newBack(t)
	ben := b.film.stateMember("ben")
	ben.Gone = true
	b.applied(b.ana, b.ana.op(studio.KindMemberSet, ben.User.ID, &studio.RowBody{SeenVer: ben.Ver, Row: studio.EncodeRow(ben)}))
	b.uploaded(b.ana, newFile(100_000, 6).bytes()) // a client that holds the bytes
	reply, err := b.ana.witness(b.seen.behind(b.yesterday, len(b.seen.events)-int(b.yesterday)))
	require.NoError(t, err)
	require.Equal(t, uint32(1), reply.Parked)
	require.Equal(t, studio.CodeNotMember, b.verdicts()[b.ops["seal"]].Reason)
	requireWhole(t, b.stage, 1)
}

// An older database is copied back while the server stands still: the first client that saw more proves it.
func TestADatabaseThatWasCopiedBackIsFoundOut(t *testing.T) {
	c := newCrew(t)
	c.stop()
	yesterday := filepath.Join(t.TempDir(), "yesterday")
	require.NoError(t, os.CopyFS(yesterday, os.DirFS(c.o.Dir)))
	c.start()
	c.applied(c.ben, c.ben.op(studio.KindTagAdd, c.film.shots[1].ID, &studio.TagBody{Tag: "today"}))
	seen := c.ana.past(c.film.id)
	c.stop()
	require.NoError(t, os.RemoveAll(c.o.Dir))
	require.NoError(t, os.CopyFS(c.o.Dir, os.DirFS(yesterday)))
	c.start()

	c.ben.hello(c.film.id) // shows nothing
	hello := func(head wire.Signed) wire.Generation {
		reply, err := c.ana.wire().Hello(t.Context(), wire.HelloRequest{Project: c.film.id, Client: c.ana.client, Proto: wire.Proto, Seen: head})
		require.NoError(t, err)
		return reply.Generation
	}
	forged := seen.head
	forged.Signature = make([]byte, 64)
	require.Equal(t, c.generation, hello(forged), "a claim that nobody signed changes nothing")
	fresh := hello(seen.head)
	require.NotEqual(t, c.generation, fresh)
	require.Equal(t, fresh, hello(seen.head), "once")
	reply, err := c.ana.witness(seen.behind(uint64(len(seen.events)-1), 1))
	require.NoError(t, err)
	require.Equal(t, uint32(1), reply.Healed)
}

// TestCase_H10: a program that is too old to read the project pushes and hands in all the same.
func TestCase_H10(t *testing.T) {
	c := newCrew(t)
	reply, err := c.ben.wire().Hello(t.Context(), wire.HelloRequest{Project: c.film.id, Client: c.ben.client, Proto: wire.ProtoPullMin - 1})
	require.NoError(t, err)
	_, err = c.ben.wire().Pull(t.Context(), wire.PullRequest{Project: c.film.id, Client: c.ben.client})
	require.Equal(t, wire.CodeUpgrade, failed(t, err))
	c.applied(c.ben, c.ben.op(studio.KindTagAdd, c.film.shots[0].ID, &studio.TagBody{Tag: "old"}))
	q := wire.DepositRequest{Project: c.film.id, Client: c.ben.client, Key: wire.Token(reply.DepositKey), Unreadable: true,
		Ops: []wire.Op{wire.OpOf(1, c.ben.op(studio.KindTagAdd, c.film.shots[0].ID, &studio.TagBody{Tag: "x"}))}}
	handed, err := c.ben.wire().Deposit(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, studio.CodeUnreadable, handed.Outcomes[0].Reason)
	c.ben.hello(c.film.id) // it was updated
	c.ben.pull(c.film.id, wire.Cookie{})
}

// TestCase_H15: the studio key was lost. The restored studio has another, and still believes what the old one signed.
func TestCase_H15(t *testing.T) {
	c := newCrew(t)
	to := filepath.Join(t.TempDir(), "studio.zip")
	b := c.backup(to)
	yesterday := c.ana.hello(c.film.id)
	c.applied(c.ben, c.ben.op(studio.KindTagAdd, c.film.shots[1].ID, &studio.TagBody{Tag: "today"}))
	seen := c.ana.past(c.film.id)
	require.NoError(t, os.Remove(b.Keys))
	stage, r := c.restored(to)
	require.Equal(t, server.Restored{Projects: 1, NewKey: true}, r, "the admin reads that it is a new one")
	ana := stage.login("ana")
	ana.client = c.ana.client
	hello := ana.hello(c.film.id)
	require.NotEqual(t, yesterday.StudioKey, hello.StudioKey, "it is announced over the connection that is pinned")
	fresh := ana.pull(c.film.id, wire.Cookie{}).Head
	require.True(t, fresh.SignedBy(hello.StudioKey))
	require.Greater(t, fresh.Key, seen.head.Key)
	reply, err := ana.witness(seen.behind(yesterday.HeadSeq, 1))
	require.NoError(t, err, "old signatures stay verifiable")
	require.Equal(t, uint32(1), reply.Healed)
	require.Equal(t, fresh.Key, reply.Nearer.Key)
}
