package studio

// Authority says on whose word a row is written into a project store.
type Authority uint8

// Authorities.
const (
	OwnStore      Authority = iota + 1 // a personal project: what a person does here is decided here
	AheadOfServer                      // a studio project: what a person does here is decided ahead of the server
	FromServer                         // a studio project: rows of the server, and what is pending laid over them again
)

// Need is what a checkpoint row must meet when it is written into a project store.
type Need uint8

// Needs of a new checkpoint row. The project store makes a trigger of each. Its act is an event where the store decides, and
// an op of the queue ahead of a server.
const (
	NeedHolder       Need = iota + 1 // somebody holds the task
	NeedAuthorHolds                  // that is the author
	NeedAuthorActs                   // the author is who acts, where the store knows who does
	NeedAssignment                   // it carries the present assignment
	NeedBaseIsHead                   // it continues the head
	NeedNextVersion                  // its version is the next one
	NeedNoVersion                    // it has no version
	NeedAct                          // its act, by its author, is written already
	NeedParkedAct                    // the same, with the verdict PARKED
	NeedPending                      // an act of its author about it waits in the queue, whatever becomes of it
	NeedManifest                     // its manifest is stored
	NeedFirstOfAsset                 // it is the v1 of an asset that its author added
)

// Code is what a statement that does not meet the need is refused with.
func (n Need) Code() Code {
	switch n {
	case NeedHolder:
		return CodeUnassigned
	case NeedAuthorHolds, NeedAuthorActs:
		return CodeNotAssignee
	case NeedAssignment:
		return CodeStaleAssignment
	case NeedBaseIsHead:
		return CodeOutdatedBase
	}
	return CodeForged
}

// Protected is a row of the protection table: which needs a checkpoint has that is born in a state.
type Protected struct {
	Name  string // of the trigger
	By    Authority
	Born  CheckpointState
	Kind  AssetKind // 0: of both kinds
	First bool      // the v1 that was added with its asset
	Needs []Need
}

// Protection is the table from which a project store generates its triggers: rule 3, for a raw SQL statement too.
// They stop mistakes; forgery is found by verify and ignored by a studio server. A state that is not listed for an
// authority cannot be born there: a version is only a server's to give, where there is one.
func Protection() []Protected {
	return []Protected{
		{"task", OwnStore, Accepted, Task, false, []Need{NeedHolder, NeedAuthorHolds, NeedAuthorActs, NeedAssignment,
			NeedBaseIsHead, NeedNextVersion, NeedAct, NeedManifest}},
		{"resource", OwnStore, Accepted, Resource, false, []Need{NeedAuthorActs, NeedBaseIsHead, NeedNextVersion, NeedAct,
			NeedManifest}},
		{"first", OwnStore, Accepted, 0, true, []Need{NeedFirstOfAsset, NeedAuthorActs, NeedNextVersion, NeedAct, NeedManifest}},
		{"parked_task", OwnStore, Parked, Task, false, []Need{NeedHolder, NeedAuthorHolds, NeedAuthorActs, NeedNoVersion,
			NeedParkedAct, NeedManifest}},
		{"parked_resource", OwnStore, Parked, Resource, false, []Need{NeedAuthorActs, NeedNoVersion, NeedParkedAct, NeedManifest}},
		{"safety", OwnStore, Safety, 0, false, []Need{NeedAuthorActs, NeedNoVersion, NeedManifest}},

		{"local_task", AheadOfServer, Local, Task, false, []Need{NeedHolder, NeedAuthorHolds, NeedAuthorActs, NeedAssignment,
			NeedBaseIsHead, NeedNoVersion, NeedAct, NeedManifest}},
		{"local_resource", AheadOfServer, Local, Resource, false, []Need{NeedAuthorActs, NeedBaseIsHead, NeedNoVersion, NeedAct,
			NeedManifest}},
		{"local_first", AheadOfServer, Local, 0, true, []Need{NeedFirstOfAsset, NeedAuthorActs, NeedNoVersion, NeedAct, NeedManifest}},
		{"contested_task", AheadOfServer, Contested, Task, false, []Need{NeedHolder, NeedAuthorHolds, NeedAuthorActs, NeedNoVersion,
			NeedParkedAct, NeedManifest}},
		{"contested_resource", AheadOfServer, Contested, Resource, false, []Need{NeedAuthorActs, NeedNoVersion, NeedParkedAct,
			NeedManifest}},
		{"safety_ahead", AheadOfServer, Safety, 0, false, []Need{NeedAuthorActs, NeedNoVersion, NeedManifest}},

		{"replayed_local", FromServer, Local, 0, false, []Need{NeedAuthorActs, NeedNoVersion, NeedPending, NeedManifest}},
		{"replayed_contested", FromServer, Contested, 0, false, []Need{NeedAuthorActs, NeedNoVersion, NeedPending, NeedManifest}},
		{"pulled_announced", FromServer, Announced, 0, false, []Need{NeedNoVersion}},
		{"pulled_accepted", FromServer, Accepted, 0, false, nil},
		{"pulled_parked", FromServer, Parked, 0, false, []Need{NeedNoVersion}},
		{"pulled_step", FromServer, Step, 0, false, []Need{NeedNoVersion}},
		{"pulled_dropped", FromServer, Dropped, 0, false, nil},
	}
}
