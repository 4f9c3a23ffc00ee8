package sim

import (
	"fmt"

	"framehold/internal/studio"
)

// wish is what a person would do next: the ops of one act, or nothing.
func (w *World) wish(c *client) []studio.Op {
	view := c.store.view
	assets := c.store.all(studio.TableAsset)
	if len(assets) == 0 {
		return nil
	}
	a := assets[w.rng.IntN(len(assets))].(studio.Asset)
	group := studio.GroupID{ID: w.newID()}
	op := func(kind studio.Kind, body studio.Body) studio.Op {
		return studio.Op{ID: studio.OpID{ID: w.newID()}, Kind: kind, Entity: a.ID.ID, Group: group,
			MadeHybrid: uint64(max(w.nowMs+c.skewMs, 0)) << 16, Body: body}
	}
	statuses := view.Statuses()
	to := statuses[w.rng.IntN(len(statuses))]
	switch w.rng.IntN(12) {
	case 0, 1, 2, 3:
		return w.save(c, a, op, to)
	case 4, 5:
		members := view.Members()
		return []studio.Op{op(studio.KindAssign, &studio.AssignBody{To: members[w.rng.IntN(len(members))].User, Expect: a.Assignment})}
	case 6:
		if a.Assignee == c.store.stand.Me {
			return []studio.Op{op(studio.KindAssign, &studio.AssignBody{Expect: a.Assignment})}
		}
		return []studio.Op{op(studio.KindAssign, &studio.AssignBody{To: c.store.stand.Me, Expect: a.Assignment})}
	case 7:
		note := studio.NoteID{ID: w.newID()}
		return []studio.Op{
			op(studio.KindNoteAdd, &studio.NoteBody{Note: note, Checkpoint: a.Head, Text: "look at this", Checkbox: true}),
			op(studio.KindStatusSet, &studio.StatusBody{From: a.Status, To: to.ID, About: a.Head, Notes: []studio.NoteID{note}}),
		}
	case 8:
		return []studio.Op{op(studio.KindStatusSet, &studio.StatusBody{From: a.Status, To: to.ID, About: a.Head})}
	case 9:
		return w.structure(view, a, op)
	case 10:
		return w.parkedAct(c, a, op)
	}
	return []studio.Op{op(studio.KindTagAdd, &studio.TagBody{Tag: fmt.Sprintf("tag%d", w.rng.IntN(3))})}
}

// save is a checkpoint, perhaps with a move.
func (w *World) save(c *client, a studio.Asset, op func(studio.Kind, studio.Body) studio.Op, to studio.Status) []studio.Op {
	id := studio.CheckpointID{ID: w.newID()}
	bytes, manifest := w.contentOf(id)
	announce := &studio.AnnounceBody{Checkpoint: id, Base: a.Head, Assignment: a.Assignment, Status: a.Status, Manifest: manifest,
		Bytes: int64(len(bytes.chunk)), Comment: "saved"}
	seal := &studio.SealBody{Checkpoint: id}
	if w.chance(30) && to.ID != a.Status {
		announce.Status, seal.From, seal.To = to.ID, a.Status, to.ID
	}
	c.store.bytes[id] = bytes
	return []studio.Op{op(studio.KindAnnounce, announce), op(studio.KindSeal, seal)}
}

func (w *World) structure(view studio.View, a studio.Asset, op func(studio.Kind, studio.Body) studio.Op) []studio.Op {
	switch w.rng.IntN(5) {
	case 0:
		made := op(studio.KindAssetCreate, &studio.CreateBody{Name: fmt.Sprintf("new%d", w.rng.IntN(5)), Kind: studio.Task})
		made.Entity = w.newID()
		return []studio.Op{made}
	case 1:
		return []studio.Op{op(studio.KindRename, &studio.RenameBody{Name: fmt.Sprintf("name%d", w.rng.IntN(5)), Seen: a.Name})}
	case 2:
		return []studio.Op{op(studio.KindTrash, &studio.TrashBody{SeenHead: a.Head, SeenParked: studio.OpenChains(view, a.ID)})}
	case 3:
		return []studio.Op{op(studio.KindRestore, &studio.EmptyBody{})}
	}
	return []studio.Op{op(studio.KindSet, &studio.SetBody{Field: studio.FieldPriority, Seen: a.FieldValue(studio.FieldPriority),
		Value: fmt.Sprint(w.rng.IntN(4))})}
}

func (w *World) parkedAct(c *client, a studio.Asset, op func(studio.Kind, studio.Body) studio.Op) []studio.Op {
	for _, chain := range c.store.view.Parked(a.ID) {
		if chain.State != studio.ParkedOpen {
			continue
		}
		if w.chance(70) {
			return []studio.Op{op(studio.KindAdopt, &studio.ParkedBody{Root: chain.Root, ExpectHead: a.Head})}
		}
		return []studio.Op{op(studio.KindKeep, &studio.ParkedBody{Root: chain.Root})}
	}
	return nil
}
