package wire_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/clock"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// Gates of sync.md section 15.
const (
	statusBytesMax = 300 // both ways, with the headers of HTTP/2, above TLS
	batchBytesMax  = 36  // for each of 1,000 ops, with zstd
)

// moves are status changes as a session makes them: an act of its own each, or one for all.
type moves struct {
	ids      *clock.Clock
	from, to studio.StatusID
	group    studio.GroupID
}

func newMoves() *moves {
	ids := newClock(1)
	m := &moves{ids: ids, from: studio.StatusID{ID: newID(ids)}, to: studio.StatusID{ID: newID(ids)}}
	m.group.ID = newID(ids)
	return m
}

func (m *moves) op(n uint64, task studio.AssetID, head studio.CheckpointID) wire.Op {
	op := studio.Op{ID: studio.OpID{ID: newID(m.ids)}, Kind: studio.KindStatusSet, Entity: task.ID, Group: m.group,
		MadeHybrid: m.ids.Hybrid(), Body: &studio.StatusBody{From: m.from, To: m.to, About: head}}
	return wire.OpOf(n, op)
}

// accepting answers a push as a server does that applies each op.
func accepting() *doubled {
	seq := uint64(123_456)
	return &doubled{push: func(_ context.Context, q wire.PushRequest) (wire.PushReply, error) {
		a := wire.PushReply{}
		for _, op := range q.Ops {
			seq++
			a.Lmid = op.N
			a.Outcomes = append(a.Outcomes, wire.Outcome{Op: op.ID, Verdict: studio.Applied, Seq: seq})
		}
		a.HeadSeq = seq
		a.Chain8 = [8]byte{1, 2, 3, 4, 5, 6, 7, byte(seq)}
		return a, nil
	}}
}

// countedClient calls over TLS and HTTP/2 and counts the bytes between the two: what is written before it is encrypted.
func countedClient(t testing.TB, impl wire.Sync) (c *wire.Client, up, down *atomic.Int64) {
	t.Helper()
	server, _ := serveTLS(t, impl, wire.HandlerOptions{}, "")
	config := server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.NextProtos = []string{"h2"}
	up, down = new(atomic.Int64), new(atomic.Int64)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true) // the transport sees what tls.Conn gives it: that is the plain side
	transport := &http.Transport{Protocols: protocols, DisableCompression: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
			return counted{conn, up, down}, err
		}}
	t.Cleanup(transport.CloseIdleConnections)
	url := strings.Replace(server.URL, "https:", "http:", 1)
	token := strings.Repeat("k", 43) // 32 bytes in base64
	return wire.NewClient(&http.Client{Transport: transport}, url, func() string { return token }), up, down
}

func TestAStatusChangeFitsIntoFewBytesOnAWarmConnection(t *testing.T) {
	m := newMoves()
	client, up, down := countedClient(t, accepting())
	q := wire.PushRequest{Project: studio.ProjectID{ID: newID(m.ids)}, Client: newID(m.ids), Generation: wire.Generation{9}}
	push := func(n uint64) {
		m.group.ID = newID(m.ids)
		q.Ops = []wire.Op{m.op(n, studio.AssetID{ID: newID(m.ids)}, studio.CheckpointID{ID: newID(m.ids)})}
		_, err := client.Push(t.Context(), q)
		require.NoError(t, err)
	}
	for n := uint64(1000); n < 1010; n++ {
		push(n)
	}
	const pushes = 100
	wasUp, wasDown := up.Load(), down.Load()
	for n := uint64(1010); n < 1010+pushes; n++ {
		push(n)
	}
	meanUp, meanDown := float64(up.Load()-wasUp)/pushes, float64(down.Load()-wasDown)/pushes
	t.Logf("one status.set on a warm connection: %.1f B up + %.1f B down = %.1f B", meanUp, meanDown, meanUp+meanDown)
	require.LessOrEqual(t, meanUp+meanDown, float64(statusBytesMax))
}

func TestAThousandStatusChangesPackWell(t *testing.T) {
	m := newMoves()
	client, up, _ := countedClient(t, accepting())
	q := wire.PushRequest{Project: studio.ProjectID{ID: newID(m.ids)}, Client: newID(m.ids), Generation: wire.Generation{9}}
	tasks := newSlowClock(2) // the tasks were made over months
	for n := uint64(1); n <= wire.PushOpsMax; n++ {
		q.Ops = append(q.Ops, m.op(5000+n, studio.AssetID{ID: newID(tasks)}, studio.CheckpointID{}))
	}
	plain, err := wire.PushCodec().EncodeRequest(q)
	require.NoError(t, err)
	packed, err := wire.PackZstd(plain)
	require.NoError(t, err)
	_, err = client.Push(t.Context(), q)
	require.NoError(t, err)
	each := float64(len(packed)) / float64(len(q.Ops))
	t.Logf("1,000 status.set: %d B, with zstd %d B, %.1f B each; %d B with everything of a cold connection",
		len(plain), len(packed), each, up.Load())
	require.LessOrEqual(t, each, float64(batchBytesMax))
}
