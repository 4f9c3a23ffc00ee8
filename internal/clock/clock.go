// Package clock tells the time: wall time, and a hybrid logical clock from which ids are minted. It is the only
// caller of time.Now. It keeps one invariant: the hybrid instants and ids that one Clock gives rise strictly,
// also when the wall clock is set back.
package clock

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"sync"
	"time"
)

// counterBits is the lower part of a hybrid instant: 48 bits of milliseconds, 16 of a counter.
const counterBits = 16

// Clock is safe for concurrent use.
type Clock struct {
	now    func() time.Time
	random io.Reader

	mu   sync.Mutex
	last uint64
}

// System is the clock of this computer.
func System() *Clock { return New(time.Now, rand.Reader) }

// New makes a clock of a source of wall time and a source of random bytes; tests hand in their own.
func New(now func() time.Time, random io.Reader) *Clock { return &Clock{now: now, random: random} }

// Now is the wall time, UTC.
func (c *Clock) Now() time.Time { return c.now().UTC() }

// NowMs is the wall time in milliseconds since 1970, UTC.
func (c *Clock) NowMs() int64 { return c.now().UnixMilli() }

// Since is how long ago t was; monotonic where the source is.
func (c *Clock) Since(t time.Time) time.Duration { return c.now().Sub(t) }

// Hybrid returns the next hybrid instant: wall milliseconds << 16 | counter, always above the one before and any
// that was observed. Kulkarni et al., "Logical Physical Clocks", OPODIS 2014.
func (c *Clock) Hybrid() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last+1, uint64(max(c.now().UnixMilli(), 0))<<counterBits)
	return c.last
}

// Observe raises the clock above an instant that was seen, such as the newest one in a store.
func (c *Clock) Observe(hybrid uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = max(c.last, hybrid)
}

// HybridMs is the wall part of a hybrid instant: milliseconds since 1970.
func HybridMs(hybrid uint64) int64 { return int64(hybrid >> counterBits) }

// NewID mints a UUIDv7 (RFC 9562): 48 bits of hybrid milliseconds, the 16 bits of its counter, 58 random bits, so
// that ids of one clock rise in the order of minting. It panics when the system gives no random bytes.
func (c *Clock) NewID() [16]byte {
	h := c.Hybrid()
	var id [16]byte
	if _, err := io.ReadFull(c.random, id[8:]); err != nil {
		panic("clock: no random bytes: " + err.Error())
	}
	binary.BigEndian.PutUint64(id[:8], h>>counterBits<<16)
	counter := uint16(h)
	binary.BigEndian.PutUint16(id[6:8], 0x7000|counter>>4)
	id[8] = 0x80 | byte(counter&0xf)<<2 | id[8]&0x03
	return id
}
