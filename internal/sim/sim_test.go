package sim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/sim"
)

func TestSim(t *testing.T) {
	total := sim.Report{}
	for seed := uint64(1); seed <= 4; seed++ {
		r, err := sim.Run(sim.Config{Seed: seed, Clients: 2 + int(seed%7), Steps: 400, Restore: seed%2 == 0})
		total.Ops += r.Ops
		total.Faults += r.Faults
		total.Parked += r.Parked
		if err != nil {
			t.Errorf("%v", err)
		}
	}
	t.Logf("%+v", total)
	require.NotZero(t, total.Ops)
}
