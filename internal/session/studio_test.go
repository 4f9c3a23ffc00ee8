package session_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/chunk"
	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/projectdb"
	"framehold/internal/replica"
	"framehold/internal/server"
	"framehold/internal/serverdb"
	"framehold/internal/serverdb/memdb"
	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/wire"
	"framehold/internal/workspace"
)

// film is a studio project: its server in memory, and a store with a working folder for each of its people.
type film struct {
	t       testing.TB
	core    *server.Core
	db      *memdb.Store
	project studio.ProjectID
	lost    bool               // what is pushed is done, and its reply never comes
	down    bool               // nobody reaches the server
	deaf    bool               // it takes no push
	poison  func(wire.Op) bool // ops that every push of fails; nil: none
	gens    byte
	calls   int // that anybody made
}

// artist is one person's computer.
type artist struct {
	*world
	*session.Session
	film    *film
	account studio.UserID
	client  studio.ID
	hands   *server.Hands // what it uploads is handed in; nil: it is not
	sync    *replica.Replica
}

// newFilm publishes a project of ana's with the artists ben and cleo, a task of each and one of nobody's. roles may give
// somebody another role.
func newFilm(t testing.TB, roles map[string]string) (f *film, ana, ben *artist) {
	t.Helper()
	ctx := t.Context()
	w := newWorld(t)
	s, err := session.Init(ctx, w.env("ana"), w.root, "Film")
	require.NoError(t, err)
	users := map[string]studio.UserID{"ana": s.Me(), "nobody": {}}
	for _, name := range []string{"ben", "cleo"} {
		role := roles[name]
		if role == "" {
			role = "Artist"
		}
		users[name] = member(t, s, name, role).User
		theirs, err := session.Open(ctx, w.env(name), w.root) // binds their account to their place
		require.NoError(t, err)
		require.NoError(t, theirs.Close())
	}
	for _, name := range []string{"ana", "ben", "cleo", "nobody"} {
		_, err := s.New(ctx, []session.NewRequest{{Name: name + ".blend", Kind: studio.Task}})
		require.NoError(t, err)
		if name != "nobody" {
			give(t, s, asset(t, s, name+".blend"), users[name])
		}
	}
	var events []studio.Event
	accounts := map[string]studio.UserID{}
	f = &film{t: t, db: memdb.New(), gens: 1}
	f.core = &server.Core{Sign: signed, Verify: func(s wire.Signed) bool { return bytes.Equal(signed(s).Signature, s.Signature) },
		NewGeneration: func(studio.ProjectID) [8]byte { f.gens++; return [8]byte{f.gens} },
		DepositKey: func(p studio.ProjectID, client studio.ID) wire.Token {
			return sha256.Sum256(append(p.Bytes(), client.Bytes()...))
		}}
	require.NoError(t, session.Store(s).Read(ctx, func(snap *projectdb.Snapshot) error {
		f.project = snap.Project().ID
		for _, m := range snap.Members() {
			accounts[m.Username] = m.Profile
		}
		return snap.Events(1, func(ev studio.Event) error {
			events = append(events, ev)
			return nil
		})
	}))
	require.NoError(t, s.Close())
	f.found(accounts["ana"], events)
	other := w.copied("ben")
	return f, f.connect(w, "ana", accounts["ana"]), f.connect(other, "ben", accounts["ben"])
}

// signed stands for the studio's key.
func signed(s wire.Signed) wire.Signed {
	s.Key = 1
	mac := sha512.Sum512(s.Bytes())
	s.Signature = mac[:]
	return s
}

func (f *film) found(founder studio.UserID, events []studio.Event) {
	f.t.Helper()
	require.NoError(f.t, f.db.Create(f.t.Context(), f.project, serverdb.Head{Generation: [8]byte{1}, GenNo: 1, Founder: founder}))
	client := studio.IDFrom(randomID())
	f.tx(func(tx serverdb.Tx) error {
		if _, err := f.core.Hello(tx, f.call(founder), wire.HelloRequest{Project: f.project, Client: client, Proto: wire.Proto}); err != nil {
			return err
		}
		_, err := f.core.Found(tx, f.call(founder), wire.FoundRequest{Project: f.project, Client: client, Events: events, Last: true})
		return err
	})
}

func (f *film) tx(fn func(serverdb.Tx) error) {
	f.t.Helper()
	require.NoError(f.t, f.db.Tx(f.t.Context(), f.project, fn))
}

func (f *film) call(account studio.UserID) server.Call {
	return server.Call{Account: account, NowMs: clock.System().NowMs()}
}

// copied is the same project on another computer: folder and homes are copied, and the folder is one of its own.
func (w *world) copied(person string) *world {
	w.t.Helper()
	other := newWorld(w.t)
	require.NoError(w.t, os.CopyFS(other.root, os.DirFS(w.root)))
	require.NoError(w.t, os.CopyFS(other.home, os.DirFS(w.home)))
	marker, err := workspace.ReadMarker(fsys.Real(), w.root)
	require.NoError(w.t, err)
	in, err := filepath.Rel(w.home, marker.Store)
	require.NoError(w.t, err)
	marker.Store, marker.Folder = filepath.Join(other.home, in), studio.IDFrom(randomID()).String()
	require.NoError(w.t, workspace.WriteMarker(fsys.Real(), other.root, marker))
	return other
}

// connect makes a store one of the studio project and opens it.
func (f *film) connect(w *world, name string, account studio.UserID) *artist {
	f.t.Helper()
	a := &artist{world: w, film: f, account: account, client: studio.IDFrom(randomID())}
	d, err := projectdb.Open(f.t.Context(), projectdb.Options{Path: w.store(), FS: fsys.Real(), Clock: clock.System()})
	require.NoError(f.t, err)
	_, err = d.Write(f.t.Context(), projectdb.Act{Lane: projectdb.LaneEdit, Kind: projectdb.ActCare}, func(tx *projectdb.Tx) error {
		return tx.SetReplica(projectdb.Replica{Server: "https://studio.test", Account: account, Profile: account, Client: a.client, NextN: 1})
	})
	require.NoError(f.t, err)
	require.NoError(f.t, d.Close())
	return f.again(a, name)
}

// again opens a store of the studio project.
func (f *film) again(a *artist, name string) *artist {
	f.t.Helper()
	a.Session = a.open(name)
	f.converse(a, name)
	return a
}

// converse begins the conversation of a store that is open.
func (f *film) converse(a *artist, name string) {
	f.t.Helper()
	var err error
	a.sync, err = replica.New(f.t.Context(), replica.Options{Store: session.SyncStore(a.Session), Past: session.SyncStore(a.Session),
		Remote: remote{film: f, by: a}, Hello: wire.HelloRequest{Device: name}, Clock: clock.System()})
	require.NoError(f.t, err)
}

// store is the database of the world's one store.
func (w *world) store() string {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.home, "*", "stores", "*", "project.db"))
	require.NoError(w.t, err)
	require.Len(w.t, found, 1)
	return found[0]
}

// remote answers a person's calls by the server's core.
type remote struct {
	wire.Sync
	film *film
	by   *artist
}

func (r remote) tx(fn func(serverdb.Tx, server.Call) error) error {
	r.film.calls++
	if r.film.down {
		return &wire.Failure{Code: wire.CodeUnavailable}
	}
	return r.film.db.Tx(context.Background(), r.film.project, func(tx serverdb.Tx) error { return fn(tx, r.film.call(r.by.account)) })
}

func (r remote) Hello(_ context.Context, q wire.HelloRequest) (reply wire.HelloReply, err error) {
	err = r.tx(func(tx serverdb.Tx, by server.Call) error {
		reply, err = r.film.core.Hello(tx, by, q)
		return err
	})
	return reply, err
}

func (r remote) Push(_ context.Context, q wire.PushRequest) (reply wire.PushReply, err error) {
	err = r.tx(func(tx serverdb.Tx, by server.Call) error {
		if r.film.poison != nil && slices.ContainsFunc(q.Ops, r.film.poison) {
			return &wire.Failure{Code: wire.CodeInternal}
		}
		if r.film.deaf {
			return &wire.Failure{Code: wire.CodeUnavailable}
		}
		reply, err = r.film.core.Push(tx, by, q)
		return err
	})
	if err == nil && r.film.lost {
		return wire.PushReply{}, &wire.Failure{Code: wire.CodeUnavailable}
	}
	return reply, err
}

func (r remote) Pull(_ context.Context, q wire.PullRequest) (reply wire.PullReply, err error) {
	q.MaxBytes = 3000 // several pages
	err = r.tx(func(tx serverdb.Tx, by server.Call) error {
		reply, err = r.film.core.Pull(tx, by, q)
		return err
	})
	return reply, err
}

func (r remote) Probe(_ context.Context, q wire.ProbeRequest) (reply wire.ProbeReply, err error) {
	err = r.tx(func(tx serverdb.Tx, by server.Call) error {
		reply, err = r.film.core.Probe(tx, by, q)
		return err
	})
	return reply, err
}

func (r remote) Witness(_ context.Context, q wire.WitnessRequest) (reply wire.WitnessReply, err error) {
	err = r.tx(func(tx serverdb.Tx, by server.Call) error {
		reply, err = r.film.core.Witness(tx, by, q)
		return err
	})
	return reply, err
}

func (r remote) Deposit(_ context.Context, q wire.DepositRequest) (reply wire.DepositReply, err error) {
	err = r.tx(func(tx serverdb.Tx, by server.Call) error {
		by.Account, by.Hands = studio.UserID{}, server.Hands{Key: q.Key}
		reply, err = r.film.core.Deposit(tx, by, q)
		return err
	})
	return reply, err
}

// syncs is one conversation with the server, to its end.
func (a *artist) syncs() {
	a.t.Helper()
	a.sync.Wake(true)
	state, err := a.sync.Round(a.t.Context())
	require.NoError(a.t, err)
	require.Equal(a.t, replica.Synced, state)
}

// sends is syncs with the content of own checkpoints before it, and whatever follows on that.
func (a *artist) sends() {
	a.t.Helper()
	a.syncs() // announces
	a.uploads()
	a.syncs()
	a.proves()
}

// uploads hands the server everything that the store has, under this client's lease.
func (a *artist) uploads() {
	a.t.Helper()
	db := a.raw()
	a.film.tx(func(tx serverdb.Tx) error {
		by := a.film.call(a.account)
		if a.hands != nil {
			by.Account, by.Hands = studio.UserID{}, *a.hands
		}
		rows, err := db.Query(`SELECT hash, stored, size FROM chunk`)
		require.NoError(a.t, err)
		var chunks []serverdb.Chunk
		for rows.Next() {
			var hash []byte
			c := serverdb.Chunk{Pack: a.film.project.ID}
			require.NoError(a.t, rows.Scan(&hash, &c.Stored, &c.Size))
			c.Hash = studio.HashFrom(hash)
			chunks = append(chunks, c)
		}
		require.NoError(a.t, rows.Err())
		require.NoError(a.t, a.film.core.AddChunks(tx, by, a.client, server.Received{New: chunks}))
		for _, roots := range []bool{false, true} {
			rows, err := db.Query(`SELECT hash, bytes FROM manifest_blob`)
			require.NoError(a.t, err)
			for rows.Next() {
				var hash, b []byte
				require.NoError(a.t, rows.Scan(&hash, &b))
				if _, err := chunk.ParseRoot(b); (err == nil) == roots {
					require.NoError(a.t, a.film.core.AddManifest(tx, by, a.client, studio.HashFrom(hash), b))
				}
			}
			require.NoError(a.t, rows.Err())
		}
		return nil
	})
	require.NoError(a.t, session.Store(a.Session).Read(a.t.Context(), func(snap *projectdb.Snapshot) error {
		queue, err := snap.Queue()
		require.NoError(a.t, err)
		for _, q := range queue {
			if b, ok := q.Op.Body.(*studio.SealBody); ok {
				require.NoError(a.t, session.SetCovered(a.t.Context(), a.Session, b.Checkpoint))
			}
		}
		return nil
	}))
}

// proves demands that verify finds nothing.
func (a *artist) proves() {
	a.t.Helper()
	v, err := a.Verify(a.t.Context(), nil)
	require.NoError(a.t, err)
	require.Empty(a.t, v.Problems)
}

// checkpoint is one of a file as the store has it, by the label of what people read.
func (a *artist) checkpoint(path, label string) studio.Checkpoint {
	a.t.Helper()
	k, err := a.Version(a.t.Context(), asset(a.t, a.Session, path), label)
	require.NoError(a.t, err)
	return k
}

// queued counts the ops that the base does not show yet.
func (a *artist) queued() (n int) {
	a.t.Helper()
	require.NoError(a.t, session.Store(a.Session).Read(a.t.Context(), func(snap *projectdb.Snapshot) error {
		queue, err := snap.Queue()
		n = len(queue)
		return err
	}))
	return n
}

// Row F14: what two people put on an asset without knowing of one another is there once, and holds nobody's sync up.
func TestTheSameTagAndDependencyOfTwoPeopleAreThereOnce(t *testing.T) {
	_, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	both := []*artist{ana, ben}
	for _, a := range both {
		id := asset(t, a.Session, "cleo.blend")
		out, err := a.Set(t.Context(), []studio.AssetID{id}, session.SetRequest{AddTags: []string{"hero"}})
		require.NoError(t, err)
		require.Equal(t, 1, out.Done())
		out, err = a.Depend(t.Context(), asset(t, a.Session, "ben.blend"), []studio.ID{id.ID}, false)
		require.NoError(t, err)
		require.Equal(t, 1, out.Done())
	}
	for range 2 {
		for _, a := range both {
			a.syncs()
		}
	}
	for _, a := range both {
		require.Zero(t, a.queued())
		p, err := a.Look(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"hero"}, p.Assets[asset(t, a.Session, "cleo.blend")].Tags)
		a.proves()
	}
}

func TestWorkWithoutAServerIsLocalUntilItsServerHasDecided(t *testing.T) {
	_, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	ben.proves()
	for _, text := range []string{"one", "two"} {
		ben.write("ben.blend", text)
		made := save(t, ben.Session, "ben.blend", text, "wip")
		require.NoError(t, made.Err)
		require.Equal(t, "local", made.State)
		require.Zero(t, made.Version)
		require.Equal(t, map[string]string{"one": "v1*", "two": "v2*"}[text], made.Label)
	}
	ben.proves()
	require.Equal(t, studio.Local, ben.checkpoint("ben.blend", "v2*").State)
	require.Equal(t, 4, ben.queued())

	ben.sends()
	require.Zero(t, ben.queued())
	require.Equal(t, studio.Accepted, ben.checkpoint("ben.blend", "v2").State)
	ana.syncs()
	ana.proves()
	require.Equal(t, studio.Accepted, ana.checkpoint("ben.blend", "").State)
}

func TestWorkOnATaskThatWentToAnotherIsParked(t *testing.T) {
	_, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	ben.write("ben.blend", "one")
	first := save(t, ben.Session, "ben.blend", "one", "")
	require.NoError(t, first.Err)
	give(t, ana.Session, asset(t, ana.Session, "ben.blend"), ana.Me())
	ana.syncs()
	ana.proves()

	ben.syncs() // what is pending is played again over the new base
	ben.proves()
	k, err := ben.Version(t.Context(), first.Asset, first.ID.String())
	require.NoError(t, err)
	require.Equal(t, studio.Contested, k.State)
	ben.write("ben.blend", "two")
	require.Equal(t, studio.CodeNotAssignee, studio.CodeOf(save(t, ben.Session, "ben.blend", "two", "").Err))

	ben.sends()
	k, err = ben.Version(t.Context(), first.Asset, first.ID.String())
	require.NoError(t, err)
	require.Equal(t, studio.Parked, k.State)
	require.Equal(t, "one", k.Comment)
	ana.syncs()
	ana.proves()
}

// TestCase_A16: what was never sent is withdrawn, and nobody hears of it.
func TestCase_A16(t *testing.T) {
	f, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	ctx := t.Context()
	id := asset(t, ana.Session, "nobody.blend")
	before := info(t, ana.Session, id)
	head := f.head().Seq

	give(t, ana.Session, id, ana.Me())
	out, err := ana.Rename(ctx, id.ID, "mine.blend")
	done(t, out, err)
	_, err = ana.New(ctx, []session.NewRequest{{Name: "shots", Collection: true}, {Name: "new.blend", Kind: studio.Task}})
	require.NoError(t, err)
	ana.proves()
	require.Equal(t, 4, ana.queued())
	for range 3 {
		out, err := ana.Undo(ctx)
		done(t, out, err)
		ana.proves()
	}
	require.Zero(t, ana.queued())
	require.Equal(t, before, info(t, ana.Session, id), "as if it had never been")

	for range 3 {
		out, err := ana.Redo(ctx)
		done(t, out, err)
		ana.proves()
	}
	require.Equal(t, 4, ana.queued())
	require.Equal(t, ana.Me(), info(t, ana.Session, id).Assignee)
	require.Equal(t, "mine.blend", info(t, ana.Session, id).Name)
	asset(t, ana.Session, "new.blend")
	out, err = ana.Undo(ctx)
	done(t, out, err)
	require.Equal(t, 2, ana.queued())

	ana.syncs()
	ana.proves()
	require.Equal(t, head+2, f.head().Seq, "the withdrawn ones were never sent")
	require.Zero(t, ana.queued())
	out, err = ana.Undo(ctx) // of what the server has decided: an act of its own
	done(t, out, err)
	require.Equal(t, 1, ana.queued())
	require.Equal(t, "nobody.blend", info(t, ana.Session, id).Name)
}

func (f *film) head() (head serverdb.Head) {
	f.t.Helper()
	require.NoError(f.t, f.db.Read(f.t.Context(), f.project, func(snap serverdb.Snapshot) error {
		head = snap.Head()
		return nil
	}))
	return head
}

// A checkpoint is history, and what it stands on is not taken away from under it.
func TestWhatACheckpointStandsOnIsTakenBackByAnActOfItsOwn(t *testing.T) {
	_, ana, _ := newFilm(t, nil)
	ana.syncs()
	id := asset(t, ana.Session, "nobody.blend")
	give(t, ana.Session, id, ana.Me())
	ana.write("nobody.blend", "one")
	made := save(t, ana.Session, "nobody.blend", "one", "")
	require.NoError(t, made.Err)
	out, err := ana.Undo(t.Context())
	done(t, out, err)
	require.Equal(t, 4, ana.queued(), "claim, announce, seal, and the claim taken back")
	require.True(t, info(t, ana.Session, id).Assignee.IsZero())
	require.Equal(t, studio.Local, ana.checkpoint("nobody.blend", "").State)
	ana.proves()
	ana.sends()
	require.Equal(t, studio.Accepted, ana.checkpoint("nobody.blend", "v1").State)
}

// A seal whose content is not there yet only waits; it is asked for again by an op of its own (row B2).
func TestASealThatWaitedIsSealedAgain(t *testing.T) {
	_, ana, _ := newFilm(t, nil)
	ana.syncs()
	ana.write("ana.blend", "one")
	made := save(t, ana.Session, "ana.blend", "one", "")
	require.NoError(t, made.Err)
	require.NoError(t, session.SetCovered(t.Context(), ana.Session, made.ID)) // the server was asked, and lost it since
	ana.syncs()
	require.Equal(t, studio.Local, ana.checkpoint("ana.blend", "v1*").State)
	require.Equal(t, 1, ana.queued())
	ana.proves()
	ana.sends()
	require.Zero(t, ana.queued())
	require.Equal(t, studio.Accepted, ana.checkpoint("ana.blend", "v1").State)
}

// A holder who insists on an older base is let through as contested, and parked by the server.
func TestTheHolderMayInsistAheadOfTheServer(t *testing.T) {
	_, ana, _ := newFilm(t, nil)
	ana.syncs()
	for _, text := range []string{"one", "two"} {
		ana.write("ana.blend", text)
		require.NoError(t, save(t, ana.Session, "ana.blend", text, "").Err)
	}
	ana.sends()
	id := asset(t, ana.Session, "ana.blend")
	first := ana.checkpoint("ana.blend", "v1")
	_, err := ana.raw().Exec(`UPDATE local_file SET base = ? WHERE asset = ?`, first.ID.Bytes(), id.Bytes())
	require.NoError(t, err)
	ana.write("ana.blend", "beside")
	require.Equal(t, studio.CodeOutdatedBase, studio.CodeOf(save(t, ana.Session, "ana.blend", "beside", "").Err))
	made, err := ana.CreateCheckpoint(t.Context(), session.CheckpointRequest{Assets: []studio.AssetID{id}, Comment: "beside", Anyway: true})
	require.NoError(t, err)
	require.NoError(t, made[0].Err)
	require.Equal(t, "contested", made[0].State)
	require.Equal(t, "v2*", made[0].Label)
	ana.proves()
	ana.sends()
	k, err := ana.Version(t.Context(), id, made[0].ID.String())
	require.NoError(t, err)
	require.Equal(t, studio.Parked, k.State)
}

// TestCase_H3: the server went back to a backup. What came after it is given back, and nothing that was saved here is gone.
func TestCase_H3(t *testing.T) {
	f, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	ana.write("ana.blend", "one")
	require.NoError(t, save(t, ana.Session, "ana.blend", "one", "").Err)
	ana.sends()
	backup := f.db.Copy()
	ben.write("ben.blend", "one")
	require.NoError(t, save(t, ben.Session, "ben.blend", "one", "").Err)
	ben.sends()
	ana.write("ana.blend", "two")
	require.NoError(t, save(t, ana.Session, "ana.blend", "two", "").Err)
	ana.sends()
	ana.write("ana.blend", "three")
	require.NoError(t, save(t, ana.Session, "ana.blend", "three", "").Err)

	f.db = backup
	f.tx(func(tx serverdb.Tx) error {
		head := tx.Head()
		head.Generation, head.GenNo = [8]byte{2}, head.GenNo+1
		return tx.SetHead(head)
	})
	ana.syncs()
	require.Equal(t, studio.Local, ana.checkpoint("ana.blend", "v3*").State)
	ana.proves()
	require.Equal(t, []studio.Code{studio.CodeSetBack}, ana.cards(), "she reads what happened")
	ana.sends()
	require.Equal(t, studio.Accepted, ana.checkpoint("ana.blend", "v3").State)
	require.Zero(t, ana.queued())
	ben.sends()
	require.Equal(t, studio.Accepted, ben.checkpoint("ben.blend", "v1").State)
	ana.syncs()
	ana.proves()
	ben.syncs()
	ben.proves()
}
