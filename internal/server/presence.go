package server

import (
	"cmp"
	"net/http"
	"slices"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// presence answers when the members of a project were last here, and what they had not sent then.
func (s *Server) presence(w http.ResponseWriter, r *http.Request) error {
	at, err := targetOf(r, false)
	if err != nil {
		return err
	}
	people, err := read(r.Context(), s, at.project, s.core.Presence)
	if err != nil {
		return err
	}
	s.answer(w, http.StatusOK, wire.PresenceReply{People: people})
	return nil
}

// Presence lists the members whose devices were here, in order of id, for who gives tasks away (row D6): the last time of all
// their devices, and what those told of as unsent. Others read of nobody. Code: not_member.
func (c *Core) Presence(snap serverdb.Snapshot, call Call) ([]wire.Presence, error) {
	me, err := enter(snap, call)
	if err != nil {
		return nil, err
	}
	people := []wire.Presence{}
	if !studio.SeesRisk(snap, me.User) {
		return people, snap.Err()
	}
	at := map[studio.UserID]int{}
	for _, client := range snap.Clients() {
		m, ok := memberOf(snap, client.User)
		if !ok {
			continue
		}
		i, known := at[m.User]
		if !known {
			i, at[m.User] = len(people), len(people)
			people = append(people, wire.Presence{User: m.User.String()})
		}
		people[i].SeenMs = max(people[i].SeenMs, client.SeenMs)
		people[i].Unsent += int(client.UnsentCheckpoints)
		people[i].Bytes += client.UnsentBytes
	}
	slices.SortFunc(people, func(a, b wire.Presence) int { return cmp.Compare(a.User, b.User) })
	return people, snap.Err()
}
