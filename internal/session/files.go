package session

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"

	"framehold/internal/chunkstore"
	"framehold/internal/fsys"
	"framehold/internal/projectdb"
	"framehold/internal/studio"
	"framehold/internal/workspace"
)

// FileState says how a working file stands to the project (product section 5).
type FileState string

// File states.
const (
	StateNormal    FileState = "normal"
	StateModified  FileState = "modified"
	StateOutdated  FileState = "outdated"
	StateDiverged  FileState = "diverged"
	StateMissing   FileState = "missing"
	StatePlanned   FileState = "planned"
	StateUntracked FileState = "untracked"
	StateUnusable  FileState = "unusable"
)

// File is the working file of an asset, as it was looked at last.
type File struct {
	Path     string // on disk, relative: may differ from the project's in case and normal form
	Exists   bool
	Size     int64
	MtimeMs  int64
	Content  studio.Hash // manifest; zero when it is only known to differ from the base
	Base     studio.CheckpointID
	BaseHash studio.Hash // of the base's content
	info     fsys.Info
}

// State is how a file stands, with the asset as it is now.
func (f File) State(a *projectdb.AssetInfo) FileState {
	switch {
	case !f.Exists && a.Head.IsZero():
		return StatePlanned
	case !f.Exists:
		return StateMissing
	case a.Head.IsZero():
		return StateModified
	case f.Content == a.HeadHash && !f.Content.IsZero():
		return StateNormal
	}
	changed := f.Content.IsZero() || f.Content != f.BaseHash
	switch {
	case f.Base == a.Head:
		return StateModified
	case changed:
		return StateDiverged
	}
	return StateOutdated
}

// Overtaken tells whether a commit makes the last look at the working folder wrong: another process, which tells
// nobody, added or saved a file that this one knows as it was before.
func (s *Session) Overtaken(ctx context.Context, change projectdb.ChangeSet) (bool, error) {
	picture, err := s.Look(ctx)
	if err != nil {
		return false, err
	}
	known := s.Files()
	old := func(id studio.AssetID, a *projectdb.AssetInfo) bool {
		f, there := known.Of[id]
		return !a.Trashed() && (!there || f.Base != a.Head)
	}
	if !known.Looked {
		return false, nil
	}
	if change.Everything {
		for id, a := range picture.Assets {
			if old(id, a) {
				return true, nil
			}
		}
		return false, nil
	}
	for _, entity := range change.Entities {
		id := studio.AssetID{ID: entity}
		if a := picture.Assets[id]; a != nil && old(id, a) {
			return true, nil
		}
	}
	return false, nil
}

// files is the working folder as it was looked at last.
type files struct {
	mu        sync.Mutex
	rescan    sync.Mutex // one look at a time
	looked    bool
	of        map[studio.AssetID]File
	untracked []workspace.Entry
	folders   []string
	scanned   workspace.Scanned
}

// Working is the state of the working folder.
type Working struct {
	Looked    bool // false: not looked at yet
	Of        map[studio.AssetID]File
	Untracked []workspace.Entry // unusable ones too
	Ignored   int
	Links     []string
	Nested    []string
}

// Files returns the working folder as it was looked at last.
func (s *Session) Files() Working {
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	w := s.files.scanned
	return Working{Looked: s.files.looked, Of: s.files.of, Untracked: s.files.untracked, Ignored: w.Ignored, Links: w.Links,
		Nested: w.Nested}
}

// Rescan looks at the working folder and tells whether anything is not as it was. A file is read only when its times
// changed and its size did not.
func (s *Session) Rescan(ctx context.Context) (bool, error) {
	s.files.rescan.Lock()
	defer s.files.rescan.Unlock()
	scanned, err := s.folder.Scan(ctx, "")
	if err != nil {
		return false, fileFailure(s.folder.Root(), err)
	}
	if s.readOnly == nil {
		_ = s.folder.SweepParts(scanned.Parts) // one that cannot be deleted now is found again
	}
	look, err := s.newLook(ctx)
	if err != nil {
		return false, err
	}
	var untracked []workspace.Entry
	of := map[studio.AssetID]File{}
	for _, e := range scanned.Files {
		id, tracked := look.assetAt(e)
		if _, taken := of[id]; !tracked || taken {
			if taken {
				e.Unusable = "name_taken"
			}
			untracked = append(untracked, e)
			continue
		}
		file, err := look.file(ctx, id, e.Path, e.Info)
		if err != nil {
			return false, err
		}
		of[id] = file
	}
	for id, a := range look.picture.Assets {
		if _, there := of[id]; !there && !a.Trashed() {
			of[id] = look.absent(id)
		}
	}
	look.keep(ctx)
	return s.setFiles(of, untracked, scanned), nil
}

func (s *Session) setFiles(of map[studio.AssetID]File, untracked []workspace.Entry, scanned workspace.Scanned) bool {
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	same := s.files.looked && maps.Equal(s.files.of, of) && slices.Equal(s.files.untracked, untracked) &&
		slices.Equal(s.files.folders, scanned.Folders)
	s.files.looked, s.files.of, s.files.untracked, s.files.scanned = true, of, untracked, scanned
	s.files.folders = scanned.Folders
	return !same
}

// look is one look at files, with what it needs of the store.
type look struct {
	s       *Session
	picture *Picture
	local   map[studio.AssetID]projectdb.LocalFile
	stats   map[string]projectdb.Stat
	atPath  map[string]studio.AssetID // by the path on disk
	content map[studio.CheckpointID]studio.Checkpoint
	fresh   []projectdb.Stat
}

func (s *Session) newLook(ctx context.Context) (*look, error) {
	picture, err := s.Look(ctx)
	if err != nil {
		return nil, err
	}
	l := &look{s: s, picture: picture, atPath: map[string]studio.AssetID{}, content: map[studio.CheckpointID]studio.Checkpoint{}}
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) (err error) {
		if l.local, err = snap.LocalFiles(s.folderID); err != nil {
			return err
		}
		if l.stats, err = snap.Stats(s.folderID); err != nil {
			return err
		}
		for _, f := range l.local {
			if a := picture.Assets[f.Asset]; a != nil && a.Head == f.Base {
				continue // its content is in the picture
			}
			if k, ok := snap.Checkpoint(f.Base); ok {
				l.content[f.Base] = k
			}
		}
		return nil
	})
	for id, f := range l.local {
		l.atPath[f.Path] = id
	}
	return l, err
}

// assetAt finds the asset of a file on disk: by the name that was put there, else by the key of its path.
func (l *look) assetAt(e workspace.Entry) (studio.AssetID, bool) {
	if id, ok := l.atPath[e.Path]; ok {
		if a := l.picture.Assets[id]; a != nil && !a.Trashed() && keyPath(l.picture.Path(id.ID)) == keyPath(e.Path) {
			return id, true
		}
	}
	id, ok := l.picture.At(e.Path)
	a := l.picture.Assets[studio.AssetID{ID: id}]
	return studio.AssetID{ID: id}, ok && a != nil
}

func (l *look) absent(id studio.AssetID) File {
	f := File{Path: l.picture.Path(id.ID)}
	l.base(id, &f)
	return f
}

func (l *look) base(id studio.AssetID, f *File) int64 {
	local, ok := l.local[id]
	if !ok {
		return -1
	}
	f.Base = local.Base
	if a := l.picture.Assets[id]; a != nil && a.Head == local.Base {
		f.BaseHash = a.HeadHash
		return a.HeadBytes
	}
	k := l.content[local.Base]
	f.BaseHash = k.Manifest
	return k.Bytes
}

// file works out what a file on disk holds.
func (l *look) file(ctx context.Context, id studio.AssetID, path string, info fsys.Info) (File, error) {
	f := File{Path: path, Exists: true, Size: info.Size, MtimeMs: info.MtimeNs / int64(time.Millisecond), info: info}
	baseBytes := l.base(id, &f)
	if h, known := l.known(path, info); known {
		f.Content = h
	} else if a := l.picture.Assets[id]; a != nil && !a.Head.IsZero() && (info.Size == baseBytes || info.Size == a.HeadBytes) {
		h, err := l.identify(ctx, path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return l.absent(id), nil
		case err != nil && ctx.Err() != nil:
			return f, err
		case err == nil: // a file that cannot be read now is shown as changed
			f.Content = h
		}
	}
	if f.Base.IsZero() && !f.Content.IsZero() {
		return f, l.adoptBase(ctx, id, &f)
	}
	return f, nil
}

// adoptBase finds which version a file holds that was not put there by us.
func (l *look) adoptBase(ctx context.Context, id studio.AssetID, f *File) error {
	return l.s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		for _, k := range snap.Checkpoints(id) {
			if k.Manifest == f.Content && k.State == studio.Accepted {
				f.Base, f.BaseHash = k.ID, k.Manifest
			}
		}
		return nil
	})
}

// known is the content of a file that is exactly as it was when its content was known.
func (l *look) known(path string, info fsys.Info) (studio.Hash, bool) {
	st, ok := l.stats[path]
	if !ok || st.Size != info.Size || st.MtimeNs != info.MtimeNs || st.CtimeNs != info.CtimeNs || st.Inode != info.Inode ||
		workspace.Racy(info, st.Seen) {
		return studio.Hash{}, false
	}
	return st.Manifest, true
}

// identify reads a file to name its content, and remembers it.
func (l *look) identify(ctx context.Context, path string) (studio.Hash, error) {
	var saved chunkstore.Saved
	var seen int64
	info, err := l.s.folder.ReadStable(ctx, path, func(src fsys.File, info fsys.Info) (err error) {
		seen = l.s.clock.Now().UnixNano()
		saved, err = l.s.packs.Identify(ctx, sourceOf(src, info), nil)
		return err
	})
	if err != nil {
		return studio.Hash{}, err
	}
	l.fresh = append(l.fresh, statOf(path, info, studio.Hash(saved.Manifest), seen))
	return studio.Hash(saved.Manifest), nil
}

// keep remembers what was read. It is a cache: when it cannot be written, files are read again the next time.
func (l *look) keep(ctx context.Context) {
	if len(l.fresh) == 0 {
		return
	}
	_ = l.s.care(ctx, func(tx *projectdb.Tx) error {
		for _, st := range l.fresh {
			if err := tx.SetStat(l.s.folderID, st); err != nil {
				return err
			}
		}
		return nil
	})
}

func statOf(path string, info fsys.Info, content studio.Hash, seen int64) projectdb.Stat {
	return projectdb.Stat{Path: path, Size: info.Size, MtimeNs: info.MtimeNs, CtimeNs: info.CtimeNs, Inode: info.Inode,
		Manifest: content, Seen: seen}
}

func sourceOf(src fsys.File, info fsys.Info) chunkstore.Source {
	return chunkstore.Source{Reader: src, Size: info.Size, NextData: src.NextData}
}

// fileNow looks at the working file of one asset.
func (s *Session) fileNow(ctx context.Context, id studio.AssetID) (File, error) {
	l, err := s.newLook(ctx)
	if err != nil {
		return File{}, err
	}
	return l.fileOf(ctx, id)
}

func (l *look) fileOf(ctx context.Context, id studio.AssetID) (File, error) {
	paths := []string{l.picture.Path(id.ID)}
	if local, ok := l.local[id]; ok && keyPath(local.Path) == keyPath(paths[0]) {
		paths = []string{local.Path, paths[0]}
	}
	for _, path := range paths {
		info, err := l.s.folder.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || !info.IsRegular() {
			return File{}, fileFailure(path, errors.Join(err, notRegular(info)))
		}
		f, err := l.file(ctx, id, path, info)
		l.keep(ctx)
		return f, fileFailure(path, err)
	}
	return l.absent(id), nil
}

func notRegular(info fsys.Info) error {
	if info.IsRegular() {
		return nil
	}
	return fsys.ErrLink
}

// refresh looks again at the files of some assets, after an act on them.
func (s *Session) refresh(ctx context.Context, ids ...studio.AssetID) {
	s.files.mu.Lock()
	looked := s.files.looked
	s.files.mu.Unlock()
	if !looked {
		return
	}
	l, err := s.newLook(ctx)
	if err != nil {
		return // the next look at everything sees it
	}
	of := map[studio.AssetID]File{}
	for _, id := range ids {
		if f, err := l.fileOf(ctx, id); err == nil {
			of[id] = f
		}
	}
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	next := maps.Clone(s.files.of)
	for id, f := range of {
		next[id] = f
		s.files.untracked = slices.DeleteFunc(slices.Clone(s.files.untracked), func(e workspace.Entry) bool { return e.Path == f.Path })
	}
	s.files.of = next
}

// followTree renames the working files along with what was renamed or moved, where they stand at their place. A file
// that cannot follow stays where it is and is shown as untracked: nothing is lost.
func (s *Session) followTree(ctx context.Context, out Outcome, err error) (Outcome, error) {
	if err != nil || out.Done() == 0 {
		return out, err
	}
	picture, err := s.Look(ctx)
	if err != nil {
		return out, err
	}
	for i, r := range out.Results {
		if r.Err != nil || r.Already {
			continue
		}
		out.Results[i].Err = fileFailure(r.Path, s.follow(ctx, r.before, picture.Path(r.Entity)))
		out.Results[i].Path = picture.Path(r.Entity)
	}
	_, err = s.Rescan(ctx)
	return out, err
}

func (s *Session) follow(ctx context.Context, from, to string) error {
	if from == "" || from == to {
		return nil
	}
	info, err := s.folder.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.folder.Rename(from, to); err != nil {
		return err
	}
	var below []string
	if info.IsDir() {
		scanned, err := s.folder.Scan(ctx, to)
		if err != nil {
			return err
		}
		for _, e := range scanned.Files {
			below = append(below, e.Path[len(to):])
		}
	} else {
		below = []string{""}
	}
	return s.care(ctx, func(tx *projectdb.Tx) error {
		local, err := tx.LocalFiles(s.folderID)
		if err != nil {
			return err
		}
		byPath := map[string]projectdb.LocalFile{}
		for _, f := range local {
			byPath[f.Path] = f
		}
		for _, rest := range below {
			if f, ok := byPath[from+rest]; ok {
				f.Path = to + rest
				if err := tx.SetLocalFile(f); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
