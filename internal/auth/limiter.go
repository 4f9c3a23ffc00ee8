package auth

import (
	"math"
	"net/netip"
	"strings"
	"sync"
	"time"

	"framehold/internal/clock"
	"framehold/internal/studio"
)

// Rate is how many attempts may fail in a row, and after how long one more may.
type Rate struct {
	Burst int
	Every time.Duration
}

// Limits are those of failed attempts to sign in.
type Limits struct {
	Account Rate // failures for one username, from anywhere
	Address Rate // failures from one address: a studio is often behind one
	Max     int  // accounts and addresses that are remembered
}

// StandardLimits are what a studio uses: a guesser has 10 tries and then 1,440 a day for an account.
func StandardLimits() Limits {
	return Limits{Account: Rate{10, time.Minute}, Address: Rate{50, 10 * time.Second}, Max: 20_000}
}

// Limiter remembers failed attempts, in memory: a restart forgets them. Each account and address is an instant at which
// its failures are worked off (the generic cell rate algorithm). Safe for concurrent use.
type Limiter struct {
	limits Limits
	clock  *clock.Clock

	mu    sync.Mutex
	clear map[limited]time.Time
}

// limited is an account or an address.
type limited struct {
	address bool
	name    string
}

// NewLimiter makes a limiter that has seen nothing.
func NewLimiter(l Limits, c *clock.Clock) *Limiter {
	studio.Must(l.Account.Burst > 0 && l.Address.Burst > 0 && l.Max > 1, "limits that let someone in")
	return &Limiter{limits: l, clock: c, clear: map[limited]time.Time{}}
}

// Attempt is an attempt that was let through. It counts as failed unless it is taken back, so that many at once are no
// way around the limit.
type Attempt struct {
	l    *Limiter
	keys []limited
}

// Begin lets an attempt through, or refuses it: too_many_attempts, with the seconds to wait. account "" is an attempt
// that names none. address is that of the connection, with or without a port.
func (l *Limiter) Begin(account, address string) (Attempt, error) {
	keys := []limited{{true, addressKey(address)}}
	if account != "" {
		keys = append(keys, limited{false, accountKey(account)})
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	var wait time.Duration
	for _, k := range keys {
		wait = max(wait, l.wait(k, now))
	}
	if wait > 0 {
		return Attempt{}, studio.Refuse(studio.CodeTooManyAttempts, studio.Params{N: int(math.Ceil(wait.Seconds()))})
	}
	for _, k := range keys {
		l.add(k, now)
	}
	return Attempt{l, keys}, nil
}

// TakeBack takes back what Begin counted, for an attempt that succeeded or told nothing. Earlier failures stay: who has
// one account does not get tries at others.
func (a Attempt) TakeBack() {
	a.l.mu.Lock()
	defer a.l.mu.Unlock()
	for _, k := range a.keys {
		if at, known := a.l.clear[k]; known {
			a.l.clear[k] = at.Add(-a.l.rate(k).Every)
		}
	}
}

func (l *Limiter) rate(k limited) Rate {
	if k.address {
		return l.limits.Address
	}
	return l.limits.Account
}

// load is how much k has to work off; never more than a full burst, also after the clock was set back.
func (l *Limiter) load(k limited, now time.Time) time.Duration {
	full := time.Duration(l.rate(k).Burst) * l.rate(k).Every
	load := max(l.clear[k].Sub(now), 0)
	if load > full {
		load, l.clear[k] = full, now.Add(full)
	}
	return load
}

func (l *Limiter) wait(k limited, now time.Time) time.Duration {
	r := l.rate(k)
	return l.load(k, now) - time.Duration(r.Burst-1)*r.Every
}

func (l *Limiter) add(k limited, now time.Time) {
	if _, known := l.clear[k]; !known && len(l.clear) >= l.limits.Max {
		l.makeRoom(now)
	}
	l.clear[k] = now.Add(l.load(k, now) + l.rate(k).Every)
}

// makeRoom forgets those who have nothing to work off, or else whoever has least: many names that fail once each push
// out no name that is locked.
func (l *Limiter) makeRoom(now time.Time) {
	least, leastLoad := limited{}, time.Duration(math.MaxInt64)
	for k := range l.clear {
		load := l.load(k, now)
		if load == 0 {
			delete(l.clear, k)
		} else if load < leastLoad {
			least, leastLoad = k, load
		}
	}
	if len(l.clear) >= l.limits.Max {
		delete(l.clear, least)
	}
}

// accountKey is the username; what cannot be one is counted together.
func accountKey(account string) string {
	account = strings.ToLower(account)
	if studio.CheckUsername(account) != nil {
		return ""
	}
	return account
}

// addressKey is the IPv4 address, or the /64 of an IPv6 one, of which one connection has all; what is none is counted
// together.
func addressKey(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		withPort, err := netip.ParseAddrPort(address)
		if err != nil {
			return ""
		}
		a = withPort.Addr()
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}
