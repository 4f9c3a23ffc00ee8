package chunkstore_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/chunk"
	"framehold/internal/chunkstore"
	"framehold/internal/fsys"
)

var update = flag.Bool("update", false, "writes the golden files anew")

// memory is an index that a test keeps: what a database does, in maps.
type memory struct {
	mu    sync.Mutex
	rows  map[chunk.Hash]chunkstore.Row
	blobs map[chunk.Hash][]byte
}

func newMemory() *memory {
	return &memory{rows: map[chunk.Hash]chunkstore.Row{}, blobs: map[chunk.Hash][]byte{}}
}

func (m *memory) Locate(_ context.Context, hashes []chunk.Hash) ([]chunkstore.Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var rows []chunkstore.Row
	for _, h := range hashes {
		if r, ok := m.rows[h]; ok {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

func (m *memory) Blob(_ context.Context, h chunk.Hash) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.blobs[h]
	if !ok {
		return nil, chunkstore.ErrMissing
	}
	return b, nil
}

func (m *memory) take(p chunkstore.Pending) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range p.Rows {
		m.rows[r.Hash] = r
	}
	for _, b := range p.Blobs {
		m.blobs[b.Hash] = b.Bytes
	}
}

func open(t *testing.T, dir string, index chunkstore.Index) *chunkstore.Packs {
	t.Helper()
	n := byte(0)
	p, err := chunkstore.Open(fsys.Real(), dir, index, func() [16]byte { n++; return [16]byte{15: n} })
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	return p
}

func put(t *testing.T, p *chunkstore.Packs, m *memory, b []byte) chunkstore.Saved {
	t.Helper()
	batch := p.Begin()
	defer batch.Close()
	saved, err := batch.Save(t.Context(), chunkstore.Source{Reader: bytes.NewReader(b), Size: int64(len(b))}, nil)
	require.NoError(t, err)
	require.NoError(t, batch.Flush())
	m.take(batch.Pending())
	return saved
}

type target struct{ b []byte }

func (t *target) WriteAt(b []byte, at int64) (int, error) {
	if need := int(at) + len(b); need > len(t.b) {
		t.b = append(t.b, make([]byte, need-len(t.b))...)
	}
	return copy(t.b[at:], b), nil
}

func (t *target) Truncate(size int64) error {
	t.b = append(t.b[:min(int64(len(t.b)), size)], make([]byte, max(0, size-int64(len(t.b))))...)
	return nil
}

func content(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.IntN(20))
	}
	return b
}

func TestWhatIsSavedIsLoadedByteForByte(t *testing.T) {
	m := newMemory()
	p := open(t, t.TempDir(), m)
	for seed, n := range []int{0, 1, 4096, 16 << 10, 16<<10 + 1, 256 << 10, 5 << 20} {
		b := content(uint64(seed), n)
		saved := put(t, p, m, b)
		require.Equal(t, int64(n), saved.Size)
		var out target
		size, err := p.Load(t.Context(), saved.Manifest, &out, nil)
		require.NoError(t, err)
		require.Equal(t, int64(n), size)
		require.True(t, bytes.Equal(b, out.b), "%d bytes", n)
	}
}

func TestTheSameContentIsStoredOnce(t *testing.T) {
	m := newMemory()
	p := open(t, t.TempDir(), m)
	b := content(1, 3<<20)
	first := put(t, p, m, b)
	require.Positive(t, first.NewBytes)
	again := put(t, p, m, b)
	require.Zero(t, again.NewBytes)
	require.Equal(t, first.Manifest, again.Manifest)
	named, err := p.Identify(t.Context(), chunkstore.Source{Reader: bytes.NewReader(b), Size: int64(len(b))}, nil)
	require.NoError(t, err)
	require.Equal(t, first.Manifest, named.Manifest)
	edited := append(append([]byte{}, b[:1<<20]...), b[1<<20+100:]...)
	require.Less(t, put(t, p, m, edited).NewBytes, first.NewBytes/4)
}

func TestADamagedRecordIsNoticedAndFoundAgainElsewhere(t *testing.T) {
	dir := t.TempDir()
	m := newMemory()
	p := open(t, dir, m)
	b := content(2, 100<<10)
	saved := put(t, p, m, b)
	packs, err := p.PackFiles()
	require.NoError(t, err)
	require.Len(t, packs, 1)
	for id := range packs {
		path := filepath.Join(dir, id.String()+".pack")
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		raw[100] ^= 1
		require.NoError(t, os.WriteFile(path, raw, 0o600))
	}
	var out target
	_, err = p.Load(t.Context(), saved.Manifest, &out, nil)
	require.ErrorIs(t, err, chunkstore.ErrDamaged)
	wanted := map[chunk.Hash]bool{}
	for h, r := range m.rows {
		if p.Check(r) != nil {
			wanted[h] = true
		}
	}
	require.NotEmpty(t, wanted)
	batch := p.Begin()
	defer batch.Close()
	require.NoError(t, batch.SaveWanted(t.Context(), chunkstore.Source{Reader: bytes.NewReader(b), Size: int64(len(b))}, wanted))
	require.Empty(t, wanted)
	require.NoError(t, batch.Flush())
	m.take(batch.Pending())
	out = target{}
	_, err = p.Load(t.Context(), saved.Manifest, &out, nil)
	require.NoError(t, err)
	require.True(t, bytes.Equal(b, out.b))
}

func TestTheIndexIsRebuiltFromThePacks(t *testing.T) {
	dir := t.TempDir()
	m := newMemory()
	p := open(t, dir, m)
	put(t, p, m, content(3, 2<<20))
	packs, err := p.PackFiles()
	require.NoError(t, err)
	found := map[chunk.Hash]chunkstore.Row{}
	for id := range packs {
		_, err := p.Scan(t.Context(), id, func(r chunkstore.Row) error { found[r.Hash] = r; return nil })
		require.NoError(t, err)
	}
	require.Equal(t, m.rows, found)
}

func TestSixteenWritersRaceAndNothingIsLost(t *testing.T) {
	m := newMemory()
	p := open(t, t.TempDir(), m)
	var wg sync.WaitGroup
	saved := make([]chunkstore.Saved, 16)
	for i := range saved {
		wg.Go(func() { saved[i] = put(t, p, m, content(uint64(i%4), 300<<10+i)) })
	}
	wg.Wait()
	for i, s := range saved {
		var out target
		_, err := p.Load(t.Context(), s.Manifest, &out, nil)
		require.NoError(t, err)
		require.True(t, bytes.Equal(content(uint64(i%4), 300<<10+i), out.b))
	}
}

func TestABatchThatIsGivenUpGivesItsRoomBack(t *testing.T) {
	m := newMemory()
	dir := t.TempDir()
	p := open(t, dir, m)
	used := func() (bytes int64) {
		sizes, err := p.PackFiles()
		require.NoError(t, err)
		for _, n := range sizes {
			bytes += n
		}
		return bytes
	}
	save := func(b *chunkstore.Batch, content []byte) {
		_, err := b.Save(t.Context(), chunkstore.Source{Reader: bytes.NewReader(content), Size: int64(len(content))}, nil)
		require.NoError(t, err)
	}
	given := p.Begin()
	save(given, content(1, 9<<20))
	require.Greater(t, used(), int64(9<<20))
	given.Close()
	require.Zero(t, used(), "nothing else was in the pack")

	first := content(2, 3<<20)
	kept := put(t, p, m, first)
	size := used()
	given = p.Begin()
	save(given, content(3, 200<<20)) // fills more than one pack
	given.Close()
	require.Equal(t, size, used(), "up to what was kept")

	given, other := p.Begin(), p.Begin()
	second := content(5, 2<<20)
	save(given, content(4, 1<<20))
	save(other, second)
	given.Close()
	require.NoError(t, other.Flush())
	other.Close()
	m.take(other.Pending())
	require.Greater(t, used(), size+3<<20, "what stands before another's bytes stays")

	third := content(6, 2<<20)
	last := put(t, p, m, third)
	for root, want := range map[chunk.Hash][]byte{kept.Manifest: first, last.Manifest: third} {
		var got target
		_, err := p.Load(t.Context(), root, &got, nil)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got.b))
	}
	for _, row := range other.Pending().Rows {
		require.NoError(t, p.Check(row))
	}
}

func TestTheRecordsAreThoseOfTheSpecification(t *testing.T) {
	dir := t.TempDir()
	m := newMemory()
	p := open(t, dir, m)
	put(t, p, m, []byte("hello, world"))
	put(t, p, m, bytes.Repeat([]byte("frame "), 200))
	raw, err := os.ReadFile(filepath.Join(dir, chunkstore.PackID{15: 1}.String()+".pack"))
	require.NoError(t, err)
	got := hex.EncodeToString(raw) + "\n"
	path := "testdata/record.golden"
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}
