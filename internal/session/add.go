package session

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"framehold/internal/chunk"
	"framehold/internal/chunkstore"
	"framehold/internal/projectdb"
	"framehold/internal/studio"
	"framehold/internal/workspace"
)

func chunkSum(b []byte) chunk.Hash { return chunk.Sum(b) }

// AddRequest tracks files and folders of the working folder.
type AddRequest struct {
	Paths    []string // relative, slashes; "" is the whole folder
	Task     bool
	Type     studio.TypeID
	Tags     []string
	Assign   studio.UserID
	Comment  string
	Progress Progress
}

// Added is what became of an add.
type Added struct {
	Files   []Made
	Folders Outcome // collections that were made
	Ignored int     // left out by ignore rules
	Links   int     // links and devices: never followed
	Already int     // tracked before
}

// Add tracks files: each becomes an asset and its v1, by the person who adds it, in one act that needs the right to
// create and no assignment. Folders become collections. Files are saved in batches, each batch whole or not at all.
func (s *Session) Add(ctx context.Context, r AddRequest) (Added, error) {
	var added Added
	if err := studio.CheckText("comment", r.Comment); err != nil {
		return added, err
	}
	if s.readOnly != nil {
		return added, s.readOnly
	}
	picture, err := s.Look(ctx)
	if err != nil {
		return added, err
	}
	var files []*saving
	var folders []string
	total, named := int64(0), map[string]bool{}
	for _, p := range once(r.Paths) {
		if info, err := s.folder.Lstat(p); p != "" && err == nil && !info.IsDir() && !info.IsRegular() { // named, not met on the way
			refusal := studio.Refuse(studio.CodeUnsupported, studio.Params{Path: p, Why: "not_tracked"})
			added.Files = append(added.Files, Made{Path: p, State: "refused", Err: refusal})
			continue
		}
		scanned, err := s.folder.Scan(ctx, p)
		if errors.Is(err, fs.ErrNotExist) {
			refusal := studio.Refuse(studio.CodeNoFile, studio.Params{Path: p, Why: "typed"})
			added.Files = append(added.Files, Made{Path: p, State: "refused", Err: refusal})
			continue
		}
		if err != nil {
			return added, fileFailure(p, err)
		}
		added.Ignored += scanned.Ignored
		added.Links += len(scanned.Links)
		if info, err := s.folder.Lstat(p); p != "" && err == nil && info.IsDir() {
			folders = append(folders, p)
		}
		folders = append(folders, scanned.Folders...)
		for _, e := range scanned.Files {
			if named[e.Path] { // in two of the folders that were named
				continue
			}
			named[e.Path] = true
			switch {
			case picture.unshared[e.Path] && e.Path == p:
				added.Files = append(added.Files, Made{Path: p, State: "refused", Err: picture.UnsharedAt(p)})
				continue
			case picture.unshared[e.Path]: // met on the way
				added.Already++
				continue
			}
			if id, ok := picture.At(e.Path); ok && picture.Assets[studio.AssetID{ID: id}] != nil {
				if !s.isTwin(picture.Path(id), e) {
					added.Already++
					continue
				}
				e.Unusable = "name_collision"
			}
			f := s.addition(e, r)
			files = append(files, f)
			total += e.Info.Size
		}
	}
	if added.Folders, err = s.makeFolders(ctx, folders); err != nil {
		return added, err
	}
	made, err := s.addBatches(ctx, files, r, total)
	added.Files = append(added.Files, made...)
	if _, scanErr := s.Rescan(ctx); err == nil {
		err = scanErr
	}
	return added, err
}

// isTwin tells whether a file on disk is another one than that of the asset at a path that has the same key: they differ
// in case or in how their letters are encoded.
func (s *Session) isTwin(of string, e workspace.Entry) bool {
	own, err := s.folder.Lstat(of)
	return of != e.Path && err == nil && (own.Inode != e.Info.Inode || own.Inode == 0)
}

// addition is a file that is to become an asset.
func (s *Session) addition(e workspace.Entry, r AddRequest) *saving {
	f := &saving{id: studio.CheckpointID{ID: s.clock.NewID()}, path: e.Path}
	f.asset.ID = studio.AssetID{ID: s.clock.NewID()}
	f.made = Made{Asset: f.asset.ID, Path: e.Path, State: "refused", TotalBytes: e.Info.Size}
	if e.Unusable != "" {
		f.made.Err = studio.Refuse(studio.CodeUnusableName, studio.Params{Path: e.Path, Why: e.Unusable})
	}
	kind := studio.Resource
	if r.Task || !r.Assign.IsZero() {
		kind = studio.Task
	}
	f.create = func(it *item, f *saving) error {
		dir, name := path.Split(e.Path)
		parent, err := it.ensureCollections(studio.CollectionID{}, splitPath(dir))
		if err != nil {
			return err
		}
		return it.create(f.asset.ID.ID, NewRequest{Parent: parent, Name: name, Kind: kind, Type: r.Type}, f.id)
	}
	f.finish = func(it *item, f *saving) error {
		for _, tag := range r.Tags {
			if _, err := it.do(f.asset.ID.ID, studio.KindTagAdd, &studio.TagBody{Tag: tag}); err != nil {
				return err
			}
		}
		return it.give(f.asset.ID.ID, r.Assign)
	}
	return f
}

func splitPath(p string) []string {
	p = strings.Trim(p, "/")
	if p == "" {
		return nil
	}
	return strings.Split(p, "/")
}

func (s *Session) makeFolders(ctx context.Context, folders []string) (Outcome, error) {
	if len(folders) == 0 {
		return Outcome{}, nil
	}
	var out Outcome
	err := s.write(ctx, projectdb.ActEdit, func(a *act) error {
		out = Outcome{}
		for _, folder := range folders {
			made := studio.CollectionID{}
			result := a.try(studio.ID{}, func(it *item, _ studio.ID) (err error) {
				made, err = it.ensureCollections(studio.CollectionID{}, splitPath(folder))
				return err
			})
			result.Path, result.Entity = folder, made.ID
			if result.Err != nil {
				result.Entity = studio.ID{}
			}
			if result.Err != nil || !result.Already {
				out.Results = append(out.Results, result)
			}
		}
		out.Group = a.group
		return nil
	})
	return out, err
}

// addBatches reads files and commits them, 256 MiB or so at a time.
func (s *Session) addBatches(ctx context.Context, files []*saving, r AddRequest, total int64) ([]Made, error) {
	done := int64(0)
	var made []Made
	for len(files) > 0 {
		n, bytes := 0, int64(0)
		for n < len(files) && n < addFilesMax && (n == 0 || bytes < maxBatchBytes) {
			bytes += files[n].made.TotalBytes
			n++
		}
		batch := files[:n]
		files = files[n:]
		if err := s.again(func() error { return s.addBatch(ctx, batch, r, done, total) }); err != nil {
			return made, storeFailure(err)
		}
		done += bytes
		made = append(made, results(batch)...)
	}
	return made, nil
}

const addFilesMax = 2000 // in one transaction

func (s *Session) addBatch(ctx context.Context, files []*saving, r AddRequest, done, total int64) error {
	batch := s.packs.Begin()
	defer batch.Close()
	for _, f := range files {
		if f.made.Err != nil {
			continue
		}
		if f.made.Err = s.dry(ctx, func(a *act) error { return a.rehearseNew(f) }); f.made.Err != nil {
			continue
		}
		f.made.Err = s.read(ctx, f, batch, func(n int64) {
			r.Progress.tell(Step{Phase: PhaseReading, Path: f.made.Path, Done: done + n, Total: total})
		})
		if ctx.Err() != nil {
			return fileFailure(f.made.Path, ctx.Err())
		}
		done += f.made.TotalBytes
	}
	r.Progress.tell(Step{Phase: PhaseSecuring, Done: done, Total: total})
	return s.commitFiles(ctx, files, batch, CheckpointRequest{Comment: r.Comment}, studio.Hash{})
}

// rehearseNew decides whether an asset may be made, before its file is read.
func (a *act) rehearseNew(f *saving) error {
	return a.try(f.asset.ID.ID, func(it *item, _ studio.ID) error {
		if err := f.create(it, f); err != nil || f.finish == nil {
			return err
		}
		return f.finish(it, f)
	}).Err
}

// SaveAsCopy tracks what a working file holds as a resource of its own beside it: for work on a task that someone else
// holds. The file itself stays as it is. Codes: trashed, no_file, those of Add.
func (s *Session) SaveAsCopy(ctx context.Context, id studio.AssetID, progress Progress) (Made, error) {
	file, err := s.fileNow(ctx, id)
	if err != nil {
		return Made{}, err
	}
	if !file.Exists {
		return Made{}, studio.Refuse(studio.CodeNoFile, studio.Params{Path: file.Path})
	}
	picture, err := s.Look(ctx)
	if err != nil {
		return Made{}, err
	}
	a := picture.Assets[id]
	me := picture.Members[s.me]
	onDisk, err := s.namesBeside(file.Path)
	if err != nil {
		return Made{}, fileFailure(file.Path, err)
	}
	f := &saving{id: studio.CheckpointID{ID: s.clock.NewID()}, path: file.Path}
	f.asset.ID = studio.AssetID{ID: s.clock.NewID()}
	f.made = Made{Asset: f.asset.ID, Path: file.Path, State: "refused", TotalBytes: file.Size}
	f.create = func(it *item, f *saving) error {
		name := freeCopyName(a.Name, me.Username, func(n string) bool {
			_, taken := it.state.Named(a.Parent, studio.NameKey(n))
			return taken || onDisk[studio.NameKey(n)]
		})
		return it.create(f.asset.ID.ID, NewRequest{Parent: a.Parent, Name: name, Kind: studio.Resource, Type: a.Type}, f.id)
	}
	if err := s.dry(ctx, func(act *act) error { return act.rehearseNew(f) }); err != nil {
		return f.made, err
	}
	if err := s.again(func() error {
		batch := s.packs.Begin()
		defer batch.Close()
		if err := s.read(ctx, f, batch, func(n int64) {
			progress.tell(Step{Phase: PhaseReading, Path: file.Path, Done: n, Total: file.Size})
		}); err != nil {
			return err
		}
		return s.commitCopy(ctx, f, batch, a.Name)
	}); err != nil {
		return f.made, storeFailure(err)
	}
	if f.made.Err != nil {
		return f.made, f.made.Err
	}
	return f.made, s.fetchOne(ctx, f.asset.ID, progress)
}

// namesBeside are the keys of the names in the folder that a file stands in.
func (s *Session) namesBeside(rel string) (map[string]bool, error) {
	entries, err := s.fs.ReadDir(s.folder.Path(path.Dir(rel)))
	names := map[string]bool{}
	for _, e := range entries {
		names[studio.NameKey(e.Name())] = true
	}
	return names, err
}

// commitCopy is commitFiles for a copy: the working file stays the other asset's.
func (s *Session) commitCopy(ctx context.Context, f *saving, batch *chunkstore.Batch, of string) error {
	if err := batch.Flush(); err != nil {
		return err
	}
	return s.write(ctx, projectdb.ActEdit, func(a *act) error {
		if err := a.tx.AddContent(contentOf(batch.Pending())); err != nil {
			return err
		}
		result := a.try(f.asset.ID.ID, func(it *item, _ studio.ID) error {
			if err := f.create(it, f); err != nil {
				return err
			}
			return it.seal(f, CheckpointRequest{Comment: "copy of " + of}, studio.Hash{})
		})
		f.made.Err, f.made.Path = result.Err, result.Path
		if result.Err == nil {
			k, _ := a.state.Checkpoint(f.id)
			f.made.State, f.made.ID, f.made.Version, f.made.Label = stateName(k.State), f.id, k.Version, studio.LabelIn(a.state, k)
		}
		if result.Err == nil && len(f.picture.WebP) > 0 {
			return a.tx.PutPreview(studio.Hash(chunkSum(f.picture.WebP)), f.picture.WebP)
		}
		return nil
	})
}

func freeCopyName(name, by string, taken func(string) bool) string {
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	for n := 1; ; n++ {
		candidate := stem + " (" + by + ")" + ext
		if n > 1 {
			candidate = stem + " (" + by + " " + strconv.Itoa(n) + ")" + ext
		}
		if !taken(candidate) {
			return candidate
		}
	}
}
