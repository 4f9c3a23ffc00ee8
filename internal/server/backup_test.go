package server_test

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/server"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// data runs fn on a studio's data, beside the server that serves it.
func (s *stage) data(fn func(*server.Studio)) {
	s.t.Helper()
	d, err := server.OpenStudio(s.t.Context(), s.o)
	require.NoError(s.t, err)
	fn(d)
	require.NoError(s.t, d.Close())
}

func (s *stage) backup(to string) (b server.Backup) {
	s.t.Helper()
	s.data(func(d *server.Studio) {
		var err error
		b, err = d.Backup(s.t.Context(), to)
		require.NoError(s.t, err)
	})
	return b
}

// restored serves what a backup holds, in a folder of its own.
func (s *stage) restored(from string) (*stage, server.Restored) {
	s.t.Helper()
	o := s.o
	o.Dir = filepath.Join(s.t.TempDir(), "restored")
	r, err := server.Restore(s.t.Context(), o, from)
	require.NoError(s.t, err)
	back := &stage{t: s.t, o: o, log: s.log}
	back.start()
	s.t.Cleanup(func() { back.stop() })
	return back, r
}

func requireWhole(t *testing.T, s *stage, projects int) {
	t.Helper()
	s.data(func(d *server.Studio) {
		checked, err := d.Check(t.Context())
		require.NoError(t, err)
		require.Len(t, checked, projects)
		for _, p := range checked {
			require.Empty(t, p.Problems)
			require.Positive(t, p.Events)
		}
	})
}

// A backup that is made while people work holds, for every project, one moment, and every chunk of it.
func TestABackupIsWholeWhilePeopleWork(t *testing.T) {
	c := newCrew(t)
	content := newFile(2<<20, 1)
	c.uploaded(c.ben, content.bytes())
	first := c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}), c.seal(c.ben))
	ctx, done := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := byte(0); ctx.Err() == nil; n++ {
			if c.ben.upload(c.film.id, newFile(1<<20, 50+n).bytes()).status != 200 {
				t.Error("upload")
			}
		}
	})
	to := filepath.Join(t.TempDir(), "studio.zip")
	b := c.backup(to)
	done()
	wg.Wait()
	require.Equal(t, 1, b.Projects)
	requireWhole(t, c.stage, 1)

	_, err := os.Stat(to + ".part")
	require.ErrorIs(t, err, os.ErrNotExist)
	c.data(func(d *server.Studio) {
		_, err := d.Backup(t.Context(), to)
		require.Equal(t, studio.CodeInTheWay, studio.CodeOf(err), "a backup is never overwritten")
	})
	lost := c.applied(c.ana, c.ana.note(c.film.shots[0], "after the backup"))

	back, r := c.restored(to)
	require.Equal(t, server.Restored{Projects: 1}, r)
	requireWhole(t, back, 1)
	old := *c.ana
	old.s = back
	_, err = old.wire().Pull(t.Context(), wire.PullRequest{Project: c.film.id, Client: old.client})
	require.Equal(t, wire.CodeUnauthenticated, failed(t, err), "everyone signs in again")
	ana := back.login("ana")
	ana.client, ana.n = c.ana.client, c.ana.n
	hello := ana.hello(c.film.id)
	require.NotEqual(t, c.generation, hello.Generation)
	require.Less(t, hello.HeadSeq, lost.HeadSeq)
	require.GreaterOrEqual(t, hello.HeadSeq, first.HeadSeq)
	_, err = ana.wire().Pull(t.Context(), wire.PullRequest{Project: c.film.id, Client: ana.client,
		Cookie: wire.Cookie{Generation: c.generation, Seq: lost.HeadSeq, Chain8: lost.Chain8}})
	require.Equal(t, wire.CodeGeneration, failed(t, err), "who saw more reconciles")
	_, came := ana.fetch(c.film.id, content.hashes())
	require.Equal(t, content.hashes(), came)
	pulled := ana.pull(c.film.id, wire.Cookie{})
	require.True(t, pulled.Head.SignedBy(c.ana.hello(c.film.id).StudioKey), "it has kept its key")
}

func TestARestoreWithoutTheKeysHasNewOnes(t *testing.T) {
	c := newCrew(t)
	to := filepath.Join(t.TempDir(), "studio.zip")
	b := c.backup(to)
	require.NoError(t, os.Remove(b.Keys))
	back, r := c.restored(to)
	require.True(t, r.NewKey)
	ana := back.login("ana")
	require.NotEqual(t, c.ana.hello(c.film.id).StudioKey, ana.hello(c.film.id).StudioKey)
	require.Equal(t, uint32(2), ana.pull(c.film.id, wire.Cookie{}).Head.Key, "a number is given out once")
}

func TestWhatIsNoBackupIsRefused(t *testing.T) {
	c := newCrew(t)
	c.uploaded(c.ben, newFile(1<<20, 1).bytes())
	dir := t.TempDir()
	to := filepath.Join(dir, "studio.zip")
	c.backup(to)
	whole, err := os.ReadFile(to)
	require.NoError(t, err)
	restore := func(into, from string) error {
		o := c.o
		o.Dir = into
		_, err := server.Restore(t.Context(), o, from)
		return err
	}
	full := filepath.Join(dir, "full")
	require.NoError(t, os.MkdirAll(full, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(full, "letter.txt"), nil, 0o600))
	require.Equal(t, studio.CodeFolderNotEmpty, studio.CodeOf(restore(full, to)))
	require.Equal(t, studio.CodeFolderNotEmpty, studio.CodeOf(restore(c.o.Dir, to)), "never over a studio")

	bad := func(name string, b []byte) {
		t.Helper()
		from, into := filepath.Join(dir, name), filepath.Join(dir, name+"-data")
		require.NoError(t, os.WriteFile(from, b, 0o600))
		require.Equal(t, studio.CodeDamaged, studio.CodeOf(restore(into, from)), name)
		o := c.o
		o.Dir = into
		_, err := server.Open(t.Context(), o)
		require.Equal(t, studio.CodeStudioMissing, studio.CodeOf(err), "nothing is there that could be served")
	}
	bad("torn", whole[:len(whole)/2])
	bad("none", []byte("a letter"))
	flipped := append([]byte{}, whole...)
	flipped[len(flipped)/2] ^= 1
	bad("flipped", flipped)
	for _, name := range []string{"../studio.db", "projects/../../x.db", "/etc/passwd", "projects/" + c.film.id.String() + "/packs/../x.pack",
		"studio.key", "C:\\x"} {
		from := filepath.Join(dir, "forged.zip")
		f, err := os.Create(from)
		require.NoError(t, err)
		z := zip.NewWriter(f)
		about, err := z.CreateHeader(&zip.FileHeader{Name: "framehold-studio.json", Method: zip.Store})
		require.NoError(t, err)
		_, err = about.Write([]byte(`{"format":1}`))
		require.NoError(t, err)
		_, err = z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		require.NoError(t, err)
		require.NoError(t, z.Close())
		require.NoError(t, f.Close())
		require.Equal(t, studio.CodeDamaged, studio.CodeOf(restore(filepath.Join(t.TempDir(), "data"), from)), name)
	}
}

func TestACheckFindsWhatIsWrong(t *testing.T) {
	c := newCrew(t)
	content := newFile(1<<20, 1)
	c.uploaded(c.ben, content.bytes())
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}), c.seal(c.ben))
	requireWhole(t, c.stage, 1)
	packs, err := filepath.Glob(filepath.Join(c.o.Dir, "projects", c.film.id.String(), "packs", "*.pack"))
	require.NoError(t, err)
	require.Len(t, packs, 1)
	b, err := os.ReadFile(packs[0])
	require.NoError(t, err)
	b[len(b)/2] ^= 1
	require.NoError(t, os.WriteFile(packs[0], b, 0o600))
	c.data(func(d *server.Studio) {
		checked, err := d.Check(t.Context())
		require.NoError(t, err)
		require.Len(t, checked[0].Problems, 2, "%v", checked[0].Problems) // the chunk, and the page that names it
	})
	_, came := c.ana.fetch(c.film.id, content.hashes())
	require.Len(t, came, len(content.hashes())-1, "a damaged chunk is never served; the others are")
}
