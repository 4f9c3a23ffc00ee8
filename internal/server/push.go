package server

import (
	"errors"
	"fmt"
	"runtime/debug"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// Core is the server's part of the protocol as plain steps over a transaction: no goroutine, clock, randomness or I/O of
// its own, so that a simulator can run it. Who calls comes from the session, the instant from the shell.
type Core struct {
	Sign   func(wire.Signed) wire.Signed // with the studio's key
	Verify func(wire.Signed) bool        // that one of the studio's keys signed it; nil: none is believed
	// NewGeneration makes a random one, for a server that finds out that it went back; nil: it never begins one itself.
	NewGeneration func(studio.ProjectID) [8]byte
	// DepositKey is the key by which a client hands work in when its person may not write any more; the same whenever it is
	// asked for. nil: there is none.
	DepositKey      func(project studio.ProjectID, client studio.ID) wire.Token
	DepositBytesMax int64 // that one person may hand in with it, in a project; 0: 20 GiB
}

// Call is who calls, and when by the server's clock.
type Call struct {
	Account studio.UserID // the signed-in user of the studio; zero: nobody is signed in
	NowMs   int64
	Hands   Hands // in place of a session
}

// memberOf finds the place that an account is bound to in a project.
func memberOf(view studio.View, account studio.UserID) (studio.Member, bool) {
	for _, m := range view.Members() {
		if m.Profile == account && !m.Gone {
			return m, true
		}
	}
	return studio.Member{}, false
}

// enter finds the member behind a call. Codes: not_member, for a stranger and for a project that is not there alike.
func enter(view studio.View, call Call) (studio.Member, error) {
	m, ok := memberOf(view, call.Account)
	if !ok || call.Account.IsZero() { // a place that waits for its account has none either
		return m, &wire.Failure{Code: wire.CodeNotMember}
	}
	return m, nil
}

// bound finds the client of a call: Hello has bound it to the caller.
func bound(snap serverdb.Snapshot, call Call, client studio.ID) (serverdb.Client, error) {
	c, ok := snap.Client(client)
	if !ok || c.User != call.Account {
		return c, &wire.Failure{Code: wire.CodeInvalid, Cause: errors.New("the client has not said hello")}
	}
	return c, nil
}

// moment is the project's time: it never goes back, also when the server's clock does (row H13).
func moment(head serverdb.Head, call Call) int64 { return max(head.ServerMs, call.NowMs) }

// Push decides ops in the order of their n, each once and for good (sync.md section 5). What it answers is in the
// transaction; the caller commits before it lets the reply go.
func (c *Core) Push(tx serverdb.Tx, call Call, r wire.PushRequest) (wire.PushReply, error) {
	head := tx.Head()
	member, err := enter(tx, call) // first: a stranger does not learn that there is a project
	if err != nil {
		return wire.PushReply{}, err
	}
	if wire.Generation(head.Generation) != r.Generation {
		return wire.PushReply{}, &wire.Failure{Code: wire.CodeGeneration}
	}
	if len(r.Ops) > wire.PushOpsMax {
		return wire.PushReply{}, &wire.Failure{Code: wire.CodeInvalid, Cause: fmt.Errorf("%d ops in one push", len(r.Ops))}
	}
	client, err := bound(tx, call, r.Client)
	if err != nil {
		return wire.PushReply{}, err
	}
	p := push{core: c, tx: tx, client: client, at: studio.Moment{Actor: member.User, ReceivedMs: moment(head, call),
		Client: client.ID}}
	if err := p.ops(r.Ops); err != nil {
		return wire.PushReply{}, err
	}
	p.client.SeenMs = p.at.ReceivedMs
	head = tx.Head()
	head.ServerMs = p.at.ReceivedMs
	if err := errors.Join(tx.SetClient(p.client), tx.SetHead(head), tx.Err()); err != nil {
		return wire.PushReply{}, err
	}
	p.reply.Lmid, p.reply.HeadSeq = p.client.Lmid, head.Seq
	copy(p.reply.Chain8[:], head.Chain[:])
	return p.reply, nil
}

// push is one batch on its way.
type push struct {
	core   *Core
	tx     serverdb.Tx
	client serverdb.Client
	at     studio.Moment
	reply  wire.PushReply
}

func (p *push) ops(ops []wire.Op) error {
	for len(ops) > 0 {
		n := 1
		if ops[0].Atomic { // an atomic group is decided as a whole (row K11)
			for n < len(ops) && ops[n].Atomic && ops[n].Group == ops[0].Group {
				n++
			}
		}
		if err := p.some(ops[:n]); err != nil || p.reply.Stop.Code != 0 {
			return err
		}
		ops = ops[n:]
	}
	return nil
}

// some decides one op, or an atomic group.
func (p *push) some(ops []wire.Op) error {
	var fresh []studio.Op
	for _, o := range ops {
		ev, known := p.tx.Event(o.ID)
		switch {
		case known: // the stored result; a lost answer is given again
			p.client.Lmid = max(p.client.Lmid, p.nextIs(o.N))
			p.reply.Outcomes = append(p.reply.Outcomes, OutcomeOf(ev))
			continue
		case o.N <= p.client.Lmid:
			p.reply.Stop = wire.Stop{N: o.N, Code: wire.StopForked}
			return nil
		case o.N > p.client.Lmid+uint64(len(fresh))+1:
			p.reply.Stop = wire.Stop{N: o.N, Code: wire.StopGap}
			return nil
		}
		op, err := o.Studio()
		if err != nil {
			code := wire.StopInternal
			if errors.Is(err, studio.ErrNewer) { // it waits for this server's update (row H8)
				code = wire.StopUnsupported
			}
			p.reply.Stop = wire.Stop{N: o.N, Code: code}
			return nil
		}
		fresh = append(fresh, op)
	}
	if len(fresh) == 0 {
		return nil
	}
	decided, err := p.decide(fresh)
	if err != nil {
		p.reply.Stop = wire.Stop{N: p.client.Lmid + 1, Code: wire.StopInternal}
		return p.tx.Err() // a broken database ends the push, a broken op only its batch
	}
	return p.write(decided)
}

// nextIs is n when it is the next one, else 0.
func (p *push) nextIs(n uint64) uint64 {
	if n == p.client.Lmid+1 {
		return n
	}
	return 0
}

// decide runs the ops of a push.
func (p *push) decide(ops []studio.Op) ([][]studio.Done, error) {
	return decide(p.tx, ops, func(op studio.Op) studio.Moment { return uncovered(p.tx, p.client, op, p.at) })
}

// decide runs ops over what is there, as one group. A panic is an error of the ops, before anything of them was written.
func decide(tx serverdb.Tx, ops []studio.Op, at func(studio.Op) studio.Moment) (decided [][]studio.Done, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("decide: %v\n%s", broken, debug.Stack())
		}
	}()
	return studio.NewState(tx).Silent().RunGroup(ops, func(op studio.Op, seq uint64) studio.Moment {
		now := at(op)
		now.Seq = seq
		return now
	}, tx.Head().Seq+1)
}

// uncovered adds to a moment whether the bytes of a checkpoint that is sealed are missing, or could not even be sent.
func uncovered(snap serverdb.Snapshot, client serverdb.Client, op studio.Op, at studio.Moment) studio.Moment {
	if seal, ok := op.Body.(*studio.SealBody); ok {
		at.Uncovered = !covered(snap, client, at.Actor, seal.Checkpoint)
		if at.Uncovered && isFull(snap) {
			at.Uncovered, at.NoRoom = false, true
		}
	}
	return at
}

// write writes what was decided in a push.
func (p *push) write(decided [][]studio.Done) error {
	firsts, err := write(p.tx, decided, func(ev *studio.Event) {
		p.client.Lmid++
		ev.Client, ev.N = p.client.ID, p.client.Lmid
	})
	for _, ev := range firsts {
		p.reply.Outcomes = append(p.reply.Outcomes, OutcomeOf(ev))
		p.arrived(ev)
	}
	return err
}

// arrived takes a checkpoint that was decided off what the client told of as unsent.
func (p *push) arrived(ev studio.Event) {
	if ev.Kind != studio.KindSeal || ev.Verdict == studio.Noop || p.client.UnsentCheckpoints == 0 {
		return
	}
	k, _ := p.tx.Checkpoint(ev.About)
	p.client.UnsentCheckpoints--
	p.client.UnsentBytes = max(0, p.client.UnsentBytes-k.Bytes)
}

// write writes what was decided: events with their chain, and rows with the seq of their event. number gives the event of each
// op, not of what follows from it, its place on a client's wire; those events are returned.
func write(tx serverdb.Tx, decided [][]studio.Done, number func(*studio.Event)) (firsts []studio.Event, err error) {
	chain := tx.Head().Chain
	for _, done := range decided {
		for i, one := range done {
			ev := one.Event
			if i == 0 {
				number(&ev)
			}
			chain = ev.NextChain(chain)
			ev.Chain = chain
			if err := tx.Append([]studio.Event{ev}); err != nil {
				return firsts, err
			}
			if err := tx.Put(ev.Seq, one.Decision.Puts, one.Decision.Gone); err != nil {
				return firsts, err
			}
			if i == 0 {
				firsts = append(firsts, ev)
			}
		}
	}
	return firsts, nil
}

// OutcomeOf is the verdict of an event as it is sent: a function of what is stored, so the same whenever it is asked for.
func OutcomeOf(ev studio.Event) wire.Outcome {
	return wire.Outcome{Op: ev.Op, Verdict: ev.Verdict, Reason: ev.Reason, Seq: ev.Seq, Result: ev.Result, Version: ev.Version}
}
