package chunkstore

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io/fs"
	"math"
	"os"

	"framehold/internal/chunk"
)

const (
	packMagic         = "FHPACK1\n"
	recordMagic       = "FHRC"
	packHeaderBytes   = len(packMagic) + 16
	recordHeaderBytes = 4 + 1 + 4 + 4 + 32
	recordTailBytes   = 4
	maxStored         = chunk.MaxBytes + 64<<10 // zstd grows what it cannot shrink by less; raw never does
	flagsNew          = os.O_RDWR | os.O_CREATE | os.O_EXCL
	closedRetryMax    = 3
)

var (
	errClosed   = os.ErrClosed
	errNotExist = fs.ErrNotExist
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func packHeader(id PackID) []byte { return append([]byte(packMagic), id[:]...) }

// encodeRecord: magic, codec, plain size, stored size, hash, bytes, CRC-32C of all before it; little endian.
func encodeRecord(h chunk.Hash, codec Codec, size int, stored []byte) []byte {
	b := make([]byte, 0, recordHeaderBytes+len(stored)+recordTailBytes)
	b = append(b, recordMagic...)
	b = append(b, byte(codec))
	b = binary.LittleEndian.AppendUint32(b, uint32(size))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(stored)))
	b = append(b, h[:]...)
	b = append(b, stored...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// parseRecordHeader reads the fixed part of a record and refuses sizes over the limits before anything is allocated.
func parseRecordHeader(b []byte) (Row, error) {
	if len(b) < recordHeaderBytes || string(b[:4]) != recordMagic {
		return Row{}, fmt.Errorf("%w: no record", ErrDamaged)
	}
	r := Row{Location: Location{
		Codec: Codec(b[4]), Size: binary.LittleEndian.Uint32(b[5:]), Stored: binary.LittleEndian.Uint32(b[9:]),
	}}
	copy(r.Hash[:], b[13:])
	if r.Codec > Zstd || r.Size == 0 || r.Size > chunk.MaxBytes || r.Stored == 0 || r.Stored > maxStored ||
		(r.Codec == Raw && r.Stored != r.Size) {
		return Row{}, fmt.Errorf("%w: a record of %d bytes", ErrDamaged, r.Stored)
	}
	return r, nil
}

// entropyBits estimates bits per byte from 8 runs of 1 KiB: above 7.92 there is nothing to gain.
func entropyBits(b []byte) float64 {
	const runs, run = 8, 1 << 10
	var counts [256]int
	total := 0
	for i := range runs {
		start := i * len(b) / runs
		for _, x := range b[start:min(start+run, len(b))] {
			counts[x]++
			total++
		}
	}
	bits := 0.0
	for _, n := range counts {
		if n > 0 {
			p := float64(n) / float64(total)
			bits -= p * math.Log2(p)
		}
	}
	return bits
}
