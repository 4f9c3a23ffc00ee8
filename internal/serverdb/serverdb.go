// Package serverdb is what a studio server asks of its database: projects with their rows, events, clients and content
// index, one writer for each project. Stores implement it (memdb is the oracle, sqlitedb the first real one); dbtest is
// the suite that each of them passes.
//
// It refuses to know a rule: what is written was decided by studio. Invariants: a project's events are dense and never
// change; rows, events, head and sums of one Tx are there together or not at all, and durable when Tx returns.
package serverdb

import (
	"context"
	"errors"
	"fmt"

	"framehold/internal/studio"
)

// What a store says about a project that it cannot serve.
var (
	ErrUnknown = errors.New("no such project")
	ErrExists  = errors.New("there is such a project")
	// ErrCondemned says that a chunk was to be put into a pack that takes no more.
	ErrCondemned = errors.New("the pack is condemned")
)

// Store is the projects of a studio. Safe for concurrent use.
type Store interface {
	// Create makes an empty project with its head: generation, its number, founder and server time, all else is zero. ErrExists
	// when there is one of that id.
	Create(ctx context.Context, project studio.ProjectID, head Head) error
	// Projects lists the projects, in order of id.
	Projects(ctx context.Context) ([]studio.ProjectID, error)
	// Tx runs fn alone among the writers of a project and commits. When fn or the commit fails, nothing was changed.
	// What fn reads through tx includes what it has written. What tx and a snapshot return is not to be changed, and they
	// end with fn.
	Tx(ctx context.Context, project studio.ProjectID, fn func(Tx) error) error
	// Read runs fn over one consistent state, that of a moment between two commits.
	Read(ctx context.Context, project studio.ProjectID, fn func(Snapshot) error) error
	Close() error
}

// Head is where a project stands: written with each commit that decides anything.
type Head struct {
	Generation [8]byte // of this life of the project: random, new after a restore
	GenNo      uint64
	Seq        uint64
	Chain      [32]byte
	Founder    studio.UserID // account that is publishing it, event by event (row H17); zero: it is active
	ServerMs   int64         // the latest instant that was ever used: durations never shrink when a clock is set back
	GenMs      int64         // when this life began
	Sums       studio.Sums   // state hash of each table
	Stored     int64         // bytes of all chunks, as they are kept
}

// Row is a state row as it is kept and sent: its canonical form. Key is that of studio.Row.
type Row struct {
	Table studio.Table
	Key   string
	Seq   uint64 // of the event that changed it last
	Bytes []byte // nil: it is no more
}

// Position is how far a walk over rows has come, in the order of (Seq, Table, Key): behind that row. Who has everything
// up to s begins at Position{Seq: s + 1}, where no row stands.
type Position struct {
	Seq   uint64
	Table studio.Table
	Key   string
}

// Client is one project store on one device, as the server knows it.
type Client struct {
	ID                studio.ID
	User              studio.UserID
	Device            string
	Lmid              uint64   // the last n that was decided
	DepositKey        [32]byte // SHA-256 of it; zero: none was given
	Proto             uint32
	SeenMs            int64
	CookieSeq         uint64 // what it has pulled
	UnsentCheckpoints uint32 // that it told of last
	UnsentBytes       int64
	DepositBytes      int64 // handed in by its deposit key
}

// Chunk says where a chunk is: the location is chunkstore's.
type Chunk struct {
	Hash      studio.Hash
	Pack      studio.ID
	Offset    int64
	Stored    uint32
	Size      uint32
	Codec     uint8
	Condemned bool // its pack serves reads but no reuse; for reading only
}

// Pack is what a collector knows of a pack that takes no more. Those that are not listed are live, or gone for good: an id is
// never used again.
type Pack struct {
	ID          studio.ID
	CondemnedMs int64 // since when it serves reads but no reuse
	Deleting    bool  // no chunk is in it any more: its file may go
}

// Bad is where a chunk was that could not be read: it is not served, and asked of those who hold it, until it comes again.
type Bad struct {
	Chunk
	FoundMs int64
}

// Manifest is a root or a page of a manifest, named by its hash, and what it refers to: a root to its pages, a page to
// its chunks.
type Manifest struct {
	Hash   studio.Hash
	Bytes  []byte
	Root   bool
	Refers []studio.Hash
}

// Lease protects what a client has uploaded for checkpoints that are not sealed yet.
type Lease struct {
	Client    studio.ID
	ExpiresMs int64
}

// Visible is one thing in the closure of a person without full view.
type Visible struct {
	User     studio.UserID
	Entity   studio.ID
	SinceSeq uint64
	UntilSeq uint64 // 0: still
}

// Snapshot is one consistent state of a project. The first failure of the database stays: lookups then say "not there",
// and Err says why; Read and Tx return it.
type Snapshot interface {
	studio.View
	Head() Head
	// RowsAfter lists rows behind at with Seq <= upto, in order of (Seq, Table, Key), as many as fit into maxBytes of
	// canonical forms (at least one row); more tells that there are others. Rows that are no more come too; they count
	// with the bytes of their key.
	RowsAfter(at Position, upto uint64, maxBytes int) (rows []Row, more bool)
	// Events lists events with after < seq <= upto, at most limit, in order.
	Events(after, upto uint64, limit int) []studio.Event
	// EventsOf lists the events of a client's ops with after < seq <= upto, in order.
	EventsOf(client studio.ID, after, upto uint64, limit int) []studio.Event
	Client(studio.ID) (Client, bool)
	Clients() []Client // in order of id

	// Locate returns a row for each chunk asked for that is known, in any order.
	Locate([]studio.Hash) []Chunk
	// ChunksOf lists chunks of a pack behind a hash, at most limit, in order of hash.
	ChunksOf(pack studio.ID, after studio.Hash, limit int) []Chunk
	Packs() []Pack // that take no more, in order of id
	Bad() []Bad    // in order of hash
	Manifest(studio.Hash) ([]byte, bool)
	// Manifests lists roots and pages behind a hash, at most limit, in order of hash, without bytes and what they refer to.
	Manifests(after studio.Hash, limit int) []Manifest
	// Pages lists the pages that a chunk stands in, in order.
	Pages(chunk studio.Hash) []studio.Hash
	// Roots lists the manifests (roots) in whose pages a chunk stands, in order.
	Roots(chunk studio.Hash) []studio.Hash
	// RootsOfPage lists the roots that name a page, in order.
	RootsOfPage(page studio.Hash) []studio.Hash
	// CheckpointsOf lists the checkpoints whose file or image has a manifest (root), in order of id.
	CheckpointsOf(root studio.Hash) []studio.CheckpointID
	// PreviewsOf lists the checkpoints that have a preview, in order of id.
	PreviewsOf(preview studio.Hash) []studio.CheckpointID
	Preview(studio.Hash) ([]byte, bool)
	// Previews lists previews behind a hash, at most limit, in order of hash.
	Previews(after studio.Hash, limit int) []studio.Hash
	Leases() []Lease // in order of client
	Lease(client studio.ID) (Lease, bool)
	// Leased tells of each hash (chunk, page, root or preview) whether the client's lease has it.
	Leased(client studio.ID, hashes []studio.Hash) []bool
	// Protected tells of each hash whether any lease has it.
	Protected(hashes []studio.Hash) []bool
	Asks() []studio.Handover // all that were ever made, in order of id
	// Visible lists what a person without full view may see now, and what they could until after seq, in order of entity.
	Visible(user studio.UserID, after uint64) []Visible
}

// Tx is a snapshot that can be written. A write that fails makes the whole Tx fail, whatever fn returns.
type Tx interface {
	Snapshot
	// Put writes rows as they are from seq on, and takes away those that are no more, which is nothing where there is
	// none; Head().Sums follows by itself. seq is that of an event of this Tx, written before or after: Put is called for
	// each op, or once for a push with the seq of its last event.
	Put(seq uint64, puts, gone []studio.Row) error
	// Append writes events; they continue Head().Seq without a gap and carry their chain: anything else, an op that was
	// decided before and an n that its client has used are refused. Head().Seq and Chain follow.
	Append(events []studio.Event) error
	// SetHead changes generation, its number and beginning, founder and server time; the rest of it follows from Put and Append.
	SetHead(Head) error
	SetClient(Client) error

	// AddChunks writes where chunks are; a hash that is known moves there, one that was bad is so no more. ErrCondemned when a
	// pack takes no more.
	AddChunks([]Chunk) error
	// RemoveChunks forgets chunks, bad ones too; MarkBad says that some cannot be read. Both only where they still are.
	RemoveChunks([]Chunk) error
	MarkBad([]Chunk, int64) error
	// SetPack condemns a pack, or says that it is being deleted; ForgetPack that its file is gone. A pack that chunks are in is
	// neither deleted nor forgotten.
	SetPack(Pack) error
	ForgetPack(studio.ID) error
	AddManifests([]Manifest) error
	// RemoveManifests forgets roots and pages, and what leads to them from what they refer to.
	RemoveManifests([]Manifest) error
	AddPreview(hash studio.Hash, webp []byte) error
	RemovePreviews([]studio.Hash) error
	// SetLease opens or renews a lease; EndLeases ends those that expired before an instant, with what they protect.
	SetLease(Lease) error
	EndLeases(beforeMs int64) error
	// AddLeased notes what a client's lease protects, named at an instant; it fails when there is none. A hash that is named
	// again is as young as its last naming. TrimLease lets go of what was named before an instant.
	AddLeased(client studio.ID, atMs int64, hashes []studio.Hash) error
	TrimLease(client studio.ID, beforeMs int64) error
	// SetVisible writes lines of the closures of people without full view.
	SetVisible([]Visible) error
}

// Size is what a row counts for in a page: the bytes of its canonical form, or of its key when it is no more.
func (r Row) Size() int {
	if r.Bytes == nil {
		return len(r.Key)
	}
	return len(r.Bytes)
}

// Behind is the position right behind a row.
func Behind(r Row) Position { return Position{Seq: r.Seq, Table: r.Table, Key: r.Key} }

// Follow tells whether events continue a head: dense, with their chain. Every store asks before it writes them.
func Follow(head Head, events []studio.Event) error {
	for _, ev := range events {
		if ev.Seq != head.Seq+1 {
			return fmt.Errorf("event %d does not follow %d", ev.Seq, head.Seq)
		}
		if ev.Chain != ev.NextChain(head.Chain) {
			return fmt.Errorf("event %d does not carry the chain of the events before it", ev.Seq)
		}
		head.Seq, head.Chain = ev.Seq, ev.Chain
	}
	return nil
}
