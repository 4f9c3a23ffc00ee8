package wire

import (
	"errors"
	"math"

	"framehold/internal/studio"
	"framehold/internal/wire/pb"
)

// bytesOf is nil for bytes that were left out.
func bytesOf(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// small checks that a number fits the byte that it is kept in.
func small[N ~uint8](c *check, n uint32, what string) N {
	c.that(n <= math.MaxUint8, what)
	return N(n)
}

func (c *check) signedFrom(p *pb.Signed, project studio.ProjectID) Signed {
	if p == nil {
		return Signed{}
	}
	s := Signed{Project: project, Seq: p.Seq, ServerMs: p.ServerMs, Key: p.Key, Signature: bytesOf(p.Signature)}
	c.fixed(s.Generation[:], p.Generation, "generation")
	c.fixed(s.Chain[:], p.Chain, "chain")
	return s
}

func helloFrom(s scope, p *pb.HelloRequest) (HelloRequest, error) {
	var c check
	c.scope(s, true)
	q := HelloRequest{Project: s.project, Client: s.client, Device: p.Device, Proto: p.Proto, App: p.App,
		Seen: c.signedFrom(p.Seen, s.project), Unsent: Unsent{p.Unsent.GetCheckpoints(), p.Unsent.GetBytes()}}
	c.hello(q)
	return q, c.err
}

func helloReplyFrom(_ HelloRequest, p *pb.HelloReply) (HelloReply, error) {
	var c check
	a := HelloReply{HeadSeq: p.HeadSeq, Proto: p.Proto, Lmid: p.Lmid, ServerMs: p.ServerMs,
		StudioKey: bytesOf(p.StudioKey), DepositKey: bytesOf(p.DepositKey), FullView: p.FullView}
	c.fixed(a.Generation[:], p.Generation, "generation")
	c.fixed(a.User.ID[:], p.User, "user")
	for _, k := range p.Kinds {
		a.Kinds = append(a.Kinds, small[studio.Kind](&c, k, "kind"))
	}
	a.Wanted = c.hashesFrom(p.Wanted)
	c.helloReply(a)
	return a, c.err
}

func pushFrom(s scope, p *pb.PushRequest) (PushRequest, error) {
	var c check
	c.scope(s, true)
	q := PushRequest{Project: s.project, Client: s.client}
	c.fixed(q.Generation[:], p.Generation, "generation")
	q.Ops = c.opsFrom(p.Ops)
	return q, c.err
}

func (c *check) opsFrom(sent []*pb.Op) (ops []Op) {
	c.that(len(sent) <= PushOpsMax, "more ops than a push may have")
	next := uint64(1)
	for _, o := range sent {
		if c.err != nil {
			return nil
		}
		op := Op{N: next + uint64(o.N), Kind: small[studio.Kind](c, o.Kind, "kind"), Atomic: o.Atomic, Body: bytesOf(o.Body)}
		c.fixed(op.ID.ID[:], o.OpId, "op id")
		c.fixed(op.Entity[:], o.Entity, "entity")
		c.fixed(op.Group.ID[:], o.Group, "group")
		c.fixed(op.Undoes.ID[:], o.Undoes, "undoes")
		op.MadeHybrid = hybridOf(op.ID.ID) + uint64(o.MadeHlc)
		ops = append(ops, op)
		next = op.N + 1
	}
	c.ops(ops)
	return ops
}

func outcomeFrom(c *check, p *pb.Outcome, next uint64) Outcome {
	return Outcome{Verdict: small[studio.Verdict](c, p.Verdict, "verdict"), Reason: studio.Code(p.Reason),
		Seq: next + uint64(p.Seq), Result: p.Result, Version: p.Version}
}

func pushReplyFrom(q PushRequest, p *pb.PushReply) (PushReply, error) {
	var c check
	a := PushReply{Lmid: p.Lmid, HeadSeq: p.HeadSeq}
	c.fixed(a.Chain8[:], p.Chain8, "chain")
	c.that(p.Stop == nil || p.Stop.Code != 0, "a stop without code")
	a.Stop = Stop{N: p.Stop.GetN(), Code: small[StopCode](&c, p.Stop.GetCode(), "stop code")}
	c.stop(a.Stop)
	a.Outcomes = c.outcomesFrom(q.Ops, p.Outcomes)
	return a, c.err
}

func (c *check) outcomesFrom(ops []Op, sent []*pb.Outcome) (outcomes []Outcome) {
	c.that(len(sent) <= len(ops), "more outcomes than ops")
	next := uint64(1)
	for i, o := range sent {
		if c.err != nil {
			return nil
		}
		c.that(len(o.OpId) == 0, "an outcome of a push names no op")
		outcome := outcomeFrom(c, o, next)
		outcome.Op = ops[i].ID
		c.outcome(outcome)
		outcomes = append(outcomes, outcome)
		next = outcome.Seq + 1
	}
	return outcomes
}

func pullFrom(s scope, p *pb.PullRequest) (PullRequest, error) {
	var c check
	c.scope(s, true)
	q := PullRequest{Project: s.project, Client: s.client, Page: bytesOf(p.Page), MaxBytes: p.MaxBytes,
		Part: small[Part](&c, p.Part, "part"), After: p.After}
	q.Cookie = c.cookieFrom(p.Cookie)
	c.pull(q)
	return q, c.err
}

func (c *check) cookieFrom(p *pb.Cookie) (k Cookie) {
	k.Seq = p.GetSeq()
	c.fixed(k.Generation[:], p.GetGeneration(), "generation")
	c.fixed(k.Chain8[:], p.GetChain8(), "chain")
	return k
}

func (c *check) rowFrom(p *pb.Row) Row {
	r := Row{Table: small[studio.Table](c, p.Table, "table"), Key: string(p.Key), Bytes: bytesOf(p.Bytes)}
	key, inside := keyOf(r.Table, r.Bytes)
	if r.Key == "" && inside {
		r.Key = key
	} else {
		c.that(!inside || r.Key != key, "a key that the row has")
	}
	return r
}

func pullReplyFrom(q PullRequest, p *pb.PullReply) (PullReply, error) {
	var c check
	a := PullReply{NextPage: bytesOf(p.NextPage), Head: c.signedFrom(p.Head, q.Project), Whole: p.Whole, Later: p.Later}
	for _, r := range p.Rows {
		a.Rows = append(a.Rows, c.rowFrom(r))
	}
	for _, e := range p.Events {
		ev, err := studio.EventFrom(e.Header, bytesOf(e.Body))
		c.that(err == nil, "event header")
		a.Events = append(a.Events, ev)
	}
	a.Sums = c.sumsFrom(p.Sums)
	c.pullReply(q, a)
	return a, c.err
}

func (c *check) sumsFrom(p []*pb.TableSum) studio.Sums {
	var sums studio.Sums
	last := studio.Table(0)
	for _, s := range p {
		if sums == nil {
			sums = studio.Sums{}
		}
		t := small[studio.Table](c, s.Table, "table")
		c.that(t > last, "sums in order of their tables")
		var b [16]byte
		c.fixed(b[:], s.Sum, "sum")
		sums[t], last = studio.SumFrom(b[:]), t
	}
	return sums
}

func waitFrom(s scope, p *pb.WaitRequest) (WaitRequest, error) {
	var c check
	c.scope(s, p.Cookie != nil)
	q := WaitRequest{Project: s.project, Seq: p.Seq, Cookie: c.cookieFrom(p.Cookie)}
	if p.Cookie != nil {
		q.Client = s.client
	}
	c.wait(q)
	return q, c.err
}

func waitReplyFrom(q WaitRequest, p *pb.WaitReply) (WaitReply, error) {
	a := WaitReply{HeadSeq: p.HeadSeq}
	if p.News == nil {
		return a, nil
	}
	var c check
	news, err := pullReplyFrom(q.pull(), p.News)
	c.news(q, news)
	a.News = &news
	return a, errors.Join(c.err, err)
}

func haveFrom(s scope, p *pb.HaveRequest) (HaveRequest, error) {
	var c check
	c.scope(s, true)
	q := HaveRequest{Project: s.project, Client: s.client, Hashes: c.hashesFrom(p.Hashes)}
	c.hashes(q.Hashes)
	return q, c.err
}

func (c *check) hashesFrom(b []byte) (hashes []studio.Hash) {
	c.that(len(b)%32 == 0, "hashes")
	for ; len(b) >= 32; b = b[32:] {
		hashes = append(hashes, studio.HashFrom(b[:32]))
	}
	return hashes
}

func haveReplyFrom(q HaveRequest, p *pb.HaveReply) (HaveReply, error) {
	var c check
	n := len(q.Hashes)
	c.that(len(p.Have) == (n+7)/8, "a bit for each hash")
	if c.err != nil || n == 0 {
		return HaveReply{}, c.err
	}
	a := HaveReply{Have: make([]bool, n)}
	for i := range a.Have {
		a.Have[i] = p.Have[i/8]>>(i%8)&1 == 1
	}
	c.that(n%8 == 0 || p.Have[n/8]>>(n%8) == 0, "bits of no hash")
	return a, c.err
}

func probeFrom(s scope, p *pb.ProbeRequest) (ProbeRequest, error) {
	var c check
	c.scope(s, false)
	c.that(len(p.Seqs) <= ProbeSeqsMax, "more seqs than may be asked for")
	return ProbeRequest{Project: s.project, Seqs: p.Seqs}, c.err
}

func probeReplyFrom(q ProbeRequest, p *pb.ProbeReply) (ProbeReply, error) {
	var c check
	c.that(len(p.Chain8) == 8*len(q.Seqs), "a chain for each seq")
	if c.err != nil {
		return ProbeReply{}, c.err
	}
	var a ProbeReply
	for b := p.Chain8; len(b) >= 8; b = b[8:] {
		a.Chain8 = append(a.Chain8, [8]byte(b[:8]))
	}
	return a, nil
}

func foundFrom(s scope, p *pb.FoundRequest) (FoundRequest, error) {
	var c check
	c.scope(s, true)
	q := FoundRequest{Project: s.project, Client: s.client, Last: p.Last}
	c.that(len(p.Chains) == len(p.Events), "a chain for each event")
	for i, e := range p.Events {
		ev, err := studio.EventFrom(e.Header, bytesOf(e.Body))
		c.that(err == nil, "event header")
		if c.err == nil {
			c.fixed(ev.Chain[:], p.Chains[i], "chain")
		}
		q.Events = append(q.Events, ev)
	}
	c.found(q)
	return q, c.err
}

func foundReplyFrom(_ FoundRequest, p *pb.FoundReply) (FoundReply, error) {
	var c check
	a := FoundReply{HeadSeq: p.HeadSeq}
	c.fixed(a.Chain[:], p.Chain, "chain")
	return a, c.err
}

func witnessFrom(s scope, p *pb.WitnessRequest) (WitnessRequest, error) {
	var c check
	c.scope(s, true)
	q := WitnessRequest{Project: s.project, Client: s.client, Head: c.signedFrom(p.Head, s.project)}
	c.fixed(q.Generation[:], p.Generation, "generation")
	c.fixed(q.Chain[:], p.Chain, "chain")
	for _, e := range p.Events {
		ev, err := studio.EventFrom(e.Header, bytesOf(e.Body))
		c.that(err == nil, "event header")
		q.Events = append(q.Events, ev)
	}
	c.that(len(p.Tail)%32 == 0, "tail")
	for b := p.Tail; len(b) >= 32; b = b[32:] {
		q.Tail = append(q.Tail, [32]byte(b[:32]))
	}
	c.witness(q)
	return q, c.err
}

func witnessReplyFrom(q WitnessRequest, p *pb.WitnessReply) (WitnessReply, error) {
	var c check
	a := WitnessReply{Nearer: c.signedFrom(p.Nearer, q.Project), HeadSeq: p.HeadSeq, Healed: p.Healed, Parked: p.Parked}
	c.signed(a.Nearer, q.Project)
	return a, c.err
}

func depositFrom(s scope, p *pb.DepositRequest) (DepositRequest, error) {
	var c check
	c.scope(s, true)
	c.that(!s.deposit.IsZero(), "no deposit key")
	q := DepositRequest{Project: s.project, Client: s.client, Key: s.deposit, Unreadable: p.Unreadable}
	q.Ops = c.opsFrom(p.Ops)
	return q, c.err
}

func depositReplyFrom(q DepositRequest, p *pb.DepositReply) (DepositReply, error) {
	var c check
	a := DepositReply{Stop: small[StopCode](&c, p.Stop, "stop code")}
	c.stop(Stop{Code: a.Stop})
	a.Outcomes = c.outcomesFrom(q.Ops, p.Outcomes)
	return a, c.err
}
