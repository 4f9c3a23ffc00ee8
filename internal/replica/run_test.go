package replica_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/clock"
	"framehold/internal/replica"
	"framehold/internal/wire"
)

// quiet is a store of which only its stand is asked, and a server that has nothing new.
type quiet struct {
	replica.Store
	wire.Sync
}

func (quiet) Stand(context.Context) (replica.Stand, error) { return standing(9), nil }

func (quiet) Hello(context.Context, wire.HelloRequest) (wire.HelloReply, error) {
	return hello().Reply, nil
}

func (quiet) Pull(context.Context, wire.PullRequest) (wire.PullReply, error) {
	return page(9, false, "").Reply, nil
}

func (quiet) Build(context.Context, replica.Build) ([]wire.Op, replica.Stand, error) {
	return nil, standing(9), nil
}

func TestWhoHearsOfAChangeMayAskHowThingsStand(t *testing.T) {
	var r *replica.Replica
	var heard []replica.State
	r, err := replica.New(t.Context(), replica.Options{Store: quiet{}, Remote: quiet{}, Clock: clock.System(),
		Tell: func(now replica.State) {
			require.Equal(t, now, r.State())
			heard = append(heard, now)
		}})
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() {
		_, err := r.Round(t.Context())
		ended <- err
	}()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		t.Fatal("who told waits for who heard")
	}
	require.NotEmpty(t, heard)
	require.Equal(t, replica.Synced, heard[len(heard)-1])
}
