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
	StateUnshared  FileState = "unshared" // its asset is no longer shared with this person
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
		return picture.stands(id.ID) && (!there || f.Base != a.Head)
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
		for id := range known.Of {
			if picture.Assets[id] == nil { // no longer shared with the person
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
	unshared  []workspace.Entry
	folders   []string
	scanned   workspace.Scanned
}

// Working is the state of the working folder.
type Working struct {
	Looked    bool // false: not looked at yet
	Of        map[studio.AssetID]File
	Untracked []workspace.Entry // unusable ones too
	Unshared  []workspace.Entry // of assets that are no longer shared with this person: kept, and never touched
	Ignored   int
	Links     []string
	Nested    []string
}

// Files returns the working folder as it was looked at last.
func (s *Session) Files() Working {
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	w := s.files.scanned
	return Working{Looked: s.files.looked, Of: s.files.of, Untracked: s.files.untracked, Unshared: s.files.unshared, Ignored: w.Ignored,
		Links: w.Links, Nested: w.Nested}
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
	var untracked, unshared []workspace.Entry
	of := map[studio.AssetID]File{}
	assets, own := look.owners(scanned.Files)
	for i, e := range scanned.Files {
		id := assets[i]
		if id.IsZero() || own[id] != e.Path {
			switch {
			case id.IsZero() && look.picture.unshared[e.Path]:
				unshared = append(unshared, e)
				continue
			case !id.IsZero():
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
	for id := range look.picture.Assets {
		if _, there := of[id]; !there && look.picture.stands(id.ID) {
			of[id] = look.absent(id)
		}
	}
	look.keep(ctx)
	s.files.mu.Lock()
	defer s.files.mu.Unlock()
	same := s.files.looked && maps.Equal(s.files.of, of) && slices.Equal(s.files.untracked, untracked) &&
		slices.Equal(s.files.unshared, unshared) && slices.Equal(s.files.folders, scanned.Folders)
	s.files.looked, s.files.of, s.files.untracked, s.files.unshared, s.files.scanned = true, of, untracked, unshared, scanned
	s.files.folders = scanned.Folders
	return !same, nil
}

// look is one look at files, with what it needs of the store.
type look struct {
	s       *Session
	picture *Picture
	local   map[studio.AssetID]projectdb.LocalFile
	stats   map[string]projectdb.Stat
	content map[studio.CheckpointID]studio.Checkpoint
	renamed map[studio.AssetID]bool // by the server, and its author has not decided yet (row F2), or by another: its file stays where it is
	fresh   []projectdb.Stat
	adopted []projectdb.LocalFile
}

func (s *Session) newLook(ctx context.Context) (*look, error) {
	picture, err := s.Look(ctx)
	if err != nil {
		return nil, err
	}
	l := &look{s: s, picture: picture, content: map[studio.CheckpointID]studio.Checkpoint{}, renamed: map[studio.AssetID]bool{}}
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) (err error) {
		cards, err := snap.Cards()
		if err != nil {
			return err
		}
		for _, c := range cards {
			l.renamed[c.Asset] = l.renamed[c.Asset] || c.Code == studio.CodeRenamed
		}
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
	return l, err
}

// leftBehind is what stands where it was put although another has renamed or moved its asset since: the assets by the
// path of their file. It is the asset's all the same as long as nothing stands at its new place.
func (l *look) leftBehind() map[string]studio.AssetID {
	left := map[string]studio.AssetID{}
	for id, f := range l.local {
		at := l.picture.Path(id.ID)
		if l.picture.Assets[id] == nil || at == f.Path || !l.picture.stands(id.ID) {
			continue
		}
		if _, taken := l.picture.At(f.Path); taken { // by another, or its names differ in case or normal form alone
			continue
		}
		if other, both := left[f.Path]; !both || l.local[other].PutMs < f.PutMs {
			left[f.Path] = id
		}
	}
	return left
}

// owners finds the asset at whose place each file stands, zero for none, and which file is an asset's own where several
// differ in case or normal form alone: the one that was put there, else the one of its exact name, else the first.
func (l *look) owners(files []workspace.Entry) (assets []studio.AssetID, own map[studio.AssetID]string) {
	weight := func(id studio.AssetID, at string) int {
		switch at {
		case "":
			return 0
		case l.local[id].Path:
			return 3
		case l.picture.Path(id.ID):
			return 2
		}
		return 1
	}
	assets, own = make([]studio.AssetID, len(files)), map[studio.AssetID]string{}
	kept := map[string]studio.AssetID{}
	for id, waits := range l.renamed {
		if f, ok := l.local[id]; ok && waits {
			kept[f.Path] = id
		}
	}
	for i, e := range files {
		at, _ := l.picture.At(e.Path)
		id := studio.AssetID{ID: at}
		if mine, waits := kept[e.Path]; waits {
			id = mine
		}
		if l.picture.Assets[id] == nil {
			continue
		}
		assets[i] = id
		if weight(id, e.Path) > weight(id, own[id]) {
			own[id] = e.Path
		}
	}
	left := l.leftBehind()
	for i, e := range files {
		if id, is := left[e.Path]; is && assets[i].IsZero() && own[id] == "" {
			assets[i], own[id], l.renamed[id] = id, e.Path, true
		}
	}
	return assets, own
}

// localOf is what the file at an asset's place came from. What was put elsewhere, before the asset was moved, says
// nothing about a file that stands at its place now.
func (l *look) localOf(id studio.AssetID) (projectdb.LocalFile, bool) {
	local, ok := l.local[id]
	return local, ok && (l.renamed[id] || local.Path == l.picture.Path(id.ID) || keyPath(local.Path) == l.picture.keys[id.ID])
}

// holderOf is the asset whose file stands at a path on disk: the one at its place, but for a file that was put there
// for another that has been moved away since, in another working folder.
func (l *look) holderOf(id studio.AssetID, at string) studio.AssetID {
	if _, own := l.localOf(id); own {
		return id
	}
	holder := id
	newest := int64(-1)
	for other, f := range l.local {
		if a := l.picture.Assets[other]; a != nil && !a.Purged && other != id && f.Path == at && f.PutMs > newest {
			holder, newest = other, f.PutMs
		}
	}
	return holder
}

func (l *look) absent(id studio.AssetID) File {
	f := File{Path: l.picture.Path(id.ID)}
	l.base(id, &f)
	return f
}

func (l *look) base(id studio.AssetID, f *File) int64 {
	local, ok := l.localOf(id)
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

// adoptBase finds which version a file holds that was not put there by us, and remembers it: who works on from it
// works on from that version.
func (l *look) adoptBase(ctx context.Context, id studio.AssetID, f *File) error {
	err := l.s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		newest := uint32(0)
		for _, k := range snap.Checkpoints(id) {
			if k.Manifest == f.Content && k.State == studio.Accepted && k.Version > newest {
				f.Base, f.BaseHash, newest = k.ID, k.Manifest, k.Version
			}
		}
		return nil
	})
	if err == nil && !f.Base.IsZero() {
		l.adopted = append(l.adopted, projectdb.LocalFile{Folder: l.s.folderID, Asset: id, Path: f.Path, Base: f.Base,
			Manifest: f.Content, PutMs: l.s.clock.NowMs()})
	}
	return err
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

// keep remembers what was read. When it cannot be written, files are read again the next time. What came to be known of
// a file meanwhile, in another process, stays.
func (l *look) keep(ctx context.Context) {
	if len(l.fresh) == 0 && len(l.adopted) == 0 {
		return
	}
	_ = l.s.care(ctx, func(tx *projectdb.Tx) error {
		for _, st := range l.fresh {
			if err := tx.SetStat(l.s.folderID, st); err != nil {
				return err
			}
		}
		for _, f := range l.adopted {
			if now, ok := tx.LocalFile(l.s.folderID, f.Asset); ok && now != l.local[f.Asset] {
				continue
			}
			if err := tx.SetLocalFile(f); err != nil {
				return err
			}
		}
		return nil
	})
	l.fresh, l.adopted = nil, nil
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

// fileOf looks at the file of an asset. Code: trashed, for its place may be another's now.
func (l *look) fileOf(ctx context.Context, id studio.AssetID) (File, error) {
	a := l.picture.Assets[id]
	if a == nil {
		return File{}, studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: id.String()})
	}
	at := l.picture.Path(id.ID)
	if l.picture.InTrash(id) {
		return File{Path: at}, studio.Refuse(studio.CodeTrashed, studio.Params{Asset: at})
	}
	if put, here := l.local[id]; here && put.Path != at && l.leftBehind()[put.Path] == id {
		_, has, err := l.s.standing("", at)
		if err != nil {
			return File{Path: at}, fileFailure(at, err)
		}
		l.renamed[id] = l.renamed[id] || !has
	}
	if local, ok := l.localOf(id); ok && local.Path != at {
		if info, err := l.s.folder.Lstat(local.Path); err == nil && info.IsRegular() {
			at = local.Path
		}
	}
	at, err := l.s.folder.Resolve(at)
	if err != nil {
		return File{Path: at}, fileFailure(at, err)
	}
	info, err := l.s.folder.Lstat(at)
	if errors.Is(err, fs.ErrNotExist) {
		f := l.absent(id)
		f.Path = at
		return f, nil
	}
	if err == nil && !info.IsRegular() {
		err = fsys.ErrLink
	}
	if err != nil {
		return File{Path: at}, fileFailure(at, err)
	}
	f, err := l.file(ctx, id, at, info)
	l.keep(ctx)
	return f, fileFailure(at, err)
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
