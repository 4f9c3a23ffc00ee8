package session

import (
	"context"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// ParkedChain is a chain of parked checkpoints as lists show it; its first checkpoint names it.
type ParkedChain struct {
	Root        studio.CheckpointID
	Newest      studio.CheckpointID
	Asset       studio.AssetID
	Path        string
	Author      studio.UserID
	Reason      studio.Code
	State       studio.ParkedState
	Base        uint32 // version that the first one was made on; 0: none
	Head        uint32 // version that is current; 0: none
	Label       string // of the newest
	Comment     string // of the newest
	Bytes       int64  // of the newest
	AtMs        int64  // when the newest was made
	Checkpoints int
}

// Parked lists the parked checkpoints that are open or kept, the oldest first; with all, those in the trash, adopted and
// copied too.
func (s *Session) Parked(ctx context.Context, all bool) (chains []ParkedChain, err error) {
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		for _, c := range snap.OpenChains(all) {
			if chain, there := parkedOf(snap, c); there {
				chains = append(chains, chain)
			}
		}
		return nil
	})
	return chains, err
}

// parkedOf describes a chain; false when nothing of it is parked any more.
func parkedOf(view studio.View, c studio.ParkedChain) (ParkedChain, bool) {
	_, members := view.Chain(c.Root)
	if len(members) == 0 {
		return ParkedChain{}, false
	}
	first, last := members[0], members[len(members)-1]
	a, _ := view.Asset(c.Asset)
	base, _ := view.Checkpoint(first.Base)
	head, _ := view.Checkpoint(a.Head)
	return ParkedChain{Root: c.Root, Newest: last.ID, Asset: c.Asset, Path: studio.PathOf(view, c.Asset.ID), Author: first.Author,
		Reason: c.Reason, State: c.State, Base: base.Version, Head: head.Version, Label: studio.LabelIn(view, last),
		Comment: last.Comment, Bytes: last.Bytes, AtMs: int64(last.MadeHybrid >> 16), Checkpoints: len(members)}, true
}

// Adopt puts chains of parked checkpoints on the lines of their assets. The working file of the one who saved it then
// comes from the head. Codes: permission, head_moved, unknown_checkpoint.
func (s *Session) Adopt(ctx context.Context, roots []studio.CheckpointID) (Outcome, error) {
	out, err := s.eachChain(ctx, roots, (*item).adoptChain)
	s.refreshChains(ctx, out)
	return out, err
}

func (it *item) adoptChain(c ParkedChain) error {
	a, err := it.asset(c.Asset.ID)
	if err != nil {
		return err
	}
	_, err = it.do(c.Asset.ID, studio.KindAdopt, &studio.ParkedBody{Root: c.Root, ExpectHead: a.Head})
	return err
}

// KeepParked leaves chains where they are, as seen. TrashParked puts them into the trash, where no byte is given up;
// RestoreParked opens them again. Codes: permission, unknown_checkpoint.
func (s *Session) KeepParked(ctx context.Context, roots []studio.CheckpointID) (Outcome, error) {
	return s.onChains(ctx, roots, studio.KindKeep)
}

// TrashParked puts chains into the trash.
func (s *Session) TrashParked(ctx context.Context, roots []studio.CheckpointID) (Outcome, error) {
	return s.onChains(ctx, roots, studio.KindParkedTrash)
}

// RestoreParked opens chains again that were kept, copied or put into the trash.
func (s *Session) RestoreParked(ctx context.Context, roots []studio.CheckpointID) (Outcome, error) {
	return s.onChains(ctx, roots, studio.KindParkedRestore)
}

// AskParked asks somebody who may to adopt chains (row C6): only the ask is kept, they read it. Codes: bad_target,
// permission, unknown_checkpoint.
func (s *Session) AskParked(ctx context.Context, roots []studio.CheckpointID, of studio.UserID) (Outcome, error) {
	return s.eachChain(ctx, roots, func(it *item, c ParkedChain) error {
		_, err := it.do(c.Asset.ID, studio.KindParkedAsk, &studio.ParkedBody{Root: c.Root, Of: of})
		return err
	})
}

// PurgeParked gives up the bytes of chains in the trash (row C12); events stay. Whoever calls it has asked the person a
// second time. Codes: permission, usage (not in the trash, or too early), unknown_checkpoint.
func (s *Session) PurgeParked(ctx context.Context, roots []studio.CheckpointID) (Outcome, error) {
	return s.onChains(ctx, roots, studio.KindParkedPurge)
}

// CopyParked makes a resource beside the asset of each chain, with what its newest checkpoint holds, and puts its file in
// the working folder. The outcome's entities and paths are the copies'. Codes: permission, unknown_checkpoint.
func (s *Session) CopyParked(ctx context.Context, roots []studio.CheckpointID, progress Progress) (Outcome, error) {
	made := map[studio.ID]studio.AssetID{}
	out, err := s.eachChain(ctx, roots, func(it *item, c ParkedChain) error {
		id, err := it.copyChain(c)
		made[c.Root.ID] = id
		return err
	})
	if err != nil {
		return out, err
	}
	picture, err := s.Look(ctx)
	if err != nil {
		return out, err
	}
	for i, r := range out.Results {
		id := made[roots[i].ID]
		if r.Err != nil || id.IsZero() {
			continue
		}
		out.Results[i].Entity, out.Results[i].Path = id.ID, picture.Path(id.ID)
		out.Results[i].Err = s.fetchOne(ctx, id, progress)
	}
	return out, nil
}

func (it *item) copyChain(c ParkedChain) (studio.AssetID, error) {
	s := it.act.s
	from, err := it.asset(c.Asset.ID)
	if err != nil {
		return studio.AssetID{}, err
	}
	last, _ := it.state.Checkpoint(c.Newest)
	name := it.copyName(from, c)
	id := studio.AssetID{ID: s.clock.NewID()}
	first := studio.CheckpointID{ID: s.clock.NewID()}
	want := NewRequest{Parent: from.Parent, Name: name, Kind: studio.Resource, Type: from.Type}
	if err := it.create(id.ID, want, first); err != nil {
		return id, err
	}
	body := &studio.AnnounceBody{Checkpoint: first, Manifest: last.Manifest, Bytes: last.Bytes, Comment: last.Comment,
		Preview: last.Preview, Image: last.Image, CopiedFrom: last.ID}
	if _, err := it.do(id.ID, studio.KindAnnounce, body); err != nil {
		return id, err
	}
	if _, err := it.do(id.ID, studio.KindSeal, &studio.SealBody{Checkpoint: first}); err != nil {
		return id, err
	}
	_, err = it.do(c.Asset.ID, studio.KindCopy, &studio.ParkedBody{Root: c.Root, NewAsset: id, Parent: from.Parent, Name: name})
	return id, err
}

// copyName is a free name beside an asset that says whose copy it is.
func (it *item) copyName(from studio.Asset, c ParkedChain) string {
	return freeCopyName(from.Name, it.username(c.Author), func(n string) bool {
		_, taken := it.state.Named(from.Parent, studio.NameKey(n))
		return taken
	})
}

func (it *item) username(u studio.UserID) string {
	m, _ := it.state.Member(u)
	return m.Username
}

func (s *Session) onChains(ctx context.Context, roots []studio.CheckpointID, kind studio.Kind) (Outcome, error) {
	return s.eachChain(ctx, roots, func(it *item, c ParkedChain) error { return it.onChain(c, kind) })
}

func (it *item) onChain(c ParkedChain, kind studio.Kind) error {
	_, err := it.do(c.Asset.ID, kind, &studio.ParkedBody{Root: c.Root})
	return err
}

// eachChain is each for chains; the outcome's entities and paths are those of their assets.
func (s *Session) eachChain(ctx context.Context, roots []studio.CheckpointID, fn func(*item, ParkedChain) error) (Outcome, error) {
	ids := make([]studio.ID, len(roots))
	for i, r := range roots {
		ids[i] = r.ID
	}
	of := map[studio.ID]ParkedChain{}
	out, err := s.each(ctx, ids, false, func(it *item, root studio.ID) error {
		row, _ := it.state.Chain(studio.CheckpointID{ID: root})
		c, there := parkedOf(it.state, row)
		if !there {
			return studio.Refuse(studio.CodeUnknownCheckpoint, studio.Params{Name: root.String(), Why: "parked"})
		}
		of[root] = c
		return fn(it, c)
	})
	for i, r := range out.Results {
		if c, known := of[r.Entity]; known {
			out.Results[i].Entity, out.Results[i].Path = c.Asset.ID, c.Path
		} else {
			out.Results[i].Entity, out.Results[i].Path = studio.ID{}, r.Entity.String()
		}
	}
	return out, err
}

func (s *Session) refreshChains(ctx context.Context, out Outcome) {
	var ids []studio.AssetID
	for _, r := range out.Results {
		if r.Err == nil {
			ids = append(ids, studio.AssetID{ID: r.Entity})
		}
	}
	s.refresh(ctx, ids...)
}
