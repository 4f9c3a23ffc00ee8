package wire

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"connectrpc.com/connect"
	"github.com/klauspost/compress/zstd"
)

const (
	compressMinBytes = 1 << 10  // below, headers outweigh the gain
	decodedMaxBytes  = 64 << 20 // of one message
	decodedMaxRatio  = 100      // of decoded to encoded: our writers never go above
	windowMaxBytes   = 8 << 20  // of zstd: a message is at most that
)

// errBomb says that a body grows beyond what any of our writers makes of one.
var errBomb = errors.New("a body that decodes to more than the limits")

// unpacker decodes a body and stops where it grows beyond the limits. connect pools it: Close leaves it usable.
type unpacker struct {
	reader  io.Reader
	restart func(io.Reader) error
	left    int64 // bytes that may come still
}

func newGunzip() connect.Decompressor {
	z := new(gzip.Reader)
	return &unpacker{reader: z, restart: z.Reset}
}

func newUnzstd() connect.Decompressor {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(windowMaxBytes), zstd.WithDecoderMaxMemory(decodedMaxBytes))
	if err != nil {
		panic("wire: the options of zstd are constants: " + err.Error())
	}
	return &unpacker{reader: z, restart: z.Reset}
}

func (u *unpacker) Read(b []byte) (int, error) {
	n, err := u.reader.Read(b)
	u.left -= int64(n)
	if u.left < 0 || errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) {
		return 0, connect.NewError(connect.CodeResourceExhausted, errBomb)
	}
	return n, err
}

// Reset begins a body. connect has it whole, in a buffer: the ratio is that of all of it, for a beginning may pack
// better.
func (u *unpacker) Reset(r io.Reader) error {
	u.left = 0
	if body, ok := r.(interface{ Len() int }); ok {
		u.left = min(decodedMaxBytes, decodedMaxRatio*int64(body.Len()))
	}
	return u.restart(r)
}

func (u *unpacker) Close() error { return nil }

// packer encodes a body as a whole, for a body that packs too well must not: its reader would take it for a bomb.
type packer struct {
	plain bytes.Buffer
	to    io.Writer
	pack  func(plain []byte) ([]byte, error)
}

func (p *packer) Write(b []byte) (int, error) { return p.plain.Write(b) }

func (p *packer) Reset(w io.Writer) {
	p.plain.Reset()
	p.to = w
}

func (p *packer) Close() error {
	packed, err := p.pack(p.plain.Bytes())
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	_, err = p.to.Write(packed)
	return err
}

// newZstd makes packers that share an encoder: it is safe for concurrent use.
func newZstd() func() connect.Compressor {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(2), zstd.WithLowerEncoderMem(true),
		zstd.WithWindowSize(1<<20), zstd.WithEncoderCRC(false))
	if err != nil {
		panic("wire: the options of zstd are constants: " + err.Error())
	}
	pack := func(plain []byte) ([]byte, error) {
		packed := z.EncodeAll(plain, nil)
		if missing := len(plain)/decodedMaxRatio + 1 - len(packed); missing > 0 {
			packed = appendSkippable(packed, missing)
		}
		return packed, nil
	}
	return func() connect.Compressor { return &packer{pack: pack} }
}

// appendSkippable adds a frame that every decoder passes over: RFC 8878 section 3.1.2.
func appendSkippable(b []byte, n int) []byte {
	b = binary.LittleEndian.AppendUint32(b, 0x184d2a50)
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	return append(b, make([]byte, n)...)
}

func newGzip() connect.Compressor { return &packer{pack: packGzip} }

func packGzip(plain []byte) ([]byte, error) {
	packed, err := gzipAt(gzip.BestSpeed, plain)
	if err == nil && decodedMaxRatio*len(packed) < len(plain) {
		return gzipAt(gzip.NoCompression, plain)
	}
	return packed, err
}

func gzipAt(level int, plain []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, level)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(plain); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}
