package session

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"framehold/internal/fsys"
	"framehold/internal/projectdb"
	"framehold/internal/replica"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const (
	takeOverEvery = 2 * time.Second        // another process takes the driver's place within this
	editDelay     = 300 * time.Millisecond // between two sendings: what a person does in one go is sent in one go
	newsWaitMax   = time.Second            // for a pull on its way, before news are asked for without what is in them
	bytesPauseMin = time.Second            // until bytes that could not be sent are sent again
	bytesPauseMax = time.Minute
	askedEvery    = 100 * time.Millisecond
	askedMax      = 10 * time.Minute // a large file may be on its way
	lookEach      = 50               // times that it is looked whether that was done: whether the studio is reached
)

// SyncState is how sync stands, for the person's indicator.
type SyncState struct {
	Remote  bool // false: a personal project
	State   replica.State
	Driving bool  // this process does it
	Unsent  int   // ops to send
	Need    int   // open cards, and asks that wait for an answer
	BytesUp int64 // sent since this process drives
	Aside   int   // of Unsent, those that wait for the server's update
	Large   int   // own checkpoints that are sent when somebody asks for a sync, for their size
	Full    bool  // the studio has no room for what this computer has to send
}

// syncLock is the lock that one process of a store holds: the one that syncs. fsys.ErrLocked when another does.
func (s *Session) syncLock() (io.Closer, error) {
	return s.fs.Lock(filepath.Join(filepath.Dir(s.db.Path()), "sync.lock"), false)
}

// Drive keeps the store in sync until ctx ends: by itself within a second of an edit here or of news there. Where another
// process does so, it waits to take its place. tell hears every change. A personal project has nothing to drive.
func (s *Session) Drive(ctx context.Context, r SyncRequest, tell func(SyncState)) error {
	if s.remote == nil {
		return nil
	}
	for ctx.Err() == nil {
		lock, err := s.syncLock()
		if err == nil {
			err = errors.Join(s.drive(ctx, r, tell), lock.Close())
		}
		if err != nil && !errors.Is(err, fsys.ErrLocked) {
			return storeFailure(err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(takeOverEvery):
		}
	}
	return nil
}

// driver is the process that syncs a store: the conversation, and the lane of bytes beside it.
type driver struct {
	s    *Session
	rep  *replica.Replica
	lane *contentLane
	tell func(SyncState)
	send chan struct{} // there may be bytes to send
	rest chan struct{} // the conversation has come to rest: it may stand elsewhere
	asks atomic.Bool   // somebody wants all of them sent
	full atomic.Bool   // they were refused for want of room
}

func (s *Session) drive(ctx context.Context, r SyncRequest, tell func(SyncState)) error {
	to, err := s.dialServer(ctx)
	if err != nil {
		waits := map[studio.Code]replica.State{studio.CodeUnauthenticated: replica.NeedsAuth, studio.CodeNotMember: replica.NotAMember}
		if state, known := waits[studio.CodeOf(err)]; known {
			s.tellState(ctx, SyncState{State: state}, tell)
			return nil // looked at again: the person may sign in
		}
		return err
	}
	d := &driver{s: s, lane: &contentLane{s: s, to: to, progress: r.Progress}, tell: tell, send: make(chan struct{}, 1), rest: make(chan struct{}, 1)}
	d.lane.covered = func() { d.rep.Wake(d.rep.State() == replica.NotAMember) } // who is no member is not heard unasked
	if d.rep, err = s.replica(ctx, to, r.Device, r.App, func(replica.State) { d.told(ctx) }); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var parts sync.WaitGroup
	defer parts.Wait()
	parts.Go(func() { d.edits(ctx) })
	parts.Go(func() { d.news(ctx, to) })
	parts.Go(func() { d.bytes(ctx) })
	parts.Go(func() {
		defer stop() // with another token everything begins anew
		d.signedIn(ctx, to.who.Token)
	})
	err = d.rep.Run(ctx)
	stop()
	return err
}

// tellState tells how sync stands, with what the driver alone knows of it.
func (s *Session) tellState(ctx context.Context, driver SyncState, tell func(SyncState)) {
	now, err := s.SyncState(ctx)
	if err != nil {
		return // the next change tells again
	}
	now.State, now.Driving, now.BytesUp, now.Aside = driver.State, true, driver.BytesUp, driver.Aside
	now.Full, now.Large = driver.Full, driver.Large
	tell(now)
}

// stands is what the driver knows of how sync stands.
func (d *driver) stands(ctx context.Context) SyncState {
	now := SyncState{State: d.rep.State(), BytesUp: d.lane.up.Load(), Full: d.full.Load(), Large: int(d.lane.large.Load())}
	if now.State != replica.Synced {
		return now
	}
	_ = d.s.db.Read(ctx, func(snap *projectdb.Snapshot) error { // without it nothing is said of them until the next change
		if waits, _, err := snap.CountQueue(); err != nil || waits == 0 {
			return err
		}
		queue, err := snap.QueuedOps()
		now.Aside = replica.Aside(pendingOf(queue), d.rep.Knows)
		return err
	})
	return now
}

func (d *driver) told(ctx context.Context) {
	select {
	case d.rest <- struct{}{}:
	default:
	}
	now := d.stands(ctx)
	state := now.State
	d.s.tellState(ctx, now, d.tell)
	if state == replica.Synced || state == replica.NotAMember {
		d.sendSoon()
	}
}

// sendSoon says that there may be bytes to send.
func (d *driver) sendSoon() {
	select {
	case d.send <- struct{}{}:
	default:
	}
}

// edits wakes the conversation when something was written here, in any process, or a person asks for a sync.
func (d *driver) edits(ctx context.Context) {
	wake := time.NewTimer(0)
	defer wake.Stop()
	changed := make(chan struct{}, 1)
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() {
		_ = d.s.Watch(ctx, func(projectdb.ChangeSet) { // ends with ctx
			select {
			case changed <- struct{}{}:
			default:
			}
		})
	})
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed: // the first of some goes at once, the others together
			wake.Reset(max(editDelay-time.Since(last), 0))
		case <-wake.C:
			last = time.Now()
			asked := d.s.takeAsked(ctx)
			switch state, err := d.s.SyncState(ctx); {
			case asked:
				d.asks.Store(true)
				d.rep.Wake(true)
				d.sendSoon()
			case err == nil && state.Unsent > 0:
				d.rep.WakeMade()
			}
		}
	}
}

// signedIn ends when the person has signed in anew: the session that was used before may have ended.
func (d *driver) signedIn(ctx context.Context, token string) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(takeOverEvery):
		}
		if d.rep.State() != replica.NeedsAuth {
			continue
		}
		if now, err := d.s.home.Credentials(d.s.remote.Server); err == nil && now.Token != token {
			return
		}
	}
}

// news waits for the server's head to move. It asks for what is beyond the head that it has heard of, not beyond what has
// been pulled: a pull on its way holds no news up.
func (d *driver) news(ctx context.Context, to *remote) {
	pause := time.Second
	heard := d.rep.HeadSeq()
	for ctx.Err() == nil {
		began := time.Now()
		q := d.waitBehind(ctx, heard)
		reply, err := to.calls.WaitForHead(ctx, q)
		if err == nil && reply.HeadSeq != heard { // or the server went back
			heard, pause = reply.HeadSeq, time.Second
			d.rep.WakeNews(heard, q.Cookie, reply.News)
			continue
		}
		if err == nil && time.Since(began) > time.Second { // a server that stops answers at once
			pause = time.Second
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		if err != nil {
			pause = min(2*pause, time.Minute)
		}
	}
}

// waitBehind is what news are asked for: behind where the store stands, once it stands at the head that was heard of, so that they
// come with the answer. A pull that takes long is not waited for: then the answer is the head alone.
func (d *driver) waitBehind(ctx context.Context, heard uint64) wire.WaitRequest {
	q := wire.WaitRequest{Project: d.s.projectID, Seq: heard}
	limit := time.NewTimer(newsWaitMax)
	defer limit.Stop()
	for {
		client, at := d.rep.Place()
		if at.Seq >= heard && at != (wire.Cookie{}) {
			q.Client, q.Cookie = client, at
			return q
		}
		select {
		case <-d.rest:
		case <-limit.C:
			return q
		case <-ctx.Done():
			return q
		}
	}
}

// bytes is the lane of content: it waits for nobody's tracking data. What could not be sent is sent again, later each time,
// or when a person asks.
func (d *driver) bytes(ctx context.Context) {
	pause := bytesPauseMin
	again := time.NewTimer(0)
	again.Stop()
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.send:
		case <-again.C:
		}
		gone := d.rep.State() == replica.NotAMember
		freed, err := false, error(nil)
		if !gone {
			err = d.lane.give(ctx, d.rep.Wanted())
		}
		asked := d.asks.Load()
		if err == nil {
			freed, err = d.lane.send(ctx, what{handIn: gone, asked: asked})
		}
		if err == nil && asked {
			d.asks.Store(false)
		}
		full := studio.CodeOf(netFailure("", err)) == studio.CodeQuota
		if changed := d.full.Swap(full) != full; freed || err == nil || changed {
			d.s.tellState(ctx, d.stands(ctx), d.tell)
			pause = bytesPauseMin
		}
		if err == nil && !freed && d.rep.State() == replica.Synced {
			_, _ = d.s.cameBack(ctx) // tried again at the next contact; the edit wakes the conversation by itself
		}
		if err != nil {
			again.Reset(pause)
			pause = min(2*pause, bytesPauseMax)
		}
	}
}

// SyncState reads how sync stands, as far as the store knows it.
func (s *Session) SyncState(ctx context.Context) (state SyncState, err error) {
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		_, state.Remote = snap.Replica()
		var err error
		state.Unsent, state.Need, err = snap.CountQueue()
		state.Need += len(s.asks(snap))
		return err
	})
	return state, err
}

// Server is the address of the project's studio; "" for a personal project.
func (s *Session) Server() string {
	if s.remote == nil {
		return ""
	}
	return s.remote.Server
}

// AskSync asks whichever process syncs this store to do it now. Code: no_server.
func (s *Session) AskSync(ctx context.Context) error {
	if s.remote == nil {
		return studio.Refuse(studio.CodeNoServer, studio.Params{Path: s.Root()})
	}
	return s.care(ctx, func(tx *projectdb.Tx) error { return tx.SetSyncAsked(true) })
}

// askDriver lets the process that syncs this store do it now, and waits until it has, or until the studio is not reached.
func (s *Session) askDriver(ctx context.Context, to *remote) error {
	if err := s.AskSync(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, askedMax)
	defer cancel()
	for n := 0; ; n++ {
		if n%lookEach == 0 { // the driver tells nobody but its own window that it is offline
			if _, err := to.calls.WaitForHead(ctx, wire.WaitRequest{Project: s.projectID}); err != nil {
				return netFailure(to.who.Server, err)
			}
		}
		select {
		case <-ctx.Done():
			return studio.Refuse(studio.CodeTimeout, studio.Params{Why: "sync"})
		case <-time.After(askedEvery):
		}
		asked, unsent := true, 0
		err := s.db.Read(ctx, func(snap *projectdb.Snapshot) (err error) {
			row, _ := snap.Replica()
			asked = row.SyncAsked
			unsent, _, err = snap.CountQueue()
			return err
		})
		if err != nil || !asked && unsent == 0 {
			return err
		}
		if lock, err := s.syncLock(); err == nil { // the driver has ended meanwhile
			return lock.Close()
		}
	}
}

// takeAsked tells whether a person of another process has asked for a sync, once.
func (s *Session) takeAsked(ctx context.Context) (asked bool) {
	err := s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		row, _ := snap.Replica()
		asked = row.SyncAsked
		return nil
	})
	if err != nil || !asked {
		return false
	}
	return s.care(ctx, func(tx *projectdb.Tx) error { return tx.SetSyncAsked(false) }) == nil
}
