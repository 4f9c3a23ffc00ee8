package cli

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/text"
)

// historyCommands: what happened, and how to have it back.
func (c *command) historyCommands() []*cobra.Command {
	return []*cobra.Command{c.log(), c.restore(), c.fetch(), c.freeUp(), c.copy(), c.parked(), c.drop(), c.closure(), c.undo(false), c.undo(true)}
}

type eventJSON struct {
	Seq        *uint64 `json:"seq"`
	Kind       string  `json:"kind"`
	Actor      string  `json:"actor"`
	At         string  `json:"at"`
	Received   string  `json:"received"`
	Asset      *string `json:"asset"`
	Path       string  `json:"path"`
	Checkpoint *string `json:"checkpoint"`
	Status     string  `json:"status"`
	From       string  `json:"from"`
	To         string  `json:"to"`
	Text       string  `json:"text"`
	Preview    *string `json:"preview"`
}

func eventOf(p *session.Picture, l studio.Line) eventJSON {
	e := eventJSON{Seq: optional(l.Seq), Kind: l.Kind, Actor: p.Members[l.Actor].Username, At: rfc3339(l.AtMs), Received: rfc3339(l.ReceivedMs),
		Path: l.Path, Status: l.Status, From: l.From, To: l.To, Text: l.Text, Checkpoint: optional(l.Label)}
	if !l.Asset.IsZero() {
		e.Asset = optional(l.Asset.String())
	}
	if l.Kind == "safety" {
		e.Checkpoint = optional(l.Checkpoint.String()) // it has no version: it is restored by id
	}
	if !l.Preview.IsZero() {
		e.Preview = optional(l.Preview.String())
	}
	return e
}

func (c *command) log() *cobra.Command {
	var asCSV bool
	cmd := &cobra.Command{Use: "log [ASSET]", Short: "The audit trail, oldest first; of a collection, with all that is in it",
		Args: between(0, 1), RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			if asCSV && c.json {
				return usagef("--csv and --json exclude each other")
			}
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			asset, lines, err := c.logLines(ctx, s, p, args)
			if err != nil {
				return err
			}
			events := []eventJSON{}
			for _, l := range lines {
				events = append(events, eventOf(p, l))
			}
			if asCSV {
				return c.csv(events)
			}
			if err := c.sayHistoryDue(ctx, s); err != nil {
				return err
			}
			founding := foundingLines(lines)
			told := studio.Tell(lines[founding:], p.Category)
			arriving, err := s.Arriving(ctx, asset)
			if err != nil {
				return err
			}
			c.answer(map[string]any{"events": events, "arriving": arrivalsOf(p, arriving)}, func(w io.Writer) {
				now := c.env.Clock.Now().Local()
				if founding > 0 {
					fmt.Fprintf(w, "%s\t%s\t%s\t\t\t\n", minute(lines[0].AtMs), p.Members[lines[0].Actor].DisplayName(),
						c.catalogue.Sentence("founded", nil))
				}
				for _, t := range told {
					sentence := c.catalogue.Line(text.Told(p.Speak(t)))
					if session.IsUnsent(t.Line) {
						sentence += " (not sent yet)"
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", minute(t.AtMs),
						p.Members[t.Actor].DisplayName(), sentence, t.Label, logPath(asset, t.Path), firstLine(session.Words(t.Line)))
				}
				if story := c.catalogue.Story(spoken(p, told), now); story != "" && !asset.IsZero() {
					fmt.Fprintln(w)
					fmt.Fprintln(w, story)
				}
				for _, a := range arriving {
					fmt.Fprintln(w, c.catalogue.Arriving(p.Members[a.Author].DisplayName(), a.Label, a.For, a.Percent))
				}
			})
			return nil
		})}
	cmd.Flags().BoolVar(&asCSV, "csv", false, "as comma-separated values")
	return cmd
}

// arrivalJSON is a checkpoint that somebody else has saved and that has not arrived yet.
type arrivalJSON struct {
	ID         string `json:"id"`
	Checkpoint string `json:"checkpoint"`
	Author     string `json:"author"`
	Status     string `json:"status"`
	Percent    *int   `json:"percent"` // null: it is not being sent now
}

func arrivalsOf(p *session.Picture, arriving []session.Arrival) []arrivalJSON {
	all := []arrivalJSON{}
	for _, a := range arriving {
		one := arrivalJSON{a.ID.String(), a.Label, p.Members[a.Author].Username, p.StatusOf[a.StatusAtCreation].Slug(), nil}
		if a.Percent >= 0 {
			one.Percent = &a.Percent
		}
		all = append(all, one)
	}
	return all
}

// sayHistoryDue says that the older history is still to come, if it is.
func (c *command) sayHistoryDue(ctx context.Context, s *session.Session) error {
	due, err := s.HistoryDue(ctx)
	if err == nil && due && !c.quiet {
		fmt.Fprintln(c.Err, historyDue)
	}
	return err
}

// logLines is the trail that is meant: of an asset, of a collection, or with a zero id of the project.
func (c *command) logLines(ctx context.Context, s *session.Session, p *session.Picture, args []string,
) (asset studio.AssetID, lines []studio.Line, err error) {
	if len(args) == 1 {
		if asset.ID, err = c.entity(s, p, args[0]); err != nil {
			return asset, nil, err
		}
	}
	if _, isCollection := p.Collections[studio.CollectionID(asset)]; isCollection {
		lines, err = s.LogBelow(ctx, p, studio.CollectionID(asset))
		return studio.AssetID{}, lines, err
	}
	lines, err = s.Log(ctx, asset)
	return asset, lines, err
}

// foundingLines counts the lines that made the project: one act, which people read as one line.
func foundingLines(lines []studio.Line) int {
	if len(lines) == 0 || lines[0].Seq != 1 {
		return 0
	}
	for i, l := range lines {
		if l.ReceivedMs != lines[0].ReceivedMs || l.Kind != "settings" && l.Kind != "member" {
			return i
		}
	}
	return len(lines)
}

func minute(ms int64) string { return time.UnixMilli(ms).Local().Format("2006-01-02 15:04") }

func spoken(p *session.Picture, told []studio.Told) []text.Told {
	lines := make([]text.Told, len(told))
	for i, t := range told {
		lines[i] = text.Told(p.Speak(t))
	}
	return lines
}

func logPath(asset studio.AssetID, path string) string {
	if !asset.IsZero() {
		return ""
	}
	return path
}

func firstLine(s string) string {
	for i, r := range s {
		if r == '\n' || r == '\r' {
			return s[:i] + " …"
		}
	}
	return s
}

func (c *command) csv(events []eventJSON) error {
	w := csv.NewWriter(c.Out)
	rows := [][]string{{"seq", "kind", "actor", "at", "received", "path", "checkpoint", "status", "from", "to", "text"}}
	for _, e := range events {
		seq, checkpoint := "", ""
		if e.Seq != nil {
			seq = strconv.FormatUint(*e.Seq, 10)
		}
		if e.Checkpoint != nil {
			checkpoint = *e.Checkpoint
		}
		rows = append(rows, []string{seq, e.Kind, e.Actor, e.At, e.Received, harmless(e.Path), checkpoint, e.Status,
			harmless(e.From), harmless(e.To), harmless(e.Text)})
	}
	_ = w.WriteAll(rows) // Out keeps the error
	return nil
}

// harmless keeps a spreadsheet from taking a text for a formula.
func harmless(s string) string {
	if s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@') {
		return "'" + s
	}
	return s
}

type restoredJSON struct {
	ID     string     `json:"id"`
	Path   string     `json:"path"`
	Done   bool       `json:"done"`
	Label  string     `json:"label"`
	Bytes  int64      `json:"bytes"`
	Safety *string    `json:"safety"`
	Error  *errorJSON `json:"error"`
}

func (c *command) restored(done []session.Restored, bad []named, verb string) error {
	docs := []restoredJSON{}
	var errs []error
	var whose []string // the asset that has the safety checkpoint, for the command that brings it back
	refused := len(bad)
	for _, r := range done {
		if r.Err != nil {
			refused++
		}
		d := restoredJSON{ID: idText(r.Asset.ID), Path: r.Path, Done: r.Err == nil, Label: r.Label, Bytes: r.Bytes, Error: c.errorJSON(r.Err)}
		if !r.Safety.IsZero() {
			d.Safety = optional(r.Safety.String())
		}
		docs = append(docs, d)
		errs = append(errs, r.Err)
		whose = append(whose, r.Path)
		if !r.Holder.IsZero() && r.Holder != r.Asset {
			whose[len(whose)-1] = r.Holder.String()
		}
	}
	for _, b := range bad {
		docs = append(docs, restoredJSON{Path: b.name, Error: c.errorJSON(b.err)})
		errs = append(errs, b.err)
	}
	exit, first := worst(errs)
	c.answer(map[string]any{"results": docs, "done": len(docs) - refused, "refused": refused, "error": c.errorJSON(first)}, func(w io.Writer) {
		for i, d := range docs {
			if !d.Done {
				continue
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", d.Path, verb, d.Label, text.Bytes(d.Bytes))
			if d.Safety != nil {
				fmt.Fprintf(w, "  What it held before is safe: framehold restore %s --checkpoint %s\n", whose[i], *d.Safety)
			}
		}
	})
	return c.told(exit, errs)
}

func (c *command) restore() *cobra.Command {
	var version, out string
	cmd := &cobra.Command{Use: "restore ASSET", Short: "Puts a version in the working folder, or elsewhere", Args: between(1, 1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			asset, err := c.asset(s, p, args[0], "fetch")
			if err != nil {
				return err
			}
			if version == "" && p.Assets[asset] != nil && p.Assets[asset].Head.IsZero() {
				return studio.Refuse(studio.CodeUnknownCheckpoint, studio.Params{Asset: p.Path(asset.ID), Why: "none"})
			}
			k, err := s.Version(ctx, asset, version)
			if err != nil {
				return err
			}
			label, err := s.Label(ctx, k)
			if err == nil && k.State == studio.Dropped {
				err = studio.Refuse(studio.CodeUnknownCheckpoint, studio.Params{Asset: p.Path(asset.ID), Name: label, Why: "dropped"})
			}
			if err != nil {
				return err
			}
			show, done := c.progress()
			defer done()
			if out == "" {
				r, err := s.Restore(ctx, asset, k.ID, show)
				done()
				if err != nil {
					return err
				}
				return c.restored([]session.Restored{r}, nil, "restored")
			}
			if out, err = c.absolute(out); err != nil {
				return err
			}
			if there, err := c.env.FS.Stat(out); err == nil && there.IsDir() {
				return studio.Refuse(studio.CodeInTheWay, studio.Params{Path: out, Why: "folder"})
			}
			n, err := s.RestoreTo(ctx, k, out, show)
			done()
			if err != nil {
				return err
			}
			return c.restored([]session.Restored{{Asset: asset, Path: out, Label: label, Bytes: n}}, nil, "written")
		})}
	cmd.Flags().StringVar(&version, "checkpoint", "", "`version` v4, or id (default: the newest)")
	cmd.Flags().StringVar(&out, "out", "", "write it to this `file` instead; nothing may be there")
	return cmd
}

func (c *command) fetch() *cobra.Command {
	var closure bool
	cmd := &cobra.Command{Use: "fetch ASSET...", Short: "Puts the newest versions in the working folder", Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			ids, bad := c.assets(s, p, args)
			if closure {
				if ids, err = s.WithNeeds(ctx, ids); err != nil {
					return err
				}
			}
			ids = withVersion(p, ids)
			show, done := c.progress()
			got, err := s.Fetch(ctx, ids, show)
			done()
			if err != nil {
				return err
			}
			return c.restored(got, bad, "fetched")
		})}
	cmd.Flags().BoolVar(&closure, "closure", false, "and everything that they need")
	return cmd
}

// withVersion leaves out planned tasks, and what is named twice.
func withVersion(p *session.Picture, ids []studio.AssetID) []studio.AssetID {
	var have []studio.AssetID
	seen := map[studio.AssetID]bool{}
	for _, id := range ids {
		if a := p.Assets[id]; a != nil && !a.Head.IsZero() && !seen[id] {
			seen[id] = true
			have = append(have, id)
		}
	}
	return have
}

func (c *command) freeUp() *cobra.Command {
	return &cobra.Command{Use: "free-up ASSET...", Short: "Removes working files; their versions stay", Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			ids, bad := c.assets(s, p, args)
			freed, err := s.FreeUp(ctx, ids)
			if err != nil {
				return err
			}
			return c.restored(freed, bad, "freed")
		})}
}

func (c *command) copy() *cobra.Command {
	return &cobra.Command{Use: "copy ASSET", Short: "Tracks what your working file holds as a resource of its own beside it",
		Args: between(1, 1), RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			id, err := c.asset(s, p, args[0], "collection")
			if err != nil {
				return err
			}
			show, done := c.progress()
			made, err := s.SaveAsCopy(ctx, id, show)
			done()
			if err != nil {
				return err
			}
			return c.bulk(session.Outcome{Results: []session.Result{{Entity: made.Asset.ID, Path: made.Path}}}, nil, "copied")
		})}
}

func (c *command) drop() *cobra.Command {
	return &cobra.Command{Use: "drop ASSET VERSION", Short: "Gives up the bytes of an own version, or deletes an own safety checkpoint",
		Long: "Gives up the bytes of an own version that is not the newest: VERSION is v3 or an id. Its event stays.\n" +
			"An own safety checkpoint, named by the id that restore and log show, is deleted for good.", Args: between(2, 2),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			id, err := c.asset(s, p, args[0], "collection")
			if err != nil {
				return err
			}
			k, err := s.Version(ctx, id, args[1])
			if err != nil {
				return err
			}
			out, err := s.Drop(ctx, id, k.ID)
			return c.bulk(out, err, "dropped")
		})}
}

type neededJSON struct {
	Path  string   `json:"path"`
	ID    string   `json:"id"`
	Via   []string `json:"via"`
	Bytes int64    `json:"bytes"`
}

func (c *command) closure() *cobra.Command {
	return &cobra.Command{Use: "closure ASSET", Short: "Everything that an asset needs, and why", Args: between(1, 1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			asset, err := c.asset(s, p, args[0], "collection")
			if err != nil {
				return err
			}
			id := asset.ID
			items, bytes, err := s.Closure(ctx, asset)
			if err != nil {
				return err
			}
			docs := []neededJSON{}
			for _, item := range items {
				d := neededJSON{Path: p.Path(item.Asset.ID), ID: item.Asset.String(), Via: []string{}, Bytes: item.Bytes}
				for _, via := range item.Via {
					d.Via = append(d.Via, via.String())
				}
				docs = append(docs, d)
			}
			c.answer(map[string]any{"asset": id.String(), "items": docs, "bytes": bytes}, func(w io.Writer) {
				for i, d := range docs {
					why := "needed by " + p.Path(id)
					if via := items[i].Via; len(via) > 0 {
						why += " through " + p.Path(via[len(via)-1])
					}
					fmt.Fprintf(w, "%s\t%s\t%s\n", d.Path, text.Bytes(d.Bytes), why)
				}
				fmt.Fprintf(w, "%d files, %s\n", len(docs), text.Bytes(bytes))
			})
			return nil
		})}
}

func (c *command) undo(redo bool) *cobra.Command {
	use, short := "undo", "Takes back your last act on tracking data"
	if redo {
		use, short = "redo", "Takes your last undo back"
	}
	return &cobra.Command{Use: use, Short: short, Args: between(0, 0),
		RunE: c.in(func(ctx context.Context, s *session.Session, _ []string) error {
			do := s.Undo
			if redo {
				do = s.Redo
			}
			out, err := do(ctx)
			return c.bulk(out, err, map[bool]string{true: "done again", false: "undone"}[redo])
		})}
}
