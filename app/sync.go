package app

import (
	"context"

	"framehold/internal/replica"
	"framehold/internal/session"
)

// SyncView is how the project stands to its studio.
type SyncView struct {
	Remote bool   `json:"remote"` // false: a personal project, which has no studio
	State  string `json:"state"`  // offline syncing synced needsAuth needsHelp tooOld notMember
	Unsent int    `json:"unsent"` // acts that are still to be sent
	Need   int    `json:"need"`   // what needs the person
}

// Sync is bound to the frontend: how the project stands to its studio.
type Sync struct{ *core }

// State tells how sync stands.
func (s *Sync) State() (SyncView, error) {
	open, err := s.current()
	if err != nil {
		return SyncView{}, s.failure(err)
	}
	now, err := open.SyncState(s.ctx)
	if err != nil {
		return SyncView{}, s.failure(err)
	}
	s.mu.Lock()
	now.State = s.synced
	s.mu.Unlock()
	return viewOf(now), nil
}

// Now asks for a sync: what waits for it is sent, large files too. It returns at once.
func (s *Sync) Now() error {
	open, err := s.current()
	if err == nil {
		err = open.AskSync(s.ctx)
	}
	return s.failure(err)
}

func viewOf(s session.SyncState) SyncView {
	names := map[replica.State]string{replica.Offline: "offline", replica.Syncing: "syncing", replica.Synced: "synced",
		replica.NeedsAuth: "needsAuth", replica.NeedsHelp: "needsHelp", replica.TooOld: "tooOld", replica.NotAMember: "notMember"}
	return SyncView{Remote: s.Remote, State: names[s.State], Unsent: s.Unsent, Need: s.Need}
}

// keepInSync keeps a studio project in sync while it is open.
func (c *core) keepInSync(ctx context.Context, s *session.Session) {
	err := s.Drive(ctx, session.SyncRequest{Device: c.where.Device, App: c.where.Version}, func(now session.SyncState) {
		c.mu.Lock()
		c.synced = now.State
		c.mu.Unlock()
		c.emit(EventSyncChanged, viewOf(now))
	})
	c.note("sync", err)
}
