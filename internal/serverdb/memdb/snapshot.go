package memdb

import (
	"encoding/binary"
	"slices"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

func (s snapshot) Head() serverdb.Head { return s.headCopy() }

func (s snapshot) RowsAfter(at serverdb.Position, upto uint64, maxBytes int) (rows []serverdb.Row, more bool) {
	behind, size := seqKey(at.Seq)+rowKey(at.Table, at.Key), 0
	s.bySeq.from(behind, func(key string, k kept) bool {
		if key == behind {
			return true
		}
		if k.seq > upto {
			return false
		}
		r := serverdb.Row{Table: k.table, Key: k.key, Seq: k.seq, Bytes: k.bytes}
		if size += r.Size(); size > maxBytes && len(rows) > 0 {
			more = true
			return false
		}
		rows = append(rows, r)
		return true
	})
	return rows, more
}

func (s snapshot) Events(after, upto uint64, limit int) []studio.Event {
	var events []studio.Event
	s.events.from(seqKey(after+1), func(_ string, ev studio.Event) bool {
		if ev.Seq > upto || len(events) >= limit {
			return false
		}
		events = append(events, ev)
		return true
	})
	return events
}

func (s snapshot) EventsOf(client studio.ID, after, upto uint64, limit int) []studio.Event {
	var events []studio.Event
	s.sentBySeq.from(string(client[:])+seqKey(after+1), func(key string, seq uint64) bool {
		if key[:len(client)] != string(client[:]) || seq > upto || len(events) >= limit {
			return false
		}
		ev, _ := s.events.get(seqKey(seq))
		events = append(events, ev)
		return true
	})
	return events
}

func (s snapshot) Client(id studio.ID) (serverdb.Client, bool) { return s.clients.get(string(id[:])) }

func (s snapshot) Clients() []serverdb.Client {
	var clients []serverdb.Client
	s.clients.from("", func(_ string, c serverdb.Client) bool {
		clients = append(clients, c)
		return true
	})
	return clients
}

func (s snapshot) Pages(chunk studio.Hash) []studio.Hash {
	var pages []studio.Hash
	for _, page := range s.behind(linkChunkIn, string(chunk[:])) {
		pages = append(pages, studio.HashFrom([]byte(page)))
	}
	return pages
}

func (s snapshot) Roots(chunk studio.Hash) []studio.Hash {
	var roots []studio.Hash
	for _, page := range s.Pages(chunk) {
		roots = append(roots, s.RootsOfPage(page)...)
	}
	slices.SortFunc(roots, func(a, b studio.Hash) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(roots)
}

func (s snapshot) RootsOfPage(page studio.Hash) []studio.Hash {
	var roots []studio.Hash
	for _, root := range s.behind(linkPageOf, string(page[:])) {
		roots = append(roots, studio.HashFrom([]byte(root)))
	}
	return roots
}

func (s snapshot) CheckpointsOf(root studio.Hash) []studio.CheckpointID {
	return s.checkpoints(linkContent, root)
}

func (s snapshot) PreviewsOf(preview studio.Hash) []studio.CheckpointID {
	return s.checkpoints(linkPreview, preview)
}

// checkpoints lists those that have a hash; nothing has the zero hash.
func (s snapshot) checkpoints(l link, h studio.Hash) []studio.CheckpointID {
	var ids []studio.CheckpointID
	if h.IsZero() {
		return nil
	}
	for _, key := range s.behind(l, string(h[:])) {
		ids = append(ids, studio.CheckpointID{ID: studio.IDFrom([]byte(key))})
	}
	return ids
}

func (s snapshot) Visible(user studio.UserID, after uint64) []serverdb.Visible {
	var visible []serverdb.Visible
	s.visible.under(string(user.ID[:]), func(_ string, v serverdb.Visible) bool {
		if v.UntilSeq == 0 || v.UntilSeq > after {
			visible = append(visible, v)
		}
		return true
	})
	return visible
}

func sentKey(client studio.ID, n uint64) string {
	return string(binary.BigEndian.AppendUint64(slices.Clone(client[:]), n))
}
