package sim

import (
	"context"
	"errors"
	"math"
	"slices"

	"framehold/internal/replica"
	"framehold/internal/server"
	"framehold/internal/serverdb"
	"framehold/internal/serverdb/memdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

var errLost = &wire.Failure{Code: wire.CodeUnavailable, Cause: errors.New("lost on the way")}

// lost is the answer to a call that nothing came back of.
func lost(effect replica.Effect) replica.Event {
	switch effect.(type) {
	case replica.Greet:
		return replica.Greeted{Err: errLost}
	case replica.Fetch:
		return replica.Fetched{Err: errLost}
	case replica.FetchLog:
		return replica.FetchedLog{Err: errLost}
	case replica.Push:
		return replica.Pushed{Err: errLost}
	case replica.Witness:
		return replica.Witnessed{Err: errLost}
	case replica.Deposit:
		return replica.Deposited{Err: errLost}
	}
	return replica.Compared{Err: errLost}
}

// send carries a call to the server and its answer back, each of which may be lost, late or doubled. What it says is what
// the client knew when it sent it.
func (w *World) send(c *client, effect replica.Effect) error {
	w.n++
	call, life, stand := w.n, c.life, c.store.stand
	c.call = call
	answer := func(ev replica.Event) error { // a late answer to a call that was given up is ignored (row A14)
		if c.life != life || c.call != call {
			return nil
		}
		c.call = 0
		return w.step(c, ev)
	}
	w.after(callTimeoutMs, func() error { return answer(lost(effect)) })
	times := 1
	if w.fault(30) {
		times = 2
	}
	for range times {
		if !c.out || w.fault(40) {
			continue
		}
		w.after(w.delay(), func() error {
			reply, err := w.serve(c, effect, stand)
			if err != nil || !c.in || w.fault(40) {
				return err
			}
			w.after(w.delay(), func() error { return answer(reply) })
			return nil
		})
	}
	return nil
}

func (w *World) delay() int64 {
	if w.calm {
		return int64(1 + w.rng.IntN(20))
	}
	if w.fault(40) {
		return int64(w.rng.IntN(90_000)) // later than the call is waited for
	}
	return int64(1 + w.rng.IntN(300))
}

var errCrash = &wire.Failure{Code: wire.CodeUnavailable, Cause: errors.New("the server crashed before the commit")}

// writing runs a call that writes; the server may crash in it.
func (w *World) writing(fn func(serverdb.Tx) error) error {
	crash := w.fault(20)
	return w.tx(func(tx serverdb.Tx) error {
		if err := fn(tx); err != nil || !crash {
			return err
		}
		return errCrash
	})
}

// serve is one call on the server: one transaction.
func (w *World) serve(c *client, effect replica.Effect, stand replica.Stand) (ev replica.Event, err error) {
	core, by := w.server.core, w.call(c.account)
	switch e := effect.(type) {
	case replica.Greet:
		var reply wire.HelloReply
		called := w.writing(func(tx serverdb.Tx) (err error) {
			reply, err = core.Hello(tx, by, wire.HelloRequest{Project: w.project, Client: stand.Client, Proto: wire.Proto, Seen: stand.Signed})
			return err
		})
		return replica.Greeted{Reply: reply, Err: failureOf(called)}, broken(called)
	case replica.Fetch:
		var reply wire.PullReply
		e.Request.MaxBytes = uint32(200 + w.rng.IntN([]int{1000, 20_000}[w.rng.IntN(2)]))
		called := w.read(w.server.db, func(snap serverdb.Snapshot) (err error) {
			reply, err = core.Pull(snap, by, e.Request)
			return err
		})
		return replica.Fetched{Reply: reply, Err: failureOf(called)}, broken(called)
	case replica.FetchLog:
		var reply wire.PullReply
		e.Request.MaxBytes = uint32(200 + w.rng.IntN(2000))
		called := w.read(w.server.db, func(snap serverdb.Snapshot) (err error) {
			reply, err = core.Pull(snap, by, e.Request)
			return err
		})
		return replica.FetchedLog{Reply: reply, Err: failureOf(called)}, broken(called)
	case replica.Push:
		var reply wire.PushReply
		called := w.writing(func(tx serverdb.Tx) (err error) {
			if slices.ContainsFunc(e.Request.Ops, func(o wire.Op) bool { return w.poison[o.ID] }) {
				return &wire.Failure{Code: wire.CodeInternal}
			}
			reply, err = core.Push(tx, by, e.Request)
			return err
		})
		if called == nil {
			w.poke(c)
			return replica.Pushed{Reply: reply}, w.checkVerdicts(e.Request, reply)
		}
		return replica.Pushed{Reply: reply, Err: failureOf(called)}, broken(called)
	case replica.Witness:
		called := replica.Testify(context.Background(), past{c.store}, stand, e, w.heal(by))
		return replica.Witnessed{Err: failureOf(called)}, broken(called)
	case replica.Deposit:
		return w.handIn(c, e.Request)
	case replica.Compare:
		common, called := w.compare(c, e.Upto)
		return replica.Compared{Common: common, Err: failureOf(called)}, broken(called)
	}
	panic("sim: a call that is none")
}

// heal is the server's end of a witness: each call is a transaction of its own.
func (w *World) heal(by server.Call) replica.Asks {
	return func(_ context.Context, q wire.WitnessRequest) (reply wire.WitnessReply, err error) {
		err = w.writing(func(tx serverdb.Tx) (err error) {
			reply, err = w.server.core.Witness(tx, by, q)
			return err
		})
		if err == nil {
			w.report.Healed += int(reply.Healed)
			w.note("healed %d to %d", reply.Healed, reply.HeadSeq)
			err = w.checkServer()
		}
		return reply, err
	}
}

// handIn is a call by a deposit key; nobody is signed in for it.
func (w *World) handIn(c *client, q wire.DepositRequest) (replica.Event, error) {
	var reply wire.DepositReply
	by := w.call(studio.UserID{})
	by.Hands = server.Hands{Key: q.Key}
	called := w.writing(func(tx serverdb.Tx) (err error) {
		reply, err = w.server.core.Deposit(tx, by, q)
		return err
	})
	if called != nil {
		return replica.Deposited{Err: failureOf(called)}, broken(called)
	}
	w.note("client %d hands in %d ops, unreadable %v", c.n, len(q.Ops), q.Unreadable)
	w.report.HandedIn += len(reply.Outcomes)
	if q.Unreadable {
		w.report.Unreadable += len(reply.Outcomes)
	}
	w.poke(c)
	return replica.Deposited{Reply: reply}, nil
}

// past is the log of a store, as a witness reads it.
type past struct{ *store }

// ChainAt gives the chain after a seq.
func (p past) ChainAt(_ context.Context, seq uint64) ([32]byte, bool, error) {
	chain, ok := p.events.chainAt(seq)
	return chain, ok, nil
}

// EventsAfter lists events behind a seq.
func (p past) EventsAfter(_ context.Context, after uint64, limit int) (events []studio.Event, err error) {
	for _, ev := range p.events.list {
		if ev.Seq > after && len(events) < limit {
			events = append(events, ev)
		}
	}
	return events, nil
}

// poke tells some of the others that there is something new.
func (w *World) poke(by *client) {
	for _, c := range w.clients {
		if c != by && c.in && w.chance(30) {
			woke := replica.Woke{News: w.news(c)}
			if w.chance(70) {
				woke.Head = w.server.line.seq
			}
			w.after(w.delay(), func() error { return w.step(c, woke) })
		}
	}
}

// news is what a poke brings along, at times: it may be old when it arrives.
func (w *World) news(c *client) *replica.News {
	at := c.store.stand.Cookie
	if at == (wire.Cookie{}) || w.chance(50) {
		return nil
	}
	var reply wire.PullReply
	err := w.read(w.server.db, func(snap serverdb.Snapshot) (err error) {
		reply, err = w.server.core.Pull(snap, w.call(c.account), wire.PullRequest{Project: w.project, Client: c.store.stand.Client,
			Cookie: at, MaxBytes: wire.NewsBytesMax})
		return err
	})
	if err != nil || len(reply.NextPage) > 0 {
		return nil
	}
	return &replica.News{At: at, Reply: reply}
}

// failureOf is what the client hears of an error; broken is what the world must stop at.
func failureOf(err error) error {
	var f *wire.Failure
	if errors.As(err, &f) {
		return f
	}
	return nil
}

func broken(err error) error {
	if failureOf(err) == nil {
		return err
	}
	return nil
}

func (w *World) compare(c *client, upto uint64) (common uint64, err error) {
	err = w.read(w.server.db, func(snap serverdb.Snapshot) error {
		for seq := upto; seq > 0; seq-- {
			reply, err := w.server.core.Probe(snap, w.call(c.account), wire.ProbeRequest{Project: w.project, Seqs: []uint64{seq}})
			if err != nil {
				return err
			}
			if mine, ok := c.store.events.chainAt(seq); ok && reply.Chain8[0] == [8]byte(mine[:8]) {
				common = seq
				return nil
			}
		}
		return nil
	})
	return common, err
}

// lane is the lane of bytes: it sends the content of own checkpoints that wait, one after the other, when it gets through.
func (w *World) lane(c *client) {
	if _, ok := c.store.toSend(); !ok || c.sending {
		return
	}
	c.sending = true
	w.after(1+w.delay(), func() error {
		c.sending = false
		id, ok := c.store.toSend()
		if !ok || !c.in || !c.out || w.fault(100) {
			return nil
		}
		err := w.upload(c, id)
		if failureOf(err) != nil {
			return nil // the client has not said hello to this server yet, or is no member
		}
		if err != nil {
			return err
		}
		c.store.sent[id] = true
		w.lane(c)
		return w.step(c, replica.Woke{Asked: c.core.State() == replica.NotAMember})
	})
}

func (w *World) upload(c *client, id studio.CheckpointID) error {
	bytes, client, by := c.store.bytes[id], c.store.stand.Client, w.call(c.account)
	if c.core.State() == replica.NotAMember {
		by.Account, by.Hands = studio.UserID{}, server.Hands{Key: c.store.stand.DepositKey, Announce: c.store.announceOf(id)}
	}
	return w.writing(func(tx serverdb.Tx) error {
		row := serverdb.Chunk{Hash: hashOf(bytes.chunk), Pack: w.project.ID, Stored: 1, Size: uint32(len(bytes.chunk))}
		if err := w.server.core.AddChunks(tx, by, client, server.Received{New: []serverdb.Chunk{row}}); err != nil {
			return err
		}
		if err := w.server.core.AddManifest(tx, by, client, hashOf(bytes.page), bytes.page); err != nil {
			return err
		}
		return w.server.core.AddManifest(tx, by, client, hashOf(bytes.root), bytes.root)
	})
}

// mishap is what befalls the server: its clock steps back, or an older database comes back, with notice (row H1) or
// without (row H2). It makes backups meanwhile.
func (w *World) mishap() error {
	if w.calm {
		return nil
	}
	w.after(backupMs, w.mishap)
	h := w.server
	if w.fault(200) {
		h.skewMs -= int64(w.rng.IntN(5_000))
	}
	if w.fault(150) {
		if err := w.collect(); err != nil {
			return err
		}
	}
	if w.cfg.Restore && len(h.backups) > 0 && w.fault(180) {
		return w.goBack(h.backups[w.rng.IntN(len(h.backups))], w.chance(50))
	}
	h.backups = append(h.backups, h.db.Copy())
	if len(h.backups) > 3 {
		h.backups = h.backups[1:]
	}
	return nil
}

// collect takes away of the content what nothing needs any more; now and then all leases are over (rows Ic2 to Ic5). Whoever
// was about to seal must send again.
func (w *World) collect() error {
	over := w.call(studio.UserID{}).NowMs
	if w.calm || w.chance(30) {
		over = math.MaxInt64
	}
	return w.tx(func(tx serverdb.Tx) error {
		removed, err := w.server.core.Sweep(tx, w.project.ID, over)
		w.report.Collected += removed
		w.note("%d blobs and chunks are collected", removed)
		return err
	})
}

func (w *World) goBack(backup *memdb.Store, silent bool) error {
	w.note("restore, silent %v", silent)
	w.server.db, w.server.line = backup.Copy(), newLine()
	if !silent {
		err := w.tx(func(tx serverdb.Tx) error {
			head := tx.Head()
			head.Generation, head.GenNo = w.server.newGeneration(), head.GenNo+1
			return tx.SetHead(head)
		})
		if err != nil {
			return err
		}
	}
	return w.read(w.server.db, w.server.line.from)
}
