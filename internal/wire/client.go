package wire

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"connectrpc.com/connect"

	"framehold/internal/wire/pb"
)

// NewHTTPClient makes the client that calls to baseURL go through: https with HTTP/2 where the server has it, http to
// loopback alone and always as HTTP/2. tlsConfig may be nil; TLS 1.3 is the least in any case.
func NewHTTPClient(baseURL string, tlsConfig *tls.Config) (*http.Client, error) {
	u, err := url.Parse(baseURL)
	if err != nil {
		return nil, fmt.Errorf("server address: %w", err)
	}
	protocols := new(http.Protocols)
	switch {
	case u.Scheme == "https":
		protocols.SetHTTP1(true)
		protocols.SetHTTP2(true)
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		protocols.SetUnencryptedHTTP2(true)
	default:
		return nil, fmt.Errorf("server address: %w: %q is neither https nor http on this computer", ErrMalformed, u.Scheme)
	}
	config := &tls.Config{}
	if tlsConfig != nil {
		config = tlsConfig.Clone()
	}
	config.MinVersion = tls.VersionTLS13
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, Protocols: protocols, DisableCompression: true,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 5 * time.Minute, MaxIdleConnsPerHost: 4,
		HTTP2: &http.HTTP2Config{SendPingTimeout: 45 * time.Second, PingTimeout: 15 * time.Second}, // a dead line is seen
	}
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // a server of ours has none: a token follows nobody
	}}, nil
}

// Client makes the calls. Safe for concurrent use. Every error is a *Failure; CodeUnavailable says that nothing is
// known of what the server did.
type Client struct {
	calls pb.SyncClient
	token func() string
}

// NewClient calls the server at baseURL; token gives the session's token, or nothing, and is asked at each call.
func NewClient(httpClient *http.Client, baseURL string, token func() string) *Client {
	opts := []connect.ClientOption{
		connect.WithAcceptCompression("gzip", newGunzip, newGzip),   // in place of connect's own
		connect.WithAcceptCompression("zstd", newUnzstd, newZstd()), // the last one is preferred
		connect.WithSendCompression("zstd"),
	}
	for _, o := range options(replyMaxBytes, requestMaxBytes) {
		opts = append(opts, o)
	}
	return &Client{pb.NewSyncClient(brief{httpClient}, baseURL, opts...), token}
}

// brief leaves out what would cost bytes at each call: the remaining time changes always, and the server has its own.
type brief struct{ next *http.Client }

func (b brief) Do(r *http.Request) (*http.Response, error) {
	r.Header.Del("Connect-Timeout-Ms")
	return b.next.Do(r)
}

// Hello opens a client's conversation about a project.
func (c *Client) Hello(ctx context.Context, q HelloRequest) (HelloReply, error) {
	return ask(ctx, c, helloCall(), q, c.calls.Hello)
}

// Push hands ops in.
func (c *Client) Push(ctx context.Context, q PushRequest) (PushReply, error) {
	return ask(ctx, c, pushCall(), q, c.calls.Push)
}

// Pull asks for a page of what is new.
func (c *Client) Pull(ctx context.Context, q PullRequest) (PullReply, error) {
	return ask(ctx, c, pullCall(), q, c.calls.Pull)
}

// WaitForHead returns when the project's head is beyond a seq, or after 25 s.
func (c *Client) WaitForHead(ctx context.Context, q WaitRequest) (WaitReply, error) {
	ctx, cancel := context.WithTimeout(ctx, waitTimeout)
	defer cancel()
	return askWithin(ctx, c, waitCall(), q, c.calls.WaitForHead)
}

// Have asks which hashes need not be sent.
func (c *Client) Have(ctx context.Context, q HaveRequest) (HaveReply, error) {
	return ask(ctx, c, haveCall(), q, c.calls.Have)
}

// Probe asks for the chain at some seqs.
func (c *Client) Probe(ctx context.Context, q ProbeRequest) (ProbeReply, error) {
	return ask(ctx, c, probeCall(), q, c.calls.Probe)
}

// Found hands in events of a project that is being published.
func (c *Client) Found(ctx context.Context, q FoundRequest) (FoundReply, error) {
	return ask(ctx, c, foundCall(), q, c.calls.Found)
}

// Witness shows a server that went back what it has lost.
func (c *Client) Witness(ctx context.Context, q WitnessRequest) (WitnessReply, error) {
	return ask(ctx, c, witnessCall(), q, c.calls.Witness)
}

// Deposit hands work in, by the deposit key.
func (c *Client) Deposit(ctx context.Context, q DepositRequest) (DepositReply, error) {
	return ask(ctx, c, depositCall(), q, c.calls.Deposit)
}

type sender[PQ, PA any] func(context.Context, *connect.Request[PQ]) (*connect.Response[PA], error)

func ask[Q, A, PQ, PA any](ctx context.Context, c *Client, how call[Q, A, PQ, PA], q Q, do sender[PQ, PA]) (A, error) {
	ctx, cancel := context.WithTimeout(ctx, unaryTimeout)
	defer cancel()
	return askWithin(ctx, c, how, q, do)
}

// askWithin sends a request and reads the answer, within ctx.
func askWithin[Q, A, PQ, PA any](ctx context.Context, c *Client, how call[Q, A, PQ, PA], q Q,
	do sender[PQ, PA]) (A, error) {
	var none A
	head := how.scope(q)
	p, err := how.send(q)
	if err != nil {
		return none, &Failure{Code: CodeInvalid, Cause: err}
	}
	r := connect.NewRequest(p)
	head.to(r.Header())
	if !head.deposit.IsZero() {
		SetDepositKey(r.Header(), head.deposit)
	} else if t := c.token(); t != "" {
		r.Header().Set("Authorization", "Bearer "+t)
	}
	reply, err := do(ctx, r)
	if err != nil {
		return none, fromConnect(err)
	}
	a, err := how.read(q, reply.Msg)
	if err != nil {
		return none, &Failure{Code: CodeInternal, Cause: fmt.Errorf("reply: %w", err)}
	}
	return a, nil
}
