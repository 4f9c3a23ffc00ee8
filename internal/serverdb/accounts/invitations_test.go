package accounts_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/auth"
	"framehold/internal/serverdb/accounts"
	"framehold/internal/studio"
)

func (w *world) join(j accounts.Join) (accounts.SignedIn, accounts.Invitation, error) {
	j.Password, j.Device, j.Address = password, laptop, "10.0.0.1:5000"
	return w.Join(ctx, j)
}

func TestAnInvitationMakesOneAccountOnce(t *testing.T) {
	w := newWorld(t)
	root := w.admin("root")
	film, series := studio.ProjectID{ID: studio.ID{1}}, studio.ProjectID{ID: studio.ID{2}}
	require.NoError(t, w.AddProject(ctx, film, "Film"))
	require.NoError(t, w.AddProject(ctx, series, "Series"))
	token, made, err := w.Invite(ctx, accounts.NewInvitation{By: root.ID, Username: "ana", Name: "Ana", Role: "Artist",
		Projects: []studio.ProjectID{film, series, film}})
	require.NoError(t, err)
	require.Equal(t, w.at.Add(14*24*time.Hour).UnixMilli(), made.ExpiresMs)
	seen, err := w.Invitation(ctx, token, "10.0.0.1")
	require.NoError(t, err)
	require.Equal(t, []studio.ProjectID{film, series}, seen.Projects)
	require.Equal(t, [4]string{"ana", "Ana", "Artist", root.ID.String()}, [4]string{seen.Username, seen.Name, seen.Role, seen.By.String()})

	in, used, err := w.join(accounts.Join{Token: token, Username: "root", Name: "Someone else"})
	require.NoError(t, err)
	require.Equal(t, "ana", in.Session.User.Username, "what the invitation says counts")
	require.Equal(t, "Ana", in.Session.User.Name)
	require.False(t, in.Session.User.Admin)
	require.Equal(t, in.Session, w.isIn(in.Token))
	require.Equal(t, in.Session.User.ID, used.UsedBy)
	w.isIn(w.signIn("ana").Token)

	_, _, err = w.join(accounts.Join{Token: token, Username: "ben"})
	w.refused(studio.CodeInvitationUsed, err)
	_, err = w.Invitation(ctx, token, "10.0.0.1")
	w.refused(studio.CodeInvitationUsed, err)
	w.refused(studio.CodeInvitationUsed, w.Withdraw(ctx, used.ID))

	waiting, err := w.Unsettled(ctx)
	require.NoError(t, err)
	require.Equal(t, []accounts.Invitation{used}, waiting)
	require.NoError(t, w.Settle(ctx, used.ID))
	waiting, err = w.Unsettled(ctx)
	require.NoError(t, err)
	require.Empty(t, waiting)
}

func TestWhoIsInvitedWithoutAUsernameChoosesOne(t *testing.T) {
	w := newWorld(t)
	w.user("ana")
	_, err := w.CreateUser(ctx, accounts.NewUser{Username: "waiting"})
	require.NoError(t, err)
	token, _, err := w.Invite(ctx, accounts.NewInvitation{})
	require.NoError(t, err)
	for username, code := range map[string]studio.Code{"": studio.CodeInvalidName, "Ben!": studio.CodeInvalidName,
		"ana": studio.CodeAccountExists, "waiting": studio.CodeAccountExists, "WAITING": studio.CodeAccountExists} {
		_, _, err := w.join(accounts.Join{Token: token, Username: username})
		require.Equal(t, code, studio.CodeOf(err), username)
	}
	_, err = w.SignIn(ctx, as("waiting", password))
	w.refused(studio.CodeBadCredentials, err)
	in, _, err := w.join(accounts.Join{Token: token, Username: "ben", Name: "Ben"})
	require.NoError(t, err, "what was refused did not use it")
	require.Equal(t, "Ben", in.Session.User.Name)
	waiting, err := w.Unsettled(ctx)
	require.NoError(t, err)
	require.Empty(t, waiting, "it names no project")
}

func TestAnAccountThatWaitsIsJoinedByItsOwnInvitation(t *testing.T) {
	w := newWorld(t)
	kept, err := w.CreateUser(ctx, accounts.NewUser{ID: studio.UserID{ID: studio.ID{7}}, Username: "ana", Name: "Ana"})
	require.NoError(t, err)
	first, _, err := w.Invite(ctx, accounts.NewInvitation{Username: "ana"})
	require.NoError(t, err)
	second, _, err := w.Invite(ctx, accounts.NewInvitation{Username: "ana"})
	require.NoError(t, err)
	in, _, err := w.join(accounts.Join{Token: first})
	require.NoError(t, err)
	require.Equal(t, kept.ID, in.Session.User.ID, "history and tasks stay theirs")
	require.True(t, w.isIn(in.Token).User.HasPassword)
	_, _, err = w.join(accounts.Join{Token: second})
	w.refused(studio.CodeAccountExists, err)
	_, _, err = w.Invite(ctx, accounts.NewInvitation{Username: "ana"})
	w.refused(studio.CodeAccountExists, err)
}

func TestADisabledAccountIsNotJoined(t *testing.T) {
	w := newWorld(t)
	u, err := w.CreateUser(ctx, accounts.NewUser{Username: "ana"})
	require.NoError(t, err)
	token, _, err := w.Invite(ctx, accounts.NewInvitation{Username: "ana"})
	require.NoError(t, err)
	require.NoError(t, w.Disable(ctx, u.ID))
	_, _, err = w.join(accounts.Join{Token: token})
	w.refused(studio.CodeAccountDisabled, err)
}

func TestInvitationsThatDoNotOpen(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.join(accounts.Join{Token: auth.NewToken(), Username: "ana"})
	w.refused(studio.CodeUnknownInvitation, err)
	token, _, err := w.Invite(ctx, accounts.NewInvitation{Life: time.Hour})
	require.NoError(t, err)
	_, _, err = w.Join(ctx, accounts.Join{Token: token, Username: "ana", Password: "short"})
	w.refused(studio.CodePasswordShort, err)
	w.at = w.at.Add(time.Hour)
	_, _, err = w.join(accounts.Join{Token: token, Username: "ana"})
	w.refused(studio.CodeInvitationExpired, err)
	withdrawn, i, err := w.Invite(ctx, accounts.NewInvitation{})
	require.NoError(t, err)
	require.NoError(t, w.Withdraw(ctx, i.ID))
	w.refused(studio.CodeUnknownInvitation, w.Withdraw(ctx, i.ID))
	_, _, err = w.join(accounts.Join{Token: withdrawn, Username: "ana"})
	w.refused(studio.CodeUnknownInvitation, err)
	w.at = w.at.Add(91 * 24 * time.Hour)
	require.NoError(t, w.Sweep(ctx))
	all, err := w.Invitations(ctx)
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestInvitationsThatAreNotMade(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		code studio.Code
		n    accounts.NewInvitation
	}{
		"username":      {studio.CodeInvalidName, accounts.NewInvitation{Username: "Ana"}},
		"name":          {studio.CodeInvalidName, accounts.NewInvitation{Name: "a\tb"}},
		"role":          {studio.CodeTooLong, accounts.NewInvitation{Role: strings.Repeat("x", 256)}},
		"life":          {studio.CodeTooLong, accounts.NewInvitation{Life: 91 * 24 * time.Hour}},
		"negative life": {studio.CodeTooLong, accounts.NewInvitation{Life: -time.Hour}},
		"projects":      {studio.CodeTooLong, accounts.NewInvitation{Projects: make([]studio.ProjectID, 101)}},
		"project":       {studio.CodeUnknownTarget, accounts.NewInvitation{Projects: []studio.ProjectID{{ID: studio.ID{1}}}}},
		"by":            {studio.CodeUnknownUser, accounts.NewInvitation{By: studio.UserID{ID: studio.ID{1}}}},
	} {
		token, _, err := w.Invite(ctx, c.n)
		require.Equal(t, c.code, studio.CodeOf(err), name)
		require.True(t, token.IsZero(), name)
	}
	all, err := w.Invitations(ctx)
	require.NoError(t, err)
	require.Empty(t, all)
}

func TestOpenInvitationsAreBounded(t *testing.T) {
	w := newWorld(t)
	for i := range 1000 {
		_, _, err := w.Invite(ctx, accounts.NewInvitation{Username: fmt.Sprint("user", i)})
		require.NoError(t, err)
	}
	_, _, err := w.Invite(ctx, accounts.NewInvitation{})
	w.refused(studio.CodeTooLong, err)
	w.at = w.at.Add(15 * 24 * time.Hour)
	_, _, err = w.Invite(ctx, accounts.NewInvitation{})
	require.NoError(t, err)
}
