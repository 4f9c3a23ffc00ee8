package server_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/fsys"
	"framehold/internal/server"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

func (c *crew) collect() server.Collected {
	c.t.Helper()
	done, err := c.srv.Collect(c.t.Context(), c.film.id)
	require.NoError(c.t, err)
	return done
}

// on sets the studio's clock to so many days after it began.
func (c *crew) on(days float64) { c.ahead.Store(int64(days * dayMs)) }

// packs lists the pack files of the film.
func (c *crew) packs() []string {
	c.t.Helper()
	found, err := filepath.Glob(filepath.Join(c.o.Dir, "projects", c.film.id.String(), "packs", "*.pack"))
	require.NoError(c.t, err)
	return found
}

// bytes are those of all packs.
func (c *crew) bytes() (sum int64) {
	for _, pack := range c.packs() {
		at, err := os.Stat(pack)
		require.NoError(c.t, err)
		sum += at.Size()
	}
	return sum
}

// version saves a new version of the first shot.
func (c *crew) version(content file, base studio.CheckpointID) studio.CheckpointID {
	c.t.Helper()
	c.uploaded(c.ben, content.bytes())
	told := c.announce(c.ben, content, studio.Hash{})
	told.Body.(*studio.AnnounceBody).Base = base
	c.applied(c.ben, told, c.seal(c.ben))
	return c.checkpoint
}

func (c *crew) drop(id studio.CheckpointID) {
	c.t.Helper()
	c.applied(c.ben, c.ben.op(studio.KindDrop, c.film.shots[0].ID, &studio.CheckpointBody{Checkpoint: id}))
}

func (f file) chunks() (hashes []studio.Hash) {
	for _, one := range f.frames {
		if one.Kind == wire.FrameChunk {
			hashes = append(hashes, one.Hash)
		}
	}
	return hashes
}

// TestCase_Ic1: an upload that breaks is gone on with: what came whole is there, under the lease, and only the rest is sent. Nothing
// that is not what its hash says is ever there.
func TestCase_Ic1(t *testing.T) {
	c := newCrew(t)
	content := newFile(3<<20, 40)
	n := len(content.chunks()) / 2
	broken := framed(content.frames[:n])
	broken = append(broken[:len(broken)-1:len(broken)-1], framed(content.frames[n : n+1])[:100]...) // without its end, then a piece of a chunk
	require.NotEqual(t, http.StatusOK, c.ben.upload(c.film.id, broken).status)
	false1 := append([]wire.Frame{}, content.frames[n])
	false1[0].Stored = append([]byte{}, false1[0].Stored...)
	false1[0].Stored[7]++
	require.Equal(t, http.StatusBadRequest, c.ben.upload(c.film.id, framed(false1)).status)
	have := c.have(c.ben, content.chunks())
	require.NotContains(t, have[n:], true, "neither the cut one nor the false one")
	var rest []wire.Frame
	for i, f := range content.frames {
		if i >= len(have) || !have[i] {
			rest = append(rest, f)
		}
	}
	c.uploaded(c.ben, framed(rest))
	c.uploaded(c.ben, content.bytes()) // sent again it is the same
	require.NotContains(t, c.have(c.ben, content.hashes()), false)
	for day := 5.0; day <= 20; day += 5 { // the lease is renewed by each sign of life
		c.on(day)
		c.collect()
		require.NotContains(t, c.have(c.ben, content.hashes()), false)
	}
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}), c.seal(c.ben))
	require.Equal(t, content.hashes(), c.gets(c.ana, content))
}

// TestCase_Ic3: what an accepted, parked (also in the trash), step or announced checkpoint needs stays, what is leased stays, and
// so do previews. What was dropped, and what nobody named for a week, goes.
func TestCase_Ic3(t *testing.T) {
	c := newCrew(t)
	garbage, dropped := newFile(2<<20, 41), newFile(2<<20, 42)
	head, parked, told, leased := newFile(300<<10, 43), newFile(310<<10, 44), newFile(320<<10, 45), newFile(330<<10, 46)
	for _, content := range []file{garbage, parked, told} {
		c.uploaded(c.cy, content.bytes())
	}
	var bare []wire.Frame // chunks that nothing leads to but the lease
	for _, f := range leased.frames {
		if f.Kind == wire.FrameChunk {
			bare = append(bare, f)
		}
	}
	c.uploaded(c.ana, framed(bare))
	first := c.version(dropped, studio.CheckpointID{})
	c.version(head, first)
	tip := c.checkpoint
	c.drop(first)
	saved := func(content file, sealed bool) studio.CheckpointID {
		k := studio.CheckpointID{ID: c.o.Clock.NewID()}
		c.applied(c.cy, c.cy.op(studio.KindAnnounce, c.film.shots[0].ID, &studio.AnnounceBody{Checkpoint: k, Base: tip, Status: c.film.status,
			Manifest: content.manifest, Bytes: content.size, Comment: "mine"}))
		if sealed {
			require.Equal(t, studio.Kept, c.verdict(c.cy, c.cy.op(studio.KindSeal, c.film.shots[0].ID, &studio.SealBody{Checkpoint: k})).Verdict)
		}
		return k
	}
	root := saved(parked, true)
	c.applied(c.ana, c.ana.op(studio.KindParkedTrash, c.film.shots[0].ID, &studio.ParkedBody{Root: root}))
	saved(told, false)
	old := c.packs()
	require.Len(t, old, 1, "all of it stands in one pack")

	named := func() { require.NotContains(t, c.have(c.ana, leased.chunks()), false) }
	c.on(5)
	named()
	c.on(8) // the other leases are over
	require.Equal(t, server.Collected{Condemned: 1}, c.collect())
	c.on(10.9)
	require.NotContains(t, c.have(c.ana, leased.chunks()), true, "it is to be stored elsewhere")
	require.Zero(t, c.collect().Packs, "three days are not over")
	c.on(11.1)
	done := c.collect()
	require.Equal(t, 1, done.Packs)
	require.Greater(t, done.Freed, int64(4<<20))
	require.NotContains(t, c.packs(), old[0])
	for _, content := range []file{head, parked} {
		require.Equal(t, content.hashes(), c.gets(c.ana, content))
	}
	named()
	before := c.bytes()
	c.uploaded(c.cy, told.bytes())
	require.Equal(t, before, c.bytes(), "all of it was there")
	require.Empty(t, c.gets(c.ana, dropped))
	require.NotContains(t, c.have(c.cy, garbage.hashes()), true)
	requireWhole(t, c.stage, 1)
	c.uploaded(c.cy, garbage.bytes())
	require.NotContains(t, c.have(c.cy, garbage.hashes()), false, "it can come again")
}

// TestCase_Ic4: a pack that is mostly dead is condemned: it is read from, and nobody is told that a chunk of it need not be sent. It
// goes three days later, when no lease is older than that; what lives in it is elsewhere before. After a restore nothing goes for a
// month.
func TestCase_Ic4(t *testing.T) {
	c := newCrew(t)
	alive, named := newFile(300<<10, 50), newFile(310<<10, 51)
	c.uploaded(c.cy, newFile(3<<20, 52).bytes())
	c.version(named, c.version(alive, studio.CheckpointID{}))
	backup := filepath.Join(t.TempDir(), "studio.zip")
	c.backup(backup)
	old := c.packs()
	require.Len(t, old, 1)
	c.on(7.5)
	c.have(c.vic, alive.hashes()) // opens a lease
	c.on(8)
	require.Equal(t, server.Collected{Condemned: 1}, c.collect())
	require.Equal(t, alive.hashes(), c.gets(c.ana, alive), "it serves reads")
	require.NotContains(t, c.have(c.ben, append(alive.chunks(), named.chunks()...)), true)
	c.uploaded(c.ben, named.bytes())
	require.NotContains(t, c.have(c.ben, named.chunks()), false, "stored again elsewhere")
	c.on(10.9)
	require.Zero(t, c.collect().Packs, "three days are not over")
	c.on(11.1)
	require.Zero(t, c.collect().Packs, "a lease is older than the condemnation")
	c.have(c.vic, alive.hashes()) // a sign of life
	require.Equal(t, 1, c.collect().Packs)
	require.NotContains(t, c.packs(), old[0])
	require.Equal(t, alive.hashes(), c.gets(c.ana, alive))
	require.Equal(t, named.hashes(), c.gets(c.ana, named))
	require.NotContains(t, c.have(c.ben, append(alive.chunks(), named.chunks()...)), false)
	requireWhole(t, c.stage, 1)

	back, _ := c.restored(backup)
	for condemned, day := range []float64{11.1 + 29, 11.1 + 31} {
		c.on(day) // they have one clock
		done, err := back.srv.Collect(t.Context(), c.film.id)
		require.NoError(t, err)
		require.Equal(t, condemned, done.Condemned, "day %v", day)
	}
}

// TestCase_Ic5: the last step of a pack is a swap of its state, and its id never comes again: bytes that come while it is being
// deleted are in another one, and a deletion that comes late hits nothing.
func TestCase_Ic5(t *testing.T) {
	c := newCrew(t)
	var stuck atomic.Bool
	c.stop()
	c.o.FS = fsys.NewFaulty(fsys.Real(), func(call, path string) error {
		if stuck.Load() && call == "remove" && strings.HasSuffix(path, ".pack") {
			return errors.New("busy")
		}
		return nil
	})
	c.start()
	content := newFile(600<<10, 60)
	c.uploaded(c.cy, content.bytes())
	old := c.packs()
	c.on(8)
	require.Equal(t, 1, c.collect().Condemned)
	c.on(12)
	stuck.Store(true)
	_, err := c.srv.Collect(t.Context(), c.film.id)
	require.ErrorContains(t, err, "busy")
	require.Equal(t, old, c.packs())
	require.NotContains(t, c.have(c.cy, content.chunks()), true, "no chunk is in it any more")
	c.uploaded(c.cy, content.bytes())
	c.restart()
	stuck.Store(false)
	require.Equal(t, 1, c.collect().Packs)
	require.NotContains(t, c.packs(), old[0])
	require.NotContains(t, c.have(c.cy, content.hashes()), false)
	k := studio.CheckpointID{ID: c.o.Clock.NewID()}
	holding := c.give(c.cy, c.film.shots[1])
	c.applied(c.cy, c.cy.op(studio.KindAnnounce, c.film.shots[1].ID, &studio.AnnounceBody{Checkpoint: k, Assignment: holding, Status: c.film.status,
		Manifest: content.manifest, Bytes: content.size, Comment: "x"}), c.cy.op(studio.KindSeal, c.film.shots[1].ID, &studio.SealBody{Checkpoint: k}))
	require.Equal(t, content.hashes(), c.gets(c.cy, content))
	requireWhole(t, c.stage, 1)
}

// TestCase_Ic11: a chunk that cannot be read any more is served to nobody, and who may have it is asked for it; when it comes, it is
// there as before. One that is readable again, because a disk was away, comes back by itself.
func TestCase_Ic11(t *testing.T) {
	c := newCrew(t)
	content := newFile(300<<10, 70)
	c.version(content, studio.CheckpointID{})
	pack := c.packs()[0]
	whole, err := os.ReadFile(pack)
	require.NoError(t, err)
	bad := append([]byte{}, whole...)
	bad[len(bad)-100]++
	require.NoError(t, os.WriteFile(pack, bad, 0o600))
	scrubbed := 0
	for day := range 30 { // each pack has its day
		c.on(float64(day))
		scrubbed += c.collect().Bad
	}
	require.Equal(t, 1, scrubbed)
	c.on(0)
	lost := content.chunks()[len(content.chunks())-1]
	require.NotContains(t, c.gets(c.ana, content), lost)
	require.Equal(t, []studio.Hash{lost}, c.ana.hello(c.film.id).Wanted, "she may have all of it")
	require.Empty(t, c.vic.hello(c.film.id).Wanted)
	require.Equal(t, []bool{false}, c.have(c.ben, []studio.Hash{lost}))
	c.uploaded(c.ana, framed([]wire.Frame{content.frames[len(content.chunks())-1]}))
	require.Empty(t, c.ana.hello(c.film.id).Wanted)
	require.Equal(t, content.hashes(), c.gets(c.ana, content))

	require.NoError(t, os.Rename(pack, pack+".away"))
	c.restart() // it had the file open
	require.NotEqual(t, content.hashes(), c.gets(c.ana, content), "and what was asked for is found out at once")
	require.NotEmpty(t, c.ana.hello(c.film.id).Wanted)
	require.NoError(t, os.WriteFile(pack, whole, 0o600))
	c.collect()
	require.Empty(t, c.ana.hello(c.film.id).Wanted)
	require.Equal(t, content.hashes(), c.gets(c.ana, content))
	requireWhole(t, c.stage, 1)
}

// Whatever call of the disk fails on the way, nothing that is needed is lost, and the next pass goes on.
func TestAPassThatFailsAnywhereLosesNothing(t *testing.T) {
	c := newCrew(t)
	var left atomic.Int64
	c.stop()
	c.o.FS = fsys.NewFaulty(fsys.Real(), func(call, path string) error {
		if strings.Contains(path, "packs") && left.Add(-1) == 0 {
			return errors.New("broken " + call)
		}
		return nil
	})
	c.start()
	alive := newFile(200<<10, 80)
	c.uploaded(c.cy, newFile(1<<20, 81).bytes())
	c.version(alive, studio.CheckpointID{})
	old, failed := c.packs()[0], 0
	for _, day := range []float64{8, 15.5} {
		c.on(day)
		for n := int64(1); n <= 40; n++ { // what a failed pass has left is one more thing to do for the next
			left.Store(n)
			_, err := c.srv.Collect(t.Context(), c.film.id)
			if left.Swap(0) <= 0 {
				require.Error(t, err)
				failed++
			}
			require.Equal(t, alive.hashes(), c.gets(c.ana, alive), "call %d of day %v: %v", n, day, err)
		}
		c.collect()
	}
	require.Greater(t, failed, 40)
	require.NotContains(t, c.packs(), old)
	require.Empty(t, c.ana.hello(c.film.id).Wanted)
	requireWhole(t, c.stage, 1)
}
