package demo

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

const (
	sampleRate = 8000 // Hz
	frames     = 240
)

// mesh is a Wavefront OBJ of a lobed solid of revolution; seed changes its lobes, rings its fineness.
func mesh(seed, rings int) []byte {
	var b bytes.Buffer
	around := rings * 2
	fmt.Fprintf(&b, "o part_%d\n", seed)
	for i := 0; i <= rings; i++ {
		lat := math.Pi * float64(i) / float64(rings)
		for j := range around {
			lon := 2 * math.Pi * float64(j) / float64(around)
			r := 1 + 0.2*math.Sin(float64(2+seed%5)*lon)*math.Sin(float64(1+seed%3)*lat)
			fmt.Fprintf(&b, "v %.5f %.5f %.5f\n", r*math.Sin(lat)*math.Cos(lon), r*math.Cos(lat), r*math.Sin(lat)*math.Sin(lon))
		}
	}
	for i := range rings {
		for j := range around {
			k := (j + 1) % around
			fmt.Fprintf(&b, "f %d %d %d %d\n", i*around+j+1, i*around+k+1, (i+1)*around+k+1, (i+1)*around+j+1)
		}
	}
	return b.Bytes()
}

// curves is a table of animation curves: a frame a row, a channel a column.
func curves(seed int) []byte {
	var b bytes.Buffer
	b.WriteString("frame")
	channels := 12
	for c := range channels {
		fmt.Fprintf(&b, ",channel_%02d", c)
	}
	b.WriteByte('\n')
	for f := range frames {
		fmt.Fprintf(&b, "%d", 1001+f)
		for c := range channels {
			fmt.Fprintf(&b, ",%.4f", math.Sin(float64(f*(c+1)+seed)/40)*float64(1+c%4))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// tone is a WAV of a decaying sine: pcm 16 bit, one channel.
func tone(hz, seconds int) []byte {
	n := sampleRate * seconds
	var b bytes.Buffer
	b.WriteString("RIFF")
	header := []any{uint32(36 + 2*n), [8]byte([]byte("WAVEfmt ")), uint32(16), uint16(1), uint16(1), uint32(sampleRate),
		uint32(2 * sampleRate), uint16(2), uint16(16), [4]byte([]byte("data")), uint32(2 * n)}
	for _, field := range header {
		_ = binary.Write(&b, binary.LittleEndian, field) // a buffer never fails
	}
	for i := range n {
		t := float64(i) / sampleRate
		_ = binary.Write(&b, binary.LittleEndian, int16(20_000*math.Exp(-2*t)*math.Sin(2*math.Pi*float64(hz)*t)))
	}
	return b.Bytes()
}
