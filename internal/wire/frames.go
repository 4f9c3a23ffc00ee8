package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"

	"framehold/internal/studio"
)

// FrameKind says what a frame holds; numbers are sent.
type FrameKind uint8

// Kinds of frames.
const (
	FrameChunk    FrameKind = 1
	FrameManifest FrameKind = 2 // a root or a page
)

// Coding says how a frame's bytes are written; numbers are sent, and those of chunkstore's codecs.
type Coding uint8

// Codings. A manifest is always raw.
const (
	Raw  Coding = 0
	Zstd Coding = 1 // one zstd frame
)

// Limits of a frame.
const (
	ChunkBytesMax    = 256 << 10
	ChunkStoredMax   = ChunkBytesMax + 64<<10 // zstd grows what it cannot shrink by less; raw never does
	ManifestBytesMax = 4 << 20
)

const (
	framesMagic = "FHF\x01"
	frameHeader = 1 + 1 + 4 + 4 + 32
	frameEnd    = 0
)

// Frame is a chunk or manifest on its way. Hash names its plain bytes: who takes a frame checks that it does.
type Frame struct {
	Kind   FrameKind
	Coding Coding
	Size   uint32 // plain bytes
	Hash   studio.Hash
	Stored []byte // as coded
}

// check refuses what is over a limit; stored is the length, for Stored need not be there yet.
func (f *Frame) check(stored int64) error {
	ok := false
	switch f.Kind {
	case FrameChunk:
		ok = f.Size <= ChunkBytesMax && stored <= ChunkStoredMax && f.Coding <= Zstd
	case FrameManifest:
		ok = f.Size <= ManifestBytesMax && f.Coding == Raw
	}
	if !ok || f.Size == 0 || stored == 0 || f.Coding == Raw && int64(f.Size) != stored || f.Hash.IsZero() {
		return fmt.Errorf("%w: a frame of kind %d, coding %d, %d bytes as %d", ErrMalformed, f.Kind, f.Coding, f.Size, stored)
	}
	return nil
}

// FrameWriter writes a stream of frames (FORMAT.md). It keeps nothing and buffers nothing.
type FrameWriter struct {
	w     io.Writer
	count uint32
	begun bool
}

// NewFrameWriter begins a stream; nothing is written before the first frame.
func NewFrameWriter(w io.Writer) *FrameWriter { return &FrameWriter{w: w} }

// Write adds a frame: ErrMalformed for one over a limit, else the error of the writer below.
func (fw *FrameWriter) Write(f Frame) error {
	if err := f.check(int64(len(f.Stored))); err != nil {
		return err
	}
	b := fw.begin(make([]byte, 0, len(framesMagic)+frameHeader))
	b = append(b, byte(f.Kind), byte(f.Coding))
	b = binary.LittleEndian.AppendUint32(b, f.Size)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(f.Stored)))
	b = append(b, f.Hash[:]...)
	if _, err := fw.w.Write(b); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	if _, err := fw.w.Write(f.Stored); err != nil {
		return fmt.Errorf("write frame: %w", err)
	}
	fw.count++
	return nil
}

// Close writes the end: without it a reader knows that frames are missing. It leaves the writer below open.
func (fw *FrameWriter) Close() error {
	b := append(fw.begin(nil), frameEnd)
	if _, err := fw.w.Write(binary.LittleEndian.AppendUint32(b, fw.count)); err != nil {
		return fmt.Errorf("end frames: %w", err)
	}
	return nil
}

func (fw *FrameWriter) begin(b []byte) []byte {
	if fw.begun {
		return b
	}
	fw.begun = true
	return append(b, framesMagic...)
}

// FrameReader reads a stream of frames. It holds one frame, and takes memory only for bytes that have come.
type FrameReader struct {
	r     io.Reader
	buf   bytes.Buffer
	plain []byte
	zstd  *zstd.Decoder
	count uint32
	begun bool
	err   error // the last one stays
}

// NewFrameReader reads from r.
func NewFrameReader(r io.Reader) *FrameReader { return &FrameReader{r: r} }

// Next is the next frame, valid until Next is called again. io.EOF: that was all of them; io.ErrUnexpectedEOF: the
// stream broke; ErrMalformed: it is none.
func (fr *FrameReader) Next() (Frame, error) {
	if fr.err != nil {
		return Frame{}, fr.err
	}
	f, err := fr.next()
	if err != nil {
		fr.err = err
		return Frame{}, err
	}
	fr.count++
	return f, nil
}

func (fr *FrameReader) next() (Frame, error) {
	var head [frameHeader]byte
	if !fr.begun {
		if err := fr.full(head[:len(framesMagic)]); err != nil {
			return Frame{}, err
		}
		if string(head[:len(framesMagic)]) != framesMagic {
			return Frame{}, fmt.Errorf("%w: no frames, or of a newer form", ErrMalformed)
		}
		fr.begun = true
	}
	if err := fr.full(head[:1]); err != nil {
		return Frame{}, err
	}
	if head[0] == frameEnd {
		return Frame{}, fr.end()
	}
	if err := fr.full(head[1:]); err != nil {
		return Frame{}, err
	}
	f := Frame{Kind: FrameKind(head[0]), Coding: Coding(head[1]), Size: binary.LittleEndian.Uint32(head[2:])}
	stored := binary.LittleEndian.Uint32(head[6:])
	copy(f.Hash[:], head[10:])
	if err := f.check(int64(stored)); err != nil {
		return Frame{}, err
	}
	fr.buf.Reset()
	if _, err := io.CopyN(&fr.buf, fr.r, int64(stored)); err != nil {
		return Frame{}, broken(err)
	}
	f.Stored = fr.buf.Bytes()
	return f, nil
}

// end reads the count and the end of the stream behind it: io.EOF when both are right.
func (fr *FrameReader) end() error {
	var b [4]byte
	if err := fr.full(b[:]); err != nil {
		return err
	}
	if n := binary.LittleEndian.Uint32(b[:]); n != fr.count {
		return fmt.Errorf("%w: %d frames of %d", ErrMalformed, fr.count, n)
	}
	switch n, err := io.ReadFull(fr.r, b[:1]); {
	case n > 0:
		return fmt.Errorf("%w: bytes behind the end", ErrMalformed)
	case !errors.Is(err, io.EOF):
		return broken(err)
	}
	return io.EOF
}

func (fr *FrameReader) full(b []byte) error {
	if _, err := io.ReadFull(fr.r, b); err != nil {
		return broken(err)
	}
	return nil
}

// broken is the error of a stream that ends before its end.
func broken(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("read frames: %w", err)
}

// Plain decodes the frame that Next gave last; the bytes are valid until Next or Plain is called again. ErrMalformed
// for bytes that do not decode to Size bytes.
func (fr *FrameReader) Plain(f Frame) ([]byte, error) {
	if err := f.check(int64(len(f.Stored))); err != nil {
		return nil, err
	}
	if f.Coding == Raw {
		return f.Stored, nil
	}
	if fr.zstd == nil {
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(windowMaxBytes), zstd.WithDecoderMaxMemory(ChunkBytesMax))
		if err != nil {
			return nil, fmt.Errorf("decode frame: %w", err)
		}
		fr.zstd = z
	}
	plain, err := fr.zstd.DecodeAll(f.Stored, fr.plain[:0])
	if err != nil || len(plain) != int(f.Size) {
		return nil, fmt.Errorf("%w: chunk %s does not decode to %d bytes", ErrMalformed, f.Hash, f.Size)
	}
	fr.plain = plain
	return plain, nil
}
