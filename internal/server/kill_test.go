package server_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/auth"
	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/server"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const (
	serveHere  = "FRAMEHOLD_TEST_SERVE" // the data folder: the test binary is a server then
	killCycles = 4
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveHere); dir != "" {
		o := server.Options{Dir: dir, FS: fsys.Real(), Clock: clock.System(), Passwords: auth.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}}
		err := server.Serve(context.Background(), o, "127.0.0.1:0", "", "", func(p server.Place) { fmt.Println(p.Server) })
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// process starts a server as a process of its own; kill ends it as a power cut would end a process.
func (s *stage) process() (kill func()) {
	s.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveHere+"="+s.o.Dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(s.t, err)
	s.url = line[:len(line)-1]
	s.http, err = wire.NewHTTPClient(s.url, nil)
	require.NoError(s.t, err)
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		s.http.CloseIdleConnections()
	})
	s.t.Cleanup(kill)
	return kill
}

// A server that is killed while many push and upload has everything that it acknowledged, and is whole.
func TestAServerThatIsKilledLosesNothing(t *testing.T) {
	c := newCrew(t)
	c.stop()
	acked, sent := map[studio.OpID]uint64{}, map[studio.Hash]bool{}
	var mu sync.Mutex
	for cycle := range killCycles {
		kill := c.process()
		var wg sync.WaitGroup
		var begun sync.WaitGroup
		for i := range 4 {
			p := c.login("ana")
			p.hello(c.film.id)
			begun.Add(1)
			wg.Go(func() {
				for n := uint64(1); ; n++ {
					op := p.note(c.film.shots[1], "x")
					reply, err := p.wire().Push(t.Context(), wire.PushRequest{Project: c.film.id, Client: p.client, Generation: c.generation,
						Ops: []wire.Op{wire.OpOf(n, op)}})
					if n == 20 || err != nil && n < 20 {
						begun.Done()
					}
					if err != nil {
						return
					}
					mu.Lock()
					acked[op.ID] = reply.Outcomes[0].Seq
					mu.Unlock()
				}
			})
			wg.Go(func() {
				for n := range byte(16) {
					content := newFile(200_000, byte(cycle)*64+byte(i)*16+n)
					if status, err := p.try(c.film.id, content.bytes()); err != nil || status != 200 {
						return
					}
					mu.Lock()
					for _, h := range content.hashes() {
						sent[h] = true
					}
					mu.Unlock()
				}
			})
		}
		begun.Wait()
		kill()
		wg.Wait()
	}
	c.process()
	ana := c.login("ana")
	ana.hello(c.film.id)
	found := map[studio.OpID]uint64{}
	for _, ev := range ana.pullAll(c.film.id) {
		found[ev.Op] = ev.Seq
	}
	require.Greater(t, len(acked), 4*killCycles*10)
	for op, seq := range acked {
		require.Equal(t, seq, found[op])
	}
	c.data(func(d *server.Studio) {
		checked, err := d.Check(t.Context())
		require.NoError(t, err)
		require.Empty(t, checked[0].Problems)
		require.GreaterOrEqual(t, checked[0].Chunks+checked[0].Manifests, len(sent))
	})
}

func (p *person) pullAll(project studio.ProjectID) (events []studio.Event) {
	q := wire.PullRequest{Project: project, Client: p.client}
	for {
		reply, err := p.wire().Pull(p.s.t.Context(), q)
		require.NoError(p.s.t, err)
		events = append(events, reply.Events...)
		if q.Page = reply.NextPage; q.Page == nil {
			return events
		}
	}
}
