package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"framehold/internal/serverdb/accounts"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const (
	smallTimeout  = 30 * time.Second // of a call with a small body, as a whole
	idleTimeout   = 60 * time.Second // of a stream: without a byte
	smallBodyMax  = 16 << 10
	callBodyMax   = 16 << 20 // wire has limits of its own, for each call
	headerMax     = 16 << 10
	headerTimeout = 10 * time.Second
)

// rule says who may call a route.
type rule string

// Rules.
const (
	ruleAnyone    rule = "anyone"     // nothing of anyone's, or the body proves who it is
	ruleLocal     rule = "local"      // from this computer
	ruleSignedIn  rule = "signed in"  // a session
	ruleAdmin     rule = "admin"      // a session of an admin of the studio
	ruleOfProject rule = "of project" // a session; Core asks for the place in the project, in the transaction
	ruleDeposit   rule = "deposit"    // a client's deposit key; Core asks for it in the transaction
)

// route is one way in.
type route struct {
	pattern string // method and path, as http.ServeMux reads it; of a call of wire: its prefix
	rule    rule
	bodyMax int64 // 0: no body
	json    bool  // the body is one JSON document
	stream  bool  // no total time, but one without a byte
	serve   func(w http.ResponseWriter, r *http.Request) error
}

// routes is the whole table: there is no way in that is not in it.
func (s *Server) routes() []route {
	prefix, calls := wire.NewHandler(syncCalls{s}, wire.HandlerOptions{Failed: func(procedure string, err error) {
		s.log.Error("call failed", "call", procedure, "cause", err.Error())
	}})
	call := func(w http.ResponseWriter, r *http.Request) error {
		calls.ServeHTTP(w, r) // has its own times
		return nil
	}
	return []route{
		{pattern: "POST " + prefix, rule: ruleOfProject, bodyMax: callBodyMax, stream: true, serve: call},
		{pattern: "POST " + prefix + "Deposit", rule: ruleDeposit, bodyMax: callBodyMax, stream: true, serve: call},
		{pattern: "PUT /v1/deposit/{op_id}", rule: ruleDeposit, bodyMax: uploadMax, stream: true, serve: s.deposit},
		{pattern: "POST /v1/p/{project}/uploads", rule: ruleOfProject, bodyMax: uploadMax, stream: true, serve: s.upload},
		{pattern: "POST /v1/p/{project}/chunks", rule: ruleOfProject, bodyMax: fetchBodyMax, stream: true, serve: s.fetch},
		{pattern: "PUT /v1/p/{project}/previews/{hash}", rule: ruleOfProject, bodyMax: previewMax, stream: true, serve: s.putPreview},
		{pattern: "GET /v1/p/{project}/previews/{hash}", rule: ruleOfProject, serve: s.getPreview},
		{pattern: "GET /v1/p/{project}/people", rule: ruleOfProject, serve: s.presence},
		{pattern: "GET /v1/p/{project}/arriving", rule: ruleOfProject, serve: s.listArriving},
		{pattern: "POST /v1/studio/login", rule: ruleAnyone, bodyMax: smallBodyMax, json: true, serve: s.login},
		{pattern: "POST /v1/studio/join", rule: ruleAnyone, bodyMax: smallBodyMax, json: true, serve: s.join},
		{pattern: "POST /v1/studio/logout", rule: ruleSignedIn, bodyMax: smallBodyMax, serve: s.logout},
		{pattern: "GET /v1/studio/projects", rule: ruleSignedIn, serve: s.listProjects},
		{pattern: "POST /v1/studio/projects", rule: ruleSignedIn, bodyMax: smallBodyMax, json: true, serve: s.createProject},
		{pattern: "GET /v1/studio/people", rule: ruleSignedIn, serve: s.people},
		{pattern: "POST /v1/studio/invite", rule: ruleAdmin, bodyMax: smallBodyMax, json: true, serve: s.invite},
		{pattern: "GET /healthz", rule: ruleAnyone, serve: s.health},
		{pattern: "GET /metrics", rule: ruleLocal, serve: s.metrics},
	}
}

// Handler serves the routes.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range s.routes() {
		mux.Handle(rt.pattern, s.guarded(rt))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.refuse(w, r, route{}, errNoRoute) })
	return mux
}

var errNoRoute = &studio.Refusal{Code: studio.CodeUnknownTarget}

type sessionKey struct{}

// caller is who calls, as their session says, and when.
func (s *Server) caller(ctx context.Context) (Call, error) {
	switch in := ctx.Value(sessionKey{}).(type) {
	case accounts.Session:
		return Call{Account: in.User.ID, NowMs: s.o.Clock.NowMs()}, nil
	case Hands:
		return Call{NowMs: s.o.Clock.NowMs(), Hands: in}, nil
	}
	return Call{}, &wire.Failure{Code: wire.CodeUnauthenticated}
}

// guarded is a route behind its rule and its limits.
func (s *Server) guarded(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			broken := recover()
			if broken == nil {
				return
			}
			if broken == http.ErrAbortHandler { //nolint:errorlint // the value itself, as net/http has it
				panic(broken)
			}
			s.refuse(w, r, rt, fmt.Errorf("panic: %v\n%s", broken, debug.Stack()))
		}()
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		s.counts.add(fmt.Sprintf("framehold_requests_total{route=%q}", rt.pattern), 1)
		r.Body = http.MaxBytesReader(w, r.Body, rt.bodyMax)
		if !rt.stream {
			ctx, end := deadline(w, r.Context(), smallTimeout)
			defer end()
			r = r.WithContext(ctx)
		}
		ctx, err := s.admit(rt, r)
		if err == nil {
			err = rt.serve(w, r.WithContext(ctx))
		}
		if err != nil {
			s.refuse(w, r, rt, err)
		}
	})
}

// deadline ends a call at its time, also while its body still comes or its answer does not go.
func deadline(w http.ResponseWriter, ctx context.Context, limit time.Duration) (context.Context, func()) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		hangUp(w)
	})
	return ctx, func() {
		if !stop() {
			<-ended
		}
		cancel()
	}
}

// hangUp ends reads and writes that are on their way; where the writer below cannot, the server's own limits hold.
func hangUp(w http.ResponseWriter) {
	c := http.NewResponseController(w)
	_, _ = c.SetReadDeadline(time.Unix(1, 0)), c.SetWriteDeadline(time.Unix(1, 0))
}

// admit asks a route's rule, and puts the session where Core's caller is taken from.
func (s *Server) admit(rt route, r *http.Request) (context.Context, error) {
	ctx := r.Context()
	if rt.json {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			return ctx, studio.Refuse(studio.CodeUsage, studio.Params{Why: "content_type"}) // a page elsewhere cannot send it unasked
		}
	}
	switch rt.rule {
	case ruleAnyone:
		return ctx, nil
	case ruleLocal:
		if peer, err := netip.ParseAddrPort(r.RemoteAddr); err != nil || !peer.Addr().IsLoopback() {
			return ctx, errNoRoute
		}
		return ctx, nil
	case ruleDeposit:
		return s.admitDeposit(ctx, r)
	}
	text, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	token, err := wire.ParseToken(text)
	if !bearer || err != nil {
		return ctx, studio.Refuse(studio.CodeUnauthenticated, studio.Params{})
	}
	in, err := s.accounts.Session(ctx, token)
	if err != nil {
		return ctx, err
	}
	if rt.rule == ruleAdmin && !in.User.Admin {
		return ctx, studio.Refuse(studio.CodePermission, studio.Params{Name: in.User.Username})
	}
	return context.WithValue(ctx, sessionKey{}, in), nil
}

// statusOf is the status of an answer that says no.
func statusOf(code string) int {
	switch studio.Code(code) {
	case studio.CodeUnauthenticated, studio.CodeBadCredentials:
		return http.StatusUnauthorized
	case studio.CodePermission, studio.CodeAccountDisabled, studio.CodeNotMember:
		return http.StatusForbidden
	case studio.CodeUnknownTarget, studio.CodeUnknownInvitation, studio.CodeUnknownUser:
		return http.StatusNotFound
	case studio.CodeAccountExists, studio.CodeInvitationUsed, studio.CodeInvitationExpired, studio.CodeNameTaken:
		return http.StatusConflict
	case studio.CodeTooManyAttempts:
		return http.StatusTooManyRequests
	case studio.CodeInternal, studio.CodeDamaged:
		return http.StatusInternalServerError
	}
	switch wire.Code(code) {
	case wire.CodeUnavailable:
		return http.StatusServiceUnavailable
	case wire.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case wire.CodeQuota:
		return http.StatusInsufficientStorage
	}
	return http.StatusBadRequest
}

type refusalJSON struct {
	Error struct {
		Code   string            `json:"code"`
		Params map[string]string `json:"params"`
	} `json:"error"`
}

// codeOf is what an error is called outside, and the params of its sentence. A cause never leaves.
func codeOf(err error) (string, map[string]string) {
	err = failure(err)
	if f, ok := errors.AsType[*wire.Failure](err); ok {
		return string(f.Code), map[string]string{}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return string(wire.CodeTooLarge), map[string]string{}
	}
	if refused, ok := studio.RefusalOf(err); ok {
		return string(refused.Code), refused.Params.Map()
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return string(wire.CodeUnavailable), map[string]string{}
	}
	return string(studio.CodeInternal), map[string]string{}
}

// refuse answers with a code, and writes the cause of what is the server's own fault to the log.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, rt route, err error) {
	code, params := codeOf(err)
	status, level := statusOf(code), slog.LevelDebug
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	s.log.Log(r.Context(), level, "refused", "route", rt.pattern, "code", code, "cause", err.Error())
	s.counts.add(fmt.Sprintf("framehold_refused_total{code=%q}", code), 1)
	if strings.HasPrefix(rt.pattern, "POST /framehold.") {
		if err := wire.WriteFailure(w, r, wire.Code(code)); err != nil {
			s.log.Debug("answer", "cause", err.Error())
		}
		return
	}
	if code == string(studio.CodeTooManyAttempts) && params["n"] != "" {
		w.Header().Set("Retry-After", params["n"])
	}
	doc := refusalJSON{}
	doc.Error.Code, doc.Error.Params = code, params
	s.answer(w, status, doc)
}

// answer sends a JSON document.
func (s *Server) answer(w http.ResponseWriter, status int, doc any) {
	b, err := json.Marshal(doc)
	studio.Must(err == nil, "answers can be encoded")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(b); err != nil {
		s.log.Debug("answer", "cause", err.Error())
	}
}

// decode reads a body that is one JSON document of known fields, and nothing else.
func decode(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return err
		}
		return errors.Join(studio.Refuse(studio.CodeUsage, studio.Params{Why: "json"}), errors.New("the body is not what this route takes"))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return studio.Refuse(studio.CodeUsage, studio.Params{Why: "json"})
	}
	return nil
}

func (s *Server) health(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.accounts.Projects(r.Context()); err != nil {
		return &wire.Failure{Code: wire.CodeUnavailable, Cause: err}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n") // who has gone needs no answer
	return nil
}

func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_ = s.counts.write(w) // who has gone needs no answer
	return nil
}

// hostOf is the host that a listener is reached at: one that listens everywhere is reached at the first outer address.
func hostOf(address net.Addr) string {
	at, err := netip.ParseAddrPort(address.String())
	if err != nil {
		return address.String()
	}
	if !at.Addr().IsUnspecified() {
		return at.String()
	}
	found, err := net.InterfaceAddrs()
	if err == nil {
		for _, a := range found {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().IsGlobalUnicast() && !p.Addr().IsLoopback() {
				return netip.AddrPortFrom(p.Addr(), at.Port()).String()
			}
		}
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port()).String()
}
