package server

import (
	"sync"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// newsMax is how many answers are kept: those of the last changes of each busy project, in the main.
const newsMax = 1024

// newsKept keeps what was told of a change: all who see everything and stand at the same place are told the same, and they
// ask at the same moment. Safe for concurrent use.
type newsKept struct {
	mu  sync.Mutex
	all map[newsOf]*newsOnce
}

// newsOf is a way from a place in the history to a head.
type newsOf struct {
	project  studio.ProjectID
	from, to wire.Cookie
}

type newsOnce struct {
	made sync.Once
	told *wire.PullReply
}

func newNewsKept() *newsKept { return &newsKept{all: map[newsOf]*newsOnce{}} }

// of is the answer for a key, which the first who asks makes. One that came to nothing is made again for the next.
func (n *newsKept) of(key newsOf, tell func() *wire.PullReply) *wire.PullReply {
	n.mu.Lock()
	one := n.all[key]
	if one == nil {
		if len(n.all) >= newsMax {
			clear(n.all)
		}
		one = &newsOnce{}
		n.all[key] = one
	}
	n.mu.Unlock()
	one.made.Do(func() { one.told = tell() })
	if one.told == nil {
		n.mu.Lock()
		if n.all[key] == one {
			delete(n.all, key)
		}
		n.mu.Unlock()
	}
	return one.told
}

// news is what is new behind where somebody stands; nil: they pull.
func (s *Server) news(snap serverdb.Snapshot, by Call, member studio.Member, q wire.WaitRequest) *wire.PullReply {
	tell := func() *wire.PullReply { return s.core.news(snap, by, q) }
	client, known := snap.Client(q.Client)
	if !studio.SightOf(snap, member.User).Full() || !known || client.Proto < wire.ProtoPullMin {
		return tell()
	}
	head := snap.Head()
	to := wire.Cookie{Generation: head.Generation, Seq: head.Seq, Chain8: [8]byte(head.Chain[:8])}
	return s.newsKept.of(newsOf{q.Project, q.Cookie, to}, tell)
}
