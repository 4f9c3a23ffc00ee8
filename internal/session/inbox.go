package session

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// CardKind says where a card comes from: what can be done about it follows from that.
type CardKind string

// Kinds of cards. Those of verdicts and news stay until the person closes them; the others end with their reason.
const (
	CardVerdict CardKind = "verdict" // what a server made of an act, when that is more than "done"
	CardNews    CardKind = "news"    // what another did to the person's work
	CardAsk     CardKind = "ask"     // somebody waits for an answer: the card's id is the ask's
	CardRoad    CardKind = "road"    // about a task that the person has on the road
)

// Card is something that the person still has to see.
type Card struct {
	ID       studio.ID
	Kind     CardKind
	Asset    studio.AssetID
	Path     string
	Code     studio.Code
	Params   studio.Params
	Bytes    int64 // of what is missing
	Verdict  studio.Verdict
	OpenedMs int64
}

// Closable tells whether the person closes it; others end by themselves.
func (c Card) Closable() bool { return c.Kind == CardVerdict || c.Kind == CardNews }

// Inbox lists what the person still has to see, oldest first: verdicts and news that were not closed (invariant I15), asks
// that wait for their answer, and what is to be said of their tasks on the road.
func (s *Session) Inbox(ctx context.Context) ([]Card, error) {
	cards := []Card{}
	var away []studio.Road
	err := s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		open, err := snap.Cards()
		for _, c := range open {
			card := Card{ID: c.ID, Kind: CardNews, Asset: c.Asset, Path: studio.PathOf(snap, c.Asset.ID), Code: c.Code, Params: c.Params,
				OpenedMs: c.OpenedMs}
			if ev, ok := snap.Event(c.Op); ok {
				card.Verdict = ev.Verdict
			}
			if card.Verdict != studio.Applied {
				card.Kind = CardVerdict
			}
			cards = append(cards, card)
		}
		cards = append(cards, s.asks(snap)...)
		for _, road := range snap.Roads() {
			if s.awayWith(snap, road) {
				away = append(away, road)
			}
		}
		return err
	})
	if err != nil || len(away) == 0 {
		return cards, err
	}
	look, err := s.newLook(ctx)
	for _, road := range away {
		if err == nil {
			var told []Card
			told, err = look.roadCards(ctx, road)
			cards = append(cards, told...)
		}
	}
	return cards, err
}

// asks are those that wait for the person's answer, and their own that were not answered in time (row D15).
func (s *Session) asks(snap *projectdb.Snapshot) (cards []Card) {
	name := func(id studio.UserID) string {
		m, _ := snap.Member(id)
		return m.DisplayName()
	}
	for _, h := range snap.Asks() {
		a, _ := snap.Asset(h.Asset)
		card := Card{ID: h.ID.ID, Kind: CardAsk, Asset: h.Asset, Path: studio.PathOf(snap, h.Asset.ID), Verdict: studio.Applied,
			OpenedMs: mintedMs(h.ID.ID), Params: studio.Params{When: day(h.DeadlineMs)}}
		card.Params.Asset = card.Path
		switch {
		case h.From == s.me && a.Assignee == s.me:
			card.Code, card.Params.Who = studio.CodeAsked, name(h.By)
			if h.To != h.By {
				card.Params.Now = name(h.To)
			}
		case h.By == s.me && s.clock.NowMs() >= h.DeadlineMs:
			card.Code, card.Params.Who = studio.CodeUnanswered, name(h.From)
		default:
			continue
		}
		cards = append(cards, card)
	}
	return cards
}

// mintedMs is when an id was made: the first 48 bits of a UUIDv7.
func mintedMs(id studio.ID) int64 { return int64(binary.BigEndian.Uint64(id[:8]) >> 16) }

func day(ms int64) string { return time.UnixMilli(ms).Local().Format(time.DateOnly) }

// roadCards says what is to be said of a task that the person has on the road: its date is over (row J5), it needs files
// that are new since they left (J7), and what it needs is not all here (J9).
func (l *look) roadCards(ctx context.Context, road studio.Road) (cards []Card, err error) {
	plan, err := l.plan(ctx, []studio.AssetID{road.Asset})
	if err != nil {
		return nil, err
	}
	tell := func(code studio.Code, p studio.Params, bytes int64) {
		p.Asset = l.picture.Path(road.Asset.ID)
		cards = append(cards, Card{ID: road.Asset.ID, Kind: CardRoad, Asset: road.Asset, Path: p.Asset, Code: code, Params: p, Bytes: bytes,
			Verdict: studio.Applied, OpenedMs: l.s.clock.NowMs()})
	}
	if !road.Keeps(l.s.clock.NowMs()) {
		tell(studio.CodeOverdue, studio.Params{When: day(road.UntilMs)}, 0)
	}
	fresh, lost := RoadPlan{}, RoadPlan{}
	for _, item := range plan.Items {
		switch {
		case item.Here:
		case item.New:
			fresh.Missing, fresh.ToFetch = fresh.Missing+1, fresh.ToFetch+item.Bytes
		default:
			lost.Missing, lost.ToFetch = lost.Missing+1, lost.ToFetch+item.Bytes
		}
	}
	if fresh.Missing > 0 {
		tell(studio.CodeRoadNew, studio.Params{N: fresh.Missing, Path: names(plan.Lacks(true))}, fresh.ToFetch)
	}
	if lost.Missing > 0 {
		tell(studio.CodeRoadMissing, studio.Params{N: len(plan.Items), Path: names(plan.Lacks(false))}, lost.ToFetch)
	}
	return cards, nil
}

const namesMax = 5 // in a sentence

// names are paths as a sentence lists them.
func names(paths []string) (text string) {
	for i, p := range paths {
		if i == namesMax {
			return text + " …"
		}
		if i > 0 {
			text += ", "
		}
		text += p
	}
	return text
}

// CloseCard takes a card off the list. Of one that says that a name was taken, it is the decision to keep both: the file
// here moves to its new name too. Codes: in_the_way, file_busy.
func (s *Session) CloseCard(ctx context.Context, id studio.ID) error {
	l, err := s.newLook(ctx)
	if err != nil {
		return err
	}
	var moves []Result
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		open, err := snap.Cards()
		for _, c := range open {
			if f, ok := l.local[c.Asset]; c.ID == id && c.Code == studio.CodeRenamed && ok {
				moves = append(moves, Result{Entity: c.Asset.ID, before: f.Path, Path: l.picture.Path(c.Asset.ID)})
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := errors.Join(s.followAll(ctx, moves), Outcome{Results: moves}.Err()); err != nil {
		return err
	}
	return s.care(ctx, func(tx *projectdb.Tx) error { return tx.CloseCard(id, s.clock.NowMs()) })
}
