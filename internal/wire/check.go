package wire

import (
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"framehold/internal/studio"
)

// ErrMalformed says that a message is not one that this package writes, or over a limit.
var ErrMalformed = errors.New("malformed message")

const (
	opFixedBytes = 112     // ids, numbers and tags of an op
	bodyMaxBytes = 1 << 20 // of an op, a row or an event: studio's own limit
	keyMaxBytes  = 1 << 10 // an asset's id and a tag
)

// check keeps the first thing that is wrong with a message, of those that are sent and of those that come.
type check struct{ err error }

func (c *check) that(holds bool, what string) {
	if !holds && c.err == nil {
		c.err = fmt.Errorf("%w: %s", ErrMalformed, what)
	}
}

// fixed copies an id, hash or key that may be left out.
func (c *check) fixed(to, b []byte, what string) {
	if len(b) == 0 {
		return
	}
	c.that(len(b) == len(to) && !allZero(b), what)
	copy(to, b)
}

func (c *check) text(s string, what string) {
	c.that(len(s) <= TextBytesMax && utf8.ValidString(s), what)
}

// blob checks bytes of one fixed length, or none.
func (c *check) blob(b []byte, length int, what string) {
	c.that(len(b) == 0 || len(b) == length, what)
}

func allZero(b []byte) bool { return !slices.ContainsFunc(b, func(x byte) bool { return x != 0 }) }

func (c *check) scope(s scope, withClient bool) {
	c.that(!s.project.IsZero(), "no project")
	c.that(!withClient || !s.client.IsZero(), "no client")
}

func (c *check) signed(s Signed, project studio.ProjectID) {
	if isNone(s) {
		return
	}
	c.that(s.Project == project, "a head of another project")
	c.that(s.ServerMs >= 0, "server time")
	c.blob(s.Signature, 64, "signature")
}

// isNone tells whether there is no signed head.
func isNone(s Signed) bool {
	return s.Project.IsZero() && s.Generation == Generation{} && s.Seq == 0 && s.Chain == [32]byte{} && s.ServerMs == 0 &&
		s.Key == 0 && len(s.Signature) == 0
}

func (c *check) ops(ops []Op) {
	c.that(len(ops) <= PushOpsMax, "more ops than a push may have")
	size := 0
	for i := range ops {
		o := &ops[i]
		c.that(o.N > 0, "an op without n")
		c.that(o.Kind > 0, "an op without kind")
		c.that(!o.ID.IsZero(), "an op without id")
		size += o.Size()
	}
	c.that(size <= PushBytesMax, "more bytes than a push may have")
}

func (c *check) outcome(o Outcome) {
	c.that(o.Verdict >= studio.Applied && o.Verdict <= studio.Refused, "verdict")
	c.text(string(o.Reason), "reason")
	c.text(o.Result, "result")
}

func (c *check) stop(s Stop) {
	c.that(s.Code <= StopInternal, "stop code")
	c.that(s.Code != 0 || s.N == 0, "a stop without code")
}

func (c *check) row(r Row) {
	c.that(r.Table > 0, "a row without table")
	c.that(len(r.Key) > 0 && len(r.Key) <= keyMaxBytes, "row key")
	c.that(r.Bytes == nil || len(r.Bytes) > 0 && len(r.Bytes) <= bodyMaxBytes, "row bytes")
}

func (c *check) hello(q HelloRequest) {
	c.text(q.Device, "device")
	c.text(q.App, "app")
	c.that(q.Unsent.Bytes >= 0, "unsent bytes")
	c.signed(q.Seen, q.Project)
}

func (c *check) helloReply(a HelloReply) {
	c.that(len(a.Kinds) <= 255, "kinds")
	c.that(!slices.Contains(a.Kinds, 0), "kind 0")
	c.that(a.ServerMs >= 0, "server time")
	c.blob(a.StudioKey, 32, "studio key")
	c.blob(a.DepositKey, 32, "deposit key")
	c.hashes(a.Wanted)
}

func (c *check) pull(q PullRequest) {
	c.that(len(q.Page) <= PageBytesMax, "page")
	c.that(q.MaxBytes <= PullBytesMax, "max bytes")
	c.that(q.Part <= PartLast, "part")
	c.that(q.Part == PartLog || q.After == 0, "after")
	c.that(q.Part != PartLog || q.After < q.Cookie.Seq && len(q.Page) == 0, "a part of the log behind its end")
}

func (c *check) pullReply(q PullRequest, a PullReply) {
	for _, r := range a.Rows {
		c.row(r)
	}
	for _, e := range a.Events {
		c.that(len(e.Body) <= bodyMaxBytes, "event body")
	}
	c.that(!a.Later || q.Part == PartRows && len(a.Events) == 0 && !a.Whole, "events that come later")
	c.that(len(a.NextPage) <= PageBytesMax, "page")
	c.signed(a.Head, q.Project)
	for t := range a.Sums {
		c.that(t > 0, "a sum without table")
	}
}

func (c *check) wait(q WaitRequest) {
	c.that(q.Cookie == (Cookie{}) || !q.Client.IsZero(), "no client")
	c.that(q.Cookie != (Cookie{}) || q.Client.IsZero(), "a client without cookie")
}

func (c *check) news(q WaitRequest, a PullReply) {
	c.that(q.Cookie != (Cookie{}), "news that were not asked for")
	c.that(len(a.NextPage) == 0, "half of the news")
}

func (c *check) found(q FoundRequest) {
	c.that(len(q.Events) <= PushOpsMax, "more events than fit into a call")
	for _, e := range q.Events {
		c.that(len(e.Body) <= bodyMaxBytes, "event body")
	}
}

func (c *check) witness(q WitnessRequest) {
	c.signed(q.Head, q.Project)
	c.that(len(q.Events) <= PushOpsMax, "more events than fit into a call")
	c.that(len(q.Tail) <= WitnessTail, "a longer tail than a call may have")
	for _, e := range q.Events {
		c.that(len(e.Body) <= bodyMaxBytes, "event body")
	}
}

func (c *check) hashes(hashes []studio.Hash) {
	c.that(len(hashes) <= HaveHashesMax, "more hashes than may be asked for")
	c.that(!slices.Contains(hashes, studio.Hash{}), "zero hash")
}
