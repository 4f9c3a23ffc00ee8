package wire_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

func framesOf(t require.TestingT, frames ...wire.Frame) []byte {
	var b bytes.Buffer
	w := wire.NewFrameWriter(&b)
	for _, f := range frames {
		require.NoError(t, w.Write(f))
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// readAll is all frames of a stream, and how it ended.
func readAll(r io.Reader) ([]wire.Frame, error) {
	var frames []wire.Frame
	for fr := wire.NewFrameReader(r); ; {
		f, err := fr.Next()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return frames, nil
		}
		if err != nil {
			return frames, err
		}
		f.Stored = bytes.Clone(f.Stored)
		frames = append(frames, f)
	}
}

func raw(kind wire.FrameKind, hash byte, b []byte) wire.Frame {
	return wire.Frame{Kind: kind, Size: uint32(len(b)), Hash: studio.Hash{hash}, Stored: b}
}

func packed(t testing.TB, hash byte, plain []byte) wire.Frame {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return wire.Frame{Kind: wire.FrameChunk, Coding: wire.Zstd, Size: uint32(len(plain)), Hash: studio.Hash{hash}, Stored: z.EncodeAll(plain, nil)}
}

func TestTheFramesAreThoseOfTheSpecification(t *testing.T) {
	b := framesOf(t, raw(wire.FrameManifest, 1, []byte("FHMP...")), raw(wire.FrameChunk, 2, []byte("hello, world")))
	golden(t, "testdata/frames.hex", hex.EncodeToString(b)+"\n")
	specified(t, b)
}

func TestFramesComeAsTheyWent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var frames []wire.Frame
		for range rapid.IntRange(0, 6).Draw(t, "n") {
			f := raw(wire.FrameKind(rapid.IntRange(1, 2).Draw(t, "kind")), 1, rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "bytes"))
			if f.Kind == wire.FrameChunk && rapid.Bool().Draw(t, "coded") {
				f.Coding, f.Size = wire.Zstd, uint32(rapid.IntRange(1, wire.ChunkBytesMax).Draw(t, "size"))
			}
			frames = append(frames, f)
		}
		b := framesOf(t, frames...)
		got, err := readAll(iotest.OneByteReader(bytes.NewReader(b)))
		require.NoError(t, err)
		require.Equal(t, frames, got)
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		got, err = readAll(bytes.NewReader(b[:cut]))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "a stream that is cut is never whole")
		for i, f := range got {
			require.Equal(t, frames[i], f)
		}
	})
}

func TestFramesOverALimitAreNeitherWrittenNorRead(t *testing.T) {
	big := make([]byte, wire.ManifestBytesMax+1)
	full := raw(wire.FrameChunk, 1, big[:wire.ChunkBytesMax])
	got, err := readAll(bytes.NewReader(framesOf(t, full, raw(wire.FrameManifest, 2, big[:wire.ManifestBytesMax]))))
	require.NoError(t, err)
	require.Len(t, got, 2)
	for name, f := range map[string]wire.Frame{
		"chunk":        raw(wire.FrameChunk, 1, big[:wire.ChunkBytesMax+1]),
		"manifest":     raw(wire.FrameManifest, 1, big),
		"stored":       {Kind: wire.FrameChunk, Coding: wire.Zstd, Size: 1, Hash: studio.Hash{1}, Stored: big[:wire.ChunkStoredMax+1]},
		"raw is whole": {Kind: wire.FrameChunk, Size: 2, Hash: studio.Hash{1}, Stored: []byte{1}},
		"empty":        raw(wire.FrameChunk, 1, nil),
		"no hash":      raw(wire.FrameChunk, 0, []byte{1}),
		"kind":         raw(3, 1, []byte{1}),
		"coding":       {Kind: wire.FrameChunk, Coding: 2, Size: 1, Hash: studio.Hash{1}, Stored: []byte{1}},
		"coded root":   {Kind: wire.FrameManifest, Coding: wire.Zstd, Size: 9, Hash: studio.Hash{1}, Stored: []byte{1}},
	} {
		require.ErrorIs(t, wire.NewFrameWriter(io.Discard).Write(f), wire.ErrMalformed, name)
	}
	good := framesOf(t, raw(wire.FrameChunk, 1, []byte("x")))
	for name, at := range map[string]struct {
		offset int
		value  byte
	}{
		"magic": {0, 'X'}, "version": {3, 2}, "kind": {4, 9}, "coding": {5, 7}, "size": {9, 0xff}, "stored": {13, 0xff}, "count": {len(good) - 4, 7},
	} {
		bad := bytes.Clone(good)
		bad[at.offset] = at.value
		_, err := readAll(bytes.NewReader(bad))
		require.ErrorIs(t, err, wire.ErrMalformed, name)
	}
	_, err = readAll(bytes.NewReader(append(bytes.Clone(good), 0)))
	require.ErrorIs(t, err, wire.ErrMalformed, "bytes behind the end")
}

func TestAFrameThatOnlyPromisesBytesTakesNoMemory(t *testing.T) {
	promise := framesOf(t, raw(wire.FrameManifest, 1, make([]byte, wire.ManifestBytesMax)))[:60]
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		_, err := readAll(bytes.NewReader(promise))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(wire.ManifestBytesMax))
}

func TestAChunkIsDecodedToItsSizeAndNoFurther(t *testing.T) {
	plain := bytes.Repeat([]byte("framehold "), 20_000)
	good, short, bomb, torn := packed(t, 1, plain), packed(t, 2, plain), packed(t, 3, make([]byte, 64<<20)), packed(t, 4, plain)
	short.Size--
	bomb.Size = wire.ChunkBytesMax
	torn.Stored = torn.Stored[:len(torn.Stored)-3]
	fr := wire.NewFrameReader(bytes.NewReader(framesOf(t, good, short, bomb, torn, raw(wire.FrameChunk, 5, plain), good)))
	for _, want := range []bool{true, false, false, false, true, true} {
		f, err := fr.Next()
		require.NoError(t, err)
		got, err := fr.Plain(f)
		if !want {
			require.ErrorIs(t, err, wire.ErrMalformed)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, plain, got)
	}
	_, err := fr.Next()
	require.Equal(t, io.EOF, err)
	_, err = fr.Next()
	require.Equal(t, io.EOF, err)
}

func TestAWriterTellsOfABrokenLine(t *testing.T) {
	for n := range 3 {
		w := wire.NewFrameWriter(&failing{left: n})
		err := w.Write(raw(wire.FrameChunk, 1, []byte("x")))
		if n < 2 {
			require.ErrorIs(t, err, io.ErrClosedPipe)
			continue
		}
		require.NoError(t, err)
		require.ErrorIs(t, w.Close(), io.ErrClosedPipe)
	}
}

// failing takes some writes, then none.
type failing struct{ left int }

func (f *failing) Write(b []byte) (int, error) {
	if f.left == 0 {
		return 0, io.ErrClosedPipe
	}
	f.left--
	return len(b), nil
}

func FuzzFrames(f *testing.F) {
	f.Add(framesOf(f))
	f.Add(framesOf(f, raw(wire.FrameManifest, 1, []byte("root")), packed(f, 2, []byte("hello, hello, hello"))))
	f.Fuzz(func(t *testing.T, b []byte) {
		fr := wire.NewFrameReader(bytes.NewReader(b))
		var again bytes.Buffer
		w := wire.NewFrameWriter(&again)
		for {
			frame, err := fr.Next()
			if err == io.EOF {
				require.NoError(t, w.Close())
				require.Equal(t, b, again.Bytes(), "a stream has one form")
				return
			}
			if err != nil {
				return
			}
			if plain, err := fr.Plain(frame); err == nil {
				require.Len(t, plain, int(frame.Size))
			}
			require.NoError(t, w.Write(frame))
		}
	})
}
