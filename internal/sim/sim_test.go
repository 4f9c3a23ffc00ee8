package sim_test

import (
	"flag"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/sim"
)

var (
	firstSeed = flag.Uint64("sim.seed", 1, "the first seed")
	seeds     = flag.Uint64("sim.seeds", seedsByDefault, "how many seeds")
	hours     = flag.Float64("sim.hours", 0, "seeds until so many client-hours are simulated; 0: -sim.seeds of them")
	tell      = flag.Bool("sim.tell", false, "say what happens")
)

// config makes a world of a seed: its size, its length and its faults follow from it.
func config(t *testing.T, seed uint64) sim.Config {
	minutes := 3 + 2*(seed%5)
	if seed%50 == 0 {
		minutes = 40
	}
	cfg := sim.Config{Seed: seed, Clients: 2 + int(seed%7), Ms: int64(minutes) * 60_000, Restore: seed%2 == 0}
	if *tell {
		cfg.Tell = func(line string) { t.Log(line) }
	}
	return cfg
}

// again runs a world twice and checks that it is the same.
func again(t *testing.T, cfg sim.Config) sim.Report {
	one, err := sim.Run(cfg)
	require.NoError(t, err)
	other, err := sim.Run(cfg)
	require.NoError(t, err)
	require.Equal(t, one, other)
	return one
}

func TestASeedIsOneRun(t *testing.T) {
	first := again(t, config(t, 6))
	second := again(t, config(t, 7))
	require.NotEqual(t, first.Trace, second.Trace)
}

// TestCase_H12: clocks that are wrong by years alter no verdict and no order (I17).
func TestCase_H12(t *testing.T) {
	for seed := uint64(1); seed <= 12; seed++ {
		wrong := config(t, seed)
		right := wrong
		right.RightClocks = true
		a, err := sim.Run(wrong)
		require.NoError(t, err)
		b, err := sim.Run(right)
		require.NoError(t, err)
		require.Equal(t, a.Verdicts, b.Verdicts, "I17: seed %d", seed)
	}
}

func TestSim(t *testing.T) {
	began := time.Now()
	w := worlds{t: t}
	for range runtime.GOMAXPROCS(0) {
		w.wait.Go(w.work)
	}
	w.wait.Wait()
	client := time.Duration(w.total.ClientMs) * time.Millisecond
	t.Logf("%d seeds from %d: %s; %.0f times real time", w.ended, *firstSeed, w.total, client.Seconds()/time.Since(began).Seconds())
	require.NotZero(t, w.total.Ops)
	require.NotZero(t, w.total.Histories)
}

// TestSeedsThatOnceFailed runs worlds again in which an invariant did not hold while it was being written.
func TestSeedsThatOnceFailed(t *testing.T) {
	for seed, why := range map[uint64]string{
		1: "a lost answer", 2: "a restored server", 3: "three clients", 48: "clones over a restore", 97: "a long queue",
		32:  "an announcement that the server could not read",
		64:  "a seal that waits for a base of who has left",
		138: "who has left hands in again what a restored server lost",
		200: "bytes for a checkpoint that a restored server does not know",
		242: "a chain whose seals stand in another order than its checkpoints",
		258: "a verdict that a witness brought back as another one",
		304: "a base that another device of the same person seals",
	} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			_, err := sim.Run(config(t, seed))
			require.NoError(t, err, why)
		})
	}
}

// worlds are seeds that are run by several goroutines, each seed by one.
type worlds struct {
	t     *testing.T
	wait  sync.WaitGroup
	mu    sync.Mutex
	next  uint64
	ended int
	total sim.Report
}

func (w *worlds) work() {
	for seed, more := w.take(); more; seed, more = w.take() {
		r, err := sim.Run(config(w.t, seed))
		if err != nil {
			w.t.Errorf("%v\nagain: go test ./internal/sim -run TestSim -v -sim.seeds=1 -sim.tell -sim.seed=%d", err, seed)
		}
		w.mu.Lock()
		w.total, w.ended = w.total.Add(r), w.ended+1
		w.mu.Unlock()
	}
}

// take gives the next seed, while there is one to run.
func (w *worlds) take() (seed uint64, more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	seed = *firstSeed + w.next
	w.next++
	if *hours > 0 {
		return seed, float64(w.total.ClientMs) < *hours*3_600_000
	}
	return seed, w.next <= *seeds
}
