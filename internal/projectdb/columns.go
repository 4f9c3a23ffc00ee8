package projectdb

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"framehold/internal/studio"
)

// column ties a column to a field of a row: one list serves for writing and for reading.
type column struct {
	name string
	cell cell
}

// cell reads and writes one field through its pointer.
type cell struct{ ptr any }

// value is what the database gets. Zero ids and hashes are NULL, except where a column says otherwise.
func (c cell) value() any {
	switch p := c.ptr.(type) {
	case *studio.ID:
		if p.IsZero() {
			return nil
		}
		return p[:]
	case *studio.Hash:
		if p.IsZero() {
			return nil
		}
		return p[:]
	case *string:
		return *p
	case *studio.Newer:
		if *p == "" {
			return nil
		}
		return []byte(*p)
	case *bool:
		if *p {
			return int64(1)
		}
		return int64(0)
	case *int64:
		return *p
	case *uint64:
		return int64(*p)
	case *uint32:
		return int64(*p)
	case *int32:
		return int64(*p)
	case *uint8:
		return int64(*p)
	case *[]studio.RoleID:
		b := []byte{}
		for _, r := range *p {
			b = append(b, r.ID[:]...)
		}
		return b
	}
	panic(fmt.Sprintf("projectdb: no column for %T", c.ptr))
}

// Scan takes what the database gives.
func (c cell) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		c.set(0)
	case int64:
		if !c.set(v) {
			return fmt.Errorf("a number for %T", c.ptr)
		}
	case string:
		p, ok := c.ptr.(*string)
		if !ok {
			return fmt.Errorf("a text for %T", c.ptr)
		}
		*p = v
	case []byte:
		switch p := c.ptr.(type) {
		case *studio.ID:
			*p = studio.IDFrom(v)
		case *studio.Hash:
			*p = studio.HashFrom(v)
		case *studio.Newer:
			*p = studio.Newer(v)
		case *[]studio.RoleID:
			for ids := range slices.Chunk(v, 16) {
				*p = append(*p, studio.RoleID{ID: studio.IDFrom(ids)})
			}
		default:
			return fmt.Errorf("bytes for %T", c.ptr)
		}
	default:
		return fmt.Errorf("%T for %T", src, c.ptr)
	}
	return nil
}

func (c cell) set(v int64) bool {
	switch p := c.ptr.(type) {
	case *bool:
		*p = v != 0
	case *int64:
		*p = v
	case *uint64:
		*p = uint64(v)
	case *uint32:
		*p = uint32(v)
	case *int32:
		*p = int32(v)
	case *uint8:
		*p = uint8(v)
	case *studio.ID, *studio.Hash, *string, *studio.Newer, *[]studio.RoleID:
		return v == 0
	default:
		return false
	}
	return true
}

// table is a state table: its name and how many of its first columns are the key.
type table struct {
	name string
	keys int
	cols []column
}

func col(name string, ptr any) column { return column{name, cell{ptr}} }

func projectTable(p *studio.Project) table {
	return table{"project", 1, []column{
		col("id", &p.ID.ID), col("name", &p.Name), col("state", (*uint8)(&p.State)), col("personal", &p.Personal),
		col("retake_note", &p.Options.RetakeNote), col("review_image", &p.Options.ReviewImage),
		col("artist_done", &p.Options.ArtistDone), col("done_locks", &p.Options.DoneLocks),
		col("unicode_table", &p.Options.UnicodeTable), col("handover_auto", &p.Options.HandoverAuto),
		col("trash_days", &p.Options.TrashDays), col("parked_days", &p.Options.ParkedDays), col("quota_bytes", &p.Options.QuotaBytes), col("ver", &p.Ver), col("newer", &p.Newer),
	}}
}

func memberTable(m *studio.Member) table {
	return table{"member", 1, []column{
		col("user_id", &m.User.ID), col("username", &m.Username), col("name", &m.Name), col("email", &m.Email),
		col("role", &m.Role.ID), col("title", &m.Title), col("department", &m.Department), col("profile", &m.Profile.ID),
		col("gone", &m.Gone), col("ver", &m.Ver), col("newer", &m.Newer),
	}}
}

func roleTable(r *studio.Role) table {
	return table{"role", 1, []column{
		col("id", &r.ID.ID), col("name", &r.Name), col("ordinal", &r.Order), col("may", (*uint64)(&r.May)),
		col("ver", &r.Ver), col("newer", &r.Newer),
	}}
}

func statusTable(s *studio.Status) table {
	return table{"status", 1, []column{
		col("id", &s.ID.ID), col("name", &s.Name), col("label", &s.Label), col("category", (*uint8)(&s.Category)),
		col("colour", &s.Colour), col("shape", &s.Shape), col("ordinal", &s.Order), col("hidden", &s.Hidden),
		col("only_roles", &s.OnlyRoles), col("asks_note", &s.AsksNote), col("asks_image", &s.AsksImage),
		col("wip_limit", &s.WIPLimit), col("removed", &s.Removed), col("replaced", &s.Replaced.ID), col("ver", &s.Ver), col("newer", &s.Newer),
	}}
}

func typeTable(t *studio.Type) table {
	return table{"type", 1, []column{
		col("id", &t.ID.ID), col("name", &t.Name), col("icon", &t.Icon), col("colour", &t.Colour),
		col("ordinal", &t.Order), col("removed", &t.Removed), col("ver", &t.Ver), col("newer", &t.Newer),
	}}
}

func collectionTable(c *studio.Collection) table {
	return table{"collection", 1, []column{
		col("id", &c.ID.ID), col("parent", &c.Parent.ID), col("name", &c.Name), col("name_key", &c.NameKey),
		col("shared", &c.Shared), col("created_by", &c.CreatedBy.ID), col("created_ms", &c.CreatedMs),
		col("trashed_by", &c.TrashedBy.ID), col("trashed_ms", &c.TrashedMs), col("purged", &c.Purged), col("ver", &c.Ver), col("newer", &c.Newer),
	}}
}

func assetTable(a *studio.Asset) table {
	return table{"asset", 1, []column{
		col("id", &a.ID.ID), col("parent", &a.Parent.ID), col("name", &a.Name), col("name_key", &a.NameKey),
		col("kind", (*uint8)(&a.Kind)), col("type", &a.Type.ID), col("description", &a.Description),
		col("status", &a.Status.ID), col("status_ms", &a.StatusMs), col("rank", &a.Rank), col("due", &a.Due),
		col("priority", &a.Priority), col("estimate_min", &a.EstimateMin), col("assignee", &a.Assignee.ID),
		col("assignment", &a.Assignment.ID), col("epoch", &a.Epoch), col("head", &a.Head.ID),
		col("next_version", &a.NextVersion), col("created_by", &a.CreatedBy.ID), col("created_ms", &a.CreatedMs),
		col("first", &a.First.ID), col("trashed_by", &a.TrashedBy.ID), col("trashed_ms", &a.TrashedMs),
		col("purged", &a.Purged), col("ver", &a.Ver), col("newer", &a.Newer),
	}}
}

func assignmentTable(a *studio.Assignment) table {
	return table{"assignment", 1, []column{
		col("id", &a.ID.ID), col("asset", &a.Asset.ID), col("to_user", &a.To.ID), col("by_user", &a.By.ID),
		col("reason", &a.Reason), col("from_seq", &a.FromSeq), col("to_seq", &a.ToSeq), col("newer", &a.Newer),
	}}
}

func checkpointTable(k *studio.Checkpoint) table {
	return table{"checkpoint", 1, []column{
		col("id", &k.ID.ID), col("asset", &k.Asset.ID), col("author", &k.Author.ID), col("base", &k.Base.ID),
		col("prev", &k.Prev.ID), col("assignment", &k.Assignment.ID), col("status_at_creation", &k.StatusAtCreation.ID),
		col("status_at_acceptance", &k.StatusAtAcceptance.ID), col("manifest", &k.Manifest), col("bytes", &k.Bytes),
		col("new_bytes", &k.NewBytes), col("comment", &k.Comment), col("preview", &k.Preview), col("image", &k.Image),
		col("group_id", &k.Group.ID), col("state", (*uint8)(&k.State)), col("version", &k.Version),
		col("no_change", &k.NoChange), col("chain_root", &k.ChainRoot.ID), col("adopted_by", &k.AdoptedBy.ID),
		col("copied_from", &k.CopiedFrom.ID), col("made_hlc", &k.MadeHybrid), col("received_ms", &k.ReceivedMs),
		col("ver", &k.Ver), col("newer", &k.Newer),
	}}
}

func parkedTable(p *studio.ParkedChain) table {
	return table{"parked", 1, []column{
		col("root", &p.Root.ID), col("asset", &p.Asset.ID), col("reason", (*string)(&p.Reason)),
		col("state", (*uint8)(&p.State)), col("opened_seq", &p.OpenedSeq), col("closed_seq", &p.ClosedSeq), col("newer", &p.Newer),
	}}
}

func noteTable(n *studio.Note) table {
	return table{"note", 1, []column{
		col("id", &n.ID.ID), col("asset", &n.Asset.ID), col("checkpoint", &n.Checkpoint.ID), col("author", &n.Author.ID),
		col("text", &n.Text), col("checkbox", &n.Checkbox), col("done_by", &n.DoneBy.ID), col("withdrawn", &n.Withdrawn),
		col("made_ms", &n.MadeMs), col("ver", &n.Ver), col("newer", &n.Newer),
	}}
}

func tagTable(t *studio.TagOn) table {
	return table{"tag", 2, []column{col("asset", &t.Asset.ID), col("tag", &t.Tag)}}
}

func dependencyTable(d *studio.Dependency) table {
	return table{"dependency", 2, []column{col("asset", &d.Asset.ID), col("target", &d.Target)}}
}

func viewTable(v *studio.SavedView) table {
	return table{"saved_view", 1, []column{
		col("id", &v.ID.ID), col("owner", &v.Owner.ID), col("shared", &v.Shared), col("name", &v.Name),
		col("query", &v.Query), col("layout", &v.Layout), col("ver", &v.Ver), col("newer", &v.Newer),
	}}
}

func roadTable(r *studio.Road) table {
	return table{"road", 1, []column{
		col("asset", &r.Asset.ID), col("user_id", &r.User.ID), col("client", &r.Client), col("until_ms", &r.UntilMs),
		col("since_seq", &r.SinceSeq), col("ended_seq", &r.EndedSeq), col("newer", &r.Newer),
	}}
}

func handoverTable(h *studio.Handover) table {
	return table{"handover", 1, []column{
		col("id", &h.ID.ID), col("asset", &h.Asset.ID), col("from_user", &h.From.ID), col("to_user", &h.To.ID),
		col("by_user", &h.By.ID), col("deadline_ms", &h.DeadlineMs), col("state", (*uint8)(&h.State)), col("newer", &h.Newer),
	}}
}

// newerTable holds the rows of tables that this program does not know.
func newerTable(o *studio.Opaque) table {
	return table{"newer_row", 2, []column{
		col("table_no", (*uint8)(&o.Of)), col("key", (*studio.Newer)(&o.At)), col("form", (*studio.Newer)(&o.Form)),
	}}
}

// stateRows is one row of each state table.
var stateRows = [...]studio.Row{studio.Project{}, studio.Member{}, studio.Role{}, studio.Status{}, studio.Type{},
	studio.Collection{}, studio.Asset{}, studio.Assignment{}, studio.Checkpoint{}, studio.ParkedChain{}, studio.Note{},
	studio.TagOn{}, studio.Dependency{}, studio.SavedView{}, studio.Road{}, studio.Handover{}}

// tableOf is the table of a row, bound to a copy of it.
func tableOf(r studio.Row) table {
	switch r := r.(type) {
	case studio.Project:
		return projectTable(&r)
	case studio.Member:
		return memberTable(&r)
	case studio.Role:
		return roleTable(&r)
	case studio.Status:
		return statusTable(&r)
	case studio.Type:
		return typeTable(&r)
	case studio.Collection:
		return collectionTable(&r)
	case studio.Asset:
		return assetTable(&r)
	case studio.Assignment:
		return assignmentTable(&r)
	case studio.Checkpoint:
		return checkpointTable(&r)
	case studio.ParkedChain:
		return parkedTable(&r)
	case studio.Note:
		return noteTable(&r)
	case studio.TagOn:
		return tagTable(&r)
	case studio.Dependency:
		return dependencyTable(&r)
	case studio.SavedView:
		return viewTable(&r)
	case studio.Road:
		return roadTable(&r)
	case studio.Handover:
		return handoverTable(&r)
	case studio.Opaque:
		return newerTable(&r)
	}
	panic(fmt.Sprintf("projectdb: no table for %T", r))
}

func (t table) names() string {
	names := make([]string, len(t.cols))
	for i, c := range t.cols {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

func (t table) values() []any {
	values := make([]any, len(t.cols))
	for i, c := range t.cols {
		values[i] = c.cell.value()
	}
	return values
}

func (t table) targets() []any {
	targets := make([]any, len(t.cols))
	for i, c := range t.cols {
		targets[i] = c.cell
	}
	return targets
}

// inserts and updates are the statements of tables by their name: a table has always the same columns, and a pull says
// the same for tens of thousands of rows.
var inserts, updates sync.Map

func said(of *sync.Map, table string, text func() string) string {
	if s, known := of.Load(table); known {
		return s.(string)
	}
	s, _ := of.LoadOrStore(table, text())
	return s.(string)
}

func (t table) insertSQL() string { return said(&inserts, t.name, t.insertText) }

func (t table) insertText() string { return insertInto(t.name, t.names()) + placesOf(len(t.cols)) }

func insertInto(table, columns string) string {
	return "INSERT INTO " + table + " (" + columns + ") VALUES "
}

// placesOf is where the values of one row stand.
func placesOf(width int) string { return "(?" + strings.Repeat(", ?", width-1) + ")" }

func (t table) keySQL() string {
	keys := make([]string, t.keys)
	for i := range keys {
		keys[i] = t.cols[i].name + " = ?"
	}
	return strings.Join(keys, " AND ")
}

func (t table) updateSQL() string { return said(&updates, t.name, t.updateText) }

func (t table) updateText() string { return t.updateOf(1<<len(t.cols) - 1) }

// updateOf sets some of the columns, a bit for each, but for the key.
func (t table) updateOf(columns uint64) string {
	sets := make([]string, 0, len(t.cols))
	for i, c := range t.cols {
		if i >= t.keys && columns>>i&1 == 1 {
			sets = append(sets, c.name+" = ?")
		}
	}
	return "UPDATE " + t.name + " SET " + strings.Join(sets, ", ") + " WHERE " + t.keySQL()
}

func (t table) selectSQL(where string) string {
	return "SELECT " + t.names() + " FROM " + t.name + " " + where
}
