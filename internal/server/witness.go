package server

import (
	"errors"
	"fmt"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// Witness takes events that a client holds and this server, which went back, has lost (row H4): they lead to a head that the
// studio signed, which is the proof that it once decided them. Each is decided again in its old order, with its op id and its
// actor, by what is here now: what is stale is parked or refused (row H5). What is known is skipped, what was refused stays
// refused, what followed from another op follows again, and what needs bytes that are not here waits for its author. Codes:
// not_member, invalid (without full view; not what was signed), generation (the life is this one, or it is not this one that is told of it).
func (c *Core) Witness(tx serverdb.Tx, call Call, r wire.WitnessRequest) (wire.WitnessReply, error) {
	head := tx.Head()
	member, err := enter(tx, call)
	if err != nil {
		return wire.WitnessReply{}, err
	}
	client, err := bound(tx, call, r.Client)
	if err != nil {
		return wire.WitnessReply{}, err
	}
	if !studio.SightOf(tx, member.User).Full() {
		return wire.WitnessReply{}, &wire.Failure{Code: wire.CodeInvalid, Cause: errors.New("a witness without full view")}
	}
	// A life that has ended since the witness was greeted may have gone on with what this one lacks: the events would begin too late.
	if r.Head.Generation == wire.Generation(head.Generation) || r.Generation != wire.Generation(head.Generation) {
		return wire.WitnessReply{}, &wire.Failure{Code: wire.CodeGeneration}
	}
	nearer, err := c.testified(r)
	if err != nil {
		return wire.WitnessReply{}, &wire.Failure{Code: wire.CodeInvalid, Cause: err}
	}
	h := healing{core: c, tx: tx, client: client, nowMs: moment(head, call)}
	for _, ev := range r.Events {
		if err := h.event(ev); err != nil {
			return wire.WitnessReply{}, err
		}
	}
	head = tx.Head()
	if head.ServerMs = h.nowMs; h.reply.Healed > 0 {
		if err := tx.SetHead(head); err != nil {
			return wire.WitnessReply{}, err
		}
	}
	h.reply.Nearer, h.reply.HeadSeq = c.Sign(nearer), head.Seq
	return h.reply, tx.Err()
}

// testified checks that the events, and the hashes of those behind them, lead to the signed head, and returns the head that
// the studio had at the last of them.
func (c *Core) testified(r wire.WitnessRequest) (nearer wire.Signed, err error) {
	if c.Verify == nil || r.Head.Project != r.Project || !c.Verify(r.Head) {
		return nearer, errors.New("a head that the studio has not signed")
	}
	length := uint64(len(r.Events) + len(r.Tail))
	if r.Head.Seq < length {
		return nearer, errors.New("more events than there were")
	}
	chain, seq := r.Chain, r.Head.Seq-length
	for _, ev := range r.Events {
		if seq++; ev.Seq != seq {
			return nearer, fmt.Errorf("event %d in place of %d", ev.Seq, seq)
		}
		chain = ev.NextChain(chain)
	}
	nearer = r.Head
	nearer.Seq, nearer.Chain = seq, chain
	for _, entry := range r.Tail {
		chain = studio.ChainOn(chain, entry)
	}
	if chain != r.Head.Chain {
		return nearer, errors.New("events that do not lead to the signed head")
	}
	return nearer, nil
}

// healing is lost events on their way back.
type healing struct {
	core   *Core
	tx     serverdb.Tx
	client serverdb.Client // of the witness
	nowMs  int64
	reply  wire.WitnessReply
}

func (h *healing) event(lost studio.Event) error {
	if lost.Verdict == studio.Refused || !lost.Cause.IsZero() {
		return nil
	}
	if _, known := h.tx.Event(lost.Op); known {
		return nil
	}
	if h.waits(lost) {
		return nil
	}
	m, isMember := h.tx.Member(lost.Actor)
	gone := !isMember || m.Gone
	handedIn := lost.Verdict == studio.Kept && lost.Reason == studio.CodeNotMember
	at := studio.Moment{Actor: lost.Actor, ReceivedMs: h.nowMs, Deposit: studio.HandedIn(lost.Kind) && (gone || handedIn)}
	firsts, err := h.core.decideOrKeep(h.tx, lostOp{lost, h.client}, at)
	for _, ev := range firsts {
		h.reply.Healed++
		if ev.Verdict == studio.Kept {
			h.reply.Parked++
		}
	}
	return err
}

// waits tells whether a lost op has to wait for the bytes of a checkpoint, which the restored server lacks: its seal, and behind
// it what its author did to the asset or anyone decided about it (row H6). Decided now, it would have its verdict for good; its
// author gives it back in order, with the bytes.
func (h *healing) waits(lost studio.Event) bool {
	body, err := studio.DecodeBody(lost.Kind, lost.Body)
	if err != nil {
		return false
	}
	told := func(id studio.CheckpointID) bool {
		k, ok := h.tx.Checkpoint(id)
		return ok && k.State == studio.Announced
	}
	switch b := body.(type) {
	case *studio.SealBody:
		k, _ := h.tx.Checkpoint(b.Checkpoint)
		return told(b.Checkpoint) && (told(k.Base) || !covered(h.tx, h.client, lost.Actor, b.Checkpoint))
	case *studio.StatusBody:
		if told(b.About) {
			return true
		}
	}
	if !studio.WaitsBehindSeal(lost.Kind) {
		return false
	}
	for _, ev := range h.tx.Trail(lost.Entity, 0) {
		if ev.Kind == studio.KindAnnounce && ev.Actor == lost.Actor && told(ev.About) {
			return true
		}
	}
	return false
}

// lostOp is an op as a witness tells of it. It belongs to no client's wire any more.
type lostOp struct {
	ev     studio.Event
	client serverdb.Client
}

func (l lostOp) op() (studio.Op, []byte, error) {
	op := studio.Op{ID: l.ev.Op, Kind: l.ev.Kind, Entity: l.ev.Entity, Group: l.ev.Group, Undoes: l.ev.Undoes, MadeHybrid: l.ev.MadeHybrid}
	if l.ev.Reason == studio.CodeUnreadable {
		return op, l.ev.Body, errUnreadable
	}
	body, err := studio.DecodeBody(l.ev.Kind, l.ev.Body)
	op.Body = body
	return op, l.ev.Body, err
}

func (l lostOp) by() serverdb.Client { return l.client }

func (l lostOp) number(*studio.Event) {}

var errUnreadable = errors.New("it was not readable before")
