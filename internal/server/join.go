package server

import (
	"cmp"
	"errors"
	"strings"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

const roleOfJoined = "Artist" // where an invitation names none

// Join is an account that becomes a member of a project by an invitation.
type Join struct {
	Account        studio.UserID
	Username, Name string
	Role           string        // its name
	By             studio.UserID // account of who invited; zero: whoever runs the server
	NowMs          int64
	Op             studio.OpID
	User           studio.UserID // of a new place
	MadeHybrid     uint64
}

var errFounding = errors.New("the project is being published")

// Join gives an account its place in a project: the one that waits under its username, or a new one. It is an op of who
// invited, decided as any other; who runs the server acts as the project's first admin. An account that has its place is
// no error. Codes: those of the decision; unknown_role; errFounding.
func (c *Core) Join(tx serverdb.Tx, j Join) error {
	head := tx.Head()
	if _, ok := memberOf(tx, j.Account); ok {
		return tx.Err()
	}
	if !head.Founder.IsZero() {
		return errFounding
	}
	actor, ok := inviter(tx, j.By)
	if !ok {
		return studio.Refuse(studio.CodeNotMember, studio.Params{Who: j.Name})
	}
	m, err := placeFor(tx, j)
	if err != nil {
		return err
	}
	at := studio.Moment{Actor: actor.User, ReceivedMs: moment(head, Call{NowMs: j.NowMs}), Seq: head.Seq + 1}
	op := studio.Op{ID: j.Op, Kind: studio.KindMemberSet, Entity: m.User.ID, MadeHybrid: j.MadeHybrid,
		Body: &studio.RowBody{SeenVer: m.Ver, Row: studio.EncodeRow(m)}}
	done, err := studio.NewState(tx).Run(op, at, func(d studio.Decision) error { return d.Err() })
	if err != nil {
		return err
	}
	chain := head.Chain
	for _, one := range done {
		ev := one.Event
		ev.Chain = ev.NextChain(chain)
		chain = ev.Chain
		if err := errors.Join(tx.Append([]studio.Event{ev}), tx.Put(ev.Seq, one.Decision.Puts, one.Decision.Gone)); err != nil {
			return err
		}
	}
	head = tx.Head()
	head.ServerMs = at.ReceivedMs
	return errors.Join(tx.SetHead(head), tx.Err())
}

// inviter is the member who acts.
func inviter(view studio.View, by studio.UserID) (studio.Member, bool) {
	if !by.IsZero() {
		return memberOf(view, by)
	}
	for _, m := range view.Members() {
		if role, ok := view.Role(m.Role); ok && role.May.IsAdmin() && !m.Gone {
			return m, true
		}
	}
	return studio.Member{}, false
}

// placeFor is the row of who joins: the place that waits under their username, else a new one.
func placeFor(view studio.View, j Join) (studio.Member, error) {
	for _, m := range view.Members() {
		if strings.EqualFold(m.Username, j.Username) && m.Profile.IsZero() && !m.Gone {
			m.Profile = j.Account
			return m, nil
		}
	}
	for _, r := range view.Roles() {
		if strings.EqualFold(r.Name, cmp.Or(j.Role, roleOfJoined)) {
			return studio.Member{User: j.User, Username: j.Username, Name: j.Name, Role: r.ID, Profile: j.Account}, nil
		}
	}
	return studio.Member{}, studio.Refuse(studio.CodeUnknownRole, studio.Params{Name: cmp.Or(j.Role, roleOfJoined)})
}
