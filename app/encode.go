package app

import (
	"fmt"
	"hash/fnv"
	"unicode/utf8"

	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/text"
)

func fill(sentence string, params map[string]string) string { return text.Fill(sentence, params) }

func idText(id studio.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

func previewURL(h studio.Hash, px int) string {
	if h.IsZero() {
		return ""
	}
	if px == 0 {
		return "/preview/" + h.String()
	}
	return fmt.Sprintf("/preview/%s?px=%d", h, px)
}

const (
	smallPx = 320
	coverPx = 640
	hues    = 360
)

func hueOf(id studio.UserID) int {
	h := fnv.New32a()
	_, _ = h.Write(id.ID[:]) // a hash never fails
	return int(h.Sum32() % hues)
}

func (c *core) member(s *session.Session, p *session.Picture, m studio.Member) Member {
	role, _ := p.View().Role(m.Role)
	return Member{ID: idText(m.User.ID), Username: m.Username, Name: m.DisplayName(), Email: m.Email, Role: role.Name, Title: m.Title,
		Department: m.Department, Me: m.User == s.Me(), Gone: m.Gone, Hue: hueOf(m.User)}
}

func statusInfo(st studio.Status) StatusInfo {
	return StatusInfo{ID: idText(st.ID.ID), Key: st.Slug(), Name: st.Name, Label: st.Label, Category: st.Category.String(), Colour: st.Colour,
		Shape: st.Shape, Hidden: st.Hidden, WIPLimit: int(st.WIPLimit), AsksNote: st.AsksNote, AsksImage: st.AsksImage}
}

// row encodes a line; stops tells for cards why other statuses are closed.
func (c *core) row(s *session.Session, p *session.Picture, r session.Row, stops bool) Row {
	out := Row{Key: idText(r.ID), Kind: r.Kind, ID: idText(r.ID), Parent: idText(r.Parent.ID), Name: shown(r.Name), Path: shown(r.Path),
		Depth: r.Depth, Expanded: r.Expanded, HasChildren: r.HasChildren, State: string(r.State), NotYours: r.NotYours, Tags: []string{},
		Moves: []string{}, Stops: []Stop{}, Can: []string{}, Bar: []Share{}, Faces: []string{}, Shared: r.Collection.Shared, Count: r.Count,
		Bytes: r.File.Size}
	if r.ID.IsZero() {
		out.Key = "path:" + r.Path
	}
	for _, share := range r.Bar {
		out.Bar = append(out.Bar, Share{idText(share.Status.ID), share.Count})
	}
	for _, u := range r.Faces {
		out.Faces = append(out.Faces, idText(u.ID))
	}
	if r.Kind == "collection" {
		out.Can = s.CollectionActs(p, r.Collection)
	}
	a := r.Asset
	if a == nil {
		return out
	}
	out.Status, out.StatusSince, out.Assignee, out.Type = idText(a.Status.ID), a.StatusMs, idText(a.Assignee.ID), idText(a.Type.ID)
	if a.Road.User == a.Assignee {
		out.RoadUntil = a.Road.UntilMs
		out.RoadOver = out.RoadUntil > 0 && !a.Road.Keeps(c.env.Clock.NowMs())
	}
	out.Tags, out.Priority, out.Due, out.EstimateMin = list(a.Tags), int(a.Priority), a.Due, int(a.EstimateMin)
	out.Checkpoints, out.Notes, out.Parked, out.Saved = a.Checkpoints+a.Unsent, a.OpenNotes, a.OpenParked, a.SavedMs
	out.Preview = previewURL(a.Preview, smallPx)
	out.Head = a.HeadLabel
	if !r.File.Exists {
		out.Bytes = a.HeadBytes
	}
	moves := map[studio.StatusID]bool{}
	for _, to := range s.Moves(p, a) {
		moves[to] = true
		out.Moves = append(out.Moves, idText(to.ID))
	}
	out.Can = s.Acts(p, a)
	if stops {
		for _, st := range p.Statuses {
			if st.Removed || moves[st.ID] || st.ID == a.Status {
				continue
			}
			if e := c.told(s.MoveRefusal(p, a, st.ID)); e != nil {
				out.Stops = append(out.Stops, Stop{idText(st.ID.ID), e.Message + " " + e.Hint})
			}
		}
	}
	return out
}

// shown is a name that a page can show: bytes that are not UTF-8 as \xNN.
func shown(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	return quoted(name)
}

func quoted(name string) string {
	q := fmt.Sprintf("%+q", name)
	return q[1 : len(q)-1]
}

func (c *core) rows(s *session.Session, p *session.Picture, in []session.Row, stops bool) []Row {
	out := make([]Row, len(in))
	for i, r := range in {
		out[i] = c.row(s, p, r, stops)
	}
	return out
}

// act encodes an outcome; sentence is a key of the catalogue's acts.
func (c *core) act(out session.Outcome, sentence string, params map[string]string) Act {
	a := Act{Op: idText(out.Group.ID), Done: out.Done(), Refused: out.Refused(), Results: []Result{}}
	path := ""
	for _, r := range out.Results {
		if r.Err == nil && path == "" {
			path = shown(r.Path)
		}
		a.Results = append(a.Results, Result{ID: idText(r.Entity), Path: shown(r.Path), Done: r.Err == nil, Error: c.told(r.Err)})
	}
	if a.Done == 0 {
		sentence = "none"
	}
	all := map[string]string{"n": fmt.Sprint(a.Done), "path": path}
	for k, v := range params {
		all[k] = v
	}
	a.Sentence = fill(c.catalogue.Acts[sentence], all)
	return a
}

func assetID(text string) (studio.AssetID, error) {
	id, err := studio.ParseID(text)
	if err != nil {
		return studio.AssetID{}, studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: text})
	}
	return studio.AssetID{ID: id}, nil
}

func assetIDs(texts []string) ([]studio.AssetID, error) {
	ids := make([]studio.AssetID, len(texts))
	for i, t := range texts {
		var err error
		if ids[i], err = assetID(t); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

func anyIDs(texts []string) ([]studio.ID, error) {
	assets, err := assetIDs(texts)
	ids := make([]studio.ID, len(assets))
	for i, a := range assets {
		ids[i] = a.ID
	}
	return ids, err
}

// optionalID reads an id; "" is none.
func optionalID(text string) (studio.ID, error) {
	if text == "" {
		return studio.ID{}, nil
	}
	id, err := studio.ParseID(text)
	if err != nil {
		return id, studio.Refuse(studio.CodeUnknownTarget, studio.Params{Name: text})
	}
	return id, nil
}

func statusID(text string) (studio.StatusID, error) {
	id, err := optionalID(text)
	return studio.StatusID{ID: id}, err
}
