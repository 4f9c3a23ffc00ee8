package session

import (
	"context"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// ParkedLook is a chain of parked checkpoints as the person who looks at it needs it: what stands on either side, and
// what they may do with it.
type ParkedLook struct {
	ParkedChain
	Members  []studio.Checkpoint // oldest first
	Labels   []string            // of Members
	HeadOf   studio.Checkpoint   // the current version; zero: none
	Next     uint32              // the version that adopting would make
	CopyName string              // what a copy would be called
	Adopter  studio.UserID       // who may put it on the line and can be asked to; zero: nobody else may
	May      ParkedMay
}

// ParkedMay is why an act on a chain would be refused; nil: it would be done, or is so already.
type ParkedMay struct{ Adopt, Copy, Keep, Trash, Restore, Purge error }

// ParkedLooks is Parked with what a screen shows beside it. The acts are decided by the same functions as when they are
// made.
func (s *Session) ParkedLooks(ctx context.Context, all bool) (p *Picture, looks []ParkedLook, err error) {
	if p, err = s.Look(ctx); err != nil {
		return nil, nil, err
	}
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		seq, _ := snap.HeadSeq()
		a := s.newAct(snap, seq+1)
		for _, c := range snap.OpenChains(all) {
			chain, there := parkedOf(snap, c)
			if !there {
				continue
			}
			look := ParkedLook{ParkedChain: chain, May: s.mayParked(a, chain)}
			_, look.Members = snap.Chain(c.Root)
			for _, k := range look.Members {
				look.Labels = append(look.Labels, studio.LabelIn(snap, k))
			}
			asset, _ := snap.Asset(c.Asset)
			look.HeadOf, _ = snap.Checkpoint(asset.Head)
			look.Next = asset.NextVersion
			look.Adopter = studio.Adopter(snap, s.me, asset)
			look.CopyName = (&item{act: a, state: a.state}).copyName(asset, chain)
			looks = append(looks, look)
		}
		return nil
	})
	return p, looks, err
}

// mayParked decides the acts on a chain; nothing of them is kept.
func (s *Session) mayParked(a *act, c ParkedChain) ParkedMay {
	try := func(fn func(*item, ParkedChain) error) error {
		if s.readOnly != nil {
			return s.readOnly
		}
		return fn(&item{act: a, state: studio.NewState(a.state)}, c)
	}
	on := func(kind studio.Kind) func(*item, ParkedChain) error {
		return func(it *item, c ParkedChain) error { return it.onChain(c, kind) }
	}
	return ParkedMay{Adopt: try((*item).adoptChain), Keep: try(on(studio.KindKeep)), Trash: try(on(studio.KindParkedTrash)),
		Restore: try(on(studio.KindParkedRestore)), Purge: try(on(studio.KindParkedPurge)), Copy: try(func(it *item, c ParkedChain) error {
			_, err := it.copyChain(c)
			return err
		})}
}
