package server

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const (
	depositMs       = 30 * 24 * 3600 * 1000 // after someone lost their place, what they had not sent can be handed in
	depositBytesMax = 20 << 30              // of one person, in one project
)

// blockedKey is the hash of no deposit key: an admin has closed that door too (row G8).
var blockedKey = [32]byte{0xff, 31: 0xff}

// Hands is the right of a call that comes with a client's deposit key in place of a session. It is good for handing work in
// and for nothing else.
type Hands struct {
	Key      wire.Token
	Announce studio.OpID // of the checkpoint whose bytes come; zero: ops come
}

// depositor finds who hands work in. Codes: unauthenticated (no such key, or it was blocked); not_member (their time is over).
func (c *Core) depositor(snap serverdb.Snapshot, call Call, id studio.ID) (client serverdb.Client, m studio.Member, err error) {
	client, ok := snap.Client(id)
	given := sha256.Sum256(call.Hands.Key[:])
	if !ok || call.Hands.Key.IsZero() || subtle.ConstantTimeCompare(given[:], client.DepositKey[:]) != 1 {
		return client, m, errors.Join(&wire.Failure{Code: wire.CodeUnauthenticated}, snap.Err())
	}
	found := false
	for _, one := range snap.Members() {
		if one.Profile == client.User && (!found || !one.Gone) {
			m, found = one, true
		}
	}
	if !found || m.Gone && moment(snap.Head(), call) > leftMs(snap, m)+depositMs {
		return client, m, errors.Join(&wire.Failure{Code: wire.CodeNotMember}, snap.Err())
	}
	return client, m, nil
}

// leftMs is when someone lost their place.
func leftMs(snap serverdb.Snapshot, m studio.Member) (ms int64) {
	for _, ev := range snap.Trail(m.User.ID, 0) {
		if ev.Kind == studio.KindMemberSet && ev.Verdict == studio.Applied {
			ms = ev.ReceivedMs
		}
	}
	return ms
}

// handsIn finds whose bytes come by a deposit key, and checks that they are of a checkpoint that this person told of.
func (c *Core) handsIn(snap serverdb.Snapshot, call Call, id studio.ID) (studio.UserID, error) {
	_, m, err := c.depositor(snap, call, id)
	if err != nil {
		return studio.UserID{}, err
	}
	told, ok := snap.Event(call.Hands.Announce)
	if !ok || told.Kind != studio.KindAnnounce || told.Actor != m.User {
		return m.User, errors.Join(&wire.Failure{Code: wire.CodeInvalid, Cause: errors.New("bytes of no checkpoint of theirs")}, snap.Err())
	}
	return m.User, nil
}

// charge counts bytes that were handed in. Code: quota.
func (c *Core) charge(tx serverdb.Tx, call Call, id studio.ID, bytes int64) error {
	if call.Hands.Key.IsZero() {
		return nil
	}
	client, _ := tx.Client(id)
	sum := bytes
	for _, one := range tx.Clients() {
		if one.User == client.User {
			sum += one.DepositBytes
		}
	}
	limit := c.DepositBytesMax
	if limit == 0 {
		limit = depositBytesMax
	}
	if sum > limit {
		return &wire.Failure{Code: wire.CodeQuota, Cause: fmt.Errorf("%d bytes handed in, %d may be", sum, limit)}
	}
	client.DepositBytes += bytes
	return tx.SetClient(client)
}

// Deposit decides what is handed in with a deposit key (rows A8, B4, G2, G8). Of who may not write any more, saved work is
// parked for the supervisors and all else is refused; an op that the server failed at is kept as the bytes that came. The
// server numbers the ops: a client that may not say hello does not know what it has. Codes: unauthenticated, not_member.
func (c *Core) Deposit(tx serverdb.Tx, call Call, r wire.DepositRequest) (wire.DepositReply, error) {
	client, member, err := c.depositor(tx, call, r.Client)
	if err != nil {
		return wire.DepositReply{}, err
	}
	at := studio.Moment{Actor: member.User, ReceivedMs: moment(tx.Head(), call), Client: client.ID, Deposit: !r.Unreadable}
	var reply wire.DepositReply
	for _, o := range r.Ops {
		if ev, known := tx.Event(o.ID); known {
			reply.Outcomes = append(reply.Outcomes, OutcomeOf(ev))
			continue
		}
		firsts, err := c.decideOrKeep(tx, handed{o, &client, r.Unreadable}, at)
		if err != nil {
			return wire.DepositReply{}, err
		}
		for _, ev := range firsts {
			reply.Outcomes = append(reply.Outcomes, OutcomeOf(ev))
		}
	}
	head := tx.Head()
	head.ServerMs = at.ReceivedMs
	return reply, errors.Join(tx.SetClient(client), tx.SetHead(head), tx.Err())
}

// handed is an op that is handed in.
type handed struct {
	wire.Op
	client     *serverdb.Client
	unreadable bool
}

func (h handed) op() (studio.Op, []byte, error) {
	op := studio.Op{ID: h.ID, Kind: h.Kind, Entity: h.Entity, Group: h.Group, Undoes: h.Undoes, MadeHybrid: h.MadeHybrid}
	if h.unreadable {
		return op, h.Body, errUnreadable
	}
	read, err := h.Studio()
	op.Body = read.Body
	return op, h.Body, err
}

func (h handed) by() serverdb.Client { return *h.client }

func (h handed) number(ev *studio.Event) {
	h.client.Lmid++
	ev.Client, ev.N = h.client.ID, h.client.Lmid
}

// incoming is an op that must not hold up others, nor be lost: one that cannot be decided is kept as it came.
type incoming interface {
	op() (op studio.Op, body []byte, err error) // err: it cannot be read
	by() serverdb.Client                        // whose lease protects its bytes
	number(*studio.Event)                       // its place on a client's wire
}

// decideOrKeep decides one op and writes it; one that cannot be read or decided is written as PARKED(unreadable).
func (c *Core) decideOrKeep(tx serverdb.Tx, in incoming, at studio.Moment) (firsts []studio.Event, err error) {
	op, body, unreadable := in.op()
	if unreadable == nil {
		decided, failed := decide(tx, []studio.Op{op}, func(op studio.Op) studio.Moment { return uncovered(tx, in.by(), op, at) })
		if failed == nil {
			return write(tx, decided, in.number)
		}
		if err := tx.Err(); err != nil {
			return nil, err
		}
	}
	head := tx.Head()
	at.Seq = head.Seq + 1
	ev := studio.Unreadable(op, at, body)
	in.number(&ev)
	ev.Chain = ev.NextChain(head.Chain)
	return []studio.Event{ev}, tx.Append([]studio.Event{ev})
}
