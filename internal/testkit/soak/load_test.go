package soak_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/clock"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

var (
	loadSeconds  = flag.Int("load.seconds", 2, "how long the studio is under load")
	loadRate     = flag.Float64("load.rate", 50, "changes a second, in all projects together")
	loadProjects = flag.Int("load.projects", 2, "projects")
	loadClients  = flag.Int("load.clients", 5, "clients of each project")
	loadGate     = flag.Duration("load.gate", 0, "the p99 until another client has a change must not be above; 0: any may be")
)

const loadMemoryMax = 500 // MiB of the server, where there is a gate

const loadPeople = 5 // of each project: each has several devices

// TestLoad runs clients of several projects against one real studio: each waits for news and pulls them, and now and then one
// makes a change. Every change reaches every other client of its project, each once, and none fails. With the flags of
// build/bench load it is the load of a studio; as it is, it shows that the driver works.
func TestLoad(t *testing.T) {
	h := build(t, []string{"pia", "ana", "ben", "cy", "dee"}[:loadPeople], nil)
	require.NoError(t, h.serve())
	l := &load{t: t, house: h, clock: clock.System(), made: map[studio.OpID]time.Time{}}
	defer func() { require.NoError(t, h.stop(syscall.SIGTERM)) }()
	l.projects()
	l.join()
	l.run()
	l.report()
}

// load is many clients at one studio.
type load struct {
	t       *testing.T
	house   *house
	clock   *clock.Clock
	tokens  []string
	films   []studio.ProjectID
	clients []*loadClient

	mu    sync.Mutex
	made  map[studio.OpID]time.Time // when each change was begun
	took  []time.Duration           // until another client had it
	acks  []time.Duration           // until it was acknowledged
	fails []error
	seen  atomic.Int64
}

// loadClient is one device: its connection, and where it stands.
type loadClient struct {
	l     *load
	calls *wire.Client
	film  studio.ProjectID
	id    studio.ID
	task  studio.AssetID

	mu         sync.Mutex // one push at a time
	n          uint64
	generation wire.Generation
	cookie     wire.Cookie
}

// projects makes the films: pia's, with everyone in them.
func (l *load) projects() {
	pia := l.house.people[0]
	for i := range *loadProjects {
		root := filepath.Join(l.house.dir, "films", fmt.Sprintf("film_%d", i))
		require.NoError(l.t, pia.at(l.house.dir, "init", root, "--name", fmt.Sprintf("Film %d", i)))
		for _, p := range l.house.people[1:] {
			require.NoError(l.t, pia.at(root, "member", "add", p.name, "--role", "Supervisor"))
		}
		require.NoError(l.t, pia.at(root, "new", "shot.blend", "--task"))
		require.NoError(l.t, pia.at(root, "publish", pia.door, "--yes"))
	}
}

// join signs everyone in and gives each project its clients, which stand at its head.
func (l *load) join() {
	url := "http://" + l.house.listen
	for _, p := range l.house.people {
		httpClient, err := wire.NewHTTPClient(url, nil)
		require.NoError(l.t, err)
		in, err := wire.NewStudio(httpClient, url, func() string { return "" }).SignIn(l.t.Context(),
			wire.SignInRequest{Username: p.name, Password: password, Device: "load"})
		require.NoError(l.t, err)
		l.tokens = append(l.tokens, in.Token)
	}
	httpClient, err := wire.NewHTTPClient(url, nil)
	require.NoError(l.t, err)
	all, err := wire.NewStudio(httpClient, url, func() string { return l.tokens[0] }).Projects(l.t.Context())
	require.NoError(l.t, err)
	for _, p := range all.Projects {
		id, err := studio.ParseID(p.ID)
		require.NoError(l.t, err)
		if p.Name != "Film" { // the house's own
			l.films = append(l.films, studio.ProjectID{ID: id})
		}
	}
	require.Len(l.t, l.films, *loadProjects)
	for _, film := range l.films {
		for i := range *loadClients {
			httpClient, err := wire.NewHTTPClient(url, nil)
			require.NoError(l.t, err)
			token := l.tokens[i%len(l.tokens)]
			c := &loadClient{l: l, film: film, id: l.clock.NewID(), calls: wire.NewClient(httpClient, url, func() string { return token })}
			require.NoError(l.t, c.join(l.t.Context()))
			l.clients = append(l.clients, c)
		}
	}
}

func (c *loadClient) join(ctx context.Context) error {
	hello, err := c.calls.Hello(ctx, wire.HelloRequest{Project: c.film, Client: c.id, Device: "load", Proto: wire.Proto})
	if err != nil {
		return err
	}
	c.generation = hello.Generation
	reply, err := c.calls.Pull(ctx, wire.PullRequest{Project: c.film, Client: c.id, Part: wire.PartRows})
	if err != nil {
		return err
	}
	c.stands(reply.Head)
	for _, r := range reply.Rows {
		if row, err := studio.DecodeRow(r.Table, r.Bytes); err == nil {
			if a, ok := row.(studio.Asset); ok {
				c.task = a.ID
			}
		}
	}
	return nil
}

func (c *loadClient) stands(head wire.Signed) {
	c.cookie = wire.Cookie{Generation: head.Generation, Seq: head.Seq, Chain8: [8]byte(head.Chain[:8])}
}

// run lets everyone listen, and makes changes at the rate that is asked for, whether or not those before are through.
func (l *load) run() {
	ctx, stop := context.WithCancel(l.t.Context())
	var listening, making sync.WaitGroup
	for _, c := range l.clients {
		listening.Go(func() { c.listen(ctx) })
	}
	rng := rand.New(rand.NewPCG(*soakSeed, 1))
	end := time.Now().Add(time.Duration(*loadSeconds) * time.Second)
	for next := time.Now(); next.Before(end); next = next.Add(time.Duration(rng.ExpFloat64() / *loadRate * float64(time.Second))) {
		time.Sleep(time.Until(next))
		c := l.clients[rng.IntN(len(l.clients))]
		making.Go(func() { c.change(l.t.Context()) })
	}
	making.Wait()
	for wait := time.Now().Add(patienceMax); l.seen.Load() < l.expected() && time.Now().Before(wait); {
		time.Sleep(20 * time.Millisecond)
	}
	stop()
	listening.Wait()
}

// expected is how often changes must have been seen: each by all clients of its project.
func (l *load) expected() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.made) * *loadClients)
}

// listen waits for news and pulls them, until ctx ends.
func (c *loadClient) listen(ctx context.Context) {
	for ctx.Err() == nil {
		reply, err := c.calls.WaitForHead(ctx, wire.WaitRequest{Project: c.film, Client: c.id, Seq: c.cookie.Seq, Cookie: c.cookie})
		switch {
		case err == nil && reply.News != nil:
			c.l.saw(c, reply.News.Events)
			c.stands(reply.News.Head)
		case err == nil && reply.HeadSeq > c.cookie.Seq:
			err = c.pull(ctx)
		}
		if err != nil && ctx.Err() == nil {
			c.l.failed(err)
			return
		}
	}
}

func (c *loadClient) pull(ctx context.Context) error {
	q := wire.PullRequest{Project: c.film, Client: c.id, Cookie: c.cookie}
	for {
		reply, err := c.calls.Pull(ctx, q)
		if err != nil {
			return err
		}
		c.l.saw(c, reply.Events)
		if q.Page = reply.NextPage; len(q.Page) == 0 {
			c.stands(reply.Head)
			return nil
		}
	}
}

func (l *load) saw(c *loadClient, events []studio.Event) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, ev := range events {
		began, ours := l.made[ev.Op]
		if !ours {
			continue
		}
		l.seen.Add(1)
		if ev.Client != c.id {
			l.took = append(l.took, now.Sub(began))
		}
	}
}

// change makes one change and waits for its verdict.
func (c *loadClient) change(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	op := studio.Op{ID: studio.OpID{ID: c.l.clock.NewID()}, Kind: studio.KindNoteAdd, Entity: c.task.ID, MadeHybrid: c.l.clock.Hybrid(),
		Body: &studio.NoteBody{Note: studio.NoteID{ID: c.l.clock.NewID()}, Text: "hold the pose two frames longer"}}
	began := time.Now()
	c.l.mu.Lock()
	c.l.made[op.ID] = began
	c.l.mu.Unlock()
	c.n++
	reply, err := c.calls.Push(ctx, wire.PushRequest{Project: c.film, Client: c.id, Generation: c.generation, Ops: []wire.Op{wire.OpOf(c.n, op)}})
	if err == nil && (len(reply.Outcomes) != 1 || reply.Outcomes[0].Verdict != studio.Applied) {
		err = fmt.Errorf("a note: %+v", reply)
	}
	if err != nil {
		c.l.failed(err)
		return
	}
	c.l.mu.Lock()
	c.l.acks = append(c.l.acks, time.Since(began))
	c.l.mu.Unlock()
}

func (l *load) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fails = append(l.fails, err)
}

var hwm = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

func (l *load) report() {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", l.house.served.pid))
	require.NoError(l.t, err)
	memory := 0
	if found := hwm.FindSubmatch(status); found != nil {
		memory, _ = strconv.Atoi(string(found[1]))
	}
	require.NoError(l.t, errors.Join(l.fails...))
	require.NotEmpty(l.t, l.made)
	require.Equal(l.t, l.expected(), l.seen.Load(), "every change reaches every client, once")
	at := func(d []time.Duration, p float64) time.Duration {
		slices.Sort(d)
		return d[min(int(float64(len(d))*p), len(d)-1)].Round(100 * time.Microsecond)
	}
	l.t.Logf("%d projects of %d clients, %d s: %d changes, %.0f durable accepts a second, acknowledged p50 %s p99 %s, "+
		"at another client p50 %s p99 %s, server %d MiB", *loadProjects, *loadClients, *loadSeconds, len(l.made),
		float64(len(l.acks))/float64(*loadSeconds), at(l.acks, 0.5), at(l.acks, 0.99), at(l.took, 0.5), at(l.took, 0.99), memory/1024)
	if *loadGate > 0 {
		require.LessOrEqual(l.t, at(l.took, 0.99), *loadGate)
		require.LessOrEqual(l.t, memory/1024, loadMemoryMax)
	}
}
