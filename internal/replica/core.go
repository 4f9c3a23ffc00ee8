package replica

import (
	"errors"
	"slices"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// Timing of the conversation, in milliseconds.
const (
	pollMs     = 60_000 // a lost poke costs no more
	backoffMin = 1_000
	backoffMax = 60_000
)

const triesMax = 3 // a batch that fails for a reason of its own is halved after these, a single op is handed in (row A8)

// State says how sync stands, for the person's indicator.
type State uint8

// States of sync.
const (
	Offline    State = iota // not reached since the last try; the work is safe here
	Syncing                 // something is on its way
	Synced                  // nothing to send, nothing new
	NeedsAuth               // sign in to go on; work continues
	NeedsHelp               // this store has seen newer work than the server, which does not know it
	TooOld                  // this program cannot read the project any more
	NotAMember              // no longer in the project
)

// Event is what happened: the answer to an effect, or a reason to look. Each effect but Rest is answered by one event.
type Event interface{ event() }

// Events.
type (
	// Woke: something was written here (Made), the server has news, time has passed, or the person pressed Sync (Asked).
	Woke struct {
		Asked, Made bool
		Head        uint64 // the server has told of nothing but this seq; 0: of more, or somebody else woke
		News        *News  // what is new, where the server has told; nil: it is asked
	}
	// Greeted answers Greet.
	Greeted struct {
		Reply wire.HelloReply
		Err   error
	}
	// Fetched answers Fetch.
	Fetched struct {
		Reply wire.PullReply
		Err   error
	}
	// Laid answers Lay, Rewind, Renumber and Again: where the store stands now.
	Laid struct {
		Stand Stand
		Err   error
	}
	// Built answers Build: ops whose n is on the disk, in order; none: nothing can be sent now.
	Built struct {
		Ops   []wire.Op
		Stand Stand
		Err   error
	}
	// Pushed answers Push.
	Pushed struct {
		Reply wire.PushReply
		Err   error
	}
	// Kept answers Keep.
	Kept struct {
		Stand Stand
		Err   error
	}
	// Compared answers Compare: the last seq at which both have the same chain.
	Compared struct {
		Common uint64
		Err    error
	}
	// Witnessed answers Witness.
	Witnessed struct{ Err error }
	// FetchedLog answers FetchLog.
	FetchedLog struct {
		Reply wire.PullReply
		Err   error
	}
	// KeptLog answers KeepLog.
	KeptLog struct {
		Stand Stand
		Err   error
	}
	// Deposited answers Deposit.
	Deposited struct {
		Reply wire.DepositReply
		Err   error
	}
)

func (Woke) event()       {}
func (Greeted) event()    {}
func (Fetched) event()    {}
func (Laid) event()       {}
func (Built) event()      {}
func (Pushed) event()     {}
func (Kept) event()       {}
func (Compared) event()   {}
func (Witnessed) event()  {}
func (FetchedLog) event() {}
func (KeptLog) event()    {}
func (Deposited) event()  {}

// News is what a server has told unasked: the whole pull behind a cookie.
type News struct {
	At    wire.Cookie
	Reply wire.PullReply
}

// Effect is what the shell must do next.
type Effect interface{ effect() }

// Effects. At most one of them is open at any time.
type (
	// Greet says hello.
	Greet struct{}
	// Fetch asks for a page.
	Fetch struct{ Request wire.PullRequest }
	// Lay lays a finished pull under what is pending, in one transaction.
	Lay struct{ Pulled Pulled }
	// Build chooses what is sent next and writes its n, before it is sent.
	Build struct {
		Limit  int
		Knows  func(studio.Kind) bool
		HandIn bool // by the deposit key: nothing waits for its base
		Retell bool // with the announcements of what is still to be sealed, before all else: see Retold
	}
	// Push sends a batch.
	Push struct{ Request wire.PushRequest }
	// Keep writes the verdicts of a batch, or the deposit key that Hello gave.
	Keep struct {
		Lmid       uint64
		Outcomes   []wire.Outcome
		HandedIn   bool // no pull will tell the person of them
		DepositKey wire.Token
	}
	// FetchLog asks for a part of the history that was left out of the first pull.
	FetchLog struct{ Request wire.PullRequest }
	// KeepLog writes such a part. ErrDiffers when it does not lead to the chain of that pull.
	KeepLog struct{ Events []studio.Event }
	// Compare finds the last seq that both sides have alike, by probing (row H3).
	Compare struct{ Upto uint64 }
	// Witness shows the server what this store has seen behind a seq and this life of the server has lost (row H4).
	Witness struct {
		After      uint64
		Generation wire.Generation
	}
	// Deposit hands ops in by the deposit key.
	Deposit struct{ Request wire.DepositRequest }
	// Rewind queues the own ops that came after a seq again, before the pending ones, and forgets the base: everything is
	// fetched anew. FirstN is the n of the first op that will be sent.
	Rewind struct {
		After  uint64
		FirstN uint64
	}
	// Renumber gives this store another client id: its own was used elsewhere (row A7). Pending ops keep their ids.
	Renumber struct{}
	// Again asks for all verdicts again that the base does not show: nobody tells who is no member whether the server has lost
	// them since.
	Again struct{}
	// Rest waits until an instant, or until something wakes it.
	Rest struct{ UntilMs int64 }
)

func (Greet) effect()    {}
func (Fetch) effect()    {}
func (Lay) effect()      {}
func (Build) effect()    {}
func (Push) effect()     {}
func (Keep) effect()     {}
func (FetchLog) effect() {}
func (KeepLog) effect()  {}
func (Compare) effect()  {}
func (Witness) effect()  {}
func (Deposit) effect()  {}
func (Rewind) effect()   {}
func (Renumber) effect() {}
func (Again) effect()    {}
func (Rest) effect()     {}

// Core is the conversation of one store with its server, as a value: Step takes what happened and says what to do next.
type Core struct {
	stand    Stand
	state    State
	greeted  bool
	lmid     uint64 // the server's
	headSeq  uint64 // the server's, as it was heard last
	kinds    map[studio.Kind]bool
	lacks    map[studio.Kind]bool // kinds that it says it knows, and could not read: a newer program wrote them
	pages    Pulled
	paging   bool // there are more of them
	anew     bool
	sent     []wire.Op
	full     bool // the batch before was as large as one may be, and all of it has its verdict
	limit    int
	tries    int
	suspects int  // ops from the next one on, among which one makes every push fail; 0: none is known
	closed   bool // the person's account is: they cannot sign in again
	handing  bool // no member any more: what waits is handed in by the deposit key
	retold   bool // with its announcements, in this round
	tooOld   bool // to pull: it pushes all the same
	common   uint64
	life     wire.Generation  // of the server, as Hello told it
	greeting *wire.HelloReply // whose deposit key is being kept
	failures int              // of the network, in a row
	doubted  bool             // this round has greeted again after a no: a second one ends it
	woken    bool             // while something was on its way
	told     uint64           // the head that the server told of meanwhile; 0: of none
	paused   bool             // between two parts of the log
	resting  bool
}

// NewCore begins where a store stands.
func NewCore(stand Stand) *Core {
	return &Core{stand: stand, limit: wire.PushOpsMax, resting: true, lacks: map[studio.Kind]bool{}}
}

// Close says that the person's account was closed: when they are not signed in, there is nothing to wait for.
func (c *Core) Close() { c.closed = true }

// State is how sync stands.
func (c *Core) State() State { return c.state }

// Stand is where the store stands, as the core knows it.
func (c *Core) Stand() Stand { return c.stand }

// HeadSeq is the server's newest seq, as far as it was heard.
func (c *Core) HeadSeq() uint64 { return max(c.headSeq, c.stand.Cookie.Seq) }

// Step takes an event and returns the one effect that follows. nowMs is this computer's clock; it only paces.
func (c *Core) Step(nowMs int64, ev Event) Effect {
	if woke, ok := ev.(Woke); ok {
		return c.wake(nowMs, woke)
	}
	switch ev := ev.(type) {
	case Greeted:
		return c.hello(nowMs, ev)
	case Fetched:
		return c.fetchedPage(nowMs, ev)
	case Laid:
		return c.laid(nowMs, ev)
	case Built:
		return c.built(nowMs, ev)
	case Pushed:
		return c.pushed(nowMs, ev)
	case Kept:
		return c.kept(nowMs, ev)
	case Compared:
		if ev.Err != nil {
			return c.failed(nowMs, ev.Err)
		}
		if c.common = ev.Common; c.stand.Full && c.stand.Signed.Seq > c.common {
			return Witness{c.common, c.life}
		}
		return c.rewind()
	case Witnessed:
		if ev.Err != nil && !isRefusal(ev.Err) {
			return c.failed(nowMs, ev.Err)
		}
		return c.rewind() // a witness that is not believed gives back its own all the same
	case FetchedLog:
		if ev.Err != nil {
			return c.failed(nowMs, ev.Err)
		}
		return KeepLog{ev.Reply.Events}
	case KeptLog:
		return c.keptLog(nowMs, ev)
	case Deposited:
		return c.deposited(nowMs, ev)
	}
	panic("replica: an event that is none")
}

func (c *Core) rewind() Effect { return Rewind{After: c.common, FirstN: c.lmid + 1} }

func (c *Core) kept(nowMs int64, ev Kept) Effect {
	if ev.Err != nil {
		c.greeting = nil
		return c.rest(nowMs, Syncing)
	}
	c.stand = ev.Stand
	switch greeting := c.greeting; {
	case greeting != nil:
		c.greeting = nil
		return c.welcomed(*greeting)
	case c.handing, c.tooOld, c.full: // behind a full batch the next one goes before what came of it is fetched
		return c.build()
	}
	return c.fetch(nil)
}

// wake begins a round, or notes that one more is due.
func (c *Core) wake(nowMs int64, w Woke) Effect {
	switch {
	case !c.resting && w.Head != 0:
		c.told = w.Head
		return nil
	case !c.resting:
		c.woken = true
		return nil
	case c.state == Synced && w.Head != 0 && w.Head == c.stand.Cookie.Seq && !c.anew: // one's own change comes back as news
		return nil
	}
	if (c.state == NeedsAuth || c.state == NotAMember) && !w.Asked {
		return nil
	}
	c.resting, c.woken, c.handing, c.tooOld = false, false, false, false
	switch {
	case !c.greeted:
		return Greet{}
	case c.state == Synced && w.News != nil && w.News.At == c.stand.Cookie && !c.anew:
		return c.fetchedPage(nowMs, Fetched{Reply: w.News.Reply})
	case w.Made && c.state == Synced: // whoever listens hears of news: what was made here need not ask for them first
		return c.build()
	}
	return c.fetch(nil)
}

func (c *Core) fetch(page []byte) Effect {
	r := wire.PullRequest{Project: c.stand.Project, Client: c.stand.Client, Cookie: c.stand.Cookie, Page: page}
	switch {
	case c.anew:
		r.Cookie = wire.Cookie{}
	case c.stand.Blank:
		r.Part = wire.PartRows
	}
	return Fetch{r}
}

func (c *Core) hello(nowMs int64, ev Greeted) Effect {
	if ev.Err != nil {
		return c.failed(nowMs, ev.Err)
	}
	r := ev.Reply
	c.greeted, c.failures, c.lmid, c.headSeq, c.life = true, 0, r.Lmid, r.HeadSeq, r.Generation
	if len(r.Kinds) != len(c.kinds) { // it was updated, or set back
		c.lacks = map[studio.Kind]bool{}
	}
	c.kinds = map[studio.Kind]bool{}
	for _, k := range r.Kinds {
		c.kinds[k] = true
	}
	if key := wire.Token(bytes32(r.DepositKey)); !key.IsZero() && key != c.stand.DepositKey {
		c.greeting = &r
		return Keep{DepositKey: key}
	}
	return c.welcomed(r)
}

func bytes32(b []byte) (fixed [32]byte) {
	copy(fixed[:], b)
	return fixed
}

// welcomed goes on from what Hello told: whether server and store are where they were to each other.
func (c *Core) welcomed(r wire.HelloReply) Effect {
	seen := c.stand.Cookie
	if seen.Generation != (wire.Generation{}) && seen.Generation != r.Generation {
		return Compare{Upto: min(seen.Seq, r.HeadSeq)}
	}
	if r.Lmid >= c.stand.NextN || r.Lmid < c.stand.Lmid { // this store went back, or is a copy; or the server did
		return Renumber{}
	}
	return c.fetch(nil)
}

func (c *Core) fetchedPage(nowMs int64, ev Fetched) Effect {
	if ev.Err != nil {
		c.pages, c.paging = Pulled{}, false
		if codeOf(ev.Err) == wire.CodeUpgrade { // it sends its own all the same (row H10)
			c.tooOld = true
			return c.build()
		}
		return c.failed(nowMs, ev.Err)
	}
	c.failures = 0
	r := ev.Reply
	if c.paging && !c.pages.continuedBy(r) {
		c.pages, c.paging = Pulled{}, false
		return c.fetch(nil)
	}
	c.pages.Rows = append(c.pages.Rows, r.Rows...)
	c.pages.Events = append(c.pages.Events, r.Events...)
	c.pages.Head, c.pages.Whole, c.pages.Later, c.paging = r.Head, r.Whole, r.Later, len(r.NextPage) > 0
	if c.paging {
		return c.fetch(r.NextPage)
	}
	p := c.pages
	c.pages = Pulled{}
	c.headSeq = r.Head.Seq
	p.Sums, p.Anew = r.Sums, c.fresh()
	if p.Head.Seq == c.stand.Cookie.Seq && p.Head.Generation == c.stand.Cookie.Generation && !p.Anew {
		return c.build()
	}
	return Lay{p}
}

// fresh tells whether everything is fetched: for the first time, or because the base is not the server's.
func (c *Core) fresh() bool { return c.anew || c.stand.Cookie == wire.Cookie{} }

// continuedBy tells whether a page goes on where the pages before it stand: in the same life of the server, and for who
// does not see all, at the same head, since what they may see changes with it.
func (p Pulled) continuedBy(r wire.PullReply) bool {
	if r.Whole != p.Whole || r.Later != p.Later || r.Head.Generation != p.Head.Generation {
		return false
	}
	return r.Head.Seq == p.Head.Seq || !r.Whole && r.Head.Seq > p.Head.Seq
}

func (c *Core) build() Effect {
	retell := c.handing && !c.retold
	c.retold = c.handing
	return Build{Limit: c.limit, Knows: c.knows, HandIn: c.handing, Retell: retell}
}

// knows tells whether the server has a kind. What is handed in is not asked about: what cannot be read is kept.
func (c *Core) knows(k studio.Kind) bool { return c.handing || c.kinds[k] && !c.lacks[k] }

func (c *Core) laid(nowMs int64, ev Laid) Effect {
	switch {
	case errors.Is(ev.Err, ErrDiffers) && !c.anew:
		c.anew = true
		return c.fetch(nil)
	case ev.Err != nil:
		c.anew = false
		return c.rest(nowMs, Syncing)
	case c.handing:
		c.stand = ev.Stand
		return c.build()
	}
	if ev.Stand.Client != c.stand.Client {
		c.stand = ev.Stand
		return Greet{}
	}
	rewound := ev.Stand.Cookie == (wire.Cookie{}) && c.stand.Cookie != (wire.Cookie{})
	c.stand, c.anew = ev.Stand, rewound
	if rewound {
		return c.fetch(nil)
	}
	return c.build()
}

func (c *Core) built(nowMs int64, ev Built) Effect {
	if ev.Err != nil {
		return c.rest(nowMs, Syncing)
	}
	c.stand = ev.Stand
	switch {
	case len(ev.Ops) == 0 && c.full && !c.handing && !c.tooOld: // nothing is left behind the full batch
		c.full = false
		return c.fetch(nil)
	case len(ev.Ops) == 0:
		return c.quiet(nowMs)
	}
	c.sent = ev.Ops
	if c.handing {
		return c.handIn(ev.Ops, false)
	}
	return Push{wire.PushRequest{Project: c.stand.Project, Client: c.stand.Client, Generation: c.stand.Cookie.Generation, Ops: ev.Ops}}
}

func (c *Core) pushed(nowMs int64, ev Pushed) Effect {
	if ev.Err != nil {
		return c.pushFailed(nowMs, ev.Err)
	}
	c.failures = 0
	r := ev.Reply
	c.lmid, c.headSeq = r.Lmid, r.HeadSeq
	if len(r.Outcomes) > 0 {
		c.doubted = false
		c.full = len(r.Outcomes) == len(c.sent) && len(c.sent) == c.limit
		c.through(len(r.Outcomes))
		return Keep{Lmid: r.Lmid, Outcomes: r.Outcomes}
	}
	switch r.Stop.Code {
	case wire.StopForked, wire.StopGap, wire.StopUnsupported: // the numbers are used, lost or in the way: others are given
		for _, op := range c.sent {
			if op.N == r.Stop.N && r.Stop.Code == wire.StopUnsupported {
				c.lacks[op.Kind] = true
			}
		}
		if c.doubted {
			return c.rest(nowMs, NeedsHelp)
		}
		c.doubted = true
		return Renumber{}
	case wire.StopInternal: // at the first of them
		if c.tries++; c.tries >= triesMax {
			return c.poison(nowMs)
		}
	}
	return c.rest(nowMs, Syncing)
}

// through counts ops that have their verdict.
func (c *Core) through(n int) {
	c.tries = 0
	if c.suspects = max(c.suspects-n, 0); c.suspects == 0 {
		c.limit = wire.PushOpsMax
	}
}

// pushFailed looks for the op that makes every push fail, when it is not the network (row A8): the batch is halved until one
// op is left, and that one is handed in as it is.
func (c *Core) pushFailed(nowMs int64, err error) Effect {
	n := len(c.sent)
	switch code := codeOf(err); {
	case code == wire.CodeTooLarge && n > 1:
		c.limit = n / 2
		return c.build()
	case code == wire.CodeInvalid && !c.doubted: // perhaps the server has forgotten this client
		return c.failed(nowMs, err)
	case code != wire.CodeInternal && code != wire.CodeInvalid && code != wire.CodeTooLarge:
		return c.failed(nowMs, err)
	}
	c.tries++
	switch {
	case n > 1 && (c.suspects > 0 || c.tries >= triesMax):
		c.suspects, c.limit, c.tries = n, n/2, 0
		return c.build()
	case c.tries >= triesMax:
		return c.poison(nowMs)
	}
	return c.rest(nowMs, Syncing)
}

// poison hands in the first of the ops that were sent, as bytes that nobody could read.
func (c *Core) poison(nowMs int64) Effect {
	c.tries = 0
	if c.stand.DepositKey.IsZero() {
		return c.rest(nowMs, NeedsHelp)
	}
	return c.handIn(c.sent[:1], true)
}

func (c *Core) handIn(ops []wire.Op, unreadable bool) Effect {
	numbered := slices.Clone(ops)
	for i := range numbered {
		numbered[i].N = uint64(i) + 1
	}
	return Deposit{wire.DepositRequest{Project: c.stand.Project, Client: c.stand.Client, Key: c.stand.DepositKey, Ops: numbered,
		Unreadable: unreadable}}
}

func (c *Core) deposited(nowMs int64, ev Deposited) Effect {
	switch {
	case ev.Err != nil && codeOf(ev.Err) == wire.CodeUnavailable:
		return c.failed(nowMs, ev.Err)
	case (ev.Err != nil || len(ev.Reply.Outcomes) == 0) && c.handing:
		return c.rest(nowMs, NotAMember)
	case ev.Err != nil || len(ev.Reply.Outcomes) == 0:
		return c.rest(nowMs, NeedsHelp)
	}
	c.failures, c.full = 0, false
	c.through(len(ev.Reply.Outcomes))
	return Keep{Outcomes: ev.Reply.Outcomes, HandedIn: c.handing}
}

// quiet ends a round in which there was nothing more to send.
func (c *Core) quiet(nowMs int64) Effect {
	switch {
	case c.handing:
		return c.rest(nowMs, NotAMember)
	case c.tooOld:
		return c.rest(nowMs, TooOld)
	case c.woken, c.told != 0 && c.told != c.stand.Cookie.Seq:
		c.woken, c.told = false, 0
		return c.fetch(nil)
	}
	c.told = 0
	c.state, c.resting, c.doubted = Synced, true, false
	if !c.stand.Log.Due() {
		return Rest{UntilMs: nowMs + pollMs}
	}
	if c.paused = !c.paused; c.paused { // a part at a time, so that what is new passes it
		return Rest{UntilMs: nowMs}
	}
	c.resting = false
	at := wire.Cookie{Generation: c.stand.Cookie.Generation, Seq: c.stand.Log.Upto, Chain8: [8]byte(c.stand.Log.Chain[:8])}
	return FetchLog{wire.PullRequest{Project: c.stand.Project, Client: c.stand.Client, Cookie: at, Part: wire.PartLog,
		After: c.stand.Log.Have, MaxBytes: logBytes}}
}

// logBytes is how much of the log is fetched and written at once: not more than somebody who works beside it waits for.
const logBytes = 512 << 10

// keptLog goes on after a part of the log. One that is not the server's is fetched anew, with everything.
func (c *Core) keptLog(nowMs int64, ev KeptLog) Effect {
	switch {
	case errors.Is(ev.Err, ErrDiffers):
		c.anew = true
		return c.fetch(nil)
	case ev.Err != nil:
		return c.rest(nowMs, Syncing)
	}
	c.stand = ev.Stand
	return c.quiet(nowMs)
}

// rest ends a round that this computer could not finish.
func (c *Core) rest(nowMs int64, state State) Effect {
	c.failures++
	c.state, c.resting, c.woken, c.told, c.doubted = state, true, false, 0, false
	return Rest{UntilMs: nowMs + c.backoff()}
}

func (c *Core) backoff() int64 {
	wait := int64(backoffMin)
	for i := 1; i < c.failures && wait < backoffMax; i++ {
		wait *= 2
	}
	return min(wait, backoffMax)
}

// failed ends a round that the server did not answer as hoped. The ops in flight stay as they are: the same n and id again.
func (c *Core) failed(nowMs int64, err error) Effect {
	wasGreeted, code := c.greeted, codeOf(err)
	c.greeted = false
	switch code {
	case wire.CodeGeneration, wire.CodeInvalid:
		if c.doubted {
			return c.rest(nowMs, NeedsHelp)
		}
		c.doubted = true
		if wasGreeted || code == wire.CodeGeneration {
			return Greet{} // it tells the generation; a server that went back finds it out by the signed head
		}
		return Renumber{} // the client id is another person's
	case wire.CodeUnauthenticated:
		if c.closed {
			return c.handOver(nowMs)
		}
		return c.rest(nowMs, NeedsAuth)
	case wire.CodeUpgrade:
		return c.rest(nowMs, TooOld)
	case wire.CodeNotMember:
		return c.handOver(nowMs)
	}
	return c.rest(nowMs, Offline)
}

// handOver hands in what was not sent: it is taken from who has lost their place, or their account (row G2).
func (c *Core) handOver(nowMs int64) Effect {
	if c.handing || c.stand.DepositKey.IsZero() {
		return c.rest(nowMs, NotAMember)
	}
	c.handing, c.retold = true, false
	return Again{}
}

// codeOf is the code of a call that failed; what is none of the wire is the network's.
func codeOf(err error) wire.Code {
	if f, ok := errors.AsType[*wire.Failure](err); ok {
		return f.Code
	}
	return wire.CodeUnavailable
}

// isRefusal tells whether the server has understood a call and does not want it, whoever asks again.
func isRefusal(err error) bool {
	switch codeOf(err) {
	case wire.CodeInvalid, wire.CodeInternal, wire.CodeTooLarge:
		return true
	}
	return false
}
