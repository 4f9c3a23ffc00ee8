package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"framehold/internal/fsys"
	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/text"
)

// workCommands: who does what, and where it stands.
func (c *command) workCommands() []*cobra.Command {
	return []*cobra.Command{c.tasks(), c.files(), c.assign(), c.unassign(), c.claim(), c.setStatus(), c.note(), c.checkpoint()}
}

type taskJSON struct {
	ID          string   `json:"id"`
	Path        string   `json:"path"`
	Kind        string   `json:"kind"`
	Type        string   `json:"type"`
	Tags        []string `json:"tags"`
	Status      string   `json:"status"`
	Category    string   `json:"category"`
	Assignee    *string  `json:"assignee"`
	Head        *int     `json:"head"`
	HeadLabel   string   `json:"headLabel"`
	Unsent      int      `json:"unsent"`
	Parked      int      `json:"parked"`
	Priority    int      `json:"priority"`
	Due         *string  `json:"due"`
	EstimateMin *int     `json:"estimateMin"`
}

func taskOf(p *session.Picture, row session.Row) taskJSON {
	a := row.Asset
	st := p.StatusOf[a.Status]
	t := taskJSON{ID: a.ID.String(), Path: row.Path, Kind: row.Kind, Type: p.TypeOf[a.Type].Name, Tags: append([]string{}, a.Tags...),
		Status: st.Slug(), Category: st.Category.String(), Assignee: optional(p.Members[a.Assignee].Username),
		Head: optional(int(a.HeadVersion)), Parked: a.OpenParked, Priority: int(a.Priority), Due: optional(a.Due),
		EstimateMin: optional(int(a.EstimateMin))}
	if a.HeadVersion > 0 {
		t.HeadLabel = fmt.Sprintf("v%d", a.HeadVersion)
	}
	return t
}

func (c *command) tasks() *cobra.Command {
	var mine, assigned, unassigned bool
	var assignee, status, tag, kind string
	cmd := &cobra.Command{Use: "tasks [QUERY]", Short: "Lists tasks; QUERY as in the search box: status:wfa assignee:ben \"cliff\""}
	f := cmd.Flags()
	f.BoolVar(&mine, "mine", false, "that I hold, retakes first")
	f.BoolVar(&assigned, "assigned", false, "that somebody holds")
	f.BoolVar(&unassigned, "unassigned", false, "that nobody holds")
	f.StringVar(&assignee, "assignee", "", "that `username` holds")
	f.StringVar(&status, "status", "", "in this `status`")
	f.StringVar(&tag, "tag", "", "with this `tag`")
	f.StringVar(&kind, "type", "", "of this `type`")
	cmd.RunE = c.in(func(ctx context.Context, s *session.Session, args []string) error {
		r := session.ListRequest{Flat: true, Tasks: true, Query: strings.Join(args, " "), Sort: "path"}
		switch {
		case mine:
			r.View, r.Sort = session.ViewMy, ""
		case assigned:
			r.View = session.ViewAssigned
		case unassigned:
			r.View = session.ViewUnassigned
		}
		look := s.Look
		if mine {
			look = s.LookMine
		}
		p, err := look(ctx)
		if err != nil {
			return err
		}
		if assignee != "" {
			m, err := p.MemberNamed(assignee)
			if err != nil {
				return err
			}
			r.Assignees = []studio.UserID{m.User}
		}
		if status != "" {
			st, err := p.StatusNamed(status)
			if err != nil {
				return err
			}
			r.Statuses = []studio.StatusID{st.ID}
		}
		if kind != "" {
			t, err := p.TypeNamed(kind)
			if err != nil {
				return err
			}
			r.Types = []studio.TypeID{t.ID}
		}
		if tag != "" {
			r.Tags = []string{tag}
		}
		list, err := s.ListIn(p, r)
		if err != nil {
			return err
		}
		tasks := []taskJSON{}
		for _, row := range list.Rows {
			tasks = append(tasks, taskOf(list.Picture, row))
		}
		c.answer(map[string]any{"tasks": tasks}, func(w io.Writer) {
			for i, t := range tasks {
				st := list.Picture.StatusOf[list.Rows[i].Asset.Status]
				who := "—"
				if t.Assignee != nil {
					who = *t.Assignee
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.colour(st.Category, fmt.Sprintf("%-6s", st.Label)), who, t.Path, t.HeadLabel)
			}
		})
		return nil
	})
	return cmd
}

type fileJSON struct {
	Path     string  `json:"path"`
	State    string  `json:"state"`
	Asset    *string `json:"asset"`
	Kind     string  `json:"kind"`
	Assignee *string `json:"assignee"`
	Status   *string `json:"status"`
	Head     *int    `json:"head"`
	Base     *int    `json:"base"`
	Bytes    int64   `json:"bytes"`
}

func (c *command) files() *cobra.Command {
	return &cobra.Command{Use: "files [PATH...]", Short: "States of the working folder",
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			if _, err := s.Rescan(ctx); err != nil {
				return err
			}
			var below []string
			for _, name := range args {
				rel, err := c.rel(s, name)
				if err != nil {
					return err
				}
				below = append(below, rel)
			}
			list, err := s.List(ctx, session.ListRequest{Flat: true, Sort: "path"})
			if err != nil {
				return err
			}
			files := []fileJSON{}
			for _, row := range list.Rows {
				if !isBelow(row.Path, below) {
					continue
				}
				file := fileJSON{Path: visible(row.Path), State: string(row.State), Kind: row.Kind, Bytes: row.File.Size}
				if a := row.Asset; a != nil {
					file.Asset = optional(a.ID.String())
					file.Assignee = optional(list.Picture.Members[a.Assignee].Username)
					file.Status = optional(list.Picture.StatusOf[a.Status].Slug())
					file.Head = optional(int(a.HeadVersion))
					if k, err := s.Version(ctx, a.ID, row.File.Base.String()); err == nil {
						file.Base = optional(int(k.Version))
					}
				}
				files = append(files, file)
			}
			c.answer(map[string]any{"files": files}, func(w io.Writer) {
				for _, f := range files {
					who := ""
					if f.Assignee != nil {
						who = *f.Assignee
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", f.State, f.Path, who, text.Bytes(f.Bytes))
				}
			})
			return nil
		})}
}

func isBelow(path string, of []string) bool {
	for _, b := range of {
		if b == "" || path == b || strings.HasPrefix(path, b+"/") {
			return true
		}
	}
	return len(of) == 0
}

func (c *command) assign() *cobra.Command {
	var to string
	r := session.AssignRequest{}
	cmd := &cobra.Command{Use: "assign ASSET... --to USERNAME", Short: "Gives tasks to a person", Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			if to == "" {
				return usagef("assign needs --to USERNAME")
			}
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			m, err := p.MemberNamed(to)
			if err != nil {
				return err
			}
			ids, bad := c.assets(s, p, args)
			r.Assets, r.To = ids, m.User
			out, err := s.Assign(ctx, r)
			return c.bulk(with(out, bad), err, "assigned to "+m.DisplayName())
		})}
	cmd.Flags().StringVar(&to, "to", "", "`username` of the new assignee")
	cmd.Flags().BoolVar(&r.Convert, "convert", false, "make tasks of resources first")
	cmd.Flags().StringVar(&r.Reason, "reason", "", "why, for the history")
	cmd.Flags().BoolVar(&r.AllOrNone, "all-or-none", false, "one refusal refuses all")
	return cmd
}

func (c *command) unassign() *cobra.Command {
	r := session.AssignRequest{}
	cmd := &cobra.Command{Use: "unassign ASSET...", Short: "Takes tasks from whoever holds them", Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			ids, bad := c.assets(s, p, args)
			r.Assets = ids
			out, err := s.Assign(ctx, r)
			return c.bulk(with(out, bad), err, "unassigned")
		})}
	cmd.Flags().StringVar(&r.Reason, "reason", "", "why, for the history")
	cmd.Flags().BoolVar(&r.AllOrNone, "all-or-none", false, "one refusal refuses all")
	return cmd
}

func (c *command) claim() *cobra.Command {
	return &cobra.Command{Use: "claim ASSET...", Short: "Takes tasks that nobody holds", Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			ids, bad := c.assets(s, p, args)
			out, err := s.Claim(ctx, ids)
			return c.bulk(with(out, bad), err, "is yours")
		})}
}

func (c *command) setStatus() *cobra.Command {
	r := session.StatusRequest{}
	cmd := &cobra.Command{Use: "set-status ASSET... STATUS", Short: "Moves tasks to a status", Args: atLeast(2),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			st, err := p.StatusNamed(args[len(args)-1])
			if err != nil {
				return err
			}
			ids, bad := c.assets(s, p, args[:len(args)-1])
			r.Assets, r.To = ids, st.ID
			out, err := s.SetStatus(ctx, r)
			return c.bulk(with(out, bad), err, st.Name)
		})}
	cmd.Flags().StringArrayVar(&r.Notes, "note", nil, "for a retake: what is to be done, may be given more than once; else the reason")
	cmd.Flags().BoolVar(&r.AllOrNone, "all-or-none", false, "one refusal refuses all")
	return cmd
}

func (c *command) note() *cobra.Command {
	var done string
	cmd := &cobra.Command{Use: "note ASSET [TEXT]", Short: "Writes a note on a task, ticks one, or lists them", Args: between(1, 2),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			id, err := c.entity(s, p, args[0])
			if err != nil {
				return err
			}
			switch {
			case done != "":
				note, err := studio.ParseID(done)
				if err != nil {
					return studio.Refuse(studio.CodeUnknownNote, studio.Params{Name: done})
				}
				out, err := s.TickNote(ctx, studio.NoteID{ID: note}, true)
				return c.bulk(out, err, "ticked")
			case len(args) == 2:
				_, out, err := s.AddNote(ctx, studio.AssetID{ID: id}, args[1])
				return c.bulk(out, err, "noted")
			}
			return c.noteList(ctx, s, id)
		})}
	cmd.Flags().StringVar(&done, "done", "", "`id` of a note that is done")
	return cmd
}

type noteJSON struct {
	ID     string  `json:"id"`
	Text   string  `json:"text"`
	Author string  `json:"author"`
	At     string  `json:"at"`
	DoneBy *string `json:"doneBy"`
}

func (c *command) noteList(ctx context.Context, s *session.Session, id studio.ID) error {
	d, err := s.Details(ctx, id)
	if err != nil {
		return err
	}
	notes := []noteJSON{}
	for _, n := range d.Notes {
		if !n.Withdrawn {
			notes = append(notes, noteJSON{n.ID.String(), n.Text, d.Picture.Members[n.Author].Username, rfc3339(n.MadeMs),
				optional(d.Picture.Members[n.DoneBy].Username)})
		}
	}
	c.answer(map[string]any{"notes": notes}, func(w io.Writer) {
		for _, n := range notes {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", map[bool]string{true: "done", false: "open"}[n.DoneBy != nil], n.Author, n.Text, n.ID)
		}
	})
	return nil
}

type madeJSON struct {
	Path       string     `json:"path"`
	ID         string     `json:"id"`
	Version    *int       `json:"version"`
	Label      string     `json:"label"`
	State      string     `json:"state"`
	Status     string     `json:"status"`
	NewBytes   int64      `json:"newBytes"`
	TotalBytes int64      `json:"totalBytes"`
	Error      *errorJSON `json:"error"`
}

// saving are the flags of checkpoint.
type savingFlags struct {
	message, file, status, image string
	notes                        []string
	anyway, all                  bool
}

const commentReadMax = 64 << 10 // twice the limit: what is longer is refused by its rule

func (c *command) checkpoint() *cobra.Command {
	var f savingFlags
	cmd := &cobra.Command{Use: "checkpoint PATH...", Short: "Saves files as new versions, with a comment and a status", Args: atLeast(1)}
	cmd.Flags().StringVarP(&f.message, "message", "m", "", "comment; - reads it from standard input")
	cmd.Flags().StringVarP(&f.file, "file", "F", "", "`file` with the comment")
	cmd.Flags().StringVar(&f.status, "status", "", "`status` to send it to in the same step")
	cmd.Flags().StringVar(&f.image, "image", "", "picture `file` that goes with it")
	cmd.Flags().StringArrayVar(&f.notes, "note", nil, "for a retake: what is to be done")
	cmd.Flags().BoolVar(&f.anyway, "anyway", false, "save and park it though there is a newer version")
	cmd.Flags().BoolVar(&f.all, "all-or-none", false, "one refusal refuses all")
	cmd.RunE = c.in(func(ctx context.Context, s *session.Session, args []string) error {
		comment, err := c.comment(f)
		if err != nil {
			return err
		}
		p, err := s.Look(ctx)
		if err != nil {
			return err
		}
		r := session.CheckpointRequest{Comment: comment, Anyway: f.anyway, AllOrNone: f.all, Notes: f.notes}
		if f.status != "" {
			st, err := p.StatusNamed(f.status)
			if err != nil {
				return err
			}
			r.To = st.ID
		}
		if f.image != "" {
			image, closing, err := c.image(f.image)
			if err != nil {
				return err
			}
			defer closing()
			r.Image = image
		}
		var made, skipped []session.Made
		if r.Assets, made, skipped, err = c.saved(ctx, s, p, args); err != nil {
			return err
		}
		show, done := c.progress()
		r.Progress = show
		more, err := s.CreateCheckpoint(ctx, r)
		done()
		if err != nil {
			return err
		}
		return c.made(append(append(made, more...), skipped...))
	})
	return cmd
}

// saved finds the assets that are meant: files by name, and below folders those that are modified and may be saved.
func (c *command) saved(ctx context.Context, s *session.Session, p *session.Picture, names []string,
) (ids []studio.AssetID, bad, skipped []session.Made, err error) {
	looked := false
	for _, name := range names {
		id, err := c.entity(s, p, name)
		rel, relErr := c.rel(s, name)
		whole := relErr == nil && rel == "" // the whole project
		if err != nil && !whole {
			if relErr == nil && studio.CodeOf(err) == studio.CodeUnknownAsset && c.onDisk(s, rel) {
				err = studio.Refuse(studio.CodeNotTracked, studio.Params{Path: visible(rel)})
			}
			bad = append(bad, session.Made{Path: name, State: "refused", Err: err})
			continue
		}
		if p.Assets[studio.AssetID{ID: id}] != nil {
			ids = append(ids, studio.AssetID{ID: id})
			continue
		}
		if !looked {
			if _, err := s.Rescan(ctx); err != nil {
				return nil, nil, nil, err
			}
			looked = true
		}
		list, err := s.List(ctx, session.ListRequest{Flat: true, Collection: studio.CollectionID{ID: id},
			States: []session.FileState{session.StateModified, session.StateDiverged}})
		if err != nil {
			return nil, nil, nil, err
		}
		for _, row := range list.Rows {
			d, err := s.Details(ctx, row.ID)
			if err != nil {
				return nil, nil, nil, err
			}
			if d.CheckpointRefusal != nil {
				if !slices.ContainsFunc(skipped, func(m session.Made) bool { return m.Asset == row.Asset.ID }) {
					skipped = append(skipped, session.Made{Asset: row.Asset.ID, Path: row.Path, State: "skipped", Err: d.CheckpointRefusal})
				}
				continue
			}
			ids = append(ids, row.Asset.ID)
		}
	}
	return ids, bad, skipped, nil
}

func (c *command) onDisk(s *session.Session, rel string) bool {
	_, err := c.env.FS.Lstat(s.Root() + "/" + rel)
	return err == nil
}

func (c *command) comment(f savingFlags) (string, error) {
	switch {
	case f.file != "" && f.message != "":
		return "", usagef("-m and -F exclude each other")
	case f.file != "":
		file, err := c.env.FS.OpenFile(f.file, 0, 0)
		if err != nil {
			return "", studio.Refuse(studio.CodeNoFile, studio.Params{Path: f.file})
		}
		defer func() { _ = file.Close() }()
		return readText(file)
	case f.message == "-":
		return readText(c.In)
	}
	return f.message, nil
}

// readText reads a comment, and no more of it than shows that it is too long.
func readText(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, commentReadMax))
	return strings.TrimRight(string(b), "\r\n"), err
}

func (c *command) image(path string) (*session.Image, func(), error) {
	f, err := c.env.FS.OpenFile(path, 0, 0)
	if err != nil {
		return nil, nil, studio.Refuse(studio.CodeNoFile, studio.Params{Path: path})
	}
	info, err := f.Stat()
	if err != nil || !info.IsRegular() {
		_ = f.Close()
		return nil, nil, studio.Refuse(studio.CodeNotAnImage, studio.Params{Path: path})
	}
	return &session.Image{Reader: fsys.File(f), Size: info.Size}, func() { _ = f.Close() }, nil
}

func (c *command) made(made []session.Made) error {
	docs := []madeJSON{}
	var errs []error
	parked := false
	for _, m := range made {
		d := madeJSON{Path: m.Path, State: m.State, Status: m.Status, NewBytes: m.NewBytes, TotalBytes: m.TotalBytes,
			Error: c.errorJSON(m.Err), Version: optional(int(m.Version))}
		if !m.ID.IsZero() {
			d.ID = m.ID.String()
		}
		if m.Version > 0 {
			d.Label = fmt.Sprintf("v%d", m.Version)
		}
		docs = append(docs, d)
		parked = parked || m.State == "parked"
		if m.State != "skipped" {
			errs = append(errs, m.Err)
		}
		if m.Hint != "" {
			c.sayErr("%s is in review without an image. --image FILE adds one.", m.Path)
		}
	}
	exit, first := worst(errs)
	doc := map[string]any{"checkpoints": docs}
	if first != nil {
		doc["error"] = c.errorJSON(first)
	}
	c.answer(doc, func(w io.Writer) {
		for i, d := range docs {
			switch d.State {
			case "accepted", "parked":
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t+%s\n", d.Path, d.Label, d.State, d.Status, text.Bytes(d.NewBytes))
			case "unchanged":
				fmt.Fprintf(w, "%s\tunchanged\n", d.Path)
			case "skipped":
				fmt.Fprintf(w, "%s\tskipped: %s\n", d.Path, c.errorJSON(made[i].Err).Message)
			}
		}
	})
	if exit == exitDone && parked {
		return toldError{exitParked}
	}
	return c.told(exit, errs)
}
