package soak_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/projectdb"
	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

var partitionsWanted = flag.Int("soak.partitions", 2, "runs of people over lines in trouble")

const worldRuns = 20

// networkTally is what the runs over lines in trouble have come to.
type networkTally struct {
	mu     sync.Mutex
	runs   int
	ops    int
	acked  int
	faults map[string]int
	began  time.Time
}

func (c *networkTally) String() string {
	n := 0
	for _, one := range c.faults {
		n += one
	}
	return fmt.Sprintf("partition: %d runs, %d acts, %d acknowledged, %d faults of the network or of processes %v, 0 wedged, 0 divergent, 0 lost; %.0f runs a minute",
		c.runs, c.ops, c.acked, n, c.faults, float64(c.runs)/time.Since(c.began).Minutes())
}

// People work while their lines to the studio are cut, slow, half dead or doubled, and processes die. When that ends, all of
// them see the same, nothing waits, and nothing that was acknowledged is lost.
func TestPartitions(t *testing.T) {
	c := &networkTally{faults: map[string]int{}, began: time.Now()}
	told := time.Now()
	enough := func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if time.Since(told) > time.Minute {
			told = time.Now()
			fmt.Println(c)
		}
		return c.runs >= *partitionsWanted
	}
	all := map[*house]map[string]*line{}
	var houses []*house
	for range max(1, *soakJobs) {
		lines := map[string]*line{}
		h := build(t, []string{"pia", "ana", "ben", "cleo"}, func(name, listen string) string {
			l, err := newLine(listen)
			require.NoError(t, err)
			t.Cleanup(func() { _ = l.close() })
			lines[name] = l
			return l.address()
		})
		houses, all[h] = append(houses, h), lines
	}
	worlds(t, houses, enough, func(h *house, seed uint64) error {
		n := &network{house: h, networkTally: c, lines: all[h], rng: rand.New(rand.NewPCG(seed, 5)), acknowledged: nothing(),
			windows: map[*person]*process{}}
		return n.live(enough)
	})
	t.Log(c)
	require.Positive(t, c.acked)
}

// network is a house whose people meet the studio over lines in trouble. Each has a window open, which keeps their copy in
// sync by itself, and works on the command line beside it.
type network struct {
	*house
	*networkTally
	acknowledged
	rng     *rand.Rand
	lines   map[string]*line
	windows map[*person]*process
	shots   []string // ids
	n       int
}

func (w *network) live(enough func() bool) (err error) {
	defer func() {
		for _, window := range w.windows {
			err = errors.Join(err, window.end(syscall.SIGTERM))
		}
	}()
	for _, l := range w.lines {
		l.mu.Lock()
		l.rng = rand.New(rand.NewPCG(w.rng.Uint64(), 6))
		l.mu.Unlock()
		l.heal(false)
	}
	if err := w.serve(); err != nil {
		return err
	}
	if err := w.see(); err != nil {
		return err
	}
	for _, p := range w.people {
		if err := w.open(p); err != nil {
			return err
		}
	}
	for i := 0; i < worldRuns && !enough(); i++ {
		if err := w.run(); err != nil {
			return fmt.Errorf("run %d: %w", i, err)
		}
		w.mu.Lock()
		w.runs++
		w.mu.Unlock()
	}
	for _, l := range w.lines {
		l.heal(false)
	}
	errs := []error{w.check(), w.restored(w.people[0])}
	for _, p := range w.people {
		errs = append(errs, p.verify())
	}
	return errors.Join(errs...)
}

// see learns the ids of the shots: their names change.
func (w *network) see() error {
	r := w.people[0].run(nil, "tasks")
	var said struct {
		Tasks []struct{ ID string }
	}
	if err := errors.Join(r.failure(0), json.Unmarshal(r.out, &said)); err != nil {
		return err
	}
	for _, task := range said.Tasks {
		w.shots = append(w.shots, task.ID)
	}
	return nil
}

// open gives a person a window.
func (w *network) open(p *person) error {
	window, line, err := start(w.command(p.home(), p.root, nil, "serve"), false)
	if err == nil && line == "" {
		<-window.ended
		err = fmt.Errorf("%s: serve: %s", p.name, window.errs)
	}
	w.windows[p] = window
	return err
}

// run is some acts in some trouble, and then peace.
func (w *network) run() error {
	working := w.people[:2+w.rng.IntN(len(w.people)-1)]
	for range 6 + w.rng.IntN(8) {
		if w.rng.IntN(2) == 0 {
			if err := w.disturb(working[w.rng.IntN(len(working))]); err != nil {
				return err
			}
		}
		if err := w.act(working[w.rng.IntN(len(working))]); err != nil {
			return err
		}
		time.Sleep(time.Duration(w.rng.IntN(60)) * time.Millisecond)
	}
	leaveDead := w.rng.IntN(20) == 0
	for _, l := range w.lines {
		l.heal(leaveDead)
	}
	return w.settle()
}

// disturb does something to a person's line, or to a process.
func (w *network) disturb(p *person) error {
	what := []string{"cut", "silent up", "silent down", "slow", "reset", "half open", "doubled", "clear"}
	t := trouble(1 + w.rng.IntN(int(troubles)))
	name := ""
	switch w.rng.IntN(12) {
	case 0:
		name = "studio killed"
		if err := errors.Join(w.stop(syscall.SIGKILL), w.serve()); err != nil {
			return err
		}
	case 1:
		name = "client killed"
		if err := errors.Join(w.windows[p].end(syscall.SIGKILL), w.open(p)); err != nil {
			return err
		}
	case 2:
		name = "client stopped"
		w.windows[p].signal(syscall.SIGSTOP)
		time.Sleep(time.Duration(w.rng.IntN(100)) * time.Millisecond)
		w.windows[p].signal(syscall.SIGCONT)
	default:
		if name = what[t-1]; t == troubles {
			w.lines[p.name].heal(false)
		} else {
			w.lines[p.name].set(t)
		}
	}
	w.mu.Lock()
	w.faults[name]++
	w.mu.Unlock()
	return nil
}

// act lets a person do something. It may be refused: others do things too.
func (w *network) act(p *person) error {
	w.n++
	task := w.shots[w.rng.IntN(len(w.shots))]
	var r result
	switch w.rng.IntN(9) {
	case 0:
		r = p.run(nil, "assign", task, "--to", w.people[w.rng.IntN(len(w.people))].name)
	case 1:
		r = p.run(nil, "claim", task)
	case 2:
		r = p.run(nil, "unassign", task)
	case 3:
		r = p.run(nil, "set-status", task, []string{"todo", "wip", "wfa", "done"}[w.rng.IntN(4)])
	case 4:
		r = p.run(nil, "rename", task, fmt.Sprintf("name_%d.blend", w.rng.IntN(4)))
	case 5:
		r = p.run(nil, "set", task, "--tag", fmt.Sprintf("%ct%d", "+-"[w.rng.IntN(2)], w.rng.IntN(3)), "--priority", fmt.Sprint(w.rng.IntN(4)))
	case 6:
		text := fmt.Sprintf("%s says %d", p.name, w.n)
		if r = p.run(nil, "note", task, text); r.exit == 0 {
			w.notes[text] = true
		}
	default:
		var err error
		if r, err = w.checkpoint(p, task); err != nil {
			return err
		}
	}
	w.mu.Lock()
	w.ops++
	if r.exit == 0 || r.exit == 4 {
		w.acked++
	}
	w.mu.Unlock()
	if bytes.Contains(r.out, []byte(`"in_the_way"`)) { // a file of theirs has that name
		return nil
	}
	return r.failure(0, 3, 4, 5)
}

// checkpoint saves a file of a person's, of a task that they hold or not.
func (w *network) checkpoint(p *person, task string) (result, error) {
	var files struct {
		Files []struct{ Path, Asset string }
	}
	listed := p.run(nil, "files")
	if err := errors.Join(listed.failure(0), json.Unmarshal(listed.out, &files)); err != nil {
		return listed, err
	}
	k := saved{path: task, content: make([]byte, 1+w.rng.IntN(60_000))}
	name := ""
	for _, f := range files.Files {
		if f.Asset == task {
			name = f.Path
		}
	}
	if name == "" {
		return listed, nil
	}
	for i := range k.content {
		k.content[i] = byte(w.rng.Uint32())
	}
	if err := p.write(name, k.content); err != nil {
		return listed, err
	}
	args := []string{"checkpoint", task, "-m", fmt.Sprintf("save %d", w.n), "--anyway"}
	if w.rng.IntN(2) == 0 {
		args = append(args, "--status", []string{"wip", "wfa"}[w.rng.IntN(2)])
	}
	r := p.run(nil, args...)
	var said struct {
		Checkpoints []struct{ ID, State string }
	}
	if r.exit != 0 && r.exit != 4 {
		return r, nil
	}
	if err := json.Unmarshal(r.out, &said); err != nil || len(said.Checkpoints) != 1 {
		return r, fmt.Errorf("%v: %s %w", r.args, r.out, err)
	}
	switch made := said.Checkpoints[0]; made.State {
	case "local", "contested", "accepted":
		w.saved[made.ID] = k
	}
	return r, nil
}

// settle lets everybody sync in peace, and wants them to agree soon.
func (w *network) settle() error {
	until := time.Now().Add(patienceMax)
	for {
		var wg sync.WaitGroup
		errs := make([]error, len(w.people))
		for i, p := range w.people {
			wg.Go(func() {
				ctx, stop := context.WithDeadline(context.Background(), until)
				defer stop()
				errs[i] = w.syncWithin(ctx, p)
			})
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			return fmt.Errorf("wedged: %w\n%s", err, w.stacks())
		}
		apart, err := w.apart()
		if err != nil {
			return err
		}
		if apart == nil {
			return w.lost(w.house)
		}
		if time.Now().After(until) {
			return fmt.Errorf("divergent: %w", apart)
		}
	}
}

// stacks ends every window and says what each was about.
func (w *network) stacks() (all string) {
	for p, window := range w.windows {
		_ = window.end(syscall.SIGQUIT)
		all += fmt.Sprintf("%s:\n%s\n", p.name, window.errs)
	}
	return all
}

// syncWithin asks the person's window to sync.
func (w *network) syncWithin(ctx context.Context, p *person) error {
	for {
		asked := w.command(p.home(), p.root, nil, "sync", "--json")
		cmd := exec.CommandContext(ctx, asked.Path, asked.Args[1:]...)
		cmd.Dir, cmd.Env = asked.Dir, asked.Env
		r := finish(cmd)
		if r.exit != 6 || ctx.Err() != nil { // 6: its window has not found back yet
			return r.failure(0, 4)
		}
	}
}

// apart says who differs from the studio; nil: nobody does, and nothing waits.
func (w *network) apart() (apart, err error) {
	var head serverdb.Head
	if err := w.look(func(snap serverdb.Snapshot) error {
		head = snap.Head()
		return snap.Err()
	}); err != nil {
		return nil, err
	}
	for _, p := range w.people {
		found, err := filepath.Glob(filepath.Join(p.home(), "stores", "*", "project.db"))
		if err != nil || len(found) != 1 {
			return nil, fmt.Errorf("%s has %d stores: %w", p.name, len(found), err)
		}
		different, err := differs(found[0], head)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		if different != nil {
			apart = errors.Join(apart, fmt.Errorf("%s: %w", p.name, different))
		}
	}
	return apart, nil
}

// differs compares a store with the studio's head: its place, and the state hash of what it shows.
func differs(path string, head serverdb.Head) (different, err error) {
	db, err := projectdb.Open(context.Background(), projectdb.Options{Path: path, FS: fsys.Real(), Clock: clock.System()})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.Read(context.Background(), func(snap *projectdb.Snapshot) error {
		stand, _ := snap.Replica()
		unsent, _, err := snap.CountQueue()
		if err != nil {
			return err
		}
		if stand.Seq != head.Seq || stand.Chain != head.Chain || unsent > 0 {
			different = fmt.Errorf("at %d, the studio at %d, %d unsent", stand.Seq, head.Seq, unsent)
			return nil
		}
		for table := studio.TableProject; table <= studio.TableLast; table++ {
			sum := studio.Sum{}
			for _, row := range snap.All(table) {
				if k, ok := row.(studio.Checkpoint); ok && k.State == studio.Safety {
					continue // nobody else's business
				}
				sum = sum.Plus(studio.EncodeRow(row))
			}
			if sum != head.Sums[table] {
				different = fmt.Errorf("table %d at %d has another state hash than the studio's", table, head.Seq)
			}
		}
		return nil
	})
	return different, err
}
