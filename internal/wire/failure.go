package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"connectrpc.com/connect"

	"framehold/internal/wire/pb"
)

// connectCode is the paper's table (sync.md section 11): what a code is for those who know Connect alone.
func connectCode(c Code) (code connect.Code, known bool) {
	switch c {
	case CodeUnauthenticated:
		return connect.CodeUnauthenticated, true
	case CodeNotMember:
		return connect.CodePermissionDenied, true
	case CodeGeneration:
		return connect.CodeAborted, true
	case CodeUpgrade:
		return connect.CodeFailedPrecondition, true
	case CodeUnavailable, CodeRetryPrimary:
		return connect.CodeUnavailable, true
	case CodeQuota, CodeRate, CodeTooLarge:
		return connect.CodeResourceExhausted, true
	case CodeInvalid:
		return connect.CodeInvalidArgument, true
	case CodeInternal:
		return connect.CodeInternal, true
	}
	return 0, false
}

// failureOf is what err is to the other end: its own code, unavailable for a call that was given up, else internal.
func failureOf(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		if _, known := connectCode(f.Code); known {
			return f
		}
		return &Failure{Code: CodeInternal, Cause: fmt.Errorf("code %q is none of the wire: %w", f.Code, err)}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &Failure{Code: CodeUnavailable, Cause: err}
	}
	return &Failure{Code: CodeInternal, Cause: err}
}

// toConnect is the error as it travels: the exact code is its detail, the cause stays here.
func toConnect(f *Failure) error {
	code, _ := connectCode(f.Code)
	e := connect.NewError(code, errors.New(string(f.Code)))
	if detail, err := connect.NewErrorDetail(&pb.Failure{Code: string(f.Code)}); err == nil {
		e.AddDetail(detail)
	}
	return e
}

// fromConnect is the failure of a call, as its client sees it. Only a server of ours gives a detail, and only with one
// is an answer believed that would change what a client does next; a proxy or a captive portal is a network that fails.
func fromConnect(err error) error {
	e, ok := errors.AsType[*connect.Error](err)
	if !ok {
		return &Failure{Code: CodeUnavailable, Cause: err}
	}
	if !connect.IsWireError(err) {
		switch e.Code() {
		case connect.CodeInvalidArgument, connect.CodeResourceExhausted: // what came is no message, or over a limit
			return &Failure{Code: CodeInternal, Cause: err}
		case connect.CodeUnauthenticated: // status 401 with another body
			return &Failure{Code: CodeUnauthenticated, Cause: err}
		}
		if e.Code() == connect.CodeUnimplemented || e.Code() == connect.CodePermissionDenied { // status 404, 403
			err = errors.Join(ErrStranger, err)
		}
		return &Failure{Code: CodeUnavailable, Cause: err}
	}
	for _, d := range e.Details() {
		if m, err := d.Value(); err == nil {
			if f, ok := m.(*pb.Failure); ok {
				if code, known := connectCode(Code(f.Code)); known && code == e.Code() {
					return &Failure{Code: Code(f.Code)}
				}
			}
		}
	}
	switch e.Code() { // from connect itself, before a message came to us
	case connect.CodeUnauthenticated:
		return &Failure{Code: CodeUnauthenticated, Cause: err}
	case connect.CodeInvalidArgument:
		return &Failure{Code: CodeInvalid, Cause: err}
	case connect.CodeResourceExhausted:
		return &Failure{Code: CodeTooLarge, Cause: err}
	}
	return &Failure{Code: CodeUnavailable, Cause: err}
}

// WriteFailure answers a call from a server's middleware, before it reached the handler: as the handler would.
func WriteFailure(w http.ResponseWriter, r *http.Request, code Code) error {
	return connect.NewErrorWriter().Write(w, r, toConnect(failureOf(&Failure{Code: code})))
}
