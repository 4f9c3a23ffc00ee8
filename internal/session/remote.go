package session

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"

	"framehold/internal/fsys"
	"framehold/internal/projectdb"
	"framehold/internal/replica"
	"framehold/internal/studio"
	"framehold/internal/wire"
	"framehold/internal/workspace"
)

// remote is a studio server that the person is signed in to.
type remote struct {
	calls  *wire.Client
	studio *wire.Studio
	who    Credentials
}

// dial makes the clients of a server; nothing is sent yet. Codes: invalid_link.
func dial(c Credentials) (*remote, error) {
	var pinned wire.Fingerprint
	if c.Fingerprint != "" {
		var err error
		if pinned, err = wire.ParseFingerprint(c.Fingerprint); err != nil {
			return nil, err
		}
	}
	client, err := wire.NewHTTPClient(c.Server, wire.ClientTLS(pinned))
	if err != nil {
		return nil, studio.Refuse(studio.CodeInvalidLink, studio.Params{Name: c.Server, Why: "link_address"})
	}
	token := func() string { return c.Token }
	return &remote{wire.NewClient(client, c.Server, token), wire.NewStudio(client, c.Server, token), c}, nil
}

// netFailure is what a person reads of a call that failed.
func netFailure(server string, err error) error {
	f, ok := errors.AsType[*wire.Failure](err)
	if !ok {
		return err
	}
	codes := map[wire.Code]studio.Code{wire.CodeUnavailable: studio.CodeUnreachable, wire.CodeUnauthenticated: studio.CodeUnauthenticated,
		wire.CodeNotMember: studio.CodeNotMember, wire.CodeUpgrade: studio.CodeUpgrade, wire.CodeQuota: studio.CodeQuota,
		wire.CodeRate: studio.CodeTooManyAttempts}
	code, known := codes[f.Code]
	if !known {
		return fmt.Errorf("studio %s: %w", server, err)
	}
	p := studio.Params{Name: server, Project: server}
	if studio.CodeOf(f.Cause) == studio.CodeWrongCertificate {
		code = studio.CodeWrongCertificate
	} else if code == studio.CodeUnreachable {
		p.Why = unreached(f)
	}
	return errors.Join(studio.Refuse(code, p), f.Cause)
}

// unreached is what people can know of why a studio is not reached: "" when there is nothing but silence.
func unreached(f *wire.Failure) string {
	var expired x509.CertificateInvalidError
	var untrusted *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	switch {
	case f.Cause == nil:
		return "busy" // it says so itself
	case errors.As(f.Cause, &expired) && expired.Reason == x509.Expired:
		return "clock" // its time, or this computer's
	case errors.As(f.Cause, &untrusted):
		return "certificate"
	case errors.Is(f.Cause, wire.ErrStranger), errors.As(f.Cause, &noTLS):
		return "stranger"
	}
	return ""
}

// LoginRequest signs a person in: with a link, an invitation or an address.
type LoginRequest struct {
	Address  string
	Username string
	Name     string // of who joins
	Password string
	Device   string
	App      string
}

// Login signs in, or uses an invitation, and keeps the session's token in the home. Codes: invalid_link, bad_credentials,
// unreachable, those of invitations.
func Login(ctx context.Context, env Env, r LoginRequest) (Credentials, error) {
	link, err := wire.ParseLink(r.Address)
	if err != nil {
		return Credentials{}, err
	}
	home := env.Home()
	c := Credentials{Server: link.Server}
	if known, err := home.Credentials(link.Server); err == nil {
		c.Fingerprint = known.Fingerprint
	}
	if !link.Fingerprint.IsZero() {
		c.Fingerprint = link.Fingerprint.Text()
	}
	to, err := dial(c)
	if err != nil {
		return c, err
	}
	var in wire.SignedIn
	if link.Token.IsZero() {
		in, err = to.studio.SignIn(ctx, wire.SignInRequest{Username: r.Username, Password: r.Password, Device: r.Device, App: r.App})
	} else {
		in, err = to.studio.Join(ctx, wire.JoinRequest{Token: link.Token.Text(), Username: r.Username, Name: r.Name, Password: r.Password,
			Device: r.Device, App: r.App})
	}
	if studio.CodeOf(err) == studio.CodeBadCredentials { // the name may be one that was not typed: that of this computer
		err = studio.Refuse(studio.CodeBadCredentials, studio.Params{Name: r.Username})
	}
	if err != nil {
		return c, errors.Join(netFailure(link.Server, err), noteClosed(home, link.Server, r.Username, err))
	}
	c.User, c.Username, c.Token = in.User, in.Username, in.Token
	return c, home.SaveCredentials(c)
}

// noteClosed remembers that an account was closed, so that what its person had not sent is handed in.
func noteClosed(home *Home, server, username string, err error) error {
	known, unknown := home.Credentials(server)
	if studio.CodeOf(err) != studio.CodeAccountDisabled || unknown != nil || !strings.EqualFold(known.Username, username) {
		return nil
	}
	known.Closed = true
	return home.SaveCredentials(known)
}

// Logout ends the session at the server, where that can be reached, and forgets it here.
func Logout(ctx context.Context, env Env, server string) error {
	home := env.Home()
	c, err := home.Credentials(server)
	if err != nil {
		return err
	}
	if to, err := dial(c); err == nil {
		_ = to.studio.SignOut(ctx) // offline, it ends by itself after its time
	}
	return home.DropCredentials(server)
}

// CloneRequest brings a studio project to this computer.
type CloneRequest struct {
	Server  string
	Project string // name or id
	Dir     string // may be an empty folder; "": the project's name
	Device  string
	App     string
}

// Clone makes a store and a working folder of a studio project, with its tracking data; files come when they are asked
// for, and the history comes behind it: see BringHistory. The marker is written last: a clone that was cut off leaves no
// project. Codes: unauthenticated, unreachable, unknown_project, nested_project, in_the_way; invalid_name, of a name that is
// none of a folder.
func Clone(ctx context.Context, env Env, r CloneRequest) (*Session, error) {
	who, err := env.Home().Credentials(r.Server)
	if err != nil {
		return nil, err
	}
	r.Server = who.Server
	to, err := dial(who)
	if err != nil {
		return nil, err
	}
	project, name, err := to.find(ctx, r.Project)
	if err != nil {
		return nil, err
	}
	if r.Dir == "" {
		if studio.NameProblem(name) != "" { // a name is no path: it may lead anywhere
			return nil, studio.Refuse(studio.CodeInvalidName, studio.Params{Name: name, Why: "folder_name"})
		}
		r.Dir = name
	}
	root, err := emptyFolder(env, r.Dir)
	if err != nil {
		return nil, err
	}
	account, err := studio.ParseID(who.User)
	if err != nil {
		return nil, err
	}
	s, marker, err := blank(ctx, env, root, project, projectdb.Replica{Server: r.Server, Account: studio.UserID{ID: account}})
	if err != nil {
		return nil, err
	}
	err = s.firstPull(ctx, to, r)
	if err = errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	if err := workspace.WriteMarker(env.FS, root, marker); err != nil {
		return nil, storeFailure(err)
	}
	return Open(ctx, env, root)
}

// blank makes the store of a studio project in which nothing is yet. Its marker is not written.
func blank(ctx context.Context, env Env, root string, project studio.ProjectID, row projectdb.Replica,
) (s *Session, marker workspace.Marker, err error) {
	marker = workspace.Marker{Project: project.String(), Folder: studio.ID(env.Clock.NewID()).String(),
		Store: env.Home().storeDir(studio.ID(env.Clock.NewID()).String())}
	if marker.Store, err = filepath.Abs(marker.Store); err != nil {
		return nil, marker, err
	}
	profile, err := env.Home().Profile(env.Fallback)
	if err != nil {
		return nil, marker, err
	}
	if s, err = attach(ctx, env, root, marker, projectdb.Create); err != nil {
		return nil, marker, err
	}
	row.Profile, row.Client, row.NextN = profile.ID, env.Clock.NewID(), 1
	s.projectID, s.remote = project, &row
	err = s.care(ctx, func(tx *projectdb.Tx) error {
		return errors.Join(tx.SetReplica(row), tx.SetFolder(s.folderID, root, s.clock.NowMs()))
	})
	if err != nil {
		return nil, marker, errors.Join(err, s.Close())
	}
	return s, marker, nil
}

// firstPullGC keeps the heap of a first pull small, which holds a whole project's rows at once: memory is dearer then than
// the time of its collector.
const firstPullGC = 50

func (s *Session) firstPull(ctx context.Context, to *remote, r CloneRequest) error {
	defer debug.SetGCPercent(debug.SetGCPercent(firstPullGC))
	rep, err := s.replica(ctx, to, r.Device, r.App, nil)
	if err != nil {
		return err
	}
	state, err := rep.Round(ctx)
	if err != nil {
		return err
	}
	if state != replica.Synced {
		return roundFailure(r.Server, r.Project, rep, state)
	}
	return nil
}

// roundFailure is the error of a round that did not end in sync; nil for one that did.
func roundFailure(server, project string, rep *replica.Replica, state replica.State) error {
	if state == replica.Offline && rep.Unheard() != nil {
		return netFailure(server, rep.Unheard())
	}
	codes := map[replica.State]studio.Code{replica.Offline: studio.CodeUnreachable, replica.Syncing: studio.CodeUnreachable,
		replica.NeedsAuth: studio.CodeUnauthenticated, replica.NeedsHelp: studio.CodeServerBehind, replica.TooOld: studio.CodeUpgrade,
		replica.NotAMember: studio.CodeNotMember}
	if code, failed := codes[state]; failed {
		return studio.Refuse(code, studio.Params{Name: server, Project: project})
	}
	return nil
}

// StudioProject is a project of a studio.
type StudioProject struct{ ID, Name string }

// StudioProjects lists the projects of a studio that the person is in. Codes: unauthenticated, unreachable.
func StudioProjects(ctx context.Context, env Env, server string) ([]StudioProject, error) {
	who, err := env.Home().Credentials(server)
	if err != nil {
		return nil, err
	}
	to, err := dial(who)
	if err != nil {
		return nil, err
	}
	all, err := to.studio.Projects(ctx)
	if err != nil {
		return nil, netFailure(server, err)
	}
	projects := make([]StudioProject, 0, len(all.Projects))
	for _, p := range all.Projects {
		if !p.Founding { // there is nothing of it to bring yet
			projects = append(projects, StudioProject{p.ID, p.Name})
		}
	}
	return projects, nil
}

// find finds a project of the studio by id, or by a name that only one has. Code: unknown_project.
func (to *remote) find(ctx context.Context, name string) (studio.ProjectID, string, error) {
	all, err := to.studio.Projects(ctx)
	if err != nil {
		return studio.ProjectID{}, "", netFailure(to.who.Server, err)
	}
	unknown := studio.Params{Name: name, Path: to.who.Server}
	var found []wire.StudioProject
	for _, p := range all.Projects {
		if p.ID == name {
			found = []wire.StudioProject{p}
			break
		}
		if !p.Founding && strings.EqualFold(p.Name, name) {
			found, unknown.Now = append(found, p), strings.TrimSpace(unknown.Now+" "+p.ID)
		}
	}
	if unknown.N = len(found); unknown.N > 1 {
		unknown.Why = "several"
	}
	if unknown.N != 1 {
		return studio.ProjectID{}, "", studio.Refuse(studio.CodeUnknownProject, unknown)
	}
	id, err := studio.ParseID(found[0].ID)
	return studio.ProjectID{ID: id}, found[0].Name, err
}

// emptyFolder makes sure that a folder is there, empty, and in no project.
func emptyFolder(env Env, dir string) (string, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := env.FS.MkdirAll(root, 0o755); err != nil {
		return "", storeFailure(err)
	}
	entries, err := env.FS.ReadDir(root)
	if err != nil {
		return "", fileFailure(root, err)
	}
	if len(entries) > 0 {
		return "", studio.Refuse(studio.CodeInTheWay, studio.Params{Path: root, Why: "not_empty"})
	}
	if above, ok := workspace.FindRoot(env.FS, root); ok {
		return "", studio.Refuse(studio.CodeNestedProject, studio.Params{Path: root, Now: above})
	}
	return root, nil
}

// replica makes the replica of this store.
func (s *Session) replica(ctx context.Context, to *remote, device, app string, tell func(replica.State)) (*replica.Replica, error) {
	unsent, err := s.unsent(ctx)
	if err != nil {
		return nil, err
	}
	store := syncStore{s}
	return replica.New(ctx, replica.Options{Store: store, Past: store, Remote: to.calls, Clock: s.clock, Tell: tell, Closed: to.who.Closed,
		Hello: wire.HelloRequest{Device: device, App: app, Unsent: unsent}})
}

// unsent is what the server has not got of this person's work.
func (s *Session) unsent(ctx context.Context) (u wire.Unsent, err error) {
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		queue, err := snap.QueuedOps()
		for _, q := range queue {
			if seal, ok := q.Op.Body.(*studio.SealBody); ok {
				k, _ := snap.Checkpoint(seal.Checkpoint)
				u.Checkpoints, u.Bytes = u.Checkpoints+1, u.Bytes+k.Bytes
			}
		}
		return err
	})
	return u, err
}

// SyncRequest asks for a sync.
type SyncRequest struct {
	Device, App string
	Progress    Progress
}

// Synced is what a sync came to.
type Synced struct {
	Pushed, Pulled     int // ops of this person, events of all
	Parked, Refused    []Card
	BytesUp, BytesDown int64
	HeadSeq            uint64
	Unsent             int // ops that are still to be sent
}

// Sync sends what is to be sent, files too, and brings what is new. One process of a store at a time does so. Codes:
// no_server, unauthenticated, unreachable (the work is safe here). Where another process syncs this store, that one is asked to.
func (s *Session) Sync(ctx context.Context, r SyncRequest) (done Synced, err error) {
	to, err := s.dialServer(ctx)
	if err != nil {
		return done, err
	}
	before, err := s.tally(ctx)
	if err != nil {
		return done, err
	}
	lock, err := s.syncLock()
	if errors.Is(err, fsys.ErrLocked) {
		if err := s.askDriver(ctx, to); err != nil {
			return done, err
		}
		after, err := s.tally(ctx)
		return after.since(before), err
	}
	if err != nil {
		return done, storeFailure(err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	rep, err := s.replica(ctx, to, r.Device, r.App, nil)
	if err != nil {
		return done, err
	}
	lane := &contentLane{s: s, to: to, progress: r.Progress}
	state, failed := lane.rounds(ctx, rep)
	if failed == nil && state == replica.Synced {
		if ended, err := s.cameBack(ctx); err != nil {
			return done, err
		} else if ended {
			rep.Wake(true)
			state, failed = lane.rounds(ctx, rep)
		}
	}
	if failed == nil && state == replica.Synced {
		state, failed = rep.History(ctx)
	}
	after, err := s.tally(ctx)
	if err != nil {
		return done, err
	}
	done = after.since(before)
	done.BytesUp, done.BytesDown = lane.up.Load(), lane.down
	if failed != nil {
		return done, netFailure(to.who.Server, failed)
	}
	return done, roundFailure(to.who.Server, s.projectName(ctx), rep, state)
}

// BringHistory brings what of the history is not here yet: what was left out when the project was cloned. A process that
// syncs the store does so by itself. Codes: those of a sync.
func (s *Session) BringHistory(ctx context.Context, r SyncRequest) (err error) {
	if due, err := s.HistoryDue(ctx); err != nil || !due {
		return err
	}
	to, err := s.dialServer(ctx)
	if err != nil {
		return err
	}
	lock, err := s.syncLock()
	if errors.Is(err, fsys.ErrLocked) {
		return nil
	}
	if err != nil {
		return storeFailure(err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	rep, err := s.replica(ctx, to, r.Device, r.App, nil)
	if err != nil {
		return err
	}
	state, err := rep.Round(ctx)
	if err == nil {
		state, err = rep.History(ctx)
	}
	if err != nil {
		return err
	}
	return roundFailure(to.who.Server, s.projectName(ctx), rep, state)
}

// HistoryDue tells whether the older part of the history is still to come: the project was cloned a moment ago.
func (s *Session) HistoryDue(ctx context.Context) (due bool, err error) {
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		stand, remote := snap.Replica()
		due = remote && stand.LogUpto > 0
		return nil
	})
	return due, err
}

// projectName is what people call the project.
func (s *Session) projectName(ctx context.Context) (name string) {
	if err := s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		name = snap.Project().Name
		return nil
	}); err != nil {
		return s.Root()
	}
	return name
}

func (s *Session) dialServer(ctx context.Context) (*remote, error) {
	if s.remote == nil {
		return nil, studio.Refuse(studio.CodeNoServer, studio.Params{Path: s.Root()})
	}
	who, err := s.home.Credentials(s.remote.Server)
	if err != nil {
		return nil, err
	}
	if err := s.sameAccount(ctx, who); err != nil {
		return nil, err
	}
	return dial(who)
}

// sameAccount refuses to speak for this store with the session of another account: what is sent would be its acts. Codes:
// unauthenticated; not_member, of one with the same name: it is that of another studio.
func (s *Session) sameAccount(ctx context.Context, who Credentials) error {
	if account, err := studio.ParseID(who.User); err == nil && account == s.remote.Account.ID {
		return nil
	}
	var me studio.Member
	if err := s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		me, _ = snap.Member(s.me)
		return nil
	}); err != nil {
		return err
	}
	if strings.EqualFold(me.Username, who.Username) {
		return studio.Refuse(studio.CodeNotMember, studio.Params{Project: s.projectName(ctx), Name: who.Username})
	}
	return studio.Refuse(studio.CodeUnauthenticated, studio.Params{Name: who.Server, Who: who.Username, Why: "other_account"})
}

// tally is where sync stands, for a count of what it did.
type tally struct {
	seq    uint64
	queued map[studio.OpID]bool
	cards  []Card
}

func (s *Session) tally(ctx context.Context) (t tally, err error) {
	t.queued = map[studio.OpID]bool{}
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		row, _ := snap.Replica()
		t.seq = row.Seq
		queue, err := snap.QueuedOps()
		for _, q := range queue {
			t.queued[q.Op.ID] = true
		}
		return err
	})
	if err == nil {
		t.cards, err = s.Inbox(ctx)
	}
	return t, err
}

func (t tally) since(before tally) Synced {
	done := Synced{HeadSeq: t.seq, Unsent: len(t.queued), Parked: []Card{}, Refused: []Card{}}
	done.Pulled = int(max(t.seq, before.seq) - before.seq)
	for op := range before.queued {
		if !t.queued[op] {
			done.Pushed++
		}
	}
	known := map[studio.ID]bool{}
	for _, c := range before.cards {
		known[c.ID] = true
	}
	for _, c := range t.cards {
		switch {
		case known[c.ID]:
		case c.Verdict == studio.Kept:
			done.Parked = append(done.Parked, c)
		case c.Verdict == studio.Refused:
			done.Refused = append(done.Refused, c)
		}
	}
	return done
}
