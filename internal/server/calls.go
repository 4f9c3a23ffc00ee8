package server

import (
	"context"
	"errors"
	"slices"
	"time"

	"framehold/internal/serverdb"
	"framehold/internal/serverdb/accounts"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const waitFor = 25 * time.Second // a call that waits for news is answered then at the latest

// syncCalls are the calls of wire: who calls comes from the session, then one transaction of Core.
type syncCalls struct{ s *Server }

var _ wire.Sync = syncCalls{}

// failure is an error as the other end may know it: a project that is not there is one that is not theirs, and a disk that
// is full passes.
func failure(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, serverdb.ErrUnknown):
		return &wire.Failure{Code: wire.CodeNotMember, Cause: err}
	}
	if _, said := errors.AsType[*wire.Failure](err); said {
		return err
	}
	switch studio.CodeOf(err) {
	case studio.CodeDiskFull, studio.CodeReadOnly, studio.CodeTimeout:
		return &wire.Failure{Code: wire.CodeUnavailable, Cause: err}
	}
	return err
}

// written is the answer of fn, once it is on the disk.
func written[A any](ctx context.Context, s *Server, project studio.ProjectID, ops int,
	fn func(serverdb.Tx, Call) (A, error)) (A, error) {
	var none, answer A
	call, err := s.caller(ctx)
	if err != nil {
		return none, err
	}
	if err := s.writers.do(ctx, project, max(ops, 1), func(tx serverdb.Tx) (err error) {
		answer, err = fn(tx, call)
		return err
	}); err != nil {
		switch code := studio.CodeOf(err); code {
		case studio.CodeDiskFull, studio.CodeReadOnly: // whoever looks after the studio reads why people wait
			s.log.Error("nothing can be written", "project", project.String(), "code", string(code), "cause", err.Error())
		}
		return none, s.failed(ctx, project, err)
	}
	return answer, nil
}

// failed is failure, but that a project of the studio whose folder is gone is not one that is not theirs: nobody can use it
// until it is back.
func (s *Server) failed(ctx context.Context, project studio.ProjectID, err error) error {
	if !errors.Is(err, serverdb.ErrUnknown) {
		return failure(err)
	}
	all, listErr := s.accounts.Projects(ctx)
	if listErr != nil {
		return failure(listErr)
	}
	if !slices.ContainsFunc(all, func(p accounts.Project) bool { return p.ID == project }) {
		return failure(err)
	}
	s.log.Error("a project is not there", "project", project.String(), "cause", err.Error())
	return &wire.Failure{Code: wire.CodeUnavailable, Cause: err}
}

// read is the answer of fn at one moment of the project.
func read[A any](ctx context.Context, s *Server, project studio.ProjectID, fn func(serverdb.Snapshot, Call) (A, error)) (A, error) {
	var none, answer A
	call, err := s.caller(ctx)
	if err != nil {
		return none, err
	}
	if err := s.projects.Read(ctx, project, func(snap serverdb.Snapshot) (err error) {
		answer, err = fn(snap, call)
		return err
	}); err != nil {
		return none, s.failed(ctx, project, err)
	}
	return answer, nil
}

// Hello binds a client to its person.
func (c syncCalls) Hello(ctx context.Context, q wire.HelloRequest) (wire.HelloReply, error) {
	reply, err := written(ctx, c.s, q.Project, 1, func(tx serverdb.Tx, by Call) (wire.HelloReply, error) {
		return c.s.core.Hello(tx, by, q)
	})
	if err == nil {
		reply.StudioKey = c.s.keys.Public()
	}
	return reply, err
}

// Push decides ops.
func (c syncCalls) Push(ctx context.Context, q wire.PushRequest) (wire.PushReply, error) {
	reply, err := written(ctx, c.s, q.Project, len(q.Ops), func(tx serverdb.Tx, by Call) (wire.PushReply, error) {
		return c.s.core.Push(tx, by, q)
	})
	c.s.counts.add("framehold_ops_total", int64(len(reply.Outcomes)))
	return reply, err
}

// Pull gives what is new.
func (c syncCalls) Pull(ctx context.Context, q wire.PullRequest) (wire.PullReply, error) {
	return read(ctx, c.s, q.Project, func(snap serverdb.Snapshot, by Call) (wire.PullReply, error) {
		return c.s.core.Pull(snap, by, q)
	})
}

// Have tells what need not be sent.
func (c syncCalls) Have(ctx context.Context, q wire.HaveRequest) (wire.HaveReply, error) {
	return written(ctx, c.s, q.Project, 1, func(tx serverdb.Tx, by Call) (wire.HaveReply, error) {
		return c.s.core.Have(tx, by, q)
	})
}

// Probe gives the chain at some seqs.
func (c syncCalls) Probe(ctx context.Context, q wire.ProbeRequest) (wire.ProbeReply, error) {
	return read(ctx, c.s, q.Project, func(snap serverdb.Snapshot, by Call) (wire.ProbeReply, error) {
		return c.s.core.Probe(snap, by, q)
	})
}

// Found takes events of a project over that is being published.
func (c syncCalls) Found(ctx context.Context, q wire.FoundRequest) (wire.FoundReply, error) {
	reply, err := written(ctx, c.s, q.Project, len(q.Events), func(tx serverdb.Tx, by Call) (wire.FoundReply, error) {
		return c.s.core.Found(tx, by, q)
	})
	if err == nil && q.Last {
		c.s.settleAll(ctx) // who joined meanwhile
	}
	return reply, err
}

// Witness takes what this server has lost.
func (c syncCalls) Witness(ctx context.Context, q wire.WitnessRequest) (wire.WitnessReply, error) {
	reply, err := written(ctx, c.s, q.Project, len(q.Events), func(tx serverdb.Tx, by Call) (wire.WitnessReply, error) {
		return c.s.core.Witness(tx, by, q)
	})
	if err == nil && reply.Healed > 0 {
		c.s.counts.add("framehold_healed_ops_total", int64(reply.Healed))
		c.s.log.Warn("lost changes came back", "project", q.Project.String(), "from", q.Client.String(), "changes", reply.Healed,
			"parked", reply.Parked)
	}
	return reply, err
}

// Deposit decides what is handed in by a deposit key.
func (c syncCalls) Deposit(ctx context.Context, q wire.DepositRequest) (wire.DepositReply, error) {
	reply, err := written(ctx, c.s, q.Project, len(q.Ops), func(tx serverdb.Tx, by Call) (wire.DepositReply, error) {
		return c.s.core.Deposit(tx, by, q)
	})
	c.s.counts.add("framehold_deposited_ops_total", int64(len(reply.Outcomes)))
	return reply, err
}

// WaitForHead answers when the head is beyond a seq, after 25 s, or when the server stops. Who lost their place meanwhile is
// told so.
func (c syncCalls) WaitForHead(ctx context.Context, q wire.WaitRequest) (wire.WaitReply, error) {
	look := func() (wire.WaitReply, error) {
		return read(ctx, c.s, q.Project, func(snap serverdb.Snapshot, by Call) (wire.WaitReply, error) {
			member, err := enter(snap, by)
			if err != nil {
				return wire.WaitReply{}, err
			}
			reply := wire.WaitReply{HeadSeq: snap.Head().Seq}
			if q.Cookie != (wire.Cookie{}) && reply.HeadSeq > q.Seq {
				reply.News = c.s.news(snap, by, member, q)
			}
			return reply, snap.Err()
		})
	}
	if reply, err := look(); err != nil || reply.HeadSeq > q.Seq {
		return reply, err // a stranger has no place in the hub either
	}
	c.s.counts.add("framehold_waiting", 1)
	defer c.s.counts.add("framehold_waiting", -1)
	timer := time.NewTimer(waitFor)
	defer timer.Stop()
	for last := false; ; {
		if head, moved := c.s.hub.stands(q.Project); head <= q.Seq {
			select {
			case <-moved:
			case <-timer.C:
				last = true
			case <-c.s.hub.closed:
				last = true
			case <-ctx.Done():
				return wire.WaitReply{}, ctx.Err()
			}
		}
		reply, err := look()
		if err != nil || last || reply.HeadSeq > q.Seq {
			return reply, err
		}
	}
}
