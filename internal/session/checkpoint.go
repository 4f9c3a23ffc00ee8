package session

import (
	"context"
	"fmt"
	"io"
	"slices"

	"framehold/internal/chunkstore"
	"framehold/internal/fsys"
	"framehold/internal/preview"
	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// Phases of long work.
const (
	PhaseReading  = "reading"
	PhaseSecuring = "securing"
	PhaseWriting  = "writing"
	PhaseSending  = "sending"
	PhaseFetching = "fetching"
)

// Step is how far long work has come.
type Step struct {
	Phase       string
	Path        string
	Done, Total int64 // bytes
	NewBytes    int64
}

// Progress hears steps; nil is nobody.
type Progress func(Step)

func (p Progress) tell(s Step) {
	if p != nil {
		p(s)
	}
}

// Image is an original picture that goes with a checkpoint.
type Image struct {
	Reader io.ReaderAt
	Size   int64
}

// CheckpointRequest makes checkpoints of working files: one act, each file decided alone.
type CheckpointRequest struct {
	Assets    []studio.AssetID
	Comment   string
	To        studio.StatusID // the move of the same step; zero: none
	Notes     []string        // of a move to retake
	Image     *Image
	Anyway    bool // a holder insists though head is newer: saved and parked
	AllOrNone bool
	Progress  Progress
}

// Made is what became of one file.
type Made struct {
	Asset      studio.AssetID
	Path       string
	ID         studio.CheckpointID
	Version    uint32 // 0: a studio server has not given it yet
	Label      string // v4; v4* before it is numbered, and beside the line
	State      string // accepted parked refused unchanged; ahead of a server: local contested
	Status     string // slug, as recorded; of what is unchanged, the task's
	NewBytes   int64
	TotalBytes int64
	Hint       studio.Code         // what the person may want to know: image_required when a review has none
	NotMoved   error               // why the move of the step was not made though the file is safe: it is parked
	Parked     studio.CheckpointID // names the chain that it stands in; zero: it is on the line
	Err        error
}

const maxBatchBytes = 256 << 20 // saved together: one sync, one transaction

// CreateCheckpoint saves working files as new versions. When it returns without an error for a file, that file's
// bytes, its checkpoint and the move of the same step are on the disk; else none of them is, and the file is as it was.
// Codes: not_assignee, unassigned, outdated_base, permission, trashed, file_busy, no_file, disk_full, empty_comment,
// too_long, those of a move.
func (s *Session) CreateCheckpoint(ctx context.Context, r CheckpointRequest) ([]Made, error) {
	if err := checkComment(r.Comment); err != nil {
		return nil, err
	}
	if s.readOnly != nil {
		return nil, s.readOnly
	}
	picture, err := s.pictureOf(ctx, r.Image)
	if err != nil {
		return nil, err
	}
	r.Assets = once(r.Assets)
	var made []Made
	err = s.again(func() error {
		made, err = s.checkpoint(ctx, r, picture)
		return err
	})
	if err == nil {
		s.refresh(ctx, r.Assets...)
	}
	return made, storeFailure(err)
}

func checkComment(text string) error {
	if isBlank(text) {
		return studio.Refuse(studio.CodeEmptyComment, studio.Params{})
	}
	return studio.CheckText("comment", text)
}

func isBlank(text string) bool {
	for _, r := range text {
		if r != ' ' && r != '\n' && r != '\t' && r != '\r' {
			return false
		}
	}
	return true
}

// pictureOf makes the preview of the image that was handed in.
func (s *Session) pictureOf(ctx context.Context, image *Image) (preview.Picture, error) {
	if image == nil {
		return preview.Picture{}, nil
	}
	p, err := s.pictures.FromImage(ctx, image.Reader, image.Size)
	return p, fileFailure("", err)
}

// saving is one file on its way into the store.
type saving struct {
	made     Made
	id       studio.CheckpointID
	base     studio.CheckpointID
	asset    studio.Asset
	path     string // on disk
	info     fsys.Info
	seenNs   int64
	saved    chunkstore.Saved
	picture  preview.Picture
	headHash studio.Hash
	headNow  uint32                     // its version
	wanted   string                     // name of the status of the move
	parked   []parkedOne                // what the person has parked of it
	create   func(*item, *saving) error // makes the asset in the same act; nil: it is there
	finish   func(*item, *saving) error // tags and holder of a new asset, behind its v1
}

func (s *Session) checkpoint(ctx context.Context, r CheckpointRequest, picture preview.Picture) ([]Made, error) {
	files, err := s.prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	if r.AllOrNone && refusedAny(files) {
		refuseRest(files)
		return results(files), nil
	}
	batch := s.packs.Begin()
	defer batch.Close()
	var image chunkstore.Saved
	if r.Image != nil && !allRefused(files) {
		if image, err = batch.Save(ctx, chunkstore.Source{Reader: r.Image.Reader, Size: r.Image.Size}, nil); err != nil {
			return nil, fileFailure("", err)
		}
	}
	total, done := int64(0), int64(0)
	for _, f := range files {
		total += f.made.TotalBytes
	}
	for _, f := range files {
		if f.made.Err != nil {
			continue
		}
		base := done
		f.made.Err = s.read(ctx, f, batch, func(n int64) {
			done = base + n
			r.Progress.tell(Step{Phase: PhaseReading, Path: f.made.Path, Done: done, Total: total})
		})
		if ctx.Err() != nil {
			return nil, fileFailure(f.made.Path, ctx.Err())
		}
		if f.made.Err == nil && r.Image != nil {
			f.picture = picture
		}
		if f.made.Err == nil {
			f.unchanged(r)
		}
	}
	if r.AllOrNone && refusedAny(files) {
		refuseRest(files)
		return results(files), nil
	}
	r.Progress.tell(Step{Phase: PhaseSecuring, Done: done, Total: total})
	if err := s.commitFiles(ctx, files, batch, r, studio.Hash(image.Manifest)); err != nil {
		return nil, err
	}
	return results(files), nil
}

// unchanged finds that there is nothing to save: the file is the head and nothing else is asked for, or it is parked already.
func (f *saving) unchanged(r CheckpointRequest) {
	content := studio.Hash(f.saved.Manifest)
	switch {
	case r.Image != nil || content.IsZero():
	case r.To.IsZero() && content == f.headHash:
		f.made.State, f.made.NewBytes = "unchanged", 0
		f.made.Version, f.made.Label = f.headNow, fmt.Sprintf("v%d", f.headNow)
	case r.Anyway && f.base != f.asset.Head:
		for _, k := range f.parked {
			if k.Manifest == content {
				f.made.State, f.made.NewBytes, f.made.ID, f.made.Label, f.made.Parked = "unchanged", 0, k.ID, k.Label, k.Root
			}
		}
		if !f.made.Parked.IsZero() && !r.To.IsZero() {
			f.made.NotMoved = studio.Refuse(studio.CodeCheckpointPark,
				studio.Params{Asset: f.made.Path, Version: f.made.Label, Name: f.wanted})
		}
	}
}

// prepare refuses what can be refused before a byte is read.
func (s *Session) prepare(ctx context.Context, r CheckpointRequest) ([]*saving, error) {
	look, err := s.newLook(ctx)
	if err != nil {
		return nil, err
	}
	files := make([]*saving, len(r.Assets))
	for i, id := range r.Assets {
		f := &saving{id: studio.CheckpointID{ID: s.clock.NewID()}}
		f.made = Made{Asset: id, Path: look.picture.Path(id.ID), State: "refused"}
		files[i] = f
		info := look.picture.Assets[id]
		if info == nil {
			f.made.Err = studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: id.String()})
			continue
		}
		f.asset, f.headHash, f.headNow = info.Asset, info.HeadHash, info.HeadVersion
		f.wanted = look.picture.StatusOf[r.To].Name
		f.made.Status = look.picture.StatusOf[info.Status].Slug()
		f.made.Err = s.dry(ctx, func(a *act) error { return a.mayCheckpoint(f.asset) })
		if f.made.Err != nil {
			continue
		}
		file, err := look.fileOf(ctx, id)
		switch {
		case err != nil:
			f.made.Err = err
			continue
		case !file.Exists:
			f.made.Err = studio.Refuse(studio.CodeNoFile, studio.Params{Path: f.made.Path})
			continue
		}
		f.path, f.base, f.made.TotalBytes = file.Path, file.Base, file.Size
		if r.Anyway {
			if f.parked, err = s.ownParked(ctx, id); err != nil {
				return nil, err
			}
		}
		f.made.Err = s.dry(ctx, func(a *act) error { return a.rehearse(f, r) })
	}
	return files, nil
}

// mayCheckpoint is rule 3, said before the first byte is read.
func (a *act) mayCheckpoint(asset studio.Asset) error {
	code, params := studio.CheckpointRefusal(a.state, a.s.me, asset)
	if code == studio.CodeNoPermission {
		code = studio.CodePermission
	}
	if code == "" {
		return nil
	}
	return studio.Refuse(code, params)
}

// rehearse decides the whole step with content that is not read yet.
func (a *act) rehearse(f *saving, r CheckpointRequest) error {
	return a.try(f.asset.ID.ID, func(it *item, _ studio.ID) error { return it.seal(f, r, studio.Hash{}) }).Err
}

// read takes one file into the batch.
func (s *Session) read(ctx context.Context, f *saving, batch *chunkstore.Batch, progress func(int64)) error {
	info, err := s.folder.ReadStable(ctx, f.path, func(src fsys.File, info fsys.Info) (err error) {
		f.seenNs = s.clock.Now().UnixNano()
		if f.saved, err = batch.Save(ctx, sourceOf(src, info), progress); err != nil {
			return err
		}
		if f.picture, err = s.pictures.FromFile(ctx, f.path, src, info.Size); err != nil {
			f.picture = preview.Picture{} // most files have no picture in them: the type's icon stands for it
		}
		return nil
	})
	f.info = info
	f.made.TotalBytes, f.made.NewBytes = f.saved.Size, f.saved.NewBytes
	return fileFailure(f.made.Path, err)
}

// commitFiles makes the bytes durable, then writes all that is left in one transaction. A file of which no version is
// made may have bytes to write too, when those that the store had of it are gone.
func (s *Session) commitFiles(ctx context.Context, files []*saving, batch *chunkstore.Batch, r CheckpointRequest,
	image studio.Hash) error {
	if allRefused(files) {
		return nil
	}
	if err := batch.Flush(); err != nil {
		return err
	}
	if !slices.ContainsFunc(files, isNew) {
		if err := s.keepContent(ctx, batch); err != nil {
			return err
		}
	} else if err := s.write(ctx, projectdb.ActEdit, func(a *act) error {
		if err := a.tx.AddContent(contentOf(batch.Pending())); err != nil {
			return err
		}
		for _, f := range files {
			if !isNew(f) {
				continue
			}
			if f.made.Err = a.commitFile(f, r, image); f.made.Err != nil && r.AllOrNone {
				refuseRest(files)
				return errNothingDone
			}
		}
		return nil
	}); err != nil {
		return err
	}
	_ = s.rememberUnchanged(ctx, files) // all is saved: at worst these files are read again
	return nil
}

// isNew tells whether a version is to be made of a file.
func isNew(f *saving) bool { return f.made.Err == nil && f.made.State != "unchanged" }

// keepContent writes the rows of a batch of which no version is made.
func (s *Session) keepContent(ctx context.Context, batch *chunkstore.Batch) error {
	content := contentOf(batch.Pending())
	if len(content.Rows) == 0 {
		return nil
	}
	return s.care(ctx, func(tx *projectdb.Tx) error { return tx.AddContent(content) })
}

func (a *act) commitFile(f *saving, r CheckpointRequest, image studio.Hash) error {
	result := a.try(f.asset.ID.ID, func(it *item, _ studio.ID) error {
		if f.create != nil {
			if err := f.create(it, f); err != nil {
				return err
			}
		}
		if err := it.seal(f, r, image); err != nil || f.finish == nil {
			return err
		}
		return f.finish(it, f)
	})
	if result.Err != nil {
		f.made.State = "refused"
		return result.Err
	}
	k, _ := a.state.Checkpoint(f.id)
	status, _ := a.state.Status(k.StatusAtCreation)
	f.made.ID, f.made.Version, f.made.Status = f.id, k.Version, status.Slug()
	f.made.Path, f.made.Label = studio.PathOf(a.state, f.asset.ID.ID), studio.LabelIn(a.state, k)
	f.made.State = stateName(k.State)
	switch {
	case k.State == studio.Parked || k.State == studio.Contested:
		f.made.Parked = k.ChainRoot
		if now, _ := a.state.Asset(f.asset.ID); !r.To.IsZero() && now.Status != r.To {
			f.made.NotMoved = studio.Refuse(studio.CodeCheckpointPark,
				studio.Params{Asset: f.made.Path, Version: f.made.Label, Name: status.Name})
		}
	case status.Category == studio.CategoryReview && !r.To.IsZero() && k.Preview.IsZero():
		f.made.Hint = studio.CodeImageRequired
	}
	if len(f.picture.WebP) > 0 {
		if err := a.tx.PutPreview(k.Preview, f.picture.WebP); err != nil {
			return err
		}
	}
	a.after = append(a.after, func() error { return a.putLocal(f) })
	return nil
}

// stateName is what programs read of a checkpoint's state.
func stateName(s studio.CheckpointState) string {
	return [...]string{studio.Announced: "announced", studio.Accepted: "accepted", studio.Parked: "parked", studio.Step: "step",
		studio.Dropped: "dropped", studio.Local: "local", studio.Contested: "contested", studio.Safety: "safety"}[s]
}

func (a *act) putLocal(f *saving) error {
	content := studio.Hash(f.saved.Manifest)
	if err := a.tx.SetStat(a.s.folderID, statOf(f.path, f.info, content, f.seenNs)); err != nil {
		return err
	}
	return a.tx.SetLocalFile(projectdb.LocalFile{Folder: a.s.folderID, Asset: f.asset.ID, Path: f.path, Base: f.id,
		Manifest: content, PutMs: a.now})
}

// seal announces a checkpoint and asks for its place on the line, with the move of the same step.
func (it *item) seal(f *saving, r CheckpointRequest, image studio.Hash) error {
	a, err := it.asset(f.asset.ID.ID)
	if err != nil {
		return err
	}
	body := &studio.AnnounceBody{
		Checkpoint: f.id, Base: f.base, Assignment: a.Assignment, Status: a.Status, Manifest: studio.Hash(f.saved.Manifest),
		Bytes: f.saved.Size, NewBytes: f.saved.NewBytes, Comment: r.Comment, Image: image,
		NoChange: studio.Hash(f.saved.Manifest) == f.headHash && !f.headHash.IsZero(),
	}
	if len(f.picture.WebP) > 0 {
		body.Preview = studio.Hash(chunkSum(f.picture.WebP))
	}
	move := &studio.SealBody{Checkpoint: f.id}
	if !r.To.IsZero() && r.To != a.Status {
		to, ok := it.state.Status(r.To)
		if !ok {
			return studio.Refuse(studio.CodeUnknownStatus, studio.Params{Name: r.To.String()})
		}
		if a.Kind == studio.Resource {
			return studio.Refuse(studio.CodeIsResource, studio.Params{Asset: studio.PathOf(it.state, a.ID.ID)})
		}
		body.Status, move.From, move.To = r.To, a.Status, r.To
		if move.Notes, move.Reason, err = it.notes(a, to, f.id, StatusRequest{Notes: r.Notes}); err != nil {
			return err
		}
	}
	if _, err := it.do(a.ID.ID, studio.KindAnnounce, body); err != nil {
		return err
	}
	_, err = it.doOp(studio.Op{Kind: studio.KindSeal, Entity: a.ID.ID, Body: move}, r.Anyway && f.base != a.Head)
	return err
}

// ownParked lists what the acting person has parked of an asset and not put into the trash.
func (s *Session) ownParked(ctx context.Context, id studio.AssetID) (own []parkedOne, err error) {
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		for _, chain := range snap.Parked(id) {
			_, members := snap.Chain(chain.Root)
			for _, k := range members {
				if k.Author == s.me && (chain.State == studio.ParkedOpen || chain.State == studio.ParkedKept) {
					own = append(own, parkedOne{k.ID, chain.Root, k.Manifest, studio.LabelIn(snap, k)})
				}
			}
		}
		return nil
	})
	return own, err
}

type parkedOne struct {
	ID, Root studio.CheckpointID
	Manifest studio.Hash
	Label    string
}

// rememberUnchanged notes the content of files of which no version was made, so that they are not read again.
func (s *Session) rememberUnchanged(ctx context.Context, files []*saving) error {
	return s.care(ctx, func(tx *projectdb.Tx) error {
		for _, f := range files {
			if f.made.State != "unchanged" || !f.made.Parked.IsZero() {
				continue
			}
			if err := tx.SetStat(s.folderID, statOf(f.path, f.info, studio.Hash(f.saved.Manifest), f.seenNs)); err != nil {
				return err
			}
			if err := tx.SetLocalFile(projectdb.LocalFile{Folder: s.folderID, Asset: f.asset.ID, Path: f.path,
				Base: f.asset.Head, Manifest: f.headHash, PutMs: s.clock.NowMs()}); err != nil {
				return err
			}
		}
		return nil
	})
}

func results(files []*saving) []Made {
	made := make([]Made, len(files))
	for i, f := range files {
		made[i] = f.made
	}
	return made
}

func refusedAny(files []*saving) bool {
	for _, f := range files {
		if f.made.Err != nil {
			return true
		}
	}
	return false
}

func allRefused(files []*saving) bool {
	for _, f := range files {
		if f.made.Err == nil {
			return false
		}
	}
	return true
}

func refuseRest(files []*saving) {
	for _, f := range files {
		if f.made.Err == nil {
			f.made.State, f.made.ID, f.made.Version = "refused", studio.CheckpointID{}, 0
			f.made.Err = studio.Refuse(studio.CodeGroup, studio.Params{N: len(files)})
		}
	}
}
