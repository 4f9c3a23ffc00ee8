package studio

import (
	"fmt"
	"reflect"
)

// Kind is the kind of an op; numbers are stored and sent, and never reused.
type Kind uint8

// Kinds of ops (sync.md section 3).
const (
	KindCollectionCreate Kind = 1
	KindAssetCreate      Kind = 2
	KindRename           Kind = 3
	KindMove             Kind = 4
	KindTrash            Kind = 5
	KindRestore          Kind = 6
	KindPurge            Kind = 7
	KindMerge            Kind = 8
	KindConvert          Kind = 9
	KindSet              Kind = 10
	KindTagAdd           Kind = 11
	KindTagRemove        Kind = 12
	KindDependAdd        Kind = 13
	KindDependRemove     Kind = 14
	KindAssign           Kind = 15
	KindHandoverAsk      Kind = 16
	KindHandoverAnswer   Kind = 17
	KindStatusSet        Kind = 18
	KindAnnounce         Kind = 19
	KindSeal             Kind = 20
	KindDrop             Kind = 21
	KindAdopt            Kind = 22
	KindCopy             Kind = 23
	KindKeep             Kind = 24
	KindParkedTrash      Kind = 25
	KindParkedRestore    Kind = 26
	KindParkedPurge      Kind = 27
	KindParkedAsk        Kind = 28
	KindNoteAdd          Kind = 29
	KindNoteEdit         Kind = 30
	KindNoteResolve      Kind = 31
	KindRankSet          Kind = 32
	KindRoadStart        Kind = 33
	KindRoadEnd          Kind = 34
	KindMemberSet        Kind = 35
	KindRoleSet          Kind = 36
	KindStatusDefine     Kind = 37
	KindStatusRemove     Kind = 38
	KindTypeDefine       Kind = 39
	KindViewSet          Kind = 40
	KindProjectSet       Kind = 41
)

// Op is one intention of one person. Who that is, is never a field of it: see Moment.
type Op struct {
	ID         OpID
	Kind       Kind
	Entity     ID // the asset, collection, member ... that it is about
	Group      GroupID
	Atomic     bool
	Undoes     OpID
	MadeHybrid uint64
	Body       Body
}

// Body is what an op says. The concrete types are those of this file.
type Body interface {
	fielder
	kinds() []Kind // that have this body
}

// EncodeBody is the canonical form of a body: events are hashed over it.
func EncodeBody(b Body) []byte { return encode(b) }

// DecodeBody reads the body of an op of that kind; ErrMalformed otherwise.
func DecodeBody(k Kind, b []byte) (Body, error) {
	body := newBody(k)
	if body == nil {
		return nil, fmt.Errorf("%w, %w: unknown kind %d", ErrMalformed, ErrNewer, k)
	}
	if err := decode(b, body); err != nil {
		return nil, fmt.Errorf("kind %d: %w", k, err)
	}
	return body, nil
}

// Kinds lists the kinds that this program knows, in rising order.
func Kinds() []Kind {
	var known []Kind
	for k := KindCollectionCreate; k <= KindProjectSet; k++ {
		if newBody(k) != nil {
			known = append(known, k)
		}
	}
	return known
}

// bodies is the body of each kind, never changed: newBody makes others like it.
var bodies = func() (of [KindProjectSet + 1]reflect.Type) {
	for _, b := range []Body{
		&CreateBody{}, &RenameBody{}, &MoveBody{}, &TrashBody{}, &ConvertBody{}, &SetBody{}, &TagBody{},
		&DependBody{}, &AssignBody{}, &StatusBody{}, &AnnounceBody{}, &SealBody{}, &CheckpointBody{}, &ParkedBody{},
		&NoteBody{}, &NoteEditBody{}, &ResolveBody{}, &RankBody{}, &RowBody{}, &StatusRemoveBody{}, &EmptyBody{},
		&MergeBody{}, &HandoverAskBody{}, &HandoverAnswerBody{}, &RoadBody{},
	} {
		for _, k := range b.kinds() {
			of[k] = reflect.TypeOf(b).Elem()
		}
	}
	return of
}()

func newBody(k Kind) Body {
	if int(k) >= len(bodies) || bodies[k] == nil {
		return nil
	}
	return reflect.New(bodies[k]).Interface().(Body)
}

// EmptyBody says nothing more than the kind.
type EmptyBody struct{}

func (*EmptyBody) kinds() []Kind   { return []Kind{KindRestore, KindPurge, KindRoadEnd} }
func (*EmptyBody) fields(c *coder) {}

// CreateBody makes a collection or an asset; the entity is its id.
type CreateBody struct {
	Parent CollectionID
	Name   string
	Kind   AssetKind // of an asset
	Type   TypeID
	First  CheckpointID // its v1, when the same act makes it
	Shared bool
}

func (*CreateBody) kinds() []Kind { return []Kind{KindCollectionCreate, KindAssetCreate} }
func (b *CreateBody) fields(c *coder) {
	c.id(1, &b.Parent.ID)
	c.str(2, &b.Name)
	num(c, 3, &b.Kind)
	c.id(4, &b.Type.ID)
	c.id(5, &b.First.ID)
	c.flag(6, &b.Shared)
}

// RenameBody gives an asset or collection another name.
type RenameBody struct{ Name, Seen string }

func (*RenameBody) kinds() []Kind { return []Kind{KindRename} }
func (b *RenameBody) fields(c *coder) {
	c.str(1, &b.Name)
	c.str(2, &b.Seen)
}

// MoveBody puts an asset or collection into another collection.
type MoveBody struct{ Parent, Seen CollectionID }

func (*MoveBody) kinds() []Kind { return []Kind{KindMove} }
func (b *MoveBody) fields(c *coder) {
	c.id(1, &b.Parent.ID)
	c.id(2, &b.Seen.ID)
}

// TrashBody puts an asset or collection into the trash. SeenHead and SeenParked are what the actor saw of an asset: its
// head, and the roots of its open chains of parked checkpoints.
type TrashBody struct {
	SeenHead   CheckpointID
	SeenParked []CheckpointID
}

func (*TrashBody) kinds() []Kind { return []Kind{KindTrash} }
func (b *TrashBody) fields(c *coder) {
	c.id(1, &b.SeenHead.ID)
	idList(c, 2, &b.SeenParked, func(k *CheckpointID) *ID { return &k.ID })
}

// MergeBody says that another asset is the same as the entity, which stays.
type MergeBody struct{ Other AssetID }

func (*MergeBody) kinds() []Kind     { return []Kind{KindMerge} }
func (b *MergeBody) fields(c *coder) { c.id(1, &b.Other.ID) }

// ConvertBody makes a task of a resource, or the reverse.
type ConvertBody struct {
	To     AssetKind
	Status StatusID // of an undo only: the status the task had
}

func (*ConvertBody) kinds() []Kind { return []Kind{KindConvert} }
func (b *ConvertBody) fields(c *coder) {
	num(c, 1, &b.To)
	c.id(2, &b.Status.ID)
}

// Field is a field of an asset that SetBody changes; numbers are stored.
type Field uint8

// Fields of an asset that can be set.
const (
	FieldType        Field = 1 // value: 32 hex digits of the type's id, or ""
	FieldDescription Field = 2
	FieldDue         Field = 3 // 2026-12-24 or ""
	FieldPriority    Field = 4 // "0".."3"
	FieldEstimate    Field = 5 // minutes, decimal
	FieldShared      Field = 6 // of a collection: "1" or ""
)

// SetBody changes one field; values are texts.
type SetBody struct {
	Field       Field
	Seen, Value string
}

func (*SetBody) kinds() []Kind { return []Kind{KindSet} }
func (b *SetBody) fields(c *coder) {
	num(c, 1, &b.Field)
	c.str(2, &b.Seen)
	c.str(3, &b.Value)
}

// TagBody adds or removes a tag.
type TagBody struct{ Tag string }

func (*TagBody) kinds() []Kind     { return []Kind{KindTagAdd, KindTagRemove} }
func (b *TagBody) fields(c *coder) { c.str(1, &b.Tag) }

// DependBody adds or removes a dependency on an asset or collection.
type DependBody struct{ Target ID }

func (*DependBody) kinds() []Kind     { return []Kind{KindDependAdd, KindDependRemove} }
func (b *DependBody) fields(c *coder) { c.id(1, &b.Target) }

// AssignBody gives a task to a person; To zero = to nobody. Expect is the holding that the actor saw. OverrideRoad takes a
// task that another has on the road; it needs a reason.
type AssignBody struct {
	To           UserID
	Expect       AssignmentID
	Reason       string
	OverrideRoad bool
}

func (*AssignBody) kinds() []Kind { return []Kind{KindAssign} }
func (b *AssignBody) fields(c *coder) {
	c.id(1, &b.To.ID)
	c.id(2, &b.Expect.ID)
	c.str(3, &b.Reason)
	c.flag(4, &b.OverrideRoad)
}

// HandoverAskBody asks the holder of the entity to hand it in, for somebody or, To zero, for nobody.
type HandoverAskBody struct {
	Handover   HandoverID
	To         UserID
	DeadlineMs int64 // 0: a day after it arrived
}

func (*HandoverAskBody) kinds() []Kind { return []Kind{KindHandoverAsk} }
func (b *HandoverAskBody) fields(c *coder) {
	c.id(1, &b.Handover.ID)
	c.id(2, &b.To.ID)
	num(c, 3, &b.DeadlineMs)
}

// HandoverAnswerBody answers it: the task is handed in, or why not yet.
type HandoverAnswerBody struct {
	Handover HandoverID
	Yes      bool
	Text     string
}

func (*HandoverAnswerBody) kinds() []Kind { return []Kind{KindHandoverAnswer} }
func (b *HandoverAnswerBody) fields(c *coder) {
	c.id(1, &b.Handover.ID)
	c.flag(2, &b.Yes)
	c.str(3, &b.Text)
}

// RoadBody takes the entity offline until an instant.
type RoadBody struct{ UntilMs int64 }

func (*RoadBody) kinds() []Kind     { return []Kind{KindRoadStart} }
func (b *RoadBody) fields(c *coder) { num(c, 1, &b.UntilMs) }

// StatusBody is a move between statuses.
type StatusBody struct {
	From, To StatusID
	About    CheckpointID // the head that the actor saw; zero: none
	Reason   string
	Notes    []NoteID // of the same group
}

func (*StatusBody) kinds() []Kind { return []Kind{KindStatusSet} }
func (b *StatusBody) fields(c *coder) {
	c.id(1, &b.From.ID)
	c.id(2, &b.To.ID)
	c.id(3, &b.About.ID)
	c.str(4, &b.Reason)
	idList(c, 5, &b.Notes, func(n *NoteID) *ID { return &n.ID })
}

// AnnounceBody tells of a checkpoint; the entity is its asset.
type AnnounceBody struct {
	Checkpoint CheckpointID
	Base       CheckpointID
	Assignment AssignmentID
	Status     StatusID // at creation, with the move of the same step
	Manifest   Hash
	Bytes      int64
	NewBytes   int64
	Comment    string
	Preview    Hash
	Image      Hash
	NoChange   bool
	CopiedFrom CheckpointID
}

func (*AnnounceBody) kinds() []Kind { return []Kind{KindAnnounce} }
func (b *AnnounceBody) fields(c *coder) {
	c.id(1, &b.Checkpoint.ID)
	c.id(2, &b.Base.ID)
	c.id(3, &b.Assignment.ID)
	c.id(4, &b.Status.ID)
	c.hash(5, &b.Manifest)
	num(c, 6, &b.Bytes)
	num(c, 7, &b.NewBytes)
	c.str(8, &b.Comment)
	c.hash(9, &b.Preview)
	c.hash(10, &b.Image)
	c.flag(11, &b.NoChange)
	c.id(12, &b.CopiedFrom.ID)
}

// SealBody asks for a checkpoint's place on the line, with the move of the same step (To zero: none).
type SealBody struct {
	Checkpoint CheckpointID
	From, To   StatusID
	Reason     string
	Notes      []NoteID
}

func (*SealBody) kinds() []Kind { return []Kind{KindSeal} }
func (b *SealBody) fields(c *coder) {
	c.id(1, &b.Checkpoint.ID)
	c.id(2, &b.From.ID)
	c.id(3, &b.To.ID)
	c.str(4, &b.Reason)
	idList(c, 5, &b.Notes, func(n *NoteID) *ID { return &n.ID })
}

// CheckpointBody names a checkpoint of the entity.
type CheckpointBody struct{ Checkpoint CheckpointID }

func (*CheckpointBody) kinds() []Kind     { return []Kind{KindDrop} }
func (b *CheckpointBody) fields(c *coder) { c.id(1, &b.Checkpoint.ID) }

// ParkedBody is an act on a chain of parked checkpoints; the entity is the asset.
type ParkedBody struct {
	Root       CheckpointID
	Upto       CheckpointID // adopt: the last one taken; zero: all
	ExpectHead CheckpointID // adopt
	NewAsset   AssetID      // copy
	Parent     CollectionID // copy
	Name       string       // copy; empty: the asset's
	Of         UserID       // ask: who may adopt
}

func (*ParkedBody) kinds() []Kind {
	return []Kind{KindAdopt, KindCopy, KindKeep, KindParkedTrash, KindParkedRestore, KindParkedPurge, KindParkedAsk}
}
func (b *ParkedBody) fields(c *coder) {
	c.id(1, &b.Root.ID)
	c.id(2, &b.Upto.ID)
	c.id(3, &b.ExpectHead.ID)
	c.id(4, &b.NewAsset.ID)
	c.id(5, &b.Parent.ID)
	c.str(6, &b.Name)
	c.id(7, &b.Of.ID)
}

// NoteBody writes a note on the entity.
type NoteBody struct {
	Note       NoteID
	Checkpoint CheckpointID
	Text       string
	Checkbox   bool
}

func (*NoteBody) kinds() []Kind { return []Kind{KindNoteAdd} }
func (b *NoteBody) fields(c *coder) {
	c.id(1, &b.Note.ID)
	c.id(2, &b.Checkpoint.ID)
	c.str(3, &b.Text)
	c.flag(4, &b.Checkbox)
}

// NoteEditBody changes a note's text, or withdraws it.
type NoteEditBody struct {
	Note      NoteID
	SeenVer   uint64
	Text      string
	Withdrawn bool
}

func (*NoteEditBody) kinds() []Kind { return []Kind{KindNoteEdit} }
func (b *NoteEditBody) fields(c *coder) {
	c.id(1, &b.Note.ID)
	c.u64(2, &b.SeenVer)
	c.str(3, &b.Text)
	c.flag(4, &b.Withdrawn)
}

// ResolveBody ticks a note, or opens it again.
type ResolveBody struct {
	Note NoteID
	Done bool
}

func (*ResolveBody) kinds() []Kind { return []Kind{KindNoteResolve} }
func (b *ResolveBody) fields(c *coder) {
	c.id(1, &b.Note.ID)
	c.flag(2, &b.Done)
}

// RankBody puts a card between others in its column.
type RankBody struct{ Rank string }

func (*RankBody) kinds() []Kind     { return []Kind{KindRankSet} }
func (b *RankBody) fields(c *coder) { c.str(1, &b.Rank) }

// RowBody is a definition as it shall be: the canonical bytes of a Member, Role, Status, Type, SavedView or Project
// row, and the version of it that the actor saw (0: new).
type RowBody struct {
	SeenVer uint64
	Row     []byte
}

func (*RowBody) kinds() []Kind {
	return []Kind{KindMemberSet, KindRoleSet, KindStatusDefine, KindTypeDefine, KindViewSet, KindProjectSet}
}
func (b *RowBody) fields(c *coder) {
	c.u64(1, &b.SeenVer)
	c.blob(2, &b.Row)
}

// StatusRemoveBody removes a status; its tasks go to the replacement.
type StatusRemoveBody struct{ Replacement StatusID }

func (*StatusRemoveBody) kinds() []Kind     { return []Kind{KindStatusRemove} }
func (b *StatusRemoveBody) fields(c *coder) { c.id(1, &b.Replacement.ID) }

// WaitsBehindSeal tells whether an op of an asset waits behind a seal of its actor whose bytes are not on the server yet (row A15).
func WaitsBehindSeal(k Kind) bool {
	switch k {
	case KindStatusSet, KindSeal, KindAssign, KindHandoverAnswer, KindRoadEnd, KindConvert, KindTrash:
		return true
	}
	return false
}
