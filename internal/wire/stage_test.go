package wire_test

import (
	"context"
	"encoding/hex"
	"flag"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/clock"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

var update = flag.Bool("update", false, "writes the golden files anew")

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// specified wants an example to stand in FORMAT.md, whatever its spaces.
func specified(t *testing.T, example []byte) {
	t.Helper()
	text, err := os.ReadFile("FORMAT.md")
	require.NoError(t, err)
	require.Contains(t, strings.Join(strings.Fields(string(text)), ""), hex.EncodeToString(example))
}

// seeded gives random bytes that are the same in each run.
type seeded struct{ r *rand.ChaCha8 }

func newSeeded(seed byte) seeded { return seeded{rand.NewChaCha8([32]byte{seed})} }

func (s seeded) Read(b []byte) (int, error) { return s.r.Read(b) }

// newClock is a clock at a fixed time, with seeded ids.
func newClock(seed byte) *clock.Clock {
	return clock.New(func() time.Time { return time.UnixMilli(1_764_000_000_000) }, newSeeded(seed))
}

// newSlowClock is a clock that goes on by up to 3 hours whenever it is looked at.
func newSlowClock(seed byte) *clock.Clock {
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	ms := int64(1_750_000_000_000)
	return clock.New(func() time.Time {
		ms += r.Int64N(3 * 60 * 60 * 1000)
		return time.UnixMilli(ms)
	}, newSeeded(seed))
}

func newID(c *clock.Clock) studio.ID { return studio.ID(c.NewID()) }

// doubled answers calls with functions that a test sets.
type doubled struct {
	hello func(context.Context, wire.HelloRequest) (wire.HelloReply, error)
	push  func(context.Context, wire.PushRequest) (wire.PushReply, error)
	pull  func(context.Context, wire.PullRequest) (wire.PullReply, error)
	wait  func(context.Context, wire.WaitRequest) (wire.WaitReply, error)
	have  func(context.Context, wire.HaveRequest) (wire.HaveReply, error)
	probe func(context.Context, wire.ProbeRequest) (wire.ProbeReply, error)
	found func(context.Context, wire.FoundRequest) (wire.FoundReply, error)

	witness func(context.Context, wire.WitnessRequest) (wire.WitnessReply, error)
	deposit func(context.Context, wire.DepositRequest) (wire.DepositReply, error)
}

func (d *doubled) Witness(ctx context.Context, q wire.WitnessRequest) (wire.WitnessReply, error) {
	return d.witness(ctx, q)
}

func (d *doubled) Deposit(ctx context.Context, q wire.DepositRequest) (wire.DepositReply, error) {
	return d.deposit(ctx, q)
}

func (d *doubled) Hello(ctx context.Context, q wire.HelloRequest) (wire.HelloReply, error) {
	return d.hello(ctx, q)
}

func (d *doubled) Push(ctx context.Context, q wire.PushRequest) (wire.PushReply, error) {
	return d.push(ctx, q)
}

func (d *doubled) Pull(ctx context.Context, q wire.PullRequest) (wire.PullReply, error) {
	return d.pull(ctx, q)
}

func (d *doubled) WaitForHead(ctx context.Context, q wire.WaitRequest) (wire.WaitReply, error) {
	return d.wait(ctx, q)
}

func (d *doubled) Have(ctx context.Context, q wire.HaveRequest) (wire.HaveReply, error) {
	return d.have(ctx, q)
}

func (d *doubled) Found(ctx context.Context, q wire.FoundRequest) (wire.FoundReply, error) {
	return d.found(ctx, q)
}

func (d *doubled) Probe(ctx context.Context, q wire.ProbeRequest) (wire.ProbeReply, error) {
	return d.probe(ctx, q)
}

// counted counts what passes over a connection, both ways.
type counted struct {
	net.Conn
	up, down *atomic.Int64
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.down.Add(int64(n))
	return n, err
}

func (c counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.up.Add(int64(n))
	return n, err
}

// serveTLS serves impl over TLS with HTTP/2 and returns its address and a client that trusts it.
func serveTLS(t testing.TB, impl wire.Sync, opts wire.HandlerOptions, token string) (*httptest.Server, *wire.Client) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(wire.NewHandler(impl, opts))
	server := httptest.NewUnstartedServer(mux)
	server.Config.Protocols = wire.Protocols()
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	trusting, err := wire.NewHTTPClient(server.URL, server.Client().Transport.(*http.Transport).TLSClientConfig)
	require.NoError(t, err)
	t.Cleanup(trusting.CloseIdleConnections)
	return server, wire.NewClient(trusting, server.URL, func() string { return token })
}

// serveLoopback serves a handler without TLS.
func serveLoopback(t testing.TB, h http.Handler) (*httptest.Server, *wire.Client) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.Protocols = wire.Protocols()
	server.Config.ErrorLog = nil
	server.Start()
	t.Cleanup(server.Close)
	c, err := wire.NewHTTPClient(server.URL, nil)
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return server, wire.NewClient(c, server.URL, func() string { return "" })
}
