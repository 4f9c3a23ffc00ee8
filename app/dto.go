package app

// What the frontend and Go say to each other. Plain structs; ids are 32 hex digits, times are milliseconds since
// 1970 UTC (0 = none), days are "2026-12-24" ("" = none), sizes are bytes, bytes of pictures go by URL.

// Events that the frontend hears.
const (
	// EventSyncChanged carries a SyncView.
	EventSyncChanged = "sync:changed"
	// EventProjectChanged carries one Change: tracking data changed, here or in another process.
	EventProjectChanged = "project:changed"
	// EventFilesChanged says that file states of the working folder changed. It carries nothing.
	EventFilesChanged = "files:changed"
	// EventJob carries one Job each time its state or progress changed, at most 10 a second.
	EventJob = "job:changed"
	// EventProjectOpened says that this window shows another project, or none. It carries nothing.
	EventProjectOpened = "project:opened"
)

// Host is what a shell does for the app.
type Host interface {
	// Emit sends an event to the frontend.
	Emit(event string, data ...any)
	// OpenWindow opens another window on the open project.
	OpenWindow(view, project string) error
	// ChooseFolder asks for a folder; "" when the person cancels. A browser answers errors.ErrUnsupported.
	ChooseFolder(title string) (string, error)
	// OpenPath opens a file in its program, or shows a folder.
	OpenPath(path string) error
}

// Error is what a refused or failed call rejects with, as a JSON text in a desktop window, as an object in a browser.
type Error struct {
	Code      string `json:"code"`    // stable, for programs: not_assignee ...
	Message   string `json:"message"` // one sentence: the rule and who can help
	Hint      string `json:"hint"`    // the next step; may be empty
	Reference string `json:"reference"`
	cause     error
}

// Change says which rows a commit changed, so that stores fetch just those.
type Change struct {
	Seq    int64    `json:"seq"`
	All    bool     `json:"all"`    // too many to name, or definitions changed: fetch everything shown
	Assets []string `json:"assets"` // ids of assets and collections
}

// Start says where the app runs and whether a project is open.
type Start struct {
	Shell     string  `json:"shell"` // "desktop" or "browser"
	View      string  `json:"view"`  // "browser" or "kanban"; in a browser the address decides
	Project   string  `json:"project"`
	Profile   Profile `json:"profile"`
	Version   string  `json:"version"`
	Separator string  `json:"separator"` // between the elements of a path on this computer
	Home      string  `json:"home"`      // where a new project folder may be proposed
	Asked     string  `json:"asked"`     // the project that it was started on, where a rule closes it
	Problem   *Error  `json:"problem"`   // why
}

// Profile is the person on this computer.
type Profile struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
}

// KnownProject is a project that this computer has seen.
type KnownProject struct {
	ID      string     `json:"id"`
	Name    string     `json:"name"`
	Path    string     `json:"path"`
	Missing bool       `json:"missing"` // its folder is not there
	Problem string     `json:"problem"` // a sentence, when it cannot be opened
	Seen    int64      `json:"seen"`    // ms
	Tasks   int        `json:"tasks"`
	Mine    int        `json:"mine"`    // open tasks that I hold
	Preview string     `json:"preview"` // URL or ""
	Bar     []AtStatus `json:"bar"`     // tasks at each status, in the project's order
}

// AtStatus is how many tasks stand at a status.
type AtStatus struct {
	Status StatusInfo `json:"status"`
	Count  int        `json:"count"`
}

// StudioServer is a studio that the person is signed in to.
type StudioServer struct {
	Server   string `json:"server"` // scheme://host:port
	Username string `json:"username"`
}

// JoinRequest signs the person in to a studio: with an invitation link, or an address.
type JoinRequest struct {
	Address  string `json:"address"`
	Username string `json:"username"`
	Name     string `json:"name"` // "": the one on this computer
	Password string `json:"password"`
}

// StudioProject is a project of a studio.
type StudioProject struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Path string `json:"path"` // the folder on this computer that has it; "" when none does
}

// Project is what every screen of an open project needs: people and definitions. Fetched again when Change.All.
type Project struct {
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Path     string       `json:"path"`
	Seq      int64        `json:"seq"`
	ReadOnly string       `json:"readOnly"` // a sentence, when the store cannot be written
	Me       Member       `json:"me"`
	Can      []string     `json:"can"` // permissions of my role: "create", "assign", "claim", "setRetake", ... as studio names them
	Members  []Member     `json:"members"`
	Statuses []StatusInfo `json:"statuses"` // in their order; hidden ones too
	Types    []TypeInfo   `json:"types"`
	Tags     []TagCount   `json:"tags"`
	Undo     string       `json:"undo"` // a sentence of what Ctrl+Z would take back, or ""
	Redo     string       `json:"redo"`
}

// Member is a person in the project.
type Member struct {
	ID         string `json:"id"`
	Username   string `json:"username"`
	Name       string `json:"name"`
	Email      string `json:"email"`
	Role       string `json:"role"`
	Title      string `json:"title"`
	Department string `json:"department"`
	Me         bool   `json:"me"`
	Gone       bool   `json:"gone"`   // removed; kept for history
	Hue        int    `json:"hue"`    // 0..359, for the initials' ground; the same everywhere
	Avatar     string `json:"avatar"` // URL or ""
}

// StatusInfo is a status of the project.
type StatusInfo struct {
	ID        string `json:"id"`
	Key       string `json:"key"` // short label in lower case: todo wip wfa retake done
	Name      string `json:"name"`
	Label     string `json:"label"`    // at most 6 characters
	Category  string `json:"category"` // todo active review retake done blocked
	Colour    string `json:"colour"`   // "" for the built-in ones (data-st = key), else #rrggbb
	Shape     string `json:"shape"`
	Hidden    bool   `json:"hidden"`
	WIPLimit  int    `json:"wipLimit"` // 0 = none
	AsksNote  bool   `json:"asksNote"`
	AsksImage bool   `json:"asksImage"`
}

// TypeInfo is a type of work.
type TypeInfo struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Icon   string `json:"icon"` // a lucide icon name
	Colour string `json:"colour"`
}

// TagCount is a tag in use.
type TagCount struct {
	Tag   string `json:"tag"`
	Count int    `json:"count"`
}

// ListRequest asks for a window of a view. The list is made in Go, so that the page holds only what it shows.
type ListRequest struct {
	View       string   `json:"view"`  // default, my, assigned, unassigned
	Query      string   `json:"query"` // query text of product section 4
	Collection string   `json:"collection"`
	Expanded   []string `json:"expanded"`  // collections shown open, in the default view
	Assignees  []string `json:"assignees"` // chips; "none" = nobody; any of them
	Types      []string `json:"types"`
	Tags       []string `json:"tags"`
	Statuses   []string `json:"statuses"`
	States     []string `json:"states"`
	Sort       string   `json:"sort"` // name, state, status, assignee, type, saved, due, priority; "-" before it turns it round
	Flat       bool     `json:"flat"` // no tree: every matching asset below Collection
	Offset     int      `json:"offset"`
	Limit      int      `json:"limit"`
}

// List is one window of a view.
type List struct {
	Seq    int64 `json:"seq"`
	Total  int   `json:"total"`  // rows of the whole list
	Assets int   `json:"assets"` // of them assets, for "56 of 400"
	All    int   `json:"all"`    // assets of the view before chips and query
	Offset int   `json:"offset"`
	Rows   []Row `json:"rows"`
}

// Row is a line of the list, a cell of the grid and a card of the board.
type Row struct {
	Key         string   `json:"key"`  // unique in a list: the id, or "path:" and the path of a file that is no asset of theirs
	Kind        string   `json:"kind"` // collection task resource untracked unshared
	ID          string   `json:"id"`   // "" when untracked or unshared
	Parent      string   `json:"parent"`
	Name        string   `json:"name"`
	Path        string   `json:"path"`
	Depth       int      `json:"depth"`
	Expanded    bool     `json:"expanded"`
	HasChildren bool     `json:"hasChildren"`
	State       string   `json:"state"`    // file state of product section 5; "" for collections
	NotYours    bool     `json:"notYours"` // modified, and someone else or nobody holds it
	Status      string   `json:"status"`   // status id; "" when not a task
	StatusSince int64    `json:"statusSince"`
	Assignee    string   `json:"assignee"`  // user id or ""
	RoadUntil   int64    `json:"roadUntil"` // ms; 0: its holder has it not on the road
	RoadOver    bool     `json:"roadOver"`  // that date is over
	Type        string   `json:"type"`      // type id or ""
	Tags        []string `json:"tags"`
	Priority    int      `json:"priority"` // 0 none .. 3 urgent
	Due         string   `json:"due"`
	EstimateMin int      `json:"estimateMin"`
	Head        string   `json:"head"` // label: v3, v4*, "" when there is no checkpoint
	Checkpoints int      `json:"checkpoints"`
	Notes       int      `json:"notes"` // open ones
	Parked      int      `json:"parked"`
	Bytes       int64    `json:"bytes"`
	Saved       int64    `json:"saved"`   // ms of the newest checkpoint
	Preview     string   `json:"preview"` // URL of a small picture, or ""
	Moves       []string `json:"moves"`   // statuses that I may set now, decided by the same function as the act
	Stops       []Stop   `json:"stops"`   // why the other statuses are closed to me; of cards alone, empty in lists
	Can         []string `json:"can"`     // acts that I may do to it now: checkpoint assign claim giveBack convert rename move trash set tag
	Shared      bool     `json:"shared"`  // collections
	Count       int      `json:"count"`   // collections: assets inside, at any depth
	Bar         []Share  `json:"bar"`     // collections: tasks by status
	Faces       []string `json:"faces"`   // collections: who holds tasks inside, at most 4
}

// Stop is a status that I may not set, and the sentence with which the act would be refused: a board says it before
// the drop.
type Stop struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// Share is a part of a collection's bar.
type Share struct {
	Status string `json:"status"`
	Count  int    `json:"count"`
}

// Counts are the numbers on tabs, chips and in the footer.
type Counts struct {
	Default    int `json:"default"`
	My         int `json:"my"`
	Assigned   int `json:"assigned"`
	Unassigned int `json:"unassigned"`
	Modified   int `json:"modified"`
	Untracked  int `json:"untracked"`
	Outdated   int `json:"outdated"`
	Missing    int `json:"missing"`
	Parked     int `json:"parked"`     // chains of parked checkpoints on the Parked screen
	ParkedOpen int `json:"parkedOpen"` // of them those that nobody has decided about
}

// Column is a column of the board.
type Column struct {
	Status string `json:"status"`
	Total  int    `json:"total"`
	Cards  []Row  `json:"cards"` // the first ListRequest.Limit of them; Cards fetches the rest
}

// BoardView is every column with its first cards.
type BoardView struct {
	Seq     int64    `json:"seq"`
	Total   int      `json:"total"`
	Columns []Column `json:"columns"`
}

// CardsRequest asks for more cards of one column.
type CardsRequest struct {
	List   ListRequest `json:"list"`
	Status string      `json:"status"`
}

// MoveRequest is a drag, or its key: cards to a column and a place in it.
type MoveRequest struct {
	IDs    []string `json:"ids"`
	Status string   `json:"status"` // "" = the place in the column alone changes
	Before string   `json:"before"` // the card above the gap; "" = the top
	After  string   `json:"after"`  // the card below the gap; "" = the end
	Notes  []string `json:"notes"`  // for a retake
	Reason string   `json:"reason"`
}

// Act is what became of an act on any number of assets.
type Act struct {
	Op       string   `json:"op"` // what Undo takes back; "" when nothing was done
	Done     int      `json:"done"`
	Refused  int      `json:"refused"`
	Sentence string   `json:"sentence"` // past tense, for the toast: "Ben was assigned to 3 tasks"
	Results  []Result `json:"results"`
}

// Result is what became of one asset.
type Result struct {
	ID    string `json:"id"`
	Path  string `json:"path"`
	Done  bool   `json:"done"`
	Error *Error `json:"error"`
}

// AssignRequest gives tasks to a person; To "" = to nobody.
type AssignRequest struct {
	IDs      []string `json:"ids"`
	To       string   `json:"to"`
	Convert  bool     `json:"convert"` // resources become tasks first
	Reason   string   `json:"reason"`
	Override bool     `json:"override"` // though its holder has it on the road; needs a reason
}

// StatusRequest moves tasks to a status.
type StatusRequest struct {
	IDs    []string `json:"ids"`
	Status string   `json:"status"`
	Notes  []string `json:"notes"` // for a retake: the checklist
	Reason string   `json:"reason"`
}

// SetRequest changes fields; a nil field stays.
type SetRequest struct {
	IDs         []string `json:"ids"`
	Type        *string  `json:"type"`
	AddTags     []string `json:"addTags"`
	RemoveTags  []string `json:"removeTags"`
	Due         *string  `json:"due"`
	Priority    *int     `json:"priority"`
	EstimateMin *int     `json:"estimateMin"`
	Description *string  `json:"description"`
}

// Suggestion is a person in the assignee picker.
type Suggestion struct {
	Member  Member `json:"member"`
	Open    int    `json:"open"`    // tasks they hold that are not done
	Retakes int    `json:"retakes"` // of them retakes
	Reason  string `json:"reason"`  // "had this task before", "Animation", ...
	Holds   bool   `json:"holds"`   // the present holder of all the selected
	Match   []int  `json:"match"`   // start and end, in UTF-16 units, of the part of the name that matched; empty when it was elsewhere
}

// Details is what the pane shows for one asset or collection.
type Details struct {
	Row               Row    `json:"row"`
	Description       string `json:"description"`
	Preview           string `json:"preview"` // URL of a large picture, or ""
	Made              int64  `json:"made"`
	MadeBy            string `json:"madeBy"`
	FileBytes         int64  `json:"fileBytes"` // on disk
	FileChanged       int64  `json:"fileChanged"`
	Base              string `json:"base"`              // label of the checkpoint that the file on disk came from
	Holder            string `json:"holder"`            // sentence about who can save: "Ben holds this task"
	Arriving          bool   `json:"arriving"`          // others have saved what has not arrived yet: see Arriving
	CheckpointRefusal *Error `json:"checkpointRefusal"` // why I cannot checkpoint it, or null
	Needs             []Link `json:"needs"`
	NeededBy          []Link `json:"neededBy"`
	Notes             []Note `json:"notes"`
}

// Link is a dependency.
type Link struct {
	Row Row    `json:"row"`
	Via string `json:"via"` // why it is there: "through dragon_rig.blend", "" when direct
}

// Note is something to do on a task.
type Note struct {
	ID         string `json:"id"`
	Text       string `json:"text"`
	Author     string `json:"author"`
	At         int64  `json:"at"`
	Checkpoint string `json:"checkpoint"` // label
	DoneBy     string `json:"doneBy"`
	CanTick    bool   `json:"canTick"`
}

// HistoryRequest asks for part of an asset's history, newest first.
type HistoryRequest struct {
	ID     string `json:"id"`
	Filter string `json:"filter"` // everything, checkpoints, status, notes
	Before int64  `json:"before"` // seq; 0 = from the newest
	Limit  int    `json:"limit"`
}

// History is part of an asset's history.
type History struct {
	Items []HistoryItem `json:"items"`
	More  bool          `json:"more"`
	Due   bool          `json:"due"`   // the older part is still on its way: the project was cloned a moment ago
	Story string        `json:"story"` // "Sent to WFA on 6 March with this image. Came back as Retake on 8 March. ..."
}

// HistoryItem is one line of the audit trail.
type HistoryItem struct {
	Key          string `json:"key"`
	Seq          int64  `json:"seq"` // 0 for a safety checkpoint, and for what is not sent yet
	Kind         string `json:"kind"`
	Sentence     string `json:"sentence"` // "Came back as Retake"
	Text         string `json:"text"`     // comment or reason
	Actor        string `json:"actor"`
	At           int64  `json:"at"`
	Status       string `json:"status"` // the status it was made at
	From         string `json:"from"`
	Checkpoint   string `json:"checkpoint"`   // label or ""
	CheckpointID string `json:"checkpointID"` // can be restored when not ""
	Dropped      bool   `json:"dropped"`
	Unsent       bool   `json:"unsent"` // no studio has decided it yet
	Bytes        int64  `json:"bytes"`
	NewBytes     int64  `json:"newBytes"`
	Preview      string `json:"preview"`
	Notes        []Note `json:"notes"`
}

// Prepared is what the checkpoint dialog shows before the person types.
type Prepared struct {
	Files []PreparedFile `json:"files"`
	Moves []string       `json:"moves"` // statuses that every file may be sent to in this step, the present one first when shared
	Size  int64          `json:"size"`
}

// PreparedFile is one file in the dialog.
type PreparedFile struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Path      string `json:"path"`
	Type      string `json:"type"`
	State     string `json:"state"`
	Status    string `json:"status"`
	Next      string `json:"next"` // v9
	Bytes     int64  `json:"bytes"`
	HeadBytes int64  `json:"headBytes"`
	Preview   string `json:"preview"` // the newest picture, or the thumbnail inside the file
	OpenNotes []Note `json:"openNotes"`
	Refusal   *Error `json:"refusal"`
}

// CheckpointRequest makes checkpoints of files in one act.
type CheckpointRequest struct {
	IDs     []string `json:"ids"`
	Comment string   `json:"comment"`
	Image   string   `json:"image"`  // token of an uploaded picture (POST /image), or ""
	Status  string   `json:"status"` // status id, or "" = as it is
	Anyway  bool     `json:"anyway"`
}

// Job is long work: started by a bound method that returns its id, told by EventJob.
type Job struct {
	ID          string   `json:"id"`
	Kind        string   `json:"kind"`  // checkpoint restore add fetch demo scan verify
	Title       string   `json:"title"` // "Checkpoint of sh020_anim.blend"
	Phase       string   `json:"phase"` // reading storing securing done
	Done        int64    `json:"done"`  // bytes
	Total       int64    `json:"total"` // bytes; 0 = not known
	PerSecond   int64    `json:"perSecond"`
	RemainingMs int64    `json:"remainingMs"`
	NewBytes    int64    `json:"newBytes"`
	Safe        bool     `json:"safe"` // everything is durable on this computer
	Ended       bool     `json:"ended"`
	Error       *Error   `json:"error"` // why it failed or was stopped
	Act         Act      `json:"act"`
	Labels      []string `json:"labels"`  // of the checkpoints made
	Project     string   `json:"project"` // demo: the folder to open
}

// NewRequest plans tasks or makes a collection.
type NewRequest struct {
	Parent     string   `json:"parent"` // collection id; "" = the project's root
	Name       string   `json:"name"`
	Collection bool     `json:"collection"`
	Task       bool     `json:"task"`
	Type       string   `json:"type"`
	Tags       []string `json:"tags"`
	Assign     string   `json:"assign"`
}

// AddRequest tracks files of the working folder.
type AddRequest struct {
	Paths   []string `json:"paths"` // relative to the project
	Task    bool     `json:"task"`
	Type    string   `json:"type"`
	Assign  string   `json:"assign"`
	Comment string   `json:"comment"`
}

// ParkedView is the chains of parked checkpoints, the oldest first.
type ParkedView struct {
	Seq   int64        `json:"seq"`
	Items []ParkedItem `json:"items"`
	More  int          `json:"more"` // those that are not among Items
}

// ParkedItem is a chain of parked checkpoints beside the line of its asset.
type ParkedItem struct {
	ID       string       `json:"id"` // of its first checkpoint
	Asset    string       `json:"asset"`
	Name     string       `json:"name"`
	Path     string       `json:"path"`
	Kind     string       `json:"kind"`
	Type     string       `json:"type"`
	Assignee string       `json:"assignee"`
	State    string       `json:"state"`  // open kept copied trashed
	Title    string       `json:"title"`  // sentence: whose work is safe beside what
	Reason   string       `json:"reason"` // sentence: why it is parked
	Base     string       `json:"base"`   // label of the version that it goes on from, or ""
	Labels   []string     `json:"labels"` // of its checkpoints, the oldest first
	Current  ParkedSide   `json:"current"`
	Parked   ParkedSide   `json:"parked"` // its newest
	Verbs    []ParkedVerb `json:"verbs"`  // the one that comes first is primary
}

// ParkedSide is a checkpoint on one side of the choice.
type ParkedSide struct {
	Label   string `json:"label"` // "" when there is none
	Author  string `json:"author"`
	At      int64  `json:"at"`
	Comment string `json:"comment"`
	Status  string `json:"status"` // the status it was made at
	Bytes   int64  `json:"bytes"`
	Preview string `json:"preview"`
}

// ParkedVerb is what may be done with a chain.
type ParkedVerb struct {
	Verb        string `json:"verb"`        // adopt copy keep trash restore ask purge
	Consequence string `json:"consequence"` // one sentence
	Refusal     *Error `json:"refusal"`     // why I may not, or null
}

// ClosureView is what a task needs.
type ClosureView struct {
	Items []Link `json:"items"`
	Bytes int64  `json:"bytes"`
}
