package server

import (
	"encoding/binary"
	"errors"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// Pull gives what is new behind a cookie: the newest image of each row that changed, then the events. A row that changes
// between two pages comes again on a later one. Who has no full view gets all that they may see, whenever anything changed:
// pages of different heads are not of one view then, and the client begins anew. Codes: generation, when the cookie is of
// another history; upgrade_required, for a program that is too old to read it.
func (c *Core) Pull(snap serverdb.Snapshot, call Call, r wire.PullRequest) (wire.PullReply, error) {
	head := snap.Head()
	member, err := enter(snap, call)
	if err != nil {
		return wire.PullReply{}, err
	}
	if client, ok := snap.Client(r.Client); ok && client.Proto < wire.ProtoPullMin {
		return wire.PullReply{}, &wire.Failure{Code: wire.CodeUpgrade}
	}
	if err := sameHistory(snap, head, r.Cookie); err != nil {
		return wire.PullReply{}, err
	}
	at, err := pageOf(r)
	if err != nil {
		return wire.PullReply{}, err
	}
	sight := studio.SightOf(snap, member.User)
	if r.Part == wire.PartLog && (!sight.Full() || r.Cookie.Seq > head.Seq) {
		return wire.PullReply{}, errPage
	}
	budget := int(r.MaxBytes)
	if budget <= 0 || budget > wire.PullBytesMax {
		budget = wire.PullBytesMax
	}
	p := pull{snap: snap, head: head, at: at, budget: budget, sight: sight, member: member, after: r.Cookie.Seq}
	switch {
	case r.Part == wire.PartLog:
		err = p.log(r.After)
	default:
		p.reply.Later = r.Part == wire.PartRows && sight.Full()
		err = p.page()
	}
	if err != nil {
		return wire.PullReply{}, err
	}
	p.reply.Head = c.Sign(wire.Signed{Project: r.Project, Generation: head.Generation, Seq: head.Seq, Chain: head.Chain,
		ServerMs: head.ServerMs})
	if p.reply.NextPage == nil && p.sight.Full() && r.Part != wire.PartLog {
		p.reply.Sums = head.Sums
	}
	return p.reply, snap.Err()
}

// news is the whole of what is new behind a cookie, where that is little; nil: the client pulls, and hears why where it cannot.
func (c *Core) news(snap serverdb.Snapshot, call Call, q wire.WaitRequest) *wire.PullReply {
	reply, err := c.Pull(snap, call, wire.PullRequest{Project: q.Project, Client: q.Client, Cookie: q.Cookie, MaxBytes: wire.NewsBytesMax})
	if err != nil || len(reply.NextPage) > 0 {
		return nil
	}
	return &reply
}

func sameHistory(snap serverdb.Snapshot, head serverdb.Head, cookie wire.Cookie) error {
	if cookie.Seq == 0 && cookie.Generation == (wire.Generation{}) {
		return nil // has seen nothing
	}
	chain, ok := chainAt(snap, cookie.Seq)
	if !ok || cookie.Generation != wire.Generation(head.Generation) || [8]byte(chain[:8]) != cookie.Chain8 {
		return &wire.Failure{Code: wire.CodeGeneration}
	}
	return nil
}

// place is how far a pull has come: behind a row, then behind an event.
type place struct {
	row   serverdb.Position
	later bool // a page after the first
	event uint64
}

func (p place) bytes() []byte {
	b := binary.AppendUvarint(nil, p.event)
	b = binary.AppendUvarint(b, p.row.Seq)
	return append(append(b, byte(p.row.Table)), p.row.Key...)
}

func pageOf(r wire.PullRequest) (place, error) {
	if len(r.Page) == 0 {
		return place{row: serverdb.Position{Seq: r.Cookie.Seq + 1}, event: r.Cookie.Seq}, nil
	}
	event, n := binary.Uvarint(r.Page)
	if n <= 0 {
		return place{}, errPage
	}
	seq, m := binary.Uvarint(r.Page[n:])
	rest := r.Page[n+max(m, 0):]
	if m <= 0 || len(rest) < 1 || len(rest) > pageKeyMax {
		return place{}, errPage
	}
	return place{event: event, later: true,
		row: serverdb.Position{Seq: seq, Table: studio.Table(rest[0]), Key: string(rest[1:])}}, nil
}

const pageKeyMax = 512 // a row's key: an asset and a tag at the longest

var errPage = &wire.Failure{Code: wire.CodeInvalid, Cause: errors.New("not a page of a pull")}

// pull is one page in the making.
type pull struct {
	snap   serverdb.Snapshot
	head   serverdb.Head
	sight  *studio.Sight
	member studio.Member
	at     place
	after  uint64 // the cookie's seq
	budget int
	reply  wire.PullReply
}

func (p *pull) page() error {
	full := p.sight.Full()
	p.reply.Whole = !full
	if p.after == p.head.Seq && !p.at.later {
		return nil // nothing is new: an empty last page
	}
	if !full && !p.at.later {
		p.at.row = serverdb.Position{} // all that they may see, from the beginning
	}
	more := true
	for more && p.budget > 0 {
		var rows []serverdb.Row
		rows, more = p.snap.RowsAfter(p.at.row, p.head.Seq, min(p.budget, readBytes))
		if err := p.add(rows, full); err != nil {
			return err
		}
		if n := len(rows); n > 0 {
			p.at.row = serverdb.Behind(rows[n-1])
		}
	}
	if p.reply.Later {
		p.at.event = p.head.Seq
	}
	for !more && p.at.event < p.head.Seq && p.budget > 0 {
		events := p.snap.Events(p.at.event, p.head.Seq, eventsAtOnce)
		if len(events) == 0 {
			return errors.Join(errors.New("events are missing"), p.snap.Err())
		}
		p.addEvents(events, full)
	}
	if more || p.at.event < p.head.Seq {
		p.reply.NextPage = p.at.bytes()
	}
	return nil
}

// log gives the events behind a seq, up to the cookie, as many as fit.
func (p *pull) log(after uint64) error {
	p.at.event = after
	for p.at.event < p.after && p.budget > 0 {
		events := p.snap.Events(p.at.event, p.after, eventsAtOnce)
		if len(events) == 0 {
			return errors.Join(errors.New("events are missing"), p.snap.Err())
		}
		p.addEvents(events, true)
	}
	return nil
}

const (
	readBytes    = 256 << 10 // read at once
	eventsAtOnce = 512
)

func (p *pull) add(rows []serverdb.Row, full bool) error {
	for _, r := range rows {
		if !full {
			if r.Bytes == nil {
				continue
			}
			row, err := studio.RowFrom(r.Table, r.Key, r.Bytes)
			if err != nil {
				return err
			}
			if !p.sight.SeesRow(row) {
				continue
			}
		} else if r.Bytes == nil && p.after == 0 && !p.at.later {
			continue // a first sync has nothing that could be gone, but what came on an earlier page
		}
		p.budget -= len(r.Bytes) + len(r.Key)
		p.reply.Rows = append(p.reply.Rows, wire.Row{Table: r.Table, Key: r.Key, Bytes: r.Bytes})
	}
	return nil
}

// addEvents adds events until the page is full. A limited view has those about what the person sees, and their own.
func (p *pull) addEvents(events []studio.Event, full bool) {
	for _, ev := range events {
		if p.budget <= 0 {
			return
		}
		p.at.event = ev.Seq
		if !full && ev.Actor != p.member.User && !p.sight.Sees(ev.Entity) {
			continue
		}
		ev.Chain = [32]byte{}
		p.budget -= len(ev.Body) + eventHeaderBytes
		p.reply.Events = append(p.reply.Events, ev)
	}
}

const eventHeaderBytes = 120 // about
