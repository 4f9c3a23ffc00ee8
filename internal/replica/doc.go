// Package replica is the client's half of sync: what is sent next, how what comes in is laid under what is pending, and
// what to do when the server does not answer, has gone back or knows this store as another's. Core, Ready and Rebase are
// pure: they are values and functions without goroutine, clock, randomness or I/O; Run is the one goroutine that does
// their I/O through Store and Remote.
//
// It refuses to decide about tracking data: studio does, here and on the server. Invariants (sync.md section 13): the view
// is what Decide makes of base and pending (I8); an op leaves the queue only with its durable verdict in the base (I3).
package replica

import (
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// Stand is where a store stands to its server; it is durable.
type Stand struct {
	Project studio.ProjectID
	Client  studio.ID
	Me      studio.UserID // the member
	Cookie  wire.Cookie
	Chain   [32]byte // at Cookie.Seq, where the view is full
	Signed  wire.Signed
	Sums    studio.Sums // of the base
	Lmid    uint64      // the last n with a verdict
	NextN   uint64      // the next n to give
	Full    bool        // sees every asset
	// DepositKey hands work in when this person may not write any more; zero: none was given yet.
	DepositKey wire.Token
}

// Pending is an own op without a verdict in the base, oldest first.
type Pending struct {
	LocalN uint64
	N      uint64 // 0: never sent
	Acked  bool   // has its verdict, which the base does not show yet: it is not sent again
	Seq    uint64 // of that verdict
	Op     studio.Op
	Undo   []studio.Image // rows before it, in the view
}
