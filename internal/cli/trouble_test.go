package cli_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/auth"
	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/server"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// trouble is ana's desk in a project of a studio to which everything happens that happens to studios.
type trouble struct {
	*desk
	o      server.Options
	place  server.Place
	full   atomic.Bool  // the studio's disk
	years  atomic.Int64 // that the studio's clock is ahead
	stop   func()
	n      int
	unsent int // checkpoints that wait
}

func inTrouble(t *testing.T) *trouble {
	t.Helper()
	x := &trouble{desk: newDesk(t).typed("correct horse battery\n")}
	x.o = server.Options{Dir: filepath.Join(t.TempDir(), "studio"), FS: fsys.Real(), Clock: later(&x.years),
		Passwords: auth.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}, CommitFault: func() error {
			if x.full.Load() {
				return syscall.ENOSPC
			}
			return nil
		}}
	require.NoError(t, server.Init(context.Background(), x.o, server.Admin{Username: "ana", Password: "correct horse battery"}))
	x.serve("127.0.0.1:0", "")
	x.ok("login", x.place.Link(), "--password-stdin")
	x.ok("init")
	x.write("a.blend", "one")
	x.ok("add", "a.blend", "--task", "--assign", "ana", "-m", "first")
	x.says(2, "invalid_link", "no address of a studio", "publish", "not-a-url")
	x.ok("publish", x.place.Server, "--yes")
	return x
}

func later(years *atomic.Int64) *clock.Clock {
	return clock.New(func() time.Time { return time.Now().AddDate(int(years.Load()), 0, 0) }, rand.Reader)
}

// serve serves the studio, with a certificate of its own when it is told where that is.
func (x *trouble) serve(address, certificate string) {
	x.t.Helper()
	x.close()
	s, err := server.Open(context.Background(), x.o)
	require.NoError(x.t, err)
	ln, err := server.Listen(context.Background(), address)
	require.NoError(x.t, err)
	files := auth.CertificateFiles{}
	if certificate != "" {
		files = auth.CertificateIn(certificate)
	}
	config, err := s.TLS(files, ln.Addr())
	require.NoError(x.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan server.Place, 1), make(chan error, 1)
	go func() { ended <- s.Run(ctx, ln, config, func(p server.Place) { ready <- p }) }()
	x.place = <-ready
	x.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(x.t, <-ended)
		require.NoError(x.t, s.Close())
	})
	x.t.Cleanup(x.stop)
}

func (x *trouble) close() {
	if x.stop != nil {
		x.stop()
	}
}

func (x *trouble) address() string {
	u, err := url.Parse(x.place.Server)
	require.NoError(x.t, err)
	return u.Host
}

// says wants one sentence of an error, with its code and exit code.
func (x *trouble) says(exit int, code, sentence string, args ...string) {
	x.t.Helper()
	x.refused(exit, code, args...)
	message, hint := x.errorOf(exit, args...)
	require.Contains(x.t, message, sentence)
	require.NotEmpty(x.t, hint)
}

// goesOn works here, whatever is with the studio.
func (x *trouble) goesOn() {
	x.t.Helper()
	x.n++
	x.write("a.blend", strings.Repeat("more ", x.n))
	made := x.ok("checkpoint", "a.blend", "-m", "on", "--json").json()["checkpoints"].([]any)[0].(map[string]any)
	require.Equal(x.t, "local", made["state"])
	require.InDelta(x.t, x.unsent+1, x.ok("tasks", "--json").json()["tasks"].([]any)[0].(map[string]any)["unsent"], 0)
	x.unsent++
	require.Contains(x.t, x.ok("tasks").out, made["label"], "and is listed")
	x.ok("note", "a.blend", "hold the pose")
}

// isSent sends what was made meanwhile.
func (x *trouble) isSent() {
	x.t.Helper()
	x.ok("sync")
	head := x.ok("tasks", "--json").json()["tasks"].([]any)[0].(map[string]any)["head"]
	require.InDelta(x.t, 1+x.n, head, 0)
	x.unsent = 0
	require.InDelta(x.t, 0, x.ok("tasks", "--json").json()["tasks"].([]any)[0].(map[string]any)["unsent"], 0)
	require.Equal(x.t, true, x.ok("verify", "--json").json()["ok"])
}

func TestTroubleWithAWrongPassword(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	for _, who := range []string{"ana", "nobody"} {
		wrong := x.typed("wrong horse battery\n")
		message, _ := wrong.errorOf(3, "login", x.place.Server, "--username", who, "--password-stdin")
		require.Equal(t, "Wrong password, or there is no account "+who+".", message, "one sentence for both, which names who was meant")
		wrong.refused(3, "bad_credentials", "login", x.place.Server, "--username", who, "--password-stdin")
	}
	x.goesOn()
	x.isSent() // the session that was there still is
}

func TestTroubleWithPublishingTwice(t *testing.T) {
	x := inTrouble(t)
	x.ok("publish", x.place.Server, "--yes")
	x.goesOn()
	x.ok("publish", x.place.Server, "--yes")
	x.isSent()
	here := x.place
	x.o.Dir = filepath.Join(t.TempDir(), "another")
	require.NoError(t, server.Init(context.Background(), x.o, server.Admin{Username: "ana", Password: "correct horse battery"}))
	x.serve("127.0.0.1:0", "")
	x.ok("login", x.place.Link(), "--password-stdin")
	x.says(3, "published", "is a project of "+here.Server+" already", "publish", x.place.Server, "--yes")
}

func TestAStudiosProjectIsCarriedAsOneFile(t *testing.T) {
	x := inTrouble(t)
	file := filepath.Join(t.TempDir(), "mine.framehold")
	ben := x.as("ben")
	ben.dir = filepath.Join(t.TempDir(), "film")
	x.ok("studio", "user", "add", "ben", "--data", x.o.Dir, "--password-stdin")
	x.ok("member", "add", "ben", "--role", "Supervisor")
	x.ok("sync")
	ben.ok("login", x.place.Link(), "--username", "ben", "--password-stdin")
	ben.ok("clone", x.place.Server+"/film", ben.dir)
	ben.write("b.blend", "mine alone")
	ben.ok("add", "b.blend", "--task", "--assign", "ben")
	x.close()
	ben.ok("export", file) // with files of others that were never fetched
	ben.dir = filepath.Join(t.TempDir(), "again")
	require.NoError(t, os.MkdirAll(ben.dir, 0o755))
	ben.ok("import", file, ".")
	ben.ok("restore", "b.blend")
	require.Equal(t, "mine alone", ben.read("b.blend"))
	stranger := x.as("dana")
	stranger.dir = t.TempDir()
	for range 2 { // the second time nothing is in the way either
		stranger.refused(3, "not_member", "import", file, "again")
	}
	require.NoFileExists(t, filepath.Join(stranger.dir, "again", ".framehold"))
	left, err := filepath.Glob(filepath.Join(x.homes, "dana", "stores", "*"))
	require.NoError(t, err)
	require.Empty(t, left, "no copy of a store that no folder knows")
	require.Equal(t, true, ben.ok("verify", "--json").json()["ok"])
}

func TestAFileThatTheStudioDoesNotGiveIsNamed(t *testing.T) {
	x := inTrouble(t)
	x.ok("studio", "user", "add", "ben", "--data", x.o.Dir, "--password-stdin")
	x.ok("member", "add", "ben")
	x.ok("sync")
	ben := x.as("ben")
	ben.dir = filepath.Join(t.TempDir(), "film")
	ben.ok("login", x.place.Link(), "--username", "ben", "--password-stdin")
	ben.ok("clone", x.place.Server+"/film", ben.dir)
	message, _ := ben.errorOf(3, "fetch", "a.blend")
	require.Equal(t, "The studio does not give you this file: a.blend.", message)
}

func TestAFileIsTheAssetsAfterAnotherRenamedIt(t *testing.T) {
	x := inTrouble(t)
	x.ok("studio", "user", "add", "ben", "--data", x.o.Dir, "--password-stdin")
	x.ok("member", "add", "ben")
	x.ok("mkdir", "done")
	x.ok("assign", "a.blend", "--to", "ben")
	x.ok("sync")
	ben := x.as("ben")
	ben.dir = filepath.Join(t.TempDir(), "film")
	ben.ok("login", x.place.Link(), "--username", "ben", "--password-stdin")
	ben.ok("clone", x.place.Server+"/film", ben.dir)
	ben.ok("fetch", "a.blend")
	ben.write("a.blend", "of ben's evening")
	x.ok("rename", "a.blend", "b.blend")
	x.ok("move", "b.blend", "done")
	x.ok("trash", "done/b.blend")
	x.ok("sync")
	ben.ok("sync")
	x.ok("untrash", "done/b.blend")
	x.ok("sync")
	ben.ok("sync")
	files := ben.ok("files", "--json").json()["files"].([]any)
	require.Len(t, files, 1, "neither untracked nor missing")
	require.Equal(t, "modified", files[0].(map[string]any)["state"])
	require.Equal(t, "of ben's evening", ben.read("a.blend"), "nothing moves on a disk behind the person's back")
	ben.ok("checkpoint", "done/b.blend", "-m", "evening")
	ben.ok("sync")
	require.InDelta(t, 2, first(t, ben.ok("tasks", "--json").json(), "tasks")["head"], 0)
	require.Equal(t, "normal", first(t, ben.ok("files", "--json").json(), "files")["state"])
}

func TestTroubleWithAWrongServer(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	address := x.address()
	stranger := func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<h1>Sign in to the hotel</h1>")) }
	old := httptest.NewServer(http.HandlerFunc(stranger))
	defer old.Close()
	x.says(6, "unreachable", "cannot be reached", "login", old.URL, "--password-stdin") // it does not even speak HTTP/2
	x.says(6, "unreachable", "cannot be reached", "login", "http://127.0.0.1:1", "--password-stdin")
	x.says(2, "invalid_link", "not a link", "login", "http://studio.example", "--password-stdin")
	x.close()
	for _, answer := range []http.HandlerFunc{stranger, http.NotFound} {
		ln, err := server.Listen(context.Background(), address)
		require.NoError(t, err)
		other := &http.Server{Handler: answer, Protocols: wire.Protocols()}
		ended := make(chan error, 1)
		go func() { ended <- other.Serve(ln) }()
		x.says(6, "unreachable", "is no studio", "login", x.place.Server, "--password-stdin")
		x.refused(6, "unreachable", "sync")
		require.NoError(t, other.Close())
		<-ended
	}
	x.goesOn()
	first := x.o
	x.o.Dir = filepath.Join(t.TempDir(), "another")
	require.NoError(t, server.Init(context.Background(), x.o, server.Admin{Username: "ana", Password: "correct horse battery"}))
	x.serve(address, "")
	x.says(3, "unauthenticated", "work here is safe", "sync")
	x.ok("login", x.place.Server, "--password-stdin")
	x.says(3, "not_member", "You are not in film", "sync")
	x.goesOn()
	x.o = first
	x.serve(address, "")
	x.ok("login", x.place.Server, "--password-stdin")
	x.isSent()
}

// otherVersion stands before the studio as one of another version.
func (x *trouble) otherVersion(alter func(wire.HelloReply) (wire.HelloReply, error)) {
	x.t.Helper()
	address := x.address()
	x.serve("127.0.0.1:0", "")
	behind, err := url.Parse(x.place.Server)
	require.NoError(x.t, err)
	through, err := wire.NewHTTPClient(x.place.Server, nil)
	require.NoError(x.t, err)
	proxy := httputil.NewSingleHostReverseProxy(behind)
	proxy.Transport = through.Transport
	mux := http.NewServeMux()
	mux.Handle("/", proxy)
	prefix, _ := wire.NewHandler(greeter{}, wire.HandlerOptions{})
	mux.HandleFunc(prefix+"Hello", func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		_, handler := wire.NewHandler(greeter{alter: alter, to: wire.NewClient(through, behind.String(), func() string { return token })},
			wire.HandlerOptions{})
		handler.ServeHTTP(w, r)
	})
	ln, err := server.Listen(context.Background(), address)
	require.NoError(x.t, err)
	front := &http.Server{Handler: mux, Protocols: wire.Protocols()}
	go func() { _ = front.Serve(ln) }()
	inner := x.stop
	x.place.Server = "http://" + address
	x.stop = sync.OnceFunc(func() {
		require.NoError(x.t, front.Close())
		through.CloseIdleConnections()
		inner()
	})
	x.t.Cleanup(x.stop)
}

// greeter alters how a studio greets.
type greeter struct {
	wire.Sync
	to    *wire.Client
	alter func(wire.HelloReply) (wire.HelloReply, error)
}

func (g greeter) Hello(ctx context.Context, q wire.HelloRequest) (wire.HelloReply, error) {
	reply, err := g.to.Hello(ctx, q)
	if err != nil {
		return reply, err
	}
	return g.alter(reply)
}

func TestTroubleWithANewerServer(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	address := x.address()
	x.otherVersion(func(wire.HelloReply) (wire.HelloReply, error) {
		return wire.HelloReply{}, &wire.Failure{Code: wire.CodeUpgrade}
	})
	x.goesOn()
	x.says(3, "upgrade_required", "This program is too old", "sync")
	x.goesOn()
	x.serve(address, "")
	x.isSent()
}

func TestTroubleWithAnOlderServer(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	address := x.address()
	x.otherVersion(func(reply wire.HelloReply) (wire.HelloReply, error) {
		kinds := []studio.Kind{}
		for _, k := range reply.Kinds {
			if k != studio.KindNoteAdd {
				kinds = append(kinds, k)
			}
		}
		reply.Kinds = kinds
		return reply, nil
	})
	x.goesOn()
	said := x.ok("sync")
	require.Contains(t, said.out, "older Framehold")
	require.InDelta(t, 1, x.ok("sync", "--json").json()["unsent"], 0, "the note, which it does not know")
	x.serve(address, "")
	x.isSent()
	require.InDelta(t, 0, x.ok("sync", "--json").json()["unsent"], 0)
}

func TestTroubleWithAFullDiskOfTheStudio(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	x.full.Store(true)
	x.goesOn()
	x.says(6, "unreachable", "can take nothing now", "sync")
	x.goesOn()
	x.full.Store(false)
	x.isSent()
}

func TestTroubleWithAFullDiskHere(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	x.goesOn()
	x.fault = func() error { return syscall.ENOSPC }
	x.says(1, "disk_full", "The disk is full", "sync")
	x.refused(1, "disk_full", "note", "a.blend", "one more")
	require.Contains(t, x.ok("tasks").out, "v2*", "and is read")
	x.fault = nil
	x.goesOn()
	x.isSent()
	other := &trouble{desk: x.as("ana")}
	other.homes, other.dir = t.TempDir(), filepath.Join(t.TempDir(), "copy")
	require.NoError(t, os.MkdirAll(other.dir, 0o755))
	other.ok("login", x.place.Link(), "--password-stdin")
	other.ok("clone", x.place.Server+"/film", other.dir)
	other.files = func(call, path string) error {
		if call == "write" && strings.HasSuffix(path, ".pack") {
			return syscall.ENOSPC
		}
		return nil
	}
	other.says(1, "disk_full", "disk is full", "fetch", "a.blend")
	other.files = nil
	other.ok("fetch", "a.blend")
	require.Equal(t, x.read("a.blend"), other.read("a.blend"))
}

func TestAVersionIsCalledByItsNumberBeforeItIsSent(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	x.goesOn()
	require.Contains(t, x.ok("fetch", "a.blend").out, "v2*")
	require.Contains(t, x.ok("restore", "a.blend", "--out", filepath.Join(t.TempDir(), "out")).out, "v2*")
	x.says(3, "is_head", "v2* is the current version", "drop", "a.blend", "v2*")
	require.NoError(t, os.Remove(filepath.Join(x.dir, "a.blend")))
	x.ok("restore", "a.blend", "--checkpoint", "v1")
	x.write("a.blend", "made on the first")
	x.says(3, "outdated_base", "is at v2*, your file comes from v1", "checkpoint", "a.blend", "-m", "on")
}

func TestTroubleWithSavedBytesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	x.write("b.blend", "one")
	x.ok("add", "b.blend", "--task", "--assign", "ana", "-m", "first")
	x.ok("sync")
	packs := filepath.Join(x.homes, "ana", "stores", "*", "packs", "*.pack")
	before, err := filepath.Glob(packs)
	require.NoError(t, err)
	x.goesOn()
	after, err := filepath.Glob(packs)
	require.NoError(t, err)
	for _, pack := range after {
		if !slices.Contains(before, pack) {
			require.NoError(t, os.Remove(pack))
		}
	}
	lost := x.read("a.blend")
	x.write("a.blend", "another")
	require.Contains(t, x.run("verify").err, "verify --repair")
	left := x.run("verify", "--repair")
	require.Equal(t, 7, left.code)
	require.Contains(t, left.err, "could not be mended")
	require.NotContains(t, left.err, "--repair", "it was done")
	x.write("b.blend", "two")
	x.ok("checkpoint", "b.blend", "-m", "on")
	x.says(7, "damaged", "a.blend v2* is damaged", "sync")
	require.InDelta(t, 2, x.ok("tasks", "b.blend", "--json").json()["tasks"].([]any)[0].(map[string]any)["head"], 0, "it did not wait")
	x.write("a.blend", lost)
	x.ok("verify", "--repair")
	x.isSent()
}

func TestTroubleWithAProjectThatTheStudioLost(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	address := x.address()
	x.close()
	found, err := filepath.Glob(filepath.Join(x.o.Dir, "projects", "*"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	aside := filepath.Join(t.TempDir(), "aside")
	require.NoError(t, os.Rename(found[0], aside))
	x.serve(address, "")
	x.goesOn()
	x.says(6, "unreachable", "can take nothing now", "sync")
	x.goesOn()
	said := x.run("studio", "check", "--data", x.o.Dir)
	require.Equal(t, 7, said.code, said.err)
	require.Contains(t, said.out, "its database is not there")
	require.Contains(t, said.err, "studio restore")
	backup := filepath.Join(t.TempDir(), "studio.backup")
	said = x.run("studio", "backup", backup, "--data", x.o.Dir)
	require.Equal(t, 7, said.code, "a backup without it is not as good as one with it")
	require.Contains(t, said.out, "is not in it")
	require.FileExists(t, backup)
	x.close()
	require.NoError(t, os.Rename(aside, found[0]))
	x.serve(address, "")
	x.isSent()
	x.ok("studio", "check", "--data", x.o.Dir)
}

func TestTroubleWithATakenPort(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	address := x.address()
	x.close()
	ln, err := net.Listen("tcp", address)
	require.NoError(t, err)
	x.says(1, "port_taken", address, "studio", "serve", "--data", x.o.Dir, "--listen", address)
	for _, none := range []string{"nonsense", "127.0.0.1:99999", "192.0.2.1:0"} {
		x.says(2, "usage", none+" is no address", "studio", "serve", "--data", x.o.Dir, "--listen", none)
	}
	x.goesOn()
	require.NoError(t, ln.Close())
	x.serve(address, "")
	x.isSent()
}

func TestAPublishedProjectCallsPeopleAsTheStudioDoes(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	x.typed("correct horse battery\n").ok("studio", "user", "add", "benny", "--data", x.o.Dir, "--password-stdin")
	x.dir = t.TempDir()
	x.ok("profile", "--username", "annie")
	x.ok("init")
	x.ok("member", "add", "ben")
	x.ok("member", "add", "cleo")
	x.ok("publish", x.place.Server, "--map", "ben=benny", "--yes")
	for _, m := range x.ok("member", "list", "--json").json()["members"].([]any) {
		require.Contains(t, []string{"ana", "benny", "cleo"}, m.(map[string]any)["username"])
	}
	x.refused(3, "username_taken", "member", "add", "ana")
	x.ok("member", "role", "benny", "Supervisor")
}

func TestTroubleWithAFileThatIsNoBackup(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	x.write("junk", "junk")
	x.says(7, "damaged", "is no backup of a studio", "studio", "restore", filepath.Join(x.dir, "junk"), "--data", filepath.Join(t.TempDir(), "s"))
}

func TestTroubleWithAnotherAccountOnTheSameComputer(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	x.ok("studio", "user", "add", "ben", "--data", x.o.Dir, "--password-stdin")
	x.ok("member", "add", "ben")
	x.ok("sync")
	away := x.as("away")
	away.dir = filepath.Join(t.TempDir(), "film")
	away.ok("login", x.place.Link(), "--username", "ana", "--password-stdin")
	away.ok("clone", x.place.Server+"/film", away.dir)
	away.ok("assign", "a.blend", "--to", "ben")
	away.ok("sync")
	x.goesOn()
	x.ok("login", x.place.Server, "--username", "ben", "--password-stdin")
	x.says(3, "unauthenticated", "as ben; this folder is of another account", "sync")
	require.Equal(t, "v1", away.ok("tasks", "a.blend", "--json").json()["tasks"].([]any)[0].(map[string]any)["headLabel"])
	x.goesOn()
	x.ok("login", x.place.Server, "--username", "ana", "--password-stdin")
	require.Equal(t, 4, x.run("sync").code, "ana's, who does not hold it any more")
	away.ok("sync")
	require.Equal(t, "v1", away.ok("tasks", "a.blend", "--json").json()["tasks"].([]any)[0].(map[string]any)["headLabel"])
	require.Len(t, away.ok("parked", "--json").json()["parked"], 1)
}

func TestTroubleWithTheNamesOfProjects(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	x.says(1, "invalid_name", "control character", "options", "--name", "film\x1b[31m")
	second := &trouble{desk: x.as("ana")}
	second.dir = t.TempDir()
	second.says(1, "invalid_name", "control character", "init", "--name", "a\nb")
	second.ok("init", "--name", "FILM")
	second.ok("publish", x.place.Server, "--yes")
	away := &trouble{desk: x.as("ana")}
	away.dir = t.TempDir()
	away.says(5, "unknown_project", "has 2 projects called film", "clone", x.place.Server+"/film", "there")
	second.ok("options", "--name", "../evil")
	second.ok("sync")
	id := second.ok("projects", "--json").json()["projects"].([]any)[0].(map[string]any)["id"].(string)
	away.says(1, "invalid_name", "cannot be that of a folder", "clone", x.place.Server+"/"+id)
	away.ok("clone", x.place.Server+"/"+id, filepath.Join(away.dir, "second"))
	away.ok("clone", x.place.Server+"/film", filepath.Join(away.dir, "first"))
}

func TestTroubleWithAChangedCertificate(t *testing.T) {
	t.Parallel()
	x := inTrouble(t)
	address := x.address()
	first, second := t.TempDir(), t.TempDir()
	for _, dir := range []string{first, second} {
		_, err := auth.OwnCertificate(fsys.Real(), dir, []string{"127.0.0.1"}, clock.System())
		require.NoError(t, err)
	}
	x.serve(address, first)
	other := *x.desk
	other.dir, other.homes = filepath.Join(t.TempDir(), "copy"), t.TempDir()
	require.NoError(t, os.MkdirAll(other.dir, 0o755))
	(&trouble{desk: &other}).says(6, "unreachable", "none that this computer trusts", "login", x.place.Server, "--password-stdin")
	other.ok("login", x.place.Link(), "--password-stdin")
	other.ok("clone", x.place.Server+"/film", other.dir)
	link := x.place.Link()
	x.serve(address, second)
	there := &trouble{desk: &other}
	there.says(1, "wrong_certificate", "is not the studio that your link names", "sync")
	there.says(1, "wrong_certificate", "nothing was sent", "login", link, "--password-stdin")
	other.ok("note", "a.blend", "hold the pose")
	x.serve(address, first)
	other.ok("sync")
	require.InDelta(t, 0, other.ok("sync", "--json").json()["unsent"], 0)
}

func TestTroubleWithAClockTenYearsOff(t *testing.T) {
	for name, years := range map[string]int64{"Ahead": 10, "Behind": -10} {
		t.Run(name+"Here", func(t *testing.T) {
			t.Parallel()
			x := inTrouble(t)
			var off atomic.Int64
			off.Store(years)
			x.clock = later(&off)
			x.goesOn()
			x.isSent()
			x.clock = nil // set right again
			x.goesOn()
			x.isSent()
		})
		t.Run(name+"AtTheStudio", func(t *testing.T) {
			t.Parallel()
			x := inTrouble(t)
			x.years.Store(years)
			x.goesOn()
			if years > 0 { // sessions have ended by that clock
				x.says(3, "unauthenticated", "work here is safe", "sync")
				x.ok("login", x.place.Server, "--password-stdin")
			}
			x.isSent()
			x.years.Store(0)
			x.goesOn()
			x.isSent()
		})
	}
}

// hold keeps a database locked, as a program that copies it may, until the test lets go.
func hold(t *testing.T, pattern string) (release func()) {
	t.Helper()
	found, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.Len(t, found, 1)
	db, err := sql.Open("sqlite", found[0])
	require.NoError(t, err)
	conn, err := db.Conn(context.Background())
	require.NoError(t, err)
	_, err = conn.ExecContext(context.Background(), `BEGIN IMMEDIATE`)
	require.NoError(t, err)
	return func() {
		_, err := conn.ExecContext(context.Background(), `ROLLBACK`)
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		require.NoError(t, db.Close())
	}
}

// These wait as long as a store waits for another program.
func TestTroubleWithALockedDatabase(t *testing.T) {
	t.Run("Here", func(t *testing.T) {
		t.Parallel()
		x := inTrouble(t)
		release := hold(t, filepath.Join(x.homes, "ana", "stores", "*", "project.db"))
		message, _ := x.errorOf(1, "note", "a.blend", "hold the pose")
		require.Contains(t, message, "keeps the project's store busy")
		require.Contains(t, x.ok("tasks").out, "a.blend", "and is read")
		release()
		x.goesOn()
		x.isSent()
	})
	t.Run("AtTheStudio", func(t *testing.T) {
		t.Parallel()
		x := inTrouble(t)
		x.goesOn()
		release := hold(t, filepath.Join(x.o.Dir, "projects", "*", "project.db"))
		message, _ := x.errorOf(6, "sync")
		require.Contains(t, message, "can take nothing now")
		x.goesOn()
		release()
		x.isSent()
	})
}
