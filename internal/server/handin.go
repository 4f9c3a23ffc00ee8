package server

import (
	"context"
	"errors"
	"net/http"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// admitDeposit puts the deposit key of a call where Core's caller is taken from. The account that its client belongs to may be
// closed, but no longer than a place may be lost. Codes: unauthenticated; not_member, when the time is over.
func (s *Server) admitDeposit(ctx context.Context, r *http.Request) (context.Context, error) {
	refused := &wire.Failure{Code: wire.CodeUnauthenticated}
	key, given := wire.DepositKeyOf(r.Header)
	project, err := studio.ParseID(r.Header.Get(wire.HeaderProject))
	if err != nil || !given {
		return ctx, refused
	}
	id, err := studio.ParseID(r.Header.Get(wire.HeaderClient))
	if err != nil {
		return ctx, refused
	}
	hands := Hands{Key: key}
	if op := r.PathValue("op_id"); op != "" {
		if hands.Announce.ID, err = studio.ParseID(op); err != nil || hands.Announce.IsZero() {
			return ctx, &wire.Failure{Code: wire.CodeInvalid, Cause: errors.New("not an id")}
		}
	}
	by := Call{NowMs: s.o.Clock.NowMs(), Hands: hands}
	var client serverdb.Client
	err = s.projects.Read(ctx, studio.ProjectID{ID: project}, func(snap serverdb.Snapshot) (err error) {
		client, _, err = s.core.depositor(snap, by, id)
		return err
	})
	if errors.Is(err, serverdb.ErrUnknown) { // as if it were another's
		return ctx, refused
	}
	if err != nil {
		return ctx, err
	}
	u, err := s.accounts.User(ctx, client.User)
	if err != nil || u.Disabled() && by.NowMs > u.DisabledMs+depositMs {
		return ctx, errors.Join(&wire.Failure{Code: wire.CodeNotMember}, err)
	}
	return context.WithValue(ctx, sessionKey{}, hands), nil
}

// deposit takes content of a checkpoint that was told of: frames, as an upload has them, and nothing is told back of what is
// here. Codes: unauthenticated, not_member, invalid, quota, too_large, unavailable.
func (s *Server) deposit(w http.ResponseWriter, r *http.Request) error {
	project, err := studio.ParseID(r.Header.Get(wire.HeaderProject))
	if err != nil {
		return err
	}
	client, err := studio.ParseID(r.Header.Get(wire.HeaderClient))
	if err != nil {
		return err
	}
	return s.take(w, r, target{studio.ProjectID{ID: project}, client})
}

// BlockDeposits ends the deposit keys of a person everywhere: for a stolen device (row G8). Who can sign in has a key again.
// Code: unknown_user.
func (s *Studio) BlockDeposits(ctx context.Context, username string) error {
	u, err := s.accounts.UserNamed(ctx, username)
	if err != nil {
		return err
	}
	ids, err := s.projects.Projects(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.projects.Tx(ctx, id, func(tx serverdb.Tx) error {
			for _, c := range tx.Clients() {
				if c.User != u.ID {
					continue
				}
				c.DepositKey = blockedKey
				if err := tx.SetClient(c); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
