package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/text"
)

type roadItemJSON struct {
	Path  string     `json:"path"`
	ID    string     `json:"id"`
	Via   []string   `json:"via"`
	Bytes int64      `json:"bytes"`
	Here  bool       `json:"here"`
	New   bool       `json:"new"` // needed only since its person left
	Error *errorJSON `json:"error"`
}

type roadJSON struct {
	bulkJSON
	Items   []roadItemJSON `json:"items"`
	Bytes   int64          `json:"bytes"`
	ToFetch int64          `json:"toFetch"`
	Free    int64          `json:"free"`
	Missing []string       `json:"missing"`
}

// road shows what tasks need to go on the road, takes them there, fetches what came later, or says that they are back.
func (c *command) road() *cobra.Command {
	var until string
	var end, fetch bool
	cmd := &cobra.Command{Use: "road ASSET...", Short: "Takes tasks on the road until a date, with all they need; without a flag: what that is",
		Args: atLeast(1)}
	cmd.RunE = c.in(func(ctx context.Context, s *session.Session, args []string) error {
		if oneOf(until != "", end, fetch) {
			return usagef("--until, --end and --fetch exclude each other")
		}
		p, err := s.Look(ctx)
		if err != nil {
			return err
		}
		ids, bad := c.assets(s, p, args)
		if end {
			out, err := s.EndRoad(ctx, ids)
			return c.bulk(with(out, bad), err, "back from the road")
		}
		out, plan, err := c.packRoad(ctx, s, ids, until, fetch)
		if err != nil {
			return err
		}
		return c.roadAnswer(p, with(out, bad), plan, until != "" || fetch)
	})
	cmd.Flags().StringVar(&until, "until", "", "`day` on which you are back: 2026-12-24")
	cmd.Flags().BoolVar(&end, "end", false, "you are back")
	cmd.Flags().BoolVar(&fetch, "fetch", false, "get what is not here, also what they need only since you left")
	return cmd
}

func (c *command) packRoad(ctx context.Context, s *session.Session, ids []studio.AssetID, until string, fetch bool,
) (out session.Outcome, plan session.RoadPlan, err error) {
	show, done := c.progress()
	defer done()
	switch {
	case until != "":
		day, err := time.ParseInLocation(time.DateOnly, until, time.Local)
		if err != nil {
			return out, plan, usagef("%q is no day: 2026-12-24", until)
		}
		end := day.AddDate(0, 0, 1).Add(-time.Second)
		if end.Before(c.env.Clock.Now()) {
			return out, plan, usagef("%s is over", until)
		}
		return s.StartRoad(ctx, session.RoadRequest{Assets: ids, UntilMs: end.UnixMilli(), Progress: show})
	case fetch:
		plan, err = s.FetchRoad(ctx, ids, show)
	default:
		plan, err = s.PlanRoad(ctx, ids)
	}
	return out, plan, err
}

func (c *command) roadAnswer(p *session.Picture, out session.Outcome, plan session.RoadPlan, left bool) error {
	doc := roadJSON{Items: []roadItemJSON{}, Bytes: plan.Bytes, ToFetch: plan.ToFetch, Free: plan.Free,
		Missing: append([]string{}, plan.Lacks(false)...)}
	doc.Results, doc.Done, doc.Refused = []resultJSON{}, out.Done(), out.Refused()
	errs := []error{}
	for _, r := range out.Results {
		doc.Results = append(doc.Results, resultJSON{idText(r.Entity), r.Path, r.Err == nil, c.errorJSON(r.Err)})
		errs = append(errs, r.Err)
	}
	for _, item := range plan.Items {
		d := roadItemJSON{Path: item.Path, ID: item.Asset.String(), Via: []string{}, Bytes: item.Bytes, Here: item.Here, New: item.New,
			Error: c.errorJSON(item.Err)}
		for _, via := range item.Via {
			d.Via = append(d.Via, via.String())
		}
		doc.Items = append(doc.Items, d)
	}
	exit, first := worst(errs)
	doc.Error = c.errorJSON(first)
	c.answer(doc, func(w io.Writer) { c.sayRoad(w, p, plan, left) })
	if exit == exitDone && left && plan.Missing > 0 {
		return toldError{exitParked} // it stands, and needs the person
	}
	return c.told(exit, errs)
}

func (c *command) sayRoad(w io.Writer, p *session.Picture, plan session.RoadPlan, left bool) {
	for _, item := range plan.Items {
		why := "the task"
		if !item.Task.IsZero() {
			why = "needed by " + p.Path(item.Task.ID)
		}
		if n := len(item.Via); n > 0 {
			why += " through " + p.Path(item.Via[n-1])
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", map[bool]string{true: "here", false: "not here"}[item.Here], item.Path, text.Bytes(item.Bytes), why)
		if item.Err != nil {
			fmt.Fprintf(w, "\t%s\n", c.errorJSON(item.Err).Message)
		}
	}
	switch {
	case !left:
		fmt.Fprintf(w, "%d files, %s; %s to fetch, %s free on this disk.\n", len(plan.Items), text.Bytes(plan.Bytes), text.Bytes(plan.ToFetch),
			text.Bytes(plan.Free))
	case plan.Missing == 0:
		fmt.Fprintln(w, "✓ Everything is here.")
	default:
		fmt.Fprintf(w, "%d of %d files are here. framehold road ASSET --fetch tries the others again.\n", len(plan.Items)-plan.Missing,
			len(plan.Items))
	}
}

func (c *command) ask() *cobra.Command {
	var to string
	cmd := &cobra.Command{Use: "ask ASSET...", Short: "Asks whoever holds a task to hand it in, to you or to somebody", Args: atLeast(1),
		RunE: c.in(func(ctx context.Context, s *session.Session, args []string) error {
			p, err := s.Look(ctx)
			if err != nil {
				return err
			}
			r := session.AskRequest{}
			if to != "" {
				m, err := p.MemberNamed(to)
				if err != nil {
					return err
				}
				r.To = m.User
			}
			ids, bad := c.assets(s, p, args)
			r.Assets = ids
			out, err := s.Ask(ctx, r)
			return c.bulk(with(out, bad), err, "asked for")
		})}
	cmd.Flags().StringVar(&to, "to", "", "`username` of who is to have it (default: you)")
	return cmd
}

func (c *command) answerAsk() *cobra.Command {
	var why string
	cmd := &cobra.Command{Use: "answer ID yes|no", Short: "Answers who asks you to hand a task in", Args: between(2, 2)}
	cmd.RunE = c.in(func(ctx context.Context, s *session.Session, args []string) error {
		id, err := studio.ParseID(args[0])
		if err != nil {
			return studio.Refuse(studio.CodeUnknownAsk, studio.Params{Name: visible(args[0])})
		}
		if args[1] != "yes" && args[1] != "no" {
			return usagef("the answer is yes or no, got %q", args[1])
		}
		yes := args[1] == "yes"
		out, err := s.Answer(ctx, studio.HandoverID{ID: id}, yes, why)
		return c.bulk(out, err, map[bool]string{true: "handed in", false: "kept for now"}[yes])
	})
	cmd.Flags().StringVarP(&why, "message", "m", "", "`text`: why not yet")
	return cmd
}
