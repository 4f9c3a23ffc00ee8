package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"framehold/internal/session"
	"framehold/internal/studio"
)

type parkedJSON struct {
	ID          string `json:"id"`
	Path        string `json:"path"`
	Asset       string `json:"asset"`
	Author      string `json:"author"`
	Reason      string `json:"reason"`
	State       string `json:"state"`
	Base        *int   `json:"base"`
	Head        *int   `json:"head"`
	Label       string `json:"label"`
	At          string `json:"at"`
	Checkpoints int    `json:"checkpoints"`
	Comment     string `json:"comment"`
	Bytes       int64  `json:"bytes"`
}

func stateName(s studio.ParkedState) string {
	names := [...]string{"", "open", "kept", "adopted", "copied", "trashed", "purged"}
	if int(s) < len(names) {
		return names[s]
	}
	return ""
}

// parked is what stands beside the lines, and what is done with it.
func (c *command) parked() *cobra.Command {
	var all bool
	list := &cobra.Command{Use: "list", Short: "Lists what is parked", Args: between(0, 0),
		RunE: c.in(func(ctx context.Context, s *session.Session, _ []string) error { return c.parkedList(ctx, s, all) })}
	group := &cobra.Command{Use: "parked", Short: "Checkpoints kept beside the line: lists, adopts, copies, keeps or trashes them",
		Args: between(0, 0), RunE: list.RunE}
	for _, cmd := range []*cobra.Command{list, group} {
		cmd.Flags().BoolVar(&all, "all", false, "those in the trash and those copied too")
	}
	group.AddCommand(list,
		c.onParked("adopt", "Puts them on the line as its newest version", "is on the line", false, (*session.Session).Adopt),
		c.onParked("copy", "Makes a resource of each, beside the asset", "copied", false,
			func(s *session.Session, ctx context.Context, roots []studio.CheckpointID) (session.Outcome, error) {
				show, done := c.progress()
				defer done()
				return s.CopyParked(ctx, roots, show)
			}),
		c.onParked("keep", "Leaves them where they are, as seen", "kept", false, (*session.Session).KeepParked),
		c.onParked("trash", "Puts them into the trash; no byte is given up", "is in the trash", false, (*session.Session).TrashParked),
		c.onParked("restore", "Opens those again that were kept, copied or put into the trash", "is open again", true,
			(*session.Session).RestoreParked),
		c.askParked(), c.purgeParked())
	return group
}

func (c *command) parkedList(ctx context.Context, s *session.Session, all bool) error {
	p, err := s.Look(ctx)
	if err != nil {
		return err
	}
	chains, err := s.Parked(ctx, all)
	if err != nil {
		return err
	}
	docs := []parkedJSON{}
	for _, k := range chains {
		docs = append(docs, parkedJSON{ID: k.Root.String(), Path: k.Path, Asset: k.Asset.String(), Author: p.Members[k.Author].Username,
			Reason: string(k.Reason), State: stateName(k.State), Base: optional(int(k.Base)), Head: optional(int(k.Head)), Label: k.Label,
			At: rfc3339(k.AtMs), Checkpoints: k.Checkpoints, Comment: k.Comment, Bytes: k.Bytes})
	}
	c.answer(map[string]any{"parked": docs}, func(w io.Writer) {
		for i, d := range docs {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, d.Path, d.Label, d.State, p.Members[chains[i].Author].DisplayName(),
				time.UnixMilli(chains[i].AtMs).Local().Format("2006-01-02 15:04"), firstLine(d.Comment))
		}
		if len(docs) == 0 {
			fmt.Fprintln(w, "Nothing is parked.")
		}
	})
	return nil
}

// onParked makes a command that does one thing to chains, each named by its id or by its asset.
func (c *command) onParked(use, short, verb string, all bool,
	do func(*session.Session, context.Context, []studio.CheckpointID) (session.Outcome, error)) *cobra.Command {
	return &cobra.Command{Use: use + " ID...", Short: short, Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			chains, err := s.Parked(ctx, true)
			if err != nil {
				return err
			}
			var roots []studio.CheckpointID
			var bad []named
			for _, name := range args {
				found := c.chainsNamed(s, p, chains, name, all)
				if len(found) == 0 {
					err := studio.Refuse(studio.CodeUnknownCheckpoint, studio.Params{Name: visible(name), Why: "parked"})
					bad = append(bad, named{name: name, err: err})
				}
				roots = append(roots, found...)
			}
			out, err := do(s, ctx, roots)
			return c.bulk(with(out, bad), err, verb)
		})}
}

// askParked asks somebody who may to adopt them.
func (c *command) askParked() *cobra.Command {
	var of string
	cmd := c.onParked("ask", "Asks somebody who may to put them on the line", "asked for", false,
		func(s *session.Session, ctx context.Context, roots []studio.CheckpointID) (session.Outcome, error) {
			if of == "" {
				return session.Outcome{}, usagef("parked ask needs --of USERNAME")
			}
			p, err := s.Look(ctx)
			if err != nil {
				return session.Outcome{}, err
			}
			m, err := p.MemberNamed(of)
			if err != nil {
				return session.Outcome{}, err
			}
			return s.AskParked(ctx, roots, m.User)
		})
	cmd.Flags().StringVar(&of, "of", "", "`username` of who is asked")
	return cmd
}

// purgeParked gives up the bytes of what is in the trash; it wants to be told twice.
func (c *command) purgeParked() *cobra.Command {
	yes := false
	cmd := c.onParked("purge", "Gives up the bytes of those in the trash, for good; their events stay", "is removed for good", true,
		(*session.Session).PurgeParked)
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !yes {
			return usagef("this cannot be undone: look at the list (framehold parked list --all), then call again with --yes")
		}
		return run(cmd, args)
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "they are to go for good")
	return cmd
}

// chainsNamed finds a chain by the id of its first or newest checkpoint, or those of an asset that wait for somebody.
func (c *command) chainsNamed(s *session.Session, p *session.Picture, chains []session.ParkedChain, name string, all bool,
) (roots []studio.CheckpointID) {
	asset, _ := c.entity(s, p, name) // one that is not there names no chain
	for _, k := range chains {
		waits := k.State == studio.ParkedOpen || k.State == studio.ParkedKept
		byID := k.Root.String() == name || k.Newest.String() == name
		if byID || k.Asset.ID == asset && (waits || all) {
			roots = append(roots, k.Root)
		}
	}
	return roots
}
