// Package studio holds the words and the rules of Framehold: who may do what to which task in which status, what
// an act changes, and the code when it is refused. It is the only place where a rule about who may do what stands.
//
// It is pure: no clock, randomness, I/O, SQL, map order. Project store, sync and studio server call the same
// Decide; the triggers of the project store are generated from the Protection table. Invariants: an asset has at
// most one assignee, and a checkpoint joins the line only on its head and by the asset's assignee.
package studio

// Limits of texts and names, checked before anything is written.
const (
	textMaxBytes = 32 << 10 // comment, reason, note, description: UTF-8
	nameMaxBytes = 255      // what file systems take
	tagMaxBytes  = 64
	labelMaxRune = 6 // a status pill stays narrow
)

// AssetKind says whether an asset can be assigned.
type AssetKind uint8

// Kinds of assets; the numbers are stored.
const (
	Task     AssetKind = 1
	Resource AssetKind = 2
)

// Category is what a status means; behaviour follows it, never the name.
type Category uint8

// Categories; the numbers are stored.
const (
	CategoryTodo    Category = 1
	CategoryActive  Category = 2
	CategoryReview  Category = 3
	CategoryRetake  Category = 4
	CategoryDone    Category = 5
	CategoryBlocked Category = 6
)

// CheckpointState says where a checkpoint stands.
type CheckpointState uint8

// States; the numbers are stored. Local and Contested are a client's, Safety never leaves its computer.
const (
	Announced CheckpointState = 1 // known, not decided
	Accepted  CheckpointState = 2 // on the line, has a version
	Parked    CheckpointState = 3 // kept beside the line
	Step      CheckpointState = 4 // under an adopted one
	Dropped   CheckpointState = 5 // bytes freed, event kept
	Local     CheckpointState = 6 // made while the view says that its author holds the task
	Contested CheckpointState = 7 // its base is not head
	Safety    CheckpointState = 8 // what a file held before the app replaced it
)

// ProjectState says what a project takes.
type ProjectState uint8

// States of a project; the numbers are stored.
const (
	Founding ProjectState = 1
	Active   ProjectState = 2
	Closed   ProjectState = 3
)

// Project is the one row about the project itself. A personal project's authority is its own store.
type Project struct {
	ID       ProjectID
	Name     string
	State    ProjectState
	Personal bool
	Options  Options
	Ver      uint64
	Newer    Newer
}

// Options are a project's own choices.
type Options struct {
	RetakeNote   bool // moving to retake needs a note
	ReviewImage  bool // moving to review needs an image (else it is only asked for)
	ArtistDone   bool // the assignee may set Done on their own task
	DoneLocks    bool // a done task takes no checkpoints
	UnicodeTable string
	HandoverAuto bool   // who asks for a task has it when its holder does not answer in time (row D15)
	TrashDays    uint32 // before these are over nothing in the trash is purged; 0: whenever an admin says so
	QuotaBytes   int64  // that its content may take on the studio; 0: as much as there is (row B17)
	ParkedDays   uint32 // the same for parked checkpoints in the trash
}

// Member is a person in the project.
type Member struct {
	User       UserID
	Username   string // 1..32 of a-z 0-9 . _ -, a letter first
	Name       string
	Email      string
	Role       RoleID
	Title      string
	Department string
	Profile    UserID // the profile or account that is bound to this place for good; zero: not opened yet
	Gone       bool   // removed; the row stays for history
	Ver        uint64
	Newer      Newer
}

// Role is a set of permissions.
type Role struct {
	ID    RoleID
	Name  string
	Order int32
	May   Permissions
	Ver   uint64
	Newer Newer
}

// Status is where a task can stand.
type Status struct {
	ID        StatusID
	Name      string
	Label     string // at most 6 characters, unique without regard to case
	Category  Category
	Colour    string // #rrggbb; "" for the built-in colour of its label
	Shape     string
	Order     int32
	Hidden    bool
	OnlyRoles []RoleID // who may set it, when this narrows the default moves; sorted
	AsksNote  bool
	AsksImage bool
	WIPLimit  int32 // 0 = none
	Removed   bool
	Replaced  StatusID // by what, when removed
	Ver       uint64
	Newer     Newer
}

// Type is a kind of work.
type Type struct {
	ID      TypeID
	Name    string
	Icon    string
	Colour  string
	Order   int32
	Removed bool
	Ver     uint64
	Newer   Newer
}

// Collection is a folder of assets and collections.
type Collection struct {
	ID        CollectionID
	Parent    CollectionID
	Name      string
	NameKey   string
	Shared    bool
	CreatedBy UserID
	CreatedMs int64
	TrashedBy UserID // zero: not in the trash
	TrashedMs int64
	Purged    bool // its content was given up; the row stays for the history
	Ver       uint64
	Newer     Newer
}

// Asset is a tracked file.
type Asset struct {
	ID          AssetID
	Parent      CollectionID
	Name        string
	NameKey     string
	Kind        AssetKind
	Type        TypeID
	Description string
	Status      StatusID // zero for a resource
	StatusMs    int64    // since when
	Rank        string   // fractional index in its column
	Due         string   // 2026-12-24 or ""
	Priority    uint8    // 0 none .. 3 urgent
	EstimateMin uint32
	Assignee    UserID
	Assignment  AssignmentID
	Epoch       uint64 // how often it was given
	Head        CheckpointID
	NextVersion uint32 // of the next accepted checkpoint; 1 at first
	CreatedBy   UserID
	CreatedMs   int64
	First       CheckpointID // its v1, if one act made both
	TrashedBy   UserID
	TrashedMs   int64
	Purged      bool // its bytes were given up; the row stays for the history
	Ver         uint64
	Newer       Newer
}

// Trashed tells whether it is in the trash itself.
func (a Asset) Trashed() bool { return a.TrashedMs != 0 }

// Trashed tells whether it is in the trash itself.
func (c Collection) Trashed() bool { return c.TrashedMs != 0 }

// Assignment is one holding of a task.
type Assignment struct {
	ID      AssignmentID
	Asset   AssetID
	To      UserID
	By      UserID
	Reason  string
	FromSeq uint64
	ToSeq   uint64 // 0: the present one
	Newer   Newer
}

// Checkpoint is a saved version of an asset.
type Checkpoint struct {
	ID                 CheckpointID
	Asset              AssetID
	Author             UserID
	Base               CheckpointID // what the author worked from
	Prev               CheckpointID // the accepted one before it on the line
	Assignment         AssignmentID // the author's holding when it was made
	StatusAtCreation   StatusID     // with the move of the same step; zero for a resource
	StatusAtAcceptance StatusID
	Manifest           Hash
	Bytes              int64
	NewBytes           int64 // what it added to the store, on the computer that made it
	Comment            string
	Preview            Hash
	Image              Hash // manifest of the original picture
	Group              GroupID
	State              CheckpointState
	Version            uint32 // 0 until accepted
	NoChange           bool   // same content as the one before
	ChainRoot          CheckpointID
	AdoptedBy          UserID
	CopiedFrom         CheckpointID
	MadeHybrid         uint64
	ReceivedMs         int64
	Ver                uint64
	Newer              Newer
}

// ParkedState says what became of a chain of parked checkpoints.
type ParkedState uint8

// States of a chain; the numbers are stored.
const (
	ParkedOpen    ParkedState = 1
	ParkedKept    ParkedState = 2
	ParkedAdopted ParkedState = 3
	ParkedCopied  ParkedState = 4
	ParkedTrashed ParkedState = 5
	ParkedPurged  ParkedState = 6
)

// ParkedChain is a chain of parked checkpoints, named by its first.
type ParkedChain struct {
	Root      CheckpointID
	Asset     AssetID
	Reason    Code
	State     ParkedState
	OpenedSeq uint64
	ClosedSeq uint64
	Newer     Newer
}

// Note is something to do on a task.
type Note struct {
	ID         NoteID
	Asset      AssetID
	Checkpoint CheckpointID // pinned to; zero: to the task
	Author     UserID
	Text       string
	Checkbox   bool
	DoneBy     UserID // zero: open
	Withdrawn  bool   // its author's undo
	MadeMs     int64
	Ver        uint64
	Newer      Newer
}

// Open tells whether there is still something to do.
func (n Note) Open() bool { return n.Checkbox && n.DoneBy.IsZero() && !n.Withdrawn }

// TagOn is a tag on an asset. Its key is all of it, so that it never has more fields.
type TagOn struct {
	Asset AssetID
	Tag   string
}

// Dependency says that an asset needs another, or a collection with all that is inside. Its key is all of it, so that it never
// has more fields.
type Dependency struct {
	Asset  AssetID
	Target ID
}

// SavedView is a query with a name.
type SavedView struct {
	ID     ViewID
	Owner  UserID
	Shared bool
	Name   string
	Query  string
	Layout string
	Ver    uint64
	Newer  Newer
}

// Road says that a task was taken offline by its holder until a date. An asset has one at most; a new one takes the
// place of the last.
type Road struct {
	Asset    AssetID
	User     UserID
	Client   ID // the device; zero: of a project without a server
	UntilMs  int64
	SinceSeq uint64
	EndedSeq uint64 // 0: still
	Newer    Newer
}

// Keeps tells whether the road keeps a task from others at an instant: it has not ended, and its date is not over.
func (r Road) Keeps(nowMs int64) bool { return r.EndedSeq == 0 && nowMs < r.UntilMs }

// HandoverState says what became of an ask to hand a task in.
type HandoverState uint8

// States of an ask; the numbers are stored.
const (
	HandoverAsked  HandoverState = 1
	HandoverYes    HandoverState = 2
	HandoverNo     HandoverState = 3
	HandoverClosed HandoverState = 4 // the task went to somebody, or was taken back, before an answer
)

// Handover is an ask to the holder of a task to hand it in, for somebody or, To zero, for nobody.
type Handover struct {
	ID         HandoverID
	Asset      AssetID
	From       UserID // who held it
	To         UserID
	By         UserID // who asks: it is given in their name
	DeadlineMs int64
	State      HandoverState
	Newer      Newer
}
