package server

import (
	"crypto/sha256"
	"errors"
	"fmt"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// Hello binds a client to its person and says where the server stands. A client that shows a signed head of this
// generation which the project has not proves that an older database was copied back: a new generation begins with that
// (row H2), and every client finds the last seq that both have. A program that is too old to read the project is heard all the
// same: it may push (row H10). Codes: not_member, invalid (the id is another person's: the store was copied).
func (c *Core) Hello(tx serverdb.Tx, call Call, r wire.HelloRequest) (wire.HelloReply, error) {
	head := tx.Head()
	founder := !head.Founder.IsZero() && head.Founder == call.Account
	member, err := enter(tx, call)
	if err != nil && !founder {
		return wire.HelloReply{}, err
	}
	if !founder && c.wentBack(tx, head, r) {
		head.Generation, head.GenNo, head.GenMs = c.NewGeneration(r.Project), head.GenNo+1, moment(head, call)
		if err := tx.SetHead(head); err != nil {
			return wire.HelloReply{}, err
		}
	}
	client, known := tx.Client(r.Client)
	if known && client.User != call.Account {
		return wire.HelloReply{}, &wire.Failure{Code: wire.CodeInvalid, Cause: errors.New("client of another person")}
	}
	if r.Client.IsZero() {
		return wire.HelloReply{}, &wire.Failure{Code: wire.CodeInvalid, Cause: errors.New("no client")}
	}
	now := moment(head, call)
	client.ID, client.User, client.Device, client.Proto, client.SeenMs = r.Client, call.Account, r.Device, r.Proto, now
	client.UnsentCheckpoints, client.UnsentBytes = r.Unsent.Checkpoints, r.Unsent.Bytes
	reply := wire.HelloReply{Generation: wire.Generation(head.Generation), HeadSeq: head.Seq, Proto: wire.Proto, Kinds: studio.Kinds(),
		Lmid: client.Lmid, ServerMs: now, User: member.User, FullView: founder || studio.SightOf(tx, member.User).Full()}
	if c.DepositKey != nil {
		key := c.DepositKey(r.Project, r.Client)
		reply.DepositKey, client.DepositKey = key[:], sha256.Sum256(key[:])
	}
	if !founder {
		reply.Wanted = wanted(tx, r.Client, member.User)
	}
	return reply, errors.Join(tx.SetClient(client), tx.Err())
}

// wanted lists chunks that this server cannot read any more, of those that a member may have (row Ic11): who holds one sends it.
func wanted(snap serverdb.Snapshot, client studio.ID, member studio.UserID) (hashes []studio.Hash) {
	a := newAccess(snap, client, member)
	for _, b := range snap.Bad() {
		if len(hashes) < wire.HaveHashesMax && a.chunk(b.Hash) {
			hashes = append(hashes, b.Hash)
		}
	}
	return hashes
}

// wentBack tells whether a client proves that this project was further, or elsewhere, in this generation. A claim that
// nobody signed changes nothing.
func (c *Core) wentBack(snap serverdb.Snapshot, head serverdb.Head, r wire.HelloRequest) bool {
	seen := r.Seen
	if c.Verify == nil || c.NewGeneration == nil || seen.Project != r.Project || seen.Generation != wire.Generation(head.Generation) {
		return false
	}
	if chain, ok := chainAt(snap, seen.Seq); ok && chain == seen.Chain {
		return false
	}
	return c.Verify(seen)
}

// Probe gives the first 8 bytes of the chain at some seqs.
func (c *Core) Probe(snap serverdb.Snapshot, call Call, r wire.ProbeRequest) (wire.ProbeReply, error) {
	if _, err := enter(snap, call); err != nil {
		return wire.ProbeReply{}, err
	}
	if len(r.Seqs) > probesMax {
		return wire.ProbeReply{}, &wire.Failure{Code: wire.CodeInvalid, Cause: fmt.Errorf("%d probes", len(r.Seqs))}
	}
	reply := wire.ProbeReply{Chain8: make([][8]byte, len(r.Seqs))}
	for i, seq := range r.Seqs {
		if chain, ok := chainAt(snap, seq); ok {
			copy(reply.Chain8[i][:], chain[:])
		}
	}
	return reply, snap.Err()
}

const probesMax = 64 // halving steps of any history

// chainAt is the chain after a seq; ok is false beyond the head.
func chainAt(snap serverdb.Snapshot, seq uint64) (chain [32]byte, ok bool) {
	if seq == 0 {
		return chain, true
	}
	events := snap.Events(seq-1, seq, 1)
	if len(events) == 0 {
		return chain, false
	}
	return events[0].Chain, true
}
