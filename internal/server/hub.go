package server

import (
	"sync"

	"framehold/internal/studio"
)

// hub wakes those who wait for a project's head. It carries no data: who wakes looks again.
type hub struct {
	mu      sync.Mutex
	waiting map[studio.ProjectID]*room
	closed  chan struct{} // the server stops: nobody waits any more
	once    sync.Once
}

// room is where the waiting of one project wait.
type room struct {
	head  uint64 // at the last poke
	moved chan struct{}
}

func newHub() *hub {
	return &hub{waiting: map[studio.ProjectID]*room{}, closed: make(chan struct{})}
}

// moved is closed at the next commit that moves the head. Who asks for it before they read the head misses none.
func (h *hub) moved(project studio.ProjectID) <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.waiting[project]
	if r == nil {
		r = &room{moved: make(chan struct{})}
		h.waiting[project] = r
	}
	return r.moved
}

// poke tells that a commit has left the head at seq.
func (h *hub) poke(project studio.ProjectID, seq uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.waiting[project]; r != nil && r.head != seq {
		close(r.moved)
		r.head, r.moved = seq, make(chan struct{})
	}
}

func (h *hub) close() { h.once.Do(func() { close(h.closed) }) }
