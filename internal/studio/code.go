package studio

import (
	"errors"
	"fmt"
)

// Code is the stable name of a refusal, failure or verdict's reason: lower snake case, a public contract.
type Code string

// Codes of refusals (exit 3), of things not found (5), failures (1) and verdicts.
const (
	CodeNotAssignee     Code = "not_assignee"
	CodeUnassigned      Code = "unassigned"
	CodePermission      Code = "permission"
	CodeNoteRequired    Code = "note_required"
	CodeImageRequired   Code = "image_required"
	CodeIsResource      Code = "is_resource"
	CodeOutdatedBase    Code = "outdated_base"
	CodeStillHeld       Code = "still_held"
	CodeNotMember       Code = "not_member"
	CodeUsernameTaken   Code = "username_taken"
	CodeFolderCopied    Code = "folder_copied"
	CodeNestedProject   Code = "nested_project"
	CodeCycle           Code = "cycle"
	CodeLastAdmin       Code = "last_admin"
	CodeStaleAssignment Code = "stale_assignment"
	CodeBadTarget       Code = "bad_target"
	CodeTrashed         Code = "trashed"
	CodeNewerWork       Code = "newer_work"
	CodeCheckpointPark  Code = "checkpoint_parked"
	CodeStaleStatus     Code = "stale_status"
	CodeWithdrawn       Code = "withdrawn"
	CodeStatusGone      Code = "status_gone"
	CodeChanged         Code = "changed"
	CodePurged          Code = "purged"
	CodeUnknownTarget   Code = "unknown_target"
	CodeInvalidName     Code = "invalid_name"
	CodeTooLong         Code = "too_long"
	CodeHeadMoved       Code = "head_moved"
	CodeStaleField      Code = "stale_field"
	CodeProjectClosed   Code = "project_closed"
	CodeGroup           Code = "group"
	CodeNameTaken       Code = "name_taken" // here a name must be free; on a server it becomes MERGED(renamed)
	CodeLocked          Code = "locked"
	CodeNothingToUndo   Code = "nothing_to_undo"
	CodeLastStatus      Code = "last_status" // a project keeps one status of category todo
	CodeParkedOpen      Code = "parked_open" // an open parked checkpoint is not dropped
	CodeIsHead          Code = "is_head"     // nor is the head
	CodeOnTheRoad       Code = "on_the_road"
	CodePinned          Code = "pinned" // a file that a task on the road needs here
	CodeUnknownAsk      Code = "unknown_ask"

	// What a person reads in their inbox though nothing of theirs was refused.
	CodeAssigned    Code = "assigned"     // a task was given to them
	CodeTaken       Code = "taken"        // a task of theirs went to somebody else
	CodeRetaken     Code = "retaken"      // a task of theirs came back
	CodeAsked       Code = "asked"        // somebody asks them to hand a task in
	CodeUnanswered  Code = "unanswered"   // an ask of theirs was not answered in time
	CodeNotYet      Code = "not_yet"      // an ask of theirs was answered no
	CodeAdoptAsked  Code = "adopt_asked"  // somebody asks them to adopt what is parked
	CodeOverdue     Code = "overdue"      // a task was on the road until a date that is over
	CodeRoadNew     Code = "road_new"     // it needs more than when they left
	CodeRoadMissing Code = "road_missing" // not all of what it needs is here
	CodeUnshared    Code = "unshared"     // files here are of assets that are not shared with them any more

	CodeOrphan       Code = "orphan"
	CodeNoPermission Code = "no_permission"
	CodeAssetTrashed Code = "asset_trashed"
	CodeUnchanged    Code = "unchanged"
	CodeAlready      Code = "already"
	CodeSuperseded   Code = "superseded"
	CodeRenamed      Code = "renamed"
	CodeReparented   Code = "reparented"
	CodeStatusKept   Code = "status_kept"
	CodeReplaced     Code = "status_replaced"
	CodeBothKept     Code = "both_kept"
	CodeWaitContent  Code = "wait_content"
	CodeWaitBase     Code = "wait_base"
	CodeChain        Code = "chain"
	CodeDiverged     Code = "diverged"
	CodeDivergedSelf Code = "diverged_self"
	CodeUnreadable   Code = "unreadable" // an op that the server could not read: it keeps the bytes

	CodeQuota          Code = "quota"
	CodeUnreachable    Code = "unreachable"      // the server; the work is safe here
	CodeUpgrade        Code = "upgrade_required" // this program is too old for the server
	CodeServerBehind   Code = "needs_admin"      // this computer has seen newer work than the server
	CodeSetBack        Code = "set_back"         // the server was; this computer gave back what it has
	CodeNotShared      Code = "not_shared"       // the server does not give it to this person
	CodeUnknownProject Code = "unknown_project"
	CodeNoServer       Code = "no_server" // a personal project has nothing to sync with

	CodeNotAProject       Code = "not_a_project"
	CodeStoreMissing      Code = "store_missing"
	CodeUnknownAsset      Code = "unknown_asset"
	CodeUnknownMember     Code = "unknown_member"
	CodeUnknownStatus     Code = "unknown_status"
	CodeUnknownType       Code = "unknown_type"
	CodeUnknownRole       Code = "unknown_role"
	CodeUnknownCheckpoint Code = "unknown_checkpoint"
	CodeUnknownNote       Code = "unknown_note"

	CodeUnauthenticated   Code = "unauthenticated" // no session, or one that ended
	CodeBadCredentials    Code = "bad_credentials" // never says which of the two
	CodeTooManyAttempts   Code = "too_many_attempts"
	CodeAccountDisabled   Code = "account_disabled"
	CodeAccountExists     Code = "account_exists"
	CodeLastStudioAdmin   Code = "last_studio_admin"
	CodePasswordShort     Code = "password_short"
	CodeInvitationUsed    Code = "invitation_used"
	CodeInvitationExpired Code = "invitation_expired"
	CodeUnknownInvitation Code = "unknown_invitation"
	CodeUnknownUser       Code = "unknown_user"
	CodeInvalidLink       Code = "invalid_link"
	CodeWrongCertificate  Code = "wrong_certificate"
	CodeStudioMissing     Code = "studio_missing"
	CodeStudioKeyMissing  Code = "studio_key_missing"
	CodeCertificateLost   Code = "certificate_lost"
	CodePublished         Code = "published" // of a project that another studio has
	CodeStudioExists      Code = "studio_exists"
	CodeFolderNotEmpty    Code = "folder_not_empty"
	CodePortTaken         Code = "port_taken"
	CodeNoAddress         Code = "no_address" // of a studio that was never served

	CodeInternal     Code = "internal"
	CodeFileBusy     Code = "file_busy"
	CodeDiskFull     Code = "disk_full"
	CodeReadOnly     Code = "read_only"
	CodeStoreNewer   Code = "store_newer"
	CodeStoreInUse   Code = "store_in_use"
	CodeTimeout      Code = "timeout"
	CodeCancelled    Code = "cancelled"
	CodeDamaged      Code = "damaged"
	CodeForged       Code = "forged" // a row that no act of Framehold would write
	CodeOutside      Code = "outside_project"
	CodeNotAnImage   Code = "not_an_image"
	CodeImageTooBig  Code = "image_too_large"
	CodeEmptyComment Code = "empty_comment"
	CodeNoFile       Code = "no_file"
	CodeNotTracked   Code = "not_tracked"
	CodeUnusableName Code = "unusable_name"
	CodeInTheWay     Code = "in_the_way"
	CodeBadQuery     Code = "bad_query"
	CodeUnsupported  Code = "unsupported"
	CodeUsage        Code = "usage"
)

// Params fill the sentence of a code. Each field is what the sentence names; empty ones are not in it.
type Params struct {
	Who     string // a person's name
	Asset   string // path
	Path    string
	Name    string // what was asked for: a name, version, status
	Now     string // what it is
	Mine    string // what was wanted
	Field   string
	Limit   string
	Version string
	Base    string
	Project string
	Why     string
	When    string // a day, 2026-12-24
	N       int
}

// Refusal is an error with a code: what a rule or a check says. Its sentence is made at the edge.
type Refusal struct {
	Code   Code
	Params Params
}

// Refuse makes a refusal.
func Refuse(code Code, p Params) error { return &Refusal{Code: code, Params: p} }

// Error is for the log; people read the catalogue's sentence.
func (r *Refusal) Error() string { return fmt.Sprintf("%s %+v", r.Code, r.Params) }

// CodeOf returns the code that err carries: "" for nil, CodeInternal for an error without one.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if r, ok := errors.AsType[*Refusal](err); ok {
		return r.Code
	}
	return CodeInternal
}

// RefusalOf returns the refusal that err carries.
func RefusalOf(err error) (*Refusal, bool) { return errors.AsType[*Refusal](err) }

// Must panics when an invariant does not hold: a programmer's mistake, never a person's.
func Must(holds bool, invariant string) {
	if !holds {
		panic("studio: invariant broken: " + invariant)
	}
}

// ParamsFrom reads what Map gave; names that it does not know are passed over.
func ParamsFrom(m map[string]string) Params {
	p := Params{Who: m["who"], Asset: m["asset"], Path: m["path"], Name: m["name"], Now: m["now"], Mine: m["mine"], Field: m["field"],
		Limit: m["limit"], Version: m["version"], Base: m["base"], Project: m["project"], Why: m["why"]}
	n, _ := minutes(m["n"])
	p.N = int(n)
	return p
}

// Map is the params by the names that sentences use; empty ones are not in it.
func (p Params) Map() map[string]string {
	m := map[string]string{}
	for _, f := range []struct{ name, value string }{
		{"who", p.Who}, {"asset", p.Asset}, {"path", p.Path}, {"name", p.Name}, {"now", p.Now}, {"mine", p.Mine},
		{"field", p.Field}, {"limit", p.Limit}, {"version", p.Version}, {"base", p.Base}, {"project", p.Project},
		{"why", p.Why}, {"when", p.When},
	} {
		if f.value != "" {
			m[f.name] = f.value
		}
	}
	if p.N != 0 {
		m["n"] = itoa(uint64(p.N))
	}
	return m
}
