package wire

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"framehold/internal/wire/pb"
)

// HandlerOptions are a server's choices; the zero value has the limits of the paper.
type HandlerOptions struct {
	UnaryTimeout time.Duration // 0: 30 s
	WaitTimeout  time.Duration // of WaitForHead; 0: 40 s
	// Failed is told, on any goroutine, of each call that fails by the server's own fault, with the cause that does not
	// travel; nil: nobody is.
	Failed func(procedure string, err error)
}

// Protocols are what a server of Framehold speaks: HTTP/1.1 and 2 over TLS, and both without it, for loopback.
func Protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

// NewHandler serves the calls of impl below path. It reads no credentials.
func NewHandler(impl Sync, opts HandlerOptions) (path string, handler http.Handler) {
	if opts.Failed == nil {
		opts.Failed = func(string, error) {}
	}
	if opts.UnaryTimeout == 0 {
		opts.UnaryTimeout = unaryTimeout
	}
	if opts.WaitTimeout == 0 {
		opts.WaitTimeout = waitTimeout
	}
	connectOptions := []connect.HandlerOption{
		connect.WithHandlerOptions(handlerOptions()...),
		connect.WithRecover(func(_ context.Context, spec connect.Spec, _ http.Header, p any) error {
			opts.Failed(spec.Procedure, fmt.Errorf("panic: %v", p))
			return toConnect(&Failure{Code: CodeInternal})
		}),
	}
	path, calls := pb.NewSyncHandler(&served{impl, opts}, connectOptions...)
	return path, &bounded{calls, opts}
}

func handlerOptions() []connect.HandlerOption {
	both := []connect.HandlerOption{
		connect.WithCodec(jsonText{"json"}), connect.WithCodec(jsonText{"json; charset=utf-8"}),
		connect.WithCompression("gzip", newGunzip, newGzip), connect.WithCompression("zstd", newUnzstd, newZstd()),
	}
	for _, o := range options(requestMaxBytes, replyMaxBytes) {
		both = append(both, o)
	}
	return both
}

// bounded ends calls at their time, also while their body still comes, and leaves out headers that say nothing.
type bounded struct {
	next http.Handler
	opts HandlerOptions
}

func (b *bounded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	limit := b.opts.UnaryTimeout
	if r.URL.Path == pb.SyncWaitForHeadProcedure {
		limit = b.opts.WaitTimeout
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	defer cancel()
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		// not every writer can; then the server's own deadline holds
		_ = http.NewResponseController(w).SetReadDeadline(time.Unix(1, 0))
	})
	defer func() {
		if !stop() {
			<-ended
		}
	}()
	w.Header()["Date"] = nil // 24 bytes a call; the server's time comes with Hello and signed heads
	b.next.ServeHTTP(w, r.WithContext(ctx))
}

// asked and answer are connect's envelopes.
type (
	asked[T any]  = connect.Request[T]
	answer[T any] = connect.Response[T]
)

// served is the generated service over the plain one.
type served struct {
	impl Sync
	opts HandlerOptions
}

func (s *served) Hello(ctx context.Context, q *asked[pb.HelloRequest]) (*answer[pb.HelloReply], error) {
	return serve(ctx, s, helloCall(), q, s.impl.Hello)
}

func (s *served) Push(ctx context.Context, q *asked[pb.PushRequest]) (*answer[pb.PushReply], error) {
	return serve(ctx, s, pushCall(), q, s.impl.Push)
}

func (s *served) Pull(ctx context.Context, q *asked[pb.PullRequest]) (*answer[pb.PullReply], error) {
	return serve(ctx, s, pullCall(), q, s.impl.Pull)
}

func (s *served) WaitForHead(ctx context.Context, q *asked[pb.WaitRequest]) (*answer[pb.WaitReply], error) {
	return serve(ctx, s, waitCall(), q, s.impl.WaitForHead)
}

func (s *served) Have(ctx context.Context, q *asked[pb.HaveRequest]) (*answer[pb.HaveReply], error) {
	return serve(ctx, s, haveCall(), q, s.impl.Have)
}

func (s *served) Probe(ctx context.Context, q *asked[pb.ProbeRequest]) (*answer[pb.ProbeReply], error) {
	return serve(ctx, s, probeCall(), q, s.impl.Probe)
}

func (s *served) Found(ctx context.Context, q *asked[pb.FoundRequest]) (*answer[pb.FoundReply], error) {
	return serve(ctx, s, foundCall(), q, s.impl.Found)
}

func (s *served) Witness(ctx context.Context, q *asked[pb.WitnessRequest]) (*answer[pb.WitnessReply], error) {
	return serve(ctx, s, witnessCall(), q, s.impl.Witness)
}

func (s *served) Deposit(ctx context.Context, q *asked[pb.DepositRequest]) (*answer[pb.DepositReply], error) {
	return serve(ctx, s, depositCall(), q, s.impl.Deposit)
}

// serve takes a request, has it answered and sends the answer.
func serve[Q, A, PQ, PA any](ctx context.Context, s *served, c call[Q, A, PQ, PA], r *asked[PQ],
	do func(context.Context, Q) (A, error)) (*answer[PA], error) {
	head, err := scopeFrom(r.Header())
	if err != nil {
		return nil, toConnect(&Failure{Code: CodeInvalid})
	}
	q, err := c.take(head, r.Msg)
	if err != nil {
		return nil, toConnect(&Failure{Code: CodeInvalid})
	}
	a, err := do(ctx, q)
	if err != nil {
		f := failureOf(err)
		if f.Code == CodeInternal {
			s.opts.Failed(r.Spec().Procedure, f)
		}
		return nil, toConnect(f)
	}
	p, err := c.reply(q, a)
	if err != nil {
		s.opts.Failed(r.Spec().Procedure, fmt.Errorf("reply: %w", err))
		return nil, toConnect(&Failure{Code: CodeInternal})
	}
	return connect.NewResponse(p), nil
}
