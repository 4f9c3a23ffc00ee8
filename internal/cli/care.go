package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"framehold/internal/demo"
	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/text"
)

// careCommands: the store's own care, and the sample project.
func (c *command) careCommands() []*cobra.Command {
	return []*cobra.Command{c.verify(), c.compact(), c.exportProject(), c.importProject(), c.demo()}
}

func (c *command) verify() *cobra.Command {
	var repair bool
	cmd := &cobra.Command{Use: "verify", Short: "Reads everything again and proves it whole", Args: between(0, 0),
		RunE: c.in(func(ctx context.Context, s *session.Session, _ []string) error {
			show, done := c.progress()
			defer done()
			mended := 0
			if repair {
				var err error
				if mended, err = s.Repair(ctx, show); err != nil {
					return err
				}
			}
			v, err := s.Verify(ctx, show)
			done()
			if err != nil {
				return err
			}
			if err := c.sayHistoryDue(ctx, s); err != nil { // what is not here is not proved
				return err
			}
			problems := []string{}
			for _, p := range v.Problems {
				problems = append(problems, p.About+": "+p.What)
			}
			c.answer(map[string]any{"ok": len(problems) == 0, "assets": v.Assets, "checkpoints": v.Checkpoints, "chunks": v.Chunks,
				"bytes": v.Bytes, "events": v.Events, "problems": problems, "mended": mended}, func(w io.Writer) {
				fmt.Fprintf(w, "%d assets, %d checkpoints, %d events, %d chunks, %s\n", v.Assets, v.Checkpoints, v.Events, v.Chunks,
					text.Bytes(v.Bytes))
				if repair {
					fmt.Fprintf(w, "%d chunks mended\n", mended)
				}
				if len(problems) == 0 {
					fmt.Fprintln(w, "Everything is whole.")
				}
			})
			if len(problems) == 0 {
				return nil
			}
			for _, p := range problems {
				c.sayErr("%s", p)
			}
			bad := studio.Params{N: len(problems)}
			if repair {
				bad.Why = "left"
			}
			c.sayError(c.errorJSON(studio.Refuse(studio.CodeDamaged, bad)), nil)
			return toldError{exitDamaged}
		})}
	cmd.Flags().BoolVar(&repair, "repair", false, "find damaged bytes again, in the packs and in the working files")
	return cmd
}

func (c *command) compact() *cobra.Command {
	return &cobra.Command{Use: "compact", Short: "Gives back the space that no version needs", Args: between(0, 0),
		RunE: c.in(func(ctx context.Context, s *session.Session, _ []string) error {
			show, done := c.progress()
			got, err := s.Compact(ctx, show)
			done()
			if err != nil {
				return err
			}
			c.answer(map[string]any{"packs": got.Packs, "bytes": got.Freed, "condemned": got.Condemned}, func(w io.Writer) {
				fmt.Fprintf(w, "%d packs removed, %s given back. %d more can be removed in a day.\n", got.Packs, text.Bytes(got.Freed), got.Condemned)
			})
			return nil
		})}
}

func (c *command) absolute(path string) (string, error) {
	if filepath.IsAbs(path) {
		return path, nil
	}
	dir, err := c.Dir()
	return filepath.Join(dir, path), err
}

func (c *command) exportProject() *cobra.Command {
	return &cobra.Command{Use: "export FILE", Short: "Writes the whole project as one file", Args: between(1, 1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			path, err := c.absolute(args[0])
			if err != nil {
				return err
			}
			show, done := c.progress()
			n, err := s.Export(ctx, path, show)
			done()
			if err != nil {
				return err
			}
			c.answer(map[string]any{"path": path, "bytes": n}, func(w io.Writer) { fmt.Fprintf(w, "%s, %s\n", path, text.Bytes(n)) })
			return nil
		})}
}

func (c *command) importProject() *cobra.Command {
	return &cobra.Command{Use: "import FILE [DIR]", Short: "Makes a project of such a file", Args: between(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, err := c.absolute(args[0])
			if err != nil {
				return err
			}
			dir := "."
			if len(args) == 2 {
				dir = args[1]
			}
			if dir, err = c.absolute(dir); err != nil {
				return err
			}
			show, done := c.progress()
			s, err := session.Import(cmd.Context(), c.env, from, dir, show)
			done()
			if err != nil {
				return err
			}
			c.answer(map[string]string{"path": s.Root()}, func(w io.Writer) { fmt.Fprintf(w, "%s\n", s.Root()) })
			return s.Close()
		}}
}

func (c *command) demo() *cobra.Command {
	return &cobra.Command{Use: "demo [DIR]", Short: "Builds the sample project", Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "framehold-sample"
			if len(args) == 1 {
				dir = args[0]
			}
			dir, err := c.absolute(dir)
			if err != nil {
				return err
			}
			if err := demo.Build(cmd.Context(), c.env, dir, c.sparse()); err != nil {
				return err
			}
			c.answer(map[string]string{"path": dir}, func(w io.Writer) {
				fmt.Fprintf(w, "%s is a sample project: a short film of six people.\n", dir)
				fmt.Fprintf(w, "Look around: cd %s, then framehold tasks, framehold files, framehold log, framehold%s.\n", dir,
					map[bool]string{true: "", false: " serve"}[c.Window != nil])
			})
			return nil
		}}
}
