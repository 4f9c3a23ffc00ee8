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

// stands gives the head at the last commit, 0 when none was made since the server started, and what is closed at the next one
// that moves it. Who has read the head before and finds none that is newer here has missed none.
func (h *hub) stands(project studio.ProjectID) (head uint64, moved <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.room(project)
	return r.head, r.moved
}

func (h *hub) room(project studio.ProjectID) *room {
	r := h.waiting[project]
	if r == nil {
		r = &room{moved: make(chan struct{})}
		h.waiting[project] = r
	}
	return r
}

// poke tells that a commit has left the head at seq.
func (h *hub) poke(project studio.ProjectID, seq uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.room(project); r.head != seq {
		close(r.moved)
		r.head, r.moved = seq, make(chan struct{})
	}
}

func (h *hub) close() { h.once.Do(func() { close(h.closed) }) }
