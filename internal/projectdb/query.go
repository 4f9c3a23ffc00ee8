package projectdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"framehold/internal/sqlite"
	"framehold/internal/studio"
)

// Snapshot is one consistent state of the store, for reading. It is a studio.View.
type Snapshot struct{ reader }

// Read runs fn over one consistent state of the store.
func (d *DB) Read(ctx context.Context, fn func(*Snapshot) error) (err error) {
	if err := d.stillFrozen(); err != nil {
		return err
	}
	begun, err := sqlite.Begin(ctx, d.read, false)
	if err != nil {
		return failure("read", err)
	}
	s := &Snapshot{newReader(ctx, begun)}
	defer func() { err = errors.Join(err, s.end(begun)) }()
	err = fn(s)
	if err == nil {
		err = s.Err()
	}
	if err == nil {
		err = d.stillFrozen()
	}
	return d.named(failure("read", err))
}

// AssetInfo is an asset with what lists show of it.
type AssetInfo struct {
	studio.Asset
	HeadVersion uint32
	HeadLabel   string // v3, or v4* before the server has numbered it; "": there is none
	HeadBytes   int64
	HeadHash    studio.Hash // manifest of the head
	SavedMs     int64       // when the head was made
	Preview     studio.Hash // the newest one
	Checkpoints int
	OpenNotes   int
	OpenParked  int
	Unsent      int         // own checkpoints that the server has not decided yet
	Road        studio.Road // that has not ended; zero: it is not on the road
	Tags        []string
}

const infoSQL = `, coalesce(h.version, 0), coalesce(h.bytes, 0), h.manifest, coalesce(h.received_ms, 0), h.preview, asset.next_version - 1
  FROM asset LEFT JOIN checkpoint h ON h.id = asset.head `

// Assets lists assets with what lists show of them, those in the trash too: all, or the ones named.
func (s *Snapshot) Assets(only ...studio.AssetID) ([]AssetInfo, error) {
	if len(only) == 0 {
		assets, err := s.assets("", nil)
		if err != nil {
			return nil, err
		}
		return assets, errors.Join(s.addAll(assets), s.allTags(assets))
	}
	assets := make([]AssetInfo, 0, len(only))
	for _, id := range only {
		one, err := s.assets("WHERE asset.id = ?", []any{id.Bytes()})
		if err != nil {
			return nil, err
		}
		assets = append(assets, one...)
	}
	return assets, s.addEach(assets)
}

// AssetsOf lists the tasks that a member holds.
func (s *Snapshot) AssetsOf(u studio.UserID) ([]AssetInfo, error) {
	assets, err := s.assets("WHERE asset.assignee = ?", []any{u.Bytes()})
	if err != nil {
		return nil, err
	}
	return assets, s.addEach(assets)
}

func (s *Snapshot) assets(where string, args []any) ([]AssetInfo, error) {
	query := "SELECT "
	for i, c := range assetTable(&studio.Asset{}).cols {
		if i > 0 {
			query += ", "
		}
		query += "asset." + c.name
	}
	assets := []AssetInfo{}
	err := s.each(query+infoSQL+where, args, func(row scanner) error {
		var a AssetInfo
		targets := append(assetTable(&a.Asset).targets(), &a.HeadVersion, &a.HeadBytes, cell{&a.HeadHash}, &a.SavedMs,
			cell{&a.Preview}, &a.Checkpoints)
		if err := row.Scan(targets...); err != nil {
			return err
		}
		assets = append(assets, a)
		return nil
	})
	for i := range assets {
		a := &assets[i]
		if a.HeadVersion > 0 {
			a.HeadLabel = studio.Checkpoint{Version: a.HeadVersion}.Label()
		} else if k, ok := s.Checkpoint(a.Head); ok {
			a.HeadLabel = studio.LabelIn(s, k)
		}
	}
	return assets, err
}

const (
	lastPreviewSQL = `SELECT k.asset, k.preview FROM checkpoint k JOIN asset a ON a.id = k.asset
		WHERE k.preview IS NOT NULL AND k.version > 0`
	openNotesSQL = `SELECT asset, count(*) FROM note WHERE checkbox = 1 AND done_by IS NULL AND withdrawn = 0`
	openChainSQL = `SELECT asset, count(*) FROM parked WHERE state = 1`
)

// unsentSQL counts seals that wait: of each checkpoint there is one.
var unsentSQL = fmt.Sprintf(`SELECT asset, count(*) FROM (SELECT entity AS asset FROM op WHERE %s AND kind = %d) WHERE true`, isPending,
	studio.KindSeal)

// addEach adds previews, counts and tags to a few assets; addAll to all of them, in as many statements.
func (s *Snapshot) addEach(assets []AssetInfo) error {
	for i := range assets {
		if err := s.add(assets[i:i+1], " AND asset = ?", []any{assets[i].ID.Bytes()}); err != nil {
			return err
		}
		assets[i].Tags = s.Tags(assets[i].ID)
	}
	return nil
}

func (s *Snapshot) addAll(assets []AssetInfo) error { return s.add(assets, "", nil) }

func (s *Snapshot) add(assets []AssetInfo, where string, args []any) error {
	at := make(map[studio.AssetID]*AssetInfo, len(assets))
	for i := range assets {
		at[assets[i].ID] = &assets[i]
	}
	err := s.each(lastPreviewSQL+strings.Replace(where, "asset", "k.asset", 1)+" ORDER BY k.version", args, func(row scanner) error {
		var id studio.AssetID
		var h studio.Hash
		err := row.Scan(cell{&id.ID}, cell{&h})
		if a := at[id]; a != nil {
			a.Preview = h
		}
		return err
	})
	count := func(query string, into func(*AssetInfo, int)) {
		err = errors.Join(err, s.each(query+where+" GROUP BY asset", args, func(row scanner) error {
			var id studio.AssetID
			var n int
			err := row.Scan(cell{&id.ID}, &n)
			if a := at[id]; a != nil {
				into(a, n)
			}
			return err
		}))
	}
	count(openNotesSQL, func(a *AssetInfo, n int) { a.OpenNotes = n })
	count(openChainSQL, func(a *AssetInfo, n int) { a.OpenParked = n })
	count(unsentSQL, func(a *AssetInfo, n int) { a.Unsent = n })
	for _, road := range list(&s.reader, roadTable, "WHERE ended_seq = 0"+where, args...) {
		if a := at[road.Asset]; a != nil {
			a.Road = road
		}
	}
	return err
}

func (s *Snapshot) allTags(assets []AssetInfo) error {
	tags := map[studio.AssetID][]string{}
	err := s.each(`SELECT asset, tag FROM tag ORDER BY asset, tag`, nil, func(row scanner) error {
		var id studio.AssetID
		var tag string
		err := row.Scan(cell{&id.ID}, &tag)
		tags[id] = append(tags[id], tag)
		return err
	})
	for i := range assets {
		assets[i].Tags = tags[assets[i].ID]
	}
	return err
}

// Tags lists the tags of an asset.
func (s *Snapshot) Tags(a studio.AssetID) []string {
	tags := []string{}
	s.note(s.each(`SELECT tag FROM tag WHERE asset = ? ORDER BY tag`, []any{a.Bytes()}, func(row scanner) error {
		var tag string
		err := row.Scan(&tag)
		tags = append(tags, tag)
		return err
	}))
	return tags
}

// Collections lists every collection.
func (s *Snapshot) Collections() []studio.Collection { return list(&s.reader, collectionTable, "") }

// SavedViews lists every saved view.
func (s *Snapshot) SavedViews() []studio.SavedView {
	return list(&s.reader, viewTable, "ORDER BY name, id")
}

// Checkpoints lists the checkpoints of an asset in the order they were made.
func (s *Snapshot) Checkpoints(a studio.AssetID) []studio.Checkpoint {
	return list(&s.reader, checkpointTable, "WHERE asset = ? ORDER BY made_hlc, id", a.Bytes())
}

// AllCheckpoints lists every checkpoint; for verify and collection.
func (s *Snapshot) AllCheckpoints() []studio.Checkpoint {
	return list(&s.reader, checkpointTable, "ORDER BY made_hlc, id")
}

// Dependents lists the dependencies on a target.
func (s *Snapshot) Dependents(target studio.ID) []studio.Dependency {
	return list(&s.reader, dependencyTable, "WHERE target = ? ORDER BY asset", target.Bytes())
}

// Holdings lists the assignments of a task, oldest first.
func (s *Snapshot) Holdings(a studio.AssetID) []studio.Assignment {
	return list(&s.reader, assignmentTable, "WHERE asset = ? ORDER BY from_seq", a.Bytes())
}

// RecentAssignees lists whom a person gave tasks to, the latest first.
func (s *Snapshot) RecentAssignees(by studio.UserID, limit int) ([]studio.UserID, error) {
	var users []studio.UserID
	err := s.each(`SELECT to_user FROM assignment WHERE by_user = ? GROUP BY to_user ORDER BY max(from_seq) DESC LIMIT ?`,
		[]any{by.Bytes(), limit}, func(row scanner) error {
			var u studio.UserID
			err := row.Scan(cell{&u.ID})
			users = append(users, u)
			return err
		})
	return users, err
}

func lineTable(l *studio.Line) table {
	return table{"line", 1, []column{
		col("seq", &l.Seq), col("kind", &l.Kind), col("actor", &l.Actor.ID), col("at_ms", &l.AtMs),
		col("received_ms", &l.ReceivedMs), col("asset", &l.Asset.ID), col("path", &l.Path),
		col("checkpoint", &l.Checkpoint.ID), col("checkpoint_label", &l.Label), col("status", &l.Status),
		col("from_text", &l.From), col("to_text", &l.To), col("text", &l.Text), col("preview", &l.Preview),
	}}
}

func (tx *Tx) putLine(l studio.Line) error {
	t := lineTable(&l)
	return tx.exec(t.insertSQL(), t.values()...)
}

// Lines lists the log, oldest first: of one asset, or with a zero id of the whole project.
func (s *Snapshot) Lines(asset studio.AssetID) ([]studio.Line, error) {
	var lines []studio.Line
	if asset.IsZero() {
		lines = list(&s.reader, lineTable, "ORDER BY seq")
	} else {
		lines = list(&s.reader, lineTable, "WHERE asset = ? ORDER BY seq", asset.Bytes())
	}
	return lines, s.Err()
}

// LinesAbout lists the lines of the events about some things, collections too, oldest first.
func (s *Snapshot) LinesAbout(entities map[studio.ID]bool) ([]studio.Line, error) {
	about := map[uint64]bool{}
	err := s.each(`SELECT seq, entity FROM event`, nil, func(row scanner) error {
		var seq uint64
		var entity studio.ID
		err := row.Scan(&seq, cell{&entity})
		if entities[entity] {
			about[seq] = true
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	lines, err := s.Lines(studio.AssetID{})
	return slices.DeleteFunc(lines, func(l studio.Line) bool { return !about[l.Seq] }), err
}

// Events hands events from seq on to fn, in order.
func (s *Snapshot) Events(from uint64, fn func(studio.Event) error) error {
	return s.each(eventSelect("WHERE seq >= ? ORDER BY seq"), []any{from}, func(row scanner) error {
		var ev studio.Event
		if err := scanEvent(row, &ev); err != nil {
			return err
		}
		return fn(ev)
	})
}

// EventsAfter lists at most limit events behind a seq, oldest first.
func (s *Snapshot) EventsAfter(after uint64, limit int) (events []studio.Event, err error) {
	err = s.each(eventSelect("WHERE seq > ? ORDER BY seq LIMIT ?"), []any{after, limit}, func(row scanner) error {
		var ev studio.Event
		err := scanEvent(row, &ev)
		events = append(events, ev)
		return err
	})
	return events, err
}

// HeadSeq is the newest event's seq, and its hybrid instant.
func (s *Snapshot) HeadSeq() (seq, hybrid uint64) {
	var h int64
	s.note(s.queryRow(`SELECT coalesce(max(seq), 0), coalesce(max(made_hlc), 0) FROM event`).Scan(&seq, &h))
	return seq, uint64(h)
}

// OwnOp is an op in a person's undo list.
type OwnOp struct {
	LocalN int64
	Op     studio.OpID
	Kind   studio.Kind
	Entity studio.ID
	Group  studio.GroupID
	Undoes studio.OpID
	State  QueueState
	Sent   bool // it has its n
}

// OwnOps lists the newest ops of a person, newest first.
func (s *Snapshot) OwnOps(actor studio.UserID, limit int) ([]OwnOp, error) {
	ops := []OwnOp{}
	err := s.each(`SELECT local_n, op_id, kind, entity, group_id, undoes, state, n IS NOT NULL FROM op WHERE actor = ? ORDER BY local_n DESC LIMIT ?`,
		[]any{actor.Bytes(), limit}, func(row scanner) error {
			var o OwnOp
			err := row.Scan(&o.LocalN, cell{&o.Op.ID}, cell{(*uint8)(&o.Kind)}, cell{&o.Entity}, cell{&o.Group.ID},
				cell{&o.Undoes.ID}, &o.State, &o.Sent)
			ops = append(ops, o)
			return err
		})
	return ops, err
}

// Before lists the rows as they were before an own op.
func (r *reader) Before(localN int64) ([]studio.Row, error) {
	var rows []studio.Row
	err := r.each(`SELECT table_no, before FROM undo WHERE local_n = ? AND before IS NOT NULL ORDER BY i`, []any{localN},
		func(row scanner) error {
			var no uint8
			var b []byte
			if err := row.Scan(&no, &b); err != nil {
				return err
			}
			was, err := studio.DecodeRow(studio.Table(no), b)
			rows = append(rows, was)
			return err
		})
	return rows, err
}

// TasksAt counts the tasks at each status, trash aside.
func (s *Snapshot) TasksAt() (map[studio.StatusID]int, error) {
	at := map[studio.StatusID]int{}
	err := s.each(`SELECT status, count(*) FROM asset WHERE kind = 1 AND trashed_ms = 0 GROUP BY status`, nil, func(row scanner) error {
		var st studio.StatusID
		var n int
		err := row.Scan(cell{&st.ID}, &n)
		at[st] = n
		return err
	})
	return at, err
}

// NewestPicture is the preview of the newest version that has one; zero: none has.
func (s *Snapshot) NewestPicture() (h studio.Hash, err error) {
	err = s.each(`SELECT preview FROM checkpoint WHERE preview IS NOT NULL AND version > 0 ORDER BY made_hlc DESC LIMIT 1`, nil,
		func(row scanner) error { return row.Scan(cell{&h}) })
	return h, err
}

// CountTasks counts the tasks, and those that a member holds and are not done.
func (s *Snapshot) CountTasks(of studio.UserID) (tasks, held int, err error) {
	err = s.queryRow(`SELECT count(*), coalesce(sum(assignee IS ? AND s.category <> 5), 0) FROM asset a
		JOIN status s ON s.id = a.status WHERE a.kind = 1 AND a.trashed_ms = 0`, nullID(of.ID)).Scan(&tasks, &held)
	return tasks, held, failure("read", err)
}
