package session

import (
	"context"
	"errors"
	"slices"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

const undoDepth = 5000 // own ops that are looked through

// UndoList is what Ctrl+Z and Ctrl+Y would do.
type UndoList struct{ Undo, Redo TakenBack }

// TakenBack is an act that undo or redo takes back, for a sentence.
type TakenBack struct {
	Kind     studio.Kind // of the act's first op; 0: there is none
	Entities []studio.ID // what it was about, each once, in its order
}

// takenBack tells what a group of ops, newest first, is: an undone act as what was done.
func (h *ownHistory) takenBack(group []projectdb.OwnOp) (t TakenBack) {
	for _, o := range slices.Backward(group) {
		t.Entities = append(t.Entities, o.Entity)
	}
	t.Entities = once(t.Entities)
	if len(group) == 0 {
		return t
	}
	first := group[len(group)-1]
	for h.depth[first.Op] > 0 { // an undo takes back from the last op to the first
		first = group[0]
		at := slices.IndexFunc(h.ops, func(o projectdb.OwnOp) bool { return o.Op == first.Undoes })
		if at < 0 {
			break
		}
		group = h.groupOf(h.ops[at].Group)
		first = group[len(group)-1]
	}
	t.Kind = first.Kind
	return t
}

// groupOf is every op of a group, newest first.
func (h *ownHistory) groupOf(id studio.GroupID) (group []projectdb.OwnOp) {
	for _, o := range h.ops {
		if o.Group == id {
			group = append(group, o)
		}
	}
	return group
}

// history is the own ops of a person, newest first, as undo sees them.
type ownHistory struct {
	ops   []projectdb.OwnOp
	depth map[studio.OpID]int // 0: an act, 1: its undo, 2: its redo ...
	live  map[studio.OpID]bool
	seals map[studio.GroupID]bool
	adds  map[studio.GroupID]bool
}

func (s *Session) ownHistory(snap *projectdb.Snapshot) (*ownHistory, error) {
	ops, err := snap.OwnOps(s.me, undoDepth)
	if err != nil {
		return nil, err
	}
	h := &ownHistory{ops: ops, depth: map[studio.OpID]int{}, live: map[studio.OpID]bool{},
		seals: map[studio.GroupID]bool{}, adds: map[studio.GroupID]bool{}}
	undone := map[studio.OpID]bool{}
	for _, o := range ops {
		h.live[o.Op] = !undone[o.Op]
		if h.live[o.Op] && !o.Undoes.IsZero() {
			undone[o.Undoes] = true
		}
		h.seals[o.Group] = h.seals[o.Group] || o.Kind == studio.KindSeal
		h.adds[o.Group] = h.adds[o.Group] || o.Kind == studio.KindAssetCreate
	}
	for i := len(ops) - 1; i >= 0; i-- {
		if !ops[i].Undoes.IsZero() {
			h.depth[ops[i].Op] = h.depth[ops[i].Undoes] + 1
		}
	}
	return h, nil
}

// next is the group of the newest act to take back, its ops newest first; redo: of the newest undo, as long as no act
// came after it. A checkpoint is history: it is not undone.
func (h *ownHistory) next(redo bool) []projectdb.OwnOp {
	for i, o := range h.ops {
		if !h.live[o.Op] || h.seals[o.Group] && !h.adds[o.Group] || leftAlone(o) {
			continue
		}
		odd := h.depth[o.Op]%2 == 1
		if redo && !odd && h.depth[o.Op] == 0 {
			return nil
		}
		if odd != redo {
			continue
		}
		var group []projectdb.OwnOp
		for _, other := range h.ops[i:] {
			if other.Group == o.Group && h.live[other.Op] {
				group = append(group, other)
			}
		}
		return group
	}
	return nil
}

// leftAlone tells what Undo passes over: binding a profile to its place happens by itself, and some acts are for good.
func leftAlone(o projectdb.OwnOp) bool {
	return o.Kind == studio.KindMemberSet || !studio.CanUndo(o.Kind)
}

// Undoable tells what Undo and Redo would take back.
func (s *Session) Undoable(ctx context.Context) (u UndoList, err error) {
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		h, err := s.ownHistory(snap)
		if err != nil {
			return err
		}
		u.Undo, u.Redo = h.takenBack(h.next(false)), h.takenBack(h.next(true))
		return nil
	})
	return u, err
}

// Undo takes back the last act of the person on tracking data, as new events; what has been changed since is left, and
// says so. In a studio project an act that was never sent leaves the queue instead, and is never sent. Codes: nothing_to_undo, in_the_way.
func (s *Session) Undo(ctx context.Context) (Outcome, error) { return s.takeBack(ctx, false) }

// Redo takes the last undo back. Codes: nothing_to_undo, in_the_way.
func (s *Session) Redo(ctx context.Context) (Outcome, error) { return s.takeBack(ctx, true) }

func (s *Session) takeBack(ctx context.Context, redo bool) (Outcome, error) {
	var group []projectdb.OwnOp
	var taken TakenBack
	before := map[studio.OpID][]studio.Row{}
	err := s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		h, err := s.ownHistory(snap)
		if err != nil {
			return err
		}
		group = h.next(redo)
		taken = h.takenBack(group)
		for _, o := range group {
			if before[o.Op], err = snap.Before(o.LocalN); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Outcome{}, err
	}
	if len(group) == 0 {
		return Outcome{}, studio.Refuse(studio.CodeNothingToUndo, studio.Params{})
	}
	if s.ahead() && withdrawable(group, redo) {
		if out, err := s.withdraw(ctx, group, before, redo); !errors.Is(err, errSent) {
			out.Results, out.Taken = byEntity(out.Results), taken
			return out, err
		}
	}
	var steps []step
	for _, o := range group {
		if !studio.CanUndo(o.Kind) { // a checkpoint, the mark of a copied chain
			continue
		}
		steps = append(steps, step{o.Entity, func(it *item, _ studio.ID) error { return it.invert(o, before[o.Op]) }})
	}
	out, err := s.arrange(ctx, steps)
	if err == nil && out.Group.IsZero() {
		err = out.Err()
	}
	out.Results, out.Taken = byEntity(out.Results), taken
	return out, err
}

// byEntity joins the results of the steps about one thing: the first refusal is its.
func byEntity(results []Result) []Result {
	at := map[studio.ID]int{}
	var joined []Result
	for _, r := range results {
		i, known := at[r.Entity]
		if !known {
			at[r.Entity] = len(joined)
			joined = append(joined, r)
			continue
		}
		joined[i].Path, joined[i].Already = r.Path, joined[i].Already && r.Already
		if joined[i].Err == nil {
			joined[i].Err = r.Err
		}
	}
	return joined
}

func (it *item) invert(o projectdb.OwnOp, before []studio.Row) error {
	ev, ok := it.state.Event(o.Op)
	if !ok {
		return studio.Refuse(studio.CodeNothingToUndo, studio.Params{})
	}
	kind, body, ok := studio.InverseOf(it.state, ev, before)
	if !ok {
		return studio.Refuse(studio.CodeNothingToUndo, studio.Params{Asset: studio.PathOf(it.state, o.Entity)})
	}
	_, err := it.doOp(studio.Op{Kind: kind, Entity: o.Entity, Body: body, Undoes: o.Op}, false)
	return err
}
