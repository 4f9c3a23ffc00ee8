package studio

import (
	"bytes"
	"slices"
	"strings"
)

// Decide is the one decision function: of a person's own store, of sync when it plays ops again, and of the studio
// server. It reads the view, changes nothing, and returns what the op comes to. Refusals carry a code and what its
// sentence names. The same view, op and moment give the same decision everywhere. Callers ask view.Err() before
// they believe it.
func Decide(view View, op Op, at Moment) Decision {
	d := decider{view: view, op: op, at: at}
	if refused := d.enter(); refused != nil {
		return *refused
	}
	switch body := op.Body.(type) {
	case *CreateBody:
		return d.create(body)
	case *RenameBody:
		return d.rename(body)
	case *MoveBody:
		return d.move(body)
	case *TrashBody:
		return d.trash(body)
	case *EmptyBody:
		switch op.Kind {
		case KindRestore:
			return d.restore()
		case KindRoadEnd:
			return d.roadEnd()
		}
		return d.purge()
	case *MergeBody:
		return d.merge(body)
	case *ConvertBody:
		return d.convert(body)
	case *SetBody:
		return d.set(body)
	case *TagBody:
		return d.tag(body)
	case *DependBody:
		return d.depend(body)
	case *AssignBody:
		return d.assign(body)
	case *HandoverAskBody:
		return d.handoverAsk(body)
	case *HandoverAnswerBody:
		return d.handoverAnswer(body)
	case *RoadBody:
		return d.roadStart(body)
	case *StatusBody:
		return d.status(body)
	case *AnnounceBody:
		return d.announce(body)
	case *SealBody:
		return d.seal(body)
	case *CheckpointBody:
		return d.drop(body)
	case *ParkedBody:
		return d.parked(body)
	case *NoteBody:
		return d.note(body)
	case *NoteEditBody:
		return d.noteEdit(body)
	case *ResolveBody:
		return d.resolve(body)
	case *RankBody:
		return d.rank(body)
	case *RowBody:
		return d.define(body)
	case *StatusRemoveBody:
		return d.statusRemove(body)
	}
	panic("studio: an op without a known body")
}

// decider holds what one decision looks at.
type decider struct {
	view     View
	op       Op
	at       Moment
	me       Member
	may      Permissions
	founding bool // the project is being made: its creator may define everything
	undoing  bool // takes back an own act whose result still stands: needs no right
}

// enter finds out who acts; it returns a refusal when they may not act at all.
func (d *decider) enter() *Decision {
	project := d.view.Project()
	d.founding = project.State == 0 || project.State == Founding
	me, ok := d.view.Member(d.at.Actor)
	if !d.founding {
		handedIn := d.at.Deposit && HandedIn(d.op.Kind)
		if (!ok || me.Gone || d.at.Deposit) && !handedIn {
			return d.refuse(CodeNotMember, Params{Project: project.Name}).ptr()
		}
		if project.State == Closed && d.op.Kind != KindAnnounce && d.op.Kind != KindSeal && d.op.Kind != KindProjectSet {
			return d.refuse(CodeProjectClosed, Params{Project: project.Name}).ptr()
		}
	}
	d.me = me
	if d.at.System {
		d.undoing = true // asks for no right
	}
	if role, ok := d.view.Role(me.Role); ok {
		d.may = role.May
	}
	if d.op.Undoes.IsZero() {
		return nil
	}
	if reason := d.mayUndo(); reason != "" {
		return d.refuse(reason, Params{Asset: d.pathOf(d.op.Entity)}).ptr()
	}
	d.undoing = rightFree(d.op.Kind)
	return nil
}

// HandedIn tells whether an op of a kind is taken from who may not write any more: what they saved is, and nothing else.
func HandedIn(k Kind) bool { return k == KindAnnounce || k == KindSeal }

func (d Decision) ptr() *Decision { return &d }

func (d *decider) can(p Permissions) bool { return d.undoing || d.founding || d.may.Has(p) }

func (d *decider) refuse(code Code, p Params) Decision {
	return Decision{Verdict: Refused, Reason: code, Params: p}
}

func (d *decider) refuseErr(err error) Decision {
	r, ok := RefusalOf(err)
	Must(ok, "rules refuse with codes")
	return d.refuse(r.Code, r.Params)
}

func (d *decider) noop(code Code, p Params) Decision {
	return Decision{Verdict: Noop, Reason: code, Params: p}
}

func (d *decider) apply(puts ...Row) Decision { return Decision{Verdict: Applied, Puts: puts} }

// nobody is who may help with something that the actor's role does not allow.
func (d *decider) denied(needed Permissions, path string) Decision {
	return d.refuse(CodePermission, Params{Who: WhoMay(d.view, needed), Asset: path})
}

// WhoMay names the first role, from the narrowest, that has a permission and a present member: who can help.
func WhoMay(view View, needed Permissions) string {
	roles := slices.Clone(view.Roles())
	slices.Reverse(roles)
	members := view.Members()
	for _, r := range roles {
		if !r.May.Has(needed) {
			continue
		}
		for _, m := range members {
			if m.Role == r.ID && !m.Gone {
				return m.DisplayName()
			}
		}
	}
	return ""
}

// DisplayName is the full name, else the username.
func (m Member) DisplayName() string {
	if m.Name != "" {
		return m.Name
	}
	return m.Username
}

// nameOf is how a sentence names a person.
func (d *decider) nameOf(id UserID) string {
	m, _ := d.view.Member(id)
	return m.DisplayName()
}

// asset finds the op's asset.
func (d *decider) asset() (Asset, *Decision) {
	a, ok := d.view.Asset(AssetID{d.op.Entity})
	if !ok {
		return a, d.refuse(CodeUnknownTarget, Params{Name: d.op.Entity.String()}).ptr()
	}
	if a.Purged {
		return a, d.refuse(CodePurged, Params{Asset: a.Name}).ptr()
	}
	return a, nil
}

func (d *decider) pathOf(id ID) string { return PathOf(d.view, id) }

// PathOf is where an asset or collection stands, with slashes; the name alone when a parent is not known.
func PathOf(view View, id ID) string {
	var parts []string
	parent := CollectionID{}
	if a, ok := view.Asset(AssetID{id}); ok {
		parts, parent = append(parts, a.Name), a.Parent
	} else {
		parent = CollectionID{id}
	}
	for seen := 0; !parent.IsZero() && seen < depthMax; seen++ {
		c, ok := view.Collection(parent)
		if !ok {
			break
		}
		parts, parent = append(parts, c.Name), c.Parent
	}
	slices.Reverse(parts)
	return strings.Join(parts, "/")
}

const depthMax = 1000 // of collections in collections; a path has at most 4,096 bytes

// inTrash tells whether something stands in the trash, itself or by a collection around it.
func (d *decider) inTrash(parent CollectionID) bool {
	for seen := 0; !parent.IsZero() && seen < depthMax; seen++ {
		c, ok := d.view.Collection(parent)
		if !ok || c.Trashed() {
			return true
		}
		parent = c.Parent
	}
	return false
}

// holder tells whether the actor holds a task.
func (d *decider) holds(a Asset) bool {
	return a.Kind == Task && !a.Assignee.IsZero() && a.Assignee == d.at.Actor
}

// versionLabel is v3, or v4* before it is numbered; "" for none.
func (d *decider) versionLabel(id CheckpointID) string {
	k, ok := d.view.Checkpoint(id)
	if !ok {
		return ""
	}
	return LabelIn(d.view, k)
}

// Label is how people name a checkpoint without looking at any other: v4, or * before it is numbered.
func (k Checkpoint) Label() string {
	if k.Version == 0 {
		return "*"
	}
	return "v" + itoa(uint64(k.Version))
}

// LabelIn is Label with the number that a checkpoint beside the line would have continued: v4* is one made on v3, v5* one
// made on that.
func LabelIn(view View, k Checkpoint) string {
	if k.Version != 0 || k.State == Safety {
		return k.Label()
	}
	n := uint64(1)
	for base, seen := k.Base, 0; !base.IsZero() && seen < depthMax; seen++ {
		b, ok := view.Checkpoint(base)
		if !ok {
			break
		}
		n++
		if b.Version != 0 {
			n += uint64(b.Version) - 1
			break
		}
		base = b.Base
	}
	return "v" + itoa(n) + "*"
}

func itoa(n uint64) string {
	var b [20]byte
	i := len(b)
	for {
		i--
		b[i] = byte('0' + n%10)
		n /= 10
		if n == 0 {
			return string(b[i:])
		}
	}
}

func sameID(a, b ID) bool { return bytes.Equal(a[:], b[:]) }
