package replica

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"framehold/internal/clock"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// Store is what the replica asks of the project store: session implements it. Each call is one transaction, durable when
// it returns.
type Store interface {
	// Stand reads where the store stands.
	Stand(context.Context) (Stand, error)
	// Lay lays a finished pull under what is pending. ErrDiffers when it does not fit the base.
	Lay(context.Context, Pulled) (Stand, error)
	// Build chooses what is sent next, gives and writes its n.
	Build(context.Context, Build) ([]wire.Op, Stand, error)
	// Keep writes verdicts, or a deposit key.
	Keep(context.Context, Keep) (Stand, error)
	// KeepLog writes a part of the history that was left out of the first pull. ErrDiffers when it is not that of its head.
	KeepLog(context.Context, KeepLog) (Stand, error)
	// Restart takes a Rewind, a Renumber or an Again.
	Restart(context.Context, Effect) (Stand, error)
}

// Replica drives the conversation of one store. Exactly one process per store does so.
type Replica struct {
	store  Store
	past   Past
	remote wire.Sync
	hello  wire.HelloRequest // project, client and head are filled in
	clock  *clock.Clock
	tell   func(State)

	mu     sync.Mutex
	core   *Core
	wake   chan bool
	woke   Woke // what has happened since the last round: Made, when nothing else has
	woken  bool
	wanted []studio.Hash // by the server, at the last Hello
	heard  error         // why the last call of a round had no answer
	err    error         // why this computer could not finish the last round; nil where the server or the network could not
}

// Options say what a replica stands on.
type Options struct {
	Store  Store
	Past   Past
	Remote wire.Sync
	Hello  wire.HelloRequest
	Clock  *clock.Clock
	Tell   func(State) // hears every change of state, and the end of each round; nil: nobody
	Closed bool        // the person's account was closed: what they had not sent is handed in
}

// New makes a replica of a store, at rest.
func New(ctx context.Context, o Options) (*Replica, error) {
	stand, err := o.Store.Stand(ctx)
	if err != nil {
		return nil, err
	}
	tell := o.Tell
	if tell == nil {
		tell = func(State) {}
	}
	core := NewCore(stand)
	if o.Closed {
		core.Close()
	}
	return &Replica{store: o.Store, past: o.Past, remote: o.Remote, hello: o.Hello, clock: o.Clock, tell: tell, core: core,
		wake: make(chan bool, 1)}, nil
}

// Wake says that there is a reason to look; asked, that a person wants it now.
func (r *Replica) Wake(asked bool) { r.wakeFor(Woke{Asked: asked}) }

// WakeMade says that something was written here.
func (r *Replica) WakeMade() { r.wakeFor(Woke{Made: true}) }

// WakeNews says that the server's head is another; news is the pull behind at, where that came with it.
func (r *Replica) WakeNews(head uint64, at wire.Cookie, news *wire.PullReply) {
	w := Woke{Head: head}
	if news != nil {
		w.News = &News{At: at, Reply: *news}
	}
	r.wakeFor(w)
}

// Place is the store's id at the server, and where it stands.
func (r *Replica) Place() (client studio.ID, at wire.Cookie) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.core.Stand().Client, r.core.Stand().Cookie
}

func (r *Replica) wakeFor(w Woke) {
	r.mu.Lock()
	if r.woken && r.woke.Head == 0 {
		w.Head = 0
	}
	r.woke = Woke{Asked: r.woke.Asked || w.Asked, Made: w.Made && (r.woke.Made || !r.woken), Head: w.Head, News: cmp.Or(w.News, r.woke.News)}
	r.woken = true
	r.mu.Unlock()
	select {
	case r.wake <- true:
	default:
	}
}

func (r *Replica) takeWoke() Woke {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.woke
	r.woke, r.woken = Woke{}, false
	return w
}

// State is how sync stands.
func (r *Replica) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.core.State()
}

// HeadSeq is the server's newest seq, as far as it was heard.
func (r *Replica) HeadSeq() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.core.HeadSeq()
}

// Knows tells whether the server takes ops of a kind, as far as it was heard.
func (r *Replica) Knows(k studio.Kind) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.core.kinds == nil || r.core.knows(k)
}

func (r *Replica) step(ev Event) Effect {
	r.mu.Lock()
	before := r.core.State()
	effect := r.core.Step(r.clock.NowMs(), ev)
	now := r.core.State()
	r.mu.Unlock()
	if _, rests := effect.(Rest); rests || now != before {
		r.tell(now) // it may ask how things stand
	}
	return effect
}

// Round goes through one round: from waking to rest. It returns how sync stands then, and why this computer could not
// finish it.
func (r *Replica) Round(ctx context.Context) (State, error) {
	r.err, r.heard = nil, nil
	_, err := r.until(ctx, r.takeWoke())
	if err == nil && r.State() == Syncing {
		err = r.err
	}
	return r.State(), err
}

// History goes through rounds until the whole history is here, part by part. It returns how sync stands then, and why this
// computer could not go on.
func (r *Replica) History(ctx context.Context) (state State, err error) {
	for state = r.State(); state == Synced && err == nil && r.historyDue(); {
		state, err = r.Round(ctx)
	}
	return state, err
}

func (r *Replica) historyDue() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.core.Stand().Log.Due()
}

// until steps until the core rests; it returns until when.
func (r *Replica) until(ctx context.Context, ev Event) (restMs int64, err error) {
	for effect := r.step(ev); effect != nil; effect = r.step(ev) {
		if rest, ok := effect.(Rest); ok {
			return rest.UntilMs, nil
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		ev = r.do(ctx, effect)
	}
	return r.clock.NowMs() + pollMs, nil
}

// Run drives the conversation until ctx ends.
func (r *Replica) Run(ctx context.Context) error {
	r.Wake(false)
	until := r.clock.NowMs()
	for {
		wait := time.NewTimer(time.Duration(max(until-r.clock.NowMs(), 0)) * time.Millisecond)
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-r.wake:
		case <-wait.C:
		}
		wait.Stop()
		next, err := r.until(ctx, r.takeWoke())
		if errors.Is(err, context.Canceled) {
			return nil
		}
		if err != nil {
			return err
		}
		until = next
	}
}

// do carries an effect out and returns its answer.
func (r *Replica) do(ctx context.Context, effect Effect) Event {
	switch e := effect.(type) {
	case Greet:
		hello := r.hello
		stand := r.core.Stand()
		hello.Project, hello.Client, hello.Proto, hello.Seen = stand.Project, stand.Client, wire.Proto, stand.Signed
		reply, err := r.remote.Hello(ctx, hello)
		r.mu.Lock()
		r.wanted = reply.Wanted
		r.mu.Unlock()
		return Greeted{reply, r.hear(err)}
	case Fetch:
		reply, err := r.remote.Pull(ctx, e.Request)
		return Fetched{reply, r.hear(err)}
	case Lay:
		stand, err := r.store.Lay(ctx, e.Pulled)
		return Laid{stand, r.failed(err)}
	case Build:
		ops, stand, err := r.store.Build(ctx, e)
		return Built{ops, stand, r.failed(err)}
	case Push:
		reply, err := r.remote.Push(ctx, e.Request)
		return Pushed{reply, r.hear(err)}
	case Keep:
		stand, err := r.store.Keep(ctx, e)
		return Kept{stand, r.failed(err)}
	case FetchLog:
		reply, err := r.remote.Pull(ctx, e.Request)
		return FetchedLog{reply, r.hear(err)}
	case KeepLog:
		stand, err := r.store.KeepLog(ctx, e)
		return KeptLog{stand, r.failed(err)}
	case Compare:
		common, err := r.compare(ctx, e.Upto)
		return Compared{common, r.hear(err)}
	case Witness:
		return Witnessed{Testify(ctx, r.past, r.core.Stand(), e, r.remote.Witness)}
	case Deposit:
		reply, err := r.remote.Deposit(ctx, e.Request)
		return Deposited{reply, r.hear(err)}
	case Rewind, Renumber, Again:
		stand, err := r.store.Restart(ctx, e)
		return Laid{stand, r.failed(err)}
	}
	panic(fmt.Sprintf("replica: effect %T", effect))
}

// Wanted are chunks that the server lacks and asked for at the last Hello (row Ic11). They are handed out once: it asks again.
func (r *Replica) Wanted() []studio.Hash {
	r.mu.Lock()
	defer r.mu.Unlock()
	wanted := r.wanted
	r.wanted = nil
	return wanted
}

// Unheard is why the studio's answer did not come in the last Round; nil: it did.
func (r *Replica) Unheard() error { return r.heard }

func (r *Replica) hear(err error) error {
	r.heard = err
	return err
}

func (r *Replica) failed(err error) error {
	if err != nil {
		r.err = err
	}
	return err
}

// compare finds the last seq up to which both have the same chain, by halving.
func (r *Replica) compare(ctx context.Context, upto uint64) (uint64, error) {
	low, high := uint64(0), upto // alike at low; the answer is at most high
	for low < high {
		middle := low + (high-low+1)/2
		mine, known, err := r.past.ChainAt(ctx, middle)
		if err != nil {
			return 0, err
		}
		reply, err := r.remote.Probe(ctx, wire.ProbeRequest{Project: r.core.Stand().Project, Seqs: []uint64{middle}})
		if err != nil {
			return 0, err
		}
		if known && len(reply.Chain8) == 1 && reply.Chain8[0] == [8]byte(mine[:8]) {
			low = middle
		} else {
			high = middle - 1
		}
	}
	return low, nil
}
