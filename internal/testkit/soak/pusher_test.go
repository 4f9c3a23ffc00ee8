package soak_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"

	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/serverdb"
	"framehold/internal/serverdb/sqlitedb"
	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// pusher is one more device of pia's, which only hands in notes, one after the other, and remembers what was answered.
type pusher struct {
	http    *http.Client
	calls   *wire.Client
	clock   *clock.Clock
	project studio.ProjectID
	asset   studio.ID
	client  studio.ID
	made    wire.Generation
	n       uint64
	open    *wire.Op // sent, and not answered
	acked   map[studio.OpID]uint64
}

// newPusher signs nobody in: it uses the session that pia has.
func newPusher(h *house) (*pusher, error) {
	home := session.NewHome(h.people[0].home(), fsys.Real(), clock.System())
	c, err := home.Credentials(h.people[0].door)
	if err != nil {
		return nil, err
	}
	p := &pusher{clock: clock.System(), acked: map[studio.OpID]uint64{}}
	if p.http, err = wire.NewHTTPClient(c.Server, nil); err != nil {
		return nil, err
	}
	p.calls = wire.NewClient(p.http, c.Server, func() string { return c.Token })
	p.client = p.clock.NewID()
	return p, h.look(func(snap serverdb.Snapshot) error {
		p.project = snap.Project().ID
		found := false
		err := eachRow(snap, func(r studio.Row) {
			if a, ok := r.(studio.Asset); ok && a.Name == shot(shots-1) {
				p.asset, found = a.ID.ID, true
			}
		})
		if !found {
			err = errors.Join(err, errors.New("the film has not its last shot"))
		}
		return err
	})
}

// push hands in one note, or again the one that was not answered.
func (p *pusher) push(ctx context.Context) error {
	if p.made == (wire.Generation{}) {
		hello, err := p.calls.Hello(ctx, wire.HelloRequest{Project: p.project, Client: p.client, Device: "soak", App: "soak", Proto: wire.Proto})
		if err != nil {
			return err
		}
		p.made = hello.Generation
	}
	if p.open == nil {
		p.n++
		op := wire.OpOf(p.n, studio.Op{ID: studio.OpID{ID: p.clock.NewID()}, Kind: studio.KindNoteAdd, Entity: p.asset, MadeHybrid: p.clock.Hybrid(),
			Body: &studio.NoteBody{Note: studio.NoteID{ID: p.clock.NewID()}, Text: fmt.Sprintf("pushed %d", p.n)}})
		p.open = &op
	}
	reply, err := p.calls.Push(ctx, wire.PushRequest{Project: p.project, Client: p.client, Generation: p.made, Ops: []wire.Op{*p.open}})
	if err != nil {
		return err
	}
	for _, o := range reply.Outcomes {
		if o.Op == p.open.ID {
			p.acked[o.Op], p.open = o.Seq, nil
			return nil
		}
	}
	return fmt.Errorf("push: no outcome of %s, stop %v", p.open.ID, reply.Stop)
}

// look reads the studio's one project, as its files have it.
func (h *house) look(fn func(serverdb.Snapshot) error) (err error) {
	store, err := sqlitedb.Open(sqlitedb.Options{Dir: filepath.Join(h.data(), "projects"), FS: fsys.Real()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	ids, err := store.Projects(context.Background())
	if err != nil || len(ids) != 1 {
		return fmt.Errorf("%d projects: %w", len(ids), err)
	}
	return store.Read(context.Background(), ids[0], fn)
}

// eachRow walks over the rows that are.
func eachRow(snap serverdb.Snapshot, fn func(studio.Row)) error {
	at := serverdb.Position{}
	for more := true; more; {
		var rows []serverdb.Row
		rows, more = snap.RowsAfter(at, snap.Head().Seq, 1<<20)
		for _, r := range rows {
			at = serverdb.Behind(r)
			if r.Bytes == nil {
				continue
			}
			row, err := studio.DecodeRow(r.Table, r.Bytes)
			if err != nil {
				return err
			}
			fn(row)
		}
	}
	return snap.Err()
}
