package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/spf13/cobra"

	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/text"
)

// settingsCommands: the project's own definitions.
func (c *command) settingsCommands() []*cobra.Command {
	return []*cobra.Command{c.status(), c.types(), c.roles(), c.options()}
}

func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: between(0, 0), RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(commands...)
	return cmd
}

func (c *command) done(err error, what string) error {
	if err == nil {
		c.answer(map[string]bool{"done": true}, func(w io.Writer) { fmt.Fprintln(w, what) })
	}
	return err
}

func (c *command) status() *cobra.Command {
	var name, label, category, colour, shape, by string
	var note, image, hidden bool
	var limit, order int
	define := &cobra.Command{Use: "define LABEL", Short: "Makes or changes a status", Args: between(1, 1)}
	f := define.Flags()
	f.StringVar(&name, "name", "", "`name`")
	f.StringVar(&label, "label", "", "another short `label`, at most 6 characters")
	f.StringVar(&category, "category", "", "`category`: todo, active, review, retake, done or blocked")
	f.StringVar(&colour, "colour", "", "`#rrggbb`")
	f.StringVar(&shape, "shape", "", "`shape`: dashed, half, dots, arrow, tick or bars")
	f.StringVar(&by, "only", "", "`roles` that may set it, with commas")
	f.BoolVar(&note, "asks-note", false, "moving to it asks for a note")
	f.BoolVar(&image, "asks-image", false, "moving to it asks for an image")
	f.BoolVar(&hidden, "hidden", false, "not shown where it is empty")
	f.IntVar(&limit, "limit", 0, "soft limit: `number` of tasks in it, 0 for none")
	f.IntVar(&order, "order", 0, "`place` in the order, from 0")
	define.RunE = c.in(func(ctx context.Context, s *session.Session, args []string) error {
		p, err := s.Look(ctx)
		if err != nil {
			return err
		}
		var only []studio.RoleID
		for _, r := range strings.FieldsFunc(by, func(r rune) bool { return r == ',' }) {
			role, err := p.RoleNamed(strings.TrimSpace(r))
			if err != nil {
				return err
			}
			only = append(only, role.ID)
		}
		cat, ok := studio.CategoryNamed(category)
		if category != "" && !ok {
			return usagef("--category takes todo, active, review, retake, done or blocked")
		}
		err = s.DefineStatus(ctx, args[0], func(st *studio.Status) {
			for _, set := range []struct {
				flag string
				do   func()
			}{
				{"name", func() { st.Name = name }}, {"label", func() { st.Label = label }}, {"category", func() { st.Category = cat }},
				{"colour", func() { st.Colour = colour }}, {"shape", func() { st.Shape = shape }}, {"only", func() { st.OnlyRoles = only }},
				{"asks-note", func() { st.AsksNote = note }}, {"asks-image", func() { st.AsksImage = image }},
				{"hidden", func() { st.Hidden = hidden }}, {"limit", func() { st.WIPLimit = int32(limit) }},
				{"order", func() { st.Order = int32(order) }},
			} {
				if f.Changed(set.flag) {
					set.do()
				}
			}
		})
		return c.done(err, args[0]+" is defined.")
	})
	var to string
	remove := &cobra.Command{Use: "remove LABEL --to LABEL", Short: "Removes a status; its tasks go to another", Args: between(1, 1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			if to == "" {
				return usagef("status remove needs --to: where its tasks go")
			}
			return c.done(s.RemoveStatus(ctx, args[0], to), args[0]+" was removed.")
		})}
	remove.Flags().StringVar(&to, "to", "", "`status` that its tasks go to")
	return group("status", "The project's statuses", define, remove,
		&cobra.Command{Use: "list", Short: "Lists them", Args: between(0, 0), RunE: c.in(c.statusList)})
}

type statusJSON struct {
	ID        string `json:"id"`
	Label     string `json:"label"`
	Status    string `json:"status"`
	Name      string `json:"name"`
	Category  string `json:"category"`
	Colour    string `json:"colour"`
	Hidden    bool   `json:"hidden"`
	AsksNote  bool   `json:"asksNote"`
	AsksImage bool   `json:"asksImage"`
	Limit     int    `json:"limit"`
}

func (c *command) statusList(ctx context.Context, s *session.Session, _ []string) error {
	p, err := s.Look(ctx)
	if err != nil {
		return err
	}
	list := []statusJSON{}
	for _, st := range p.Statuses {
		if !st.Removed {
			list = append(list, statusJSON{st.ID.String(), st.Label, st.Slug(), st.Name, st.Category.String(), st.Colour, st.Hidden,
				st.AsksNote, st.AsksImage, int(st.WIPLimit)})
		}
	}
	c.answer(map[string]any{"statuses": list}, func(w io.Writer) {
		for _, st := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\n", st.Label, st.Name, st.Category)
		}
	})
	return nil
}

func (c *command) types() *cobra.Command {
	var name, icon, colour string
	define := &cobra.Command{Use: "define NAME", Short: "Makes or changes a type of work", Args: between(1, 1)}
	f := define.Flags()
	f.StringVar(&name, "name", "", "another `name`")
	f.StringVar(&icon, "icon", "", "`icon` of the lucide set")
	f.StringVar(&colour, "colour", "", "`#rrggbb`")
	define.RunE = c.in(func(ctx context.Context, s *session.Session, args []string) error {
		return c.done(s.DefineType(ctx, args[0], func(t *studio.Type) {
			for _, set := range []struct {
				flag string
				to   *string
				from string
			}{{"name", &t.Name, name}, {"icon", &t.Icon, icon}, {"colour", &t.Colour, colour}} {
				if f.Changed(set.flag) {
					*set.to = set.from
				}
			}
		}), args[0]+" is defined.")
	})
	return group("type", "Types of work", define, &cobra.Command{Use: "list", Short: "Lists them", Args: between(0, 0),
		RunE: c.in(func(ctx context.Context, s *session.Session, _ []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			list := []map[string]string{}
			for _, t := range p.Types {
				if !t.Removed {
					list = append(list, map[string]string{"id": t.ID.String(), "name": t.Name, "icon": t.Icon, "colour": t.Colour})
				}
			}
			c.answer(map[string]any{"types": list}, func(w io.Writer) {
				for _, t := range list {
					fmt.Fprintln(w, t["name"])
				}
			})
			return nil
		})})
}

func (c *command) roles() *cobra.Command {
	var may, mayNot []string
	define := &cobra.Command{Use: "define NAME", Short: "Makes or changes a role", Args: between(1, 1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			var add, less studio.Permissions
			for _, list := range []struct {
				names []string
				into  *studio.Permissions
			}{{may, &add}, {mayNot, &less}} {
				for _, name := range list.names {
					p, ok := studio.PermissionNamed(name)
					if !ok {
						return usagef("no permission %q; framehold role list shows them", name)
					}
					*list.into |= p
				}
			}
			return c.done(s.DefineRole(ctx, args[0], func(r *studio.Role) { r.May = (r.May | add) &^ less }), args[0]+" is defined.")
		})}
	define.Flags().StringArrayVar(&may, "may", nil, "`permission` that it has, may be given more than once")
	define.Flags().StringArrayVar(&mayNot, "may-not", nil, "`permission` that it has not")
	return group("role", "Roles and what they may do", define, &cobra.Command{Use: "list", Short: "Lists them", Args: between(0, 0),
		RunE: c.in(func(ctx context.Context, s *session.Session, _ []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			type roleJSON struct {
				ID   string   `json:"id"`
				Name string   `json:"name"`
				May  []string `json:"may"`
			}
			list := []roleJSON{}
			for _, r := range p.Roles {
				list = append(list, roleJSON{r.ID.String(), r.Name, r.May.Names()})
			}
			c.answer(map[string]any{"roles": list}, func(w io.Writer) {
				for _, r := range list {
					fmt.Fprintf(w, "%s\t%s\n", r.Name, strings.Join(r.May, " "))
				}
			})
			return nil
		})})
}

func (c *command) options() *cobra.Command {
	var name, quota string
	var retakeNote, reviewImage, artistDone, doneLocks, handoverAuto bool
	var trashDays, parkedDays uint32
	cmd := &cobra.Command{Use: "options", Short: "Shows or changes the project's own choices", Args: between(0, 0)}
	f := cmd.Flags()
	f.StringVar(&name, "name", "", "`name` of the project")
	f.BoolVar(&retakeNote, "retake-note", true, "a retake needs a note")
	f.BoolVar(&reviewImage, "review-image", false, "a review needs an image")
	f.BoolVar(&artistDone, "artist-done", false, "the assignee may set Done on their own task")
	f.BoolVar(&doneLocks, "done-locks", false, "a done task takes no checkpoints")
	f.BoolVar(&handoverAuto, "handover-auto", false, "an ask that is not answered in time gives the task")
	f.Uint32Var(&trashDays, "trash-days", 0, "`days` that the trash is kept at least")
	f.Uint32Var(&parkedDays, "parked-days", 0, "`days` that parked work in the trash is kept at least")
	f.StringVar(&quota, "quota", "", "`size` that the project may take on its studio, as 500GB or 2TiB; 0: no limit")
	cmd.RunE = c.in(func(ctx context.Context, s *session.Session, _ []string) error {
		space, err := text.ParseBytes(quota)
		if err == nil && quota == "" && f.Changed("quota") {
			err = fmt.Errorf("%q is no size", quota)
		}
		if err != nil {
			return usagef("--quota: %v", err)
		}
		changes := map[string]func(*studio.Project){
			"name":          func(p *studio.Project) { p.Name = name },
			"retake-note":   func(p *studio.Project) { p.Options.RetakeNote = retakeNote },
			"review-image":  func(p *studio.Project) { p.Options.ReviewImage = reviewImage },
			"artist-done":   func(p *studio.Project) { p.Options.ArtistDone = artistDone },
			"done-locks":    func(p *studio.Project) { p.Options.DoneLocks = doneLocks },
			"handover-auto": func(p *studio.Project) { p.Options.HandoverAuto = handoverAuto },
			"trash-days":    func(p *studio.Project) { p.Options.TrashDays = trashDays },
			"parked-days":   func(p *studio.Project) { p.Options.ParkedDays = parkedDays },
			"quota":         func(p *studio.Project) { p.Options.QuotaBytes = space },
		}
		maps.DeleteFunc(changes, func(flag string, _ func(*studio.Project)) bool { return !f.Changed(flag) })
		if len(changes) > 0 {
			err := s.SetOptions(ctx, func(p *studio.Project) {
				for _, change := range changes {
					change(p)
				}
			})
			if err != nil {
				return err
			}
		}
		p, err := s.Look(ctx)
		if err != nil {
			return err
		}
		o := p.Project.Options
		c.answer(map[string]any{"name": p.Project.Name, "retakeNote": o.RetakeNote, "reviewImage": o.ReviewImage,
			"artistDone": o.ArtistDone, "doneLocks": o.DoneLocks, "handoverAuto": o.HandoverAuto, "trashDays": o.TrashDays,
			"parkedDays": o.ParkedDays, "quotaBytes": o.QuotaBytes}, func(w io.Writer) {
			limit := "none"
			if o.QuotaBytes > 0 {
				limit = text.Bytes(o.QuotaBytes)
			}
			fmt.Fprintf(w, "name\t%s\nretake-note\t%t\nreview-image\t%t\nartist-done\t%t\ndone-locks\t%t\nhandover-auto\t%t\n"+
				"trash-days\t%d\nparked-days\t%d\nquota\t%s\n", p.Project.Name, o.RetakeNote, o.ReviewImage, o.ArtistDone, o.DoneLocks,
				o.HandoverAuto, o.TrashDays, o.ParkedDays, limit)
		})
		return nil
	})
	return cmd
}
