package projectdb

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"framehold/internal/studio"
)

// Review is a verdict with its notes that can still be taken back: it is stored, and no act yet (row A0).
type Review struct {
	ID     studio.ID
	Actor  studio.UserID
	Assets []studio.AssetID
	To     studio.StatusID
	Reason string
	Notes  []string
	DueMs  int64 // when it becomes acts
}

// AddReview stores a verdict.
func (tx *Tx) AddReview(r Review) error {
	notes, err := json.Marshal(r.Notes)
	if err != nil {
		return fmt.Errorf("write review: %w", err)
	}
	var assets []byte
	for _, id := range r.Assets {
		assets = append(assets, id.ID[:]...)
	}
	return tx.exec(`INSERT INTO pending_review (id, actor, assets, to_status, reason, notes, due_ms) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		r.ID.Bytes(), r.Actor.Bytes(), assets, r.To.Bytes(), r.Reason, string(notes), r.DueMs)
}

// DropReview takes a verdict away: it was taken back, or became acts. there is false when somebody else was first.
func (tx *Tx) DropReview(id studio.ID) (there bool, err error) {
	if err := tx.queryRow(`SELECT EXISTS (SELECT 1 FROM pending_review WHERE id = ?)`, id.Bytes()).Scan(&there); err != nil || !there {
		return false, failure("read review", err)
	}
	return true, tx.exec(`DELETE FROM pending_review WHERE id = ?`, id.Bytes())
}

// Reviews lists a person's verdicts that are no acts yet, oldest first.
func (r *reader) Reviews(actor studio.UserID) ([]Review, error) {
	var all []Review
	err := r.each(`SELECT id, actor, assets, to_status, reason, notes, due_ms FROM pending_review WHERE actor = ? ORDER BY due_ms, id`,
		[]any{actor.Bytes()}, func(row scanner) error {
			var one Review
			var assets []byte
			var notes string
			if err := row.Scan(cell{&one.ID}, cell{&one.Actor.ID}, &assets, cell{&one.To.ID}, &one.Reason, &notes, &one.DueMs); err != nil {
				return err
			}
			for id := range slices.Chunk(bytes.Clone(assets), 16) {
				one.Assets = append(one.Assets, studio.AssetID{ID: studio.IDFrom(id)})
			}
			all = append(all, one)
			return json.Unmarshal([]byte(notes), &all[len(all)-1].Notes)
		})
	return all, err
}
