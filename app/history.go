package app

import (
	"context"
	"fmt"
	"slices"

	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/text"
)

const historyMax = 200 // lines in one answer

// History is part of an asset's history, newest first, and its story.
func (b *Browser) History(r HistoryRequest) (History, error) {
	return in(b.core, func(ctx context.Context, s *session.Session) (History, error) {
		out := History{Items: []HistoryItem{}}
		asked, err := assetID(r.ID)
		if err != nil {
			return out, err
		}
		if out.Due, err = s.HistoryDue(ctx); err != nil {
			return out, err
		}
		p, told, checkpoints, err := s.Story(ctx, asked)
		if err != nil {
			return out, err
		}
		of := map[studio.CheckpointID]studio.Checkpoint{}
		for _, k := range checkpoints {
			of[k.ID] = k
		}
		lines := make([]text.Told, len(told))
		for i, t := range told {
			lines[i] = text.Told(p.Speak(t))
		}
		out.Story = b.catalogue.Story(lines, b.env.Clock.Now().Local())
		limit := r.Limit
		if limit <= 0 || limit > historyMax {
			limit = historyMax
		}
		earlier := r.Before <= 0 // all that comes now is before what was shown
		for i, t := range slices.Backward(told) {
			if !earlier || !wanted(r.Filter, t) {
				earlier = earlier || int64(t.Seq) == r.Before
				continue
			}
			if len(out.Items) == limit {
				out.More = true
				break
			}
			item := b.historyItem(p, t, b.catalogue.Line(lines[i]), of[t.Checkpoint])
			if item.Unsent {
				item.Key = fmt.Sprintf("unsent %d", i)
			}
			out.Items = append(out.Items, item)
		}
		return out, nil
	})
}

func wanted(filter string, t studio.Told) bool {
	switch filter {
	case "checkpoints":
		return t.Kind == "checkpoint" || t.Kind == "safety" || t.Kind == "parked" || t.Kind == "adopt"
	case "status":
		return t.Kind == "status" || t.Kind == "checkpoint" && t.To != ""
	case "notes":
		return t.Kind == "note"
	}
	return true
}

func (b *Browser) historyItem(p *session.Picture, t studio.Told, sentence string, k studio.Checkpoint) HistoryItem {
	item := HistoryItem{Key: fmt.Sprint(t.Seq), Seq: int64(t.Seq), Kind: t.Kind, Sentence: sentence, Text: session.Words(t.Line), Actor: idText(t.Actor.ID),
		At: t.AtMs, Unsent: session.IsUnsent(t.Line), Checkpoint: t.Label, Preview: previewURL(t.Preview, smallPx), Notes: []Note{}}
	for _, st := range p.Statuses {
		if st.Slug() == t.Status {
			item.Status = idText(st.ID.ID)
		}
		if st.Slug() == t.From && t.From != "" {
			item.From = idText(st.ID.ID)
		}
	}
	switch t.Kind {
	case "checkpoint", "safety", "parked", "adopt":
		if k.ID.IsZero() {
			break
		}
		item.CheckpointID, item.Bytes, item.NewBytes = idText(k.ID.ID), k.Bytes, k.NewBytes
		item.Dropped = k.State == studio.Dropped
		if item.Dropped {
			item.CheckpointID = ""
		}
		if !k.StatusAtCreation.IsZero() {
			item.Status = idText(k.StatusAtCreation.ID)
		}
		if t.Kind == "safety" {
			item.Key, item.Checkpoint = idText(k.ID.ID), ""
		}
	}
	return item
}
