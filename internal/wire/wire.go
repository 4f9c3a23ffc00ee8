// Package wire is what a client and a studio server say to each other: the messages as plain values, and their encoding
// (Encode, Decode; sync.md section 11, wire.proto); and by what they know one another: tokens, links, the pinned
// certificate, signed heads. Both ends use it, the pure cores of both too.
//
// It refuses to decide anything. Invariant: what one end encodes the other decodes to the same value; ops, rows and
// events travel in studio's canonical form, over which they are hashed.
package wire

import (
	"framehold/internal/studio"
)

// Proto is the version of the protocol that this program speaks. Fields are only added to it.
const Proto = 1

// Limits of one message, never of a backlog.
const (
	PushOpsMax    = 1000
	PushBytesMax  = 1 << 20
	PullBytesMax  = 4 << 20
	HaveHashesMax = 4096
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
	return Op{N: n, Kind: op.Kind, Entity: op.Entity, ID: op.ID, MadeHybrid: op.MadeHybrid, Group: op.Group, Atomic: op.Atomic,
		Undoes: op.Undoes, Body: studio.EncodeBody(op.Body)}
}

// Studio reads the op; ErrMalformed of studio for a body that is none, or a kind that this program does not know.
func (o Op) Studio() (studio.Op, error) {
	body, err := studio.DecodeBody(o.Kind, o.Body)
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
	DepositKey []byte // 32 bytes, given once per client
	User       studio.UserID
	FullView   bool
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
}

// Row is a state row in canonical form; Bytes nil: it is no more (a tombstone).
type Row struct {
	Table studio.Table
	Key   string
	Bytes []byte
}

// PullReply is a page: the newest image of each row that changed, and the events. NextPage nil: it is the last, and has
// head and sums, over which the rows of all pages stand.
type PullReply struct {
	Rows     []Row
	Events   []studio.Event // without Chain; their Body only for those who may see it
	Outcomes []Outcome      // of own ops, by op id
	NextPage []byte
	Head     Signed
	Sums     studio.Sums
	FirstSeq uint64   // of the events that come with this pull; older ones are fetched when they are looked at
	Before   [32]byte // chain before FirstSeq
}

// WaitRequest asks to be told when the project's head is beyond Seq.
type WaitRequest struct {
	Project studio.ProjectID
	Seq     uint64
}

// WaitReply is a poke: data never travels in it.
type WaitReply struct{ HeadSeq uint64 }

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
	CodeInvalid         Code = "invalid"
	CodeInternal        Code = "internal"
)

// Failure is the error of a call.
type Failure struct {
	Code  Code
	Cause error // for the log; nil from the other end
}

// Error is for the log.
func (f *Failure) Error() string {
	if f.Cause != nil {
		return "sync: " + string(f.Code) + ": " + f.Cause.Error()
	}
	return "sync: " + string(f.Code)
}

// Unwrap is the cause.
func (f *Failure) Unwrap() error { return f.Cause }
