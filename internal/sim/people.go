package sim

import (
	"context"
	"fmt"

	"framehold/internal/replica"
	"framehold/internal/server"
	"framehold/internal/serverdb"
	"framehold/internal/serverdb/memdb"
	"framehold/internal/studio"
)

const (
	assetsAtFirst = 4
	callTimeoutMs = 30_000
	backupMs      = 90_000 // between two looks at the backups
)

// found makes the project on the server, with its people and some tasks, and a store for each client.
func (w *World) found() error {
	w.project = studio.ProjectID{ID: w.newID()}
	h := &host{db: memdb.New(), history: map[[32]byte]moment{}, line: newLine()}
	h.core = &server.Core{Sign: sign, Verify: verify, NewGeneration: func(studio.ProjectID) [8]byte { return h.newGeneration() }, DepositKey: depositKey}
	w.server = h
	head := serverdb.Head{Generation: h.newGeneration(), GenNo: 1, ServerMs: w.nowMs}
	if err := h.db.Create(context.Background(), w.project, head); err != nil {
		return err
	}
	var users []studio.UserID
	err := w.tx(func(tx serverdb.Tx) (err error) {
		users, err = w.define(tx)
		for i := 0; i < assetsAtFirst && err == nil; i++ {
			err = w.decide(tx, users[0], studio.KindAssetCreate, w.newID(), &studio.CreateBody{Name: fmt.Sprintf("shot%d", i), Kind: studio.Task})
		}
		return err
	})
	if err != nil {
		return err
	}
	for i, c := range w.clients {
		c.store = newStore(replica.Stand{Project: w.project, Client: w.newID(), Me: users[i], NextN: 1, Blank: true}, w.newID)
		c.core = replica.NewCore(c.store.stand)
	}
	return w.checkServer()
}

// define writes roles, statuses and members, and makes the project active.
func (w *World) define(tx serverdb.Tx) (users []studio.UserID, err error) {
	founder := studio.UserID{ID: w.newID()}
	row := func(kind studio.Kind, r studio.Row, seen uint64) {
		if err == nil {
			err = w.decide(tx, founder, kind, studio.IDFrom([]byte(r.Key())), &studio.RowBody{SeenVer: seen, Row: studio.EncodeRow(r)})
		}
	}
	project := studio.Project{ID: w.project, Name: "Film", State: studio.Founding, Options: studio.Options{RetakeNote: w.chance(50)}}
	row(studio.KindProjectSet, project, 0)
	for i, r := range studio.DefaultRoles() {
		w.roles = append(w.roles, studio.RoleID{ID: w.newID()})
		row(studio.KindRoleSet, studio.Role{ID: w.roles[i], Name: r.Name, Order: int32(i), May: r.May}, 0)
	}
	for i, st := range studio.DefaultStatuses() {
		row(studio.KindStatusDefine, studio.Status{ID: studio.StatusID{ID: w.newID()}, Name: st.Name, Label: st.Label, Shape: st.Shape,
			Category: st.Category, AsksNote: st.AsksNote, Order: int32(i)}, 0)
	}
	for i := range w.cfg.Clients {
		m := studio.Member{User: studio.UserID{ID: w.newID()}, Username: fmt.Sprintf("p%d", i), Role: w.roles[roleOf(i)],
			Profile: studio.UserID{ID: w.newID()}}
		users = append(users, m.User)
		w.clients = append(w.clients, &client{n: i, account: m.Profile, in: true, out: true})
		row(studio.KindMemberSet, m, 0)
	}
	project.State = studio.Active
	row(studio.KindProjectSet, project, 1)
	return users, err
}

// roleOf is the place in DefaultRoles of the nth member at first: an admin, supervisors, vendors, artists.
func roleOf(n int) int {
	switch {
	case n == 0:
		return 0
	case n%3 == 0:
		return 2
	case n%4 == 2:
		return 5
	}
	return 4
}

// decide writes an op on the server as its member, without a client: the founding.
func (w *World) decide(tx serverdb.Tx, actor studio.UserID, kind studio.Kind, entity studio.ID, body studio.Body) error {
	head := tx.Head()
	op := studio.Op{ID: studio.OpID{ID: w.newID()}, Kind: kind, Entity: entity, MadeHybrid: uint64(w.nowMs) << 16, Body: body}
	at := studio.Moment{Actor: actor, ReceivedMs: w.nowMs, Seq: head.Seq + 1}
	done, err := studio.NewState(tx).Run(op, at, func(d studio.Decision) error { return d.Err() })
	if err != nil {
		return err
	}
	ev := done[0].Event
	ev.Chain = ev.NextChain(head.Chain)
	if err := tx.Append([]studio.Event{ev}); err != nil {
		return err
	}
	return tx.Put(ev.Seq, done[0].Decision.Puts, done[0].Decision.Gone)
}

// step feeds a client's core and carries its effect out through the faulty network.
func (w *World) step(c *client, ev replica.Event) error {
	effect := c.core.Step(w.nowMs+c.skewMs, ev)
	for effect != nil {
		var answer replica.Event
		switch e := effect.(type) {
		case replica.Rest:
			return w.rest(c, e)
		case replica.Lay:
			stand, err := c.store.lay(e.Pulled)
			w.note("client %d lays %d: %v", c.n, e.Pulled.Head.Seq, err)
			if err == nil {
				err = w.checkClient(c)
				if err != nil {
					return err
				}
			}
			answer = replica.Laid{Stand: stand, Err: err}
		case replica.Build:
			answer = replica.Built{Ops: c.store.build(e), Stand: c.store.stand}
		case replica.Keep:
			c.store.keep(e)
			answer = replica.Kept{Stand: c.store.stand}
		case replica.KeepLog:
			stand, err := c.store.keepLog(e)
			w.note("client %d has the log up to %d of %d: %v", c.n, stand.Log.Have, stand.Log.Upto, err)
			if err == nil && !stand.Log.Due() {
				w.report.Histories++
			}
			answer = replica.KeptLog{Stand: stand, Err: err}
		case replica.Rewind, replica.Renumber, replica.Again:
			if r, ok := e.(replica.Rewind); ok {
				w.report.Rewinds++
				w.note("client %d rewinds to %d", c.n, r.After)
			}
			c.store.restart(e)
			answer = replica.Laid{Stand: c.store.stand}
		default:
			return w.send(c, effect)
		}
		if w.fault(3) { // a crash between two effects
			return w.crash(c)
		}
		effect = c.core.Step(w.nowMs+c.skewMs, answer)
	}
	return nil
}

// rest wakes a client when its core wants it, and lets its bytes go meanwhile.
func (w *World) rest(c *client, e replica.Rest) error {
	wait := max(e.UntilMs-(w.nowMs+c.skewMs), 0)
	if w.calm {
		wait = min(wait, 2000)
		if err := w.checkRounds(c); err != nil {
			return err
		}
	}
	w.wakeIn(c, wait)
	w.lane(c)
	return nil
}

func (w *World) wakeIn(c *client, ms int64) {
	w.n++
	timer := w.n
	c.timer = timer
	w.after(ms, func() error {
		if c.timer != timer {
			return nil
		}
		c.timer = 0
		return w.step(c, replica.Woke{})
	})
}

// crash ends a client's process; it comes back with what its store has.
func (w *World) crash(c *client) error {
	w.note("crash %d", c.n)
	c.life++
	c.call = 0
	c.core = replica.NewCore(c.store.stand)
	w.wakeIn(c, int64(1+w.rng.IntN(20_000)))
	return nil
}

// live is what a person and their computer do now and then.
func (w *World) live(c *client) error {
	if w.calm {
		return nil
	}
	w.after(int64(1+w.rng.IntN(40_000)), func() error { return w.live(c) })
	if err := w.misfortune(c); err != nil {
		return err
	}
	if ops := w.wishes(c); ops != nil {
		w.report.Ops += len(ops)
		if bad := ops[w.rng.IntN(len(ops))]; w.fault(2) && bad.Kind != studio.KindSeal {
			w.poison[bad.ID] = true
		}
		w.note("client %d op %d %s", c.n, ops[0].Kind, ops[0].Entity)
	}
	return w.step(c, replica.Woke{Asked: w.chance(20)})
}

// misfortune is what goes wrong with one computer.
func (w *World) misfortune(c *client) error {
	switch {
	case w.fault(60):
		c.in, c.out = w.chance(70), w.chance(70)
		w.note("client %d in %v out %v", c.n, c.in, c.out)
	case !(c.in && c.out) && w.chance(30):
		c.in, c.out = true, true
	case w.fault(20):
		skew := int64(w.rng.IntN(20*365)-10*365) * 24 * 3600 * 1000
		if !w.cfg.RightClocks {
			c.skewMs = skew
		}
	case w.fault(20):
		return w.crash(c)
	case w.fault(6):
		return w.cloneOf(c)
	case w.chance(2):
		c.older = c.store.clone()
	case c.older != nil && w.fault(6): // its disk is set back (row A7)
		w.note("client %d is set back", c.n)
		c.store = c.older.clone()
		return w.crash(c)
	}
	return nil
}

// cloneOf: the store is copied to another device, which goes on beside it (row G6).
func (w *World) cloneOf(c *client) error {
	if len(w.clients) >= 2*w.cfg.Clients {
		return nil
	}
	w.note("clone %d", c.n)
	twin := &client{n: len(w.clients), account: c.account, store: c.store.clone(), in: true, out: true}
	twin.core = replica.NewCore(twin.store.stand)
	w.clients = append(w.clients, twin)
	w.after(int64(w.rng.IntN(60_000)), func() error { return w.live(twin) })
	return w.step(twin, replica.Woke{})
}
