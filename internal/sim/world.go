// Package sim is members and a server in one goroutine over a faulty world: messages are lost, doubled, late and out of
// order, computers crash and their clocks are wrong, people work offline, the server goes back to a backup. One seed is one
// run, anywhere. After every step the invariants of sync.md section 13 are checked.
//
// It runs the real cores: server.Core over memdb, replica.Core with Ready and Rebase over a store in memory.
package sim

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"framehold/internal/chunk"
	"framehold/internal/replica"
	"framehold/internal/server"
	"framehold/internal/serverdb"
	"framehold/internal/serverdb/memdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// Config says how hard a world is.
type Config struct {
	Seed    uint64
	Clients int
	Steps   int
	Restore bool // the server may go back to a backup
}

// Report is what a run came to.
type Report struct {
	Ops, Faults  int
	HoursMs      int64 // simulated, of one client
	Events       uint64
	Parked       int
	Trace        [32]byte // a hash over everything that happened: equal seeds have equal traces
	ServerEvents []studio.Event
}

// World is one run.
type World struct {
	cfg     Config
	rng     *rand.Rand
	nowMs   int64
	todo    events
	n       uint64
	project studio.ProjectID
	server  *host
	clients []*client
	report  Report
	trace   [32]byte
	ids     uint64
	calm    bool // the faults have ended
}

// host is the server: its store survives a crash, what is on the way does not.
type host struct {
	core    *server.Core
	db      *memdb.Store
	backup  *memdb.Store
	given   map[studio.OpID]wire.Outcome // verdicts that were ever answered, in this generation
	sums    map[uint64]studio.Sums       // state hash at each seq of this generation
	lmids   map[studio.ID]uint64
	gen     byte
	lastSeq uint64
}

// client is one device.
type client struct {
	n       int
	account studio.UserID
	store   *store
	core    *replica.Core
	online  bool
	call    uint64 // in flight; 0: none
	skewMs  int64  // of its clock
	life    uint64 // changes with each crash: answers to a former life are nobody's
}

type happening struct {
	atMs int64
	n    uint64
	do   func() error
}

type events []happening

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	return e[i].atMs < e[j].atMs || e[i].atMs == e[j].atMs && e[i].n < e[j].n
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }

// Push adds a happening; for heap.
func (e *events) Push(x any) { *e = append(*e, x.(happening)) }

// Pop takes the last; for heap.
func (e *events) Pop() any {
	old := *e
	x := old[len(old)-1]
	*e = old[:len(old)-1]
	return x
}

func (w *World) after(ms int64, do func() error) {
	w.n++
	heap.Push(&w.todo, happening{w.nowMs + ms, w.n, do})
}

func (w *World) chance(percent int) bool { return w.rng.IntN(100) < percent }

func (w *World) fault(percent int) bool {
	if w.calm || !w.chance(percent) {
		return false
	}
	w.report.Faults++
	return true
}

// note takes something into the trace.
func (w *World) note(format string, args ...any) {
	h := sha256.New()
	h.Write(w.trace[:])
	fmt.Fprintf(h, format, args...)
	h.Sum(w.trace[:0])
}

// newID is a UUIDv7-like id of this world: it rises, and its last bytes are the seed's.
func (w *World) newID() studio.ID {
	w.ids++
	var id studio.ID
	binary.BigEndian.PutUint64(id[:8], uint64(w.nowMs)<<16|w.ids&0xffff)
	binary.BigEndian.PutUint64(id[8:], w.rng.Uint64()|1)
	return id
}

// contentOf makes the content of a checkpoint: one chunk of its own.
func (w *World) contentOf(id studio.CheckpointID) (content, studio.Hash) {
	var c content
	c.chunk = append([]byte("content of "), id.ID[:]...)
	b := chunk.NewBuilder(func(blob chunk.Blob) error {
		if c.page == nil {
			c.page = blob.Bytes
		} else {
			c.root = blob.Bytes
		}
		return nil
	})
	err := b.Add(chunk.EntryOf(c.chunk))
	_, name, finish := b.Finish()
	studio.Must(err == nil && finish == nil, "a chunk makes a manifest")
	return c, studio.Hash(name)
}

// Run runs a world to its end, calms it down, and demands that everyone agrees.
func Run(cfg Config) (Report, error) {
	w := &World{cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, 7)), nowMs: 1_700_000_000_000, project: studio.ProjectID{}}
	began := w.nowMs
	if err := w.found(); err != nil {
		return w.report, err
	}
	for _, c := range w.clients {
		w.after(int64(w.rng.IntN(1000)), func() error { return w.step(c, replica.Woke{}) })
		w.after(int64(w.rng.IntN(60_000)), func() error { return w.live(c) })
	}
	for range cfg.Steps {
		if err := w.one(); err != nil {
			return w.report, fmt.Errorf("seed %d, step %d: %w", cfg.Seed, w.n, err)
		}
	}
	if err := w.settle(); err != nil {
		return w.report, fmt.Errorf("seed %d: %w", cfg.Seed, err)
	}
	w.report.HoursMs, w.report.Trace = w.nowMs-began, w.trace
	return w.report, nil
}

func (w *World) one() error {
	if w.todo.Len() == 0 {
		return nil
	}
	h := heap.Pop(&w.todo).(happening)
	w.nowMs = max(w.nowMs, h.atMs)
	if err := h.do(); err != nil {
		return err
	}
	return w.checkServer()
}

// tx runs fn over the server's store, as a call of an account.
func (w *World) tx(fn func(serverdb.Tx) error) error {
	return w.server.db.Tx(context.Background(), w.project, fn)
}

func (w *World) call(account studio.UserID) server.Call {
	return server.Call{Account: account, NowMs: w.nowMs}
}
