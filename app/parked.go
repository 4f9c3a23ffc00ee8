package app

import (
	"context"
	"fmt"
	"strconv"

	"framehold/internal/session"
	"framehold/internal/studio"
)

const (
	parkedMax       = 200 // chains in one answer: a screen shows few of them
	parkedLabelsMax = 100 // checkpoints of one chain that are named
)

// Parked lists the chains of parked checkpoints that are open or kept; with all, those copied or in the trash too.
func (c *Checkpoints) Parked(all bool) (ParkedView, error) {
	return in(c.core, func(ctx context.Context, s *session.Session) (ParkedView, error) {
		p, looks, err := s.ParkedLooks(ctx, all)
		if err != nil {
			return ParkedView{}, err
		}
		shown := looks[:min(len(looks), parkedMax)]
		out := ParkedView{Seq: int64(p.Seq), Items: []ParkedItem{}, More: len(looks) - len(shown)}
		for _, look := range shown {
			out.Items = append(out.Items, c.parkedItem(s, p, look))
		}
		return out, nil
	})
}

// verbsOf lists what is offered for a chain in a state, the primary one first.
func verbsOf(state studio.ParkedState) []string {
	switch state {
	case studio.ParkedKept, studio.ParkedCopied:
		return []string{"adopt", "copy", "restore", "trash"}
	case studio.ParkedTrashed:
		return []string{"restore", "copy", "purge"}
	default:
		return []string{"adopt", "copy", "keep", "trash"}
	}
}

func stateOf(state studio.ParkedState) string {
	switch state {
	case studio.ParkedKept:
		return "kept"
	case studio.ParkedCopied:
		return "copied"
	case studio.ParkedTrashed:
		return "trashed"
	default:
		return "open"
	}
}

func (c *core) parkedItem(s *session.Session, p *session.Picture, look session.ParkedLook) ParkedItem {
	newest := look.Members[len(look.Members)-1]
	item := ParkedItem{ID: idText(look.Root.ID), Asset: idText(look.Asset.ID), Path: shown(look.Path), State: stateOf(look.State),
		Labels: []string{}, Verbs: []ParkedVerb{}, Current: side(look.HeadOf), Parked: side(newest)}
	item.Parked.Label = look.Label
	if a := p.Assets[look.Asset]; a != nil {
		item.Current.Label = a.HeadLabel
	}
	params := map[string]string{"author": memberName(p, look.Author), "n": strconv.Itoa(len(look.Members)), "copy": shown(look.CopyName),
		"next": fmt.Sprintf("v%d", look.Next), "head": item.Current.Label, "current": memberName(p, look.HeadOf.Author), "newest": look.Label}
	if look.Author == s.Me() {
		params["mine"] = "yes"
	}
	if look.Base > 0 {
		item.Base = fmt.Sprintf("v%d", look.Base)
	}
	params["base"] = item.Base
	if a := p.Assets[look.Asset]; a != nil {
		item.Name, item.Kind, item.Type, item.Assignee = shown(a.Name), a.Kind.String(), idText(a.Type.ID), idText(a.Assignee.ID)
		if a.Assignee != s.Me() && !a.Assignee.IsZero() {
			params["holder"] = memberName(p, a.Assignee)
		}
	}
	params["name"] = item.Name
	first := max(0, len(look.Labels)-parkedLabelsMax)
	item.Labels = append(item.Labels, look.Labels[first:]...)
	reason, known := c.catalogue.Parked[string(look.Reason)]
	if !known {
		reason = c.catalogue.Parked["other"]
	}
	item.Title, item.Reason = fill(c.catalogue.Parked["title"], params), fill(reason, params)
	may := map[string]error{"adopt": look.May.Adopt, "copy": look.May.Copy, "keep": look.May.Keep, "trash": look.May.Trash,
		"restore": look.May.Restore, "purge": look.May.Purge}
	verbs := verbsOf(look.State)
	if look.May.Adopt != nil && !look.Adopter.IsZero() && look.State != studio.ParkedTrashed {
		params["adopter"] = memberName(p, look.Adopter)
		verbs = append([]string{"ask"}, verbs...)
	}
	for _, verb := range verbs {
		item.Verbs = append(item.Verbs, ParkedVerb{Verb: verb, Consequence: fill(c.catalogue.Parked[verb], params), Refusal: c.told(may[verb])})
	}
	return item
}

func memberName(p *session.Picture, id studio.UserID) string {
	m := p.Members[id]
	return m.DisplayName()
}

func side(k studio.Checkpoint) ParkedSide {
	if k.ID.IsZero() {
		return ParkedSide{}
	}
	return ParkedSide{Label: k.Label(), Author: idText(k.Author.ID), At: int64(k.MadeHybrid >> 16), Comment: k.Comment,
		Status: idText(k.StatusAtCreation.ID), Bytes: k.Bytes, Preview: previewURL(k.Preview, smallPx)}
}

// onParked is the body of the acts on chains, each named by its first checkpoint.
func (c *core) onParked(ids []string, sentence string,
	act func(*session.Session, context.Context, []studio.CheckpointID) (session.Outcome, error)) (Act, error) {
	return in(c, func(ctx context.Context, s *session.Session) (Act, error) {
		roots, err := chainIDs(ids)
		if err != nil {
			return Act{Results: []Result{}}, err
		}
		out, err := act(s, ctx, roots)
		return c.act(out, sentence, nil), err
	})
}

func chainIDs(texts []string) ([]studio.CheckpointID, error) {
	roots := make([]studio.CheckpointID, len(texts))
	for i, t := range texts {
		id, err := studio.ParseID(t)
		if err != nil {
			return nil, studio.Refuse(studio.CodeUnknownCheckpoint, studio.Params{Name: t, Why: "parked"})
		}
		roots[i].ID = id
	}
	return roots, nil
}

// Adopt puts chains on the lines of their assets. Codes: permission, head_moved, unknown_checkpoint.
func (c *Checkpoints) Adopt(ids []string) (Act, error) {
	act, err := c.onParked(ids, "adopted", (*session.Session).Adopt)
	c.emit(EventFilesChanged)
	return act, err
}

// KeepParked leaves chains where they are, as seen. Codes: permission, unknown_checkpoint.
func (c *Checkpoints) KeepParked(ids []string) (Act, error) {
	return c.onParked(ids, "kept", (*session.Session).KeepParked)
}

// TrashParked puts chains into the trash; no byte is given up. Codes: permission, unknown_checkpoint.
func (c *Checkpoints) TrashParked(ids []string) (Act, error) {
	return c.onParked(ids, "parked_trashed", (*session.Session).TrashParked)
}

// RestoreParked opens chains again. Codes: permission, unknown_checkpoint.
func (c *Checkpoints) RestoreParked(ids []string) (Act, error) {
	return c.onParked(ids, "parked_restored", (*session.Session).RestoreParked)
}

// AskParked asks who may put chains on the lines of their assets to do so: the holder, else who leads. Codes: permission,
// bad_target, unknown_checkpoint.
func (c *Checkpoints) AskParked(ids []string) (Act, error) {
	return in(c.core, func(ctx context.Context, s *session.Session) (Act, error) {
		none := Act{Results: []Result{}}
		roots, err := chainIDs(ids)
		if err != nil {
			return none, err
		}
		p, looks, err := s.ParkedLooks(ctx, true)
		if err != nil {
			return none, err
		}
		act := none
		for _, root := range roots {
			for _, look := range looks {
				if look.Root != root {
					continue
				}
				out, err := s.AskParked(ctx, []studio.CheckpointID{root}, look.Adopter)
				if err != nil {
					return none, err
				}
				one := c.act(out, "parked_asked", map[string]string{"who": memberName(p, look.Adopter)})
				one.Done, one.Refused, one.Results = one.Done+act.Done, one.Refused+act.Refused, append(act.Results, one.Results...)
				act = one
			}
		}
		return act, nil
	})
}

// PurgeParked gives up the bytes of chains in the trash, for good; the page has asked twice. Codes: permission, usage.
func (c *Checkpoints) PurgeParked(ids []string) (Act, error) {
	return c.onParked(ids, "parked_purged", (*session.Session).PurgeParked)
}

// CopyParked makes a resource of each chain beside its asset and puts its file in the working folder: a job.
func (c *Checkpoints) CopyParked(ids []string) (string, error) {
	s, err := c.current()
	if err != nil {
		return "", c.failure(err)
	}
	roots, err := chainIDs(ids)
	if err != nil {
		return "", c.failure(err)
	}
	return c.job("copy", c.parkedTitle(s, roots), func(ctx context.Context, s *session.Session, p session.Progress, report func(func(*Job))) error {
		out, err := s.CopyParked(ctx, roots, p)
		if err != nil {
			return err
		}
		act := c.act(out, "copied", nil)
		report(func(j *Job) { j.Act, j.Safe = act, act.Refused == 0 })
		c.emit(EventFilesChanged)
		if len(out.Results) == 1 {
			return out.Results[0].Err
		}
		return nil
	})
}

func (c *core) parkedTitle(s *session.Session, roots []studio.CheckpointID) string {
	var assets []studio.AssetID
	if chains, err := s.Parked(c.ctx, true); err == nil { // without them the title says how many
		for _, chain := range chains {
			if len(roots) == 1 && chain.Root == roots[0] {
				assets = append(assets, chain.Asset)
			}
		}
	}
	if len(assets) == 0 {
		assets = make([]studio.AssetID, len(roots))
	}
	return c.title(c.ctx, s, "copy", assets)
}
