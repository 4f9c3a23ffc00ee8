package projectdb_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// care is a store of which a test writes the index of chunks.
type care struct {
	t *testing.T
	d *projectdb.DB
}

func newCare(t *testing.T) care {
	t.Helper()
	d, err := projectdb.Create(t.Context(), options(t))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return care{t, d}
}

func (c care) do(fn func(*projectdb.Tx) error) error {
	_, err := c.d.Write(c.t.Context(), projectdb.Act{Lane: projectdb.LaneEdit, Kind: projectdb.ActCare}, fn)
	return err
}

func (c care) add(content projectdb.Content) error {
	return c.do(func(tx *projectdb.Tx) error { return tx.AddContent(content) })
}

func (c care) condemn(pack studio.ID, chunks int) error {
	return c.do(func(tx *projectdb.Tx) error { return tx.Condemn(pack, chunks, 1000) })
}

func (c care) forget(f projectdb.Forgotten) error {
	return c.do(func(tx *projectdb.Tx) error { return tx.ForgetPack(f) })
}

func (c care) where(chunk byte) (studio.ID, bool) {
	c.t.Helper()
	rows, err := c.d.Locate(c.t.Context(), []studio.Hash{{chunk}})
	require.NoError(c.t, err)
	if len(rows) == 0 {
		return studio.ID{}, false
	}
	return rows[0].Pack, true
}

func chunkIn(pack, chunk byte) projectdb.ChunkRow {
	return projectdb.ChunkRow{Hash: studio.Hash{chunk}, Pack: studio.ID{pack}, Offset: 100 * int64(chunk), Stored: 10, Size: 10}
}

func rowsOf(rows ...projectdb.ChunkRow) projectdb.Content { return projectdb.Content{Rows: rows} }

func TestACondemnedPackTakesNoRowsAndNoReuse(t *testing.T) {
	c := newCare(t)
	require.NoError(t, c.add(rowsOf(chunkIn(1, 1))))
	require.NoError(t, c.condemn(studio.ID{1}, 1))
	require.NoError(t, c.condemn(studio.ID{3}, 0), "one that nothing was committed of yet")
	check := func() {
		require.ErrorIs(t, c.add(rowsOf(chunkIn(2, 2), chunkIn(1, 3))), projectdb.ErrCondemned)
		require.ErrorIs(t, c.add(rowsOf(chunkIn(3, 4))), projectdb.ErrCondemned)
		require.ErrorIs(t, c.do(func(tx *projectdb.Tx) error {
			return tx.MoveChunks([]projectdb.ChunkRow{chunkIn(3, 4)})
		}), projectdb.ErrCondemned)
		_, known := c.where(2)
		require.False(t, known, "all or nothing")
	}
	check()
	require.ErrorIs(t, c.add(projectdb.Content{Reused: []projectdb.ChunkRow{chunkIn(1, 1)}}), projectdb.ErrCondemned)
	require.NoError(t, c.forget(projectdb.Forgotten{Pack: studio.ID{1}, Moved: []projectdb.ChunkRow{chunkIn(5, 1)}}))
	require.NoError(t, c.forget(projectdb.Forgotten{Pack: studio.ID{3}}))
	at, _ := c.where(1)
	require.Equal(t, studio.ID{5}, at)
	check() // nor ever again, once its file is gone
	require.ErrorIs(t, c.forget(projectdb.Forgotten{Pack: studio.ID{5}, Dead: []studio.Hash{{1}}}), projectdb.ErrNamed,
		"a live pack is not forgotten")
}

func TestContentOfACondemnedPackIsTakenFromANewOne(t *testing.T) {
	c := newCare(t)
	require.NoError(t, c.add(rowsOf(chunkIn(1, 1))))
	require.NoError(t, c.add(rowsOf(chunkIn(2, 1))))
	at, _ := c.where(1)
	require.Equal(t, studio.ID{1}, at, "what another stored before stays")
	require.NoError(t, c.condemn(studio.ID{1}, 1))
	require.NoError(t, c.add(rowsOf(chunkIn(2, 1))))
	at, _ = c.where(1)
	require.Equal(t, studio.ID{2}, at)
}

func TestALostRowIsReplacedByTheNewOne(t *testing.T) {
	c := newCare(t)
	require.NoError(t, c.add(rowsOf(chunkIn(1, 1), chunkIn(1, 2))))
	lost := projectdb.Content{Rows: []projectdb.ChunkRow{chunkIn(2, 1), chunkIn(2, 2)}, Lost: []projectdb.ChunkRow{chunkIn(1, 1)}}
	require.NoError(t, c.add(lost))
	at, _ := c.where(1)
	require.Equal(t, studio.ID{2}, at)
	at, _ = c.where(2)
	require.Equal(t, studio.ID{1}, at, "of which nobody said that it is lost")
	lost.Rows[0].Pack = studio.ID{3}
	require.NoError(t, c.add(lost))
	at, _ = c.where(1)
	require.Equal(t, studio.ID{2}, at, "another process has healed it meanwhile")
}

func TestAPackThatRowsCameToIsNeitherCondemnedNorForgotten(t *testing.T) {
	c := newCare(t)
	require.NoError(t, c.add(rowsOf(chunkIn(1, 1), chunkIn(1, 2))))
	require.ErrorIs(t, c.condemn(studio.ID{1}, 1), projectdb.ErrNamed)
	require.NoError(t, c.add(rowsOf(chunkIn(1, 3))), "it is live")
	require.NoError(t, c.condemn(studio.ID{1}, 3))
	err := c.forget(projectdb.Forgotten{Pack: studio.ID{1}, Moved: []projectdb.ChunkRow{chunkIn(2, 1)}, Dead: []studio.Hash{{2}}})
	require.ErrorIs(t, err, projectdb.ErrNamed)
	for chunk := byte(1); chunk <= 3; chunk++ {
		at, known := c.where(chunk)
		require.True(t, known)
		require.Equal(t, studio.ID{1}, at)
	}
	err = c.forget(projectdb.Forgotten{Pack: studio.ID{1}, Moved: []projectdb.ChunkRow{chunkIn(1, 1)}, Dead: []studio.Hash{{2}, {3}}})
	require.ErrorIs(t, err, projectdb.ErrCondemned, "moved into itself")
}
