package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

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
	HolderGone  bool     `json:"holderGone"` // the assignee is no member any more
}

func taskOf(p *session.Picture, row session.Row) taskJSON {
	a := row.Asset
	st := p.StatusOf[a.Status]
	t := taskJSON{ID: a.ID.String(), Path: row.Path, Kind: row.Kind, Type: p.TypeOf[a.Type].Name, Tags: append([]string{}, a.Tags...),
		Status: st.Slug(), Category: st.Category.String(), Assignee: optional(p.Members[a.Assignee].Username),
		Head: optional(int(a.HeadVersion)), HeadLabel: a.HeadLabel, Unsent: a.Unsent, Parked: a.OpenParked, Priority: int(a.Priority), Due: optional(a.Due),
		EstimateMin: optional(int(a.EstimateMin)), HolderGone: p.Members[a.Assignee].Gone}
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
		if oneOf(mine, assigned, unassigned) || assignee != "" && (mine || unassigned) {
			return usagef("--mine, --assigned, --unassigned and --assignee exclude each other")
		}
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
		if err := narrow(p, &r, assignee, status, kind); err != nil {
			return err
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
				if t.HolderGone {
					who += " (gone)"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.colour(st.Category, fmt.Sprintf("%-6s", st.Label)), who, t.Path, t.HeadLabel)
			}
			if len(tasks) == 0 {
				fmt.Fprintln(w, "No tasks.")
			}
		})
		return nil
	})
	return cmd
}

// narrow puts the names of flags into a request; "" narrows nothing. Codes: unknown_member, unknown_status, unknown_type.
func narrow(p *session.Picture, r *session.ListRequest, assignee, status, kind string) error {
	if err := knownStatuses(p, r.Query); err != nil {
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
	return nil
}

// oneOf tells whether more than one of them is set.
func oneOf(flags ...bool) bool {
	n := 0
	for _, f := range flags {
		if f {
			n++
		}
	}
	return n > 1
}

// knownStatuses refuses a query for a status that the project does not have. Code: unknown_status.
func knownStatuses(p *session.Picture, query string) error {
	q, err := studio.ParseQuery(query)
	if err != nil {
		return err
	}
	for _, name := range q.Values("status") {
		if _, isCategory := studio.CategoryNamed(name); isCategory {
			continue
		}
		if slices.ContainsFunc(p.Statuses, func(st studio.Status) bool {
			return !st.Removed && (studio.Fold(st.Label) == name || studio.Fold(st.Name) == name)
		}) {
			continue
		}
		return studio.Refuse(studio.CodeUnknownStatus, studio.Params{Name: name})
	}
	return nil
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
				if len(files) == 0 {
					fmt.Fprintln(w, "No files.")
				}
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
	cmd.Flags().BoolVar(&r.Override, "override-road", false, "though its holder has it on the road; needs --reason")
	cmd.Flags().StringVar(&r.Reason, "reason", "", "`text`: why, for the history")
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
	cmd.Flags().StringVar(&r.Reason, "reason", "", "`text`: why, for the history")
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
	cmd.Flags().StringArrayVar(&r.Notes, "note", nil, "for a retake: `text` of what is to be done, may be given more than once; else the reason")
	cmd.Flags().BoolVar(&r.AllOrNone, "all-or-none", false, "one refusal refuses all")
	return cmd
}

func (c *command) note() *cobra.Command {
	var done string
	cmd := &cobra.Command{Use: "note ASSET [TEXT]", Short: "Writes a note on a task, ticks one, or lists them", Args: between(1, 2)}
	cmd.RunE = c.in(func(ctx context.Context, s *session.Session, args []string) error {
		if len(args) == 2 && cmd.Flags().Changed("done") {
			return usagef("note takes TEXT, or --done ID")
		}
		p, err := s.Look(ctx)
		if err != nil {
			return err
		}
		id, err := c.asset(s, p, args[0], "collection")
		if err != nil {
			return err
		}
		switch {
		case cmd.Flags().Changed("done"):
			out, err := c.tick(ctx, s, id, done)
			return c.bulk(out, err, "ticked")
		case len(args) == 2:
			_, out, err := s.AddNote(ctx, id, args[1])
			return c.bulk(out, err, "noted")
		}
		return c.noteList(ctx, s, id.ID)
	})
	cmd.Flags().StringVar(&done, "done", "", "`id` of a note that is done")
	return cmd
}

// tick ticks a note of an asset. Code: unknown_note.
func (c *command) tick(ctx context.Context, s *session.Session, asset studio.AssetID, name string) (session.Outcome, error) {
	d, err := s.Details(ctx, asset.ID)
	if err != nil {
		return session.Outcome{}, err
	}
	for _, n := range d.Notes {
		if n.ID.String() == name {
			return s.TickNote(ctx, n.ID, true)
		}
	}
	return session.Outcome{}, studio.Refuse(studio.CodeUnknownNote, studio.Params{Asset: d.Row.Path, Name: name})
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
