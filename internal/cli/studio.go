package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"framehold/internal/server"
	"framehold/internal/studio"
	"framehold/internal/text"
)

const (
	defaultListen    = "127.0.0.1:7450"
	serverMemory     = 1 << 30 // from where the collector works harder; two passwords that are hashed take 128 MiB
	passwordBytesMax = 1 << 10
)

// studioData is what every command of a studio's server takes.
type studioData struct {
	c   *command
	dir string
}

// studioCommands: the shared server, for whoever runs it.
func (c *command) studioCommands() []*cobra.Command {
	d := &studioData{c: c}
	g := group("studio", "The shared server: makes it, serves it, looks after it",
		d.init(), d.serve(), d.user(), d.invite(), d.backup(), d.restore(), d.check())
	g.PersistentFlags().StringVar(&d.dir, "data", "", "`folder` of the studio's data")
	return []*cobra.Command{g}
}

// options are those of the studio that is meant.
func (d *studioData) options() (server.Options, error) {
	if d.dir == "" {
		return server.Options{}, usagef("say where the studio is: --data DIR")
	}
	dir, err := d.c.absolute(d.dir)
	return server.Options{Dir: dir, FS: d.c.env.FS, Clock: d.c.env.Clock}, err
}

// in makes the RunE of a command that works in a studio.
func (d *studioData) in(fn func(context.Context, *server.Studio, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) (err error) {
		o, err := d.options()
		if err != nil {
			return err
		}
		s, err := server.OpenStudio(cmd.Context(), o)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, s.Close()) }()
		return fn(cmd.Context(), s, args)
	}
}

// password reads one line of standard input; on a terminal it is asked for.
func (c *command) password(fromStdin bool) (string, error) {
	if !fromStdin {
		fmt.Fprint(c.Err, "Password (it shows while you type; --password-stdin takes it from a pipe): ")
	}
	r := bufio.NewReader(io.LimitReader(c.In, passwordBytesMax+2))
	line, err := r.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read password: %w", err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
}

func (d *studioData) init() *cobra.Command {
	var admin server.Admin
	var fromStdin bool
	cmd := &cobra.Command{Use: "init", Short: "Makes a studio, with its first admin", Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := d.options()
			if err != nil {
				return err
			}
			if admin.Username == "" {
				return usagef("say who looks after it: --admin NAME")
			}
			if admin.Password, err = d.c.password(fromStdin); err != nil {
				return err
			}
			if err := server.Init(cmd.Context(), o, admin); err != nil {
				return err
			}
			d.c.answer(map[string]string{"data": o.Dir, "admin": admin.Username}, func(w io.Writer) {
				fmt.Fprintf(w, "%s is a studio now, and %s its admin.\nServe it: framehold studio serve --data %s\n", o.Dir, admin.Username, o.Dir)
			})
			return nil
		}}
	cmd.Flags().StringVar(&admin.Username, "admin", "", "`username` of the first admin")
	cmd.Flags().StringVar(&admin.Name, "name", "", "full `name` of the first admin")
	cmd.Flags().BoolVar(&fromStdin, "password-stdin", false, "the password is the first line of standard input")
	return cmd
}

func (d *studioData) serve() *cobra.Command {
	var listen, cert, key string
	cmd := &cobra.Command{Use: "serve", Short: "Serves the studio until it is interrupted", Args: between(0, 0),
		Long: "Serves the studio until it is interrupted. On loopback it speaks plain HTTP; elsewhere TLS, with the certificate that you\n" +
			"name or one that it makes, whose fingerprint is in the link that it prints.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := d.options()
			if err != nil {
				return err
			}
			if (cert == "") != (key == "") {
				return usagef("--tls-cert and --tls-key belong together")
			}
			for _, file := range []*string{&cert, &key} {
				if *file != "" {
					if *file, err = d.c.absolute(*file); err != nil {
						return err
					}
				}
			}
			debug.SetMemoryLimit(serverMemory)
			level := slog.LevelInfo
			if d.c.quiet {
				level = slog.LevelError
			}
			o.Log = slog.New(slog.NewJSONHandler(d.c.Err, &slog.HandlerOptions{Level: level}))
			return server.Serve(cmd.Context(), o, listen, cert, key, func(p server.Place) {
				d.c.answer(map[string]string{"server": p.Server, "link": p.Link()}, func(w io.Writer) { fmt.Fprintln(w, p.Link()) })
			})
		}}
	cmd.Flags().StringVar(&listen, "listen", defaultListen, "`address` and port")
	cmd.Flags().StringVar(&cert, "tls-cert", "", "`file` of a certificate and its chain (PEM)")
	cmd.Flags().StringVar(&key, "tls-key", "", "`file` of its key (PEM)")
	return cmd
}

type userJSON struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
	Admin    bool   `json:"admin"`
	Disabled bool   `json:"disabled"`
	Waiting  bool   `json:"waiting"`
}

func userOf(p server.Person) userJSON {
	return userJSON{p.ID.String(), p.Username, p.Name, p.Admin, p.Disabled, p.Waiting}
}

func (u userJSON) state() string {
	switch {
	case u.Disabled:
		return "disabled"
	case u.Waiting:
		return "waits for a link"
	case u.Admin:
		return "admin"
	}
	return ""
}

func (d *studioData) user() *cobra.Command {
	var name string
	var fromStdin bool
	add := &cobra.Command{Use: "add USERNAME", Short: "Makes an account; without a password it waits for a link (studio invite)",
		Args: between(1, 1), RunE: d.in(func(ctx context.Context, s *server.Studio, args []string) (err error) {
			password := ""
			if fromStdin {
				if password, err = d.c.password(true); err != nil {
					return err
				}
				if password == "" {
					return studio.Refuse(studio.CodePasswordShort, studio.Params{N: 8})
				}
			}
			p, err := s.AddUser(ctx, args[0], name, password)
			if err == nil {
				d.c.answer(userOf(p), func(w io.Writer) { fmt.Fprintf(w, "%s has an account.\n", p.Username) })
			}
			return err
		})}
	add.Flags().StringVar(&name, "name", "", "full `name`")
	add.Flags().BoolVar(&fromStdin, "password-stdin", false, "the password is the first line of standard input")
	list := &cobra.Command{Use: "list", Short: "Lists the accounts", Args: between(0, 0),
		RunE: d.in(func(ctx context.Context, s *server.Studio, _ []string) error {
			people, err := s.Users(ctx)
			if err != nil {
				return err
			}
			users := make([]userJSON, len(people))
			for i, p := range people {
				users[i] = userOf(p)
			}
			d.c.answer(map[string]any{"users": users}, func(w io.Writer) {
				for _, u := range users {
					fmt.Fprintf(w, "%s\t%s\t%s\n", u.Username, u.Name, u.state())
				}
			})
			return nil
		})}
	stolen := false
	disable := &cobra.Command{Use: "disable USERNAME", Short: "Closes an account and signs it out everywhere", Args: between(1, 1),
		RunE: d.in(func(ctx context.Context, s *server.Studio, args []string) error {
			p, err := s.DisableUser(ctx, args[0])
			if err == nil && stolen {
				err = s.BlockDeposits(ctx, args[0])
			}
			if err == nil {
				d.c.answer(userOf(p), func(w io.Writer) { fmt.Fprintf(w, "%s cannot sign in any more.\n", p.Username) })
			}
			return err
		})}
	disable.Flags().BoolVar(&stolen, "stolen", false, "takes nothing from its computers any more, not even work that was not sent")
	return group("user", "Accounts of the studio", add, list, disable)
}

func (d *studioData) invite() *cobra.Command {
	var i server.Invitation
	var projects []string
	cmd := &cobra.Command{Use: "invite [USERNAME]", Short: "Prints a link that makes an account, once", Args: between(0, 1),
		RunE: d.in(func(ctx context.Context, s *server.Studio, args []string) error {
			if len(args) == 1 {
				i.Username = args[0]
			}
			for _, name := range projects {
				id, err := studio.ParseID(name)
				if err != nil {
					return usagef("%q is no project's id: studio check lists them", name)
				}
				i.Projects = append(i.Projects, studio.ProjectID{ID: id})
			}
			link, err := s.Invite(ctx, i)
			if err == nil {
				d.c.answer(map[string]string{"link": link, "username": i.Username}, func(w io.Writer) { fmt.Fprintln(w, link) })
			}
			return err
		})}
	f := cmd.Flags()
	f.StringVar(&i.URL, "url", "", "`address` at which people reach the studio (default: where it was last served)")
	f.StringVar(&i.Name, "name", "", "full `name`")
	f.StringVar(&i.Role, "role", "", "`role` in the projects (default Artist)")
	f.StringArrayVar(&projects, "project-id", nil, "`id` of a project to make them a member of")
	f.IntVar(&i.Days, "days", 0, "for how many `days` the link is good (default 14)")
	return cmd
}

func (d *studioData) backup() *cobra.Command {
	return &cobra.Command{Use: "backup FILE", Short: "Writes the studio into one file and its keys into FILE.keys, also while it is served",
		Args: between(1, 1), RunE: d.in(func(ctx context.Context, s *server.Studio, args []string) error {
			to, err := d.c.absolute(args[0])
			if err != nil {
				return err
			}
			b, err := s.Backup(ctx, to)
			if err != nil {
				return err
			}
			d.c.answer(map[string]any{"path": b.Path, "keys": b.Keys, "bytes": b.Bytes, "projects": b.Projects,
				"missing": append([]string{}, b.Missing...)}, func(w io.Writer) {
				fmt.Fprintf(w, "%s, %s\n", b.Path, text.Bytes(b.Bytes))
				fmt.Fprintf(w, "%s: keep it elsewhere. Who has both can pass for the studio.\n", b.Keys)
				for _, name := range b.Missing {
					fmt.Fprintf(w, "%s is not in it: its folder is not in the studio. Keep the backups that have it.\n", name)
				}
			})
			if len(b.Missing) == 0 {
				return nil
			}
			bad := studio.Refuse(studio.CodeDamaged, studio.Params{N: len(b.Missing), Why: "studio"})
			return d.c.told(exitOf(bad), []error{bad})
		})}
}

func (d *studioData) restore() *cobra.Command {
	return &cobra.Command{Use: "restore FILE", Short: "Makes a studio of a backup, in an empty folder; FILE.keys beside it is used",
		Args: between(1, 1), RunE: func(cmd *cobra.Command, args []string) error {
			o, err := d.options()
			if err != nil {
				return err
			}
			from, err := d.c.absolute(args[0])
			if err != nil {
				return err
			}
			r, err := server.Restore(cmd.Context(), o, from)
			if err == nil {
				d.c.answer(map[string]any{"data": o.Dir, "projects": r.Projects, "newKey": r.NewKey}, func(w io.Writer) {
					fmt.Fprintf(w, "%s has the studio of the backup, with %d projects. Everyone signs in again.\n", o.Dir, r.Projects)
					if r.NewKey {
						fmt.Fprintln(w, "Its keys were not there: it has new ones, and people need a new link.")
					}
				})
			}
			return err
		}}
}

type checkedJSON struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Rows      int      `json:"rows"`
	Events    int      `json:"events"`
	Chunks    int      `json:"chunks"`
	Manifests int      `json:"manifests"`
	Bytes     int64    `json:"bytes"`
	Problems  []string `json:"problems"`
}

func (d *studioData) check() *cobra.Command {
	return &cobra.Command{Use: "check", Short: "Reads everything again and proves it whole", Args: between(0, 0),
		RunE: d.in(func(ctx context.Context, s *server.Studio, _ []string) error {
			checked, err := s.Check(ctx)
			if err != nil {
				return err
			}
			projects, problems := make([]checkedJSON, len(checked)), 0
			for i, p := range checked {
				problems += len(p.Problems)
				projects[i] = checkedJSON{p.ID.String(), p.Name, p.Rows, p.Events, p.Chunks, p.Manifests, p.Bytes,
					append([]string{}, p.Problems...)}
			}
			d.c.answer(map[string]any{"ok": problems == 0, "projects": projects}, func(w io.Writer) {
				for _, p := range projects {
					fmt.Fprintf(w, "%s\t%s\t%d events\t%d chunks\t%s\n", p.ID, p.Name, p.Events, p.Chunks, text.Bytes(p.Bytes))
					for _, problem := range p.Problems {
						fmt.Fprintf(w, "\t%s\n", problem)
					}
				}
			})
			if problems == 0 {
				return nil
			}
			bad := studio.Refuse(studio.CodeDamaged, studio.Params{N: problems, Why: "studio"})
			return d.c.told(exitOf(bad), []error{bad})
		})}
}
