package replica

import (
	"context"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// Past is what a store knows of its server's history.
type Past interface {
	// ChainAt gives the chain after a seq.
	ChainAt(ctx context.Context, seq uint64) (chain [32]byte, ok bool, err error)
	// EventsAfter reads at most limit events behind a seq, oldest first.
	EventsAfter(ctx context.Context, after uint64, limit int) ([]studio.Event, error)
}

// Asks shows a server what it has lost: wire's Witness.
type Asks func(context.Context, wire.WitnessRequest) (wire.WitnessReply, error)

// Testify shows a server that went back the events that this store has behind a seq, up to the head that the server had signed
// (row H4): first, for a long history, the hashes that give it nearer heads, then the events in their order. What was cut off is
// shown again from the beginning: the server skips what it knows. A store that has not all of them shows nothing.
func Testify(ctx context.Context, past Past, stand Stand, to Witness, ask Asks) error {
	w := witness{ctx: ctx, past: past, stand: stand, told: to.Generation, ask: ask, heads: []wire.Signed{stand.Signed}}
	after := to.After
	for w.nearest().Seq > after+wire.WitnessTail {
		if whole, err := w.nearer(); err != nil || !whole {
			return err
		}
	}
	for i := len(w.heads) - 1; i >= 0; i-- {
		if whole, err := w.show(after, w.heads[i]); err != nil || !whole {
			return err
		}
		after = w.heads[i].Seq
	}
	return nil
}

// witness is a store that tells what it has seen.
type witness struct {
	ctx   context.Context
	past  Past
	stand Stand
	told  wire.Generation // the life that is told
	ask   Asks
	heads []wire.Signed // each nearer than the one before it, by less than a tail
}

func (w *witness) nearest() wire.Signed { return w.heads[len(w.heads)-1] }

// part reads the events from behind a seq up to a head, and the chain before them. whole is false where some are missing.
func (w *witness) part(after uint64, head wire.Signed) (chain [32]byte, events []studio.Event, whole bool, err error) {
	chain, known, err := w.past.ChainAt(w.ctx, after)
	if err != nil || !known {
		return chain, nil, false, err
	}
	length := int(head.Seq - after)
	events, err = w.past.EventsAfter(w.ctx, after, length)
	whole = len(events) == length && (length == 0 || events[0].Seq == after+1 && events[length-1].Seq == head.Seq)
	return chain, events, whole, err
}

func hashesOf(events []studio.Event) [][32]byte {
	hashes := make([][32]byte, len(events))
	for i, ev := range events {
		hashes[i] = ev.EntryHash()
	}
	return hashes
}

// nearer has the server sign a head that is a tail nearer.
func (w *witness) nearer() (whole bool, err error) {
	head := w.nearest()
	chain, events, whole, err := w.part(head.Seq-wire.WitnessTail, head)
	if err != nil || !whole {
		return whole, err
	}
	reply, err := w.ask(w.ctx, w.request(head, chain, nil, hashesOf(events)))
	if err != nil {
		return false, err
	}
	if reply.Nearer.Seq != head.Seq-wire.WitnessTail || reply.Nearer.Chain != chain {
		return false, &wire.Failure{Code: wire.CodeInternal}
	}
	w.heads = append(w.heads, reply.Nearer)
	return true, nil
}

// show shows the events behind a seq up to a head, page by page.
func (w *witness) show(after uint64, head wire.Signed) (whole bool, err error) {
	chain, events, whole, err := w.part(after, head)
	if err != nil || !whole {
		return whole, err
	}
	tail := hashesOf(events)
	for len(events) > 0 {
		n, bytes := 0, 0
		for n < len(events) && n < wire.PushOpsMax && (n == 0 || bytes+wire.EventBytes+len(events[n].Body) <= wire.WitnessBytes) {
			bytes += wire.EventBytes + len(events[n].Body)
			n++
		}
		if _, err := w.ask(w.ctx, w.request(head, chain, events[:n], tail[n:])); err != nil {
			return false, err
		}
		for _, entry := range tail[:n] {
			chain = studio.ChainOn(chain, entry)
		}
		events, tail = events[n:], tail[n:]
	}
	return true, nil
}

func (w *witness) request(head wire.Signed, chain [32]byte, events []studio.Event, tail [][32]byte) wire.WitnessRequest {
	return wire.WitnessRequest{Project: w.stand.Project, Client: w.stand.Client, Generation: w.told, Head: head, Chain: chain, Events: events,
		Tail: tail}
}
