package wire

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"framehold/internal/studio"
	"framehold/internal/wire/pb"
)

// Headers of every call: 32 hex digits. The client is that of messages which have one.
const (
	HeaderProject = "X-Project-Id"
	HeaderClient  = "X-Client-Id"
	headerSent    = "X-Sent" // of an upload: the checkpoint, the bytes of its file that are there, and all of them
)

const (
	requestMaxBytes = PushBytesMax + 4<<10 // on the wire and decoded
	replyMaxBytes   = 2 * PullBytesMax     // a page, with the row that went over its size
	unaryTimeout    = 30 * time.Second
	waitTimeout     = 40 * time.Second // the server answers after 25 s
)

// Sync is what a server does for its clients, a method for each call: one contract. ctx says who calls: the server's
// middleware put it there. Errors are *Failure; any other is CodeInternal to the client, a cancelled one
// CodeUnavailable.
type Sync interface {
	Hello(ctx context.Context, q HelloRequest) (HelloReply, error)
	Push(ctx context.Context, q PushRequest) (PushReply, error)
	Pull(ctx context.Context, q PullRequest) (PullReply, error)
	WaitForHead(ctx context.Context, q WaitRequest) (WaitReply, error)
	Have(ctx context.Context, q HaveRequest) (HaveReply, error)
	Probe(ctx context.Context, q ProbeRequest) (ProbeReply, error)
	Found(ctx context.Context, q FoundRequest) (FoundReply, error)
	Witness(ctx context.Context, q WitnessRequest) (WitnessReply, error)
	Deposit(ctx context.Context, q DepositRequest) (DepositReply, error)
}

// scope is what the headers of a call say.
type scope struct {
	project studio.ProjectID
	client  studio.ID
	deposit Token // the client's deposit key, in place of a session
}

const depositScheme = "Deposit "

// SetDepositKey puts a deposit key where a session's token would stand.
func SetDepositKey(h http.Header, key Token) { h.Set("Authorization", depositScheme+key.Text()) }

// DepositKeyOf reads a deposit key; ok is false where there is none.
func DepositKeyOf(h http.Header) (key Token, ok bool) {
	text, is := strings.CutPrefix(h.Get("Authorization"), depositScheme)
	key, err := ParseToken(text)
	return key, is && err == nil
}

func (s scope) to(h http.Header) {
	h.Set(HeaderProject, s.project.String())
	if !s.client.IsZero() {
		h.Set(HeaderClient, s.client.String())
	}
}

// scopeFrom reads the headers; one that is there must be an id, once.
func scopeFrom(h http.Header) (scope, error) {
	var s scope
	for _, one := range []struct {
		name string
		id   *studio.ID
	}{{HeaderProject, &s.project.ID}, {HeaderClient, &s.client}} {
		values := h.Values(one.name)
		if len(values) == 0 {
			continue
		}
		id, err := studio.ParseID(values[0])
		if err != nil || len(values) > 1 || id.IsZero() {
			return scope{}, fmt.Errorf("%w: %s", ErrMalformed, one.name)
		}
		*one.id = id
	}
	s.deposit, _ = DepositKeyOf(h)
	return s, nil
}

// call is how the messages of one call travel: Q and A the plain request and answer, PQ and PA the sent ones.
type call[Q, A, PQ, PA any] struct {
	scope func(Q) scope
	send  func(Q) (*PQ, error)
	take  func(scope, *PQ) (Q, error)
	reply func(Q, A) (*PA, error)
	read  func(Q, *PA) (A, error)
}

func helloCall() call[HelloRequest, HelloReply, pb.HelloRequest, pb.HelloReply] {
	return call[HelloRequest, HelloReply, pb.HelloRequest, pb.HelloReply]{
		func(q HelloRequest) scope { return scope{project: q.Project, client: q.Client} }, helloTo, helloFrom, helloReplyTo, helloReplyFrom}
}

func pushCall() call[PushRequest, PushReply, pb.PushRequest, pb.PushReply] {
	return call[PushRequest, PushReply, pb.PushRequest, pb.PushReply]{
		func(q PushRequest) scope { return scope{project: q.Project, client: q.Client} }, pushTo, pushFrom, pushReplyTo, pushReplyFrom}
}

func pullCall() call[PullRequest, PullReply, pb.PullRequest, pb.PullReply] {
	return call[PullRequest, PullReply, pb.PullRequest, pb.PullReply]{
		func(q PullRequest) scope { return scope{project: q.Project, client: q.Client} }, pullTo, pullFrom, pullReplyTo, pullReplyFrom}
}

func waitCall() call[WaitRequest, WaitReply, pb.WaitRequest, pb.WaitReply] {
	return call[WaitRequest, WaitReply, pb.WaitRequest, pb.WaitReply]{
		func(q WaitRequest) scope { return scope{project: q.Project, client: q.Client} }, waitTo, waitFrom, waitReplyTo, waitReplyFrom}
}

func haveCall() call[HaveRequest, HaveReply, pb.HaveRequest, pb.HaveReply] {
	return call[HaveRequest, HaveReply, pb.HaveRequest, pb.HaveReply]{
		func(q HaveRequest) scope { return scope{project: q.Project, client: q.Client} }, haveTo, haveFrom, haveReplyTo, haveReplyFrom}
}

func probeCall() call[ProbeRequest, ProbeReply, pb.ProbeRequest, pb.ProbeReply] {
	return call[ProbeRequest, ProbeReply, pb.ProbeRequest, pb.ProbeReply]{
		func(q ProbeRequest) scope { return scope{project: q.Project} }, probeTo, probeFrom, probeReplyTo, probeReplyFrom}
}

func foundCall() call[FoundRequest, FoundReply, pb.FoundRequest, pb.FoundReply] {
	return call[FoundRequest, FoundReply, pb.FoundRequest, pb.FoundReply]{
		func(q FoundRequest) scope { return scope{project: q.Project, client: q.Client} }, foundTo, foundFrom, foundReplyTo, foundReplyFrom}
}

func witnessCall() call[WitnessRequest, WitnessReply, pb.WitnessRequest, pb.WitnessReply] {
	return call[WitnessRequest, WitnessReply, pb.WitnessRequest, pb.WitnessReply]{
		func(q WitnessRequest) scope { return scope{project: q.Project, client: q.Client} }, witnessTo, witnessFrom, witnessReplyTo,
		witnessReplyFrom}
}

func depositCall() call[DepositRequest, DepositReply, pb.DepositRequest, pb.DepositReply] {
	return call[DepositRequest, DepositReply, pb.DepositRequest, pb.DepositReply]{
		func(q DepositRequest) scope { return scope{q.Project, q.Client, q.Key} }, depositTo, depositFrom, depositReplyTo,
		depositReplyFrom}
}
