package session

import (
	"context"
	"path/filepath"

	"framehold/internal/chunk"
	"framehold/internal/chunkstore"
	"framehold/internal/fsys"
	"framehold/internal/projectdb"
	"framehold/internal/studio"
	"framehold/internal/workspace"
)

// Restored is what became of one file that was put in place.
type Restored struct {
	Asset  studio.AssetID
	Path   string
	Label  string
	Bytes  int64
	Safety studio.CheckpointID // what the file in the way held, when that was no version; zero: nothing was lost to save
	Holder studio.AssetID      // whose safety checkpoint that is
	Err    error
}

// version finds the checkpoint that a person means: v4, an id, "" for the head. Code: unknown_checkpoint.
func (s *Session) Version(ctx context.Context, id studio.AssetID, name string) (k studio.Checkpoint, err error) {
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		a, ok := snap.Asset(id)
		if !ok {
			return studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: id.String()})
		}
		for _, have := range snap.Checkpoints(id) {
			mine := have.State != studio.Safety || have.Author == s.me
			if mine && (name == "" && have.ID == a.Head || name != "" && (studio.LabelIn(snap, have) == name || have.ID.String() == name)) {
				k = have
				return nil
			}
		}
		return studio.Refuse(studio.CodeUnknownCheckpoint, studio.Params{Asset: studio.PathOf(snap, id.ID), Name: name})
	})
	return k, err
}

// Label is what people call a version here: v3, v4* before it is numbered, "safety" for what was made safe.
func (s *Session) Label(ctx context.Context, k studio.Checkpoint) (label string, err error) {
	if k.State == studio.Safety {
		return "safety", nil
	}
	return label, s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		label = studio.LabelIn(snap, k)
		return nil
	})
}

// Restore puts a version in the working folder; zero: the head. A modified file in the way becomes a safety checkpoint
// first. Codes: unknown_checkpoint, trashed, damaged, file_busy, disk_full, outside_project.
func (s *Session) Restore(ctx context.Context, id studio.AssetID, version studio.CheckpointID, progress Progress) (Restored, error) {
	name := ""
	if !version.IsZero() {
		name = version.String()
	}
	k, err := s.Version(ctx, id, name)
	if err != nil {
		return Restored{Asset: id}, err
	}
	r, err := s.put(ctx, k, progress)
	if err == nil {
		s.refresh(ctx, id)
	}
	return r, err
}

// Fetch puts the heads of assets in the working folder, each decided alone.
func (s *Session) Fetch(ctx context.Context, ids []studio.AssetID, progress Progress) ([]Restored, error) {
	var done []Restored
	for _, id := range once(ids) {
		r, err := s.Restore(ctx, id, studio.CheckpointID{}, progress)
		r.Err = err
		done = append(done, r)
		if ctx.Err() != nil {
			return done, fileFailure(r.Path, ctx.Err())
		}
	}
	return done, nil
}

func (s *Session) fetchOne(ctx context.Context, id studio.AssetID, progress Progress) error {
	_, err := s.Restore(ctx, id, studio.CheckpointID{}, progress)
	return err
}

// Discard puts the version back that a modified file came from; what it held becomes a safety checkpoint. Codes: those
// of Restore.
func (s *Session) Discard(ctx context.Context, id studio.AssetID, progress Progress) (Restored, error) {
	f, err := s.fileNow(ctx, id)
	if err != nil {
		return Restored{Asset: id}, err
	}
	return s.Restore(ctx, id, f.Base, progress)
}

// RestoreTo puts a version at a path outside of the project's care; nothing may be there.
func (s *Session) RestoreTo(ctx context.Context, k studio.Checkpoint, target string, progress Progress) (int64, error) {
	if err := s.bring(ctx, k, progress); err != nil {
		return 0, err
	}
	info, err := workspace.PlaceAt(ctx, s.fs, filepath.Clean(target), s.placing(ctx, k, "", progress, func(fsys.Info) error {
		return studio.Refuse(studio.CodeInTheWay, studio.Params{Path: target})
	}))
	return info.Size, fileFailure(target, err)
}

func (s *Session) placing(ctx context.Context, k studio.Checkpoint, rel string, progress Progress,
	inTheWay func(fsys.Info) error) workspace.Placing {
	return workspace.Placing{Rel: rel, Size: s.wholeBytes(ctx, k), InTheWay: inTheWay, Write: func(f fsys.File) error {
		n, err := s.packs.Load(ctx, chunk.Hash(k.Manifest), f, func(done int64) {
			progress.tell(Step{Phase: PhaseWriting, Path: rel, Done: done, Total: k.Bytes})
		})
		if err == nil && n != k.Bytes {
			return chunkstore.ErrDamaged
		}
		return err
	}}
}

// wholeBytes is a version's size, 0 when it has holes: they stay holes.
func (s *Session) wholeBytes(ctx context.Context, k studio.Checkpoint) int64 {
	holes := false
	_, err := s.packs.Entries(ctx, chunk.Hash(k.Manifest), func(entries []chunk.Entry) error {
		for _, e := range entries {
			holes = holes || e.Hole
		}
		return nil
	})
	if err != nil || holes { // what is wrong with its list is said when it is read
		return 0
	}
	return k.Bytes
}

// put puts a checkpoint at its asset's place.
func (s *Session) put(ctx context.Context, k studio.Checkpoint, progress Progress) (Restored, error) {
	r := Restored{Asset: k.Asset, Bytes: k.Bytes}
	if s.readOnly != nil {
		return r, s.readOnly
	}
	var err error
	if r.Label, err = s.Label(ctx, k); err != nil {
		return r, err
	}
	if k.State == studio.Dropped {
		return r, studio.Refuse(studio.CodeUnknownCheckpoint, studio.Params{Name: r.Label, Why: "dropped"})
	}
	look, err := s.newLook(ctx)
	if err != nil {
		return r, err
	}
	a := look.picture.Assets[k.Asset]
	before, err := look.fileOf(ctx, k.Asset)
	r.Path = before.Path
	if err != nil {
		return r, err
	}
	if before.Exists && before.Content == k.Manifest && !k.Manifest.IsZero() {
		return r, s.setBase(ctx, a, k, before, before.info) // it is there already: no byte moves
	}
	if err := look.undecided(k.Asset, before); err != nil {
		return r, err
	}
	if err := s.bring(ctx, k, progress); err != nil {
		return r, err
	}
	info, err := s.folder.Place(ctx, s.placing(ctx, k, before.Path, progress, func(there fsys.Info) error {
		f := look.kept(k.Asset, before)
		safety, err := s.makeSafe(ctx, f, there)
		if !safety.IsZero() {
			r.Safety, r.Holder = safety, f.asset
		}
		return err
	}))
	if err != nil {
		return r, fileFailure(before.Path, err)
	}
	return r, s.setBase(ctx, a, k, before, info)
}

// undecided refuses to put an asset's file where another's stands whose name the server has changed, as long as its author
// has not decided what becomes of it (row F2). Code: in_the_way.
func (l *look) undecided(id studio.AssetID, before File) error {
	holder := l.holderOf(id, before.Path)
	if !before.Exists || holder == id || !l.renamed[holder] {
		return nil
	}
	return studio.Refuse(studio.CodeInTheWay, studio.Params{Path: before.Path, Name: l.picture.Path(holder.ID), Why: "renamed"})
}

// setBase records what the file came from: a restore over a file that continues the head continues it still, for the
// person has seen it; else the version that was put there is the base, and for a safety checkpoint what that was made
// from. Without any the base stays unknown: the next checkpoint says that there is a newer version.
func (s *Session) setBase(ctx context.Context, a *projectdb.AssetInfo, k studio.Checkpoint, before File, info fsys.Info) error {
	base := k.ID
	if k.State == studio.Safety {
		base = k.Base
	}
	if base.IsZero() && before.Content == k.Manifest {
		base = before.Base // nothing was put there
	}
	if before.Exists && before.Base == a.Head && !a.Head.IsZero() {
		base = a.Head
	}
	return storeFailure(s.care(ctx, func(tx *projectdb.Tx) error {
		if err := tx.SetStat(s.folderID, statOf(before.Path, info, k.Manifest, s.clock.Now().UnixNano())); err != nil {
			return err
		}
		return tx.SetLocalFile(projectdb.LocalFile{Folder: s.folderID, Asset: a.ID, Path: before.Path, Base: base,
			Manifest: k.Manifest, PutMs: s.clock.NowMs()})
	}))
}

// kept is a working file about to be replaced or removed: whose it is, what it came from, and where it is.
type kept struct {
	asset studio.AssetID
	base  studio.CheckpointID
	path  string
}

// kept says as what the file at an asset's place is to be saved: as the asset's, or as that of another for which it was
// put there.
func (l *look) kept(id studio.AssetID, f File) kept {
	if holder := l.holderOf(id, f.Path); holder != id {
		return kept{holder, l.local[holder].Base, f.Path}
	}
	return kept{id, f.Base, f.Path}
}

// makeSafe makes sure that what a working file holds is in the store, where the person finds it: it is a version, or
// becomes a safety checkpoint. there describes exactly the file that was looked at.
func (s *Session) makeSafe(ctx context.Context, f kept, there fsys.Info) (studio.CheckpointID, error) {
	var k studio.CheckpointID
	err := s.again(func() (err error) {
		k, err = s.saveSafety(ctx, f, there)
		return err
	})
	return k, err
}

func (s *Session) saveSafety(ctx context.Context, f kept, there fsys.Info) (studio.CheckpointID, error) {
	none := studio.CheckpointID{}
	batch := s.packs.Begin()
	defer batch.Close()
	batch.Doubt() // the file may be the only copy that can be read
	var saved chunkstore.Saved
	info, err := s.folder.ReadStable(ctx, f.path, func(src fsys.File, info fsys.Info) (err error) {
		saved, err = batch.Save(ctx, sourceOf(src, info), nil)
		return err
	})
	if err != nil {
		return none, err
	}
	if !info.Same(there) {
		return none, workspace.ErrChanged
	}
	known := false
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		for _, k := range snap.Checkpoints(f.asset) {
			known = known || k.Manifest == studio.Hash(saved.Manifest) && s.finds(k)
		}
		return nil
	})
	if err != nil || known && saved.NewBytes == 0 {
		return none, err
	}
	if err := batch.Flush(); err != nil {
		return none, err
	}
	if known { // what could not be read of it is in the store again
		return none, s.care(ctx, func(tx *projectdb.Tx) error { return tx.AddContent(contentOf(batch.Pending())) })
	}
	k := studio.Checkpoint{ID: studio.CheckpointID{ID: s.clock.NewID()}, Asset: f.asset, Author: s.me, Base: f.base,
		Manifest: studio.Hash(saved.Manifest), Bytes: saved.Size, NewBytes: saved.NewBytes, State: studio.Safety,
		MadeHybrid: s.clock.Hybrid(), ReceivedMs: s.clock.NowMs(), Ver: 1}
	_, err = s.db.Write(ctx, projectdb.Act{Lane: projectdb.LaneEdit, Kind: projectdb.ActEdit, Actor: s.me},
		func(tx *projectdb.Tx) error {
			if err := tx.AddContent(contentOf(batch.Pending())); err != nil {
				return err
			}
			a, _ := tx.Asset(f.asset)
			k.StatusAtCreation, k.Assignment = a.Status, a.Assignment
			return tx.Commit(projectdb.Batch{Puts: []studio.Row{k}})
		})
	if err != nil {
		return none, err
	}
	return k.ID, nil
}

// finds tells whether the acting person can have a checkpoint's content back: the safety checkpoints of others are theirs.
func (s *Session) finds(k studio.Checkpoint) bool {
	return k.State != studio.Dropped && (k.State != studio.Safety || k.Author == s.me)
}

// FreeUp removes working files, each after its content is a checkpoint (else a safety checkpoint is made first). Codes,
// each its own: trashed, file_busy, disk_full, pinned.
func (s *Session) FreeUp(ctx context.Context, ids []studio.AssetID) ([]Restored, error) {
	if s.readOnly != nil {
		return nil, s.readOnly
	}
	var done []Restored
	for _, id := range once(ids) {
		r, err := s.freeUp(ctx, id)
		r.Err = err
		done = append(done, r)
		if ctx.Err() != nil {
			return done, fileFailure(r.Path, ctx.Err())
		}
	}
	s.refresh(ctx, ids...)
	return done, nil
}

func (s *Session) freeUp(ctx context.Context, id studio.AssetID) (Restored, error) {
	r := Restored{Asset: id}
	look, err := s.newLook(ctx)
	if err != nil {
		return r, err
	}
	f, err := look.fileOf(ctx, id)
	r.Path = f.Path
	if err != nil {
		return r, err
	}
	if err := s.unpinned(ctx, id); err != nil {
		return r, err
	}
	if f.Exists {
		k := look.kept(id, f)
		r.Holder = k.asset
		if r.Safety, err = s.makeSafe(ctx, k, f.info); err != nil {
			return r, fileFailure(f.Path, err)
		}
		r.Bytes = f.Size
		if err := s.folder.Remove(f.Path, f.info); err != nil {
			return r, fileFailure(f.Path, err)
		}
	}
	return r, storeFailure(s.care(ctx, func(tx *projectdb.Tx) error { return tx.DropLocalFile(s.folderID, id) }))
}
