package app

import (
	"context"

	"framehold/internal/session"
	"framehold/internal/studio"
)

// View is every column of the board with its first cards.
func (b *Board) View(r ListRequest) (BoardView, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (BoardView, error) {
		ask, err := decodeList(r)
		if err != nil {
			return BoardView{}, err
		}
		p, columns, err := s.Board(ctx, ask)
		if err != nil {
			return BoardView{}, err
		}
		out := BoardView{Seq: int64(p.Seq), Columns: []Column{}}
		for _, c := range columns {
			out.Total += c.Total
			out.Columns = append(out.Columns, Column{Status: idText(c.Status.ID.ID), Total: c.Total, Cards: b.rows(s, p, c.Cards, true)})
		}
		return out, nil
	})
}

// Cards are more cards of one column.
func (b *Board) Cards(r CardsRequest) (List, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (List, error) {
		ask, err := decodeList(r.List)
		if err != nil {
			return List{}, err
		}
		p, columns, err := s.Board(ctx, ask)
		if err != nil {
			return List{}, err
		}
		out := List{Seq: int64(p.Seq), Offset: r.List.Offset, Rows: []Row{}}
		for _, c := range columns {
			if idText(c.Status.ID.ID) == r.Status {
				out.Total, out.Assets, out.All = c.Total, c.Total, c.Total
				out.Rows = b.rows(s, p, c.Cards, true)
			}
		}
		return out, nil
	})
}

// Move is a drag of cards, or its key: to a column and a place in it.
func (b *Board) Move(r MoveRequest) (Act, error) {
	return b.moved(r.Status, func(ctx context.Context, s *session.Session, to studio.StatusID) (session.Outcome, error) {
		assets, err := assetIDs(r.IDs)
		if err != nil {
			return session.Outcome{}, err
		}
		ask := session.MoveRequest{StatusRequest: session.StatusRequest{Assets: assets, To: to, Notes: r.Notes, Reason: r.Reason}}
		if ask.Above.ID, err = optionalID(r.Before); err != nil {
			return session.Outcome{}, err
		}
		if ask.Below.ID, err = optionalID(r.After); err != nil {
			return session.Outcome{}, err
		}
		return s.MoveTasks(ctx, ask)
	})
}
