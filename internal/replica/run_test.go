package replica_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/clock"
	"framehold/internal/replica"
	"framehold/internal/studio"
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

// forked is a store whose history and the server's, of another life, part behind a seq; it stops at what it is told to do then.
type forked struct {
	quiet
	behind uint64
	rewind replica.Rewind
}

func (forked) Hello(context.Context, wire.HelloRequest) (wire.HelloReply, error) {
	other := hello().Reply
	other.Generation = wire.Generation{2}
	return other, nil
}

func (forked) ChainAt(_ context.Context, seq uint64) ([32]byte, bool, error) {
	return [32]byte{byte(seq), 1}, true, nil
}

func (forked) EventsAfter(context.Context, uint64, int) ([]studio.Event, error) { return nil, nil }

func (f *forked) Probe(_ context.Context, q wire.ProbeRequest) (reply wire.ProbeReply, err error) {
	for _, seq := range q.Seqs {
		chain := [8]byte{byte(seq), 1}
		if seq > f.behind {
			chain[1] = 2
		}
		reply.Chain8 = append(reply.Chain8, chain)
	}
	return reply, nil
}

func (f *forked) Restart(_ context.Context, e replica.Effect) (replica.Stand, error) {
	f.rewind = e.(replica.Rewind)
	return replica.Stand{}, context.Canceled
}

// What both have is the last seq with the same chain, wherever the histories part (row H3): one more, and a lost act would be
// taken for one that the server has.
func TestTheLastCommonSeqIsFound(t *testing.T) {
	for behind := uint64(0); behind <= 9; behind++ {
		f := &forked{behind: behind}
		r, err := replica.New(t.Context(), replica.Options{Store: f, Past: f, Remote: f, Clock: clock.System()})
		require.NoError(t, err)
		_, err = r.Round(t.Context())
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, replica.Rewind{After: behind, FirstN: 5}, f.rewind)
	}
}
