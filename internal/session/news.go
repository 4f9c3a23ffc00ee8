package session

import (
	"context"
	"slices"

	"framehold/internal/projectdb"
	"framehold/internal/replica"
	"framehold/internal/studio"
)

const newsMax = 200 // cards of one pull: who was away for a year reads of the last ones

// newsMaker makes cards of what others did to a person's work, as the events of a pull tell it. holder is who holds each
// task that one of them was about, so far.
type newsMaker struct {
	me     studio.UserID
	view   studio.View // as it was before the pull
	holder map[studio.AssetID]studio.UserID
	gave   map[studio.OpID]bool // by these answers of theirs tasks go to who asked
	cards  []projectdb.Card
}

// news makes the cards of a pull. A store that was made anew has none: its person was not there before.
func (x syncStore) news(tx *projectdb.Tx, p replica.Pulled, events []studio.Event) []projectdb.Card {
	if p.Anew {
		return nil
	}
	n := &newsMaker{me: x.s.me, view: tx, holder: map[studio.AssetID]studio.UserID{}, gave: map[studio.OpID]bool{}}
	for _, ev := range events {
		if ev.Verdict == studio.Applied {
			n.of(ev)
		}
	}
	return n.cards[max(0, len(n.cards)-newsMax):]
}

func (n *newsMaker) of(ev studio.Event) {
	id := studio.AssetID{ID: ev.Entity}
	switch ev.Kind {
	case studio.KindAssign, studio.KindStatusSet, studio.KindHandoverAnswer, studio.KindParkedAsk:
	default:
		return // nobody is told of anything else: a pull may have tens of thousands of them
	}
	body, err := studio.DecodeBody(ev.Kind, ev.Body)
	if err != nil {
		return // of a newer program, or not to be seen
	}
	another := ev.Actor != n.me
	switch b := body.(type) {
	case *studio.AssignBody:
		holder := n.heldBy(id)
		mine := holder == n.me
		n.holder[id] = b.To
		switch {
		case b.To == n.me && (another || !ev.Cause.IsZero()):
			giver := ev.Actor
			if !another { // they had asked for it, and its holder handed it in
				giver = holder
			}
			n.tell(ev, studio.CodeAssigned, studio.Params{Who: n.name(giver), Why: b.Reason})
		case mine && b.To != n.me && another && !n.gave[ev.Cause]:
			road, _ := n.view.Road(id)
			p := studio.Params{Who: n.name(ev.Actor), Now: n.name(b.To), Why: b.Reason}
			if b.OverrideRoad && road.User == n.me {
				p.Mine = "road"
			}
			n.tell(ev, studio.CodeTaken, p)
		}
	case *studio.StatusBody:
		if to, _ := n.view.Status(b.To); another && to.Category == studio.CategoryRetake && n.heldBy(id) == n.me {
			n.tell(ev, studio.CodeRetaken, studio.Params{Who: n.name(ev.Actor), Name: to.Name, Why: b.Reason})
		}
	case *studio.HandoverAnswerBody:
		n.gave[ev.Op] = !another && b.Yes
		if h, ok := n.view.Handover(b.Handover); ok && h.By == n.me && !b.Yes {
			n.tell(ev, studio.CodeNotYet, studio.Params{Who: n.name(ev.Actor), Why: b.Text})
		}
	case *studio.ParkedBody:
		if ev.Kind == studio.KindParkedAsk && b.Of == n.me && another {
			n.tell(ev, studio.CodeAdoptAsked, studio.Params{Who: n.name(ev.Actor)})
		}
	}
}

func (n *newsMaker) heldBy(id studio.AssetID) studio.UserID {
	if now, known := n.holder[id]; known {
		return now
	}
	a, _ := n.view.Asset(id)
	if given, _ := n.view.Assignment(a.Assignment); studio.IsPending(given.FromSeq) {
		a.Assignee = studio.UserID{} // by an act of this person's that no server has decided: whatever becomes of it has its own card
	}
	n.holder[id] = a.Assignee
	return a.Assignee
}

func (n *newsMaker) name(id studio.UserID) string {
	m, _ := n.view.Member(id)
	return m.DisplayName()
}

func (n *newsMaker) tell(ev studio.Event, code studio.Code, p studio.Params) {
	p.When = day(ev.ReceivedMs)
	n.cards = append(n.cards, projectdb.Card{ID: ev.Op.ID, Op: ev.Op, Code: code, Params: p, Asset: studio.AssetID{ID: ev.Entity},
		OpenedMs: ev.ReceivedMs})
}

// addNews opens the cards, with the paths as they are now.
func (x syncStore) addNews(tx *projectdb.Tx, cards []projectdb.Card) error {
	for _, c := range cards {
		c.Params.Asset = studio.PathOf(tx, c.Asset.ID)
		if err := tx.AddCard(c); err != nil {
			return err
		}
	}
	return nil
}

// lostSight makes the card of a pull after which files of this folder are of assets that are no longer shared with the person
// (row G3): one for all of them.
func (x syncStore) lostSight(tx *projectdb.Tx, gone []studio.Row) error {
	files, err := tx.Unshared(x.s.folderID)
	var paths []string
	for _, f := range files {
		if slices.ContainsFunc(gone, func(r studio.Row) bool { a, is := r.(studio.Asset); return is && a.ID == f.Asset }) {
			paths = append(paths, f.Path)
		}
	}
	if err != nil || len(paths) == 0 {
		return err
	}
	return tx.AddCard(projectdb.Card{ID: x.s.clock.NewID(), Code: studio.CodeUnshared, OpenedMs: x.s.clock.NowMs(),
		Params: studio.Params{Asset: names(paths), N: len(paths)}})
}

const awayMs = 4 * 60 * 60 * 1000 // without contact: who is heard of again after that was away (row J6)

// cameBack notes that this store and its server have heard of each other. Whoever was away for hours is back once all that
// waited has been sent: their roads end, and ended tells so. One click takes a task on the road again.
func (s *Session) cameBack(ctx context.Context) (ended bool, err error) {
	var back []studio.AssetID
	now := s.clock.NowMs()
	var was projectdb.Contact
	drained := false
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		was = snap.Contact()
		waiting, _, err := snap.CountQueue()
		drained, back = waiting == 0, s.mineOnTheRoad(snap)
		return err
	})
	if err != nil || s.readOnly != nil {
		return false, err
	}
	next := projectdb.Contact{AtMs: now, Away: (was.Away || was.AtMs > 0 && now-was.AtMs >= awayMs) && len(back) > 0}
	ending := next.Away && drained
	next.Away = next.Away && !drained
	if next.Away != was.Away || now-was.AtMs >= contactEveryMs {
		if err := s.care(ctx, func(tx *projectdb.Tx) error { return tx.SetContact(next) }); err != nil {
			return false, err
		}
	}
	if !ending {
		return false, nil
	}
	out, err := s.EndRoad(ctx, back)
	return out.Done() > 0, err
}

const contactEveryMs = 60 * 1000 // no write to the disk for each word that is exchanged
