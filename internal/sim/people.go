package sim

import (
	"context"
	"fmt"

	"framehold/internal/replica"
	"framehold/internal/server"
	"framehold/internal/serverdb"
	"framehold/internal/serverdb/memdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const (
	assetsAtFirst = 4
	callTimeoutMs = 30_000
)

// found makes the project on the server, with its people and some tasks, and a store for each client.
func (w *World) found() error {
	w.project = studio.ProjectID{ID: w.newID()}
	db := memdb.New()
	w.server = &host{core: &server.Core{Sign: func(s wire.Signed) wire.Signed { return s }}, db: db, given: map[studio.OpID]wire.Outcome{},
		sums: map[uint64]studio.Sums{}, lmids: map[studio.ID]uint64{}, gen: 1}
	head := serverdb.Head{Generation: [8]byte{1}, GenNo: 1, ServerMs: w.nowMs}
	if err := db.Create(context.Background(), w.project, head); err != nil {
		return err
	}
	roles := map[string]studio.RoleID{}
	founder := studio.UserID{ID: w.newID()}
	var users []studio.UserID
	err := w.tx(func(tx serverdb.Tx) error {
		do := func(kind studio.Kind, entity studio.ID, body studio.Body) error {
			op := studio.Op{ID: studio.OpID{ID: w.newID()}, Kind: kind, Entity: entity, MadeHybrid: uint64(w.nowMs) << 16, Body: body}
			return w.decide(tx, founder, op)
		}
		define := func(kind studio.Kind, row studio.Row, seen uint64) error {
			return do(kind, studio.IDFrom([]byte(row.Key())), &studio.RowBody{SeenVer: seen, Row: studio.EncodeRow(row)})
		}
		project := studio.Project{ID: w.project, Name: "Film", State: studio.Founding, Options: studio.Options{RetakeNote: true}}
		if err := define(studio.KindProjectSet, project, 0); err != nil {
			return err
		}
		for i, r := range studio.DefaultRoles() {
			roles[r.Name] = studio.RoleID{ID: w.newID()}
			if err := define(studio.KindRoleSet, studio.Role{ID: roles[r.Name], Name: r.Name, Order: int32(i), May: r.May}, 0); err != nil {
				return err
			}
		}
		for i, st := range studio.DefaultStatuses() {
			row := studio.Status{ID: studio.StatusID{ID: w.newID()}, Name: st.Name, Label: st.Label, Shape: st.Shape, Category: st.Category,
				AsksNote: st.AsksNote, Order: int32(i)}
			if err := define(studio.KindStatusDefine, row, 0); err != nil {
				return err
			}
		}
		for i := range w.cfg.Clients {
			role := "Artist"
			switch {
			case i == 0:
				role = "Admin"
			case i%3 == 0:
				role = "Supervisor"
			}
			user := studio.UserID{ID: w.newID()}
			users = append(users, user)
			row := studio.Member{User: user, Username: fmt.Sprintf("p%d", i), Role: roles[role], Profile: studio.UserID{ID: w.newID()}}
			w.clients = append(w.clients, &client{n: i, account: row.Profile, online: true})
			if err := define(studio.KindMemberSet, row, 0); err != nil {
				return err
			}
		}
		project.State = studio.Active
		if err := define(studio.KindProjectSet, project, 1); err != nil {
			return err
		}
		founder = users[0]
		for i := range assetsAtFirst {
			if err := do(studio.KindAssetCreate, w.newID(), &studio.CreateBody{Name: fmt.Sprintf("shot%d", i), Kind: studio.Task}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, c := range w.clients {
		c.store = newStore(replica.Stand{Project: w.project, Client: w.newID(), Me: users[i], NextN: 1}, w.newID)
		c.core = replica.NewCore(c.store.stand)
	}
	return w.checkServer()
}

// decide writes an op on the server as its member, without a client: the founding.
func (w *World) decide(tx serverdb.Tx, actor studio.UserID, op studio.Op) error {
	head := tx.Head()
	state := studio.NewState(tx)
	done, err := state.Run(op, studio.Moment{Actor: actor, ReceivedMs: w.nowMs, Seq: head.Seq + 1}, func(d studio.Decision) error { return d.Err() })
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
	for {
		if effect == nil {
			return nil
		}
		var answer replica.Event
		switch e := effect.(type) {
		case replica.Rest:
			life := c.life
			wait := max(e.UntilMs-(w.nowMs+c.skewMs), 0)
			if w.calm {
				wait = min(wait, 500)
			}
			w.after(wait, func() error {
				if c.life != life {
					return nil
				}
				return w.step(c, replica.Woke{})
			})
			return nil
		case replica.Lay:
			stand, err := c.store.lay(e.Pulled)
			if err == nil {
				if err := w.checkClient(c); err != nil {
					return err
				}
			}
			answer = replica.Laid{Stand: stand, Err: err}
		case replica.Build:
			answer = replica.Built{Ops: c.store.build(e), Stand: c.store.stand}
		case replica.Keep:
			c.store.keep(e)
			answer = replica.Kept{Stand: c.store.stand}
		case replica.Rewind, replica.Renumber:
			c.store.restart(e)
			answer = replica.Laid{Stand: c.store.stand}
		default:
			return w.send(c, effect)
		}
		if w.fault(1) { // a crash between two effects
			return w.crash(c)
		}
		effect = c.core.Step(w.nowMs+c.skewMs, answer)
	}
}

// crash ends a client's process; it comes back with what its store has.
func (w *World) crash(c *client) error {
	w.note("crash %d", c.n)
	c.life++
	c.call = 0
	c.core = replica.NewCore(c.store.stand)
	life := c.life
	w.after(int64(1+w.rng.IntN(20_000)), func() error {
		if c.life != life {
			return nil
		}
		return w.step(c, replica.Woke{})
	})
	return nil
}

// live is what a person does now and then.
func (w *World) live(c *client) error {
	if !w.calm {
		w.after(int64(1+w.rng.IntN(120_000)), func() error { return w.live(c) })
	}
	switch {
	case w.fault(5):
		c.online = !c.online
		w.note("client %d online %v", c.n, c.online)
	case w.fault(1):
		c.skewMs = int64(w.rng.IntN(20*365)-10*365) * 24 * 3600 * 1000
	case w.fault(1):
		return w.crash(c)
	case w.fault(1) && len(w.clients) > 2:
		return w.cloneOf(c)
	case w.cfg.Restore && c.n == 0 && w.fault(4):
		return w.goBack()
	}
	if w.calm {
		return nil
	}
	if ops := w.wish(c); ops != nil && c.store.act(ops) {
		w.report.Ops += len(ops)
		w.note("client %d op %d %s", c.n, ops[0].Kind, ops[0].Entity)
		return w.step(c, replica.Woke{})
	}
	return nil
}

// cloneOf: the store is copied to another device, which goes on beside it (row G6).
func (w *World) cloneOf(c *client) error {
	if len(w.clients) >= 2*w.cfg.Clients {
		return nil
	}
	w.note("clone %d", c.n)
	twin := &client{n: len(w.clients), account: c.account, store: c.store.clone(), online: true}
	twin.store.newID = w.newID
	twin.core = replica.NewCore(twin.store.stand)
	w.clients = append(w.clients, twin)
	w.after(int64(w.rng.IntN(60_000)), func() error { return w.live(twin) })
	return w.step(twin, replica.Woke{})
}
