package app

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"framehold/internal/session"
	"framehold/internal/studio"
)

const listMax = 500 // rows in one answer

func decodeList(r ListRequest) (session.ListRequest, error) {
	out := session.ListRequest{View: r.View, Query: r.Query, Tags: r.Tags, Sort: r.Sort, Flat: r.Flat, Offset: r.Offset,
		Limit: r.Limit, Expanded: map[studio.CollectionID]bool{}}
	if out.Limit <= 0 || out.Limit > listMax {
		out.Limit = listMax
	}
	collection, err := optionalID(r.Collection)
	if err != nil {
		return out, err
	}
	out.Collection.ID = collection
	for _, t := range r.Expanded {
		id, err := optionalID(t)
		if err != nil {
			return out, err
		}
		out.Expanded[studio.CollectionID{ID: id}] = true
	}
	for _, t := range r.Assignees {
		if t == "none" {
			out.Nobody = true
			continue
		}
		id, err := optionalID(t)
		if err != nil {
			return out, err
		}
		out.Assignees = append(out.Assignees, studio.UserID{ID: id})
	}
	for _, t := range r.Types {
		id, err := optionalID(t)
		if err != nil {
			return out, err
		}
		out.Types = append(out.Types, studio.TypeID{ID: id})
	}
	for _, t := range r.Statuses {
		id, err := statusID(t)
		if err != nil {
			return out, err
		}
		out.Statuses = append(out.Statuses, id)
	}
	for _, t := range r.States {
		out.States = append(out.States, session.FileState(t))
	}
	return out, nil
}

// List is a window of a view. Code: bad_query.
func (b *Browser) List(r ListRequest) (List, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (List, error) {
		ask, err := decodeList(r)
		if err != nil {
			return List{}, err
		}
		l, err := s.List(ctx, ask)
		if err != nil {
			return List{}, err
		}
		return List{Seq: int64(l.Picture.Seq), Total: l.Total, Assets: l.Assets, All: l.All, Offset: r.Offset,
			Rows: b.rows(s, l.Picture, l.Rows, false)}, nil
	})
}

// IDs lists the assets of a view in its order, for "select all".
func (b *Browser) IDs(r ListRequest) ([]string, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) ([]string, error) {
		ask, err := decodeList(r)
		if err != nil {
			return nil, err
		}
		ids, err := s.IDs(ctx, ask)
		out := []string{}
		for _, id := range ids {
			out = append(out, idText(id.ID))
		}
		return out, err
	})
}

// Rows are the lines of some assets and collections as they are now; those that are gone are left out.
func (b *Browser) Rows(ids []string) ([]Row, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) ([]Row, error) {
		parsed, err := anyIDs(ids)
		if err != nil {
			return nil, err
		}
		p, rows, err := s.Rows(ctx, parsed)
		if err != nil {
			return nil, err
		}
		return b.rows(s, p, rows, true), nil
	})
}

// Counts are the numbers on tabs and chips.
func (b *Browser) Counts() (Counts, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (Counts, error) {
		c, err := s.Counts(ctx)
		return Counts(c), err
	})
}

// Details is what the pane shows.
func (b *Browser) Details(id string) (Details, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (Details, error) {
		asked, err := assetID(id)
		if err != nil {
			return Details{}, err
		}
		d, err := s.Details(ctx, asked.ID)
		if err != nil {
			return Details{}, err
		}
		p := d.Picture
		out := Details{Row: b.row(s, p, d.Row, true), Needs: []Link{}, NeededBy: []Link{}, Notes: []Note{}}
		a := d.Row.Asset
		if a == nil {
			out.Made, out.MadeBy = d.Row.Collection.CreatedMs, idText(d.Row.Collection.CreatedBy.ID)
			return out, nil
		}
		out.Description, out.Preview, out.Made, out.MadeBy = a.Description, previewURL(a.Preview, 0), a.CreatedMs, idText(a.CreatedBy.ID)
		out.FileBytes, out.FileChanged = d.Row.File.Size, d.Row.File.MtimeMs
		out.Base = d.Labels[d.Base.ID]
		out.Holder = b.holder(s, p, a.Asset)
		out.Arriving = slices.ContainsFunc(d.Checkpoints, func(k studio.Checkpoint) bool {
			return k.State == studio.Announced && k.Author != s.Me()
		})
		out.CheckpointRefusal = b.told(d.CheckpointRefusal)
		out.Notes = b.notes(s, p, a.Asset, d.Notes, d.Labels)
		if out.Needs, err = b.links(ctx, s, d.Needs); err != nil {
			return out, err
		}
		by := make([]studio.ID, len(d.NeededBy))
		for i, id := range d.NeededBy {
			by[i] = id.ID
		}
		out.NeededBy, err = b.links(ctx, s, by)
		return out, err
	})
}

// Arriving says of each checkpoint that others have saved and that has not arrived how far it is. Code: unknown_asset.
func (b *Browser) Arriving(id string) ([]string, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) ([]string, error) {
		said := []string{}
		asked, err := assetID(id)
		if err != nil {
			return said, err
		}
		p, err := s.Look(ctx)
		if err != nil {
			return said, err
		}
		arriving, err := s.Arriving(ctx, asked)
		for _, a := range arriving {
			said = append(said, b.catalogue.Arriving(memberName(p, a.Author), a.Label, a.For, a.Percent))
		}
		return said, err
	})
}

func (c *core) holder(s *session.Session, p *session.Picture, a studio.Asset) string {
	key := "other"
	switch {
	case a.Kind == studio.Resource:
		key = "resource"
	case a.Assignee.IsZero():
		key = "nobody"
	case a.Assignee == s.Me():
		key = "me"
	}
	m := p.Members[a.Assignee]
	return fill(c.catalogue.Holder[key], map[string]string{"who": m.DisplayName()})
}

func (c *core) links(ctx context.Context, s *session.Session, ids []studio.ID) ([]Link, error) {
	p, rows, err := s.Rows(ctx, ids)
	links := []Link{}
	for _, r := range rows {
		links = append(links, Link{Row: c.row(s, p, r, false)})
	}
	return links, err
}

func (c *core) notes(s *session.Session, p *session.Picture, a studio.Asset, notes []studio.Note, labels map[studio.CheckpointID]string) []Note {
	out := []Note{}
	may := s.May(p)
	for _, n := range notes {
		if n.Withdrawn {
			continue
		}
		tick := a.Assignee == s.Me() || n.Author == s.Me() || may.Has(studio.MaySetRetake)
		out = append(out, Note{ID: idText(n.ID.ID), Text: n.Text, Author: idText(n.Author.ID), At: n.MadeMs, Checkpoint: labels[n.Checkpoint],
			DoneBy: idText(n.DoneBy.ID), CanTick: tick})
	}
	return out
}

// Closure is everything that an asset needs, and why.
func (b *Browser) Closure(id string) (ClosureView, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (ClosureView, error) {
		out := ClosureView{Items: []Link{}}
		asked, err := assetID(id)
		if err != nil {
			return out, err
		}
		items, bytes, err := s.Closure(ctx, asked)
		if err != nil {
			return out, err
		}
		ids := make([]studio.ID, len(items))
		for i, item := range items {
			ids[i] = item.Asset.ID
		}
		p, rows, err := s.Rows(ctx, ids)
		for i, r := range rows {
			via := ""
			if way := items[i].Via; len(way) > 0 {
				via = p.Path(way[len(way)-1])
			}
			out.Items = append(out.Items, Link{Row: b.row(s, p, r, false), Via: via})
		}
		out.Bytes = bytes
		return out, err
	})
}

// Suggest orders the people for an assignee picker.
func (b *Browser) Suggest(text string, ids []string) ([]Suggestion, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) ([]Suggestion, error) {
		assets, err := assetIDs(ids)
		if err != nil {
			return nil, err
		}
		p, people, err := s.Suggest(ctx, text, assets)
		out := []Suggestion{}
		for _, c := range people {
			one := Suggestion{Member: b.member(s, p, c.Member), Open: c.Open, Retakes: p.Retakes(c.Member.User), Holds: c.Holds, Match: []int{}}
			if c.End > c.Start {
				one.Match = []int{c.Start, c.End}
			}
			switch {
			case c.Held:
				one.Reason = "had this task before"
			case c.Member.Department != "":
				one.Reason = c.Member.Department
			default:
				one.Reason = c.Member.Title
			}
			out = append(out, one)
		}
		return out, err
	})
}

// acted is the body of most acts: ids to assets, the act, the sentence.
func (c *core) acted(ids []string, sentence string, params map[string]string,
	fn func(context.Context, *session.Session, []studio.AssetID) (session.Outcome, error)) (Act, error) {
	return in(c, func(ctx context.Context, s *session.Session) (Act, error) {
		assets, err := assetIDs(ids)
		if err != nil {
			return Act{Results: []Result{}}, err
		}
		out, err := fn(ctx, s, assets)
		return c.act(out, sentence, params), err
	})
}

// Assign gives tasks to a person or to nobody.
func (b *Browser) Assign(r AssignRequest) (Act, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (Act, error) {
		assets, err := assetIDs(r.IDs)
		if err != nil {
			return Act{Results: []Result{}}, err
		}
		to, err := optionalID(r.To)
		if err != nil {
			return Act{Results: []Result{}}, err
		}
		out, err := s.Assign(ctx, session.AssignRequest{Assets: assets, To: studio.UserID{ID: to}, Convert: r.Convert, Reason: r.Reason,
			Override: r.Override})
		if err != nil {
			return Act{Results: []Result{}}, err
		}
		p, err := s.Look(ctx)
		if err != nil {
			return Act{Results: []Result{}}, err
		}
		sentence := "assigned"
		if to.IsZero() {
			sentence = "unassigned"
		} else if (studio.UserID{ID: to}) == s.Me() {
			sentence = "claimed"
		}
		m := p.Members[studio.UserID{ID: to}]
		return b.act(out, sentence, map[string]string{"who": m.DisplayName()}), nil
	})
}

// Claim takes tasks that nobody holds.
func (b *Browser) Claim(ids []string) (Act, error) {
	return b.acted(ids, "claimed", nil, func(ctx context.Context, s *session.Session, a []studio.AssetID) (session.Outcome, error) {
		return s.Claim(ctx, a)
	})
}

// SetStatus moves tasks to a status.
func (b *Browser) SetStatus(r StatusRequest) (Act, error) {
	return b.moved(r.Status, func(ctx context.Context, s *session.Session, to studio.StatusID) (session.Outcome, error) {
		assets, err := assetIDs(r.IDs)
		if err != nil {
			return session.Outcome{}, err
		}
		return s.SetStatus(ctx, session.StatusRequest{Assets: assets, To: to, Notes: r.Notes, Reason: r.Reason})
	})
}

func (c *core) moved(status string, fn func(context.Context, *session.Session, studio.StatusID) (session.Outcome, error)) (Act, error) {
	return in(c, func(ctx context.Context, s *session.Session) (Act, error) {
		none := Act{Results: []Result{}}
		to, err := statusID(status)
		if err != nil {
			return none, err
		}
		out, err := fn(ctx, s, to)
		if err != nil {
			return none, err
		}
		p, err := s.Look(ctx)
		if err != nil {
			return none, err
		}
		if to.IsZero() {
			return c.act(out, "placed", nil), nil
		}
		return c.act(out, "status", map[string]string{"status": p.StatusOf[to].Name}), nil
	})
}

// Convert makes tasks of resources, or the reverse: to is task or resource.
func (b *Browser) Convert(ids []string, to string) (Act, error) {
	kind := map[string]studio.AssetKind{"task": studio.Task, "resource": studio.Resource}[to]
	return b.acted(ids, "converted", map[string]string{"to": to}, func(ctx context.Context, s *session.Session, a []studio.AssetID) (session.Outcome, error) {
		if kind == 0 {
			return session.Outcome{}, studio.Refuse(studio.CodeUsage, studio.Params{Field: "kind"})
		}
		return s.Convert(ctx, a, kind)
	})
}

// Set changes fields and tags.
func (b *Browser) Set(r SetRequest) (Act, error) {
	values := map[studio.Field]string{}
	text := func(f studio.Field, v *string) {
		if v != nil {
			values[f] = *v
		}
	}
	number := func(f studio.Field, v *int) {
		if v != nil {
			values[f] = strconv.Itoa(*v)
		}
	}
	text(studio.FieldType, r.Type)
	text(studio.FieldDue, r.Due)
	text(studio.FieldDescription, r.Description)
	number(studio.FieldPriority, r.Priority)
	number(studio.FieldEstimate, r.EstimateMin)
	return b.acted(r.IDs, "set", nil, func(ctx context.Context, s *session.Session, a []studio.AssetID) (session.Outcome, error) {
		return s.Set(ctx, a, session.SetRequest{Values: values, AddTags: r.AddTags, RemoveTags: r.RemoveTags})
	})
}

// Rename gives an asset or collection another name.
func (b *Browser) Rename(id, name string) (Act, error) {
	return b.acted([]string{id}, "renamed", nil, func(ctx context.Context, s *session.Session, a []studio.AssetID) (session.Outcome, error) {
		return s.Rename(ctx, a[0].ID, name)
	})
}

// MoveTo puts assets and collections into a collection; parent "" is the top.
func (b *Browser) MoveTo(ids []string, parent string) (Act, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (Act, error) {
		what, err := anyIDs(ids)
		if err != nil {
			return Act{Results: []Result{}}, err
		}
		to, err := optionalID(parent)
		if err != nil {
			return Act{Results: []Result{}}, err
		}
		out, err := s.MoveTo(ctx, what, studio.CollectionID{ID: to})
		return b.act(out, "moved", nil), err
	})
}

// Trash puts assets and collections into the trash.
func (b *Browser) Trash(ids []string) (Act, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (Act, error) {
		what, err := anyIDs(ids)
		if err != nil {
			return Act{Results: []Result{}}, err
		}
		out, err := s.Trash(ctx, what)
		return b.act(out, "trashed", nil), err
	})
}

// New plans a task or makes a collection.
func (b *Browser) New(r NewRequest) (Act, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (Act, error) {
		none := Act{Results: []Result{}}
		want := session.NewRequest{Name: r.Name, Collection: r.Collection, Kind: studio.Task, Tags: r.Tags}
		for _, f := range []struct {
			to   *studio.ID
			from string
		}{{&want.Parent.ID, r.Parent}, {&want.Type.ID, r.Type}, {&want.Assign.ID, r.Assign}} {
			id, err := optionalID(f.from)
			if err != nil {
				return none, err
			}
			*f.to = id
		}
		out, err := s.New(ctx, []session.NewRequest{want})
		return b.act(out, "created", nil), err
	})
}

// Add tracks files of the working folder: a job.
func (b *Browser) Add(r AddRequest) (string, error) {
	title := strings.Join(r.Paths, ", ")
	if len(r.Paths) > 1 {
		title = fill(b.catalogue.Jobs["many"], map[string]string{"n": strconv.Itoa(len(r.Paths))})
	}
	return b.job("add", fill(b.catalogue.Jobs["add"], map[string]string{"path": title}),
		func(ctx context.Context, s *session.Session, p session.Progress, report func(func(*Job))) error {
			ask := session.AddRequest{Paths: r.Paths, Task: r.Task, Comment: r.Comment, Progress: p}
			kind, err := optionalID(r.Type)
			if err != nil {
				return err
			}
			to, err := optionalID(r.Assign)
			if err != nil {
				return err
			}
			ask.Type.ID, ask.Assign.ID = kind, to
			added, err := s.Add(ctx, ask)
			if err != nil {
				return err
			}
			act, labels := b.saved(added.Files, "added")
			report(func(j *Job) { j.Act, j.Labels, j.Safe = act, labels, true })
			b.emit(EventFilesChanged)
			return nil
		})
}

// AddNote writes a note on a task's newest checkpoint.
func (b *Browser) AddNote(id, text string) (Act, error) {
	return b.acted([]string{id}, "noted", nil, func(ctx context.Context, s *session.Session, a []studio.AssetID) (session.Outcome, error) {
		_, out, err := s.AddNote(ctx, a[0], text)
		return out, err
	})
}

// TickNote ticks a note, or opens it again.
func (b *Browser) TickNote(noteID string, done bool) (Act, error) {
	params := map[string]string{}
	if done {
		params["to"] = "done"
	}
	return in(b.core, func(ctx context.Context, s *session.Session) (Act, error) {
		id, err := studio.ParseID(noteID)
		if err != nil {
			return Act{Results: []Result{}}, studio.Refuse(studio.CodeUnknownNote, studio.Params{Name: noteID})
		}
		out, err := s.TickNote(ctx, studio.NoteID{ID: id}, done)
		return b.act(out, "ticked", params), err
	})
}

// Depend adds or removes dependencies of one asset.
func (b *Browser) Depend(id string, targets []string, remove bool) (Act, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (Act, error) {
		asked, err := assetID(id)
		if err != nil {
			return Act{Results: []Result{}}, err
		}
		on, err := anyIDs(targets)
		if err != nil {
			return Act{Results: []Result{}}, err
		}
		out, err := s.Depend(ctx, asked, on, remove)
		return b.act(out, "depended", nil), err
	})
}

// Rescan looks at the working folder in the background; files:changed tells when it is done.
func (b *Browser) Rescan() error {
	s, err := b.current()
	if err != nil {
		return b.failure(err)
	}
	b.running.Go(func() {
		_, err := s.Rescan(b.ctx)
		b.note("look at files", err)
		b.emit(EventFilesChanged)
	})
	return nil
}

// OpenInApp opens the working file of an asset in its program.
func (b *Browser) OpenInApp(id string) error { return b.openPath(id, false) }

// Reveal shows the working file of an asset in the file manager.
func (b *Browser) Reveal(id string) error { return b.openPath(id, true) }

func (b *Browser) openPath(id string, folder bool) error {
	_, err := in(b.core, func(ctx context.Context, s *session.Session) (bool, error) {
		asked, err := assetID(id)
		if err != nil {
			return false, err
		}
		path, err := s.PathOnDisk(ctx, asked.ID, folder)
		if err != nil {
			return false, err
		}
		host, err := b.hosted()
		if err != nil {
			return false, err
		}
		if err := host.OpenPath(path); err != nil {
			return false, fmt.Errorf("open %s: %w", path, err)
		}
		return true, nil
	})
	return err
}
