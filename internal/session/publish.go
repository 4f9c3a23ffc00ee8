package session

import (
	"context"
	"errors"
	"slices"
	"strings"

	"framehold/internal/projectdb"
	"framehold/internal/replica"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// PublishRequest turns a personal project into a studio project (row H17).
type PublishRequest struct {
	Server      string
	Map         map[string]string    // username here -> username on the studio, where they differ
	Confirm     func([]Matched) bool // sees the list before anything starts; false: nothing is done
	Device, App string
	Progress    Progress
}

// Matched is a member and the account that is theirs on the studio.
type Matched struct {
	Member  studio.Member
	Account string // username; "": none yet: their history and tasks stay, until an admin gives the place to an account
	id      studio.UserID
}

// Publish makes the project one of a studio, with its whole history. The server decides every event anew and must come to
// the same. One that was cut off goes on where it was when it is called again. Codes: unauthenticated, unreachable,
// unknown_user for a mapped account that is not there, permission, cancelled when the list is not confirmed.
func (s *Session) Publish(ctx context.Context, r PublishRequest) error {
	if s.readOnly != nil {
		return s.readOnly
	}
	who, err := s.home.Credentials(r.Server)
	if err != nil {
		return err
	}
	r.Server = who.Server
	to, err := dial(who)
	if err != nil {
		return err
	}
	if s.remote != nil {
		if done, err := s.published(ctx, to); done || err != nil {
			return netFailure(r.Server, err)
		}
	} else if err := s.begin(ctx, to, r); err != nil {
		return netFailure(r.Server, err)
	}
	return netFailure(r.Server, s.handOver(ctx, to, r))
}

// published tells whether nothing is left to publish: the project is the studio's. One that was interrupted goes on. Code:
// published, of a project of another studio.
func (s *Session) published(ctx context.Context, to *remote) (bool, error) {
	if s.remote.Server != to.who.Server {
		return false, studio.Refuse(studio.CodePublished, studio.Params{Project: s.projectName(ctx), Name: s.remote.Server})
	}
	if err := s.sameAccount(ctx, to.who); err != nil {
		return false, err
	}
	listed, err := to.studio.Projects(ctx)
	for _, p := range listed.Projects {
		if p.ID == s.projectID.String() {
			return !p.Founding, err
		}
	}
	return false, err
}

// begin matches members, makes the project on the server, sends the content, and turns this store into a replica.
func (s *Session) begin(ctx context.Context, to *remote, r PublishRequest) error {
	matched, err := s.match(ctx, to, r.Map)
	if err != nil {
		return err
	}
	if r.Confirm == nil || !r.Confirm(matched) {
		return studio.Refuse(studio.CodeCancelled, studio.Params{})
	}
	picture, err := s.Look(ctx)
	if err != nil {
		return err
	}
	if !s.May(picture).Has(studio.MayMembers | studio.MaySettings) {
		return studio.Refuse(studio.CodePermission, studio.Params{Who: s.adminName(ctx)})
	}
	project := wire.StudioProject{ID: picture.Project.ID.String(), Name: picture.Project.Name}
	if err := to.studio.CreateProject(ctx, project); err != nil {
		return err
	}
	account, err := studio.ParseID(to.who.User)
	if err != nil {
		return err
	}
	profile, err := s.home.Profile(s.env.Fallback)
	if err != nil {
		return err
	}
	row := projectdb.Replica{Server: r.Server, Account: studio.UserID{ID: account}, Profile: profile.ID, Client: s.clock.NewID(), NextN: 1,
		Full: true}
	hello, err := to.calls.Hello(ctx, wire.HelloRequest{Project: s.projectID, Client: row.Client, Device: r.Device, App: r.App, Proto: wire.Proto})
	if err != nil {
		return err
	}
	row.Generation = hello.Generation
	if err := s.sendHistory(ctx, to, row.Client, r.Progress); err != nil {
		return err
	}
	if err := s.becomeReplica(ctx, row, matched); err != nil {
		return err
	}
	s.remote = &row
	return nil
}

// match finds the account of each member: the one that is named, else the one with the same username.
func (s *Session) match(ctx context.Context, to *remote, named map[string]string) ([]Matched, error) {
	people, err := to.studio.People(ctx)
	if err != nil {
		return nil, err
	}
	picture, err := s.Look(ctx)
	if err != nil {
		return nil, err
	}
	var matched []Matched
	for _, m := range picture.MemberList {
		if m.Gone {
			continue
		}
		one := Matched{Member: m}
		wanted, isNamed := named[m.Username]
		switch {
		case isNamed:
		case m.User == s.me:
			wanted = to.who.Username
		default:
			wanted = m.Username
		}
		for _, p := range people.People {
			if strings.EqualFold(p.Username, wanted) {
				id, err := studio.ParseID(p.ID)
				if err != nil {
					return nil, err
				}
				one.Account, one.id = p.Username, studio.UserID{ID: id}
			}
		}
		if isNamed && one.Account == "" {
			return nil, studio.Refuse(studio.CodeUnknownUser, studio.Params{Name: wanted})
		}
		matched = append(matched, one)
	}
	return matched, nil
}

// sendHistory sends the content of every version and of every parked checkpoint.
func (s *Session) sendHistory(ctx context.Context, to *remote, client studio.ID, progress Progress) error {
	var all []studio.Checkpoint
	err := s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		all = snap.AllCheckpoints()
		return nil
	})
	if err != nil {
		return err
	}
	lane := &contentLane{s: s, to: to, progress: progress}
	for _, k := range all {
		if k.State == studio.Safety || k.State == studio.Dropped {
			continue
		}
		for _, h := range []studio.Hash{k.Manifest, k.Image} {
			if h.IsZero() {
				continue
			}
			if err := lane.sendContent(ctx, client, h); err != nil {
				return err
			}
		}
		if err := lane.sendPreview(ctx, waiting{Checkpoint: k, client: client}); err != nil {
			return err
		}
	}
	return nil
}

// becomeReplica binds the members to their accounts, gives them the usernames of those where they are free, and notes where the store stands to its server, in one transaction.
func (s *Session) becomeReplica(ctx context.Context, row projectdb.Replica, matched []Matched) error {
	return s.write(ctx, projectdb.ActEdit, func(a *act) error {
		err := a.must(func(it *item) error {
			for _, m := range matched {
				bound := m.Member
				bound.Profile = m.id
				if m.id != (studio.UserID{}) && usernameFree(it.state, m) {
					bound.Username = m.Account
				}
				if err := it.define(studio.KindMemberSet, bound, m.Member.Ver); err != nil {
					return err
				}
			}
			project := it.state.Project()
			seen := project.Ver
			project.Personal = false
			return it.define(studio.KindProjectSet, project, seen)
		})
		a.after = append(a.after, func() error {
			seq, chain := a.tx.LastEvent()
			row.Seq, row.Chain = seq, chain
			row.Sums = studio.Sums{}
			for t := studio.TableProject; t <= studio.TableLast; t++ {
				for _, r := range a.tx.All(t) {
					if k, ok := r.(studio.Checkpoint); ok && k.State == studio.Safety {
						continue // it never leaves this computer
					}
					row.Sums[t] = row.Sums[t].Plus(studio.EncodeRow(r))
				}
			}
			return a.tx.SetReplica(row)
		})
		return err
	})
}

// usernameFree tells whether a member can be called in the project as on the studio: nobody else is.
func usernameFree(view studio.View, m Matched) bool {
	return !slices.ContainsFunc(view.Members(), func(other studio.Member) bool {
		return other.User != m.Member.User && strings.EqualFold(other.Username, m.Account)
	})
}

// handOver hands the events over, in order. What the server has is passed over.
func (s *Session) handOver(ctx context.Context, to *remote, r PublishRequest) error {
	stand, err := syncStore{s}.Stand(ctx)
	if err != nil {
		return err
	}
	hello, err := to.calls.Hello(ctx, wire.HelloRequest{Project: s.projectID, Client: stand.Client, Device: r.Device, App: r.App, Proto: wire.Proto})
	if err != nil {
		return err
	}
	from := hello.HeadSeq + 1
	for done := false; !done; {
		var events []studio.Event
		bytes := 0
		err := s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
			err := snap.Events(from, func(ev studio.Event) error {
				size := len(ev.Body) + wire.EventBytes
				if len(events) == wire.PushOpsMax || len(events) > 0 && bytes+size > wire.PushBytesMax {
					return errEnough
				}
				events, bytes = append(events, ev), bytes+size
				return nil
			})
			if errors.Is(err, errEnough) {
				return nil
			}
			done = true
			return err
		})
		if err != nil {
			return err
		}
		reply, err := to.calls.Found(ctx, wire.FoundRequest{Project: s.projectID, Client: stand.Client, Events: events, Last: done})
		if err != nil {
			return err
		}
		from = reply.HeadSeq + 1
		r.Progress.tell(Step{Phase: PhaseSending, Done: int64(reply.HeadSeq), Total: int64(stand.Cookie.Seq)})
	}
	rep, err := s.replica(ctx, to, r.Device, r.App, nil)
	if err != nil {
		return err
	}
	state, err := rep.Round(ctx)
	if err == nil && state != replica.Synced {
		err = roundFailure(r.Server, s.projectName(ctx), rep, state)
	}
	return err
}

var errEnough = errors.New("enough for one call")
