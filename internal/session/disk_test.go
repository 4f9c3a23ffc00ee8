package session_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/fsys"
	"framehold/internal/session"
	"framehold/internal/studio"
)

// disk is every file of the working folder and what it holds.
func (w *world) disk() map[string]string {
	w.t.Helper()
	found := map[string]string{}
	require.NoError(w.t, filepath.WalkDir(w.root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == ".framehold" {
			return err
		}
		rel, err := filepath.Rel(w.root, path)
		require.NoError(w.t, err)
		found[filepath.ToSlash(rel)] = w.read(rel)
		return nil
	}))
	return found
}

func (w *world) add(s *session.Session, paths ...string) {
	w.t.Helper()
	added, err := s.Add(w.t.Context(), session.AddRequest{Paths: paths, Comment: "first"})
	require.NoError(w.t, err)
	for _, f := range added.Files {
		require.NoError(w.t, f.Err)
	}
}

func entity(t *testing.T, s *session.Session, path string) studio.ID {
	t.Helper()
	p, err := s.Look(t.Context())
	require.NoError(t, err)
	id, ok := p.At(path)
	require.True(t, ok, path)
	return id
}

func fileOf(t *testing.T, s *session.Session, path string) (session.File, session.FileState) {
	t.Helper()
	_, err := s.Rescan(t.Context())
	require.NoError(t, err)
	p, err := s.Look(t.Context())
	require.NoError(t, err)
	id := studio.AssetID{ID: entity(t, s, path)}
	f := s.Files().Of[id]
	return f, f.State(p.Assets[id])
}

func TestNothingIsRenamedOntoAFileOfSomebodyElse(t *testing.T) {
	for name, c := range map[string]struct {
		have, beside string // tracked; of nobody
		act          func(*testing.T, *session.Session) (session.Outcome, error)
		still        string
	}{
		"a twin in case": {"shot.txt", "Shot.txt", func(t *testing.T, s *session.Session) (session.Outcome, error) {
			return s.Rename(t.Context(), entity(t, s, "shot.txt"), "Shot.txt")
		}, "shot.txt"},
		"another name": {"shot.txt", "other.txt", func(t *testing.T, s *session.Session) (session.Outcome, error) {
			return s.Rename(t.Context(), entity(t, s, "shot.txt"), "other.txt")
		}, "shot.txt"},
		"a twin of another name": {"shot.txt", "OTHER.txt", func(t *testing.T, s *session.Session) (session.Outcome, error) {
			return s.Rename(t.Context(), entity(t, s, "shot.txt"), "other.txt")
		}, "shot.txt"},
		"into a folder": {"shot.txt", "col/shot.txt", func(t *testing.T, s *session.Session) (session.Outcome, error) {
			_, err := s.New(t.Context(), []session.NewRequest{{Collection: true, Name: "col"}})
			require.NoError(t, err)
			return s.MoveTo(t.Context(), []studio.ID{entity(t, s, "shot.txt")}, studio.CollectionID{ID: entity(t, s, "col")})
		}, "shot.txt"},
		"a folder onto its twin": {"set/a.txt", "Set/b.txt", func(t *testing.T, s *session.Session) (session.Outcome, error) {
			return s.Rename(t.Context(), entity(t, s, "set"), "Set")
		}, "set/a.txt"},
		"through a file": {"set/a.txt", "wall", func(t *testing.T, s *session.Session) (session.Outcome, error) {
			out, err := s.New(t.Context(), []session.NewRequest{{Collection: true, Name: "wall"}})
			require.NoError(t, err)
			return s.MoveTo(t.Context(), []studio.ID{entity(t, s, "set/a.txt")}, studio.CollectionID{ID: out.Results[0].Entity})
		}, "set/a.txt"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ana := w.init("ana")
			w.write(c.have, "one")
			w.add(ana, c.have)
			w.write(c.beside, "the only copy")
			w.write(c.have, "a day of work")
			out, err := c.act(t, ana)
			require.NoError(t, err)
			require.Equal(t, studio.CodeInTheWay, studio.CodeOf(out.Err()))
			require.Equal(t, map[string]string{c.have: "a day of work", c.beside: "the only copy"}, w.disk())
			_, state := fileOf(t, ana, c.still)
			require.Equal(t, session.StateModified, state)
			require.NoError(t, save(t, ana, c.still, "goes on", "").Err)
		})
	}
}

func TestAnUndoIsRefusedWhereSomethingElseStands(t *testing.T) {
	for _, now := range []string{"Shot.txt", "other.txt"} {
		w := newWorld(t)
		ana := w.init("ana")
		w.write("shot.txt", "one")
		w.add(ana, "shot.txt")
		out, err := ana.Rename(t.Context(), entity(t, ana, "shot.txt"), now)
		require.NoError(t, err)
		require.NoError(t, out.Err())
		w.write("shot.txt", "the only copy")
		_, err = ana.Undo(t.Context())
		require.Equal(t, studio.CodeInTheWay, studio.CodeOf(err))
		require.Equal(t, map[string]string{now: "one", "shot.txt": "the only copy"}, w.disk())
		require.NoError(t, os.Remove(filepath.Join(w.root, "shot.txt")))
		_, err = ana.Undo(t.Context())
		require.NoError(t, err)
		require.Equal(t, map[string]string{"shot.txt": "one"}, w.disk())
	}
}

func TestAnUndoOfMovesBringsEachFileBackInTurn(t *testing.T) {
	w := newWorld(t)
	ana := w.init("ana")
	w.write("set/props/a.txt", "one")
	w.add(ana, "set")
	out, err := ana.New(t.Context(), []session.NewRequest{{Collection: true, Name: "all"}})
	require.NoError(t, err)
	all := studio.CollectionID{ID: out.Results[0].Entity}
	props := entity(t, ana, "set/props")
	out, err = ana.MoveTo(t.Context(), []studio.ID{entity(t, ana, "set"), props, props}, all)
	require.NoError(t, err)
	require.NoError(t, out.Err())
	require.Len(t, out.Results, 2)
	require.Equal(t, map[string]string{"all/props/a.txt": "one"}, w.disk())
	w.write("all/props/a.txt", "two")
	_, err = ana.Undo(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]string{"set/props/a.txt": "two"}, w.disk())
	require.NoError(t, save(t, ana, "set/props/a.txt", "on", "").Err, "it still comes from v1")
}

func TestWhatWasMovedByHandIsRenamedAfterwards(t *testing.T) {
	w := newWorld(t)
	ana := w.init("ana")
	w.write("shot.txt", "one")
	w.add(ana, "shot.txt")
	require.NoError(t, os.Rename(filepath.Join(w.root, "shot.txt"), filepath.Join(w.root, "take.txt")))
	out, err := ana.Rename(t.Context(), entity(t, ana, "shot.txt"), "take.txt")
	require.NoError(t, err)
	require.NoError(t, out.Err())
	_, state := fileOf(t, ana, "take.txt")
	require.Equal(t, session.StateNormal, state)
	w.write("take.txt", "two")
	require.NoError(t, save(t, ana, "take.txt", "on", "").Err)

	w.write("strange.txt", "something else")
	require.NoError(t, os.Remove(filepath.Join(w.root, "take.txt")))
	out, err = ana.Rename(t.Context(), entity(t, ana, "take.txt"), "strange.txt")
	require.NoError(t, err)
	require.Equal(t, studio.CodeInTheWay, studio.CodeOf(out.Err()), "that is not the file of the asset")
}

// Another working folder of the project does not move its files along: a stranger's file at the new place has no base.
func TestAStrangersFileInheritsNoBase(t *testing.T) {
	w, ana, second, other := twoFolders(t)
	out, err := ana.Rename(t.Context(), entity(t, ana, "shot.txt"), "take.txt")
	require.NoError(t, err)
	require.NoError(t, out.Err())
	other.write("take.txt", "something else")
	_, state := fileOf(t, second, "take.txt")
	require.Equal(t, session.StateDiverged, state)
	made := save(t, second, "take.txt", "not from v1", "")
	require.Equal(t, studio.CodeOutdatedBase, studio.CodeOf(made.Err))
	require.Equal(t, map[string]string{"take.txt": "one"}, w.disk())
}

// twoFolders is a project with a second working folder, a copy of the first, and the file shot.txt.
func twoFolders(t *testing.T) (w *world, first, second *session.Session, other *world) {
	t.Helper()
	w = newWorld(t)
	first = w.init("ana")
	w.write("shot.txt", "one")
	w.add(first, "shot.txt")
	other = &world{t: t, root: filepath.Join(t.TempDir(), "copy"), home: w.home}
	require.NoError(t, os.CopyFS(other.root, os.DirFS(w.root)))
	require.NoError(t, session.OwnFolder(context.Background(), other.env("ana"), other.root))
	return w, first, other.open("ana"), other
}

func TestACopiedFolderKnowsWhatItsFilesComeFrom(t *testing.T) {
	_, _, second, other := twoFolders(t)
	f, state := fileOf(t, second, "shot.txt")
	require.Equal(t, session.StateNormal, state)
	require.False(t, f.Base.IsZero())
	other.write("shot.txt", "two and more")
	_, state = fileOf(t, second, "shot.txt")
	require.Equal(t, session.StateModified, state)
	require.NoError(t, save(t, second, "shot.txt", "on", "").Err)
}

func TestWhatIsInTheTrashLeavesTheFilesOfOthersAlone(t *testing.T) {
	ctx := context.Background()
	for _, inFolder := range []bool{false, true} {
		w := newWorld(t)
		ana := w.init("ana")
		ben := member(t, ana, "ben", "Artist")
		at := "s.txt"
		if inFolder {
			at = "set/s.txt"
		}
		w.write(at, "one")
		w.add(ana, at)
		old := asset(t, ana, at)
		gone := old.ID
		if inFolder {
			gone = entity(t, ana, "set")
		}
		out, err := ana.Trash(ctx, []studio.ID{gone})
		require.NoError(t, err)
		require.NoError(t, out.Err())
		w.write(at, "ben's")
		addTask(t, ana, at, ben.User)
		require.NotEqual(t, old, asset(t, ana, at))
		w.write(at, "ben's work, not saved")

		_, err = ana.Restore(ctx, old, studio.CheckpointID{}, nil)
		require.Equal(t, studio.CodeTrashed, studio.CodeOf(err))
		_, err = ana.Discard(ctx, old, nil)
		require.Equal(t, studio.CodeTrashed, studio.CodeOf(err))
		_, err = ana.SaveAsCopy(ctx, old, nil)
		require.Equal(t, studio.CodeTrashed, studio.CodeOf(err))
		_, err = ana.PathOnDisk(ctx, old.ID, false)
		require.Equal(t, studio.CodeTrashed, studio.CodeOf(err))
		for _, many := range []func() ([]session.Restored, error){
			func() ([]session.Restored, error) { return ana.Fetch(ctx, []studio.AssetID{old, old}, nil) },
			func() ([]session.Restored, error) { return ana.FreeUp(ctx, []studio.AssetID{old, old}) },
		} {
			done, err := many()
			require.NoError(t, err)
			require.Len(t, done, 1)
			require.Equal(t, studio.CodeTrashed, studio.CodeOf(done[0].Err))
			require.Equal(t, at, done[0].Path)
		}
		require.Equal(t, map[string]string{at: "ben's work, not saved"}, w.disk())
		k, err := ana.Version(ctx, old, "v1")
		require.NoError(t, err)
		to := filepath.Join(t.TempDir(), "out")
		_, err = ana.RestoreTo(ctx, k, to, nil)
		require.NoError(t, err, "elsewhere it can be had")
		_, state := fileOf(t, w.open("ben"), at)
		require.Equal(t, session.StateModified, state)
	}
}

// The file of one asset that stands where another's is to be put is saved as the first one's.
func TestAFileInTheWayIsSavedAsWhatItIs(t *testing.T) {
	ctx := context.Background()
	w, ana, second, other := twoFolders(t)
	_, _ = fileOf(t, second, "shot.txt")
	shot := asset(t, ana, "shot.txt")
	other.write("shot.txt", "work on shot, not saved")
	out, err := ana.Rename(ctx, shot.ID, "take.txt")
	require.NoError(t, err)
	require.NoError(t, out.Err())
	w.write("shot.txt", "another thing")
	w.add(ana, "shot.txt")
	r, err := second.Restore(ctx, asset(t, second, "shot.txt"), studio.CheckpointID{}, nil)
	require.NoError(t, err)
	require.Equal(t, shot, r.Holder)
	require.Equal(t, "another thing", other.read("shot.txt"))
	require.Equal(t, []studio.CheckpointID{r.Safety}, safeties(t, second, shot))
	_, err = second.Restore(ctx, shot, r.Safety, nil)
	require.NoError(t, err)
	require.Equal(t, "work on shot, not saved", other.read("take.txt"))
	require.NoError(t, save(t, second, "take.txt", "it continues v1", "").Err)
}

func TestACopyTakesANameThatIsFreeOnDisk(t *testing.T) {
	w := newWorld(t)
	ana := w.init("ana")
	w.write("s.txt", "one")
	w.add(ana, "s.txt")
	w.write("S (ana).txt", "the only copy")
	made, err := ana.SaveAsCopy(t.Context(), asset(t, ana, "s.txt"), nil)
	require.NoError(t, err)
	require.Equal(t, "s (ana 2).txt", made.Path)
	require.Equal(t, map[string]string{"s.txt": "one", "S (ana).txt": "the only copy", "s (ana 2).txt": "one"}, w.disk())
}

func TestWhatIsSafeForAnotherOnlyIsMadeSafeForMe(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ana := w.init("ana")
	member(t, ana, "ben", "Artist")
	ben := w.open("ben")
	w.write("s.txt", "one")
	w.add(ana, "s.txt")
	id := asset(t, ana, "s.txt")
	for _, s := range []*session.Session{ben, ana} {
		w.write("s.txt", "precious")
		r, err := s.Restore(ctx, id, studio.CheckpointID{}, nil)
		require.NoError(t, err)
		require.False(t, r.Safety.IsZero())
		require.Equal(t, []studio.CheckpointID{r.Safety}, safeties(t, s, id), "their own")
	}
	w.write("s.txt", "precious")
	r, err := ana.Restore(ctx, id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	require.True(t, r.Safety.IsZero(), "hers is known")
}

func TestASafetyCheckpointGoesOnFromWhereItWasMade(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ana := w.init("ana")
	ben := member(t, ana, "ben", "Artist")
	w.write("s.txt", "one")
	id := addTask(t, ana, "s.txt", ana.Me())
	w.write("s.txt", "from v1")
	r, err := ana.Restore(ctx, id, studio.CheckpointID{}, nil)
	require.NoError(t, err)
	first, err := ana.Version(ctx, id, "v1")
	require.NoError(t, err)
	_, err = ana.Assign(ctx, session.AssignRequest{Assets: []studio.AssetID{id}, To: ben.User})
	require.NoError(t, err)
	b := w.open("ben")
	w.write("s.txt", "ben's v2")
	require.NoError(t, save(t, b, "s.txt", "v2", "").Err)
	_, err = b.FreeUp(ctx, []studio.AssetID{id})
	require.NoError(t, err)
	_, err = ana.Assign(ctx, session.AssignRequest{Assets: []studio.AssetID{id}, To: ana.Me()})
	require.NoError(t, err)

	_, err = ana.Restore(ctx, id, r.Safety, nil)
	require.NoError(t, err)
	f, state := fileOf(t, ana, "s.txt")
	require.Equal(t, first.ID, f.Base)
	require.Equal(t, session.StateDiverged, state)
	require.Equal(t, studio.CodeOutdatedBase, studio.CodeOf(save(t, ana, "s.txt", "on v2, unseen", "").Err))

	_, err = ana.Restore(ctx, id, studio.CheckpointID{}, nil) // now she has seen v2
	require.NoError(t, err)
	_, err = ana.Restore(ctx, id, r.Safety, nil)
	require.NoError(t, err)
	require.NoError(t, save(t, ana, "s.txt", "v3", "").Err)
}

func TestNewGivesTheTaskAsAddDoes(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ana := w.init("ana")
	ben := member(t, ana, "ben", "Artist")
	b := w.open("ben")
	plan := func(s *session.Session, name string, to studio.UserID) session.Outcome {
		out, err := s.New(ctx, []session.NewRequest{{Name: name, Kind: studio.Task, Assign: to}})
		require.NoError(t, err)
		require.Len(t, out.Results, 1)
		return out
	}
	require.NoError(t, plan(ana, "a.txt", ben.User).Err())
	require.NoError(t, plan(b, "b.txt", ben.User).Err(), "a claim")
	require.Equal(t, studio.CodePermission, studio.CodeOf(plan(b, "c.txt", ana.Me()).Err()))
	require.Equal(t, studio.CodeBadTarget, studio.CodeOf(plan(ana, "d.txt", studio.UserID{ID: studio.ID{1}}).Err()))
	p, err := ana.Look(ctx)
	require.NoError(t, err)
	require.Len(t, p.Assets, 2, "what is refused is not planned")
	for _, a := range p.Assets {
		require.Equal(t, ben.User, a.Assignee)
	}
	_, err = ana.Undo(ctx)
	require.NoError(t, err)
}

func TestWhatIsNamedTwiceIsDoneOnce(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	ana := w.init("ana")
	w.write("a.txt", "one")
	w.write("b.txt", "one")
	added, err := ana.Add(ctx, session.AddRequest{Paths: []string{"", "a.txt", "a.txt"}, Task: true, Assign: ana.Me()})
	require.NoError(t, err)
	require.Len(t, added.Files, 2)
	a, b := asset(t, ana, "a.txt"), asset(t, ana, "b.txt")
	w.write("a.txt", "two")
	w.write("b.txt", "two")
	twice := []studio.AssetID{a, b, a}
	for _, anyway := range []bool{false, true} {
		made, err := ana.CreateCheckpoint(ctx, session.CheckpointRequest{Assets: twice, Comment: "twice", Anyway: anyway,
			To: status(t, ana, map[bool]string{false: "wip", true: "wfa"}[anyway])})
		require.NoError(t, err)
		require.Len(t, made, 2)
		for _, m := range made {
			require.NoError(t, m.Err)
			require.Equal(t, "accepted", m.State)
		}
	}
	out, err := ana.SetStatus(ctx, session.StatusRequest{Assets: twice, To: status(t, ana, "wip")})
	require.NoError(t, err)
	require.Len(t, out.Results, 2)
	out, err = ana.Assign(ctx, session.AssignRequest{Assets: twice})
	require.NoError(t, err)
	require.Len(t, out.Results, 2)
}

func TestTheExactNameIsTheAssets(t *testing.T) {
	w := newWorld(t)
	ana := w.init("ana")
	w.write("shot.txt", "one")
	w.add(ana, "shot.txt")
	w.write("SHOT.txt", "a longer text")
	f, state := fileOf(t, ana, "shot.txt")
	require.Equal(t, "shot.txt", f.Path)
	require.Equal(t, session.StateNormal, state)
	require.Equal(t, "name_taken", ana.Files().Untracked[0].Unusable)

	require.NoError(t, os.Remove(filepath.Join(w.root, "shot.txt")))
	f, state = fileOf(t, ana, "shot.txt")
	require.Equal(t, "SHOT.txt", f.Path)
	require.Equal(t, session.StateModified, state)
	require.NoError(t, save(t, ana, "shot.txt", "the list and the act agree", "").Err)
	_, err := ana.FreeUp(t.Context(), []studio.AssetID{asset(t, ana, "shot.txt")})
	require.NoError(t, err)
	require.Empty(t, w.disk())
}

// Each act on the tree and on files with each call of the file system failing in turn: no file of anybody is lost,
// whatever the act came to.
func TestNoFaultLosesAFile(t *testing.T) {
	for name, act := range map[string]func(s *session.Session, set, file studio.ID, n string) error{
		"rename": func(s *session.Session, _, file studio.ID, n string) error {
			out, err := s.Rename(t.Context(), file, "b"+n+".txt")
			return first(err, out.Err())
		},
		"rename in case": func(s *session.Session, set, _ studio.ID, n string) error {
			out, err := s.Rename(t.Context(), set, "SET"+n)
			return first(err, out.Err())
		},
		"move": func(s *session.Session, _, file studio.ID, _ string) error {
			out, err := s.MoveTo(t.Context(), []studio.ID{file}, studio.CollectionID{})
			return first(err, out.Err())
		},
		"free up": func(s *session.Session, _, file studio.ID, _ string) error {
			done, err := s.FreeUp(t.Context(), []studio.AssetID{{ID: file}})
			return first(err, done[0].Err)
		},
		"restore": func(s *session.Session, _, file studio.ID, _ string) error {
			_, err := s.Restore(t.Context(), studio.AssetID{ID: file}, studio.CheckpointID{}, nil)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			require.NoError(t, w.init("ana").ReadOnly())
			fault := &nth{err: syscall.EIO}
			env := w.env("ana")
			env.FS = fsys.NewFaulty(env.FS, fault.fail)
			s, err := session.Open(t.Context(), env, w.root)
			require.NoError(t, err)
			defer func() { require.NoError(t, s.Close()) }()
			k := int64(1)
			for ; ; k++ {
				require.Less(t, k, int64(300))
				n := strconv.FormatInt(k, 10)
				at := "set" + n + "/a" + n + ".txt"
				w.write(at, "one "+n)
				w.add(s, "set"+n)
				set, file := entity(t, s, "set"+n), entity(t, s, at)
				w.write(at, "a day of work "+n)
				w.write("c.txt", "the only copy")
				fault.left.Store(k)
				fault.armed.Store(true)
				err := act(s, set, file, n)
				fault.armed.Store(false)
				require.Contains(t, w.bodies(s, studio.AssetID{ID: file}), "a day of work "+n, "after fault %d: %v", k, err)
				require.Equal(t, "the only copy", w.read("c.txt"), "after fault %d: %v", k, err)
				w.empty()
				if !fault.hit() {
					require.NoError(t, err)
					break
				}
			}
			require.Greater(t, k, int64(5))
			v, err := s.Verify(t.Context(), nil)
			require.NoError(t, err)
			require.Empty(t, v.Problems)
		})
	}
}

// empty removes all from the working folder but its marker.
func (w *world) empty() {
	w.t.Helper()
	entries, err := os.ReadDir(w.root)
	require.NoError(w.t, err)
	for _, e := range entries {
		if e.Name() != ".framehold" {
			require.NoError(w.t, os.RemoveAll(filepath.Join(w.root, e.Name())))
		}
	}
}

// bodies are what the files of the working folder hold, and the safety checkpoints of an asset.
func (w *world) bodies(s *session.Session, id studio.AssetID) []string {
	w.t.Helper()
	var found []string
	for _, body := range w.disk() {
		found = append(found, body)
	}
	for _, safety := range safeties(w.t, s, id) {
		k, err := s.Version(w.t.Context(), id, safety.String())
		require.NoError(w.t, err)
		to := filepath.Join(w.t.TempDir(), "out")
		_, err = s.RestoreTo(w.t.Context(), k, to, nil)
		require.NoError(w.t, err)
		b, err := os.ReadFile(to)
		require.NoError(w.t, err)
		found = append(found, string(b))
	}
	return found
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
