package app

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"framehold/internal/projectdb"
	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/text"
)

// RoadView is what tasks need to be worked on without a network.
type RoadView struct {
	Items   []RoadItem `json:"items"`
	More    int        `json:"more"` // those that are not among Items
	Files   int        `json:"files"`
	Bytes   int64      `json:"bytes"`
	Missing int        `json:"missing"` // files that are not here
	ToFetch int64      `json:"toFetch"` // bytes of those
	Free    int64      `json:"free"`    // bytes that can still be written to this disk
}

// RoadItem is a file that a task on the road needs.
type RoadItem struct {
	ID      string `json:"id"`
	Path    string `json:"path"`
	Via     string `json:"via"` // path of what needs it; "" for the task itself
	Bytes   int64  `json:"bytes"`
	Here    bool   `json:"here"`
	New     bool   `json:"new"`     // needed only since the person left
	Problem string `json:"problem"` // a sentence, when it cannot be brought here
}

// RiskView is what giving a task to somebody else might park, and the sentence that says it.
type RiskView struct {
	ID       string `json:"id"`
	Holder   string `json:"holder"`
	Sentence string `json:"sentence"`
	Road     bool   `json:"road"` // it is on the road: that takes a reason
}

const roadItemsMax = 300 // of one answer: a dialog shows few of them, those that are missing first

// PlanRoad lists what tasks need to go on the road: nothing is fetched. Code: unknown_asset.
func (b *Browser) PlanRoad(ids []string) (RoadView, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (RoadView, error) {
		none := RoadView{Items: []RoadItem{}}
		assets, err := assetIDs(ids)
		if err != nil {
			return none, err
		}
		plan, err := s.PlanRoad(ctx, assets)
		if err != nil {
			return none, err
		}
		p, err := s.Look(ctx)
		return b.roadView(p, plan), err
	})
}

func (c *core) roadView(p *session.Picture, plan session.RoadPlan) RoadView {
	out := RoadView{Items: []RoadItem{}, Files: len(plan.Items), Bytes: plan.Bytes, Missing: plan.Missing, ToFetch: plan.ToFetch, Free: plan.Free}
	for _, missing := range []bool{true, false} {
		for _, item := range plan.Items {
			if item.Here == missing {
				continue
			}
			if len(out.Items) == roadItemsMax {
				out.More++
				continue
			}
			one := RoadItem{ID: idText(item.Asset.ID), Path: shown(item.Path), Bytes: item.Bytes, Here: item.Here, New: item.New}
			if !item.Task.IsZero() {
				one.Via = shown(p.Path(item.Task.ID))
			}
			if n := len(item.Via); n > 0 {
				one.Via = shown(p.Path(item.Via[n-1]))
			}
			if e := c.told(item.Err); e != nil {
				one.Problem = e.Message
			}
			out.Items = append(out.Items, one)
		}
	}
	return out
}

// StartRoad takes tasks on the road until the end of a day, with all that they need: a job. Codes: usage, for a day that is
// over; those of table J of sync.md.
func (b *Browser) StartRoad(ids []string, until string) (string, error) {
	day, err := time.ParseInLocation(time.DateOnly, until, time.Local)
	end := day.AddDate(0, 0, 1).Add(-time.Second)
	if err != nil || end.Before(b.env.Clock.Now()) {
		return "", b.failure(studio.Refuse(studio.CodeUsage, studio.Params{Field: "day", Why: "it is over, or no day"}))
	}
	return b.onRoad(ids, func(ctx context.Context, s *session.Session, assets []studio.AssetID, p session.Progress) (Act, error) {
		out, _, err := s.StartRoad(ctx, session.RoadRequest{Assets: assets, UntilMs: end.UnixMilli(), Progress: p})
		return b.act(out, "road_started", map[string]string{"when": b.catalogue.Day(day, b.env.Clock.Now())}), err
	})
}

// FetchRoad brings what tasks on the road need and is not here: a job.
func (b *Browser) FetchRoad(ids []string) (string, error) {
	return b.onRoad(ids, func(ctx context.Context, s *session.Session, assets []studio.AssetID, p session.Progress) (Act, error) {
		_, err := s.FetchRoad(ctx, assets, p)
		return Act{Results: []Result{}}, err
	})
}

func (b *Browser) onRoad(ids []string, do func(context.Context, *session.Session, []studio.AssetID, session.Progress) (Act, error)) (string, error) {
	s, err := b.current()
	if err != nil {
		return "", b.failure(err)
	}
	assets, err := assetIDs(ids)
	if err != nil {
		return "", b.failure(err)
	}
	return b.job("road", b.title(b.ctx, s, "road", assets), func(ctx context.Context, s *session.Session, p session.Progress, report func(func(*Job))) error {
		act, err := do(ctx, s, assets, p)
		report(func(j *Job) { j.Act, j.Safe = act, act.Refused == 0 })
		b.emit(EventFilesChanged)
		return err
	})
}

// EndRoad says that tasks are back. Codes: those of table J of sync.md.
func (b *Browser) EndRoad(ids []string) (Act, error) {
	return b.acted(ids, "road_ended", nil, func(ctx context.Context, s *session.Session, a []studio.AssetID) (session.Outcome, error) {
		return s.EndRoad(ctx, a)
	})
}

// Ask asks the holders of tasks to hand them in, to a person; "" is the one who asks. Codes: unassigned, permission.
func (b *Browser) Ask(ids []string, to string) (Act, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (Act, error) {
		none := Act{Results: []Result{}}
		assets, err := assetIDs(ids)
		if err != nil {
			return none, err
		}
		user, err := optionalID(to)
		if err != nil {
			return none, err
		}
		p, err := s.Look(ctx)
		if err != nil {
			return none, err
		}
		who := ""
		for _, id := range assets {
			if a := p.Assets[id]; a != nil {
				who = memberName(p, a.Assignee)
			}
		}
		out, err := s.Ask(ctx, session.AskRequest{Assets: assets, To: studio.UserID{ID: user}})
		return b.act(out, "asked", map[string]string{"who": who}), err
	})
}

// Answer answers an ask: yes hands the task in, else text says why not yet. Codes: unknown_ask, not_assignee.
func (b *Browser) Answer(id string, yes bool, why string) (Act, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (Act, error) {
		ask, err := studio.ParseID(id)
		if err != nil {
			return Act{Results: []Result{}}, studio.Refuse(studio.CodeUnknownAsk, studio.Params{Name: id})
		}
		out, err := s.Answer(ctx, studio.HandoverID{ID: ask}, yes, why)
		return b.act(out, map[bool]string{true: "handed_in", false: "not_yet"}[yes], nil), err
	})
}

// Risks lists what giving tasks to a person might park, of those where anything is known: who holds each, what they have
// not sent, whether they have it on the road. Nobody is asked about the rest.
func (b *Browser) Risks(ids []string, to string) ([]RiskView, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) ([]RiskView, error) {
		out := []RiskView{}
		assets, err := assetIDs(ids)
		if err != nil {
			return out, err
		}
		p, err := s.Look(ctx)
		if err != nil {
			return out, err
		}
		var held []*projectdb.AssetInfo
		for _, id := range assets {
			if a := p.Assets[id]; a != nil && !a.Assignee.IsZero() && a.Assignee != s.Me() && idText(a.Assignee.ID) != to {
				held = append(held, a)
			}
		}
		if len(held) == 0 {
			return out, nil
		}
		asked, cancel := context.WithTimeout(ctx, presenceMax)
		defer cancel()
		here, err := s.Presence(asked)
		b.note("presence", err) // offline what is known here is shown
		for _, a := range held {
			risk, err := s.Risk(ctx, a.ID)
			if err != nil {
				return out, err
			}
			risk.Knows(here[a.Assignee])
			road := !risk.Road.Asset.IsZero() && !risk.Overdue
			if risk.Checkpoints == 0 && risk.Unsent == 0 && !road {
				continue
			}
			out = append(out, RiskView{ID: idText(a.ID.ID), Holder: idText(risk.Holder.ID), Road: road,
				Sentence: fill(b.catalogue.Holder["risk"], b.riskParams(p, a.Name, risk, road))})
		}
		return out, nil
	})
}

const presenceMax = 2 * time.Second // the dialog waits for it

func (c *core) riskParams(p *session.Picture, name string, risk session.Risk, road bool) map[string]string {
	params := map[string]string{"who": memberName(p, risk.Holder), "name": shown(name)}
	if risk.Version > 0 {
		params["version"] = fmt.Sprintf("v%d", risk.Version)
	}
	if risk.Checkpoints > 0 {
		params["n"], params["unsent"], params["bytes"] = strconv.Itoa(risk.Checkpoints), "yes", text.Bytes(risk.Bytes)
	}
	if risk.SeenMs > 0 {
		seen := time.UnixMilli(risk.SeenMs).Local()
		params["seen"] = c.catalogue.Day(seen, c.env.Clock.Now()) + ", " + seen.Format("15:04")
	}
	if risk.Checkpoints == 0 && risk.Unsent > 0 {
		params["n"], params["elsewhere"], params["bytes"] = strconv.Itoa(risk.Unsent), "yes", text.Bytes(risk.UnsentBytes)
	}
	if road {
		params["when"] = time.UnixMilli(risk.Road.UntilMs).Local().Format(time.DateOnly)
	}
	return params
}
