package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/auth"
	"framehold/internal/chunk"
	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/server"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const password = "correct horse battery"

// stage is a studio that is served on loopback, and can be stopped and started again.
type stage struct {
	t     *testing.T
	o     server.Options
	log   *syncBuffer
	ahead atomic.Int64 // ms that its clock is ahead
	srv   *server.Server
	url   string
	http  *http.Client
	stop  func()
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func newClock(ahead *atomic.Int64) *clock.Clock {
	return clock.New(func() time.Time { return time.Now().Add(time.Duration(ahead.Load()) * time.Millisecond) },
		&locked{r: rand.NewChaCha8([32]byte{7})})
}

type locked struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *locked) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(b)
}

// newStage makes a studio with an admin, ana, and serves it.
func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, log: &syncBuffer{}}
	s.o = server.Options{Dir: filepath.Join(t.TempDir(), "studio"), FS: fsys.Real(), Clock: newClock(&s.ahead),
		Log:       slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Passwords: auth.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}}
	require.NoError(t, server.Init(t.Context(), s.o, server.Admin{Username: "ana", Name: "Ana", Password: password}))
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

// start serves the studio on a new port; the address of a stage changes with it.
func (s *stage) start() {
	s.t.Helper()
	srv, err := server.Open(s.t.Context(), s.o)
	require.NoError(s.t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(s.t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- srv.Run(ctx, ln, nil, nil) }()
	s.srv, s.url = srv, "http://"+ln.Addr().String()
	s.http, err = wire.NewHTTPClient(s.url, nil)
	require.NoError(s.t, err)
	s.stop = sync.OnceFunc(func() {
		s.http.CloseIdleConnections() // a server that stops gives a connection a second to see that
		cancel()
		require.NoError(s.t, <-ended)
		require.NoError(s.t, srv.Close())
	})
}

func (s *stage) restart() {
	s.t.Helper()
	s.stop()
	s.start()
}

// answer is what a route said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) code() string {
	var doc struct{ Error struct{ Code string } }
	_ = json.Unmarshal(a.body, &doc)
	return doc.Error.Code
}

func (s *stage) do(method, path, token string, header map[string]string, body io.Reader) answer {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, body)
	require.NoError(s.t, err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	reply, err := s.http.Do(r)
	require.NoError(s.t, err)
	defer func() { _ = reply.Body.Close() }()
	b, err := io.ReadAll(reply.Body)
	require.NoError(s.t, err)
	return answer{reply.StatusCode, reply.Header, b}
}

func (s *stage) post(path, token string, doc any) answer {
	s.t.Helper()
	b, err := json.Marshal(doc)
	require.NoError(s.t, err)
	return s.do("POST", path, token, map[string]string{"Content-Type": "application/json"}, bytes.NewReader(b))
}

// person is someone who is signed in, with a client of their own.
type person struct {
	s      *stage
	token  string
	id     studio.UserID
	client studio.ID
	n      uint64
}

type signedIn struct{ Token, User, Username, Name string }

func (s *stage) person(in signedIn) *person {
	id, err := studio.ParseID(in.User)
	require.NoError(s.t, err)
	return &person{s: s, token: in.Token, id: studio.UserID{ID: id}, client: s.o.Clock.NewID()}
}

func (s *stage) login(username string) *person {
	s.t.Helper()
	a := s.post("/v1/studio/login", "", map[string]string{"username": username, "password": password, "device": "desk", "app": "test"})
	require.Equal(s.t, 200, a.status, "%s", a.body)
	var in signedIn
	require.NoError(s.t, json.Unmarshal(a.body, &in))
	return s.person(in)
}

// joined makes an account by an invitation of the admin, and signs it in.
func (s *stage) joined(admin *person, username string, projects ...studio.ProjectID) *person {
	s.t.Helper()
	ids := []string{}
	for _, p := range projects {
		ids = append(ids, p.String())
	}
	a := s.post("/v1/studio/invite", admin.token, map[string]any{"username": username, "name": username, "projects": ids})
	require.Equal(s.t, 200, a.status, "%s", a.body)
	var made struct{ Link, User string }
	require.NoError(s.t, json.Unmarshal(a.body, &made))
	link, err := wire.ParseLink(made.Link)
	require.NoError(s.t, err)
	a = s.post("/v1/studio/join", "", map[string]any{"token": link.Token.Text(), "password": password, "device": "desk"})
	require.Equal(s.t, 200, a.status, "%s", a.body)
	var in signedIn
	require.NoError(s.t, json.Unmarshal(a.body, &in))
	require.Equal(s.t, made.User, in.User)
	return s.person(in)
}

func (p *person) wire() *wire.Client {
	return wire.NewClient(p.s.http, p.s.url, func() string { return p.token })
}

func (p *person) hello(project studio.ProjectID) wire.HelloReply {
	p.s.t.Helper()
	reply, err := p.wire().Hello(p.s.t.Context(), wire.HelloRequest{Project: project, Client: p.client, Device: "desk", Proto: wire.Proto, App: "test"})
	require.NoError(p.s.t, err)
	return reply
}

// push sends ops, numbered behind what this person has sent.
func (p *person) push(project studio.ProjectID, generation wire.Generation, ops ...studio.Op) wire.PushReply {
	p.s.t.Helper()
	q := wire.PushRequest{Project: project, Client: p.client, Generation: generation}
	for _, op := range ops {
		p.n++
		q.Ops = append(q.Ops, wire.OpOf(p.n, op))
	}
	reply, err := p.wire().Push(p.s.t.Context(), q)
	require.NoError(p.s.t, err)
	return reply
}

func (p *person) pull(project studio.ProjectID, cookie wire.Cookie) wire.PullReply {
	p.s.t.Helper()
	reply, err := p.wire().Pull(p.s.t.Context(), wire.PullRequest{Project: project, Client: p.client, Cookie: cookie})
	require.NoError(p.s.t, err)
	return reply
}

func (p *person) op(kind studio.Kind, entity studio.ID, body studio.Body) studio.Op {
	return studio.Op{ID: studio.OpID{ID: p.s.o.Clock.NewID()}, Kind: kind, Entity: entity, MadeHybrid: p.s.o.Clock.Hybrid(), Body: body}
}

// film is a project: the events of a personal store, as a person made them before it was published.
type film struct {
	id     studio.ProjectID
	state  *studio.State
	events []studio.Event
	chain  [32]byte
	roles  map[string]studio.RoleID
	status studio.StatusID
	shots  []studio.AssetID
}

// newFilm makes a personal project of some people, each with the account that they are listed with.
func (s *stage) newFilm(people map[string]studio.UserID, order ...string) *film {
	f := &film{id: studio.ProjectID{ID: s.o.Clock.NewID()}, state: studio.NewState(nil), roles: map[string]studio.RoleID{}}
	me := studio.UserID{ID: s.o.Clock.NewID()}
	do := func(kind studio.Kind, entity studio.ID, body studio.Body) {
		op := studio.Op{ID: studio.OpID{ID: s.o.Clock.NewID()}, Kind: kind, Entity: entity, MadeHybrid: s.o.Clock.Hybrid(), Body: body}
		at := studio.Moment{Actor: me, ReceivedMs: s.o.Clock.NowMs(), Seq: uint64(len(f.events)) + 1}
		done, err := f.state.Run(op, at, func(d studio.Decision) error { return d.Err() })
		require.NoError(s.t, err)
		for _, one := range done {
			ev := one.Event
			f.chain = ev.NextChain(f.chain)
			ev.Chain = f.chain
			f.events = append(f.events, ev)
		}
	}
	define := func(kind studio.Kind, row studio.Row, seen uint64) {
		do(kind, studio.IDFrom([]byte(row.Key())), &studio.RowBody{SeenVer: seen, Row: studio.EncodeRow(row)})
	}
	project := studio.Project{ID: f.id, Name: "Film", State: studio.Founding}
	define(studio.KindProjectSet, project, 0)
	for i, r := range studio.DefaultRoles() {
		f.roles[r.Name] = studio.RoleID{ID: s.o.Clock.NewID()}
		define(studio.KindRoleSet, studio.Role{ID: f.roles[r.Name], Name: r.Name, Order: int32(i), May: r.May}, 0)
	}
	for i, st := range studio.DefaultStatuses() {
		row := studio.Status{ID: studio.StatusID{ID: s.o.Clock.NewID()}, Name: st.Name, Label: st.Label, Shape: st.Shape, Category: st.Category,
			AsksNote: st.AsksNote, Order: int32(i)}
		if i == 0 {
			f.status = row.ID
		}
		define(studio.KindStatusDefine, row, 0)
	}
	for i, name := range order {
		role, user := "Artist", studio.UserID{ID: s.o.Clock.NewID()}
		if i == 0 {
			role, user = "Admin", me
		}
		define(studio.KindMemberSet, studio.Member{User: user, Username: name, Name: name, Role: f.roles[role], Profile: people[name]}, 0)
	}
	project.State = studio.Active
	define(studio.KindProjectSet, project, 1)
	for i := range 3 {
		id := studio.AssetID{ID: s.o.Clock.NewID()}
		f.shots = append(f.shots, id)
		do(studio.KindAssetCreate, id.ID, &studio.CreateBody{Name: fmt.Sprintf("shot%d", i), Kind: studio.Task})
	}
	return f
}

// publish puts a film on the server.
func (p *person) publish(f *film) {
	p.s.t.Helper()
	a := p.s.post("/v1/studio/projects", p.token, map[string]string{"id": f.id.String(), "name": "Film"})
	require.Equal(p.s.t, 200, a.status, "%s", a.body)
	p.hello(f.id)
	for i := 0; i < len(f.events); i += 7 {
		part := f.events[i:min(i+7, len(f.events))]
		reply, err := p.wire().Found(p.s.t.Context(), wire.FoundRequest{Project: f.id, Client: p.client, Events: part, Last: i+7 >= len(f.events)})
		require.NoError(p.s.t, err)
		require.Equal(p.s.t, part[len(part)-1].Seq, reply.HeadSeq)
	}
}

// file is content on its way: frames of its chunks, pages and root.
type file struct {
	manifest studio.Hash
	size     int64
	frames   []wire.Frame
}

func newFile(size int, seed byte) file {
	content := make([]byte, size)
	r := rand.NewChaCha8([32]byte{seed})
	_, _ = r.Read(content)
	return fileOf(content)
}

func fileOf(content []byte) file {
	f := file{size: int64(len(content))}
	var manifests []wire.Frame
	b := chunk.NewBuilder(func(blob chunk.Blob) error {
		manifests = append(manifests, wire.Frame{Kind: wire.FrameManifest, Size: uint32(len(blob.Bytes)), Hash: studio.Hash(blob.Hash), Stored: blob.Bytes})
		return nil
	})
	cutter := chunk.NewCutter()
	for len(content) > 0 {
		n := cutter.Next(content)
		e := chunk.EntryOf(content[:n])
		f.frames = append(f.frames, wire.Frame{Kind: wire.FrameChunk, Size: uint32(n), Hash: studio.Hash(e.Hash), Stored: content[:n]})
		if err := b.Add(e); err != nil {
			panic(err)
		}
		content = content[n:]
	}
	_, name, err := b.Finish()
	if err != nil {
		panic(err)
	}
	f.manifest, f.frames = studio.Hash(name), append(f.frames, manifests...)
	return f
}

func (f file) bytes() []byte { return framed(f.frames) }

func framed(frames []wire.Frame) []byte {
	var b bytes.Buffer
	w := wire.NewFrameWriter(&b)
	for _, fr := range frames {
		if err := w.Write(fr); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (f file) hashes() []studio.Hash {
	var all []studio.Hash
	for _, fr := range f.frames {
		all = append(all, fr.Hash)
	}
	return all
}

func (p *person) upload(project studio.ProjectID, body []byte) answer {
	p.s.t.Helper()
	return p.s.do("POST", "/v1/p/"+project.String()+"/uploads", p.token, map[string]string{wire.HeaderClient: p.client.String()}, bytes.NewReader(body))
}

// fetch asks for hashes and returns those that came.
func (p *person) fetch(project studio.ProjectID, hashes []studio.Hash) (answer, []studio.Hash) {
	p.s.t.Helper()
	var body []byte
	for _, h := range hashes {
		body = append(body, h[:]...)
	}
	a := p.s.do("POST", "/v1/p/"+project.String()+"/chunks", p.token, nil, bytes.NewReader(body))
	var came []studio.Hash
	if a.status != 200 {
		return a, nil
	}
	r := wire.NewFrameReader(bytes.NewReader(a.body))
	for {
		f, err := r.Next()
		if err == io.EOF {
			return a, came
		}
		require.NoError(p.s.t, err)
		plain, err := r.Plain(f)
		require.NoError(p.s.t, err)
		require.Equal(p.s.t, f.Hash, studio.Hash(chunk.Sum(plain)))
		came = append(came, f.Hash)
	}
}

func (f *film) stateMember(username string) studio.Member {
	for _, m := range f.state.Members() {
		if m.Username == username {
			return m
		}
	}
	return studio.Member{}
}

// try uploads, and says what became of it.
func (p *person) try(project studio.ProjectID, body []byte) (status int, err error) {
	r, err := http.NewRequestWithContext(p.s.t.Context(), "POST", p.s.url+"/v1/p/"+project.String()+"/uploads", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	r.Header.Set(wire.HeaderClient, p.client.String())
	reply, err := p.s.http.Do(r)
	if err != nil {
		return 0, err
	}
	return reply.StatusCode, reply.Body.Close()
}
