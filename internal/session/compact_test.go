package session_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/session"
	"framehold/internal/studio"
)

const dayAndMore = 25 * time.Hour

// openLater opens the project some time from now, on a file system of the test's.
func (w *world) openLater(username string, after time.Duration, f fsys.FS) *session.Session {
	w.t.Helper()
	env := w.env(username)
	env.Clock = clock.New(func() time.Time { return time.Now().Add(after) }, rand.Reader)
	env.FS = f
	s, err := session.Open(context.Background(), env, w.root)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, s.Close()) })
	return s
}

// once runs fn in a session of its own.
func (w *world) once(after time.Duration, f fsys.FS, fn func(*session.Session)) {
	w.t.Helper()
	env := w.env("ana")
	env.Clock = clock.New(func() time.Time { return time.Now().Add(after) }, rand.Reader)
	env.FS = f
	s, err := session.Open(context.Background(), env, w.root)
	require.NoError(w.t, err)
	fn(s)
	require.NoError(w.t, s.Close())
}

// founded is a project of ana's that nobody has open, with tasks of hers.
func founded(t *testing.T, files ...string) (*world, []studio.AssetID) {
	t.Helper()
	w := newWorld(t)
	s, err := session.Init(context.Background(), w.env("ana"), w.root, "Film")
	require.NoError(t, err)
	var ids []studio.AssetID
	for _, name := range files {
		w.write(name, noise(300_000))
		ids = append(ids, addTask(t, s, name, s.Me()))
	}
	require.NoError(t, s.Close())
	return w, ids
}

func noise(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return string(b)
}

func (w *world) packFiles() []string {
	w.t.Helper()
	found, err := filepath.Glob(filepath.Join(w.home, "*", "stores", "*", "packs", "*.pack"))
	require.NoError(w.t, err)
	return found
}

func whole(t *testing.T, s *session.Session, about ...any) {
	t.Helper()
	v, err := s.Verify(context.Background(), nil)
	require.NoError(t, err)
	require.Empty(t, v.Problems, about...)
}

// holds tells that a version, read from the store, is the text.
func holds(t *testing.T, s *session.Session, id studio.AssetID, version, text string) {
	t.Helper()
	k, err := s.Version(context.Background(), id, version)
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "out")
	_, err = s.RestoreTo(context.Background(), k, out, nil)
	require.NoError(t, err)
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	require.True(t, text == string(b), version)
}

func drop(t *testing.T, s *session.Session, id studio.AssetID, version string) {
	t.Helper()
	k, err := s.Version(context.Background(), id, version)
	require.NoError(t, err)
	out, err := s.Drop(context.Background(), id, k.ID)
	require.NoError(t, err)
	require.NoError(t, out.Err())
}

// A window stays open for days with its pack nearly dead while another process compacts: what it saves then is safe.
func TestCompactLeavesAPackAloneThatAnotherProcessWrites(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	w.write("a.bin", noise(100_000))
	window := w.init("ana")
	id := addTask(t, window, "a.bin", window.Me())
	w.write("a.bin", noise(3_000_000))
	require.NoError(t, save(t, window, "a.bin", "v2", "").Err)
	w.write("a.bin", "small")
	require.NoError(t, save(t, window, "a.bin", "v3", "").Err)
	drop(t, window, id, "v2")
	for _, after := range []time.Duration{0, dayAndMore, 2 * dayAndMore} {
		_, err := w.openLater("ana", after, fsys.Real()).Compact(ctx, nil)
		require.NoError(t, err)
		text := strings.Repeat("the work of a day "+after.String(), 1000)
		w.write("a.bin", text)
		made := save(t, window, "a.bin", "work", "")
		require.NoError(t, made.Err)
		whole(t, w.open("ana"))
		holds(t, w.open("ana"), id, fmt.Sprintf("v%d", made.Version), text)
	}
	_, err := window.Compact(ctx, nil)
	require.NoError(t, err, "its own it gives up by itself")
	got, err := w.openLater("ana", 3*dayAndMore, fsys.Real()).Compact(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, 1, got.Packs)
	require.Greater(t, got.Freed, int64(2_900_000))
	whole(t, window)
}

// A condemned pack stays for a day: who has looked a chunk up reads it where it stood. Only then it is emptied, and removed.
func TestACondemnedPackIsReadForADay(t *testing.T) {
	w, ids := founded(t, "a.bin")
	version, text := litter(t, w, ids[0])
	packs := len(w.packFiles())
	for _, c := range []struct {
		after           time.Duration
		condemned, gone int
	}{{0, 1, 0}, {time.Minute, 0, 0}, {23 * time.Hour, 0, 0}, {dayAndMore, 0, 1}} {
		w.once(c.after, fsys.Real(), func(s *session.Session) {
			got, err := s.Compact(t.Context(), nil)
			require.NoError(t, err)
			require.Equal(t, c.condemned, got.Condemned, "after %s", c.after)
			require.Equal(t, c.gone, got.Packs, "after %s", c.after)
		})
		if c.gone == 0 {
			require.Len(t, w.packFiles(), packs)
		}
	}
	whole(t, w.open("ana"))
	holds(t, w.open("ana"), ids[0], version, text)
}

// compact runs at every call that a checkpoint of 20 MB makes of the file system: nothing of it is condemned, and one
// changed byte costs about one chunk afterwards.
func TestCompactWhileACheckpointIsMadeCostsNothing(t *testing.T) {
	ctx := context.Background()
	w, ids := founded(t, "a.bin")
	id := ids[0]
	collector := w.open("ana")
	condemned := 0
	var inside atomic.Bool // the blocks of a file are read beside each other
	f := fsys.NewFaulty(fsys.Real(), func(call, path string) error {
		if !strings.HasSuffix(path, ".pack") || call == "read" || !inside.CompareAndSwap(false, true) {
			return nil
		}
		defer inside.Store(false)
		got, err := collector.Compact(ctx, nil)
		require.NoError(t, err)
		condemned += got.Condemned
		return nil
	})
	s := w.openLater("ana", 0, f)
	big := []byte(noise(20 << 20))
	w.write("a.bin", string(big))
	require.NoError(t, save(t, s, "a.bin", "big", "").Err)
	require.Zero(t, condemned)
	for i := range 2 {
		big[i<<20]++
		w.write("a.bin", string(big))
		made := save(t, s, "a.bin", "one byte", "")
		require.NoError(t, made.Err)
		require.Less(t, made.NewBytes, int64(2*256<<10))
	}
	holds(t, collector, id, "", string(big))
}

func TestPacksOfTinyFilesAreNotHalfDead(t *testing.T) {
	w := newWorld(t)
	s := w.init("ana")
	for i := range 50 {
		w.write(fmt.Sprintf("f/%d.txt", i), fmt.Sprint(i))
	}
	_, err := s.Add(context.Background(), session.AddRequest{Paths: []string{"f"}, Comment: "first"})
	require.NoError(t, err)
	got, err := s.Compact(context.Background(), nil)
	require.NoError(t, err)
	require.Zero(t, got.Condemned)
}

// litter leaves a pack that is over half dead: most of it was a version that is dropped.
func litter(t *testing.T, w *world, id studio.AssetID) (version string, text string) {
	t.Helper()
	w.once(0, fsys.Real(), func(s *session.Session) {
		w.write("a.bin", noise(200_000))
		large := save(t, s, "a.bin", "large", "")
		require.NoError(t, large.Err)
		text = "kept behind it: " + noise(20)
		w.write("a.bin", text)
		small := save(t, s, "a.bin", "kept", "")
		require.NoError(t, small.Err)
		drop(t, s, id, fmt.Sprintf("v%d", large.Version))
		version = fmt.Sprintf("v%d", small.Version)
	})
	return version, text
}

// Compact with each call of the file system failing in turn, and each commit, while a second session saves in the very
// moment of the fault: no version is lost, and the next compact succeeds.
func TestCompactWithEachCallFailingLosesNothing(t *testing.T) {
	ctx := context.Background()
	w, ids := founded(t, "a.bin", "b.bin")
	kept, text := litter(t, w, ids[0])
	compact := func(s *session.Session) session.Compacted {
		got, err := s.Compact(ctx, nil)
		require.NoError(t, err)
		return got
	}
	w.once(0, fsys.Real(), func(s *session.Session) { require.Equal(t, 1, compact(s).Condemned) })
	kept2, text2 := litter(t, w, ids[0]) // the compact that is watched condemns this one and empties the other
	dir := filepath.Dir(w.root)
	before := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(before, "all"), os.DirFS(dir)))
	for name, fault := range map[string]struct {
		err           error
		stays, commit bool
	}{
		"a call that fails once":   {err: syscall.EIO},
		"the process ends there":   {err: errors.New("killed"), stays: true},
		"a commit that fails once": {err: errors.New("the disk went away"), commit: true},
	} {
		t.Run(name, func(t *testing.T) {
			for k := int64(1); ; k++ {
				require.Less(t, k, int64(300))
				require.NoError(t, os.RemoveAll(dir))
				require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(before, "all"))))
				var hit bool
				w.once(0, fsys.Real(), func(window *session.Session) {
					n := &nth{err: fault.err, stays: fault.stays}
					hear := func(call, path string) error {
						if n.armed.Load() && n.left.Load() == 1 && !fault.commit { // a commit has the database to itself
							w.write("b.bin", "saved by the second session")
							require.NoError(t, save(t, window, "b.bin", "second session", "").Err)
						}
						return n.fail(call, path)
					}
					hit = compactOnce(t, w, n, k, hear, fault.commit)
					whole(t, window, "after fault %d", k)
					w.once(dayAndMore, fsys.Real(), func(s *session.Session) { compact(s) })
					whole(t, window, "after fault %d and a compact without", k)
					holds(t, window, ids[0], kept, text)
					holds(t, window, ids[0], kept2, text2)
					if hit && !fault.commit {
						holds(t, window, ids[1], "", "saved by the second session")
					}
				})
				if !hit {
					require.Greater(t, k, int64(2))
					return
				}
			}
		})
	}
}

// compactOnce is a compact a day later whose k-th call fails; it tells whether there was a k-th.
func compactOnce(t *testing.T, w *world, n *nth, k int64, hear func(string, string) error, commit bool) bool {
	t.Helper()
	env := w.env("ana")
	env.Clock = clock.New(func() time.Time { return time.Now().Add(dayAndMore) }, rand.Reader)
	if commit {
		env.CommitFault = func() error { return hear("commit", "") }
	} else {
		env.FS = fsys.NewFaulty(env.FS, hear)
	}
	s, err := session.Open(context.Background(), env, w.root)
	require.NoError(t, err)
	n.left.Store(k)
	n.armed.Store(true)
	_, err = s.Compact(context.Background(), nil)
	n.armed.Store(false)
	if err != nil {
		require.True(t, n.hit(), "it failed without a fault: %v", err)
	}
	require.NoError(t, s.Close())
	return n.hit()
}

// The pack that a session has open is condemned and forgotten under it, as a program without locks would: everything
// that saves stores its content again, in another pack.
// Compact gives back what nothing needs: a safety checkpoint needs its bytes, and a checkpoint those of its image.
func TestCompactKeepsSafetyCheckpointsAndImages(t *testing.T) {
	ctx := context.Background()
	w, ids := founded(t, "a.bin")
	id, unsaved := ids[0], noise(200_000)
	pixels := image.NewGray(image.Rect(0, 0, 300, 300))
	copy(pixels.Pix, noise(len(pixels.Pix)))
	var drawn bytes.Buffer
	require.NoError(t, png.Encode(&drawn, pixels))
	var safety, pictured studio.Checkpoint
	w.once(0, fsys.Real(), func(s *session.Session) {
		w.write("a.bin", noise(1000))
		made, err := s.CreateCheckpoint(ctx, session.CheckpointRequest{Assets: ids, Comment: "with an image",
			Image: &session.Image{Reader: bytes.NewReader(drawn.Bytes()), Size: int64(drawn.Len())}})
		require.NoError(t, err)
		require.NoError(t, made[0].Err)
		pictured, err = s.Version(ctx, id, "v2")
		require.NoError(t, err)
		w.write("a.bin", unsaved)
		restored, err := s.Restore(ctx, id, studio.CheckpointID{}, nil)
		require.NoError(t, err)
		safety, err = s.Version(ctx, id, restored.Safety.String())
		require.NoError(t, err)
		w.write("a.bin", noise(3_000_000))
		require.NoError(t, save(t, s, "a.bin", "large", "").Err)
		w.write("a.bin", "small")
		require.NoError(t, save(t, s, "a.bin", "small", "").Err)
		drop(t, s, id, "v3")
	})
	for _, after := range []time.Duration{0, dayAndMore} {
		w.once(after, fsys.Real(), func(s *session.Session) {
			got, err := s.Compact(ctx, nil)
			require.NoError(t, err)
			require.Equal(t, 1, got.Condemned+got.Packs)
		})
	}
	w.once(dayAndMore, fsys.Real(), func(s *session.Session) {
		holds(t, s, id, safety.ID.String(), unsaved)
		pictured.Manifest, pictured.Bytes = pictured.Image, int64(drawn.Len())
		out := filepath.Join(t.TempDir(), "out.png")
		_, err := s.RestoreTo(ctx, pictured, out, nil)
		require.NoError(t, err)
		b, err := os.ReadFile(out)
		require.NoError(t, err)
		require.Equal(t, drawn.Bytes(), b)
	})
}

// Content that stands in a condemned pack alone is stored again by whoever saves it: the pack will be gone.
func TestContentOfACondemnedPackIsNotUsedAgain(t *testing.T) {
	w := newWorld(t)
	text := noise(300_000)
	w.write("a.bin", text)
	s := w.init("ana")
	first := addTask(t, s, "a.bin", s.Me())
	db := w.raw()
	_, err := db.Exec(`UPDATE pack SET condemned_ms = 5 WHERE condemned_ms = 0`)
	require.NoError(t, err)
	w.write("b.bin", text)
	second := addTask(t, s, "b.bin", s.Me())
	var left int
	require.NoError(t, db.QueryRow(`SELECT count(*) FROM chunk c JOIN pack p ON p.id = c.pack WHERE p.condemned_ms <> 0`).Scan(&left))
	require.Zero(t, left)
	for _, id := range []studio.AssetID{first, second} {
		holds(t, s, id, "v1", text)
	}
}

func TestWhatStandsOnACondemnedPackIsStoredAgain(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	w.write("a.bin", noise(300_000))
	s := w.init("ana")
	id := addTask(t, s, "a.bin", s.Me())
	db := w.raw()
	condemn := func() {
		t.Helper()
		_, err := db.Exec(`UPDATE pack SET condemned_ms = 5 WHERE condemned_ms = 0`)
		require.NoError(t, err)
	}
	condemn()
	w.write("a.bin", noise(300_000))
	require.NoError(t, save(t, s, "a.bin", "checkpoint", "").Err)
	condemn()
	w.write("b.bin", noise(300_000))
	addTask(t, s, "b.bin", s.Me())
	condemn()
	w.write("a.bin", noise(300_000))
	made, err := s.SaveAsCopy(ctx, id, nil)
	require.NoError(t, err)
	require.NoError(t, made.Err)
	condemn()
	w.write("a.bin", noise(300_000))
	restored, err := s.Restore(ctx, id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	require.False(t, restored.Safety.IsZero())
	condemn()
	text := noise(300_000)
	w.write("a.bin", text)
	require.NoError(t, save(t, s, "a.bin", "to be mended", "").Err)
	newest := ""
	for _, path := range w.packFiles() {
		if path > newest {
			newest = path
		}
	}
	raw, err := os.ReadFile(newest)
	require.NoError(t, err)
	raw[len(raw)-1000] ^= 1
	require.NoError(t, os.WriteFile(newest, raw, 0o600))
	condemn()
	mended, err := s.Repair(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, 1, mended)
	whole(t, s)
	holds(t, s, id, "", text)
}

func TestSavingContentAgainHealsAStoreWhosePackIsGone(t *testing.T) {
	ctx := context.Background()
	for name, harm := range map[string]func(string) error{
		"gone": os.Remove,
		"cut":  func(path string) error { return os.Truncate(path, 60_000) },
	} {
		for again, act := range map[string]func(*world, *session.Session){
			"as another file": func(w *world, s *session.Session) {
				w.write("b.bin", w.read("a.bin"))
				addTask(w.t, s, "b.bin", s.Me())
			},
			"unchanged": func(w *world, s *session.Session) {
				require.Equal(w.t, "unchanged", save(w.t, s, "a.bin", "again", "").State)
			},
		} {
			t.Run(name+" "+again, func(t *testing.T) {
				w, ids := founded(t, "a.bin")
				id, text := ids[0], w.read("a.bin")
				require.Len(t, w.packFiles(), 1)
				require.NoError(t, harm(w.packFiles()[0]))
				s := w.open("ana")
				v, err := s.Verify(ctx, nil)
				require.NoError(t, err)
				require.NotEmpty(t, v.Problems)
				act(w, s)
				whole(t, s)
				holds(t, s, id, "v1", text)
			})
		}
	}
}

// An export holds every pack that it names: a compact in between waits for another time.
func TestAnExportAndACompactKeepEachOtherOut(t *testing.T) {
	ctx := context.Background()
	w, ids := founded(t, "a.bin")
	id := ids[0]
	version, text := litter(t, w, id)
	_, err := w.openLater("ana", 0, fsys.Real()).Compact(ctx, nil)
	require.NoError(t, err)
	collector := w.openLater("ana", dayAndMore, fsys.Real())
	asked, exports := 0, false
	exporter := w.openLater("ana", 0, fsys.NewFaulty(fsys.Real(), func(call, path string) error {
		if exports && strings.Contains(path, "packs"+string(filepath.Separator)) {
			_, err := collector.Compact(ctx, nil)
			require.Equal(t, studio.CodeStoreInUse, studio.CodeOf(err))
			asked++
		}
		return nil
	}))
	file := filepath.Join(t.TempDir(), "film.framehold")
	exports = true
	_, err = exporter.Export(ctx, file, nil)
	exports = false
	require.NoError(t, err)
	require.Positive(t, asked)
	got, err := collector.Compact(ctx, nil)
	require.NoError(t, err)
	require.Equal(t, 1, got.Packs)

	env := w.env("ana")
	imported, err := session.Import(ctx, env, file, filepath.Join(t.TempDir(), "again"), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, imported.Close()) }()
	holds(t, imported, id, version, text)
}

func TestCareThatFailsAfterTheCommitDoesNotDenyWhatIsSaved(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	clean := w.init("ana")
	w.write("a.bin", "one")
	w.write("b.bin", "one")
	a, b := addTask(t, clean, "a.bin", clean.Me()), addTask(t, clean, "b.bin", clean.Me())
	env := w.env("ana")
	later := 0
	env.CommitFault = func() error {
		if _, err := clean.Version(ctx, a, "v2"); err != nil {
			return nil
		}
		later++
		return errors.New("the disk went away")
	}
	s, err := session.Open(ctx, env, w.root)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	w.write("a.bin", "two")
	made, err := s.CreateCheckpoint(ctx, session.CheckpointRequest{Assets: []studio.AssetID{a, b}, Comment: "two"})
	require.NoError(t, err)
	require.Positive(t, later, "the care came after the commit")
	require.NoError(t, errors.Join(made[0].Err, made[1].Err))
	require.Equal(t, "accepted", made[0].State)
	require.Equal(t, "unchanged", made[1].State)
	holds(t, clean, a, "v2", "two")
}

func TestASafetyCheckpointIsDeletedByItsAuthorAlone(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ana := w.init("ana")
	member(t, ana, "ben", "Admin")
	ben := w.open("ben")
	w.write("a.bin", "one")
	id := addTask(t, ana, "a.bin", ana.Me())
	w.write("a.bin", "not saved")
	r, err := ana.Restore(ctx, id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	require.Equal(t, []studio.CheckpointID{r.Safety}, safeties(t, ana, id))
	out, err := ben.Drop(ctx, id, r.Safety)
	require.Error(t, errors.Join(err, out.Err()))
	require.Len(t, safeties(t, ana, id), 1)

	out, err = ana.Drop(ctx, id, r.Safety)
	require.NoError(t, err)
	require.NoError(t, out.Err())
	require.Equal(t, "a.bin", out.Results[0].Path)
	require.Empty(t, safeties(t, ana, id))
	whole(t, ana)
	out, err = ana.Drop(ctx, id, r.Safety)
	require.Error(t, errors.Join(err, out.Err()), "it is gone")
}

func TestPartsOfAKilledRestoreAreSweptADayLater(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	s := w.init("ana")
	w.write("shots/.framehold-0123.part", "half of a file")
	w.write("shots/framehold-0123.part", "a file of the person's")
	w.write("elsewhere/.framehold-0123.part", "outside")
	outside := filepath.Join(t.TempDir(), "outside.part")
	require.NoError(t, os.WriteFile(outside, []byte("precious"), 0o644))
	require.NoError(t, os.Symlink(outside, filepath.Join(w.root, "shots", ".framehold-link.part")))
	_, err := s.Rescan(ctx)
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(w.root, "shots", ".framehold-0123.part"), "a restore may be writing it")
	_, err = w.openLater("ana", dayAndMore, fsys.Real()).Rescan(ctx)
	require.NoError(t, err)
	require.NoFileExists(t, filepath.Join(w.root, "shots", ".framehold-0123.part"))
	require.NoFileExists(t, filepath.Join(w.root, "elsewhere", ".framehold-0123.part"))
	require.FileExists(t, filepath.Join(w.root, "shots", "framehold-0123.part"))
	require.FileExists(t, outside)
}
