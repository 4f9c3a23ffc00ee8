package server

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"framehold/internal/auth"
	"framehold/internal/serverdb"
	"framehold/internal/serverdb/accounts"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

type loginJSON struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Device   string `json:"device"`
	App      string `json:"app"`
}

type joinJSON struct {
	Token string `json:"token"`
	Name  string `json:"name"`
	loginJSON
}

type signedInJSON struct {
	Token    string `json:"token"` // told this once
	User     string `json:"user"`
	Username string `json:"username"`
	Name     string `json:"name"`
	Admin    bool   `json:"admin"`
}

func signedIn(in accounts.SignedIn) signedInJSON {
	u := in.Session.User
	return signedInJSON{Token: in.Token.Text(), User: u.ID.String(), Username: u.Username, Name: u.Name, Admin: u.Admin}
}

// login opens a session: {username, password, device, app} -> {token, user, username, name, admin}.
func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	var q loginJSON
	if err := decode(r, &q); err != nil {
		return err
	}
	in, err := s.accounts.SignIn(r.Context(), accounts.SignIn{Username: q.Username, Password: q.Password,
		Device: accounts.Device{Name: q.Device, App: q.App}, Address: r.RemoteAddr})
	if err != nil {
		return err
	}
	s.answer(w, http.StatusOK, signedIn(in))
	return nil
}

// join uses an invitation: {token, username, name, password, device, app} -> as login.
func (s *Server) join(w http.ResponseWriter, r *http.Request) error {
	var q joinJSON
	if err := decode(r, &q); err != nil {
		return err
	}
	token, err := wire.ParseToken(q.Token)
	if err != nil {
		return studio.Refuse(studio.CodeUnknownInvitation, studio.Params{})
	}
	in, invitation, err := s.accounts.Join(r.Context(), accounts.Join{Token: token, Username: q.Username, Name: q.Name,
		Password: q.Password, Device: accounts.Device{Name: q.Device, App: q.App}, Address: r.RemoteAddr})
	if err != nil {
		return err
	}
	if err := s.settle(r.Context(), invitation); err != nil { // they have joined: their places are made later
		s.log.Warn("invitation is not settled yet", "invitation", invitation.ID.String(), "cause", err.Error())
	}
	s.answer(w, http.StatusOK, signedIn(in))
	return nil
}

// logout ends the session that calls.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) error {
	in := r.Context().Value(sessionKey{}).(accounts.Session)
	if err := s.accounts.Revoke(r.Context(), in.User.ID, in.ID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

type projectJSON struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Founding bool   `json:"founding"` // it is being published, by who asks
}

// listProjects lists those that the account has a place in: {projects: [{id, name, founding}]}.
func (s *Server) listProjects(w http.ResponseWriter, r *http.Request) error {
	all, err := s.accounts.Projects(r.Context())
	if err != nil {
		return err
	}
	mine := []projectJSON{}
	for _, p := range all {
		row, ok, err := s.projectOf(r.Context(), p)
		if errors.Is(err, serverdb.ErrUnknown) {
			continue
		}
		if err != nil {
			return err
		}
		if ok {
			mine = append(mine, row)
		}
	}
	s.answer(w, http.StatusOK, map[string]any{"projects": mine})
	return nil
}

// projectOf describes a project to who calls; ok: they have a place in it, or are publishing it.
func (s *Server) projectOf(ctx context.Context, p accounts.Project) (row projectJSON, ok bool, err error) {
	call, err := s.caller(ctx)
	if err != nil {
		return row, false, err
	}
	err = s.projects.Read(ctx, p.ID, func(snap serverdb.Snapshot) error {
		founder := snap.Head().Founder
		_, member := memberOf(snap, call.Account)
		ok = founder == call.Account || member && founder.IsZero()
		row = projectJSON{ID: p.ID.String(), Name: cmp.Or(snap.Project().Name, p.Name), Founding: !founder.IsZero()}
		return snap.Err()
	})
	return row, ok, err
}

// createProject makes a project that is empty and that the account publishes: {id, name} -> {id, name, founding}. One that
// the account is publishing, or has published, is answered as it stands. Codes: permission, for the id of another one.
func (s *Server) createProject(w http.ResponseWriter, r *http.Request) error {
	var q struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	if err := decode(r, &q); err != nil {
		return err
	}
	id, err := studio.ParseID(q.ID)
	if err != nil || id.IsZero() {
		return studio.Refuse(studio.CodeUsage, studio.Params{Why: "id"})
	}
	if q.Name == "" {
		return studio.Refuse(studio.CodeInvalidName, studio.Params{Name: q.Name, Why: "name_empty"})
	}
	call, err := s.caller(r.Context())
	if err != nil {
		return err
	}
	p := accounts.Project{ID: studio.ProjectID{ID: id}, Name: q.Name}
	head := serverdb.Head{Generation: newGeneration(), GenNo: 1, Founder: call.Account, ServerMs: call.NowMs, GenMs: call.NowMs}
	if err := s.projects.Create(r.Context(), p.ID, head); err != nil && !errors.Is(err, serverdb.ErrExists) {
		return err
	}
	row, ok, err := s.projectOf(r.Context(), p)
	if err != nil {
		return err
	}
	if !ok {
		return studio.Refuse(studio.CodePermission, studio.Params{Name: q.Name})
	}
	if err := s.accounts.AddProject(r.Context(), p.ID, row.Name); err != nil {
		return err
	}
	s.answer(w, http.StatusOK, row)
	return nil
}

// newGeneration names one life of a project.
func newGeneration() (g [8]byte) {
	token := auth.NewToken()
	copy(g[:], token[:])
	return g
}

type personJSON struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
	Disabled bool   `json:"disabled"`
	Waiting  bool   `json:"waiting"` // was invited and has not joined
}

// people lists the accounts: {people: [{id, username, name, disabled, waiting}]}.
func (s *Server) people(w http.ResponseWriter, r *http.Request) error {
	users, err := s.Users(r.Context())
	if err != nil {
		return err
	}
	all := make([]personJSON, len(users))
	for i, u := range users {
		all[i] = personJSON{u.ID.String(), u.Username, u.Name, u.Disabled, u.Waiting}
	}
	s.answer(w, http.StatusOK, map[string]any{"people": all})
	return nil
}

// invite makes a link: {username, name, role, projects, id, days} -> {link, user}. With a username it makes the account, which
// waits for the link to be used: a project that is published gives it its history and tasks before. id is what that
// account is to be called; empty: a new one.
func (s *Server) invite(w http.ResponseWriter, r *http.Request) error {
	var q struct {
		Username string   `json:"username"`
		Name     string   `json:"name"`
		Role     string   `json:"role"`
		Projects []string `json:"projects"`
		ID       string   `json:"id"`
		Days     int      `json:"days"`
	}
	if err := decode(r, &q); err != nil {
		return err
	}
	call, err := s.caller(r.Context())
	if err != nil {
		return err
	}
	n := accounts.NewInvitation{By: call.Account, Username: q.Username, Name: q.Name, Role: q.Role, Life: time.Duration(q.Days) * 24 * time.Hour}
	for _, text := range q.Projects {
		id, err := studio.ParseID(text)
		if err != nil {
			return studio.Refuse(studio.CodeUsage, studio.Params{Why: "id"})
		}
		n.Projects = append(n.Projects, studio.ProjectID{ID: id})
	}
	var as studio.UserID
	if q.ID != "" {
		if as.ID, err = studio.ParseID(q.ID); err != nil {
			return studio.Refuse(studio.CodeUsage, studio.Params{Why: "id"})
		}
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	link, user, err := s.inviteAs(r.Context(), n, as, Place{Server: scheme + strings.ToLower(r.Host), Fingerprint: s.fingerprint()})
	if err != nil {
		return err
	}
	s.answer(w, http.StatusOK, map[string]string{"link": link, "user": user})
	return nil
}

// inviteAs makes the account that waits, where it has a username, and the link.
func (s *Studio) inviteAs(ctx context.Context, n accounts.NewInvitation, as studio.UserID, at Place) (link, user string, err error) {
	if _, err := wire.ParseLink(at.Server); err != nil {
		return "", "", err
	}
	if n.Username != "" {
		u, err := s.accounts.CreateUser(ctx, accounts.NewUser{ID: as, Username: n.Username, Name: n.Name})
		if studio.CodeOf(err) == studio.CodeAccountExists {
			u, err = s.accounts.UserNamed(ctx, n.Username) // Invite says whether it waits
		}
		if err != nil {
			return "", "", err
		}
		user = u.ID.String()
	}
	token, _, err := s.accounts.Invite(ctx, n)
	if err != nil {
		return "", "", err
	}
	return wire.Link{Server: at.Server, Token: token, Fingerprint: at.Fingerprint}.Text(), user, nil
}

// settle makes who used an invitation a member of its projects. A project that is being published waits: its events are
// its founder's. An inviter who may not do so in a project is as one who did not name it.
func (s *Server) settle(ctx context.Context, i accounts.Invitation) error {
	u, err := s.accounts.User(ctx, i.UsedBy)
	if err != nil {
		return err
	}
	for _, p := range i.Projects {
		join := Join{Account: u.ID, Username: u.Username, Name: u.Name, Role: i.Role, By: i.By, NowMs: s.o.Clock.NowMs(),
			Op: studio.OpID{ID: s.o.Clock.NewID()}, User: studio.UserID{ID: s.o.Clock.NewID()}, MadeHybrid: s.o.Clock.Hybrid()}
		err := s.writers.do(ctx, p, 1, func(tx serverdb.Tx) error { return s.core.Join(tx, join) })
		if _, refused := studio.RefusalOf(err); refused || errors.Is(err, serverdb.ErrUnknown) {
			s.log.Warn("not made a member", "user", u.ID.String(), "project", p.String(), "cause", err.Error())
			continue
		}
		if err != nil {
			return fmt.Errorf("settle invitation %s: %w", i.ID, err)
		}
	}
	return s.accounts.Settle(ctx, i.ID)
}

// settleAll settles what a crash or a publication left.
func (s *Server) settleAll(ctx context.Context) {
	left, err := s.accounts.Unsettled(ctx)
	for _, i := range left {
		err = errors.Join(err, s.settle(ctx, i))
	}
	if err != nil {
		s.log.Warn("invitations are not settled yet", "cause", err.Error())
	}
}

// hashIn reads a hash of a path: 64 digits of lower case.
func hashIn(text string) (studio.Hash, error) {
	var h studio.Hash
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(h) || hex.EncodeToString(b) != text {
		return h, &wire.Failure{Code: wire.CodeInvalid, Cause: errors.New("not a hash")}
	}
	copy(h[:], b)
	return h, nil
}
