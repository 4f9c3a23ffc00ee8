package session

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"framehold/internal/archive"
	"framehold/internal/chunkstore"
	"framehold/internal/fsys"
	"framehold/internal/projectdb"
	"framehold/internal/studio"
	"framehold/internal/workspace"
)

// Export writes the whole project as one file at path, where nothing may be; returns its size in bytes. Codes:
// permission, in_the_way, disk_full; store_in_use, while packs are being collected.
func (s *Session) Export(ctx context.Context, path string, progress Progress) (int64, error) {
	if there, err := s.fs.Lstat(path); err == nil {
		return 0, studio.Refuse(studio.CodeInTheWay, studio.Params{Path: path, Why: folderOr(there, "")})
	}
	p, err := s.Look(ctx)
	if err != nil {
		return 0, err
	}
	if !s.May(p).Has(studio.MayExport) {
		return 0, studio.Refuse(studio.CodePermission, studio.Params{Who: studio.WhoMay(p.View(), studio.MayExport)})
	}
	release, err := s.lease() // a pack that the copy names stays until it is in the file
	if err != nil {
		return 0, err
	}
	defer release()
	copied := filepath.Join(filepath.Dir(s.db.Path()), "export-"+studio.ID(s.clock.NewID()).String()+".db")
	defer func() { _ = s.fs.Remove(copied) }() // a copy: what is left is swept by a person, not lost
	if err := s.db.CopyTo(ctx, copied); err != nil {
		return 0, storeFailure(err)
	}
	items := []archive.Item{{Name: "project.db", Path: copied}}
	packs, err := s.livePackFiles(ctx)
	if err != nil {
		return 0, storeFailure(err)
	}
	total := int64(0)
	for pack, size := range packs {
		name := pack.String() + ".pack"
		total += size
		items = append(items, archive.Item{Name: "packs/" + name, Path: filepath.Join(filepath.Dir(s.db.Path()), "packs", name)})
	}
	info, err := workspace.PlaceAt(ctx, s.fs, path, workspace.Placing{
		Write: func(f fsys.File) error {
			return archive.Write(ctx, s.fs, f, archive.About{Project: p.Project.ID.String(), Name: p.Project.Name}, items, func(n int64) {
				progress.tell(Step{Phase: PhaseWriting, Path: path, Done: n, Total: total})
			})
		},
		InTheWay: func(fsys.Info) error { return studio.Refuse(studio.CodeInTheWay, studio.Params{Path: path}) },
	})
	return info.Size, fileFailure(path, err)
}

// livePackFiles are the packs that rows name: others may be taken away again by the process that writes them.
func (s *Session) livePackFiles(ctx context.Context) (map[chunkstore.PackID]int64, error) {
	packs, err := s.packs.PackFiles()
	if err != nil {
		return nil, err
	}
	return packs, s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		known, err := snap.Packs()
		for id := range packs {
			if known[studio.ID(id)].Chunks == 0 {
				delete(packs, id)
			}
		}
		return err
	})
}

// folderOr is the reason of a folder in the way, else another one.
func folderOr(there fsys.Info, why string) string {
	if there.IsDir() {
		return "folder"
	}
	return why
}

// Import makes a project of an exported file in folder dir, verifies it, and puts the newest versions of a personal project
// in place. What is damaged, or of a project that the person is not in, leaves nothing behind.
// Codes: no_file, damaged, nested_project, in_the_way, not_member.
func Import(ctx context.Context, env Env, from, dir string, progress Progress) (s *Session, err error) {
	if above, ok := workspace.FindRoot(env.FS, dir); ok {
		return nil, studio.Refuse(studio.CodeNestedProject, studio.Params{Path: dir, Now: above})
	}
	store, err := filepath.Abs(env.Home().storeDir(studio.ID(env.Clock.NewID()).String()))
	if err != nil {
		return nil, err
	}
	keep := false
	defer func() {
		if !keep {
			err = errors.Join(err, discard(env.FS, store))
		}
	}()
	about, err := unpack(ctx, env, from, store, progress)
	if err != nil {
		return nil, fileFailure(from, err)
	}
	if err := env.FS.MkdirAll(dir, 0o755); err != nil {
		return nil, fileFailure(dir, err)
	}
	marker := workspace.Marker{Project: about.Project, Folder: studio.ID(env.Clock.NewID()).String(), Store: store}
	if s, err = attach(ctx, env, dir, marker, projectdb.Open); err != nil {
		return nil, err
	}
	if err := errors.Join(s.proved(ctx, from, progress), s.Close()); err != nil {
		return nil, err
	}
	keep = true // a marker may name it from here on, whatever is said of its writing
	if err := workspace.WriteMarker(env.FS, dir, marker); err != nil {
		return nil, fileFailure(dir, err)
	}
	if s, err = Open(ctx, env, dir); err != nil {
		return nil, err
	}
	if s.remote != nil { // as after a clone, files come when they are asked for
		return s, nil
	}
	p, err := s.Look(ctx)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	var heads []studio.AssetID
	for _, id := range p.Below(studio.CollectionID{}) {
		if !p.Assets[id].Head.IsZero() {
			heads = append(heads, id)
		}
	}
	restored, err := s.Fetch(ctx, heads, progress)
	for _, r := range restored {
		err = errors.Join(err, r.Err)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// proved checks that a store which was unpacked is one that the person may open, and whole.
func (s *Session) proved(ctx context.Context, from string, progress Progress) error {
	profile, err := s.home.Profile(s.env.Fallback)
	if err != nil {
		return err
	}
	if _, err := s.recognise(ctx); err != nil { // a studio's project need not have every content here
		return err
	}
	if err := s.enter(ctx, profile); err != nil {
		return err
	}
	v, err := s.Verify(ctx, progress)
	if err == nil && len(v.Problems) > 0 {
		err = studio.Refuse(studio.CodeDamaged, studio.Params{Path: from, N: len(v.Problems)})
	}
	return err
}

// discard takes a store away again of which no project was made.
func discard(f fsys.FS, dir string) error {
	entries, err := f.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			err = errors.Join(err, discard(f, path))
			continue
		}
		err = errors.Join(err, f.Remove(path))
	}
	return errors.Join(err, f.Remove(dir))
}

func unpack(ctx context.Context, env Env, from, store string, progress Progress) (about archive.About, err error) {
	there, err := env.FS.Stat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return about, studio.Refuse(studio.CodeNoFile, studio.Params{Path: from, Why: "typed"})
	}
	if err == nil && !there.IsRegular() { // a pipe would be waited for without end
		return about, studio.Refuse(studio.CodeUnsupported, studio.Params{Path: from, Why: "not_plain"})
	}
	if err != nil {
		return about, err
	}
	file, err := env.FS.OpenFile(from, os.O_RDONLY, 0)
	if err != nil {
		return about, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return about, err
	}
	about, err = archive.Read(ctx, env.FS, file, info.Size, store, func(n int64) {
		progress.tell(Step{Phase: PhaseWriting, Path: from, Done: n, Total: info.Size})
	})
	if errors.Is(err, archive.ErrMalformed) {
		err = coded{studio.Refuse(studio.CodeDamaged, studio.Params{Path: from, Why: "archive", N: 1}), err}
	}
	return about, err
}
