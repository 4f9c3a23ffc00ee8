package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/text"
)

// remoteCommands are a person's side of a studio: signing in, projects of a studio on this computer, sync.
func (c *command) remoteCommands() []*cobra.Command {
	return []*cobra.Command{c.login(), c.logout(), c.clone(), c.publish(), c.sync(), c.inbox(), c.road(), c.ask(), c.answerAsk()}
}

// device is what a studio calls this computer.
func device() string {
	name, err := os.Hostname()
	if err != nil {
		return "a computer"
	}
	return name
}

func (c *command) login() *cobra.Command {
	var r session.LoginRequest
	var stdin bool
	cmd := &cobra.Command{Use: "login URL|LINK", Short: "Signs you in to a studio, or uses an invitation", Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if r.Password, err = c.password(stdin); err != nil {
				return err
			}
			me, err := c.env.Home().Profile(c.env.Fallback)
			if err != nil {
				return err
			}
			if r.Username == "" {
				r.Username = me.Username
			}
			r.Address, r.Name, r.Device, r.App = args[0], me.Name, device(), versionText(c.Window != nil)
			who, err := session.Login(cmd.Context(), c.env, r)
			if err != nil {
				return err
			}
			c.answer(map[string]string{"server": who.Server, "username": who.Username}, func(w io.Writer) {
				fmt.Fprintf(w, "Signed in to %s as %s. The session is kept in %s, for you alone.\n", who.Server, who.Username,
					c.env.Home().CredentialsPath())
			})
			return nil
		}}
	cmd.Flags().StringVar(&r.Username, "username", "", "your `name` on the studio (default: your username here)")
	cmd.Flags().BoolVar(&stdin, "password-stdin", false, "the password is the first line of standard input")
	return cmd
}

// server is the address that is meant: the one given, else the only one that the person is signed in to.
func (c *command) server(args []string) (string, error) {
	if len(args) > 0 {
		return strings.TrimRight(args[0], "/"), nil
	}
	in, err := c.env.Home().SignedIn()
	if err != nil {
		return "", err
	}
	if len(in) != 1 {
		return "", usagef("you are signed in to %d studios: name one", len(in))
	}
	return in[0].Server, nil
}

func (c *command) logout() *cobra.Command {
	return &cobra.Command{Use: "logout [URL]", Short: "Signs you out of a studio; your projects stay here", Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := c.server(args)
			if err != nil {
				return err
			}
			if err := session.Logout(cmd.Context(), c.env, server); err != nil {
				return err
			}
			c.answer(map[string]string{"server": server}, func(w io.Writer) { fmt.Fprintf(w, "Signed out of %s.\n", server) })
			return nil
		}}
}

func (c *command) clone() *cobra.Command {
	return &cobra.Command{Use: "clone URL/PROJECT [DIR]", Short: "Brings a studio project to this computer; files come when they are asked for",
		Args: between(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			at := strings.LastIndex(args[0], "/")
			if at < len("http://") || at == len(args[0])-1 {
				return usagef("%q names no project: URL/PROJECT", args[0])
			}
			r := session.CloneRequest{Server: args[0][:at], Project: args[0][at+1:], Device: device(), App: versionText(c.Window != nil)}
			if len(args) > 1 {
				dir, err := c.absolute(args[1])
				if err != nil {
					return err
				}
				r.Dir = dir
			}
			s, err := session.Clone(cmd.Context(), c.env, r)
			if err != nil {
				return err
			}
			root := s.Root()
			if err := s.BringHistory(cmd.Context(), session.SyncRequest{Device: r.Device, App: r.App}); err != nil && !c.quiet {
				fmt.Fprintln(c.Err, historyDue)
			}
			c.answer(map[string]string{"path": root}, func(w io.Writer) {
				fmt.Fprintf(w, "%s is here. framehold tasks --mine shows what you hold, framehold fetch brings files.\n", root)
			})
			return s.Close()
		}}
}

const historyDue = "The older history is not here yet: framehold sync brings it."

func (c *command) publish() *cobra.Command {
	var named []string
	var yes bool
	cmd := &cobra.Command{Use: "publish URL", Short: "Makes this personal project one of a studio, with its whole history", Args: between(1, 1)}
	cmd.RunE = c.in(func(ctx context.Context, s *session.Session, args []string) error {
		mapped := map[string]string{}
		for _, pair := range named {
			old, now, ok := strings.Cut(pair, "=")
			if !ok || old == "" || now == "" {
				return usagef("--map wants old=new, got %q", pair)
			}
			mapped[old] = now
		}
		show, done := c.progress()
		defer done()
		confirmed := false
		err := s.Publish(ctx, session.PublishRequest{Server: strings.TrimRight(args[0], "/"), Map: mapped, Progress: show, Device: device(),
			App: versionText(c.Window != nil), Confirm: func(list []session.Matched) bool {
				c.matchedList(list)
				confirmed = yes
				return yes
			}})
		if studio.CodeOf(err) == studio.CodeCancelled && !confirmed {
			return usagef("nothing was started: look at the list, then call again with --yes")
		}
		if err != nil {
			return err
		}
		c.answer(map[string]any{"server": args[0], "published": true}, func(w io.Writer) {
			fmt.Fprintln(w, "Published. framehold sync sends and brings what changes from now on.")
		})
		return nil
	})
	cmd.Flags().StringArrayVar(&named, "map", nil, "a member's username on the studio where it differs: `old=new`")
	cmd.Flags().BoolVar(&yes, "yes", false, "the list of members is right")
	return cmd
}

func (c *command) matchedList(list []session.Matched) {
	for _, m := range list {
		if m.Account == "" {
			c.sayErr("%s has no account there yet: their history and tasks stay", m.Member.Username)
			continue
		}
		c.sayErr("%s is %s there", m.Member.Username, m.Account)
	}
}

type syncJSON struct {
	Pushed    int         `json:"pushed"`
	Pulled    int         `json:"pulled"`
	Parked    []inboxJSON `json:"parked"`
	Refused   []inboxJSON `json:"refused"`
	BytesUp   int64       `json:"bytesUp"`
	BytesDown int64       `json:"bytesDown"`
	HeadSeq   uint64      `json:"headSeq"`
	Unsent    int         `json:"unsent"`
}

type inboxJSON struct {
	ID   string `json:"id"`
	Kind string `json:"kind"` // verdict news ask road
	Path string `json:"path"`
	Code string `json:"code"`
	Text string `json:"text"`
	Hint string `json:"hint"`
	At   string `json:"at"`
}

func (c *command) cards(cards []session.Card) []inboxJSON {
	docs := []inboxJSON{}
	for _, k := range cards {
		message, hint := c.catalogue.Card(string(k.Code), k.Params.Map(), k.Bytes, k.Kind == session.CardVerdict)
		docs = append(docs, inboxJSON{ID: k.ID.String(), Kind: string(k.Kind), Path: k.Path, Code: string(k.Code), Text: message, Hint: hint, At: rfc3339(k.OpenedMs)})
	}
	return docs
}

func (c *command) sync() *cobra.Command {
	return &cobra.Command{Use: "sync", Short: "Sends what you have made and brings what is new", Args: between(0, 0),
		RunE: c.in(func(ctx context.Context, s *session.Session, _ []string) error {
			show, done := c.progress()
			out, err := s.Sync(ctx, session.SyncRequest{Device: device(), App: versionText(c.Window != nil), Progress: show})
			done()
			doc := syncJSON{Pushed: out.Pushed, Pulled: out.Pulled, Parked: c.cards(out.Parked), Refused: c.cards(out.Refused),
				BytesUp: out.BytesUp, BytesDown: out.BytesDown, HeadSeq: out.HeadSeq, Unsent: out.Unsent}
			if err != nil {
				return err
			}
			c.answer(doc, func(w io.Writer) {
				fmt.Fprintf(w, "Synced: %d sent (%s), %d received.\n", doc.Pushed, text.Bytes(doc.BytesUp), doc.Pulled)
				if doc.Unsent > 0 {
					fmt.Fprintf(w, "%d of your changes wait here: the studio runs an older Framehold, which does not know them. They go when it is updated.\n",
						doc.Unsent)
				}
				for _, k := range append(doc.Parked, doc.Refused...) {
					fmt.Fprintf(w, "%s\n  %s\n", k.Text, k.Hint)
				}
			})
			if len(doc.Parked)+len(doc.Refused) > 0 {
				return toldError{exitParked}
			}
			return nil
		})}
}

func (c *command) inbox() *cobra.Command {
	var closed string
	cmd := &cobra.Command{Use: "inbox", Short: "What needs you: parked and refused work, asks, news of your tasks", Args: between(0, 0)}
	cmd.RunE = c.in(func(ctx context.Context, s *session.Session, _ []string) error {
		if closed != "" {
			id, err := studio.ParseID(closed)
			if err != nil {
				return usagef("%q is no id of the inbox", closed)
			}
			return s.CloseCard(ctx, id)
		}
		open, err := s.Inbox(ctx)
		if err != nil {
			return err
		}
		docs := c.cards(open)
		c.answer(map[string]any{"inbox": docs}, func(w io.Writer) {
			for _, k := range docs {
				fmt.Fprintf(w, "%s\n  %s\n", k.Text, k.Hint)
				if k.Kind != string(session.CardRoad) {
					fmt.Fprintf(w, "  %s\n", k.ID)
				}
			}
			if len(docs) == 0 {
				fmt.Fprintln(w, "Nothing needs you.")
			}
		})
		return nil
	})
	cmd.Flags().StringVar(&closed, "close", "", "takes the line with this `ID` off the list")
	return cmd
}
