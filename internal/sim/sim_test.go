package sim_test

import (
	"flag"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/sim"
)

var (
	firstSeed = flag.Uint64("sim.seed", 1, "the first seed")
	seeds     = flag.Uint64("sim.seeds", 200, "how many seeds")
	tell      = flag.Bool("sim.tell", false, "say what happens")
	hours     = flag.Float64("sim.hours", 0.25, "simulated hours of each")
)

// config makes a world of a seed: its size and its faults follow from it.
func config(t *testing.T, seed uint64) sim.Config {
	say := func(line string) { t.Log(line) }
	if !*tell {
		say = nil
	}
	return sim.Config{Tell: say, Seed: seed, Clients: 2 + int(seed%7), Ms: int64(*hours * 3_600_000), Restore: seed%2 == 0}
}

// run runs a world twice and checks that it is the same.
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

func TestClocksOfClientsAlterNoVerdictAndNoOrder(t *testing.T) {
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
	var next atomic.Uint64
	workers := runtime.GOMAXPROCS(0)
	reports := make(chan sim.Report, workers)
	for range workers {
		go func() {
			total := sim.Report{}
			for i := next.Add(1); i <= *seeds; i = next.Add(1) {
				r, err := sim.Run(config(t, *firstSeed+i-1))
				total = total.Add(r)
				if err != nil {
					t.Errorf("%v\nagain: go test ./internal/sim -run TestSim -sim.seeds=1 -sim.hours=%v -sim.seed=%d", err, *hours, *firstSeed+i-1)
				}
			}
			reports <- total
		}()
	}
	total := sim.Report{}
	for range workers {
		total = total.Add(<-reports)
	}
	t.Logf("%d seeds from %d: %s", *seeds, *firstSeed, total)
	require.NotZero(t, total.Ops)
}
