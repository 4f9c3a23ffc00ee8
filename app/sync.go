package app

import (
	"context"
	"strconv"

	"framehold/internal/replica"
	"framehold/internal/session"
	"framehold/internal/studio"
)

// SyncView is how the project stands to its studio.
type SyncView struct {
	Remote   bool   `json:"remote"`   // false: a personal project, which has no studio
	State    string `json:"state"`    // offline syncing synced needsAuth needsHelp tooOld notMember full
	Unsent   int    `json:"unsent"`   // acts that are still to be sent
	Need     int    `json:"need"`     // what needs the person
	Server   string `json:"server"`   // of the studio; "" where there is none
	Sentence string `json:"sentence"` // what that means for the person's work
	Nth      int64  `json:"nth"`      // a view of a lower number is an older one: an answer may be overtaken by an event
}

// InboxItem is something the person still has to see: what became of an act of theirs at the studio, what another did to their
// work, an ask, or what is to be said of a task on the road.
type InboxItem struct {
	ID       string `json:"id"`
	Kind     string `json:"kind"`  // verdict news ask road
	Code     string `json:"code"`  // as studio names it
	Asset    string `json:"asset"` // "" when it is about none
	Path     string `json:"path"`
	Verdict  string `json:"verdict"` // of an act: parked refused merged noop; else ""
	Message  string `json:"message"`
	Hint     string `json:"hint"`
	At       int64  `json:"at"`       // ms
	Closable bool   `json:"closable"` // else it ends by itself
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
	now.State, now.Aside, now.Full, now.Large = s.synced, s.aside, s.full, s.large
	nth := s.syncedNth
	s.mu.Unlock()
	return s.viewOf(open, now, nth), nil
}

// Inbox lists what the person still has to see, oldest first.
func (s *Sync) Inbox() ([]InboxItem, error) {
	return in(s.core, func(ctx context.Context, open *session.Session) ([]InboxItem, error) {
		cards, err := open.Inbox(ctx)
		items := []InboxItem{}
		for _, k := range cards {
			message, hint := s.catalogue.Card(string(k.Code), k.Params.Map(), k.Bytes, k.Kind == session.CardVerdict)
			item := InboxItem{ID: idText(k.ID), Kind: string(k.Kind), Code: string(k.Code), Asset: idText(k.Asset.ID), Path: shown(k.Path),
				Verdict: verdictOf(k.Verdict), Message: message, Hint: hint, At: k.OpenedMs, Closable: k.Closable()}
			items = append(items, item)
		}
		return items, err
	})
}

func verdictOf(v studio.Verdict) string {
	switch v {
	case studio.Kept:
		return "parked"
	case studio.Refused:
		return "refused"
	case studio.Merged:
		return "merged"
	case studio.Noop:
		return "noop"
	default:
		return ""
	}
}

// Seen takes something off the inbox; what it tells of stays in the history.
func (s *Sync) Seen(id string) error {
	card, err := studio.ParseID(id)
	if err != nil {
		return s.failure(studio.Refuse(studio.CodeUsage, studio.Params{Field: "id", Why: "it names nothing"}))
	}
	open, err := s.current()
	if err == nil {
		err = open.CloseCard(s.ctx, card)
	}
	return s.failure(err)
}

// Now asks for a sync: what waits for it is sent, large files too. It returns at once.
func (s *Sync) Now() error {
	open, err := s.current()
	if err == nil {
		err = open.AskSync(s.ctx)
	}
	return s.failure(err)
}

func (c *core) viewOf(open *session.Session, s session.SyncState, nth int64) SyncView {
	names := map[replica.State]string{replica.Offline: "offline", replica.Syncing: "syncing", replica.Synced: "synced",
		replica.NeedsAuth: "needsAuth", replica.NeedsHelp: "needsHelp", replica.TooOld: "tooOld", replica.NotAMember: "notMember"}
	view := SyncView{Remote: s.Remote, State: names[s.State], Unsent: s.Unsent, Need: s.Need,
		Server: open.Server(), Nth: nth}
	if s.Full && s.State == replica.Synced {
		view.State = "full"
	}
	params := map[string]string{"n": strconv.Itoa(s.Unsent), "project": "the project"}
	if s.Unsent > 0 {
		params["unsent"] = "yes"
	}
	if p, err := open.Look(c.ctx); err == nil {
		params["project"] = p.Project.Name
	}
	if s.Remote {
		state := view.State
		switch {
		case s.Aside > 0:
			state, params["n"] = "aside", strconv.Itoa(s.Aside)
		case s.Large > 0 && state == "synced":
			state, params["n"] = "large", strconv.Itoa(s.Large)
		}
		view.Sentence = fill(c.catalogue.Sync[state], params)
	}
	return view
}

// stand keeps how sync stands; it returns the number of this change.
func (c *core) stand(now session.SyncState) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.synced, c.aside, c.full, c.large = now.State, now.Aside, now.Full, now.Large
	c.syncedNth++
	return c.syncedNth
}

// keepInSync keeps a studio project in sync while it is open.
func (c *core) keepInSync(ctx context.Context, s *session.Session) {
	err := s.Drive(ctx, session.SyncRequest{Device: c.where.Device, App: c.where.Version}, func(now session.SyncState) {
		c.emit(EventSyncChanged, c.viewOf(s, now, c.stand(now)))
	})
	c.note("sync", err)
}
