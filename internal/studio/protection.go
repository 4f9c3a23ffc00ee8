package studio

// Need is what a checkpoint row must meet when it is written into a project store.
type Need uint8

// Needs of a new checkpoint row. The project store makes a trigger of each.
const (
	NeedHolder       Need = iota + 1 // somebody holds the task
	NeedAuthorHolds                  // that is the author
	NeedAuthorActs                   // the author is who acts, where the store knows who does
	NeedAssignment                   // it carries the present assignment
	NeedBaseIsHead                   // it continues the head
	NeedNextVersion                  // its version is the next one
	NeedNoVersion                    // it has no version
	NeedEvent                        // its event, by its author, is written already
	NeedParkedEvent                  // the same, with the verdict PARKED
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
	Born  CheckpointState
	Kind  AssetKind // 0: of both kinds
	First bool      // the v1 that was added with its asset
	Needs []Need
}

// Protection is the table from which a project store generates its triggers: rule 3, for a raw SQL statement too.
// They stop mistakes; forgery is found by verify and ignored by a studio server. A state that is not listed cannot
// be born.
func Protection() []Protected {
	return []Protected{
		{"task", Accepted, Task, false, []Need{NeedHolder, NeedAuthorHolds, NeedAuthorActs, NeedAssignment,
			NeedBaseIsHead, NeedNextVersion, NeedEvent, NeedManifest}},
		{"resource", Accepted, Resource, false, []Need{NeedAuthorActs, NeedBaseIsHead, NeedNextVersion, NeedEvent,
			NeedManifest}},
		{"first", Accepted, 0, true, []Need{NeedFirstOfAsset, NeedAuthorActs, NeedNextVersion, NeedEvent, NeedManifest}},
		{"parked_task", Parked, Task, false, []Need{NeedHolder, NeedAuthorHolds, NeedAuthorActs, NeedNoVersion,
			NeedParkedEvent, NeedManifest}},
		{"parked_resource", Parked, Resource, false, []Need{NeedAuthorActs, NeedNoVersion, NeedParkedEvent, NeedManifest}},
		{"safety", Safety, 0, false, []Need{NeedAuthorActs, NeedNoVersion, NeedManifest}},
	}
}
