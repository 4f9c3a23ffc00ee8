package sqlitedb

import (
	"database/sql"
	"errors"
	"maps"
	"math"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

// snapshot answers lookups in one transaction. The first failure of the database stays: see Err.
type snapshot struct {
	p    *project
	c    *conn
	err  error
	head serverdb.Head // Sums nil: not read yet
	memo map[rowKey]studio.Row

	defs        *definitions // nil: not looked for yet
	defsSeq     uint64       // of the newest change of a definition
	defsWritten bool         // by this transaction
}

type rowKey struct {
	table studio.Table
	key   string
}

const memoMax = 10_000 // rows that a snapshot keeps, so that a walk over a project does not fill the memory

// newSnapshot reads the head, which fixes the state that a read transaction sees.
func newSnapshot(p *project, c *conn) snapshot {
	s := snapshot{p: p, c: c, memo: map[rowKey]studio.Row{}}
	var generation, chain, founder []byte
	err := c.get(`SELECT generation, gen_no, seq, chain, founder, server_ms, defs_seq, gen_ms, stored FROM head`, nil,
		&generation, (*number)(&s.head.GenNo), &s.head.Seq, &chain, &founder, &s.head.ServerMs, &s.defsSeq, &s.head.GenMs, &s.head.Stored)
	s.head.Founder.ID = studio.IDFrom(founder)
	s.err = failure("read head", err)
	copy(s.head.Generation[:], generation)
	copy(s.head.Chain[:], chain)
	return s
}

// number is a uint64 of which SQLite keeps the bits.
type number uint64

func (n *number) Scan(v any) error {
	i, ok := v.(int64)
	if !ok {
		return errors.New("not a number")
	}
	*n = number(i)
	return nil
}

// seqArg is a seq as SQLite compares it: none is above what it can count.
func seqArg(seq uint64) int64 { return int64(min(seq, math.MaxInt64)) }

// Err is the first failure of the database.
func (s *snapshot) Err() error { return s.err }

// note keeps a failure and tells whether there was none; that there is no such row is none, and false.
func (s *snapshot) note(err error) bool {
	if err != nil && !errors.Is(err, sql.ErrNoRows) && s.err == nil {
		s.err = failure("read", err)
	}
	return err == nil
}

func (s *snapshot) get(query string, args []any, to ...any) bool {
	return s.note(s.c.get(query, args, to...))
}

func (s *snapshot) each(query string, args []any, to []any, fn func() (bool, error)) bool {
	return s.note(s.c.each(query, args, to, fn))
}

// hashes lists the hashes that a query finds.
func (s *snapshot) hashes(query string, args ...any) []studio.Hash {
	var list []studio.Hash
	var h []byte
	s.each(query, args, []any{&h}, func() (bool, error) {
		list = append(list, studio.HashFrom(h))
		return true, nil
	})
	return list
}

// bytes finds one value that no one else holds.
func (s *snapshot) bytes(query string, args ...any) ([]byte, bool) {
	var b []byte
	ok := s.get(query, args, &b)
	return b, ok
}

// Head is where the project stands, with what this transaction has written.
func (s *snapshot) Head() serverdb.Head {
	s.readSums()
	h := s.head
	h.Sums = maps.Clone(h.Sums)
	return h
}

func (s *snapshot) readSums() {
	if s.head.Sums != nil {
		return
	}
	sums := studio.Sums{}
	var table studio.Table
	var value []byte
	s.each(`SELECT tbl, value FROM sum`, nil, []any{&table, &value}, func() (bool, error) {
		sums[table] = studio.SumFrom(value)
		return true, nil
	})
	s.head.Sums = sums
}

// RowsAfter lists rows in the order in which they changed.
func (s *snapshot) RowsAfter(at serverdb.Position, upto uint64, maxBytes int) (rows []serverdb.Row, more bool) {
	var r serverdb.Row
	var key []byte
	size := 0
	s.each(`SELECT seq, tbl, key, row FROM state INDEXED BY state_seq
		WHERE (seq, tbl, key) > (?, ?, ?) AND seq <= ? ORDER BY seq, tbl, key`,
		[]any{seqArg(at.Seq), at.Table, []byte(at.Key), seqArg(upto)}, []any{&r.Seq, &r.Table, &key, &r.Bytes},
		func() (bool, error) {
			r.Key = string(key)
			if size += r.Size(); size > maxBytes && len(rows) > 0 {
				more = true
				return false, nil
			}
			rows = append(rows, r)
			return true, nil
		})
	return rows, more
}

// Events lists events in order.
func (s *snapshot) Events(after, upto uint64, limit int) []studio.Event {
	return s.events(`SELECT header, body, chain FROM event WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?`,
		seqArg(after), seqArg(upto), max(limit, 0)) // to SQLite, less than 0 is no limit
}

// EventsOf lists a client's events in order.
func (s *snapshot) EventsOf(client studio.ID, after, upto uint64, limit int) []studio.Event {
	return s.events(`SELECT header, body, chain FROM event WHERE client_id = ? AND seq > ? AND seq <= ?
		ORDER BY seq LIMIT ?`, client[:], seqArg(after), seqArg(upto), max(limit, 0))
}

func (s *snapshot) events(query string, args ...any) []studio.Event {
	var events []studio.Event
	var header, body, chain []byte
	s.each(query, args, []any{&header, &body, &chain}, func() (bool, error) {
		ev, err := studio.EventFrom(header, nil)
		if len(body) > 0 {
			ev.Body = body
		}
		copy(ev.Chain[:], chain)
		events = append(events, ev)
		return true, err
	})
	return events
}

const clientColumns = `client_id, user_id, device, lmid, deposit_key, proto, seen_ms, cookie_seq, unsent_checkpoints,
	unsent_bytes, deposit_bytes`

func (s *snapshot) clients(query string, args ...any) []serverdb.Client {
	var clients []serverdb.Client
	var c serverdb.Client
	var id, user, key []byte
	s.each(query, args, []any{&id, &user, &c.Device, (*number)(&c.Lmid), &key, &c.Proto, &c.SeenMs, (*number)(&c.CookieSeq),
		&c.UnsentCheckpoints, &c.UnsentBytes, &c.DepositBytes}, func() (bool, error) {
		c.ID, c.User, c.DepositKey = studio.IDFrom(id), studio.UserID{ID: studio.IDFrom(user)}, studio.HashFrom(key)
		clients = append(clients, c)
		return true, nil
	})
	return clients
}

// Client finds a client.
func (s *snapshot) Client(id studio.ID) (serverdb.Client, bool) {
	for _, c := range s.clients(`SELECT `+clientColumns+` FROM client WHERE client_id = ?`, id[:]) {
		return c, true
	}
	return serverdb.Client{}, false
}

// Clients lists the clients, in order of id.
func (s *snapshot) Clients() []serverdb.Client {
	return s.clients(`SELECT ` + clientColumns + ` FROM client ORDER BY client_id`)
}

// Manifest finds the bytes of a root or page.
func (s *snapshot) Manifest(h studio.Hash) ([]byte, bool) {
	return s.bytes(`SELECT bytes FROM manifest WHERE hash = ?`, h[:])
}

// Pages lists the pages that a chunk stands in.
func (s *snapshot) Pages(chunk studio.Hash) []studio.Hash {
	return s.hashes(`SELECT page FROM chunk_in WHERE chunk = ? ORDER BY page`, chunk[:])
}

// Roots lists the roots in whose pages a chunk stands.
func (s *snapshot) Roots(chunk studio.Hash) []studio.Hash {
	return s.hashes(`SELECT DISTINCT root FROM chunk_in JOIN page_of USING (page) WHERE chunk = ? ORDER BY root`, chunk[:])
}

// RootsOfPage lists the roots that name a page.
func (s *snapshot) RootsOfPage(page studio.Hash) []studio.Hash {
	return s.hashes(`SELECT root FROM page_of WHERE page = ? ORDER BY root`, page[:])
}

// CheckpointsOf lists the checkpoints whose file or image has a root.
func (s *snapshot) CheckpointsOf(root studio.Hash) []studio.CheckpointID {
	return s.checkpoints(refContent, root)
}

// PreviewsOf lists the checkpoints that have a preview.
func (s *snapshot) PreviewsOf(preview studio.Hash) []studio.CheckpointID {
	return s.checkpoints(refPreview, preview)
}

func (s *snapshot) checkpoints(kind refKind, h studio.Hash) []studio.CheckpointID {
	var ids []studio.CheckpointID
	var key []byte
	s.each(`SELECT key FROM ref WHERE kind = ? AND ref = ? ORDER BY tbl, key`, []any{kind, h[:]}, []any{&key},
		func() (bool, error) {
			ids = append(ids, studio.CheckpointID{ID: studio.IDFrom(key)})
			return true, nil
		})
	return ids
}

// Preview finds the bytes of a preview.
func (s *snapshot) Preview(h studio.Hash) ([]byte, bool) {
	return s.bytes(`SELECT webp FROM preview WHERE hash = ?`, h[:])
}

// Visible lists a person's closure.
func (s *snapshot) Visible(user studio.UserID, after uint64) []serverdb.Visible {
	var visible []serverdb.Visible
	v := serverdb.Visible{User: user}
	var entity []byte
	s.each(`SELECT entity, since_seq, until_seq FROM visible WHERE user_id = ? AND (until_seq = 0 OR until_seq > ?)
		ORDER BY entity`, []any{user.ID[:], seqArg(after)}, []any{&entity, &v.SinceSeq, &v.UntilSeq}, func() (bool, error) {
		v.Entity = studio.IDFrom(entity)
		visible = append(visible, v)
		return true, nil
	})
	return visible
}
