package server

import (
	"errors"
	"fmt"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// Found takes the events of a personal project over, each decided anew with the actor and the time that it had (row H17).
// What it comes to must be what it came to there, to the last byte of the chain: then both sides hold the same rows. An
// event that is there already is passed over, so that a publication that was cut off goes on. Only the founder may.
func (c *Core) Found(tx serverdb.Tx, call Call, r wire.FoundRequest) (wire.FoundReply, error) {
	head := tx.Head()
	if head.Founder.IsZero() || head.Founder != call.Account {
		return wire.FoundReply{}, &wire.Failure{Code: wire.CodeNotMember}
	}
	client, err := bound(tx, call, r.Client)
	if err != nil {
		return wire.FoundReply{}, err
	}
	for _, ev := range r.Events {
		if ev.Seq <= head.Seq {
			continue
		}
		if err := c.foundOne(tx, client, ev); err != nil {
			return wire.FoundReply{}, err
		}
	}
	head = tx.Head()
	if r.Last {
		if _, ok := memberOf(tx, call.Account); !ok {
			return wire.FoundReply{}, &wire.Failure{Code: wire.CodeInvalid, Cause: errors.New("the founder has no place in the project")}
		}
		head.Founder = studio.UserID{}
	}
	head.ServerMs = moment(head, call)
	if err := errors.Join(tx.SetHead(head), tx.Err()); err != nil {
		return wire.FoundReply{}, err
	}
	return wire.FoundReply{HeadSeq: head.Seq, Chain: head.Chain}, nil
}

func (c *Core) foundOne(tx serverdb.Tx, client serverdb.Client, ev studio.Event) error {
	head := tx.Head()
	body, err := studio.DecodeBody(ev.Kind, ev.Body)
	if err != nil || ev.Seq != head.Seq+1 {
		return &wire.Failure{Code: wire.CodeInvalid, Cause: fmt.Errorf("event %d after %d: %w", ev.Seq, head.Seq, err)}
	}
	op := studio.Op{ID: ev.Op, Kind: ev.Kind, Entity: ev.Entity, Group: ev.Group, Undoes: ev.Undoes, MadeHybrid: ev.MadeHybrid, Body: body}
	at := studio.Moment{Actor: ev.Actor, ReceivedMs: ev.ReceivedMs, Seq: ev.Seq, Cause: ev.Cause, System: !ev.Cause.IsZero()}
	if b, ok := body.(*studio.SealBody); ok && !covered(tx, client, ev.Actor, b.Checkpoint) {
		return &wire.Failure{Code: wire.CodeInvalid, Cause: fmt.Errorf("event %d: its content is not here", ev.Seq)}
	}
	state := studio.NewState(tx)
	d := studio.Decide(state, op, at)
	if err := state.Err(); err != nil {
		return err
	}
	mine := studio.EventOf(state, op, at, d)
	mine.Chain = mine.NextChain(head.Chain)
	if mine.Chain != ev.Chain {
		return &wire.Failure{Code: wire.CodeInvalid, Cause: fmt.Errorf("event %d (kind %d) was decided otherwise: %d %s, here %d %s",
			ev.Seq, ev.Kind, ev.Verdict, ev.Reason, mine.Verdict, mine.Reason)}
	}
	return errors.Join(tx.Append([]studio.Event{mine}), tx.Put(mine.Seq, d.Puts, d.Gone))
}
