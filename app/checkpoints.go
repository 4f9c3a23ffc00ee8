package app

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"framehold/internal/session"
	"framehold/internal/studio"
)

// Prepare is what the checkpoint dialog shows before the person types.
func (c *Checkpoints) Prepare(ids []string) (Prepared, error) {
	return in(c.core, func(ctx context.Context, s *session.Session) (Prepared, error) {
		out := Prepared{Files: []PreparedFile{}, Moves: []string{}}
		assets, err := assetIDs(ids)
		if err != nil {
			return out, err
		}
		shared := map[string]int{}
		present := map[string]int{}
		for _, id := range assets {
			d, err := s.Details(ctx, id.ID)
			if err != nil {
				return out, err
			}
			f := c.prepared(s, d)
			out.Size += f.Bytes
			out.Files = append(out.Files, f)
			present[f.Status]++
			for _, st := range s.Moves(d.Picture, d.Row.Asset) {
				shared[idText(st.ID)]++
			}
		}
		p, err := s.Look(ctx)
		if err != nil {
			return out, err
		}
		for _, st := range p.Statuses {
			if id := idText(st.ID.ID); present[id] == len(assets) {
				out.Moves = append(out.Moves, id)
			}
		}
		for _, st := range p.Statuses {
			id := idText(st.ID.ID)
			if shared[id]+present[id] == len(assets) && present[id] < len(assets) {
				out.Moves = append(out.Moves, id)
			}
		}
		return out, nil
	})
}

func (c *Checkpoints) prepared(s *session.Session, d session.Details) PreparedFile {
	p, a, file := d.Picture, d.Row.Asset, d.Row.File
	if a == nil {
		return PreparedFile{ID: idText(d.Row.ID), Name: d.Row.Name, Path: d.Row.Path, OpenNotes: []Note{},
			Refusal: c.told(studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: d.Row.Path}))}
	}
	f := PreparedFile{ID: idText(a.ID.ID), Name: a.Name, Path: d.Row.Path, Type: idText(a.Type.ID), State: string(d.Row.State),
		Status: idText(a.Status.ID), Next: fmt.Sprintf("v%d", a.NextVersion), Bytes: file.Size, HeadBytes: a.HeadBytes,
		Preview: previewURL(a.Preview, smallPx), OpenNotes: []Note{}}
	for _, n := range c.notes(s, p, a.Asset, d.Notes, d.Labels) {
		if n.DoneBy == "" {
			f.OpenNotes = append(f.OpenNotes, n)
		}
	}
	switch {
	case d.CheckpointRefusal != nil:
		f.Refusal = c.told(d.CheckpointRefusal)
	case !file.Exists:
		f.Refusal = c.told(studio.Refuse(studio.CodeNoFile, studio.Params{Path: d.Row.Path}))
	case d.Row.State == session.StateOutdated || d.Row.State == session.StateDiverged:
		f.Refusal = c.told(studio.Refuse(studio.CodeOutdatedBase, studio.Params{Asset: d.Row.Path, Version: a.HeadLabel, Base: d.Labels[d.Base.ID]}))
	}
	return f
}

// saved encodes what became of files.
func (c *core) saved(made []session.Made, sentence string) (Act, []string) {
	var out session.Outcome
	labels := []string{}
	for _, m := range made {
		out.Results = append(out.Results, session.Result{Entity: m.Asset.ID, Path: m.Path, Err: m.Err})
		label := ""
		if m.Version > 0 {
			label = fmt.Sprintf("v%d", m.Version)
		}
		labels = append(labels, label)
	}
	return c.act(out, sentence, nil), labels
}

// Create makes checkpoints: a job, whose Safe turns true when every byte, the checkpoints and the move of the same step
// are on this computer's disk.
func (c *Checkpoints) Create(r CheckpointRequest) (string, error) {
	s, err := c.current()
	if err != nil {
		return "", c.failure(err)
	}
	assets, err := assetIDs(r.IDs)
	if err != nil {
		return "", c.failure(err)
	}
	ask := session.CheckpointRequest{Assets: assets, Comment: r.Comment, Anyway: r.Anyway}
	if ask.To, err = statusID(r.Status); err != nil {
		return "", c.failure(err)
	}
	if r.Image != "" {
		b, _, ok := c.images.get(r.Image)
		if !ok {
			return "", c.failure(studio.Refuse(studio.CodeNotAnImage, studio.Params{}))
		}
		ask.Image = &session.Image{Reader: bytes.NewReader(b), Size: int64(len(b))}
	}
	return c.job("checkpoint", c.title(c.ctx, s, "checkpoint", assets),
		func(ctx context.Context, s *session.Session, p session.Progress, report func(func(*Job))) error {
			ask.Progress = p
			made, err := s.CreateCheckpoint(ctx, ask)
			if err != nil {
				return err
			}
			act, labels := c.saved(made, "checkpoint")
			report(func(j *Job) {
				j.Act, j.Labels = act, labels
				j.Safe = act.Refused == 0
				for _, m := range made {
					j.NewBytes += m.NewBytes
				}
			})
			c.emit(EventFilesChanged)
			if act.Refused > 0 && act.Done == 0 {
				return made[0].Err
			}
			return nil
		})
}

func (c *core) restoring(kind, sentence string, ids []string,
	fn func(context.Context, *session.Session, []studio.AssetID, session.Progress) ([]session.Restored, error)) (string, error) {
	s, err := c.current()
	if err != nil {
		return "", c.failure(err)
	}
	assets, err := assetIDs(ids)
	if err != nil {
		return "", c.failure(err)
	}
	return c.job(kind, c.title(c.ctx, s, kind, assets),
		func(ctx context.Context, s *session.Session, p session.Progress, report func(func(*Job))) error {
			done, err := fn(ctx, s, assets, p)
			if err != nil {
				return err
			}
			var out session.Outcome
			labels := []string{}
			for _, r := range done {
				out.Results = append(out.Results, session.Result{Entity: r.Asset.ID, Path: r.Path, Err: r.Err})
				labels = append(labels, r.Label)
			}
			act := c.act(out, sentence, nil)
			report(func(j *Job) { j.Act, j.Labels, j.Safe = act, labels, act.Refused == 0 })
			c.emit(EventFilesChanged)
			if len(done) == 1 {
				return done[0].Err
			}
			return nil
		})
}

// Restore puts a version in the working folder: a job. What a modified file held becomes a safety checkpoint first.
func (c *Checkpoints) Restore(id, checkpointID string) (string, error) {
	version, err := optionalID(checkpointID)
	if err != nil {
		return "", c.failure(err)
	}
	return c.restoring("restore", "restored", []string{id},
		func(ctx context.Context, s *session.Session, ids []studio.AssetID, p session.Progress) ([]session.Restored, error) {
			r, err := s.Restore(ctx, ids[0], studio.CheckpointID{ID: version}, p)
			r.Err = err
			return []session.Restored{r}, nil
		})
}

// Fetch puts the newest versions in the working folder: a job.
func (c *Checkpoints) Fetch(ids []string) (string, error) {
	return c.restoring("fetch", "restored", ids,
		func(ctx context.Context, s *session.Session, ids []studio.AssetID, p session.Progress) ([]session.Restored, error) {
			return s.Fetch(ctx, ids, p)
		})
}

// FetchAll puts the newest versions of assets and of all that they need in the working folder: a job.
func (c *Checkpoints) FetchAll(ids []string) (string, error) {
	return c.restoring("fetch", "restored", ids,
		func(ctx context.Context, s *session.Session, ids []studio.AssetID, p session.Progress) ([]session.Restored, error) {
			all, err := s.WithNeeds(ctx, ids)
			if err != nil {
				return nil, err
			}
			picture, err := s.Look(ctx)
			if err != nil {
				return nil, err
			}
			saved := slices.DeleteFunc(all, func(id studio.AssetID) bool { // planned ones have nothing to fetch
				return picture.Assets[id] == nil || picture.Assets[id].Head.IsZero()
			})
			return s.Fetch(ctx, saved, p)
		})
}

// SaveAsCopy tracks what a working file holds as a resource of its own beside it: a job.
func (c *Checkpoints) SaveAsCopy(id string) (string, error) {
	return c.restoring("copy", "copied", []string{id},
		func(ctx context.Context, s *session.Session, ids []studio.AssetID, p session.Progress) ([]session.Restored, error) {
			made, err := s.SaveAsCopy(ctx, ids[0], p)
			return []session.Restored{{Asset: made.Asset, Path: made.Path, Label: "v1", Err: err}}, nil
		})
}

// Discard puts the version back that a modified file came from; what it held becomes a safety checkpoint: a job.
func (c *Checkpoints) Discard(id string) (string, error) {
	return c.restoring("discard", "restored", []string{id},
		func(ctx context.Context, s *session.Session, ids []studio.AssetID, p session.Progress) ([]session.Restored, error) {
			r, err := s.Discard(ctx, ids[0], p)
			r.Err = err
			return []session.Restored{r}, nil
		})
}

// FreeUp removes working files, each after its content is safe in the store: a job.
func (c *Checkpoints) FreeUp(ids []string) (string, error) {
	return c.restoring("free", "freed", ids,
		func(ctx context.Context, s *session.Session, ids []studio.AssetID, p session.Progress) ([]session.Restored, error) {
			return s.FreeUp(ctx, ids)
		})
}
