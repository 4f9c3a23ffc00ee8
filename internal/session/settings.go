package session

import (
	"context"
	"slices"
	"strings"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// set is an act that sets definitions.
func (s *Session) set(ctx context.Context, fn func(*item) error) error {
	return s.write(ctx, projectdb.ActEdit, func(a *act) error { return a.must(fn) })
}

// MemberRequest makes or changes a place in the project; empty fields stay as they are.
type MemberRequest struct {
	Username, Name, Email, Role, Title, Department string
}

// AddMember makes a place for a person; the first profile with that username to open the project is bound to it.
// One that was removed comes back. Codes: permission, username_taken, invalid_name, unknown_role.
func (s *Session) AddMember(ctx context.Context, r MemberRequest) (studio.Member, error) {
	picture, err := s.Look(ctx)
	if err != nil {
		return studio.Member{}, err
	}
	if r.Role == "" {
		r.Role = "Artist"
	}
	m := studio.Member{User: studio.UserID{ID: s.clock.NewID()}, Username: r.Username}
	account, err := s.accountOf(ctx, r.Username)
	if err != nil {
		return m, err
	}
	there := ""
	for _, have := range picture.MemberList {
		if have.Username == r.Username && have.Gone {
			m = have
			m.Gone = false
		} else if strings.EqualFold(have.Username, r.Username) {
			there = have.DisplayName()
		}
	}
	if !account.ID.IsZero() { // the place is that account's from the start
		m.Profile = account.ID
		if r.Name == "" && m.Name == "" {
			m.Name = account.Name
		}
	}
	made, err := s.setMember(ctx, picture, m, r)
	if studio.CodeOf(err) == studio.CodeUsernameTaken {
		err = studio.Refuse(studio.CodeUsernameTaken, studio.Params{Name: r.Username, Who: there, Why: "member"})
	}
	return made, err
}

// accountOf finds the account of a username on the project's studio; none in a personal project. Codes: unknown_user,
// unreachable: who is not there yet cannot be told from who is.
func (s *Session) accountOf(ctx context.Context, username string) (Profile, error) {
	if s.remote == nil {
		return Profile{}, nil
	}
	to, err := s.dialServer(ctx)
	if err != nil {
		return Profile{}, err
	}
	people, err := to.studio.People(ctx)
	if err != nil {
		return Profile{}, netFailure(to.who.Server, err)
	}
	for _, p := range people.People {
		if strings.EqualFold(p.Username, username) {
			id, err := studio.ParseID(p.ID)
			return Profile{ID: studio.UserID{ID: id}, Username: p.Username, Name: p.Name}, err
		}
	}
	return Profile{}, studio.Refuse(studio.CodeUnknownUser, studio.Params{Name: username})
}

// ChangeMember changes a member's role or other fields.
func (s *Session) ChangeMember(ctx context.Context, r MemberRequest) (studio.Member, error) {
	picture, err := s.Look(ctx)
	if err != nil {
		return studio.Member{}, err
	}
	m, err := picture.MemberNamed(r.Username)
	if err != nil {
		return m, err
	}
	return s.setMember(ctx, picture, m, r)
}

func (s *Session) setMember(ctx context.Context, p *Picture, m studio.Member, r MemberRequest) (studio.Member, error) {
	if r.Role != "" {
		role, err := p.RoleNamed(r.Role)
		if err != nil {
			return m, err
		}
		m.Role = role.ID
	}
	for _, f := range []struct {
		to   *string
		from string
	}{{&m.Name, r.Name}, {&m.Email, r.Email}, {&m.Title, r.Title}, {&m.Department, r.Department}} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	return m, s.set(ctx, func(it *item) error { return it.define(studio.KindMemberSet, m, m.Ver) })
}

// RemoveMember takes a person's place; their history stays, and so do the tasks they hold.
func (s *Session) RemoveMember(ctx context.Context, username string) error {
	picture, err := s.Look(ctx)
	if err != nil {
		return err
	}
	m, err := picture.MemberNamed(username)
	if err != nil {
		return err
	}
	m.Gone = true
	return s.set(ctx, func(it *item) error { return it.define(studio.KindMemberSet, m, m.Ver) })
}

// DefineStatus makes or changes a status: change gets the one with that label, or a new one at the end.
func (s *Session) DefineStatus(ctx context.Context, label string, change func(*studio.Status)) error {
	picture, err := s.Look(ctx)
	if err != nil {
		return err
	}
	st, err := picture.StatusNamed(label)
	if err != nil {
		st = studio.Status{ID: studio.StatusID{ID: s.clock.NewID()}, Name: label, Label: label, Category: studio.CategoryActive,
			Shape: "half", Order: int32(len(picture.Statuses))}
	}
	change(&st)
	slices.SortFunc(st.OnlyRoles, func(a, b studio.RoleID) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return s.set(ctx, func(it *item) error { return it.define(studio.KindStatusDefine, st, st.Ver) })
}

// RemoveStatus removes a status; its tasks go to the replacement.
func (s *Session) RemoveStatus(ctx context.Context, label, replacement string) error {
	picture, err := s.Look(ctx)
	if err != nil {
		return err
	}
	st, err := picture.StatusNamed(label)
	if err != nil {
		return err
	}
	to, err := picture.StatusNamed(replacement)
	if err != nil {
		return err
	}
	return s.set(ctx, func(it *item) error {
		_, err := it.do(st.ID.ID, studio.KindStatusRemove, &studio.StatusRemoveBody{Replacement: to.ID})
		return err
	})
}

// DefineType makes or changes a type of work.
func (s *Session) DefineType(ctx context.Context, name string, change func(*studio.Type)) error {
	picture, err := s.Look(ctx)
	if err != nil {
		return err
	}
	t, err := picture.TypeNamed(name)
	if err != nil {
		t = studio.Type{ID: studio.TypeID{ID: s.clock.NewID()}, Name: name, Icon: "file", Colour: "#b5b5b5",
			Order: int32(len(picture.Types))}
	}
	change(&t)
	return s.set(ctx, func(it *item) error { return it.define(studio.KindTypeDefine, t, t.Ver) })
}

// DefineRole makes or changes a role.
func (s *Session) DefineRole(ctx context.Context, name string, change func(*studio.Role)) error {
	picture, err := s.Look(ctx)
	if err != nil {
		return err
	}
	r, err := picture.RoleNamed(name)
	if err != nil {
		r = studio.Role{ID: studio.RoleID{ID: s.clock.NewID()}, Name: name, Order: int32(len(picture.Roles))}
	}
	change(&r)
	return s.set(ctx, func(it *item) error { return it.define(studio.KindRoleSet, r, r.Ver) })
}

// SetOptions changes the project's own choices.
func (s *Session) SetOptions(ctx context.Context, change func(*studio.Project)) error {
	picture, err := s.Look(ctx)
	if err != nil {
		return err
	}
	p := picture.Project
	change(&p)
	return s.set(ctx, func(it *item) error { return it.define(studio.KindProjectSet, p, p.Ver) })
}
