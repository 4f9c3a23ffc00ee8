// Package replica is the client's half of sync: what is sent next, how what comes in is laid under what is pending, and
// what to do when the server does not answer, has gone back or knows this store as another's. Core, Ready and Rebase are
// pure: they are values and functions without goroutine, clock, randomness or I/O; Run is the one goroutine that does
// their I/O through Store and Remote.
//
// It refuses to decide about tracking data: studio does, here and on the server. Invariants (sync.md section 13): the view
// is what Decide makes of base and pending (I8); an op leaves the queue only with its durable verdict in the base (I3).
package replica

import (
	"fmt"

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
	Blank   bool        // nothing was pulled yet and nothing was made here: the events can come after the rows
	Log     Log
	// DepositKey hands work in when this person may not write any more; zero: none was given yet.
	DepositKey wire.Token
}

// Log is what of the server's history is still to come, behind the rows of the first pull. Zero: nothing is.
type Log struct {
	Have  uint64   // the events up to this one are here
	Upto  uint64   // those up to this one are wanted; what came after it is here
	Chain [32]byte // at Upto, as the signed head of that pull had it
}

// Due tells whether some of it is still to come.
func (l Log) Due() bool { return l.Upto > 0 }

// Next checks that events are the next ones of the log, behind what is here with its chain, and gives them their Chain. It
// leaves out those that are here. ErrDiffers when one is missing, or when they do not lead to the chain at Upto.
func (l Log) Next(chain [32]byte, events []studio.Event) ([]studio.Event, error) {
	next := make([]studio.Event, 0, len(events))
	for _, ev := range events {
		if ev.Seq <= l.Have {
			continue
		}
		if ev.Seq != l.Have+uint64(len(next))+1 || ev.Seq > l.Upto {
			return nil, fmt.Errorf("%w: event %d is not the next", ErrDiffers, ev.Seq)
		}
		chain = ev.NextChain(chain)
		ev.Chain = chain
		next = append(next, ev)
	}
	if len(events) == 0 {
		return nil, fmt.Errorf("%w: events are missing", ErrDiffers)
	}
	if len(next) > 0 && next[len(next)-1].Seq == l.Upto && chain != l.Chain {
		return nil, fmt.Errorf("%w: the chain at %d", ErrDiffers, l.Upto)
	}
	return next, nil
}

// With is the log with more of it here: nothing is to come when it is whole.
func (l Log) With(events []studio.Event) Log {
	if l.Have += uint64(len(events)); l.Have >= l.Upto {
		return Log{}
	}
	return l
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
