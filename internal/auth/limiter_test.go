package auth_test

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"framehold/internal/auth"
	"framehold/internal/clock"
	"framehold/internal/studio"
)

// hands is a clock that a test sets.
type hands struct{ at time.Time }

func newHands() *hands { return &hands{time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (h *hands) clock() *clock.Clock { return clock.New(func() time.Time { return h.at }, rand.Reader) }

func (h *hands) pass(d time.Duration) { h.at = h.at.Add(d) }

var few = auth.Limits{Account: auth.Rate{Burst: 3, Every: time.Minute}, Address: auth.Rate{Burst: 5, Every: 10 * time.Second}, Max: 8}

func begin(l *auth.Limiter, account, address string) int {
	_, err := l.Begin(account, address)
	if r, refused := studio.RefusalOf(err); refused {
		return r.Params.N
	}
	return 0
}

func TestAnAccountIsClosedAfterItsBurstAndOpensOneByOne(t *testing.T) {
	h := newHands()
	l := auth.NewLimiter(few, h.clock())
	for i := range 3 {
		require.Zero(t, begin(l, "ana", fmt.Sprintf("10.0.0.%d:999", i)))
	}
	require.Equal(t, 60, begin(l, "ana", "10.0.1.1"))
	require.Equal(t, 60, begin(l, "ANA", "10.0.1.2"))
	require.Zero(t, begin(l, "ben", "10.0.1.1"))
	h.pass(59 * time.Second)
	require.Equal(t, 1, begin(l, "ana", "10.0.1.3"))
	h.pass(time.Second)
	require.Zero(t, begin(l, "ana", "10.0.1.3"))
	require.Equal(t, 60, begin(l, "ana", "10.0.1.3"))
}

func TestAnAddressIsClosedWhateverAccountsItTries(t *testing.T) {
	for name, address := range map[string]func(i int) string{
		"ports":      func(i int) string { return fmt.Sprintf("10.0.0.1:%d", 5000+i) },
		"one /64":    func(i int) string { return fmt.Sprintf("[2001:db8::%d]:80", i) },
		"mapped":     func(i int) string { return []string{"10.0.0.1", "::ffff:10.0.0.1"}[i%2] },
		"no address": func(i int) string { return fmt.Sprintf("pipe %d", i) },
	} {
		t.Run(name, func(t *testing.T) {
			l := auth.NewLimiter(few, newHands().clock())
			for i := range 5 {
				require.Zero(t, begin(l, fmt.Sprintf("user%d", i), address(i)))
			}
			require.Equal(t, 10, begin(l, "user9", address(5)))
			require.Equal(t, 10, begin(l, "", address(5)))
			require.Zero(t, begin(l, "user9", "192.0.2.1"), "what was refused does not count for the account")
		})
	}
}

func TestWhoSucceedsIsNotCounted(t *testing.T) {
	l := auth.NewLimiter(few, newHands().clock())
	for range 100 {
		a, err := l.Begin("ana", "10.0.0.1")
		require.NoError(t, err)
		a.TakeBack()
	}
	require.Zero(t, begin(l, "ana", "10.0.0.1"))
	require.Zero(t, begin(l, "ana", "10.0.0.1"))
	a, err := l.Begin("ana", "10.0.0.1")
	require.NoError(t, err)
	a.TakeBack() // the two failures stay
	require.Zero(t, begin(l, "ana", "10.0.0.1"))
	require.Equal(t, 60, begin(l, "ana", "10.0.0.1"))
}

func TestAClockThatIsSetBackLocksNobodyOut(t *testing.T) {
	h := newHands()
	l := auth.NewLimiter(few, h.clock())
	for range 3 {
		begin(l, "ana", "10.0.0.1")
	}
	h.pass(-1000 * time.Hour)
	require.Equal(t, 60, begin(l, "ana", "10.0.0.2"))
	h.pass(time.Minute)
	require.Zero(t, begin(l, "ana", "10.0.0.2"))
}

func TestManyNamesPushOutNoLockedOne(t *testing.T) {
	h := newHands()
	l := auth.NewLimiter(few, h.clock())
	for range 3 {
		begin(l, "ana", "10.0.0.1")
	}
	for i := range 500 {
		begin(l, fmt.Sprintf("user%d", i), fmt.Sprintf("10.%d.%d.9", i/200, i%200))
	}
	require.NotZero(t, begin(l, "ana", "10.9.9.9"))
}

// Whatever is tried and whenever: of failures for one account no more get through than its burst and what was worked off.
func TestNoMoreFailuresThanTheRateAllows(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		h := newHands()
		l := auth.NewLimiter(auth.Limits{Account: few.Account, Address: few.Address, Max: 1000}, h.clock())
		began, through := h.at, 0
		for i := range rapid.IntRange(1, 200).Draw(r, "tries") {
			h.pass(time.Duration(rapid.IntRange(0, 40_000).Draw(r, "ms")) * time.Millisecond)
			if begin(l, "ana", fmt.Sprintf("10.0.%d.%d", i/100, i%100)) == 0 {
				through++
			}
			require.LessOrEqual(r, through, 3+int(h.at.Sub(began)/time.Minute))
		}
	})
}
