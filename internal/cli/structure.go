package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/text"
)

// structureCommands: what is tracked, and where it stands.
func (c *command) structureCommands() []*cobra.Command {
	return []*cobra.Command{c.add(), c.newTasks(), c.mkdir(), c.move(), c.rename(), c.trash(), c.untrash(), c.purge(),
		c.convert(), c.set(), c.depend()}
}

// making are the flags of add and new.
type making struct {
	task               bool
	kind, assign, note string
	tags               []string
}

func (m *making) flags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVar(&m.task, "task", false, "tasks, which can be assigned (else resources)")
	cmd.Flags().StringVar(&m.kind, "type", "", "`type` of work")
	cmd.Flags().StringArrayVar(&m.tags, "tag", nil, "`tag`, may be given more than once")
	cmd.Flags().StringVar(&m.assign, "assign", "", "`username` who gets the tasks")
	cmd.Flags().StringVarP(&m.note, "message", "m", "", "comment of the first version, a `text`")
	return cmd
}

// meant finds type and assignee.
func (m *making) meant(p *session.Picture) (kind studio.TypeID, to studio.UserID, err error) {
	if m.kind != "" {
		t, err := p.TypeNamed(m.kind)
		if err != nil {
			return kind, to, err
		}
		kind = t.ID
	}
	if m.assign != "" {
		who, err := p.MemberNamed(m.assign)
		if err != nil {
			return kind, to, err
		}
		to = who.User
	}
	return kind, to, nil
}

func (c *command) add() *cobra.Command {
	var m making
	return m.flags(&cobra.Command{Use: "add PATH...", Short: "Tracks files or folders, their first version included", Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			r := session.AddRequest{Task: m.task, Tags: m.tags, Comment: m.note}
			if r.Type, r.Assign, err = m.meant(p); err != nil {
				return err
			}
			for _, name := range args {
				rel, err := c.rel(s, name)
				if err != nil {
					return err
				}
				r.Paths = append(r.Paths, rel)
			}
			show, done := c.progress()
			r.Progress = show
			added, err := s.Add(ctx, r)
			done()
			if err != nil {
				return err
			}
			return c.added(added, map[bool]string{true: "task", false: "resource"}[r.Task || m.assign != ""])
		})})
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// added says what was tracked, as tasks or resources.
func (c *command) added(a session.Added, as string) error {
	type doc struct {
		bulkJSON
		Ignored int `json:"ignored"`
		Links   int `json:"links"`
		Already int `json:"already"`
	}
	d := doc{bulkJSON{Results: []resultJSON{}, Done: a.Folders.Done(), Refused: a.Folders.Refused()}, a.Ignored, a.Links, a.Already}
	var errs []error
	bytes, files := int64(0), 0
	for _, f := range a.Files {
		r := resultJSON{"", f.Path, f.Err == nil, c.errorJSON(f.Err)}
		if f.Err == nil {
			files++
			r.ID = f.Asset.String()
			bytes += f.TotalBytes
		} else {
			d.Refused++
		}
		d.Results = append(d.Results, r)
		errs = append(errs, f.Err)
	}
	d.Done += files
	for _, r := range a.Folders.Results {
		d.Results = append(d.Results, resultJSON{idText(r.Entity), r.Path, r.Err == nil, c.errorJSON(r.Err)})
		errs = append(errs, r.Err)
	}
	exit, first := worst(errs)
	d.Error = c.errorJSON(first)
	c.answer(d, func(w io.Writer) {
		fmt.Fprintf(w, "%d %s tracked as %s, %s.", files, plural(files, "file"), plural(files, as), text.Bytes(bytes))
		if n := a.Folders.Done(); n > 0 {
			fmt.Fprintf(w, " %d %s made.", n, plural(n, "collection"))
		}
		for _, n := range []struct {
			n    int
			what string
		}{{a.Already, "tracked before"}, {a.Ignored, "left out by ignore rules"}, {a.Links, "links left out"}} {
			if n.n > 0 {
				fmt.Fprintf(w, " %d %s.", n.n, n.what)
			}
		}
		fmt.Fprintln(w)
	})
	return c.told(exit, errs)
}

func (c *command) newTasks() *cobra.Command {
	var m making
	return m.flags(&cobra.Command{Use: "new PATH...", Short: "Plans tasks without a file", Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			kind, to, err := m.meant(p)
			if err != nil {
				return err
			}
			var wanted []session.NewRequest
			var bad []named
			for _, name := range args {
				r := session.NewRequest{Kind: studio.Task, Type: kind, Tags: m.tags, Assign: to}
				rel, err := c.rel(s, name)
				if err == nil {
					r.Parent, r.Name, err = parentOf(p, rel)
				}
				if err != nil {
					bad = append(bad, named{name: name, err: err})
					continue
				}
				wanted = append(wanted, r)
			}
			out, err := s.New(ctx, wanted)
			return c.bulk(with(out, bad), err, "planned")
		})})
}

func (c *command) mkdir() *cobra.Command {
	return &cobra.Command{Use: "mkdir PATH...", Short: "Makes collections", Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			var out session.Outcome
			for _, name := range args { // each may stand in the one before
				p, err := s.Look(ctx)
				if err != nil {
					return err
				}
				rel, err := c.rel(s, name)
				if err != nil {
					return err
				}
				r := session.NewRequest{Collection: true}
				if r.Parent, r.Name, err = parentOf(p, rel); err != nil {
					out = with(out, []named{{name: name, err: err}})
					continue
				}
				one, err := s.New(ctx, []session.NewRequest{r})
				if err != nil {
					return err
				}
				out.Results = append(out.Results, one.Results...)
			}
			return c.bulk(out, nil, "made")
		})}
}

func (c *command) move() *cobra.Command {
	return &cobra.Command{Use: "move ASSET... COLLECTION", Short: "Puts assets and collections into a collection (/ = the top)",
		Args: atLeast(2), RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			var parent studio.CollectionID
			if to := args[len(args)-1]; to != "/" {
				id, err := c.entity(s, p, to)
				if _, isCollection := p.Collections[studio.CollectionID{ID: id}]; err == nil && !isCollection ||
					studio.CodeOf(err) == studio.CodeUnknownAsset {
					err = studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: visible(to), Why: "no_collection"})
				}
				if err != nil {
					return err
				}
				parent.ID = id
			}
			ids, bad := c.entities(s, p, args[:len(args)-1])
			out, err := s.MoveTo(ctx, ids, parent)
			return c.bulk(with(out, bad), err, "moved")
		})}
}

func (c *command) rename() *cobra.Command {
	return &cobra.Command{Use: "rename ASSET NAME", Short: "Gives an asset or collection another name", Args: between(2, 2),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			id, err := c.entity(s, p, args[0])
			if err != nil {
				return err
			}
			out, err := s.Rename(ctx, id, args[1])
			return c.bulk(out, err, "renamed")
		})}
}

// onEntities makes a command that does one thing to each asset or collection.
func (c *command) onEntities(use, short, verb string,
	do func(context.Context, *session.Session, []studio.ID) (session.Outcome, error)) *cobra.Command {
	return &cobra.Command{Use: use + " ASSET...", Short: short, Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			ids, bad := c.entities(s, p, args)
			out, err := do(ctx, s, ids)
			return c.bulk(with(out, bad), err, verb)
		})}
}

func (c *command) trash() *cobra.Command {
	return c.onEntities("trash", "Puts assets and collections into the trash; files stay", "is in the trash",
		func(ctx context.Context, s *session.Session, ids []studio.ID) (session.Outcome, error) {
			return s.Trash(ctx, ids)
		})
}

// fromTrash finds trashed things by path or id: a path in the trash is not one of the project any more.
func (c *command) fromTrash(s *session.Session, p *session.Picture, names []string) ([]studio.ID, []named) {
	var ids []studio.ID
	var bad []named
	for _, name := range names {
		rel, err := c.rel(s, name)
		id, idErr := studio.ParseID(name)
		if idErr != nil && err == nil {
			id, err = trashedAt(p, rel)
		} else if idErr == nil {
			err = nil
		}
		if err != nil {
			bad = append(bad, named{name: name, err: err})
			continue
		}
		ids = append(ids, id)
	}
	return ids, bad
}

func trashedAt(p *session.Picture, rel string) (studio.ID, error) {
	var newest studio.ID
	var at int64
	for id, a := range p.Assets {
		if a.Trashed() && !a.Purged && p.Path(id.ID) == rel && a.TrashedMs >= at {
			newest, at = id.ID, a.TrashedMs
		}
	}
	for id, col := range p.Collections {
		if col.Trashed() && p.Path(id.ID) == rel && col.TrashedMs >= at {
			newest, at = id.ID, col.TrashedMs
		}
	}
	if newest.IsZero() {
		return newest, studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: visible(rel)})
	}
	return newest, nil
}

func (c *command) untrash() *cobra.Command {
	return &cobra.Command{Use: "untrash ASSET...", Short: "Takes things out of the trash", Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			ids, bad := c.fromTrash(s, p, args)
			out, err := s.Untrash(ctx, ids)
			return c.bulk(with(out, bad), err, "is back")
		})}
}

func (c *command) purge() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{Use: "purge ASSET...", Short: "Gives up the versions of assets in the trash for good", Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			if !yes {
				return usagef("purge cannot be undone: say --yes")
			}
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			ids, bad := c.fromTrash(s, p, args)
			assets := make([]studio.AssetID, len(ids))
			for i, id := range ids {
				assets[i] = studio.AssetID{ID: id}
			}
			out, err := s.Purge(ctx, assets)
			return c.bulk(with(out, bad), err, "purged")
		})}
	cmd.Flags().BoolVar(&yes, "yes", false, "yes, give them up")
	return cmd
}

func (c *command) convert() *cobra.Command {
	var to string
	cmd := &cobra.Command{Use: "convert ASSET... --to task|resource", Short: "Makes tasks of resources, or the reverse", Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			kind := map[string]studio.AssetKind{"task": studio.Task, "resource": studio.Resource}[to]
			if kind == 0 {
				return usagef("--to takes task or resource")
			}
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			ids, bad := c.assets(s, p, args)
			out, err := s.Convert(ctx, ids, kind)
			return c.bulk(with(out, bad), err, "is a "+to)
		})}
	cmd.Flags().StringVar(&to, "to", "", "`kind`: task or resource")
	return cmd
}

const estimateMax = 10_000_000 // minutes: what studio takes

var priorityNames = []string{"none", "low", "normal", "urgent"}

func (c *command) set() *cobra.Command {
	var kind, due, priority, description, estimate string
	var tags []string
	cmd := &cobra.Command{Use: "set ASSET...", Short: "Changes type, tags, due day, priority, estimate, description", Args: atLeast(1)}
	f := cmd.Flags()
	f.StringVar(&kind, "type", "", "`type` of work, or none")
	f.StringArrayVar(&tags, "tag", nil, "`+tag or -tag`, may be given more than once")
	f.StringVar(&due, "due", "", "`day`, 2026-12-24, or none")
	f.StringVar(&priority, "priority", "", "`level`: none, low, normal, urgent or 0 to 3")
	f.StringVar(&estimate, "estimate", "", "`minutes` of work, or none")
	f.StringVar(&description, "description", "", "`text`")
	cmd.RunE = c.in(func(ctx context.Context, s *session.Session, args []string) error {
		p, err := s.Look(ctx)
		if err != nil {
			return err
		}
		r := session.SetRequest{Values: map[studio.Field]string{}}
		for _, tag := range tags {
			if name, less := strings.CutPrefix(tag, "-"); less {
				r.RemoveTags = append(r.RemoveTags, name)
			} else {
				r.AddTags = append(r.AddTags, strings.TrimPrefix(tag, "+"))
			}
		}
		none := func(v string) string { return map[bool]string{true: "", false: v}[v == "none"] }
		if f.Changed("type") {
			value := ""
			if none(kind) != "" {
				t, err := p.TypeNamed(kind)
				if err != nil {
					return err
				}
				value = t.ID.String()
			}
			r.Values[studio.FieldType] = value
		}
		if f.Changed("due") {
			if due = none(due); due != "" && !studio.IsDay(due) {
				return usagef("--due takes a day that there is, like 2026-12-24, or none; not %q", due)
			}
			r.Values[studio.FieldDue] = due
		}
		if f.Changed("priority") {
			if i := slices.Index(priorityNames, priority); i >= 0 {
				priority = strconv.Itoa(i)
			}
			if n, err := strconv.Atoi(priority); err != nil || n < 0 || n >= len(priorityNames) {
				return usagef("--priority takes %s, or 0 to 3; not %q", strings.Join(priorityNames, ", "), priority)
			}
			r.Values[studio.FieldPriority] = priority
		}
		if f.Changed("estimate") {
			if n, err := strconv.ParseUint(estimate, 10, 32); estimate != "none" && (err != nil || n > estimateMax) {
				return usagef("--estimate takes minutes, 0 to %d, or none; not %q", estimateMax, estimate)
			}
			r.Values[studio.FieldEstimate] = map[bool]string{true: "0", false: estimate}[estimate == "none"]
		}
		if f.Changed("description") {
			r.Values[studio.FieldDescription] = description
		}
		ids, bad := c.assets(s, p, args)
		out, err := s.Set(ctx, ids, r)
		return c.bulk(with(out, bad), err, "set")
	})
	return cmd
}

func (c *command) depend() *cobra.Command {
	var on []string
	var remove bool
	cmd := &cobra.Command{Use: "depend ASSET --on TARGET...", Short: "Says what an asset needs: assets or collections", Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			targets := append(on, args[1:]...)
			if len(targets) == 0 {
				return usagef("depend needs --on TARGET")
			}
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			id, err := c.asset(s, p, args[0], "collection")
			if err != nil {
				return err
			}
			ids, bad := c.entities(s, p, targets)
			out, err := s.Depend(ctx, id, ids, remove)
			return c.bulk(with(out, bad), err, map[bool]string{true: "is needed no more", false: "is needed"}[remove])
		})}
	cmd.Flags().StringArrayVar(&on, "on", nil, "`asset` or collection that is needed")
	cmd.Flags().BoolVar(&remove, "remove", false, "it is needed no more")
	return cmd
}
