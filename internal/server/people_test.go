package server_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/server"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

func failed(t *testing.T, err error) wire.Code {
	t.Helper()
	require.Error(t, err)
	var f *wire.Failure
	require.ErrorAs(t, err, &f)
	return f.Code
}

func (s *stage) tryLogin(username, password string) answer {
	s.t.Helper()
	return s.post("/v1/studio/login", "", map[string]string{"username": username, "password": password, "device": "desk"})
}

func TestSignIn(t *testing.T) {
	s := newStage(t)
	wrong, nobody := s.tryLogin("ana", "a wrong password"), s.tryLogin("zoe", "a wrong password")
	require.Equal(t, http.StatusUnauthorized, wrong.status)
	require.Equal(t, "bad_credentials", wrong.code())
	require.Equal(t, string(wrong.body), string(nobody.body), "it does not say which of the two")
	ana := s.login("ana")
	require.Equal(t, 200, s.do("GET", "/v1/studio/people", ana.token, nil, nil).status)
}

func TestGuessingIsSlow(t *testing.T) {
	s := newStage(t)
	last := answer{}
	for range 12 {
		last = s.tryLogin("ana", "a wrong password")
	}
	require.Equal(t, http.StatusTooManyRequests, last.status)
	require.Equal(t, "too_many_attempts", last.code())
	require.NotEmpty(t, last.header.Get("Retry-After"))
}

func TestSessionsEnd(t *testing.T) {
	works := func(s *stage, p *person) int { return s.do("GET", "/v1/studio/people", p.token, nil, nil).status }
	t.Run("BySigningOut", func(t *testing.T) {
		s := newStage(t)
		ana, other := s.login("ana"), s.login("ana")
		require.Equal(t, 204, s.do("POST", "/v1/studio/logout", ana.token, nil, nil).status)
		require.Equal(t, 401, works(s, ana))
		require.Equal(t, 200, works(s, other), "another device stays")
	})
	t.Run("ByTime", func(t *testing.T) {
		s := newStage(t)
		ana := s.login("ana")
		s.ahead.Store((29 * 24 * time.Hour).Milliseconds())
		require.Equal(t, 200, works(s, ana), "and slides")
		s.ahead.Store((58 * 24 * time.Hour).Milliseconds())
		require.Equal(t, 200, works(s, ana))
		s.ahead.Store((89 * 24 * time.Hour).Milliseconds())
		require.Equal(t, 401, works(s, ana))
	})
	t.Run("ByDisabling", func(t *testing.T) {
		s := newStage(t)
		ana := s.login("ana")
		ben := s.joined(ana, "ben")
		f := s.newFilm(map[string]studio.UserID{"ana": ana.id, "ben": ben.id}, "ana", "ben")
		ana.publish(f)
		ben.hello(f.id)
		data, err := server.OpenStudio(t.Context(), s.o) // as the command line does, beside the server
		require.NoError(t, err)
		_, err = data.DisableUser(t.Context(), "ben")
		require.NoError(t, err)
		_, err = data.DisableUser(t.Context(), "ana")
		require.Equal(t, studio.CodeLastStudioAdmin, studio.CodeOf(err))
		require.NoError(t, data.Close())
		_, err = ben.wire().Pull(t.Context(), wire.PullRequest{Project: f.id, Client: ben.client})
		require.Equal(t, wire.CodeUnauthenticated, failed(t, err))
		require.Equal(t, "account_disabled", s.tryLogin("ben", password).code())
	})
	t.Run("NotByARestart", func(t *testing.T) {
		s := newStage(t)
		ana := s.login("ana")
		s.restart()
		require.Equal(t, 200, works(s, ana))
	})
}

func TestInvitations(t *testing.T) {
	s := newStage(t)
	ana := s.login("ana")
	invite := func(doc map[string]any) (link wire.Link, user string) {
		a := s.post("/v1/studio/invite", ana.token, doc)
		require.Equal(t, 200, a.status, "%s", a.body)
		var made struct{ Link, User string }
		require.NoError(t, json.Unmarshal(a.body, &made))
		link, err := wire.ParseLink(made.Link)
		require.NoError(t, err)
		require.Equal(t, s.url, link.Server)
		return link, made.User
	}
	join := func(link wire.Link, username string) answer {
		return s.post("/v1/studio/join", "", map[string]any{"token": link.Token.Text(), "username": username, "name": "Cy", "password": password})
	}
	id := studio.UserID{ID: s.o.Clock.NewID()}
	link, user := invite(map[string]any{"username": "ben", "id": id.String()})
	require.Equal(t, id.String(), user, "a published project's people keep theirs")
	require.Equal(t, "bad_credentials", s.tryLogin("ben", password).code(), "the account waits")
	require.Equal(t, "password_short", s.post("/v1/studio/join", "", map[string]any{"token": link.Token.Text(), "password": "short"}).code())
	require.Equal(t, 200, join(link, "").status)
	require.Equal(t, "invitation_used", join(link, "").code())
	require.Equal(t, id, s.login("ben").id)
	require.Equal(t, "account_exists", s.post("/v1/studio/invite", ana.token, map[string]any{"username": "ben"}).code())

	open, user := invite(map[string]any{})
	require.Empty(t, user)
	require.Equal(t, "account_exists", join(open, "ana").code(), "nobody chooses another's name")
	require.Equal(t, 200, join(open, "cy").status)

	late, _ := invite(map[string]any{"days": 1})
	s.ahead.Store((25 * time.Hour).Milliseconds())
	require.Equal(t, "invitation_expired", join(late, "dee").code())
}

func TestWhoJoinsIsAMemberOfTheProjectsOfTheInvitation(t *testing.T) {
	s := newStage(t)
	ana := s.login("ana")
	f := s.newFilm(map[string]studio.UserID{"ana": ana.id}, "ana", "ben") // ben has a place that waits
	ana.publish(f)
	ben, cy := s.joined(ana, "ben", f.id), s.joined(ana, "cy", f.id)
	require.NotEqual(t, ben.hello(f.id).User, cy.hello(f.id).User)
	require.Equal(t, f.stateMember("ben").User, ben.hello(f.id).User)
	require.Contains(t, string(s.do("GET", "/v1/studio/projects", cy.token, nil, nil).body), f.id.String())
	pulled := ana.pull(f.id, wire.Cookie{})
	require.Len(t, pulled.Events, len(f.events)+2)
	require.Equal(t, f.stateMember("ana").User, pulled.Events[len(f.events)].Actor, "it is an act of who invited")
}

func TestWhoJoinsWhileAProjectIsPublishedIsAMemberWhenItIs(t *testing.T) {
	s := newStage(t)
	ana := s.login("ana")
	f := s.newFilm(map[string]studio.UserID{"ana": ana.id}, "ana")
	require.Equal(t, 200, s.post("/v1/studio/projects", ana.token, map[string]string{"id": f.id.String(), "name": "Film"}).status)
	ben := s.joined(ana, "ben", f.id)
	_, err := ben.wire().Hello(t.Context(), wire.HelloRequest{Project: f.id, Client: ben.client, Proto: wire.Proto})
	require.Equal(t, wire.CodeNotMember, failed(t, err))
	s.restart()
	ana.publish(f)
	require.Equal(t, uint64(len(f.events))+1, ben.hello(f.id).HeadSeq)
}

// TestCase_H17: a personal project is published: by its founder alone, unseen until it is whole, and it goes on after an
// interruption where it was.
func TestCase_H17(t *testing.T) {
	s := newStage(t)
	ana := s.login("ana")
	ben := s.joined(ana, "ben")
	f := s.newFilm(map[string]studio.UserID{"ana": ana.id}, "ana")
	create := func(p *person) answer {
		return s.post("/v1/studio/projects", p.token, map[string]string{"id": f.id.String(), "name": "Film"})
	}
	require.JSONEq(t, `{"id":"`+f.id.String()+`","name":"Film","founding":true}`, string(create(ana).body))
	ana.hello(f.id)
	_, err := ana.wire().Found(t.Context(), wire.FoundRequest{Project: f.id, Client: ana.client, Events: f.events[:5]})
	require.NoError(t, err)
	s.restart()
	require.Equal(t, "permission", create(ben).code())
	_, err = ben.wire().Found(t.Context(), wire.FoundRequest{Project: f.id, Client: ben.client, Events: f.events[5:]})
	require.Equal(t, wire.CodeNotMember, failed(t, err))
	require.NotContains(t, string(s.do("GET", "/v1/studio/projects", ben.token, nil, nil).body), f.id.String())

	forged := f.events[5]
	forged.Actor = ben.id
	_, err = ana.wire().Found(t.Context(), wire.FoundRequest{Project: f.id, Client: ana.client, Events: []studio.Event{f.events[5], forged}})
	require.Equal(t, wire.CodeInvalid, failed(t, err))
	require.Equal(t, uint64(5), ana.hello(f.id).HeadSeq, "nothing of a call that fails stays")
	embellished := f.events[5] // its verdict is the same
	embellished.Result = "more"
	embellished.Chain = embellished.NextChain(f.events[4].Chain)
	_, err = ana.wire().Found(t.Context(), wire.FoundRequest{Project: f.id, Client: ana.client, Events: []studio.Event{embellished}})
	require.Equal(t, wire.CodeInvalid, failed(t, err), "to the last byte")
	require.Equal(t, uint64(5), ana.hello(f.id).HeadSeq)
	ana.publish(f)
	require.JSONEq(t, `{"id":"`+f.id.String()+`","name":"Film","founding":false}`, string(create(ana).body), "the last answer may have been lost")
}
