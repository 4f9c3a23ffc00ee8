package server

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

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
	NewGeneration func() [8]byte
}

// Call is who calls, and when by the server's clock.
type Call struct {
	Account studio.UserID // the signed-in user of the studio
	NowMs   int64
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
	if !ok {
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
			if !slices.Contains(studio.Kinds(), o.Kind) {
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

// decide runs ops over what is there. A panic is an error of the op, before anything of it was written.
func (p *push) decide(ops []studio.Op) (decided [][]studio.Done, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("decide: %v\n%s", broken, debug.Stack())
		}
	}()
	return studio.NewState(p.tx).RunGroup(ops, func(op studio.Op, seq uint64) studio.Moment {
		at := p.at
		at.Seq = seq
		at.Uncovered = op.Kind == studio.KindSeal && !covered(p.tx, p.client, at.Actor, op.Body.(*studio.SealBody).Checkpoint)
		return at
	}, p.tx.Head().Seq+1)
}

// write writes what was decided: events with their chain, and rows with the seq of their event.
func (p *push) write(decided [][]studio.Done) error {
	chain := p.tx.Head().Chain
	for _, done := range decided {
		for i, one := range done {
			ev := one.Event
			if i == 0 {
				p.client.Lmid++
				ev.Client, ev.N = p.client.ID, p.client.Lmid
			}
			chain = ev.NextChain(chain)
			ev.Chain = chain
			if err := p.tx.Append([]studio.Event{ev}); err != nil {
				return err
			}
			if err := p.tx.Put(ev.Seq, one.Decision.Puts, one.Decision.Gone); err != nil {
				return err
			}
			if i == 0 {
				p.reply.Outcomes = append(p.reply.Outcomes, OutcomeOf(ev))
			}
		}
	}
	return nil
}

// OutcomeOf is the verdict of an event as it is sent: a function of what is stored, so the same whenever it is asked for.
func OutcomeOf(ev studio.Event) wire.Outcome {
	return wire.Outcome{Op: ev.Op, Verdict: ev.Verdict, Reason: ev.Reason, Seq: ev.Seq, Result: ev.Result, Version: ev.Version}
}
