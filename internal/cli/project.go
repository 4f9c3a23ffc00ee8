package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/text"
)

// projectCommands: who I am, which project, who is in it.
func (c *command) projectCommands() []*cobra.Command {
	return []*cobra.Command{c.profile(), c.init(), c.projects(), c.relocate(), c.member(), c.serve(), c.version()}
}

func (c *command) profile() *cobra.Command {
	var username, name, sendMax string
	cmd := &cobra.Command{Use: "profile", Short: "Who you are on this computer", Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			limit, err := text.ParseBytes(sendMax)
			if err != nil {
				return usagef("--send-max: %v", err)
			}
			home := c.env.Home()
			p, err := home.Profile(c.env.Fallback)
			if err == nil && (username != "" || name != "") {
				p, err = home.SetProfile(p, username, name)
			}
			if err == nil && cmd.Flags().Changed("send-max") {
				p, err = home.SetSendMax(p, limit)
			}
			if err != nil {
				return err
			}
			c.answer(map[string]any{"id": p.ID.String(), "username": p.Username, "name": p.Name, "sendMax": p.SendMax}, func(w io.Writer) {
				fmt.Fprintf(w, "%s\t%s\n", p.Username, p.Name)
				if p.SendMax > 0 {
					fmt.Fprintf(w, "sends at most\t%s a second\n", text.Bytes(p.SendMax))
				}
			})
			return nil
		}}
	cmd.Flags().StringVar(&username, "username", "", "your `name` in projects: 1 to 32 of a-z 0-9 . _ -")
	cmd.Flags().StringVar(&name, "name", "", "your full `name`")
	cmd.Flags().StringVar(&sendMax, "send-max", "", "`size` of files a second that this computer sends at most, as 2MB; 0: no limit")
	return cmd
}

func (c *command) init() *cobra.Command {
	var name string
	cmd := &cobra.Command{Use: "init [DIR]", Short: "Makes a personal project on a folder; you are its Admin", Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := c.absolute(strings.Join(args, ""))
			if err != nil {
				return err
			}
			s, err := session.Init(cmd.Context(), c.env, dir, name)
			if err != nil {
				return err
			}
			p, err := s.Look(cmd.Context())
			if err != nil {
				return err
			}
			c.answer(map[string]string{"id": p.Project.ID.String(), "name": p.Project.Name, "path": s.Root()}, func(w io.Writer) {
				fmt.Fprintf(w, "%s is a project now. Its history is kept apart from the folder.\n", s.Root())
			})
			return s.Close()
		}}
	cmd.Flags().StringVar(&name, "name", "", "`name` of the project (default: the folder's)")
	return cmd
}

func (c *command) projects() *cobra.Command {
	return &cobra.Command{Use: "projects", Short: "Projects that this computer has seen", Args: between(0, 0),
		RunE: func(*cobra.Command, []string) error {
			home := c.env.Home()
			known, err := home.Projects()
			if err != nil {
				return err
			}
			if _, err := c.env.FS.Lstat(home.Broken()); err == nil {
				c.sayErr("The list was damaged and is kept as %s. Projects come back to it when they are opened.", home.Broken())
			}
			c.answer(map[string]any{"projects": known}, func(w io.Writer) {
				for _, k := range known {
					fmt.Fprintf(w, "%s\t%s\n", k.Name, k.Path)
				}
			})
			return nil
		}}
}

func (c *command) relocate() *cobra.Command {
	var store string
	var own bool
	cmd := &cobra.Command{Use: "relocate", Short: "Says where the project's store is, or makes a copied folder one of its own",
		Args: between(0, 0), RunE: func(cmd *cobra.Command, _ []string) error {
			if (store == "") == !own {
				return usagef("relocate takes --store DIR or --copy")
			}
			root, err := c.find()
			if err != nil {
				return err
			}
			if own {
				err = session.OwnFolder(cmd.Context(), c.env, root)
			} else {
				err = session.Relocate(cmd.Context(), c.env, root, store)
			}
			if err == nil {
				c.answer(map[string]string{"path": root}, func(w io.Writer) {
					fmt.Fprintf(w, "%s %s.\n", root, map[bool]string{true: "is a second working folder of the project now",
						false: "knows its store again"}[own])
				})
			}
			return err
		}}
	cmd.Flags().StringVar(&store, "store", "", "`folder` that holds project.db")
	cmd.Flags().BoolVar(&own, "copy", false, "this folder is a copy: make it a second working folder")
	return cmd
}

type memberJSON struct {
	Username   string `json:"username"`
	Name       string `json:"name"`
	Role       string `json:"role"`
	Title      string `json:"title"`
	Department string `json:"department"`
	Profile    string `json:"profile"` // of the home that is this member; "": nobody has opened the project as them yet
}

func (c *command) member() *cobra.Command {
	group := &cobra.Command{Use: "member", Short: "People of the project", Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	var r session.MemberRequest
	flags := func(cmd *cobra.Command) *cobra.Command {
		cmd.Flags().StringVar(&r.Name, "name", "", "full `name`")
		cmd.Flags().StringVar(&r.Email, "email", "", "e-mail `address`")
		cmd.Flags().StringVar(&r.Role, "role", "", "`role` (default Artist)")
		cmd.Flags().StringVar(&r.Title, "title", "", "job `title`")
		cmd.Flags().StringVar(&r.Department, "department", "", "`department`")
		return cmd
	}
	said := func(m studio.Member, err error, verb string) error {
		if err != nil {
			return err
		}
		c.answer(map[string]string{"username": m.Username, "name": m.Name, "id": m.User.String()}, func(w io.Writer) {
			fmt.Fprintf(w, "%s %s.\n", m.DisplayName(), verb)
		})
		return nil
	}
	group.AddCommand(
		flags(&cobra.Command{Use: "add USERNAME", Short: "Makes a place for a person", Args: between(1, 1),
			RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
				r.Username = args[0]
				m, err := s.AddMember(ctx, r)
				return said(m, err, "was added")
			})}),
		flags(&cobra.Command{Use: "role USERNAME ROLE", Short: "Changes a person's role", Args: between(2, 2),
			RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
				r.Username, r.Role = args[0], args[1]
				m, err := s.ChangeMember(ctx, r)
				return said(m, err, "is "+args[1]+" now")
			})}),
		&cobra.Command{Use: "remove USERNAME", Short: "Takes a person's place; their history stays", Args: between(1, 1),
			RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
				return c.removeMember(ctx, s, args[0])
			})},
		&cobra.Command{Use: "list", Short: "Who is in the project", Args: between(0, 0), RunE: c.in(c.memberList)},
	)
	return group
}

// removeMember takes a person's place and says what they still hold: tasks are never taken from anyone unseen.
func (c *command) removeMember(ctx context.Context, s *session.Session, name string) error {
	p, err := s.Look(ctx)
	if err != nil {
		return err
	}
	m, err := p.MemberNamed(name)
	if err != nil {
		return err
	}
	if err := s.RemoveMember(ctx, name); err != nil {
		return err
	}
	holds := 0
	for _, a := range p.Assets {
		if a.Assignee == m.User && !a.Trashed() {
			holds++
		}
	}
	c.answer(map[string]any{"username": m.Username, "name": m.Name, "id": m.User.String(), "holds": holds}, func(w io.Writer) {
		fmt.Fprintf(w, "%s was removed.\n", m.DisplayName())
		if holds > 0 {
			fmt.Fprintf(w, "They still hold %d %s: framehold tasks assignee:%s lists them, framehold assign gives them to somebody else.\n",
				holds, plural(holds, "task"), m.Username)
		}
	})
	return nil
}

func (c *command) memberList(ctx context.Context, s *session.Session, _ []string) error {
	p, err := s.Look(ctx)
	if err != nil {
		return err
	}
	members := []memberJSON{}
	for _, m := range p.MemberList {
		role, _ := p.View().Role(m.Role)
		if !m.Gone {
			members = append(members, memberJSON{m.Username, m.Name, role.Name, m.Title, m.Department, idText(m.Profile.ID)})
		}
	}
	c.answer(map[string]any{"members": members}, func(w io.Writer) {
		for _, m := range members {
			fmt.Fprintf(w, "%s\t%s\t%s\n", m.Username, m.Name, m.Role)
		}
	})
	return nil
}

func (c *command) serve() *cobra.Command {
	var listen string
	cmd := &cobra.Command{Use: "serve", Short: "Serves the same interface to a browser and prints its address", Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			at, err := net.ResolveTCPAddr("tcp", listen)
			if err != nil || !at.IP.IsLoopback() { // also ":8080", which is every interface
				return usagef("--listen takes an address that only this computer reaches, and a port, as 127.0.0.1:0; got %q", listen)
			}
			project, err := c.find()
			if studio.CodeOf(err) == studio.CodeNotAProject && c.project == "" {
				project, err = "", nil
			}
			if err != nil {
				return err
			}
			return c.Serve(cmd.Context(), c.env, project, listen)
		}}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "loopback `address`")
	return cmd
}

func (c *command) version() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Says which build this is", Args: between(0, 0),
		RunE: func(*cobra.Command, []string) error {
			v := versionText(c.Window != nil)
			c.answer(map[string]string{"version": v}, func(w io.Writer) { fmt.Fprintln(w, v) })
			return nil
		}}
}
