package soak_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var faultsWanted = flag.Int("soak.faults", 0, "faults of the disk that must have fired, which takes strace; 0: a few kills instead")

const (
	worldCycles = 20 // then the house is put back: a failure is at most so far from its beginning
	killCycles  = 6  // where no strace is asked for
)

// tallies are what the worlds of a run have done.
type tallies struct {
	mu       sync.Mutex
	cycles   int
	fired    map[string]int // by fault and side
	distinct map[string]bool
	kills    int
	stops    int
	acked    int
	refused  map[int]int // exits of runs that a fault was in
	began    time.Time
}

func (c *tallies) sum() (n int) {
	for _, one := range c.fired {
		n += one
	}
	return n
}

func (c *tallies) String() string {
	var b strings.Builder
	seconds := time.Since(c.began).Seconds()
	fmt.Fprintf(&b, "server-faults: %d cycles, %d faults fired at %d different (call, file, N), %.0f a minute:", c.cycles, c.sum(), len(c.distinct),
		float64(c.sum())/seconds*60)
	for _, what := range slices.Sorted(maps.Keys(c.fired)) {
		fmt.Fprintf(&b, " %s %d,", what, c.fired[what])
	}
	fmt.Fprintf(&b, " %d kills at a random moment, %d stops; %d acknowledged, 0 lost", c.kills, c.stops, c.acked)
	return b.String()
}

// Whatever breaks a studio or a client, at whichever call: what either has acknowledged is there afterwards, once, byte for
// byte; both are whole; nothing is left to send.
func TestServerFaults(t *testing.T) {
	c := &tallies{fired: map[string]int{}, distinct: map[string]bool{}, refused: map[int]int{}, began: time.Now()}
	told := time.Now()
	enough := func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if time.Since(told) > time.Minute {
			told = time.Now()
			fmt.Println(c)
		}
		if *faultsWanted > 0 {
			return c.sum() >= *faultsWanted
		}
		return c.cycles >= killCycles
	}
	houses := make([]*house, max(1, *soakJobs))
	for i := range houses {
		houses[i] = build(t, []string{"pia", "ana", "ben"}, nil)
	}
	worlds(t, houses, enough, func(h *house, seed uint64) error {
		w := &faulty{house: h, tallies: c, rng: rand.New(rand.NewPCG(seed, 4)), acknowledged: nothing()}
		return w.live()
	})
	t.Log(c)
	require.Positive(t, c.acked)
	if *faultsWanted > 0 {
		require.GreaterOrEqual(t, len(c.distinct), min(*faultsWanted, 200)/2)
	}
}

// faulty is a house in which things break, and what was acknowledged there.
type faulty struct {
	*house
	*tallies
	rng    *rand.Rand
	pusher *pusher
	acknowledged
	n int
}

func (w *faulty) live() (err error) {
	if w.pusher, err = newPusher(w.house); err != nil {
		return err
	}
	w.pushed = w.pusher.acked
	defer w.pusher.http.CloseIdleConnections()
	cycles := worldCycles
	if *faultsWanted == 0 {
		cycles = killCycles / 2
	}
	for i := range cycles {
		what, err := w.cycle()
		if err == nil {
			err = w.examine()
		}
		if err != nil {
			return fmt.Errorf("cycle %d, %s: %w", i, what, err)
		}
		w.mu.Lock()
		w.cycles++
		w.mu.Unlock()
	}
	return w.compare()
}

// cycle breaks something once, and lets everybody sync after it.
func (w *faulty) cycle() (what string, err error) {
	onServer := w.rng.IntN(2) == 0
	traced := *faultsWanted > 0 && w.rng.IntN(12) > 0
	var p plan
	var wrap []string
	trace := filepath.Join(filepath.Dir(w.dir), "trace")
	root, side, aims := w.data(), "server", serverAims
	victim := w.people[1+w.rng.IntN(2)]
	if !onServer {
		root, side, aims = victim.home(), "client", clientAims
	}
	what = side + " killed"
	if traced {
		p = planned(w.rng, aims)
		what = fmt.Sprintf("%s %+v", side, p)
		if wrap, err = p.wrap(root, trace); err != nil {
			return what, err
		}
		_ = os.Remove(trace)
	}
	ended := true
	if onServer {
		ended, err = w.breakServer(wrap)
	} else {
		err = w.breakClient(victim, wrap)
	}
	if err != nil {
		return what, err
	}
	if traced {
		hit, err := p.hit(trace, ended)
		if err != nil {
			return what, err
		}
		if hit != "" {
			w.mu.Lock()
			w.fired[side+" "+p.fault[strings.IndexByte(p.fault, '=')+1:]]++
			w.distinct[side+" "+hit] = true
			w.mu.Unlock()
		}
	}
	if w.served == nil {
		if err := w.serve(); err != nil {
			return what, err
		}
	}
	for _, person := range w.people[1:] {
		if err := person.sync(); err != nil {
			return what, err
		}
	}
	return what, w.settle()
}

// settle hands in again what the pusher has no answer for.
func (w *faulty) settle() error {
	if w.pusher.open == nil {
		return nil
	}
	return w.pusher.push(context.Background())
}

// breakServer lets everybody sync while the studio breaks, and ends it if it has not ended itself.
func (w *faulty) breakServer(wrap []string) (ended bool, err error) {
	for _, p := range w.people[1:] {
		for range 1 + w.rng.IntN(2) {
			if err := w.act(p, nil); err != nil {
				return false, err
			}
		}
	}
	if err := w.stop(syscall.SIGTERM); err != nil {
		return false, err
	}
	served, err := w.serveUnder(wrap)
	if err != nil || served == nil {
		return true, err // it broke before it served
	}
	if wrap == nil {
		defer w.disturb(served)()
	}
	errs := make([]error, 2)
	var clients, pushes sync.WaitGroup
	for i, p := range w.people[1:] {
		clients.Go(func() { errs[i] = sane(p.run(nil, "sync")) })
	}
	over := make(chan struct{})
	pushes.Go(func() {
		for range 60 {
			select {
			case <-over:
				return
			default:
			}
			if w.pusher.push(context.Background()) != nil {
				return
			}
		}
	})
	clients.Wait()
	close(over)
	pushes.Wait()
	w.pusher.http.CloseIdleConnections()
	select {
	case <-served.ended:
		ended = true
	default:
	}
	return ended, errors.Join(errors.Join(errs...), w.stop([]syscall.Signal{syscall.SIGKILL, syscall.SIGTERM}[w.rng.IntN(2)]))
}

// disturb stops the studio for a while, or kills it, at a random moment; what it returns waits until that is over.
func (w *faulty) disturb(p *process) (wait func()) {
	first, then, kill := w.rng.IntN(120), w.rng.IntN(200), w.rng.IntN(2) == 0
	done := make(chan struct{})
	w.mu.Lock()
	if kill {
		w.kills++
	} else {
		w.stops++
	}
	w.mu.Unlock()
	go func() {
		defer close(done)
		time.Sleep(time.Duration(first) * time.Millisecond)
		if kill {
			p.signal(syscall.SIGKILL)
			return
		}
		p.signal(syscall.SIGSTOP)
		time.Sleep(time.Duration(then) * time.Millisecond)
		p.signal(syscall.SIGCONT)
	}()
	return func() { <-done }
}

// breakClient lets one person's program break while the other works.
func (w *faulty) breakClient(victim *person, wrap []string) error {
	if w.served == nil {
		if err := w.serve(); err != nil {
			return err
		}
	}
	syncs := w.rng.IntN(2) > 0
	if syncs {
		if err := w.act(victim, nil); err != nil {
			return err
		}
	}
	other := w.people[1]
	if other == victim {
		other = w.people[2]
	}
	if err := w.act(other, nil); err != nil {
		return err
	}
	var theirs, pushed error
	var wg sync.WaitGroup
	wg.Go(func() { theirs = other.sync() })
	wg.Go(func() {
		for range 5 {
			pushed = errors.Join(pushed, w.pusher.push(context.Background()))
		}
	})
	var err error
	switch {
	case wrap == nil:
		err = w.killed(victim, syncs)
	case syncs:
		err = sane(victim.run(wrap, "sync"))
	default:
		err = w.act(victim, wrap)
	}
	wg.Wait()
	return errors.Join(err, theirs, pushed)
}

// killed runs a client that is killed at a random moment.
func (w *faulty) killed(p *person, syncs bool) error {
	w.mu.Lock()
	w.kills++
	w.mu.Unlock()
	wrap := []string{"timeout", "-s", "KILL", fmt.Sprintf("%.3f", 0.005+w.rng.Float64()*0.08)}
	if syncs {
		return sane(p.run(wrap, "sync"))
	}
	return w.act(p, wrap)
}

// act lets a person save something, or say something; what the program acknowledged must be found later. Below a fault it
// may fail.
func (w *faulty) act(p *person, wrap []string) error {
	w.n++
	switch w.rng.IntN(5) {
	case 0, 1:
		text := fmt.Sprintf("%s says %d", p.name, w.n)
		r := p.run(wrap, "note", shot(w.rng.IntN(shots)), text)
		if r.exit == 0 {
			w.notes[text] = true
			w.count()
		}
		return w.fine(r, wrap)
	case 2:
		return w.fine(p.run(wrap, "set", shot(w.rng.IntN(shots)), "--tag", fmt.Sprintf("+t%d", w.rng.IntN(9)), "--priority", fmt.Sprint(w.rng.IntN(4))), wrap)
	}
	who := slices.Index(w.people, p) - 1
	k := saved{shot(2*who + w.rng.IntN(2)), make([]byte, 1000+w.rng.IntN(90_000))}
	for i := range k.content {
		k.content[i] = byte(w.rng.Uint32())
	}
	if err := p.write(k.path, k.content); err != nil {
		return err
	}
	args := []string{"checkpoint", k.path, "-m", fmt.Sprintf("save %d", w.n)}
	if w.rng.IntN(2) == 0 {
		args = append(args, "--status", []string{"wip", "wfa"}[w.rng.IntN(2)])
	}
	r := p.run(wrap, args...)
	var said struct {
		Checkpoints []struct{ ID, State string }
	}
	if r.exit == 0 {
		if err := json.Unmarshal(r.out, &said); err != nil || len(said.Checkpoints) != 1 || said.Checkpoints[0].State != "local" {
			return fmt.Errorf("%v: %s %w", r.args, r.out, err)
		}
		w.saved[said.Checkpoints[0].ID] = k
		w.count()
	}
	if left, err := os.ReadFile(filepath.Join(p.root, k.path)); err != nil || !bytes.Equal(left, k.content) {
		return fmt.Errorf("%s of %s was touched: %w", k.path, p.name, err)
	}
	return w.fine(r, wrap)
}

func (w *faulty) count() {
	w.mu.Lock()
	w.acked++
	w.mu.Unlock()
}

// fine wants a run without a fault to be done, and one with a fault to be sane.
func (w *faulty) fine(r result, wrap []string) error {
	if wrap == nil {
		return r.failure(0)
	}
	return sane(r)
}

// sane refuses a program that broke where it should have said what is wrong.
func sane(r result) error {
	if bytes.Contains(r.errs, []byte("panic:")) || bytes.Contains(r.errs, []byte("goroutine ")) || r.exit == 2 {
		return r.failure()
	}
	return nil
}

// examine looks for what was acknowledged in the studio's own files, and proves them and every store.
func (w *faulty) examine() error {
	if err := w.check(); err != nil {
		return err
	}
	if err := w.lost(w.house); err != nil {
		return err
	}
	return errors.Join(w.people[1].verify(), w.people[2].verify())
}

// compare brings every checkpoint that was acknowledged back from the studio, on the computer of someone who has none.
func (w *faulty) compare() error {
	pia := w.people[0]
	if err := errors.Join(pia.sync(), w.restored(pia)); err != nil {
		return err
	}
	w.mu.Lock()
	w.acked += len(w.pushed)
	w.mu.Unlock()
	return pia.verify()
}
