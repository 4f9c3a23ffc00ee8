package chunk_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"framehold/internal/chunk"
)

var update = flag.Bool("update", false, "writes the golden files anew")

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func seeded(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, seed))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func cuts(b []byte) []int {
	c := chunk.NewCutter()
	var lengths []int
	for len(b) > 0 {
		n := c.Next(b)
		lengths = append(lengths, n)
		b = b[n:]
	}
	return lengths
}

func TestTheCutPointsAreThoseOfTheSpecification(t *testing.T) {
	lengths := cuts(seeded(8<<20, 1))
	sum := chunk.Sum([]byte(fmt.Sprint(lengths)))
	golden(t, "testdata/cuts.golden", fmt.Sprintf("%d chunks, %s\n", len(lengths), sum))
	for _, n := range lengths[:len(lengths)-1] {
		require.GreaterOrEqual(t, n, chunk.MinBytes)
		require.LessOrEqual(t, n, chunk.MaxBytes)
	}
}

func TestAnEditMovesCutPointsOnlyNearIt(t *testing.T) {
	b := seeded(4<<20, 2)
	before := map[chunk.Hash]bool{}
	all := 0
	for rest := b; len(rest) > 0; {
		n := chunk.NewCutter().Next(rest)
		before[chunk.Sum(rest[:n])] = true
		rest = rest[n:]
	}
	edited := append(append(append([]byte{}, b[:1<<20]...), []byte("four thousand bytes or so")...), b[1<<20:]...)
	same := 0
	for rest := edited; len(rest) > 0; {
		n := chunk.NewCutter().Next(rest)
		all++
		if before[chunk.Sum(rest[:n])] {
			same++
		}
		rest = rest[n:]
	}
	require.GreaterOrEqual(t, same, all-4)
}

func TestTheManifestIsThatOfTheSpecification(t *testing.T) {
	var out strings.Builder
	b := chunk.NewBuilder(func(blob chunk.Blob) error {
		fmt.Fprintf(&out, "%s %s\n", blob.Hash, hex.EncodeToString(blob.Bytes))
		return nil
	})
	require.NoError(t, b.Add(chunk.EntryOf([]byte("hello, world"))))
	_, _, err := b.Finish()
	require.NoError(t, err)
	golden(t, "testdata/manifest.golden", out.String())
}

func TestWhatIsListedIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		blobs := map[chunk.Hash][]byte{}
		b := chunk.NewBuilder(func(blob chunk.Blob) error { blobs[blob.Hash] = blob.Bytes; return nil })
		var want []chunk.Entry
		for range rapid.IntRange(0, 60).Draw(t, "n") {
			e := chunk.Entry{Len: int64(rapid.IntRange(1, 1<<40).Draw(t, "hole")), Hole: true}
			if rapid.Bool().Draw(t, "data") {
				e = chunk.EntryOf(rapid.SliceOfN(rapid.Byte(), 1, 40).Draw(t, "bytes"))
			}
			if b.Add(e) == nil {
				want = append(want, e)
			}
		}
		root, hash, err := b.Finish()
		require.NoError(t, err)
		parsed, err := chunk.ParseRoot(blobs[hash])
		if root.Size > 16<<40 {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, root, parsed)
		var got []chunk.Entry
		for _, p := range parsed.Pages {
			page, err := chunk.ParsePage(blobs[p.Hash])
			require.NoError(t, err)
			got = append(got, page...)
		}
		require.Equal(t, want, got)
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("FHMR\x01"))
	f.Add([]byte("FHMP\x01\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = chunk.ParseRoot(b)
		entries, err := chunk.ParsePage(b)
		require.True(t, err != nil || len(entries) <= len(b))
	})
}

func TestHashesReadBack(t *testing.T) {
	h := chunk.Sum([]byte("x"))
	back, err := chunk.ParseHash(h.String())
	require.NoError(t, err)
	require.Equal(t, h, back)
	require.False(t, bytes.Equal(h[:], make([]byte, 32)))
}
