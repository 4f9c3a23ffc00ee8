package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/proto"

	"framehold/internal/studio"
	"framehold/internal/wire/pb"
)

// some leaves a zero id, hash or chain out.
func some(b []byte) []byte {
	if allZero(b) {
		return nil
	}
	return b
}

// hybridOf is the hybrid instant that clock.NewID puts into an id: an op's own is a few counts away from it.
func hybridOf(id studio.ID) uint64 {
	high := binary.BigEndian.Uint64(id[:8])
	return high>>16<<16 | high&0xfff<<4 | uint64(id[8]>>2&0xf)
}

func signedTo(s Signed) *pb.Signed {
	if isNone(s) {
		return nil
	}
	return &pb.Signed{Generation: some(s.Generation[:]), Seq: s.Seq, Chain: some(s.Chain[:]), ServerMs: s.ServerMs,
		Key: s.Key, Signature: s.Signature}
}

func helloTo(q HelloRequest) (*pb.HelloRequest, error) {
	var c check
	c.hello(q)
	p := &pb.HelloRequest{Device: q.Device, Proto: q.Proto, App: q.App, Seen: signedTo(q.Seen)}
	if q.Unsent != (Unsent{}) {
		p.Unsent = &pb.Unsent{Checkpoints: q.Unsent.Checkpoints, Bytes: q.Unsent.Bytes}
	}
	return p, c.err
}

func helloReplyTo(_ HelloRequest, a HelloReply) (*pb.HelloReply, error) {
	var c check
	c.helloReply(a)
	p := &pb.HelloReply{Generation: some(a.Generation[:]), HeadSeq: a.HeadSeq, Proto: a.Proto, Lmid: a.Lmid,
		ServerMs: a.ServerMs, StudioKey: a.StudioKey, DepositKey: a.DepositKey, User: some(a.User.ID[:]),
		FullView: a.FullView}
	for _, k := range a.Kinds {
		p.Kinds = append(p.Kinds, uint32(k))
	}
	p.Wanted = hashesTo(a.Wanted)
	return p, c.err
}

func pushTo(q PushRequest) (*pb.PushRequest, error) {
	var c check
	c.ops(q.Ops)
	return &pb.PushRequest{Generation: some(q.Generation[:]), Ops: opsTo(q.Ops)}, c.err
}

func opsTo(ops []Op) (sent []*pb.Op) {
	next := uint64(1)
	for i := range ops {
		o := &ops[i]
		sent = append(sent, &pb.Op{N: int64(o.N - next), OpId: o.ID.ID[:], Entity: some(o.Entity[:]),
			MadeHlc: int64(o.MadeHybrid - hybridOf(o.ID.ID)), Kind: uint32(o.Kind), Atomic: o.Atomic,
			Group: some(o.Group.ID[:]), Undoes: some(o.Undoes.ID[:]), Body: o.Body})
		next = o.N + 1
	}
	return sent
}

func outcomeTo(o Outcome, next uint64) *pb.Outcome {
	return &pb.Outcome{Verdict: uint32(o.Verdict), Reason: string(o.Reason), Seq: int64(o.Seq - next), Result: o.Result,
		Version: o.Version}
}

func pushReplyTo(q PushRequest, a PushReply) (*pb.PushReply, error) {
	var c check
	c.that(len(a.Outcomes) <= len(q.Ops), "more outcomes than ops")
	c.stop(a.Stop)
	p := &pb.PushReply{Lmid: a.Lmid, HeadSeq: a.HeadSeq, Chain8: some(a.Chain8[:])}
	if a.Stop != (Stop{}) {
		p.Stop = &pb.Stop{N: a.Stop.N, Code: uint32(a.Stop.Code)}
	}
	p.Outcomes = c.outcomesTo(q.Ops, a.Outcomes)
	return p, c.err
}

func (c *check) outcomesTo(ops []Op, outcomes []Outcome) (sent []*pb.Outcome) {
	next := uint64(1)
	for i, o := range outcomes {
		c.outcome(o)
		c.that(i < len(ops) && o.Op == ops[i].ID, "outcomes in the order of the ops")
		sent = append(sent, outcomeTo(o, next))
		next = o.Seq + 1
	}
	return sent
}

func pullTo(q PullRequest) (*pb.PullRequest, error) {
	var c check
	c.pull(q)
	p := &pb.PullRequest{Page: q.Page, MaxBytes: q.MaxBytes, Part: uint32(q.Part), After: q.After}
	p.Cookie = cookieTo(q.Cookie)
	return p, c.err
}

func cookieTo(k Cookie) *pb.Cookie {
	if k == (Cookie{}) {
		return nil
	}
	return &pb.Cookie{Generation: some(k.Generation[:]), Seq: k.Seq, Chain8: some(k.Chain8[:])}
}

func pullReplyTo(q PullRequest, a PullReply) (*pb.PullReply, error) {
	var c check
	c.pullReply(q, a)
	p := &pb.PullReply{NextPage: a.NextPage, Head: signedTo(a.Head), Whole: a.Whole, Later: a.Later}
	for _, r := range a.Rows {
		row := &pb.Row{Table: uint32(r.Table), Bytes: r.Bytes}
		if key, inside := keyOf(r.Table, r.Bytes); !inside || key != r.Key {
			row.Key = []byte(r.Key)
		}
		p.Rows = append(p.Rows, row)
	}
	for i := range a.Events {
		p.Events = append(p.Events, &pb.Event{Header: a.Events[i].Header(), Body: a.Events[i].Body})
	}
	for _, t := range slices.Sorted(maps.Keys(a.Sums)) {
		p.Sums = append(p.Sums, &pb.TableSum{Table: uint32(t), Sum: some(a.Sums[t].Bytes())})
	}
	c.that(proto.Size(p) <= replyMaxBytes, "a page over the limit")
	return p, c.err
}

// keyOf reads the key of a row from the fields that its canonical form begins with: an id, and what makes tags and
// dependencies of one asset different.
func keyOf(t studio.Table, row []byte) (key string, ok bool) {
	id, rest, ok := field(row, 1)
	if !ok || len(id) != 16 {
		return "", false
	}
	if t != studio.TableTag && t != studio.TableDependency {
		return string(id), true
	}
	second, _, ok := field(rest, 2)
	return string(id) + string(second), ok
}

// field takes the length-delimited field of that number from the front of b.
func field(b []byte, number byte) (value, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != number<<3|2 {
		return nil, nil, false
	}
	length, n := binary.Uvarint(b[1:])
	if n <= 0 || length > uint64(len(b)-1-n) {
		return nil, nil, false
	}
	b = b[1+n:]
	return b[:length], b[length:], true
}

func waitTo(q WaitRequest) (*pb.WaitRequest, error) {
	var c check
	c.wait(q)
	return &pb.WaitRequest{Seq: q.Seq, Cookie: cookieTo(q.Cookie)}, c.err
}

// pull is the pull that the news of a poke answer.
func (q WaitRequest) pull() PullRequest {
	return PullRequest{Project: q.Project, Client: q.Client, Cookie: q.Cookie}
}

func waitReplyTo(q WaitRequest, a WaitReply) (*pb.WaitReply, error) {
	p := &pb.WaitReply{HeadSeq: a.HeadSeq}
	if a.News == nil {
		return p, nil
	}
	var c check
	c.news(q, *a.News)
	news, err := pullReplyTo(q.pull(), *a.News)
	p.News = news
	return p, errors.Join(c.err, err)
}

func haveTo(q HaveRequest) (*pb.HaveRequest, error) {
	var c check
	c.hashes(q.Hashes)
	return &pb.HaveRequest{Hashes: hashesTo(q.Hashes)}, c.err
}

// hashesTo are hashes one behind the other.
func hashesTo(hashes []studio.Hash) (b []byte) {
	for _, h := range hashes {
		b = append(b, h[:]...)
	}
	return b
}

func haveReplyTo(q HaveRequest, a HaveReply) (*pb.HaveReply, error) {
	var c check
	c.that(len(a.Have) == len(q.Hashes), "an answer for each hash")
	bits := make([]byte, (len(a.Have)+7)/8)
	for i, have := range a.Have {
		if have {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return &pb.HaveReply{Have: bits}, c.err
}

func probeTo(q ProbeRequest) (*pb.ProbeRequest, error) {
	var c check
	c.that(len(q.Seqs) <= ProbeSeqsMax, "more seqs than may be asked for")
	return &pb.ProbeRequest{Seqs: q.Seqs}, c.err
}

func probeReplyTo(q ProbeRequest, a ProbeReply) (*pb.ProbeReply, error) {
	var c check
	c.that(len(a.Chain8) == len(q.Seqs), "an answer for each seq")
	p := &pb.ProbeReply{}
	for _, chain := range a.Chain8 {
		p.Chain8 = append(p.Chain8, chain[:]...)
	}
	return p, c.err
}

func foundTo(q FoundRequest) (*pb.FoundRequest, error) {
	var c check
	c.found(q)
	p := &pb.FoundRequest{Last: q.Last}
	for i := range q.Events {
		p.Events = append(p.Events, &pb.Event{Header: q.Events[i].Header(), Body: q.Events[i].Body})
		p.Chains = append(p.Chains, q.Events[i].Chain[:])
	}
	return p, c.err
}

func foundReplyTo(_ FoundRequest, a FoundReply) (*pb.FoundReply, error) {
	return &pb.FoundReply{HeadSeq: a.HeadSeq, Chain: some(a.Chain[:])}, nil
}

func witnessTo(q WitnessRequest) (*pb.WitnessRequest, error) {
	var c check
	c.witness(q)
	p := &pb.WitnessRequest{Generation: some(q.Generation[:]), Head: signedTo(q.Head), Chain: some(q.Chain[:])}
	for i := range q.Events {
		p.Events = append(p.Events, &pb.Event{Header: q.Events[i].Header(), Body: q.Events[i].Body})
	}
	for _, h := range q.Tail {
		p.Tail = append(p.Tail, h[:]...)
	}
	return p, c.err
}

func witnessReplyTo(q WitnessRequest, a WitnessReply) (*pb.WitnessReply, error) {
	var c check
	c.signed(a.Nearer, q.Project)
	return &pb.WitnessReply{Nearer: signedTo(a.Nearer), HeadSeq: a.HeadSeq, Healed: a.Healed, Parked: a.Parked}, c.err
}

func depositTo(q DepositRequest) (*pb.DepositRequest, error) {
	var c check
	c.ops(q.Ops)
	return &pb.DepositRequest{Ops: opsTo(q.Ops), Unreadable: q.Unreadable}, c.err
}

func depositReplyTo(q DepositRequest, a DepositReply) (*pb.DepositReply, error) {
	var c check
	c.stop(Stop{Code: a.Stop})
	return &pb.DepositReply{Outcomes: c.outcomesTo(q.Ops, a.Outcomes), Stop: uint32(a.Stop)}, c.err
}

// EncodeSigned is a signed head as a store keeps it.
func EncodeSigned(s Signed) ([]byte, error) {
	var c check
	c.signed(s, s.Project)
	if c.err != nil || s.Generation == (Generation{}) {
		return nil, c.err
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(signedTo(s))
	return b, err
}

// DecodeSigned reads what EncodeSigned wrote, of a project. ErrMalformed otherwise.
func DecodeSigned(project studio.ProjectID, b []byte) (Signed, error) {
	if len(b) == 0 {
		return Signed{}, nil
	}
	p := &pb.Signed{}
	if err := proto.Unmarshal(b, p); err != nil {
		return Signed{}, fmt.Errorf("%w: signed head", ErrMalformed)
	}
	var c check
	s := c.signedFrom(p, project)
	return s, c.err
}
