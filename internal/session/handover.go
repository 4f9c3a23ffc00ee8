package session

import (
	"context"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// AskRequest asks the holders of tasks to hand them in.
type AskRequest struct {
	Assets     []studio.AssetID
	To         studio.UserID // for whom; zero: for the one who asks
	DeadlineMs int64         // 0: the rule's own
}

// Ask asks the holders of tasks to hand them in (row D14): nothing changes until they answer. Codes: unassigned,
// permission, is_resource, bad_target.
func (s *Session) Ask(ctx context.Context, r AskRequest) (Outcome, error) {
	if r.To.IsZero() {
		r.To = s.me
	}
	return s.each(ctx, assetIDs(r.Assets), false, func(it *item, id studio.ID) error {
		if _, err := it.asset(id); err != nil {
			return err
		}
		_, err := it.do(id, studio.KindHandoverAsk, &studio.HandoverAskBody{Handover: studio.HandoverID{ID: s.clock.NewID()},
			To: r.To, DeadlineMs: r.DeadlineMs})
		return err
	})
}

// Answer answers an ask: yes hands the task in, with all that waits to be sent before it; else text says why not yet.
// Codes: unknown_ask, not_assignee.
func (s *Session) Answer(ctx context.Context, id studio.HandoverID, yes bool, text string) (Outcome, error) {
	var ask studio.Handover
	err := s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		var known bool
		if ask, known = snap.Handover(id); !known {
			return studio.Refuse(studio.CodeUnknownAsk, studio.Params{Name: id.String()})
		}
		return nil
	})
	if err != nil {
		return Outcome{}, err
	}
	return s.each(ctx, []studio.ID{ask.Asset.ID}, false, func(it *item, asset studio.ID) error {
		_, err := it.do(asset, studio.KindHandoverAnswer, &studio.HandoverAnswerBody{Handover: id, Yes: yes, Text: text})
		return err
	})
}

// Risk is what giving a task to somebody else might park (row D6).
type Risk struct {
	Holder      studio.UserID
	Version     uint32 // that the first checkpoint on its way was made on, else the current one; 0: none
	Checkpoints int    // announced, and not arrived
	Bytes       int64
	SeenMs      int64 // when the holder was last here; 0: not known, or no studio was reached
	Unsent      int   // checkpoints that the holder's devices had not sent then, of the whole project
	UnsentBytes int64
	Road        studio.Road // that keeps it from others; zero: none
	Overdue     bool
}

// Presence reads when the members were last here and what they had not sent then; empty for who may not give tasks, and
// for a personal project. Codes: unauthenticated, unreachable.
func (s *Session) Presence(ctx context.Context) (map[studio.UserID]wire.Presence, error) {
	people := map[studio.UserID]wire.Presence{}
	if s.remote == nil {
		return people, nil
	}
	to, err := s.dialServer(ctx)
	if err != nil {
		return people, err
	}
	reply, err := to.studio.Presence(ctx, s.projectID)
	if err != nil {
		return people, netFailure(to.who.Server, err)
	}
	for _, p := range reply.People {
		if id, err := studio.ParseID(p.User); err == nil { // else of a newer server
			people[studio.UserID{ID: id}] = p
		}
	}
	return people, nil
}

// Knows adds what a studio knows of the holder.
func (r *Risk) Knows(p wire.Presence) {
	r.SeenMs, r.Unsent, r.UnsentBytes = p.SeenMs, p.Unsent, p.Bytes
}

// Risk reads what is known here of unsent work on a task. Code: unknown_asset.
func (s *Session) Risk(ctx context.Context, id studio.AssetID) (risk Risk, err error) {
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		a, ok := snap.Asset(id)
		if !ok {
			return studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: id.String()})
		}
		risk.Holder = a.Assignee
		base, _ := snap.Checkpoint(a.Head)
		for i, k := range studio.AtRisk(snap, id) {
			if i == 0 {
				base, _ = snap.Checkpoint(k.Base)
			}
			risk.Checkpoints, risk.Bytes = risk.Checkpoints+1, risk.Bytes+k.Bytes
		}
		risk.Version = base.Version
		if road, ok := snap.Road(id); ok && road.EndedSeq == 0 && road.User == a.Assignee {
			risk.Road, risk.Overdue = road, !road.Keeps(s.clock.NowMs())
		}
		return nil
	})
	return risk, err
}
