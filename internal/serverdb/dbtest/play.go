package dbtest

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

// Play makes up the acts of a small studio, one after the other, out of numbers that pick draws from 0..n-1. What it asks
// for is mostly allowed: what is refused is an event too. Equal numbers make equal acts.
type Play struct {
	Project studio.ProjectID

	pick        func(n int) int
	minted      uint64
	ms          int64
	client      studio.ID
	n           uint64
	roles       []studio.RoleID
	users       []studio.UserID
	statuses    []studio.StatusID
	types       []studio.TypeID
	views       []studio.ViewID
	collections []studio.CollectionID
	assets      []studio.AssetID
	checkpoints []studio.CheckpointID
	notes       []studio.NoteID
	hashes      []studio.Hash
}

// Act is an op and who does it.
type Act struct {
	Op     studio.Op
	Actor  studio.UserID
	Client studio.ID
	N      uint64
	Ms     int64
}

// NewPlay makes a play of a project.
func NewPlay(project studio.ProjectID, pick func(n int) int) *Play {
	return &Play{Project: project, pick: pick, ms: 1_700_000_000_000, client: studio.ID{0: 0xc1, 15: 1},
		collections: []studio.CollectionID{{}}}
}

func (p *Play) mint(kind byte) studio.ID {
	p.minted++
	id := studio.ID{0: kind}
	binary.BigEndian.PutUint64(id[8:], p.minted*0x9e3779b97f4a7c15) // so that ids do not come in order
	return id
}

func (p *Play) hash() studio.Hash {
	h := studio.Hash{0: byte(1 + p.pick(6)), 31: 1}
	if !slices.Contains(p.hashes, h) {
		p.hashes = append(p.hashes, h)
	}
	return h
}

func (p *Play) act(actor studio.UserID, kind studio.Kind, entity studio.ID, body studio.Body) Act {
	p.n++
	p.ms += int64(p.pick(5))
	op := studio.Op{ID: studio.OpID{ID: p.mint(7)}, Kind: kind, Entity: entity, Body: body,
		MadeHybrid: uint64(p.ms-int64(p.pick(9))) << 16}
	return Act{Op: op, Actor: actor, Client: p.client, N: p.n, Ms: p.ms}
}

func one[T any](p *Play, list []T) (some T) {
	if len(list) > 0 {
		some = list[p.pick(len(list))]
	}
	return some
}

// known draws some of a list until it is one that was really made, a few times at most.
func known[K, V any](p *Play, list []K, find func(K) (V, bool)) (some V) {
	for range 4 {
		found, ok := find(one(p, list))
		if ok {
			return found
		}
	}
	return some
}

// Founding is the acts that make a project, with a member of each role.
func (p *Play) Founding() []Act {
	founder := studio.UserID{ID: p.mint(1)}
	var acts []Act
	define := func(kind studio.Kind, row studio.Row, seen uint64) {
		body := studio.RowBody{SeenVer: seen, Row: studio.EncodeRow(row)}
		acts = append(acts, p.act(founder, kind, studio.IDFrom([]byte(row.Key())), &body))
	}
	project := studio.Project{ID: p.Project, Name: "Film", State: studio.Founding}
	define(studio.KindProjectSet, project, 0)
	for i, r := range studio.DefaultRoles() {
		p.roles = append(p.roles, studio.RoleID{ID: p.mint(2)})
		define(studio.KindRoleSet, studio.Role{ID: p.roles[i], Name: r.Name, Order: int32(i), May: r.May}, 0)
	}
	for i, st := range studio.DefaultStatuses() {
		p.statuses = append(p.statuses, studio.StatusID{ID: p.mint(3)})
		define(studio.KindStatusDefine, studio.Status{ID: p.statuses[i], Name: st.Name, Label: st.Label, Shape: st.Shape,
			Category: st.Category, Order: int32(i)}, 0)
	}
	for i, role := range p.roles {
		user := founder
		if i > 0 {
			user = studio.UserID{ID: p.mint(1)}
		}
		p.users = append(p.users, user)
		define(studio.KindMemberSet, studio.Member{User: user, Username: fmt.Sprintf("user%d", i), Name: "Name", Role: role}, 0)
	}
	project.State = studio.Active
	define(studio.KindProjectSet, project, 1)
	return acts
}

// Next is an act that the view may take.
func (p *Play) Next(view studio.View) Act {
	actor := p.users[0] // of the role that may most: else nearly everything is refused
	if p.pick(4) == 0 {
		actor = one(p, p.users)
	}
	a := known(p, p.assets, view.Asset)
	switch p.pick(10) {
	case 0, 1:
		return p.make(view, actor)
	case 2, 3, 4:
		return p.content(view, actor, a)
	case 5:
		return p.define(view, actor)
	case 6, 7:
		return p.plan(view, actor, a)
	}
	return p.arrange(view, actor, a)
}

func (p *Play) name() string {
	return []string{"a", "ab", "abc", "Ana", "ana", "x.blend", "äöü", "long name of a file.psd"}[p.pick(8)]
}

// make makes a collection or an asset; a name that is taken becomes another.
func (p *Play) make(view studio.View, actor studio.UserID) Act {
	body := studio.CreateBody{Name: p.name()}
	if p.pick(2) == 0 {
		body.Parent = known(p, p.collections, view.Collection).ID
	}
	if p.pick(4) == 0 {
		c := studio.CollectionID{ID: p.mint(8)}
		p.collections = append(p.collections, c)
		return p.act(actor, studio.KindCollectionCreate, c.ID, &body)
	}
	body.Kind, body.Type = studio.Task, known(p, p.types, view.Type).ID
	if p.pick(4) == 0 {
		body.Kind = studio.Resource
	}
	a := studio.AssetID{ID: p.mint(4)}
	p.assets = append(p.assets, a)
	return p.act(actor, studio.KindAssetCreate, a.ID, &body)
}

// content is about checkpoints: announced and sealed on the head or beside it, dropped, adopted, kept.
func (p *Play) content(view studio.View, actor studio.UserID, a studio.Asset) Act {
	if !a.Assignee.IsZero() && p.pick(3) > 0 {
		actor = a.Assignee
	}
	k := known(p, p.checkpoints, view.Checkpoint)
	if root := k.ChainRoot; k.State == studio.Parked && p.pick(2) == 0 {
		asset, _ := view.Asset(k.Asset)
		kinds := []studio.Kind{studio.KindAdopt, studio.KindCopy, studio.KindKeep, studio.KindParkedTrash,
			studio.KindParkedRestore}
		body := studio.ParkedBody{Root: root, ExpectHead: asset.Head}
		kind := one(p, kinds)
		if kind == studio.KindCopy {
			body.NewAsset, body.Name, body.ExpectHead = studio.AssetID{ID: p.mint(4)}, p.name(), studio.CheckpointID{}
			p.assets = append(p.assets, body.NewAsset)
		}
		return p.act(actor, kind, k.Asset.ID, &body)
	}
	if k.State == studio.Announced {
		return p.act(k.Author, studio.KindSeal, k.Asset.ID, &studio.SealBody{Checkpoint: k.ID})
	}
	if p.pick(8) == 0 {
		return p.act(actor, studio.KindDrop, k.Asset.ID, &studio.CheckpointBody{Checkpoint: k.ID})
	}
	body := studio.AnnounceBody{Checkpoint: studio.CheckpointID{ID: p.mint(5)}, Base: a.Head, Assignment: a.Assignment,
		Status: a.Status, Manifest: p.hash(), Bytes: int64(p.pick(1000)), Comment: "more", Preview: p.hash()}
	if p.pick(3) == 0 {
		body.Image = p.hash()
	}
	if p.pick(6) == 0 {
		body.Base = one(p, p.checkpoints)
	}
	p.checkpoints = append(p.checkpoints, body.Checkpoint)
	return p.act(actor, studio.KindAnnounce, a.ID.ID, &body)
}

// define changes what the project is made of.
func (p *Play) define(view studio.View, actor studio.UserID) Act {
	row := func(kind studio.Kind, r studio.Row, seen uint64) Act {
		return p.act(actor, kind, studio.IDFrom([]byte(r.Key())), &studio.RowBody{SeenVer: seen, Row: studio.EncodeRow(r)})
	}
	switch p.pick(6) {
	case 0:
		p.types = append(p.types, studio.TypeID{ID: p.mint(10)})
		return row(studio.KindTypeDefine, studio.Type{ID: p.types[len(p.types)-1], Name: fmt.Sprintf("type %d", p.minted),
			Order: int32(p.pick(3))}, 0)
	case 1:
		v := studio.ViewID{ID: p.mint(11)}
		p.views = append(p.views, v)
		return row(studio.KindViewSet, studio.SavedView{ID: v, Owner: actor, Name: "mine", Query: "is:task"}, 0)
	case 2:
		m, _ := view.Member(one(p, p.users))
		m.Title, m.Gone = fmt.Sprintf("title %d", p.minted), p.pick(8) == 0 && m.User != p.users[0]
		return row(studio.KindMemberSet, m, m.Ver)
	case 3:
		s := studio.StatusID{ID: p.mint(3)}
		p.statuses = append(p.statuses, s)
		return row(studio.KindStatusDefine, studio.Status{ID: s, Name: fmt.Sprintf("status %d", p.minted),
			Label: fmt.Sprintf("S%d", p.minted%1000), Shape: "bar", Category: studio.Category(1 + p.pick(6)),
			Order: int32(p.pick(4)), OnlyRoles: []studio.RoleID{p.roles[0]}}, 0)
	case 4:
		body := studio.StatusRemoveBody{Replacement: one(p, p.statuses)}
		return p.act(actor, studio.KindStatusRemove, one(p, p.statuses).ID, &body)
	}
	project := view.Project()
	project.Options.ReviewImage = p.pick(2) == 0
	return row(studio.KindProjectSet, project, project.Ver)
}

// plan gives work out and says what is to be done.
func (p *Play) plan(view studio.View, actor studio.UserID, a studio.Asset) Act {
	switch p.pick(8) {
	case 0, 1:
		return p.act(actor, studio.KindAssign, a.ID.ID, &studio.AssignBody{To: one(p, p.users), Expect: a.Assignment})
	case 2:
		body := studio.StatusBody{From: a.Status, To: one(p, p.statuses), About: a.Head}
		return p.act(actor, studio.KindStatusSet, a.ID.ID, &body)
	case 3:
		n := studio.NoteID{ID: p.mint(6)}
		p.notes = append(p.notes, n)
		return p.act(actor, studio.KindNoteAdd, a.ID.ID, &studio.NoteBody{Note: n, Text: "do it", Checkbox: true})
	case 4:
		n := known(p, p.notes, view.Note)
		return p.act(actor, studio.KindNoteResolve, n.Asset.ID, &studio.ResolveBody{Note: n.ID, Done: p.pick(2) == 0})
	}
	return p.away(view, actor, a)
}

// away takes a task on the road, asks for it, answers, or sets its day.
func (p *Play) away(view studio.View, actor studio.UserID, a studio.Asset) Act {
	switch p.pick(4) {
	case 0:
		return p.act(p.holder(a, actor), studio.KindRoadStart, a.ID.ID, &studio.RoadBody{UntilMs: int64(p.pick(1 << 20))})
	case 1:
		ask := studio.HandoverAskBody{Handover: studio.HandoverID{ID: p.mint(10)}, To: one(p, p.users)}
		return p.act(actor, studio.KindHandoverAsk, a.ID.ID, &ask)
	case 2:
		for _, h := range view.Handovers(a.ID) {
			return p.act(h.From, studio.KindHandoverAnswer, a.ID.ID, &studio.HandoverAnswerBody{Handover: h.ID, Yes: p.pick(2) == 0})
		}
	}
	return p.due(actor, a)
}

// holder is who holds a task, or somebody.
func (p *Play) holder(a studio.Asset, somebody studio.UserID) studio.UserID {
	if a.Assignee.IsZero() {
		return somebody
	}
	return a.Assignee
}

// arrange changes names, places, tags and what needs what.
func (p *Play) arrange(view studio.View, actor studio.UserID, a studio.Asset) Act {
	tag := studio.TagBody{Tag: []string{"hero", "her", "wip"}[p.pick(3)]}
	switch p.pick(9) {
	case 0:
		return p.act(actor, studio.KindRename, a.ID.ID, &studio.RenameBody{Name: p.name(), Seen: a.Name})
	case 1:
		c := known(p, p.collections, view.Collection)
		return p.act(actor, studio.KindMove, c.ID.ID, &studio.MoveBody{Parent: one(p, p.collections), Seen: c.Parent})
	case 2:
		return p.act(actor, studio.KindMove, a.ID.ID, &studio.MoveBody{Parent: one(p, p.collections), Seen: a.Parent})
	case 3:
		if p.pick(6) == 0 {
			return p.act(actor, studio.KindTrash, known(p, p.collections, view.Collection).ID.ID, &studio.TrashBody{})
		}
		return p.act(actor, studio.KindTrash, a.ID.ID, &studio.TrashBody{SeenHead: a.Head, SeenParked: studio.OpenChains(view, a.ID)})
	case 4:
		for range 5 {
			if a.Trashed() {
				break
			}
			a = known(p, p.assets, view.Asset)
		}
		if p.pick(2) == 0 {
			return p.act(actor, studio.KindPurge, a.ID.ID, &studio.EmptyBody{})
		}
		return p.act(actor, studio.KindRestore, a.ID.ID, &studio.EmptyBody{})
	case 5:
		return p.act(actor, studio.KindTagAdd, a.ID.ID, &tag)
	case 6:
		return p.act(actor, studio.KindTagRemove, a.ID.ID, &tag)
	case 7:
		target := one(p, p.assets).ID
		if p.pick(3) == 0 {
			target = one(p, p.collections).ID
		}
		return p.act(actor, studio.KindDependAdd, a.ID.ID, &studio.DependBody{Target: target})
	}
	for _, d := range view.Needs(a.ID) {
		return p.act(actor, studio.KindDependRemove, a.ID.ID, &studio.DependBody{Target: d.Target})
	}
	body := studio.ConvertBody{To: studio.Task + studio.Resource - max(a.Kind, studio.Task)}
	return p.act(actor, studio.KindConvert, a.ID.ID, &body)
}

// Next hands out one act after the other, of the view that it is decided over, until there are no more.
type Next func(studio.View) (act Act, some bool)

// Push decides acts in one transaction and writes what comes of them: each op by itself, or all at the end, as a server
// may do it. next is asked for acts until it has none.
func Push(ctx context.Context, store serverdb.Store, project studio.ProjectID, together bool, next Next) error {
	return store.Tx(ctx, project, func(tx serverdb.Tx) error {
		state, head := studio.NewState(tx), tx.Head()
		for act, some := next(state); some; act, some = next(state) {
			done, err := state.Run(act.Op, studio.Moment{Actor: act.Actor, ReceivedMs: act.Ms, Seq: head.Seq + 1}, nil)
			if err != nil {
				return err
			}
			for i, d := range done {
				if i == 0 {
					d.Event.Client, d.Event.N = act.Client, act.N
				}
				d.Event.Chain = d.Event.NextChain(head.Chain)
				head.Seq, head.Chain = d.Event.Seq, d.Event.Chain
				if err := tx.Append([]studio.Event{d.Event}); err != nil {
					return err
				}
				if together {
					continue
				}
				if err := tx.Put(d.Event.Seq, d.Decision.Puts, d.Decision.Gone); err != nil {
					return err
				}
			}
		}
		if !together {
			return nil
		}
		puts, gone := state.Changed()
		if len(puts)+len(gone) == 0 {
			return nil
		}
		return tx.Put(head.Seq, puts, gone)
	})
}

// Due is the founder's act that changes the day when a task is due: one row, one event.
func (p *Play) Due(a studio.Asset) Act { return p.due(p.users[0], a) }

func (p *Play) due(actor studio.UserID, a studio.Asset) Act {
	return p.act(actor, studio.KindSet, a.ID.ID,
		&studio.SetBody{Field: studio.FieldDue, Seen: a.Due, Value: fmt.Sprintf("2026-12-%02d", 1+p.pick(28))})
}

// One hands out one act, of the view that it is decided over.
func One(act func(studio.View) Act) Next {
	n := 0
	return func(view studio.View) (Act, bool) {
		if n++; n > 1 {
			return Act{}, false
		}
		return act(view), true
	}
}

// Acts hands out acts that are known before.
func Acts(acts []Act) Next {
	return func(studio.View) (Act, bool) {
		if len(acts) == 0 {
			return Act{}, false
		}
		first := acts[0]
		acts = acts[1:]
		return first, true
	}
}

// Some is how many acts of the play are to be handed out.
func (p *Play) Some(n int) Next {
	return func(view studio.View) (Act, bool) {
		if n--; n < 0 {
			return Act{}, false
		}
		return p.Next(view), true
	}
}
