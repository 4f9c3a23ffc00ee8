package sim

import (
	"context"
	"errors"

	"framehold/internal/replica"
	"framehold/internal/serverdb"
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
	case replica.Push:
		return replica.Pushed{Err: errLost}
	}
	return replica.Compared{Err: errLost}
}

// send carries a call to the server and its answer back, each of which may be lost, late or doubled.
func (w *World) send(c *client, effect replica.Effect) error {
	w.n++
	call, life := w.n, c.life
	c.call = call
	answer := func(ev replica.Event) error { // a late answer to a call that was given up is ignored (row A14)
		if c.life != life || c.call != call {
			return nil
		}
		c.call = 0
		return w.step(c, ev)
	}
	w.after(callTimeoutMs, func() error { return answer(lost(effect)) })
	if !c.online || w.fault(4) {
		return nil
	}
	times := 1
	if w.fault(3) {
		times = 2
	}
	for range times {
		w.after(w.delay(), func() error {
			reply, err := w.serve(c, effect)
			if err != nil {
				return err
			}
			if !c.online || w.fault(4) {
				return nil
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
	if w.chance(5) {
		return int64(w.rng.IntN(40_000)) // later than the call is waited for
	}
	return int64(1 + w.rng.IntN(300))
}

// serve is one call on the server: one transaction. What the client sends is what it said when it sent it.
func (w *World) serve(c *client, effect replica.Effect) (ev replica.Event, err error) {
	core, by, stand := w.server.core, w.call(c.account), c.store.stand
	switch e := effect.(type) {
	case replica.Greet:
		var reply wire.HelloReply
		called := w.tx(func(tx serverdb.Tx) (err error) {
			reply, err = core.Hello(tx, by, wire.HelloRequest{Project: w.project, Client: stand.Client, Proto: wire.Proto, Seen: stand.Signed})
			return err
		})
		ev, err = replica.Greeted{Reply: reply, Err: failureOf(called)}, broken(called)
	case replica.Fetch:
		var reply wire.PullReply
		e.Request.MaxBytes = uint32(500 + w.rng.IntN(20_000))
		called := w.server.db.Read(context.Background(), w.project, func(snap serverdb.Snapshot) (err error) {
			reply, err = core.Pull(snap, by, e.Request)
			return err
		})
		ev, err = replica.Fetched{Reply: reply, Err: failureOf(called)}, broken(called)
	case replica.Push:
		var reply wire.PushReply
		if err := w.upload(c); err != nil {
			return nil, err
		}
		called := w.tx(func(tx serverdb.Tx) (err error) {
			reply, err = core.Push(tx, by, e.Request)
			return err
		})
		if called == nil {
			if err := w.checkVerdicts(e.Request, reply); err != nil {
				return nil, err
			}
		}
		ev, err = replica.Pushed{Reply: reply, Err: failureOf(called)}, broken(called)
	case replica.Compare:
		common, called := w.compare(c, e.Upto)
		ev, err = replica.Compared{Common: common, Err: failureOf(called)}, broken(called)
	}
	return ev, err
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
	if err != nil && failureOf(err) == nil {
		return err
	}
	return nil
}

func (w *World) compare(c *client, upto uint64) (uint64, error) {
	common := uint64(0)
	err := w.server.db.Read(context.Background(), w.project, func(snap serverdb.Snapshot) error {
		for seq := upto; seq > 0; seq-- {
			reply, err := w.server.core.Probe(snap, w.call(c.account), wire.ProbeRequest{Project: w.project, Seqs: []uint64{seq}})
			if err != nil {
				return err
			}
			if mine, ok := c.store.chainAt(seq); ok && reply.Chain8[0] == [8]byte(mine[:8]) {
				common = seq
				return nil
			}
		}
		return nil
	})
	return common, err
}

// upload is the lane of bytes, when it gets through: the content of one own checkpoint that waits.
func (w *World) upload(c *client) error {
	for {
		id, ok := c.store.toSend()
		if !ok || w.fault(20) {
			return nil
		}
		bytes, client := c.store.bytes[id], c.store.stand.Client
		err := w.tx(func(tx serverdb.Tx) error {
			by := w.call(c.account)
			row := serverdb.Chunk{Hash: hashOf(bytes.chunk), Pack: w.project.ID, Stored: 1, Size: uint32(len(bytes.chunk))}
			if err := w.server.core.AddChunks(tx, by, client, []serverdb.Chunk{row}); err != nil {
				return err
			}
			if err := w.server.core.AddManifest(tx, by, client, hashOf(bytes.page), bytes.page); err != nil {
				return err
			}
			return w.server.core.AddManifest(tx, by, client, hashOf(bytes.root), bytes.root)
		})
		if failureOf(err) != nil {
			return nil // the client has not said hello to this server yet
		}
		if err != nil {
			return err
		}
		c.store.sent[id] = true
	}
}

// goBack puts the server back to its backup, and makes a new one now and then: a restore by framehold studio.
func (w *World) goBack() error {
	if w.server.backup == nil || w.chance(50) {
		w.server.backup = w.server.db.Copy()
		return nil
	}
	w.note("restore")
	w.server.db = w.server.backup.Copy()
	w.server.gen++
	w.server.given, w.server.sums, w.server.lmids = map[studio.OpID]wire.Outcome{}, map[uint64]studio.Sums{}, map[studio.ID]uint64{}
	w.server.lastSeq = 0
	return w.tx(func(tx serverdb.Tx) error {
		head := tx.Head()
		head.Generation, head.GenNo = [8]byte{w.server.gen}, head.GenNo+1
		return tx.SetHead(head)
	})
}
