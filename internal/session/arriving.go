package session

import (
	"context"
	"time"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// Arrival is a checkpoint of somebody else of which the studio has been told, and not all of whose content is there (row E16).
type Arrival struct {
	studio.Checkpoint
	Label   string // the number it would have: v4*
	For     string // label of the status that it was saved for; "": it stays where the task is
	Percent int    // of its bytes that are there; -1: it is not being sent now, or no studio was reached
}

const arrivingWait = 2 * time.Second // the sentence without a number is as good

// Arriving lists the checkpoints of an asset that others have saved and that are still to arrive, in the order they were
// announced. How far each has come is asked of the studio.
func (s *Session) Arriving(ctx context.Context, id studio.AssetID) (all []Arrival, err error) {
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		a, _ := snap.Asset(id)
		for _, k := range studio.AtRisk(snap, id) {
			if k.Author == s.me {
				continue
			}
			one := Arrival{Checkpoint: k, Label: studio.LabelIn(snap, k), Percent: -1}
			if st, ok := snap.Status(k.StatusAtCreation); ok && st.ID != a.Status {
				one.For = st.Label
			}
			all = append(all, one)
		}
		return nil
	})
	if err != nil || len(all) == 0 || s.remote == nil {
		return all, err
	}
	to, err := s.dialServer(ctx)
	if err != nil {
		return all, nil // signed out: what is known here is told
	}
	ctx, cancel := context.WithTimeout(ctx, arrivingWait)
	defer cancel()
	reply, err := to.studio.Arriving(ctx, s.projectID)
	if err != nil {
		return all, nil // as offline
	}
	for i := range all {
		for _, sent := range reply.Checkpoints {
			if sent.Checkpoint == all[i].ID && sent.Total > 0 {
				all[i].Percent = int(sent.Done * 100 / sent.Total)
			}
		}
	}
	return all, nil
}
