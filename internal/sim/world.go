// Package sim is members and a server in one goroutine over a faulty world: messages are lost, doubled, late and out of
// order, computers crash, are copied and set back, their clocks are wrong, people work offline, roles change, the server
// crashes in a call and goes back to a backup, with notice or without. One seed is one run, anywhere. After every step the
// invariants of sync.md section 13 are checked as far as they can have changed.
//
// It runs the real cores: server.Core over memdb, replica.Core with Ready and Rebase over a store in memory.
package sim

import (
	"container/heap"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
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
	Seed        uint64
	Clients     int
	Ms          int64        // simulated, before it calms down
	Restore     bool         // the server may go back to a backup
	Tell        func(string) // hears what happens; nil: nobody
	RightClocks bool         // no client's clock is wrong: all else is the same as without
}

// Report is what a run came to.
type Report struct {
	Ops, Faults int
	ClientMs    int64 // simulated milliseconds of all clients together
	Events      uint64
	Parked      int
	Rewinds     int      // stores that gave back what a server had lost
	Healed      int      // ops that a witness gave back
	Histories   int      // that came whole behind their first rows
	HandedIn    int      // ops that came by a deposit key
	Unreadable  int      // of those, that the server failed at
	Collected   int      // chunks, pages and roots that nothing needed
	Trace       [32]byte // a hash over everything that happened: equal seeds have equal traces
	Verdicts    [32]byte // a hash over the ops in their order with their verdicts
}

// Add sums two reports up; hashes are left out.
func (r Report) Add(o Report) Report {
	return Report{Ops: r.Ops + o.Ops, Faults: r.Faults + o.Faults, ClientMs: r.ClientMs + o.ClientMs, Events: r.Events + o.Events,
		Parked: r.Parked + o.Parked, Rewinds: r.Rewinds + o.Rewinds, Healed: r.Healed + o.Healed,
		Histories: r.Histories + o.Histories, HandedIn: r.HandedIn + o.HandedIn,
		Unreadable: r.Unreadable + o.Unreadable, Collected: r.Collected + o.Collected}
}

// String is one line of figures.
func (r Report) String() string {
	return fmt.Sprintf("%d ops, %d events, %d parked, %d faults, %d rewinds, %d healed, %d histories, %d handed in, %d unreadable, %d collected, %.1f client-hours",
		r.Ops, r.Events, r.Parked, r.Faults, r.Rewinds, r.Healed, r.Histories, r.HandedIn, r.Unreadable, r.Collected, float64(r.ClientMs)/3_600_000)
}

// World is one run.
type World struct {
	cfg      Config
	rng      *rand.Rand
	nowMs    int64
	todo     events
	n        uint64
	project  studio.ProjectID
	server   *host
	clients  []*client
	roles    []studio.RoleID // the widest first
	report   Report
	trace    hash.Hash
	verdicts hash.Hash
	ids      uint64
	calm     bool                 // the faults have ended
	poison   map[studio.OpID]bool // that make the server fail at every push
}

// client is one device.
type client struct {
	n       int
	account studio.UserID
	store   *store
	older   *store // a copy of the store, for the day that its disk is set back
	core    *replica.Core
	in, out bool   // what reaches it, what it sends
	call    uint64 // in flight; 0: none
	timer   uint64 // that will wake it; 0: none
	sending bool   // the lane of bytes is at work
	skewMs  int64  // of its clock
	life    uint64 // changes with each crash: answers to a former life are nobody's
	rounds  int    // since all is calm, that ended with something to send
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

// fault tells whether something goes wrong now: so many times in a thousand.
func (w *World) fault(permille int) bool {
	if w.calm || w.rng.IntN(1000) >= permille {
		return false
	}
	w.report.Faults++
	return true
}

// note takes something into the trace.
func (w *World) note(format string, args ...any) {
	fmt.Fprintf(w.trace, format+"\n", args...)
	if w.cfg.Tell != nil {
		w.cfg.Tell(fmt.Sprintf("%d.%03d ", w.nowMs/1000-1_700_000_000, w.nowMs%1000) + fmt.Sprintf(format, args...))
	}
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
func contentOf(id studio.CheckpointID) (content, studio.Hash) {
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
	w := &World{cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, 7)), nowMs: 1_700_000_000_000, trace: sha256.New(), verdicts: sha256.New(),
		poison: map[studio.OpID]bool{}}
	began := w.nowMs
	err := w.found()
	for _, c := range w.clients {
		w.after(int64(w.rng.IntN(1000)), func() error { return w.step(c, replica.Woke{}) })
		w.after(int64(w.rng.IntN(60_000)), func() error { return w.live(c) })
	}
	w.after(backupMs, w.mishap)
	for err == nil && w.todo.Len() > 0 && w.nowMs < began+cfg.Ms {
		err = w.one()
	}
	if err == nil {
		err = w.settle()
	}
	w.report.ClientMs = (w.nowMs - began) * int64(len(w.clients))
	w.trace.Sum(w.report.Trace[:0])
	w.verdicts.Sum(w.report.Verdicts[:0])
	if err != nil {
		return w.report, fmt.Errorf("seed %d, %d s after it began, step %d: %w", cfg.Seed, (w.nowMs-began)/1000, w.n, err)
	}
	return w.report, nil
}

func (w *World) one() error {
	h := heap.Pop(&w.todo).(happening)
	w.nowMs = max(w.nowMs, h.atMs)
	if err := h.do(); err != nil {
		return err
	}
	return w.checkServer()
}

// host is the server: its store survives a crash, what is on the way does not.
type host struct {
	core    *server.Core
	db      *memdb.Store
	backups []*memdb.Store
	skewMs  int64 // of its clock
	gens    byte  // generations that were ever begun
	line    line
	history map[[32]byte]moment // by chain: every committed state that ever was
}

// moment is a committed state of the server.
type moment struct {
	seq  uint64
	sums studio.Sums
	db   *memdb.Store
}

func (h *host) newGeneration() [8]byte {
	h.gens++
	return [8]byte{h.gens}
}

// tx runs fn over the server's store.
func (w *World) tx(fn func(serverdb.Tx) error) error {
	return w.server.db.Tx(context.Background(), w.project, fn)
}

func (w *World) read(db *memdb.Store, fn func(serverdb.Snapshot) error) error {
	return db.Read(context.Background(), w.project, fn)
}

func (w *World) call(account studio.UserID) server.Call {
	return server.Call{Account: account, NowMs: w.nowMs + w.server.skewMs}
}

// sign stands for the studio's key.
func sign(s wire.Signed) wire.Signed {
	s.Key = 1
	mac := sha256.Sum256(append([]byte("key"), s.Bytes()...))
	s.Signature = mac[:]
	return s
}

// depositKey stands for what the studio's key makes of a client.
func depositKey(project studio.ProjectID, client studio.ID) wire.Token {
	return wire.Token(sha256.Sum256(append(project.Bytes(), client[:]...)))
}

func verify(s wire.Signed) bool { return string(sign(s).Signature) == string(s.Signature) }
