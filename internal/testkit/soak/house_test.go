// Package soak_test runs the real program as people and a studio run it, breaks it, and looks for what was lost: faults of
// the disk and kills (TestServerFaults), a network that is cut, slow and half dead (TestPartitions). Without a binary of
// its own (-soak.binary) the test binary is the program. build/soak runs it for long.
package soak_test

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/shell"
)

const (
	asProgram   = "FRAMEHOLD_TEST_PROGRAM" // the test binary is the program then
	password    = "a long password"
	patienceMax = 2 * time.Minute // for anything that must come: a machine may be slow
	shots       = 6
)

var (
	soakSeed = flag.Uint64("soak.seed", 1, "the first world's seed; each world has the next one")
	soakJobs = flag.Int("soak.jobs", 1, "worlds at once")
	soakKeep = flag.String("soak.keep", "", "a folder that a world which failed is copied into")
	soakBin  = flag.String("soak.binary", "", "the program, as it ships; none: this test binary")
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(shell.Run(embed.FS{}, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// house is a studio and its people, each with a home and a working folder of their own, at one place of the disk. It can be
// put back to how it was built.
type house struct {
	dir, kept string
	binary    string
	listen    string
	served    *process
	people    []*person
}

// person is someone at their computer.
type person struct {
	h          *house
	name, root string
	door       string // where the studio is met by them
}

// build makes a house: a film of pia's, published, of which the others have copies; ana and ben have tasks. door gives each
// person the address at which they meet the studio, when it is another than the studio's own.
func build(t *testing.T, people []string, door func(name, listen string) string) *house {
	t.Helper()
	top := t.TempDir()
	h := &house{dir: filepath.Join(top, "live"), kept: filepath.Join(top, "kept"), binary: *soakBin, listen: freePort(t)}
	if h.binary == "" {
		var err error
		h.binary, err = os.Executable()
		require.NoError(t, err)
	}
	require.NoError(t, os.MkdirAll(filepath.Join(h.dir, "films"), 0o755))
	for _, name := range people {
		p := &person{h: h, name: name, root: filepath.Join(h.dir, "films", name), door: "http://" + h.listen}
		if door != nil {
			p.door = "http://" + door(name, h.listen)
		}
		h.people = append(h.people, p)
	}
	require.NoError(t, h.found())
	require.NoError(t, exec.Command("cp", "-a", h.dir, h.kept).Run())
	return h
}

// freePort is an address that nobody listens on. Another could take it meanwhile: it is asked for again and again later.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	return ln.Addr().String()
}

func (h *house) found() error {
	pia := h.people[0]
	if _, err := h.studio("init", "--admin", pia.name, "--password-stdin"); err != nil {
		return err
	}
	for _, p := range h.people[1:] {
		if _, err := h.studio("user", "add", p.name, "--password-stdin"); err != nil {
			return err
		}
	}
	if err := h.serve(); err != nil {
		return err
	}
	for _, p := range h.people {
		if err := errors.Join(p.at(h.dir, "profile", "--username", p.name), p.at(h.dir, "login", p.door, "--username", p.name, "--password-stdin")); err != nil {
			return err
		}
	}
	if err := pia.at(h.dir, "init", pia.root, "--name", "Film"); err != nil {
		return err
	}
	for i := range shots {
		if err := pia.write(shot(i), []byte(fmt.Sprintf("the first of %d", i))); err != nil {
			return err
		}
	}
	errs := []error{}
	for _, p := range h.people[1:] {
		errs = append(errs, pia.at(pia.root, "member", "add", p.name, "--role", "Supervisor"))
	}
	for i := range shots { // two of each, two of nobody's
		args := []string{"add", shot(i), "--task", "-m", "first"}
		if who := i / 2; who < 2 {
			args = append(args, "--assign", h.people[1+who].name)
		}
		errs = append(errs, pia.at(pia.root, args...))
	}
	errs = append(errs, pia.at(pia.root, "publish", pia.door, "--yes"))
	for _, p := range h.people[1:] {
		errs = append(errs, p.at(h.dir, "clone", p.door+"/Film", p.root), p.at(p.root, "fetch", shot(0), shot(1), shot(2), shot(3)))
	}
	return errors.Join(append(errs, h.stop(syscall.SIGTERM))...)
}

func shot(i int) string { return fmt.Sprintf("shot_%d.blend", i) }

// reset puts the house back to how it was built. Nothing runs in it then.
func (h *house) reset() error {
	if err := os.RemoveAll(h.dir); err != nil {
		return err
	}
	return exec.Command("cp", "-a", h.kept, h.dir).Run()
}

func (h *house) data() string { return filepath.Join(h.dir, "studio") }

// command is the program with args in a folder, as the person of a home.
func (h *house) command(home, dir string, wrap []string, args ...string) *exec.Cmd {
	all := append(append(append([]string{}, wrap...), h.binary), args...)
	cmd := exec.Command(all[0], all[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asProgram+"=1", "FRAMEHOLD_HOME="+home, "NO_COLOR=1")
	if wrap != nil {
		cmd.Env = append(cmd.Env, "GOMAXPROCS=1") // a tracer counts calls by thread: the fewer threads, the surer it fires
	}
	return cmd
}

// studio runs a command of the studio's to its end.
func (h *house) studio(args ...string) ([]byte, error) {
	cmd := h.command(filepath.Join(h.dir, "nobody"), h.dir, nil, append([]string{"studio"}, append(args, "--data", h.data())...)...)
	r := finish(cmd)
	return r.out, r.failure(0)
}

// result is how a run of the program ended.
type result struct {
	args []string
	out  []byte
	errs []byte
	exit int // -1: a signal ended it
}

func finish(cmd *exec.Cmd) result {
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(password+"\n"), &out, &errs
	err := cmd.Run()
	r := result{args: cmd.Args, out: out.Bytes(), errs: errs.Bytes(), exit: cmd.ProcessState.ExitCode()}
	if cmd.ProcessState == nil {
		r.exit, r.errs = -1, []byte(err.Error())
	}
	return r
}

// failure says that a run did not end as one of those.
func (r result) failure(exits ...int) error {
	for _, exit := range exits {
		if r.exit == exit {
			return nil
		}
	}
	return fmt.Errorf("%s: exit %d\n%s%s", strings.Join(r.args, " "), r.exit, r.out, r.errs)
}

func (p *person) home() string { return filepath.Join(p.h.dir, "homes", p.name) }

// at runs a command to its end in a folder; it must succeed.
func (p *person) at(dir string, args ...string) error {
	return finish(p.h.command(p.home(), dir, nil, args...)).failure(0)
}

// run runs a command with --json in the person's working folder.
func (p *person) run(wrap []string, args ...string) result {
	return finish(p.h.command(p.home(), p.root, wrap, append(args, "--json")...))
}

func (p *person) write(name string, content []byte) error {
	if err := os.MkdirAll(p.root, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.root, name), content, 0o644)
}

// process is a server that runs, maybe below a tracer, until it is ended.
type process struct {
	cmd   *exec.Cmd
	pid   int // of the program itself
	ended chan struct{}
	errs  *bytes.Buffer // to be read when it has ended
}

// start runs a server and waits for its first line; line is "" when it ended before.
func start(cmd *exec.Cmd, traced bool) (p *process, line string, err error) {
	p = &process{cmd: cmd, ended: make(chan struct{}), errs: &bytes.Buffer{}}
	out, w, err := os.Pipe()
	if err != nil {
		return nil, "", err
	}
	cmd.Stdout, cmd.Stderr = w, p.errs
	if err := errors.Join(cmd.Start(), w.Close()); err != nil {
		return nil, "", errors.Join(err, out.Close())
	}
	r := bufio.NewReader(out)
	line, _ = r.ReadString('\n')
	p.pid = cmd.Process.Pid
	if traced {
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", p.pid, p.pid)) // gone when it has ended
		p.pid = 0
		_, _ = fmt.Sscan(string(children), &p.pid)
	}
	go func() {
		defer close(p.ended)
		_, _ = r.WriteTo(&bytes.Buffer{})
		_ = errors.Join(cmd.Wait(), out.Close())
	}()
	return p, strings.TrimSpace(line), nil
}

// signal sends the program a signal, when it still runs.
func (p *process) signal(s syscall.Signal) {
	select {
	case <-p.ended:
	default:
		if p.pid > 0 {
			_ = syscall.Kill(p.pid, s)
		}
	}
}

// end ends it and waits.
func (p *process) end(s syscall.Signal) error {
	p.signal(s)
	select {
	case <-p.ended:
		return nil
	case <-time.After(patienceMax):
		p.signal(syscall.SIGKILL)
		return fmt.Errorf("%s did not end", strings.Join(p.cmd.Args, " "))
	}
}

// serve starts the studio.
func (h *house) serve() error {
	p, err := h.serveUnder(nil)
	if err == nil && p == nil {
		err = errors.New("the studio did not start")
	}
	return err
}

// serveUnder starts the studio below a tracer; nil, when it ended before it served.
func (h *house) serveUnder(wrap []string) (*process, error) {
	cmd := h.command(filepath.Join(h.dir, "nobody"), h.dir, wrap, "studio", "serve", "--quiet", "--json", "--data", h.data(), "--listen", h.listen)
	p, line, err := start(cmd, wrap != nil)
	if err != nil {
		return nil, err
	}
	if line == "" {
		<-p.ended
		if wrap == nil {
			return nil, fmt.Errorf("studio serve: %s", p.errs)
		}
		return nil, nil
	}
	h.served = p
	return p, nil
}

// stop ends the studio, when it runs.
func (h *house) stop(s syscall.Signal) error {
	p := h.served
	if p == nil {
		return nil
	}
	h.served = nil
	return p.end(s)
}

// check runs framehold studio check.
func (h *house) check() error {
	out, err := h.studio("check", "--json")
	if err != nil {
		return err
	}
	var said struct{ OK bool }
	if err := json.Unmarshal(out, &said); err != nil || !said.OK {
		return fmt.Errorf("studio check: %s", out)
	}
	return nil
}

// verify proves a person's store.
func (p *person) verify() error {
	r := p.run(nil, "verify")
	var said struct{ OK bool }
	if err := json.Unmarshal(r.out, &said); err != nil || !said.OK {
		return fmt.Errorf("%s: verify: exit %d %s%s", p.name, r.exit, r.out, r.errs)
	}
	return nil
}

// sync sends what waits, and tells what still does.
func (p *person) sync() error {
	r := p.run(nil, "sync")
	if err := r.failure(0, 4); err != nil {
		return err
	}
	var said struct{ Unsent int }
	if err := json.Unmarshal(r.out, &said); err != nil || said.Unsent != 0 {
		return fmt.Errorf("%s: sync left %d unsent: %s", p.name, said.Unsent, r.out)
	}
	return nil
}

// worlds runs a world for each seed, in one of the houses, until enough says so or one fails.
func worlds(t *testing.T, houses []*house, enough func() bool, one func(h *house, seed uint64) error) {
	t.Helper()
	var mu sync.Mutex
	next, failed := *soakSeed, error(nil)
	var wg sync.WaitGroup
	for _, h := range houses {
		wg.Go(func() {
			for {
				mu.Lock()
				seed := next
				stop := failed != nil || enough()
				next++
				mu.Unlock()
				if stop {
					return
				}
				if err := errors.Join(h.reset(), one(h, seed)); err != nil {
					if *soakKeep != "" {
						err = errors.Join(err, exec.Command("cp", "-a", h.dir, filepath.Join(*soakKeep, fmt.Sprint("world-", seed))).Run())
					}
					mu.Lock()
					failed = errors.Join(failed, fmt.Errorf("world %d: %w", seed, err))
					mu.Unlock()
				}
				_ = h.stop(syscall.SIGKILL)
			}
		})
	}
	wg.Wait()
	require.NoError(t, failed, "a failing world is run again with -soak.seed")
	t.Logf("the next seed is %d", next-uint64(len(houses)))
}
