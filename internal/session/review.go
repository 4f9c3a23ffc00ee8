package session

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

const reviewMs = 5000 // in which a verdict can be taken back without a trace

// reviews is what waits to become acts in this process.
type reviews struct {
	mu     sync.Mutex
	timer  *time.Timer
	closed bool
}

// Judged is what became of a verdict.
type Judged struct {
	ID      studio.ID // to take it back by; zero: all was refused
	Results []Result
	DueMs   int64 // when it becomes acts
}

// Judge stores a verdict with its notes at once, durably, and makes acts of it after 5 s, when the session is closed, or at the
// next start (row A0): until then TakeBack leaves nothing of it. What the rules would refuse now is refused now, and not stored.
func (s *Session) Judge(ctx context.Context, r StatusRequest) (j Judged, err error) {
	row := projectdb.Review{ID: s.clock.NewID(), Actor: s.me, To: r.To, Reason: r.Reason, Notes: r.Notes, DueMs: s.clock.NowMs() + reviewMs}
	err = s.dry(ctx, func(a *act) error {
		for _, id := range once(r.Assets) {
			result := a.try(id.ID, func(it *item, id studio.ID) error { return it.setStatus(id, r) })
			j.Results = append(j.Results, result)
			if result.Err == nil {
				row.Assets = append(row.Assets, id)
			}
		}
		return nil
	})
	if err != nil || len(row.Assets) == 0 || r.AllOrNone && len(row.Assets) < len(j.Results) {
		return j, err
	}
	if err := s.care(ctx, func(tx *projectdb.Tx) error { return tx.AddReview(row) }); err != nil {
		return j, err
	}
	j.ID, j.DueMs = row.ID, row.DueMs
	s.reviewLater(reviewMs)
	return j, nil
}

// TakeBack takes a verdict back. done is false when it was made acts already: Undo takes those back.
func (s *Session) TakeBack(ctx context.Context, review studio.ID) (done bool, err error) {
	err = s.care(ctx, func(tx *projectdb.Tx) (err error) {
		done, err = tx.DropReview(review)
		return err
	})
	return done, err
}

// reviewLater looks for verdicts that are due in a while.
func (s *Session) reviewLater(ms int64) {
	s.reviews.mu.Lock()
	defer s.reviews.mu.Unlock()
	if s.reviews.closed {
		return
	}
	if s.reviews.timer != nil {
		s.reviews.timer.Stop()
	}
	s.reviews.timer = time.AfterFunc(time.Duration(ms)*time.Millisecond, func() {
		s.reviews.mu.Lock()
		closed := s.reviews.closed
		next, err := int64(reviewMs), error(nil)
		if !closed {
			next, err = s.settleReviews(context.Background(), false)
		}
		s.reviews.mu.Unlock()
		if next > 0 || err != nil { // a disk that fails: it is tried again, and at the next start
			s.reviewLater(max(next, 1000))
		}
	})
}

// closeReviews makes acts of everything that waits: the person has gone.
func (s *Session) closeReviews() error {
	s.reviews.mu.Lock()
	defer s.reviews.mu.Unlock()
	if s.reviews.closed {
		return nil
	}
	s.reviews.closed = true
	if s.reviews.timer == nil {
		return nil // this process has none
	}
	s.reviews.timer.Stop()
	_, err := s.settleReviews(context.Background(), true)
	return err
}

// settleReviews makes acts of verdicts that are due, or of all. next is in how many ms others are due; 0: there are none.
// One that is due further ahead than any can be was stored by another clock.
func (s *Session) settleReviews(ctx context.Context, all bool) (next int64, err error) {
	if s.readOnly != nil {
		return 0, nil
	}
	var waiting []projectdb.Review
	if err := s.db.Read(ctx, func(snap *projectdb.Snapshot) (err error) {
		waiting, err = snap.Reviews(s.me)
		return err
	}); err != nil {
		return 0, err
	}
	now := s.clock.NowMs()
	var errs []error
	for _, r := range waiting {
		if left := r.DueMs - now; !all && left > 0 && left <= reviewMs {
			next = left
			continue
		}
		errs = append(errs, s.settleReview(ctx, r))
	}
	return next, errors.Join(errs...)
}

// settleReview makes acts of one verdict, once. What is refused by now has a card, with the text that was written.
func (s *Session) settleReview(ctx context.Context, r projectdb.Review) error {
	var refused []Result
	made := false
	err := s.write(ctx, projectdb.ActEdit, func(a *act) error {
		refused, made = nil, false
		there, err := a.tx.DropReview(r.ID)
		if err != nil || !there {
			return err
		}
		for _, id := range r.Assets {
			result := a.try(id.ID, func(it *item, id studio.ID) error {
				return it.setStatus(id, StatusRequest{To: r.To, Notes: r.Notes, Reason: r.Reason})
			})
			if result.Err != nil {
				refused = append(refused, result)
			}
		}
		made = len(a.logged) > 0
		a.after = append(a.after, func() error { return s.tellRefused(a.tx, r, refused) })
		return nil
	})
	if err != nil || made {
		return err
	}
	return s.care(ctx, func(tx *projectdb.Tx) error { // nothing was logged: what was done to the row was undone with it
		there, err := tx.DropReview(r.ID)
		if err != nil || !there {
			return err
		}
		return s.tellRefused(tx, r, refused)
	})
}

func (s *Session) tellRefused(tx *projectdb.Tx, r projectdb.Review, refused []Result) error {
	for _, one := range refused {
		said, ok := studio.RefusalOf(one.Err)
		if !ok {
			return one.Err
		}
		params := said.Params
		params.Mine = strings.Join(append(r.Notes, r.Reason), "\n")
		if err := tx.AddCard(projectdb.Card{ID: s.clock.NewID(), Code: said.Code, Params: params, Asset: studio.AssetID{ID: one.Entity},
			OpenedMs: s.clock.NowMs()}); err != nil {
			return err
		}
	}
	return nil
}
