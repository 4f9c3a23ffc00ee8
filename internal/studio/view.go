package studio

import (
	"crypto/sha256"
	"fmt"
)

// View is read-only lookups over one project at one moment: the project store, a server store and the memory
// State implement it. A lookup that fails for a reason of its own (a disk) answers "not there" and makes Err
// return the reason; who decides over a View asks Err before believing the decision.
type View interface {
	Project() Project
	Member(UserID) (Member, bool)
	Members() []Member // in order of user id, gone ones too
	Role(RoleID) (Role, bool)
	Roles() []Role // in their order
	Status(StatusID) (Status, bool)
	Statuses() []Status // in their order, removed ones too
	Type(TypeID) (Type, bool)
	Types() []Type
	Collection(CollectionID) (Collection, bool)
	Asset(AssetID) (Asset, bool)
	// Named finds what stands under a name in a collection, trash aside.
	Named(parent CollectionID, key string) (ID, bool)
	// Inside lists what stands directly in a collection, trash aside, in order of id.
	Inside(CollectionID) ([]CollectionID, []AssetID)
	Assignment(AssignmentID) (Assignment, bool)
	Checkpoint(CheckpointID) (Checkpoint, bool)
	// Chain lists a chain of parked checkpoints from its root, in the order they were made on each other.
	Chain(root CheckpointID) (ParkedChain, []Checkpoint)
	// Parked lists the chains of an asset; behind no asset, those made of a task that nobody knows.
	Parked(AssetID) []ParkedChain
	Note(NoteID) (Note, bool)
	Notes(AssetID) []Note
	HasTag(AssetID, string) bool
	Needs(AssetID) []Dependency
	View(ViewID) (SavedView, bool)
	// Road finds the road of an asset, an ended one too.
	Road(AssetID) (Road, bool)
	Handover(HandoverID) (Handover, bool)
	// Handovers lists the asks about an asset, answered ones too, in order of id.
	Handovers(AssetID) []Handover
	// Event finds a decided op.
	Event(OpID) (Event, bool)
	// Trail lists the events about an entity after a seq, in order.
	Trail(entity ID, after uint64) []Event
	// InStatus lists the tasks of a status.
	InStatus(StatusID) []Asset
	// HeldBy lists the tasks that a person holds, in order of id.
	HeldBy(UserID) []Asset
	Err() error
}

// Moment is who acts, and when and where their op is decided.
type Moment struct {
	Actor      UserID
	ReceivedMs int64  // of the authority's clock
	Seq        uint64 // that the op will have
	// Ahead: a member's own store decides before the studio server does. What it accepts is local, what it would park
	// is contested; a version is the server's to give.
	Ahead     bool
	Uncovered bool // the content of the checkpoint that is sealed is not all there (row B2)
	NoRoom    bool // the project has reached its space (row B17)
	Deposit   bool // handed in with the key for that: a checkpoint is kept, nothing else is done (row B4)
	System    bool // follows from another op, its Cause: asks for no right of its own
	Cause     OpID
	Client    ID // the project store that sent the op; zero in a personal project, and for what follows from another op
}

const pendingBit = 1 << 62 // above every seq that a server will ever give

// PendingMoment is when and where an own op is decided ahead of the server, at first and whenever it is played again: it
// depends on nothing but the op and its place in the queue, so that the same base and queue always give the same rows.
func PendingMoment(actor UserID, op Op, localN uint64) Moment {
	return Moment{Actor: actor, ReceivedMs: int64(op.MadeHybrid >> 16), Seq: pendingBit | localN, Ahead: true}
}

// IsPending tells whether a seq is that of an op which no server has decided yet.
func IsPending(seq uint64) bool { return seq&pendingBit != 0 }

// Verdict is the final answer to an op; numbers are stored.
type Verdict uint8

// Verdicts.
const (
	Applied Verdict = 1
	Noop    Verdict = 2
	Merged  Verdict = 3
	Kept    Verdict = 4 // PARKED: content kept beside the line
	Refused Verdict = 5
)

// Decision is what an op comes to.
type Decision struct {
	Verdict Verdict
	Reason  Code   // "" with Applied, mostly
	Params  Params // for the sentence
	Puts    []Row  // newest image of each row
	Gone    []Row  // rows that are no more (tags, dependencies)
	Name    string // the name that was given, when it is not the asked one
	Version uint32 // of an accepted checkpoint
	About   CheckpointID
	// Move tells why the move of a seal was not made: its verdict is then MERGED(status_kept).
	Move   error
	System []Op   // ops that follow in the same transaction
	As     UserID // in whose name they are done; zero: the actor's
}

// Err is the decision as an error: nil when it was done.
func (d Decision) Err() error {
	if d.Verdict == Refused || d.Verdict == Kept {
		return Refuse(d.Reason, d.Params)
	}
	return nil
}

// Insisted tells whether a holder who insists may have it done all the same: saved beside the line, because the line has
// moved on. Who does not hold the task has nothing to insist on.
func (d Decision) Insisted() bool {
	return d.Verdict == Kept && (d.Reason == CodeDiverged || d.Reason == CodeDivergedSelf || d.Reason == CodeChain)
}

// Event is a decided op, a line of the log. Its hash covers every field but Chain.
type Event struct {
	Seq        uint64
	Op         OpID
	Client     ID
	N          uint64
	Actor      UserID
	Kind       Kind
	Entity     ID
	About      CheckpointID
	Group      GroupID
	Undoes     OpID
	Cause      OpID
	MadeHybrid uint64
	ReceivedMs int64
	Verdict    Verdict
	Reason     Code
	Result     string   // the name that was given
	Version    uint32   // that was given
	Status     StatusID // of the task, after it; zero when it is about no task
	Newer      Newer
	Body       []byte
	Chain      [32]byte // over the chain before it and this entry
}

func (e *Event) fields(c *coder) {
	c.u64(1, &e.Seq)
	c.id(2, &e.Op.ID)
	c.id(3, &e.Client)
	c.u64(4, &e.N)
	c.id(5, &e.Actor.ID)
	num(c, 6, &e.Kind)
	c.id(7, &e.Entity)
	c.id(8, &e.About.ID)
	c.id(9, &e.Group.ID)
	c.id(10, &e.Undoes.ID)
	c.id(11, &e.Cause.ID)
	c.u64(12, &e.MadeHybrid)
	num(c, 13, &e.ReceivedMs)
	num(c, 14, &e.Verdict)
	c.str(15, (*string)(&e.Reason))
	c.str(16, &e.Result)
	num(c, 17, &e.Version)
	c.id(18, &e.Status.ID)
	c.newer(&e.Newer)
}

// Header is the canonical form of all but Body and Chain: with a body it travels, and EventFrom reads it.
func (e Event) Header() []byte { return encode(&e) }

// EventFrom reads a header and takes the body with it, which it does not look at; Chain is zero. ErrMalformed.
func EventFrom(header, body []byte) (Event, error) {
	var e Event
	if err := decode(header, &e); err != nil {
		return Event{}, fmt.Errorf("event: %w", err)
	}
	e.Body = body
	return e, nil
}

// EntryHash is SHA-256 over the canonical header and the SHA-256 of the body.
func (e Event) EntryHash() [32]byte {
	body := sha256.Sum256(e.Body)
	return sha256.Sum256(append(encode(&e), body[:]...))
}

// NextChain is SHA-256 over the chain before and this entry's hash; the chain before the first event is zero.
func (e Event) NextChain(before [32]byte) [32]byte { return ChainOn(before, e.EntryHash()) }

// ChainOn is the chain after an entry of which no more is known than its hash.
func ChainOn(before, entry [32]byte) [32]byte { return sha256.Sum256(append(before[:], entry[:]...)) }

// Unreadable is the event of an op that cannot be decided, and is kept as the bytes that came: PARKED(unreadable), without any
// effect (row A8). at.Seq is its own.
func Unreadable(op Op, at Moment, body []byte) Event {
	return Event{Seq: at.Seq, Op: op.ID, Actor: at.Actor, Kind: op.Kind, Entity: op.Entity, Group: op.Group, Undoes: op.Undoes,
		MadeHybrid: op.MadeHybrid, ReceivedMs: at.ReceivedMs, Verdict: Kept, Reason: CodeUnreadable, Body: body}
}

// EventOf makes the event of an op that was decided over the view before it; the caller adds Client, N and Chain.
func EventOf(before View, op Op, at Moment, d Decision) Event {
	ev := Event{
		Seq: at.Seq, Op: op.ID, Actor: at.Actor, Kind: op.Kind, Entity: op.Entity, About: d.About, Group: op.Group,
		Undoes: op.Undoes, Cause: at.Cause, MadeHybrid: op.MadeHybrid, ReceivedMs: at.ReceivedMs, Verdict: d.Verdict,
		Reason: d.Reason, Result: d.Name, Version: d.Version, Body: EncodeBody(op.Body),
	}
	a, _ := before.Asset(AssetID{op.Entity})
	ev.Status = a.Status
	for _, r := range d.Puts {
		if now, ok := r.(Asset); ok && now.ID.ID == op.Entity {
			ev.Status = now.Status
		}
	}
	return ev
}
