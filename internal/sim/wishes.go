package sim

import (
	"fmt"

	"framehold/internal/studio"
)

// acting is what a person looks at when they act: one asset of their view.
type acting struct {
	*World
	c     *client
	view  *view
	a     studio.Asset
	group studio.GroupID
}

// wish is what a person would do next: the ops of one act, or nothing.
func (w *World) wish(c *client) []studio.Op {
	assets := c.store.All(studio.TableAsset)
	if len(assets) == 0 {
		return nil
	}
	p := acting{w, c, c.store.view, assets[w.rng.IntN(len(assets))].(studio.Asset), studio.GroupID{ID: w.newID()}}
	if held := c.store.view.HeldBy(c.store.stand.Me); len(held) > 0 && w.chance(60) {
		p.a = held[w.rng.IntN(len(held))]
	}
	switch w.rng.IntN(16) {
	case 0, 1, 2, 3, 4:
		return p.save()
	case 5, 6:
		members := p.view.Members()
		return p.assign(members[w.rng.IntN(len(members))].User)
	case 7:
		if p.a.Assignee == c.store.stand.Me {
			return p.assign(studio.UserID{})
		}
		return p.assign(c.store.stand.Me)
	case 8, 9:
		return p.review()
	case 10, 11:
		return p.structure()
	case 12:
		return p.parked()
	case 13:
		return p.undo()
	case 14:
		return p.people()
	}
	return p.small()
}

// wishes tries a few until one is made: people do what they may.
func (w *World) wishes(c *client) []studio.Op {
	for range 4 {
		if ops, insist := w.wish(c), w.chance(40); ops != nil && c.store.act(ops, insist) {
			return ops
		}
	}
	return nil
}

func (p acting) op(kind studio.Kind, body studio.Body) studio.Op {
	return studio.Op{ID: studio.OpID{ID: p.newID()}, Kind: kind, Entity: p.a.ID.ID, Group: p.group,
		MadeHybrid: uint64(max(p.nowMs+p.c.skewMs, 0)) << 16, Body: body}
}

func one(op studio.Op) []studio.Op { return []studio.Op{op} }

func (p acting) status() studio.StatusID {
	statuses := p.view.Statuses()
	return statuses[p.rng.IntN(len(statuses))].ID
}

func (p acting) assign(to studio.UserID) []studio.Op {
	return one(p.op(studio.KindAssign, &studio.AssignBody{To: to, Expect: p.a.Assignment}))
}

// save is a checkpoint, perhaps with a move; now and then on an older version than the newest.
func (p acting) save() []studio.Op {
	id := studio.CheckpointID{ID: p.newID()}
	bytes, manifest := contentOf(id)
	base := p.a.Head
	if head, ok := p.view.Checkpoint(base); ok && p.chance(10) {
		base = head.Prev
	}
	announce := &studio.AnnounceBody{Checkpoint: id, Base: base, Assignment: p.a.Assignment, Status: p.a.Status, Manifest: manifest,
		Bytes: int64(len(bytes.chunk)), Comment: "saved"}
	seal := &studio.SealBody{Checkpoint: id}
	if to := p.status(); p.chance(30) && to != p.a.Status {
		announce.Status, seal.From, seal.To = to, p.a.Status, to
	}
	p.c.store.bytes[id] = bytes
	return []studio.Op{p.op(studio.KindAnnounce, announce), p.op(studio.KindSeal, seal)}
}

// review is a move, with a note or without.
func (p acting) review() []studio.Op {
	move := &studio.StatusBody{From: p.a.Status, To: p.status(), About: p.a.Head}
	if p.chance(50) {
		return one(p.op(studio.KindStatusSet, move))
	}
	note := studio.NoteID{ID: p.newID()}
	move.Notes = []studio.NoteID{note}
	ops := []studio.Op{
		p.op(studio.KindNoteAdd, &studio.NoteBody{Note: note, Checkpoint: p.a.Head, Text: "look at this", Checkbox: true}),
		p.op(studio.KindStatusSet, move),
	}
	ops[0].Atomic, ops[1].Atomic = true, true
	return ops
}

func (p acting) structure() []studio.Op {
	collections := p.c.store.All(studio.TableCollection)
	parent := studio.CollectionID{}
	if len(collections) > 0 && p.chance(70) {
		parent = collections[p.rng.IntN(len(collections))].(studio.Collection).ID
	}
	name := fmt.Sprintf("name%d", p.rng.IntN(6))
	switch p.rng.IntN(9) {
	case 0:
		return p.create(parent, name)
	case 1, 2:
		return one(p.op(studio.KindRename, &studio.RenameBody{Name: name, Seen: p.a.Name}))
	case 3:
		return one(p.op(studio.KindTrash, &studio.TrashBody{SeenHead: p.a.Head, SeenParked: studio.OpenChains(p.c.store.view, p.a.ID)}))
	case 4:
		return one(p.op(studio.KindRestore, &studio.EmptyBody{}))
	case 5:
		return one(p.op(studio.KindMove, &studio.MoveBody{Parent: parent, Seen: p.a.Parent}))
	case 6:
		made := p.op(studio.KindCollectionCreate, &studio.CreateBody{Name: name, Parent: parent})
		made.Entity = p.newID()
		return one(made)
	case 7:
		if parent.IsZero() {
			return one(p.op(studio.KindConvert, &studio.ConvertBody{To: studio.Task + studio.Resource - p.a.Kind}))
		}
		op := p.op([]studio.Kind{studio.KindTrash, studio.KindRestore}[p.rng.IntN(2)], &studio.TrashBody{})
		if op.Entity = parent.ID; op.Kind == studio.KindRestore {
			op.Body = &studio.EmptyBody{}
		}
		return one(op)
	}
	return p.depend()
}

// create adds an asset, perhaps with its v1 in the same act (row B8c).
func (p acting) create(parent studio.CollectionID, name string) []studio.Op {
	made := &studio.CreateBody{Name: name, Parent: parent, Kind: studio.AssetKind(1 + p.rng.IntN(2))}
	p.a = studio.Asset{ID: studio.AssetID{ID: p.newID()}}
	if p.chance(50) {
		return one(p.op(studio.KindAssetCreate, made))
	}
	ops := p.save()
	made.First = ops[0].Body.(*studio.AnnounceBody).Checkpoint
	*ops[1].Body.(*studio.SealBody) = studio.SealBody{Checkpoint: made.First}
	return append(one(p.op(studio.KindAssetCreate, made)), ops...)
}

func (p acting) depend() []studio.Op {
	assets := p.c.store.All(studio.TableAsset)
	target := assets[p.rng.IntN(len(assets))].(studio.Asset).ID.ID
	for _, have := range p.view.Needs(p.a.ID) {
		if p.chance(30) {
			return one(p.op(studio.KindDependRemove, &studio.DependBody{Target: have.Target}))
		}
	}
	return one(p.op(studio.KindDependAdd, &studio.DependBody{Target: target}))
}

func (p acting) parked() []studio.Op {
	kinds := []studio.Kind{studio.KindAdopt, studio.KindAdopt, studio.KindKeep, studio.KindParkedTrash, studio.KindParkedRestore}
	for _, r := range p.c.store.All(studio.TableParked) {
		chain := r.(studio.ParkedChain)
		if chain.State == studio.ParkedAdopted || p.chance(50) {
			continue
		}
		a, ok := p.view.Asset(chain.Asset)
		if !ok {
			continue
		}
		p.a = a
		body := &studio.ParkedBody{Root: chain.Root, ExpectHead: a.Head}
		if _, members := p.view.Chain(chain.Root); len(members) > 1 && p.chance(30) {
			body.Upto = members[p.rng.IntN(len(members))].ID
		}
		return one(p.op(kinds[p.rng.IntN(len(kinds))], body))
	}
	return p.drop()
}

// drop frees the bytes of an own checkpoint.
func (p acting) drop() []studio.Op {
	for _, r := range p.c.store.All(studio.TableCheckpoint) {
		if k := r.(studio.Checkpoint); k.Author == p.c.store.stand.Me && k.State == studio.Parked && p.chance(20) {
			p.a.ID = k.Asset
			return one(p.op(studio.KindDrop, &studio.CheckpointBody{Checkpoint: k.ID}))
		}
	}
	return nil
}

// undo takes one of the last acts back.
func (p acting) undo() []studio.Op {
	s := p.c.store
	own := append(append([]queued{}, s.past...), s.queue...)
	if len(own) == 0 {
		return nil
	}
	q := own[max(len(own)-1-p.rng.IntN(6), 0)]
	ev, ok := p.view.Event(q.Op.ID)
	if !ok {
		return nil
	}
	var before []studio.Row
	for _, image := range q.Undo {
		if r, err := studio.DecodeRow(image.Table, image.Before); err == nil && image.Before != nil {
			before = append(before, r)
		}
	}
	kind, body, ok := studio.InverseOf(p.view, ev, before)
	if !ok {
		return nil
	}
	op := p.op(kind, body)
	op.Entity, op.Undoes = ev.Entity, ev.Op
	return one(op)
}

// people changes a member's role, or removes or takes back one; the first member stays admin.
func (p acting) people() []studio.Op {
	members := p.view.Members()
	m := members[p.rng.IntN(len(members))]
	if m.Username == "p0" || p.c.n != 0 {
		return p.small()
	}
	seen := m.Ver
	if m.Gone || p.chance(20) {
		m.Gone = !m.Gone
	} else {
		m.Role = p.roles[[]int{2, 3, 4, 5}[p.rng.IntN(4)]]
	}
	op := p.op(studio.KindMemberSet, &studio.RowBody{SeenVer: seen, Row: studio.EncodeRow(m)})
	op.Entity = m.User.ID
	return one(op)
}

func (p acting) small() []studio.Op {
	tag := &studio.TagBody{Tag: fmt.Sprintf("tag%d", p.rng.IntN(3))}
	switch p.rng.IntN(5) {
	case 0:
		return one(p.op(studio.KindTagAdd, tag))
	case 1:
		return one(p.op(studio.KindTagRemove, tag))
	case 2:
		return one(p.op(studio.KindRankSet, &studio.RankBody{Rank: fmt.Sprintf("r%dV", p.rng.IntN(100))}))
	case 3:
		for _, n := range p.view.Notes(p.a.ID) {
			if p.chance(50) {
				return one(p.op(studio.KindNoteResolve, &studio.ResolveBody{Note: n.ID, Done: n.DoneBy.IsZero()}))
			}
			if n.Author == p.c.store.stand.Me {
				return one(p.op(studio.KindNoteEdit, &studio.NoteEditBody{Note: n.ID, SeenVer: n.Ver, Text: fmt.Sprintf("text %d", p.rng.IntN(9))}))
			}
		}
	}
	return one(p.op(studio.KindSet, &studio.SetBody{Field: studio.FieldPriority, Seen: p.a.FieldValue(studio.FieldPriority),
		Value: fmt.Sprint(p.rng.IntN(4))}))
}
