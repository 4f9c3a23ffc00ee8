package chunkstore_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/chunk"
	"framehold/internal/chunkstore"
	"framehold/internal/fsys"
)

// packCalls fails calls on packs while fails says so, and counts syncs that were made.
type packCalls struct {
	fails func(call string) error
	syncs int
}

func (c *packCalls) fail(call, path string) error {
	if !strings.HasSuffix(path, ".pack") {
		return nil
	}
	if c.fails != nil {
		if err := c.fails(call); err != nil {
			return err
		}
	}
	if call == "sync" {
		c.syncs++
	}
	return nil
}

func openOn(t *testing.T, f fsys.FS, dir string, first byte, index chunkstore.Index) *chunkstore.Packs {
	t.Helper()
	n := byte(0)
	p, err := chunkstore.Open(f, dir, index, func() [16]byte { n++; return [16]byte{14: first, 15: n} })
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

func saveIn(t *testing.T, b *chunkstore.Batch, content []byte) error {
	t.Helper()
	_, err := b.Save(t.Context(), chunkstore.Source{Reader: bytes.NewReader(content), Size: int64(len(content))}, nil)
	return err
}

func failing(which string, err error) func(string) error {
	return func(call string) error {
		if call == which {
			return err
		}
		return nil
	}
}

func TestFlush(t *testing.T) {
	t.Run("SyncsAPackThatAFailedAppendClosed", func(t *testing.T) {
		var calls packCalls
		p := openOn(t, fsys.NewFaulty(fsys.Real(), calls.fail), t.TempDir(), 1, newMemory())
		b := p.Begin()
		defer b.Close()
		require.NoError(t, saveIn(t, b, content(1, 1<<20)))
		calls.fails = failing("write", syscall.ENOSPC)
		require.ErrorIs(t, saveIn(t, b, content(2, 1<<20)), syscall.ENOSPC)
		calls.fails = nil
		require.NoError(t, b.Flush())
		require.Positive(t, calls.syncs)
	})
	t.Run("FailsWhenThatSyncFailed", func(t *testing.T) {
		var calls packCalls
		p := openOn(t, fsys.NewFaulty(fsys.Real(), calls.fail), t.TempDir(), 1, newMemory())
		b := p.Begin()
		defer b.Close()
		require.NoError(t, saveIn(t, b, content(1, 1<<20)))
		calls.fails = func(call string) error {
			return errors.Join(failing("write", syscall.ENOSPC)(call), failing("sync", syscall.EIO)(call))
		}
		require.Error(t, saveIn(t, b, content(2, 1<<20)))
		calls.fails = nil
		require.NoError(t, saveIn(t, b, content(3, 1<<20)), "in another pack")
		require.ErrorIs(t, b.Flush(), syscall.EIO)
		require.ErrorIs(t, b.Flush(), syscall.EIO, "and asking again does not make it true")
	})
	t.Run("FailsWhenTheNameOfAPackCouldNotBeSynced", func(t *testing.T) {
		fails := true
		p := openOn(t, fsys.NewFaulty(fsys.Real(), func(call, _ string) error {
			if call == "syncdir" && fails {
				return syscall.EIO
			}
			return nil
		}), t.TempDir(), 1, newMemory())
		b := p.Begin()
		defer b.Close()
		require.NoError(t, saveIn(t, b, content(1, 1<<20)))
		require.ErrorIs(t, b.Flush(), syscall.EIO, "a power cut would take the whole pack away")
		fails = false
		again := p.Begin()
		defer again.Close()
		require.NoError(t, saveIn(t, again, content(2, 1<<20)))
		require.NoError(t, again.Flush(), "in another pack")
	})
	t.Run("FailsWhenAFullPackCouldNotBeSynced", func(t *testing.T) {
		var calls packCalls
		p := openOn(t, fsys.NewFaulty(fsys.Real(), calls.fail), t.TempDir(), 1, newMemory())
		b := p.Begin()
		defer b.Close()
		require.NoError(t, saveIn(t, b, content(1, 1<<20)))
		calls.fails = failing("sync", syscall.EIO)
		require.ErrorIs(t, saveIn(t, b, content(2, 110<<20)), syscall.EIO, "it fills the pack")
		calls.fails = nil
		require.NoError(t, saveIn(t, b, content(3, 1<<20)))
		require.ErrorIs(t, b.Flush(), syscall.EIO)
	})
	t.Run("FailsWhenTheSyncOfAnotherBatchFailed", func(t *testing.T) {
		var calls packCalls
		p := openOn(t, fsys.NewFaulty(fsys.Real(), calls.fail), t.TempDir(), 1, newMemory())
		one, two, three := p.Begin(), p.Begin(), p.Begin()
		defer one.Close()
		defer two.Close()
		defer three.Close()
		require.NoError(t, saveIn(t, three, content(3, 1<<20)))
		require.NoError(t, three.Flush())
		require.NoError(t, saveIn(t, one, content(1, 1<<20)))
		require.NoError(t, saveIn(t, two, content(2, 1<<20)))
		calls.fails = failing("sync", syscall.EIO)
		require.ErrorIs(t, one.Flush(), syscall.EIO)
		calls.fails = nil
		require.ErrorIs(t, two.Flush(), syscall.EIO)
		require.NoError(t, three.Flush(), "what was durable before stays so")
	})
}

// Of every file saved in a batch, with each call on a pack failing in turn: when Flush says yes, what rows may name
// was synced after it was written.
func TestAFlushThatSucceedsCoversEveryRow(t *testing.T) {
	for k := 1; ; k++ {
		require.Less(t, k, 1000)
		written, synced := map[string]bool{}, map[string]bool{}
		left := k
		p := openOn(t, fsys.NewFaulty(fsys.Real(), func(call, path string) error {
			if !strings.HasSuffix(path, ".pack") {
				return nil
			}
			if left--; left == 0 {
				return syscall.EIO
			}
			switch call {
			case "write":
				written[path], synced[path] = true, false
			case "sync":
				synced[path] = true
			}
			return nil
		}), t.TempDir(), 1, newMemory())
		b := p.Begin()
		for seed := range uint64(3) {
			_ = saveIn(t, b, content(seed, 300<<10)) // one that fails has no checkpoint; the others go on
		}
		err := b.Flush()
		hit := left <= 0
		left = 0
		if err == nil {
			for _, r := range b.Pending().Rows {
				name := ""
				for path := range written {
					if filepath.Base(path) == r.Pack.String()+".pack" {
						name = path
					}
				}
				require.True(t, synced[name], "fault %d: %s", k, name)
				require.NoError(t, p.Check(r))
			}
		}
		b.Close()
		if !hit {
			return
		}
	}
}

func onlyPack(t *testing.T, p *chunkstore.Packs) chunkstore.PackID {
	t.Helper()
	packs, err := p.PackFiles()
	require.NoError(t, err)
	require.Len(t, packs, 1)
	for id := range packs {
		return id
	}
	panic("no pack")
}

func TestAPackCannotBeSeizedWhileRowsMayComeToNameIt(t *testing.T) {
	dir := t.TempDir()
	writer, other := openOn(t, fsys.Real(), dir, 1, newMemory()), openOn(t, fsys.Real(), dir, 2, newMemory())
	seized := func() bool {
		lock, err := other.Seize(onlyPack(t, other))
		require.NoError(t, err)
		if lock == nil {
			return false
		}
		require.NoError(t, lock.Close())
		return true
	}
	b := writer.Begin()
	require.NoError(t, saveIn(t, b, content(1, 1<<20)))
	require.False(t, seized(), "it is open")
	require.NoError(t, writer.Leave())
	require.False(t, seized(), "a batch stands on it")
	require.NoError(t, b.Flush())
	require.False(t, seized(), "whose rows are not committed")
	b.Close()
	require.True(t, seized())

	lock, err := other.Seize(chunkstore.PackID{9})
	require.NoError(t, err)
	require.Nil(t, lock, "it is not there")
	require.Equal(t, onlyPack(t, other), onlyPack(t, writer), "and was not made")
}

func TestCollectorsAndLeasesKeepEachOtherOut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "packs")
	one, two := openOn(t, fsys.Real(), dir, 1, newMemory()), openOn(t, fsys.Real(), dir, 2, newMemory())
	lease, err := one.Lease()
	require.NoError(t, err)
	second, err := two.Lease()
	require.NoError(t, err)
	_, err = two.Collector()
	require.ErrorIs(t, err, fsys.ErrLocked)
	require.NoError(t, lease.Close())
	require.NoError(t, second.Close())
	collector, err := two.Collector()
	require.NoError(t, err)
	_, err = one.Lease()
	require.ErrorIs(t, err, fsys.ErrLocked)
	require.NoError(t, collector.Close())
}

func TestContentWhosePackIsGoneOrCutIsStoredAgain(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"gone": os.Remove,
		"cut":  func(path string) error { return os.Truncate(path, 200<<10) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			m := newMemory()
			b := content(1, 3<<20)
			before := openOn(t, fsys.Real(), dir, 1, m)
			saved := put(t, before, m, b)
			require.NoError(t, before.Leave())
			old := onlyPack(t, before)
			require.NoError(t, harm(filepath.Join(dir, old.String()+".pack")))

			p := openOn(t, fsys.Real(), dir, 2, m)
			batch := p.Begin()
			require.NoError(t, saveIn(t, batch, b))
			require.NoError(t, batch.Flush())
			require.NotEmpty(t, batch.Pending().Rows)
			require.Len(t, batch.Pending().Lost, len(batch.Pending().Rows))
			for _, r := range batch.Pending().Lost {
				require.Equal(t, old, r.Pack)
			}
			m.take(batch.Pending())
			batch.Close()
			var out target
			_, err := p.Load(t.Context(), saved.Manifest, &out, nil)
			require.NoError(t, err)
			require.True(t, bytes.Equal(b, out.b))
		})
	}
}

func TestMoveNeverWritesIntoThePackThatItEmpties(t *testing.T) {
	m := newMemory()
	p := openOn(t, fsys.Real(), t.TempDir(), 1, m)
	put(t, p, m, content(1, 1<<20))
	old := onlyPack(t, p)
	rows := []chunkstore.Row{}
	for _, r := range m.rows {
		rows = append(rows, r)
	}
	b := p.Begin()
	defer b.Close()
	moved, err := b.Move(t.Context(), rows)
	require.NoError(t, err)
	require.Len(t, moved, len(rows))
	for _, r := range moved {
		require.NotEqual(t, old, r.Pack)
	}
}

// Rows may go over to moved chunks when those are on the disk: the pack that had them is about to be removed.
func TestMoveIsDoneWhenTheMovedIsOnTheDisk(t *testing.T) {
	m := newMemory()
	var calls packCalls
	p := openOn(t, fsys.NewFaulty(fsys.Real(), calls.fail), t.TempDir(), 1, m)
	put(t, p, m, content(1, 1<<20))
	require.NoError(t, p.Leave())
	rows := []chunkstore.Row{}
	for _, r := range m.rows {
		rows = append(rows, r)
	}
	move := func() error {
		b := p.Begin()
		defer b.Close()
		_, err := b.Move(t.Context(), rows)
		return err
	}
	calls.fails = failing("sync", syscall.EIO)
	require.ErrorIs(t, move(), syscall.EIO)
	calls.fails, calls.syncs = nil, 0
	require.NoError(t, move())
	require.Positive(t, calls.syncs)
}

// stale answers the first look-up as it was before a pack was collected.
type stale struct {
	*memory
	before map[chunk.Hash]chunkstore.Row
}

func (s *stale) Locate(ctx context.Context, hashes []chunk.Hash) ([]chunkstore.Row, error) {
	if s.before == nil {
		return s.memory.Locate(ctx, hashes)
	}
	var rows []chunkstore.Row
	for _, h := range hashes {
		rows = append(rows, s.before[h])
	}
	s.before = nil
	return rows, nil
}

func TestALoadFindsAChunkThatWasMovedMeanwhile(t *testing.T) {
	dir := t.TempDir()
	index := &stale{memory: newMemory()}
	p := openOn(t, fsys.Real(), dir, 1, index)
	b := content(1, 200<<10)
	saved := put(t, p, index.memory, b)
	old := onlyPack(t, p)
	before := map[chunk.Hash]chunkstore.Row{}
	rows := []chunkstore.Row{}
	for h, r := range index.rows {
		before[h] = r
		rows = append(rows, r)
	}
	batch := p.Begin()
	moved, err := batch.Move(t.Context(), rows)
	require.NoError(t, err)
	index.take(chunkstore.Pending{Rows: moved})
	batch.Close()
	require.NoError(t, os.Remove(filepath.Join(dir, old.String()+".pack")))
	other := openOn(t, fsys.Real(), dir, 2, index)
	index.before = before
	var out target
	_, err = other.Load(t.Context(), saved.Manifest, &out, nil)
	require.NoError(t, err)
	require.True(t, bytes.Equal(b, out.b))
}
