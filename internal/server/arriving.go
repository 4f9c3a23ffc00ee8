package server

import (
	"cmp"
	"net/http"
	"slices"
	"sync"
	"time"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const arrivingMs = int64(2 * time.Minute / time.Millisecond) // an upload that has stood still for so long is not on its way

// arriving knows how far the content of announced checkpoints has come (row E16). It is in memory: what a server that ends
// forgets, the next upload tells again. Safe for concurrent use.
type arriving struct {
	mu sync.Mutex
	on map[studio.ProjectID]map[studio.CheckpointID]arrival
}

type arrival struct {
	wire.Sent
	atMs int64 // when it was heard of last
}

func newArriving() *arriving {
	return &arriving{on: map[studio.ProjectID]map[studio.CheckpointID]arrival{}}
}

// tell notes how far one has come.
func (a *arriving) tell(project studio.ProjectID, sent wire.Sent, nowMs int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	on := a.on[project]
	if on == nil {
		on = map[studio.CheckpointID]arrival{}
		a.on[project] = on
	}
	for id, old := range on { // there are few
		if nowMs-old.atMs > arrivingMs {
			delete(on, id)
		}
	}
	on[sent.Checkpoint] = arrival{sent, nowMs}
}

// forget says that one is not on its way any more.
func (a *arriving) forget(project studio.ProjectID, id studio.CheckpointID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.on[project], id)
}

// of lists what is on its way in a project, in order of id.
func (a *arriving) of(project studio.ProjectID, nowMs int64) (all []wire.Sent) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, one := range a.on[project] {
		if nowMs-one.atMs <= arrivingMs {
			all = append(all, one.Sent)
		}
	}
	slices.SortFunc(all, func(a, b wire.Sent) int { return cmp.Compare(a.Checkpoint.String(), b.Checkpoint.String()) })
	return all
}

// Arriving leaves of what is on its way the announced checkpoints that the caller may know of. Code: not_member.
func (c *Core) Arriving(snap serverdb.Snapshot, call Call, all []wire.Sent) ([]wire.Sent, error) {
	me, err := enter(snap, call)
	if err != nil {
		return nil, err
	}
	sight := studio.SightOf(snap, me.User)
	shown := []wire.Sent{}
	for _, one := range all {
		if k, ok := snap.Checkpoint(one.Checkpoint); ok && k.State == studio.Announced && sight.SeesRow(k) {
			shown = append(shown, one)
		}
	}
	return shown, snap.Err()
}

// listArriving answers how far the checkpoints have come that are being sent.
func (s *Server) listArriving(w http.ResponseWriter, r *http.Request) error {
	at, err := targetOf(r, false)
	if err != nil {
		return err
	}
	shown, err := read(r.Context(), s, at.project, func(snap serverdb.Snapshot, by Call) ([]wire.Sent, error) {
		return s.core.Arriving(snap, by, s.arriving.of(at.project, by.NowMs))
	})
	if err != nil {
		return err
	}
	s.answer(w, http.StatusOK, wire.ArrivingReply{Checkpoints: shown})
	return nil
}

// progress follows an upload of somebody's own announced checkpoint; of anything else it is nothing.
type progress struct {
	s       *Server
	project studio.ProjectID
	sent    wire.Sent // zero: nothing is followed
}

// follow begins to follow what a request says that it sends.
func (s *Server) follow(r *http.Request, at target, snap serverdb.Snapshot, author studio.UserID) progress {
	sent, ok := wire.SentFrom(r.Header)
	if k, known := snap.Checkpoint(sent.Checkpoint); !ok || !known || k.State != studio.Announced || k.Author != author {
		return progress{}
	}
	p := progress{s, at.project, sent}
	p.tell()
	return p
}

func (p *progress) tell() { p.s.arriving.tell(p.project, p.sent, p.s.o.Clock.NowMs()) }

// broke says that no more comes of it for now.
func (p *progress) broke() {
	if !p.sent.Checkpoint.IsZero() {
		p.s.arriving.forget(p.project, p.sent.Checkpoint)
	}
}

// came counts bytes of the file that came.
func (p *progress) came(bytes int64) {
	if p.sent.Checkpoint.IsZero() || bytes == 0 {
		return
	}
	p.sent.Done = min(p.sent.Done+bytes, p.sent.Total)
	p.tell()
}
