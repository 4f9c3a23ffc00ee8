package wire_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// codeOf is the code of a call's error: every one has one.
func codeOf(t *testing.T, err error) wire.Code {
	t.Helper()
	f, ok := errors.AsType[*wire.Failure](err)
	require.True(t, ok, "%v", err)
	return f.Code
}

const pushPath = "/framehold.sync.v1.Sync/Push"

func TestEveryCallComesThrough(t *testing.T) {
	push, pull := aPush(), aPull()
	hello := wire.HelloRequest{Project: push.Project, Client: push.Client, Device: "desk", Proto: wire.Proto, App: "1.0", Seen: aHead()}
	have := wire.HaveRequest{Project: push.Project, Client: push.Client, Hashes: []studio.Hash{{1}, {2}, {3}}}
	helloReply := wire.HelloReply{Generation: wire.Generation{1}, HeadSeq: 9, Proto: 1, Kinds: []studio.Kind{1, 18}, FullView: true}
	pushReply := wire.PushReply{Lmid: 41, Outcomes: []wire.Outcome{{Op: push.Ops[0].ID, Verdict: studio.Applied, Seq: 9}}}
	d := &doubled{
		hello: func(_ context.Context, q wire.HelloRequest) (wire.HelloReply, error) {
			return helloReply, equal(hello, q)
		},
		push: func(_ context.Context, q wire.PushRequest) (wire.PushReply, error) { return pushReply, equal(push, q) },
		pull: func(_ context.Context, q wire.PullRequest) (wire.PullReply, error) {
			return aPullReply(), equal(pull, q)
		},
		wait: func(_ context.Context, q wire.WaitRequest) (wire.WaitReply, error) {
			return wire.WaitReply{HeadSeq: q.Seq + 1}, nil
		},
		have: func(_ context.Context, q wire.HaveRequest) (wire.HaveReply, error) {
			return wire.HaveReply{Have: []bool{true, false, true}}, equal(have, q)
		},
		found: func(_ context.Context, q wire.FoundRequest) (wire.FoundReply, error) {
			return wire.FoundReply{HeadSeq: q.Events[0].Seq, Chain: q.Events[0].Chain}, nil
		},
		probe: func(_ context.Context, q wire.ProbeRequest) (wire.ProbeReply, error) {
			return wire.ProbeReply{Chain8: [][8]byte{{byte(q.Seqs[0])}, {byte(q.Seqs[1])}}}, nil
		},
	}
	_, overTLS := serveTLS(t, d, wire.HandlerOptions{}, "secret")
	mux := http.NewServeMux()
	mux.Handle(wire.NewHandler(d, wire.HandlerOptions{}))
	_, onLoopback := serveLoopback(t, mux)
	for name, c := range map[string]*wire.Client{"OverTLS": overTLS, "OnLoopback": onLoopback} {
		t.Run(name, func(t *testing.T) {
			gotHello, err := c.Hello(t.Context(), hello)
			require.NoError(t, err)
			require.Equal(t, helloReply, gotHello)
			gotPush, err := c.Push(t.Context(), push)
			require.NoError(t, err)
			require.Equal(t, pushReply, gotPush)
			gotPull, err := c.Pull(t.Context(), pull)
			require.NoError(t, err)
			require.Equal(t, aPullReply(), gotPull)
			gotWait, err := c.WaitForHead(t.Context(), wire.WaitRequest{Project: push.Project, Seq: 6})
			require.NoError(t, err)
			require.Equal(t, wire.WaitReply{HeadSeq: 7}, gotWait)
			gotHave, err := c.Have(t.Context(), have)
			require.NoError(t, err)
			require.Equal(t, wire.HaveReply{Have: []bool{true, false, true}}, gotHave)
			gotFound, err := c.Found(t.Context(), wire.FoundRequest{Project: push.Project, Client: push.Client,
				Events: []studio.Event{{Seq: 3, Chain: [32]byte{4}}}})
			require.NoError(t, err)
			require.Equal(t, wire.FoundReply{HeadSeq: 3, Chain: [32]byte{4}}, gotFound)
			gotProbe, err := c.Probe(t.Context(), wire.ProbeRequest{Project: push.Project, Seqs: []uint64{5, 6}})
			require.NoError(t, err)
			require.Equal(t, wire.ProbeReply{Chain8: [][8]byte{{5}, {6}}}, gotProbe)
		})
	}
}

// equal is how a double says that something else came.
func equal(want, got any) error {
	if w, g := fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", got); w != g {
		return fmt.Errorf("came %s, sent %s", g, w)
	}
	return nil
}

func TestItSpeaksHTTP2AndSendsTheToken(t *testing.T) {
	var major int
	var headers http.Header
	path, h := wire.NewHandler(accepting(), wire.HandlerOptions{})
	mux := http.NewServeMux()
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		major, headers = r.ProtoMajor, r.Header.Clone()
		h.ServeHTTP(w, r)
	})
	server, _ := serveLoopback(t, mux)
	httpClient, err := wire.NewHTTPClient(server.URL, nil)
	require.NoError(t, err)
	defer httpClient.CloseIdleConnections()
	_, err = wire.NewClient(httpClient, server.URL, func() string { return "secret" }).Push(t.Context(), aPush())
	require.NoError(t, err)
	require.Equal(t, 2, major)
	require.Equal(t, "Bearer secret", headers.Get("Authorization"))
	require.Equal(t, aPush().Project.String(), headers.Get(wire.HeaderProject))
	require.Equal(t, aPush().Client.String(), headers.Get(wire.HeaderClient))
	require.Empty(t, headers.Get("Connect-Timeout-Ms"))
}

func TestPlainHTTPGoesToThisComputerOnly(t *testing.T) {
	for _, url := range []string{"http://studio.example", "http://10.0.0.1:80", "ftp://localhost", "localhost:80", "http://%"} {
		_, err := wire.NewHTTPClient(url, nil)
		require.Error(t, err, url)
	}
	for _, url := range []string{"http://localhost:1", "http://127.0.0.1:1", "http://[::1]:1", "https://studio.example"} {
		_, err := wire.NewHTTPClient(url, nil)
		require.NoError(t, err, url)
	}
}

func TestEveryCodeReachesTheClient(t *testing.T) {
	var answer error
	var told []string
	d := &doubled{push: func(context.Context, wire.PushRequest) (wire.PushReply, error) { return wire.PushReply{}, answer }}
	_, c := serveTLS(t, d, wire.HandlerOptions{Failed: func(procedure string, err error) {
		told = append(told, procedure+": "+err.Error())
	}}, "")
	for _, code := range []wire.Code{wire.CodeUnauthenticated, wire.CodeNotMember, wire.CodeGeneration, wire.CodeUpgrade, wire.CodeUnavailable,
		wire.CodeQuota, wire.CodeRate, wire.CodeTooLarge, wire.CodeInvalid} {
		answer = fmt.Errorf("push: %w", &wire.Failure{Code: code, Cause: errors.New("a secret of the server")})
		_, err := c.Push(t.Context(), aPush())
		require.Equal(t, code, codeOf(t, err))
		require.NotContains(t, err.Error(), "secret")
	}
	require.Empty(t, told)
	for _, cause := range []error{errors.New("disk"), &wire.Failure{Code: wire.CodeInternal, Cause: errors.New("disk")},
		&wire.Failure{Code: "unheard_of", Cause: errors.New("disk")}} {
		answer, told = cause, nil
		_, err := c.Push(t.Context(), aPush())
		require.Equal(t, wire.CodeInternal, codeOf(t, err))
		require.NotContains(t, err.Error(), "disk")
		require.Len(t, told, 1)
		require.Contains(t, told[0], "disk")
	}
	answer = context.DeadlineExceeded
	_, err := c.Push(t.Context(), aPush())
	require.Equal(t, wire.CodeUnavailable, codeOf(t, err))
}

func TestAPanicIsInternalAndTheServerGoesOn(t *testing.T) {
	var told []string
	d := accepting()
	d.have = func(context.Context, wire.HaveRequest) (wire.HaveReply, error) { panic("studio: invariant broken") }
	_, c := serveTLS(t, d, wire.HandlerOptions{Failed: func(_ string, err error) { told = append(told, err.Error()) }}, "")
	_, err := c.Have(t.Context(), wire.HaveRequest{Project: aPush().Project, Client: aPush().Client})
	require.Equal(t, wire.CodeInternal, codeOf(t, err))
	require.Equal(t, []string{"panic: studio: invariant broken"}, told)
	_, err = c.Push(t.Context(), aPush())
	require.NoError(t, err)
}

func TestAReplyThatIsNoneIsTheServersFault(t *testing.T) {
	var told []string
	d := &doubled{push: func(_ context.Context, q wire.PushRequest) (wire.PushReply, error) {
		return wire.PushReply{Outcomes: []wire.Outcome{{Op: q.Ops[1].ID, Verdict: studio.Applied}}}, nil
	}}
	_, c := serveTLS(t, d, wire.HandlerOptions{Failed: func(_ string, err error) { told = append(told, err.Error()) }}, "")
	_, err := c.Push(t.Context(), aPush())
	require.Equal(t, wire.CodeInternal, codeOf(t, err))
	require.Equal(t, []string{"reply: malformed message: outcomes in the order of the ops"}, told)
}

func TestAPageOverTheLimitIsTheServersFault(t *testing.T) {
	row := wire.Row{Table: studio.TableNote, Key: "k", Bytes: make([]byte, 1<<20)}
	d := &doubled{pull: func(context.Context, wire.PullRequest) (wire.PullReply, error) {
		return wire.PullReply{Rows: slices.Repeat([]wire.Row{row}, 8)}, nil
	}}
	var told []string
	_, c := serveTLS(t, d, wire.HandlerOptions{Failed: func(_ string, err error) { told = append(told, err.Error()) }}, "")
	_, err := c.Pull(t.Context(), wire.PullRequest{Project: aPush().Project, Client: aPush().Client})
	require.Equal(t, wire.CodeInternal, codeOf(t, err))
	require.Equal(t, []string{"reply: malformed message: a page over the limit"}, told)
}

func TestARequestOverALimitIsNotSent(t *testing.T) {
	d := &doubled{push: func(context.Context, wire.PushRequest) (wire.PushReply, error) {
		return wire.PushReply{}, errors.New("it was sent")
	}}
	_, c := serveTLS(t, d, wire.HandlerOptions{}, "")
	q := aPush()
	q.Ops = make([]wire.Op, wire.PushOpsMax+1)
	_, err := c.Push(t.Context(), q)
	require.Equal(t, wire.CodeInvalid, codeOf(t, err))
	require.ErrorIs(t, err, wire.ErrMalformed)
}

// post sends a body as it is and returns the answer's status and Connect code.
func post(t *testing.T, url string, header map[string]string, body []byte) (status int, code string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+pushPath, bytes.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/proto")
	r.Header.Set(wire.HeaderProject, aPush().Project.String())
	r.Header.Set(wire.HeaderClient, aPush().Client.String())
	for k, v := range header {
		r.Header.Set(k, v)
	}
	reply, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, reply.Body.Close()) }()
	b, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	var failed struct{ Code string }
	if reply.StatusCode != http.StatusOK {
		require.NoError(t, json.Unmarshal(b, &failed), string(b))
	}
	return reply.StatusCode, failed.Code
}

func zstdOf(t *testing.T, plain []byte) []byte {
	t.Helper()
	z, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	return z.EncodeAll(plain, nil)
}

func gzipOf(t *testing.T, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(plain)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

func TestHostileBodiesAreRefused(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle(wire.NewHandler(accepting(), wire.HandlerOptions{}))
	server, _ := serveLoopback(t, mux)
	good, err := wire.PushCodec().EncodeRequest(aPush())
	require.NoError(t, err)
	huge := make([]byte, 4<<20)
	for name, c := range map[string]struct {
		header map[string]string
		body   []byte
		code   string
	}{
		"Good":            {nil, good, ""},
		"GoodZstd":        {map[string]string{"Content-Encoding": "zstd"}, zstdOf(t, good), ""},
		"GoodGzip":        {map[string]string{"Content-Encoding": "gzip"}, gzipOf(t, good), ""},
		"BombZstd":        {map[string]string{"Content-Encoding": "zstd"}, zstdOf(t, huge), "resource_exhausted"},
		"BombGzip":        {map[string]string{"Content-Encoding": "gzip"}, gzipOf(t, huge), "resource_exhausted"},
		"SmallBomb":       {map[string]string{"Content-Encoding": "zstd"}, zstdOf(t, huge[:900<<10]), "resource_exhausted"},
		"TooLong":         {nil, make([]byte, wire.RequestMaxBytes+1), "resource_exhausted"},
		"UnknownCoding":   {map[string]string{"Content-Encoding": "br"}, good, "unimplemented"},
		"CutZstd":         {map[string]string{"Content-Encoding": "zstd"}, zstdOf(t, good)[:40], "invalid_argument"},
		"NoMessage":       {nil, []byte("\xff\xff"), "invalid_argument"},
		"NoProject":       {map[string]string{wire.HeaderProject: strings.Repeat("0", 32)}, good, "invalid_argument"},
		"ProjectIsNoID":   {map[string]string{wire.HeaderProject: "../../etc"}, good, "invalid_argument"},
		"ClientIsTooLong": {map[string]string{wire.HeaderClient: strings.Repeat("1", 34)}, good, "invalid_argument"},
		"JSON":            {map[string]string{"Content-Type": "application/json"}, []byte(`{"generation":"AQIDBAUGBwg="}`), ""},
		"JSONBomb": {map[string]string{"Content-Type": "application/json"},
			[]byte(`{"ops":[` + strings.Repeat("{},", 100_000) + "{}]}"), "invalid_argument"},
	} {
		t.Run(name, func(t *testing.T) {
			_, code := post(t, server.URL, c.header, c.body)
			require.Equal(t, c.code, code)
		})
	}
}

func TestABodyDecodesToSixtyFourMebibytesAtMost(t *testing.T) {
	piece, err := wire.PackZstd(make([]byte, 1<<20)) // with what it takes to stay below 100 to 1
	require.NoError(t, err)
	n, err := wire.Unpack(bytes.Repeat(piece, 64))
	require.NoError(t, err)
	require.EqualValues(t, 64<<20, n)
	_, err = wire.Unpack(bytes.Repeat(piece, 65))
	require.ErrorIs(t, err, wire.ErrBomb)
}

func TestWhatPacksTooWellIsPackedLess(t *testing.T) {
	plain := make([]byte, 1<<20)
	for name, pack := range map[string]func([]byte) ([]byte, error){"zstd": wire.PackZstd, "gzip": wire.PackGzip} {
		packed, err := pack(plain)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(packed)*wire.DecodedMaxRatio, len(plain), name)
	}
	// a page that packs very well at its beginning, and not at all at its end
	note := studio.Note{ID: studio.NoteID{ID: aPush().Client}, Text: strings.Repeat("a", 32<<10)}
	row := wire.Row{Table: note.Table(), Key: note.Key(), Bytes: studio.EncodeRow(note)}
	page := wire.PullReply{Rows: slices.Repeat([]wire.Row{row}, 30)}
	for n := range 3 {
		noise := make([]byte, 500<<n)
		_, err := newSeeded(9).Read(noise)
		require.NoError(t, err)
		page.Rows = append(page.Rows, wire.Row{Table: note.Table(), Key: "noise", Bytes: noise})
		d := &doubled{pull: func(context.Context, wire.PullRequest) (wire.PullReply, error) { return page, nil }}
		_, c := serveTLS(t, d, wire.HandlerOptions{}, "")
		got, err := c.Pull(t.Context(), wire.PullRequest{Project: aPush().Project, Client: aPush().Client})
		require.NoError(t, err)
		require.Equal(t, page, got)
	}
}

func TestAFailingNetworkIsUnavailable(t *testing.T) {
	answer := func(status int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for name, h := range map[string]http.HandlerFunc{
		"BadGateway":          answer(502, "text/html", "<html>"),
		"CaptivePortal":       answer(200, "text/html", "<html>sign in</html>"),
		"PortalSaysForbidden": answer(403, "application/json", `{}`),
		"ForgedCode":          answer(403, "application/json", `{"code":"permission_denied","message":"not_member"}`),
		"NotFound":            answer(404, "text/plain", "404"),
		"Internal":            answer(500, "application/json", `{"error":"php"}`),
		"Redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://portal.example/", http.StatusTemporaryRedirect)
		},
		"Abort": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			_, c := serveLoopback(t, h)
			_, err := c.Push(t.Context(), aPush())
			require.Equal(t, wire.CodeUnavailable, codeOf(t, err))
		})
	}
	t.Run("Refused", func(t *testing.T) {
		server, c := serveLoopback(t, http.NotFoundHandler())
		server.Close()
		_, err := c.Push(t.Context(), aPush())
		require.Equal(t, wire.CodeUnavailable, codeOf(t, err))
	})
	t.Run("SessionEnded", func(t *testing.T) {
		_, c := serveLoopback(t, answer(401, "text/plain", "no"))
		_, err := c.Push(t.Context(), aPush())
		require.Equal(t, wire.CodeUnauthenticated, codeOf(t, err))
	})
	t.Run("Middleware", func(t *testing.T) {
		_, c := serveLoopback(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = wire.WriteFailure(w, r, wire.CodeNotMember)
		}))
		_, err := c.Push(t.Context(), aPush())
		require.Equal(t, wire.CodeNotMember, codeOf(t, err))
	})
}

func TestAHostileReplyIsRefused(t *testing.T) {
	answer := func(encoding string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/proto")
			if encoding != "" {
				w.Header().Set("Content-Encoding", encoding)
			}
			_, _ = w.Write(body)
		}
	}
	for name, h := range map[string]http.HandlerFunc{
		"Bomb":      answer("zstd", zstdOf(t, make([]byte, 12<<20))),
		"TooLong":   answer("", make([]byte, wire.ReplyMaxBytes+1)),
		"NoMessage": answer("", []byte("\xff\xff")),
		"ManyEmpty": answer("", bytes.Repeat([]byte{0x12, 0}, 1<<20)),
		"Malformed": answer("", []byte{0x22, 1, 1}),
	} {
		t.Run(name, func(t *testing.T) {
			_, c := serveLoopback(t, h)
			_, err := c.Push(t.Context(), aPush())
			require.Equal(t, wire.CodeInternal, codeOf(t, err))
		})
	}
}

// waiting answers when its context ends, and says when it was asked and how it ended.
func waiting() (d *doubled, asked chan struct{}, ended chan error) {
	asked, ended = make(chan struct{}, 1), make(chan error, 1)
	return &doubled{wait: func(ctx context.Context, _ wire.WaitRequest) (wire.WaitReply, error) {
		asked <- struct{}{}
		<-ctx.Done()
		ended <- ctx.Err()
		return wire.WaitReply{}, ctx.Err()
	}}, asked, ended
}

func TestACallThatIsGivenUpEndsAtBothEnds(t *testing.T) {
	d, asked, ended := waiting()
	_, c := serveTLS(t, d, wire.HandlerOptions{}, "")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	_, err := c.WaitForHead(ctx, wire.WaitRequest{Project: aPush().Project})
	require.Equal(t, wire.CodeUnavailable, codeOf(t, err))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestTheServerEndsACallAtItsTime(t *testing.T) {
	d, _, ended := waiting()
	_, c := serveTLS(t, d, wire.HandlerOptions{WaitTimeout: 30 * time.Millisecond}, "")
	_, err := c.WaitForHead(t.Context(), wire.WaitRequest{Project: aPush().Project})
	require.Equal(t, wire.CodeUnavailable, codeOf(t, err))
	require.ErrorIs(t, <-ended, context.DeadlineExceeded)
}

func TestABodyThatDoesNotComeEndsAtItsTime(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle(wire.NewHandler(accepting(), wire.HandlerOptions{UnaryTimeout: 30 * time.Millisecond}))
	for name, protocol := range map[string]func(*http.Protocols, bool){
		"HTTP1": (*http.Protocols).SetHTTP1, "HTTP2": (*http.Protocols).SetUnencryptedHTTP2,
	} {
		t.Run(name, func(t *testing.T) {
			server, _ := serveLoopback(t, mux)
			protocols := new(http.Protocols)
			protocol(protocols, true)
			transport := &http.Transport{Protocols: protocols}
			defer transport.CloseIdleConnections()
			body, never := io.Pipe()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+pushPath, body)
			require.NoError(t, err)
			r.Header.Set("Content-Type", "application/proto")
			reply, err := transport.RoundTrip(r)
			if err == nil {
				require.NotEqual(t, http.StatusOK, reply.StatusCode)
				require.NoError(t, reply.Body.Close())
			}
			require.NoError(t, never.Close())
		})
	}
}
