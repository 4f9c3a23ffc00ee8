package accounts_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/auth"
	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/serverdb/accounts"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

var (
	ctx    = context.Background()
	cheap  = auth.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}
	dearer = auth.Params{MemoryKiB: 128, Passes: 1, Lanes: 1}
)

const password = "correct horse"

// world is a studio on real SQLite, whose clock a test sets.
type world struct {
	t     *testing.T
	path  string
	at    time.Time
	fault error // of the next commits
	*accounts.DB
}

func (w *world) options(p auth.Params) accounts.Options {
	c := clock.New(func() time.Time { return w.at }, rand.Reader)
	return accounts.Options{Path: w.path, FS: fsys.Real(), Clock: c, Hasher: auth.NewHasher(p),
		Limiter: auth.NewLimiter(auth.StandardLimits(), c), CommitFault: func() error { return w.fault }}
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, path: filepath.Join(t.TempDir(), "data", "studio.db"), at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.open(cheap)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

// open opens the studio anew, as a server that was started again does.
func (w *world) open(p auth.Params) {
	w.t.Helper()
	if w.DB != nil {
		require.NoError(w.t, w.Close())
	}
	var err error
	w.DB, err = accounts.Create(ctx, w.options(p))
	require.NoError(w.t, err)
}

func (w *world) user(username string) accounts.User {
	w.t.Helper()
	u, err := w.CreateUser(ctx, accounts.NewUser{Username: username, Password: password})
	require.NoError(w.t, err)
	return u
}

func (w *world) admin(username string) accounts.User {
	w.t.Helper()
	u, err := w.CreateUser(ctx, accounts.NewUser{Username: username, Password: password, Admin: true})
	require.NoError(w.t, err)
	return u
}

var laptop = accounts.Device{Name: "laptop", App: "framehold 1.0"}

func as(username, password string) accounts.SignIn {
	return accounts.SignIn{Username: username, Password: password, Device: laptop, Address: "10.0.0.1:5000"}
}

func (w *world) signIn(username string) accounts.SignedIn {
	w.t.Helper()
	in, err := w.SignIn(ctx, as(username, password))
	require.NoError(w.t, err)
	return in
}

func (w *world) refused(code studio.Code, err error) {
	w.t.Helper()
	require.Equal(w.t, code, studio.CodeOf(err), "%v", err)
}

func (w *world) isOut(token wire.Token) {
	w.t.Helper()
	_, err := w.Session(ctx, token)
	w.refused(studio.CodeUnauthenticated, err)
}

func (w *world) isIn(token wire.Token) accounts.Session {
	w.t.Helper()
	s, err := w.Session(ctx, token)
	require.NoError(w.t, err)
	return s
}

func TestAnAccountSignsInAndIsKnownByItsToken(t *testing.T) {
	w := newWorld(t)
	ana := w.admin("ana")
	in := w.signIn("Ana") // a username has no case
	require.Equal(t, ana, in.Session.User)
	w.open(cheap)
	s := w.isIn(in.Token)
	require.Equal(t, in.Session, s)
	require.Equal(t, laptop, s.Device)
	require.Equal(t, w.at.Add(30*24*time.Hour).UnixMilli(), s.ExpiresMs)
	require.True(t, s.User.Admin)
}

func TestWrongUsernameAndWrongPasswordAreOneAnswer(t *testing.T) {
	w := newWorld(t)
	w.user("ana")
	_, err := w.CreateUser(ctx, accounts.NewUser{Username: "waiting"})
	require.NoError(t, err)
	answers := map[string]bool{}
	for _, s := range []accounts.SignIn{as("ana", "Correct horse"), as("ana", ""), as("nobody", password), as("waiting", ""),
		as("waiting", password), as("' OR 1=1 --", password), as("", password), as("a\x00", strings.Repeat("x", 5000))} {
		in, err := w.SignIn(ctx, s)
		w.refused(studio.CodeBadCredentials, err)
		require.True(t, in.Token.IsZero())
		answers[err.Error()] = true
	}
	require.Len(t, answers, 1)
}

func TestNothingInTheDatabaseSignsAnyoneIn(t *testing.T) {
	w := newWorld(t)
	ana := w.user("ana")
	in := w.signIn("ana")
	invited, _, err := w.Invite(ctx, accounts.NewInvitation{By: ana.ID})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	all := []byte{}
	files, err := filepath.Glob(w.path + "*")
	require.NoError(t, err)
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		all = append(all, b...)
	}
	require.Contains(t, string(all), "$argon2id$v=19$")
	for _, secret := range []string{password, string(in.Token[:]), in.Token.Text(), string(invited[:]), invited.Text()} {
		require.NotContains(t, string(all), secret)
	}
	w.DB, err = accounts.Open(ctx, w.options(cheap))
	require.NoError(t, err)
}

func TestForgedTokensAreRefused(t *testing.T) {
	w := newWorld(t)
	w.user("ana")
	in := w.signIn("ana")
	w.isOut(wire.Token{})
	w.isOut(auth.NewToken())
	w.isOut(wire.Token(auth.HashToken(in.Token))) // what a thief of the database has
	for bit := range 256 {
		forged := in.Token
		forged[bit/8] ^= 1 << (bit % 8)
		w.isOut(forged)
	}
	invited, _, err := w.Invite(ctx, accounts.NewInvitation{})
	require.NoError(t, err)
	w.isOut(invited) // a token is good for one thing
	_, err = w.Invitation(ctx, in.Token, "")
	w.refused(studio.CodeUnknownInvitation, err)
}

func TestASessionEnds30DaysAfterItsLastUse(t *testing.T) {
	w := newWorld(t)
	w.user("ana")
	in := w.signIn("ana")
	began := w.at
	for range 10 {
		w.at = w.at.Add(29 * 24 * time.Hour)
		s := w.isIn(in.Token)
		require.Equal(t, w.at.Add(30*24*time.Hour).UnixMilli(), s.ExpiresMs)
		require.Equal(t, began.UnixMilli(), s.CreatedMs)
	}
	w.at = w.at.Add(30*24*time.Hour - time.Millisecond)
	w.isIn(in.Token)
	w.at = w.at.Add(30 * 24 * time.Hour)
	w.isOut(in.Token)
	require.NoError(t, w.Sweep(ctx))
	w.at = w.at.Add(-time.Hour)
	w.isOut(in.Token)
}

func TestASessionIsWrittenAtMostOnceAnHour(t *testing.T) {
	w := newWorld(t)
	ana := w.user("ana")
	in := w.signIn("ana")
	signedIn := w.at
	w.fault = errors.New("nothing may be written")
	w.at = w.at.Add(time.Hour - time.Millisecond)
	require.Equal(t, signedIn.UnixMilli(), w.isIn(in.Token).SeenMs)
	w.at = w.at.Add(time.Millisecond)
	require.Equal(t, signedIn.UnixMilli(), w.isIn(in.Token).SeenMs, "what cannot be written keeps nobody out")
	w.fault = nil
	require.Equal(t, w.at.UnixMilli(), w.isIn(in.Token).SeenMs)
	all, err := w.Sessions(ctx, ana.ID)
	require.NoError(t, err)
	require.Equal(t, w.at.UnixMilli(), all[0].SeenMs)
	devices, err := w.Devices(ctx, ana.ID)
	require.NoError(t, err)
	require.Equal(t, w.at.UnixMilli(), devices[0].SeenMs)
	w.at = w.at.Add(-100 * time.Hour)
	require.Equal(t, all[0].SeenMs, w.isIn(in.Token).SeenMs, "a clock that was set back takes nothing away")
}

func TestSessionsAreRevokedOneByOneAndAllAtOnce(t *testing.T) {
	w := newWorld(t)
	ana, ben := w.user("ana"), w.user("ben")
	one, two, his := w.signIn("ana"), w.signIn("ana"), w.signIn("ben")
	require.NoError(t, w.Revoke(ctx, ben.ID, one.Session.ID))
	w.isIn(one.Token) // not a session of his
	require.NoError(t, w.Revoke(ctx, ana.ID, one.Session.ID))
	require.NoError(t, w.Revoke(ctx, ana.ID, one.Session.ID))
	w.isOut(one.Token)
	w.isIn(two.Token)
	three := w.signIn("ana")
	require.NoError(t, w.RevokeAll(ctx, ana.ID))
	w.isOut(two.Token)
	w.isOut(three.Token)
	w.isIn(his.Token)
	again := w.signIn("ana")
	require.NoError(t, w.RevokeEveryone(ctx))
	w.isOut(again.Token)
	w.isOut(his.Token)
}

func TestANewPasswordEndsAllSessions(t *testing.T) {
	w := newWorld(t)
	ana := w.user("ana")
	in := w.signIn("ana")
	w.refused(studio.CodePasswordShort, w.SetPassword(ctx, ana.ID, "short"))
	w.isIn(in.Token)
	require.NoError(t, w.SetPassword(ctx, ana.ID, "battery staple"))
	w.isOut(in.Token)
	_, err := w.SignIn(ctx, as("ana", password))
	w.refused(studio.CodeBadCredentials, err)
	_, err = w.SignIn(ctx, as("ana", "battery staple"))
	require.NoError(t, err)
	w.refused(studio.CodeUnknownUser, w.SetPassword(ctx, studio.UserID{ID: studio.ID{9}}, password))
}

func TestADisabledPersonIsOutAtOnce(t *testing.T) {
	w := newWorld(t)
	w.admin("root")
	ana := w.user("ana")
	in := w.signIn("ana")
	require.NoError(t, w.Disable(ctx, ana.ID))
	require.NoError(t, w.Disable(ctx, ana.ID))
	w.isOut(in.Token)
	_, err := w.SignIn(ctx, as("ana", password))
	w.refused(studio.CodeAccountDisabled, err)
	_, err = w.SignIn(ctx, as("ana", "wrong password"))
	w.refused(studio.CodeBadCredentials, err) // told only to who has the password
	require.NoError(t, w.Enable(ctx, ana.ID))
	w.isOut(in.Token)
	w.isIn(w.signIn("ana").Token)
	nobody := studio.UserID{ID: studio.ID{9}}
	w.refused(studio.CodeUnknownUser, w.Disable(ctx, nobody))
	w.refused(studio.CodeUnknownUser, w.Enable(ctx, nobody))
}

func TestAStudioKeepsAnAdminWhoCanSignIn(t *testing.T) {
	w := newWorld(t)
	root := w.admin("root")
	_, err := w.CreateUser(ctx, accounts.NewUser{Username: "waiting", Admin: true})
	require.NoError(t, err)
	w.refused(studio.CodeLastStudioAdmin, w.Disable(ctx, root.ID))
	w.refused(studio.CodeLastStudioAdmin, w.SetAdmin(ctx, root.ID, false))
	ana := w.user("ana")
	require.NoError(t, w.SetAdmin(ctx, ana.ID, true))
	require.NoError(t, w.Disable(ctx, root.ID))
	w.refused(studio.CodeLastStudioAdmin, w.SetAdmin(ctx, ana.ID, false))
	w.refused(studio.CodeUnknownUser, w.SetAdmin(ctx, studio.UserID{ID: studio.ID{9}}, true))
	u, err := w.User(ctx, ana.ID)
	require.NoError(t, err)
	require.True(t, u.Admin)
}

func TestAccountsAreListedAndLookedUp(t *testing.T) {
	w := newWorld(t)
	ben, ana := w.user("ben"), w.user("ana")
	given := studio.UserID{ID: studio.ID{7: 1}}
	carl, err := w.CreateUser(ctx, accounts.NewUser{ID: given, Username: "carl", Name: "Carl Ö."})
	require.NoError(t, err)
	require.Equal(t, given, carl.ID)
	require.False(t, carl.HasPassword)
	all, err := w.Users(ctx)
	require.NoError(t, err)
	require.Equal(t, []accounts.User{ana, ben, carl}, all)
	found, err := w.UserNamed(ctx, "CARL")
	require.NoError(t, err)
	require.Equal(t, carl, found)
	_, err = w.UserNamed(ctx, "nobody")
	w.refused(studio.CodeUnknownUser, err)
	_, err = w.User(ctx, studio.UserID{})
	w.refused(studio.CodeUnknownUser, err)
}

func TestAccountsThatAreNotMade(t *testing.T) {
	w := newWorld(t)
	ana := w.user("ana")
	for name, c := range map[string]struct {
		code studio.Code
		user accounts.NewUser
	}{
		"taken":            {studio.CodeAccountExists, accounts.NewUser{Username: "ana", Password: password}},
		"taken id":         {studio.CodeAccountExists, accounts.NewUser{Username: "ben", ID: ana.ID}},
		"no username":      {studio.CodeInvalidName, accounts.NewUser{Password: password}},
		"upper case":       {studio.CodeInvalidName, accounts.NewUser{Username: "Ben", Password: password}},
		"short password":   {studio.CodePasswordShort, accounts.NewUser{Username: "ben", Password: "short"}},
		"long name":        {studio.CodeTooLong, accounts.NewUser{Username: "ben", Name: strings.Repeat("x", 256)}},
		"name of two rows": {studio.CodeInvalidName, accounts.NewUser{Username: "ben", Name: "Ben\nBoss"}},
		"name of bytes":    {studio.CodeInvalidName, accounts.NewUser{Username: "ben", Name: "Ben\xff"}},
	} {
		_, err := w.CreateUser(ctx, c.user)
		require.Equal(t, c.code, studio.CodeOf(err), name)
	}
	all, err := w.Users(ctx)
	require.NoError(t, err)
	require.Len(t, all, 1)
}

func TestOldCostsAreReplacedAtSignIn(t *testing.T) {
	w := newWorld(t)
	w.user("ana")
	before := w.dump()
	w.open(dearer)
	_, err := w.SignIn(ctx, as("ana", "wrong password"))
	w.refused(studio.CodeBadCredentials, err)
	require.Equal(t, before, w.dump())
	w.signIn("ana")
	require.Contains(t, w.dump(), "$argon2id$v=19$m=128,t=1,p=1$")
	require.NotContains(t, w.dump(), "m=64,")
	w.signIn("ana")
}

func TestGuessingIsSlowedDown(t *testing.T) {
	w := newWorld(t)
	w.user("ana")
	w.user("ben")
	from := func(username, password string, n int) accounts.SignIn {
		s := as(username, password)
		s.Address = fmt.Sprintf("10.0.%d.1:99", n)
		return s
	}
	for i := range 10 {
		_, err := w.SignIn(ctx, from("ana", "wrong password", i))
		w.refused(studio.CodeBadCredentials, err)
	}
	_, err := w.SignIn(ctx, from("ana", password, 11))
	w.refused(studio.CodeTooManyAttempts, err)
	_, err = w.SignIn(ctx, from("ben", password, 11))
	require.NoError(t, err)
	w.at = w.at.Add(time.Minute)
	_, err = w.SignIn(ctx, from("ana", password, 11))
	require.NoError(t, err)
	for range 50 {
		_, err = w.Invitation(ctx, auth.NewToken(), "192.0.2.1")
		w.refused(studio.CodeUnknownInvitation, err)
	}
	_, err = w.Invitation(ctx, auth.NewToken(), "192.0.2.1")
	w.refused(studio.CodeTooManyAttempts, err)
}

func TestSessionsAndDevicesOfAPersonAreBounded(t *testing.T) {
	w := newWorld(t)
	ana := w.user("ana")
	first := w.signIn("ana")
	for i := range 210 {
		w.at = w.at.Add(time.Second)
		s := as("ana", password)
		s.Device.Name = fmt.Sprint("computer ", i)
		_, err := w.SignIn(ctx, s)
		require.NoError(t, err)
	}
	w.isOut(first.Token)
	all, err := w.Sessions(ctx, ana.ID)
	require.NoError(t, err)
	require.Len(t, all, 100)
	require.Equal(t, "computer 209", all[0].Device.Name)
	devices, err := w.Devices(ctx, ana.ID)
	require.NoError(t, err)
	require.Len(t, devices, 200)
	require.Equal(t, 1, devices[0].Sessions)
	require.Equal(t, 0, devices[150].Sessions)
	for _, dev := range []accounts.Device{{Name: strings.Repeat("x", 256)}, {App: "a\x00b"}, {Name: "\xff"}} {
		s := as("ana", password)
		s.Device = dev
		_, err := w.SignIn(ctx, s)
		require.Error(t, err)
		require.NotEqual(t, studio.CodeInternal, studio.CodeOf(err))
	}
}

func TestProjectsAreListed(t *testing.T) {
	w := newWorld(t)
	one, two := studio.ProjectID{ID: studio.ID{1}}, studio.ProjectID{ID: studio.ID{2}}
	require.NoError(t, w.AddProject(ctx, two, "Film"))
	require.NoError(t, w.AddProject(ctx, one, "Film"))
	require.NoError(t, w.AddProject(ctx, one, "The film"))
	w.refused(studio.CodeTooLong, w.AddProject(ctx, one, strings.Repeat("x", 256)))
	all, err := w.Projects(ctx)
	require.NoError(t, err)
	require.Equal(t, []accounts.Project{{one, "The film", w.at.UnixMilli()}, {two, "Film", w.at.UnixMilli()}}, all)
}

// dump is every row of every table.
func (w *world) dump() string {
	w.t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.path+"?mode=ro")
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, db.Close()) }()
	b := strings.Builder{}
	for _, q := range []string{`SELECT hex(id), username, name, admin, disabled_ms FROM user ORDER BY id`,
		`SELECT hex(user), phc, changed_ms FROM credential ORDER BY user`, `SELECT hex(id), name, app, seen_ms FROM device ORDER BY id`,
		`SELECT hex(id), hex(user), seen_ms, expires_ms FROM session ORDER BY id`,
		`SELECT hex(id), username, used_ms, hex(used_by), settled_ms FROM invitation ORDER BY id`,
		`SELECT hex(invitation), hex(project) FROM invitation_project ORDER BY 1, 2`, `SELECT hex(id), name FROM project ORDER BY id`} {
		r, err := db.Query(q)
		require.NoError(w.t, err)
		columns, err := r.Columns()
		require.NoError(w.t, err)
		for r.Next() {
			values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			require.NoError(w.t, r.Scan(into...))
			fmt.Fprintln(&b, values)
		}
		require.NoError(w.t, errors.Join(r.Err(), r.Close()))
	}
	return b.String()
}

// With the commit failing, each way of writing changes nothing; then it does what it does.
func TestACommitThatFailsChangesNothing(t *testing.T) {
	w := newWorld(t)
	root, ana := w.admin("root"), w.user("ana")
	project := studio.ProjectID{ID: studio.ID{1}}
	in := w.signIn("ana")
	require.NoError(t, w.AddProject(ctx, project, "Film"))
	invited, _, err := w.Invite(ctx, accounts.NewInvitation{By: root.ID, Projects: []studio.ProjectID{project}})
	require.NoError(t, err)
	_, unused, err := w.Invite(ctx, accounts.NewInvitation{})
	require.NoError(t, err)
	var joined accounts.Invitation
	for _, act := range []struct {
		name string
		do   func() error
	}{
		{"create", func() error {
			_, err := w.CreateUser(ctx, accounts.NewUser{Username: "ben", Password: password})
			return err
		}},
		{"sign in", func() error { _, err := w.SignIn(ctx, as("ana", password)); return err }},
		{"join", func() (err error) {
			_, joined, err = w.Join(ctx, accounts.Join{Token: invited, Username: "carl", Password: password})
			return err
		}},
		{"settle", func() error { return w.Settle(ctx, joined.ID) }},
		{"invite", func() error { _, _, err := w.Invite(ctx, accounts.NewInvitation{By: root.ID}); return err }},
		{"withdraw", func() error { return w.Withdraw(ctx, unused.ID) }},
		{"project", func() error { return w.AddProject(ctx, project, "The film") }},
		{"revoke", func() error { return w.Revoke(ctx, ana.ID, in.Session.ID) }},
		{"admin", func() error { return w.SetAdmin(ctx, ana.ID, true) }},
		{"password", func() error { return w.SetPassword(ctx, ana.ID, "battery staple") }},
		{"disable", func() error { return w.Disable(ctx, ana.ID) }},
		{"enable", func() error { return w.Enable(ctx, ana.ID) }},
		{"sign in", func() error { _, err := w.SignIn(ctx, as("root", password)); return err }},
		{"revoke all", func() error { return w.RevokeAll(ctx, root.ID) }},
		{"sweep", func() error { w.at = w.at.Add(31 * 24 * time.Hour); return w.Sweep(ctx) }},
		{"sign in", func() error { _, err := w.SignIn(ctx, as("root", password)); return err }},
		{"revoke everyone", func() error { return w.RevokeEveryone(ctx) }},
	} {
		before := w.dump()
		for _, fault := range []struct {
			err  error
			code studio.Code
		}{{syscall.EIO, studio.CodeInternal}, {syscall.ENOSPC, studio.CodeDiskFull}} {
			w.fault = fault.err
			err := act.do()
			require.ErrorIs(t, err, fault.err, act.name)
			require.Equal(t, fault.code, studio.CodeOf(err), act.name)
			require.Equal(t, before, w.dump(), act.name)
		}
		w.fault = nil
		require.NoError(t, act.do(), act.name)
		require.NotEqual(t, before, w.dump(), act.name)
		require.NoError(t, w.Check(ctx))
	}
}

func TestAPanicLeavesNothingAndLocksNothing(t *testing.T) {
	w := newWorld(t)
	before := w.dump()
	require.Panics(t, func() {
		_ = w.AddProject(ctx, studio.ProjectID{}, "Film")
	})
	require.Equal(t, before, w.dump())
	w.user("ana")
}

func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	ana := w.user("ana")
	token, _, err := w.Invite(ctx, accounts.NewInvitation{})
	require.NoError(t, err)
	other, err := accounts.Open(ctx, w.options(cheap)) // another process
	require.NoError(t, err)
	defer func() { require.NoError(t, other.Close()) }()
	joined := make([]error, 8)
	tokens := make([]wire.Token, len(joined))
	var wg sync.WaitGroup
	for i := range joined {
		db := []*accounts.DB{w.DB, other}[i%2]
		wg.Go(func() {
			_, _, joined[i] = db.Join(ctx, accounts.Join{Token: token, Username: fmt.Sprint("user", i), Password: password})
		})
		wg.Go(func() {
			in, err := db.SignIn(ctx, as("ana", password))
			if err == nil {
				_, err = db.Session(ctx, in.Token)
			}
			if err == nil {
				tokens[i] = in.Token
			}
		})
	}
	wg.Wait()
	made := 0
	for i, err := range joined {
		if err == nil {
			made++
		} else {
			w.refused(studio.CodeInvitationUsed, err)
		}
		require.False(t, tokens[i].IsZero())
	}
	require.Equal(t, 1, made, "an invitation is used once")
	require.NoError(t, other.RevokeAll(ctx, ana.ID))
	for _, token := range tokens {
		w.isOut(token)
	}
}
