package chunk

// The masks of normalised cutting look at high bits: 17 before the average size, 14 behind it, so that lengths gather
// around the average.
const (
	maskBefore = uint64(1<<17-1) << (64 - 17)
	maskBehind = uint64(1<<14-1) << (64 - 14)
	warmBytes  = 64 // that fill the hash before the first place a cut can be
	tableSeed  = 0x6672616d65686f6c
)

// Cutter finds cut points. Gear hash, normalised: Xia et al., "FastCDC", USENIX ATC 2016. Its table comes from
// splitmix64 (Steele et al., OOPSLA 2014), so that FORMAT.md can state it in one line.
type Cutter struct{ table [256]uint64 }

// NewCutter makes a cutter; it is read only and safe for concurrent use.
func NewCutter() *Cutter {
	c := &Cutter{}
	state := uint64(tableSeed)
	for i := range c.table {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		c.table[i] = z ^ z>>31
	}
	return c
}

// Next returns the length of the first chunk of b: MinBytes..MaxBytes, or len(b) when b ends before a cut. When more
// bytes follow behind b, b holds at least MaxBytes, so that the answer does not depend on how the bytes arrive.
func (c *Cutter) Next(b []byte) int {
	if len(b) <= MinBytes {
		return len(b)
	}
	end := min(len(b), MaxBytes)
	average := min(end, AverageBytes)
	hash := uint64(0)
	for _, x := range b[MinBytes-warmBytes : MinBytes] {
		hash = hash<<1 + c.table[x]
	}
	i := MinBytes
	for _, x := range b[i:average] {
		hash = hash<<1 + c.table[x]
		i++
		if hash&maskBefore == 0 {
			return i
		}
	}
	for _, x := range b[i:end] {
		hash = hash<<1 + c.table[x]
		i++
		if hash&maskBehind == 0 {
			return i
		}
	}
	return end
}
