package session

import (
	"context"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// dropSafety deletes a safety checkpoint of the person's own; done is false when the checkpoint is none, or another's:
// the rules then decide. Its bytes are given back by compact.
func (s *Session) dropSafety(ctx context.Context, asset studio.AssetID, checkpoint studio.CheckpointID) (
	out Outcome, done bool, err error) {
	var k studio.Checkpoint
	var path string
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		k, _ = snap.Checkpoint(checkpoint)
		path = studio.PathOf(snap, asset.ID)
		return nil
	})
	if err != nil || k.State != studio.Safety || k.Author != s.me || k.Asset != asset {
		return out, false, err
	}
	if s.readOnly != nil {
		return out, false, s.readOnly
	}
	_, err = s.db.Write(ctx, projectdb.Act{Lane: projectdb.LaneEdit, Kind: projectdb.ActEdit, Actor: s.me},
		func(tx *projectdb.Tx) error { return tx.Commit(projectdb.Batch{Gone: []studio.Row{k}}) })
	if err != nil {
		return out, false, storeFailure(err)
	}
	return Outcome{Results: []Result{{Entity: asset.ID, Path: path}}}, true, nil
}
