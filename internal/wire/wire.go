// Package wire is what a client and a studio server say to each other: the messages as plain values, how they travel
// (sync.proto, FORMAT.md), the two ends of a call (NewHandler, NewClient) and the frames in which content travels
// (FrameWriter, FrameReader); and by what they know one another: tokens, links, the pinned certificate, signed heads. Both ends use it; their pure cores use the plain values alone.
//
// It refuses to decide anything, and to know who calls: the server's own middleware puts that into the context.
// Invariant: what one end encodes the other decodes to the same value, or refuses; ops, rows and events travel in
// studio's canonical form, over which they are hashed.
package wire

import (
	"errors"
	"fmt"

	"framehold/internal/studio"
)

// Proto is the version of the protocol that this program speaks. Fields are only added to it.
const Proto = 1

// ProtoPullMin is the oldest version whose programs read what a server of this one sends. Older ones may push and hand in.
const ProtoPullMin = 1

// Limits of one message, never of a backlog.
const (
	PushOpsMax    = 1000      // one server transaction stays under 25 ms
	PushBytesMax  = 1 << 20   // of Op.Size
	PullBytesMax  = 4 << 20   // staged in one transaction
	HaveHashesMax = 4096      // 128 KiB
	EventBytes    = 256       // of an event without its body, at the most but for texts
	ProbeSeqsMax  = 128       // twice the steps of a search over any seq
	WitnessTail   = 8192      // hashes of events: 256 KiB
	WitnessBytes  = 704 << 10 // of events, as EventBytes counts them: with the tail below PushBytesMax
	PageBytesMax  = 1 << 10   // an opaque mark of the server
	TextBytesMax  = 255       // device, program, reason, given name
)

// Generation is one life of a project on its server: random, new after a restore.
type Generation [8]byte

// Cookie is what a client has seen, and a proof that it is the same history: the first 8 bytes of the chain at Seq.
type Cookie struct {
	Generation Generation
	Seq        uint64
	Chain8     [8]byte
}

// Signed is a head that the studio's Ed25519 key has signed: what Bytes gives.
type Signed struct {
	Project    studio.ProjectID
	Generation Generation
	Seq        uint64
	Chain      [32]byte
	ServerMs   int64
	Key        uint32 // number of the studio key
	Signature  []byte
}

// Op is an op on its way: Body is its canonical form.
type Op struct {
	N          uint64 // on this client's wire, dense
	Kind       studio.Kind
	Entity     studio.ID
	ID         studio.OpID
	MadeHybrid uint64
	Group      studio.GroupID
	Atomic     bool
	Undoes     studio.OpID
	Body       []byte
}

// OpOf makes the wire's op of a studio op.
func OpOf(n uint64, op studio.Op) Op {
	return Op{N: n, Kind: op.Kind, Entity: op.Entity, ID: op.ID, MadeHybrid: op.MadeHybrid, Group: op.Group,
		Atomic: op.Atomic, Undoes: op.Undoes, Body: studio.EncodeBody(op.Body)}
}

// Size is what the op counts for PushBytesMax: never less than its bytes on the wire.
func (o Op) Size() int { return opFixedBytes + len(o.Body) }

// Studio reads the op; ErrMalformed of studio for a body that is none, and ErrNewer beside it for what this program does not
// know.
func (o Op) Studio() (studio.Op, error) {
	body, err := studio.DecodeBody(o.Kind, o.Body)
	if err == nil && studio.IsNewer(o.Kind, body) {
		err = fmt.Errorf("%w, %w: kind %d", studio.ErrMalformed, studio.ErrNewer, o.Kind)
	}
	return studio.Op{ID: o.ID, Kind: o.Kind, Entity: o.Entity, Group: o.Group, Atomic: o.Atomic, Undoes: o.Undoes,
		MadeHybrid: o.MadeHybrid, Body: body}, err
}

// Outcome is the durable verdict of an op: the same bytes whenever it is asked for.
type Outcome struct {
	Op      studio.OpID
	Verdict studio.Verdict
	Reason  studio.Code
	Seq     uint64
	Result  string // the name that was given, where it is not the asked one
	Version uint32 // that was given
}

// StopCode says why a push ended before its last op.
type StopCode uint8

// Why a push stopped; numbers are sent.
const (
	StopGap         StopCode = 1 // n is not lmid + 1
	StopUnsupported StopCode = 2 // the server does not know the kind
	StopForked      StopCode = 3 // n was used for another op: the store was copied, or set back
	StopInternal    StopCode = 4
)

// Stop is where a push ended; Code 0: it did not.
type Stop struct {
	N    uint64
	Code StopCode
}

// Unsent is what a client holds that the server has not.
type Unsent struct {
	Checkpoints uint32
	Bytes       int64
}

// HelloRequest opens a client's conversation about a project. The person comes with the session, never in a message.
type HelloRequest struct {
	Project studio.ProjectID
	Client  studio.ID
	Device  string
	Proto   uint32
	App     string
	Seen    Signed // the newest signed head that the client has; zero: none
	Unsent  Unsent
}

// HelloReply says where the server stands.
type HelloReply struct {
	Generation Generation
	HeadSeq    uint64
	Proto      uint32
	Kinds      []studio.Kind // that the server knows
	Lmid       uint64
	ServerMs   int64
	StudioKey  []byte // Ed25519 public key
	DepositKey []byte // 32 bytes: this client hands work in by it when its person may not write any more
	User       studio.UserID
	FullView   bool
	Wanted     []studio.Hash // chunks that the server cannot read any more and this client's person may have: at most HaveHashesMax
}

// PushRequest hands ops in, in the order of their n.
type PushRequest struct {
	Project    studio.ProjectID
	Client     studio.ID
	Generation Generation
	Ops        []Op
}

// PushReply has the outcomes in the order of the ops, up to Stop.
type PushReply struct {
	Lmid     uint64
	Outcomes []Outcome
	HeadSeq  uint64
	Chain8   [8]byte
	Stop     Stop
}

// PullRequest asks for what is new behind a cookie; Page goes on with an unfinished pull.
type PullRequest struct {
	Project  studio.ProjectID
	Client   studio.ID
	Cookie   Cookie
	Page     []byte
	MaxBytes uint32 // 0: PullBytesMax
	Part     Part
	After    uint64 // of PartLog: events behind this one
}

// Part is what of a project's history a pull asks for.
type Part uint8

// Parts of a pull.
const (
	PartAll  Part = 0 // the rows behind the cookie, and the events
	PartRows Part = 1 // the rows; the events come later, by PartLog. Who has no full view gets both all the same
	PartLog  Part = 2 // the events behind After, up to the cookie: for a full view

	PartLast = PartLog
)

// Row is a state row in canonical form; Bytes nil: it is no more (a tombstone).
type Row struct {
	Table studio.Table
	Key   string
	Bytes []byte
}

// PullReply is a page: the newest image of each row that changed, and the events. It is at most twice PullBytesMax, with
// the row that went over it. NextPage nil: it is the last, and has head and sums, over which the rows of all pages stand.
type PullReply struct {
	Rows     []Row
	Events   []studio.Event // without Chain: who sees all of them makes it again, and compares it with Head
	NextPage []byte
	Head     Signed
	Sums     studio.Sums // of the whole project; none for a limited view
	Whole    bool        // the rows are all that this person may see: what is not among them is gone from their view
	Later    bool        // the events were left out: the rows are as they are at Head
}

// FoundRequest hands in the events of a personal project that becomes a studio project, in order, as they are: the server
// decides each of them anew and must come to the same (row H17). With Last the project becomes active.
type FoundRequest struct {
	Project studio.ProjectID
	Client  studio.ID
	Events  []studio.Event // with their Chain
	Last    bool
}

// FoundReply says how far the server has come: events up to HeadSeq are there.
type FoundReply struct {
	HeadSeq uint64
	Chain   [32]byte
}

// WaitRequest asks to be told when the project's head is beyond Seq, and of what is new behind Cookie; a zero cookie asks for
// nothing but the head.
type WaitRequest struct {
	Project studio.ProjectID
	Client  studio.ID // only with a cookie
	Seq     uint64
	Cookie  Cookie
}

// NewsBytesMax bounds what comes with a poke: what is more is pulled.
const NewsBytesMax = 64 << 10

// WaitReply is a poke. News is the whole pull behind the cookie that was asked with, where it is one page; nil: pull.
type WaitReply struct {
	HeadSeq uint64
	News    *PullReply
}

// ProbeRequest asks for the first 8 bytes of the chain at some seqs, to find the last common one.
type ProbeRequest struct {
	Project studio.ProjectID
	Seqs    []uint64
}

// ProbeReply has a chain8 for each seq of the request; zero where the server has none.
type ProbeReply struct{ Chain8 [][8]byte }

// HaveRequest asks which of some hashes need not be sent; it opens or renews the client's lease over them.
type HaveRequest struct {
	Project studio.ProjectID
	Client  studio.ID
	Hashes  []studio.Hash
}

// HaveReply tells of each hash whether it is there for this person. "Not there" and "not yours" are the same.
type HaveReply struct{ Have []bool }

// WitnessRequest shows events that a server which went back has lost: they lead to a head that it had signed (row H4). With
// Chain before them, and the hashes of what came behind them, anyone can see that they do. Without events it asks for a nearer
// head: Chain is then at Head.Seq less the length of Tail.
type WitnessRequest struct {
	Project    studio.ProjectID
	Client     studio.ID
	Generation Generation // of the life that is told of it: the events begin where that one and Head's part
	Head       Signed     // of the life that is over
	Chain      [32]byte
	Events     []studio.Event // without gap
	Tail       [][32]byte     // Event.EntryHash
}

// WitnessReply says what became of them.
type WitnessReply struct {
	Nearer  Signed // a head of the life that is over, at the last of the events
	HeadSeq uint64 // of the life that goes on
	Healed  uint32 // decided anew; what was known already is not counted
	Parked  uint32 // of those
}

// DepositRequest hands in work by the deposit key of a client: of who may not write any more, or, Unreadable, an op that the
// server failed at whenever it was pushed. N counts from 1; the server numbers them itself.
type DepositRequest struct {
	Project    studio.ProjectID
	Client     studio.ID
	Key        Token
	Ops        []Op
	Unreadable bool
}

// DepositReply has the outcomes in the order of the ops; Stop says why there are fewer.
type DepositReply struct {
	Outcomes []Outcome
	Stop     StopCode
}

// Code is why a call as a whole was not answered; numbers are those of the paper's table, names travel.
type Code string

// Codes of calls.
const (
	CodeUnauthenticated Code = "unauthenticated"
	CodeNotMember       Code = "not_member"
	CodeGeneration      Code = "generation" // RECONCILE
	CodeUpgrade         Code = "upgrade_required"
	CodeUnavailable     Code = "unavailable" // and every failure of the network
	CodeQuota           Code = "quota"
	CodeRate            Code = "rate"
	CodeTooLarge        Code = "too_large" // halve the batch
	CodeInvalid         Code = "invalid"
	CodeInternal        Code = "internal"
	// CodeRetryPrimary: this server only follows another and may be behind it, so it judges no cookie (row H7).
	CodeRetryPrimary Code = "retry_primary"
)

// Failure is the error of a call.
type Failure struct {
	Code  Code
	Cause error // for the log; nil from the other end
}

// ErrStranger is the cause of a failure where something answers that is no server of ours: another program, or a network
// that wants to be signed in to first.
var ErrStranger = errors.New("what answers is no studio")

// Error is for the log.
func (f *Failure) Error() string {
	if f.Cause != nil {
		return "sync: " + string(f.Code) + ": " + f.Cause.Error()
	}
	return "sync: " + string(f.Code)
}

// Unwrap is the cause.
func (f *Failure) Unwrap() error { return f.Cause }
