// Package workspace is the artist's files: the working folder of a project with its marker. It scans, reads a file that
// holds still, puts a file in place atomically, and tells when something changed.
//
// It refuses to know assets, people or the store. Invariants: no link is followed, so nothing outside the folder is
// read or written; a file that is in the way is replaced only when the caller vouches for exactly what is there; a
// crash leaves the old file or the new one, and perhaps a part file, which SweepParts takes away.
package workspace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"framehold/internal/atomicfile"
	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/studio"
)

const (
	// MarkerName is the file that makes a folder a project's working folder.
	MarkerName = ".framehold"
	// IgnoreName is a file of ignore rules, in gitignore syntax, for the folder it stands in and below.
	IgnoreName     = ".frameholdignore"
	ownPrefix      = ".framehold-"
	partSuffix     = ".part"
	markerFormat   = 1
	markerMaxBytes = 64 << 10
)

// Marker is what the file .framehold says.
type Marker struct {
	Format  int    `json:"format"`
	Project string `json:"project"` // 32 hex digits
	Folder  string `json:"folder"`  // 32 hex digits, random: tells a moved folder from a copied one
	Store   string `json:"store"`   // absolute path of the project store
}

// Options say which folder to open and with what.
type Options struct {
	FS    fsys.FS
	Clock *clock.Clock
	Root  string
	// Pause waits between the tries of a stable read; nil: by the computer's timer.
	Pause func(ctx context.Context, d time.Duration) error
}

// Folder is an open working folder. Safe for concurrent use.
type Folder struct {
	fs    fsys.FS
	clock *clock.Clock
	root  string
	pause func(ctx context.Context, d time.Duration) error
}

// Open returns the folder; it reads nothing.
func Open(o Options) *Folder {
	f := &Folder{fs: o.FS, clock: o.Clock, root: filepath.Clean(o.Root), pause: o.Pause}
	if f.pause == nil {
		f.pause = sleep
	}
	return f
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Root is the absolute path of the folder.
func (f *Folder) Root() string { return f.root }

// ReadMarker reads the marker of a folder; fs.ErrNotExist when there is none.
func ReadMarker(f fsys.FS, root string) (m Marker, err error) {
	file, err := f.OpenNoFollow(filepath.Join(root, MarkerName))
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return m, err
	}
	if !info.IsRegular() || info.Size > markerMaxBytes {
		return m, fmt.Errorf("read marker: %s is no marker", file.Name())
	}
	b := make([]byte, info.Size)
	if n, err := file.ReadAt(b, 0); n < len(b) {
		return m, fmt.Errorf("read marker: %w", err)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("read marker: %w", err)
	}
	if m.Format != markerFormat {
		return m, fmt.Errorf("read marker: format %d is not known", m.Format)
	}
	return m, nil
}

// WriteMarker makes or replaces the marker of a folder, durably.
func WriteMarker(f fsys.FS, root string, m Marker) error {
	m.Format = markerFormat
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(f, filepath.Join(root, MarkerName), append(b, '\n'), 0o644)
}

// FindRoot is the nearest folder from dir upwards that has a marker.
func FindRoot(f fsys.FS, dir string) (string, bool) {
	for at := filepath.Clean(dir); ; at = filepath.Dir(at) {
		if info, err := f.Lstat(filepath.Join(at, MarkerName)); err == nil && info.IsRegular() {
			return at, true
		}
		if at == filepath.Dir(at) {
			return "", false
		}
	}
}

// NestedBelow finds a project inside a folder: one level of care for who makes a project around others.
func NestedBelow(ctx context.Context, f fsys.FS, root string) (string, bool, error) {
	folder := Open(Options{FS: f, Root: root})
	scanned, err := folder.Scan(ctx, "")
	if err != nil || len(scanned.Nested) == 0 {
		return "", false, err
	}
	return filepath.Join(root, filepath.FromSlash(scanned.Nested[0])), true, nil
}

// Rel is the path of something in the folder, with slashes, from a path as a person types it in folder cwd.
// Code: outside_project.
func (f *Folder) Rel(cwd, name string) (string, error) {
	abs := name
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(cwd, name)
	}
	rel, err := filepath.Rel(f.root, filepath.Clean(abs))
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", studio.Refuse(studio.CodeOutside, studio.Params{Path: name, Project: f.root})
	}
	if rel == "." {
		return "", nil
	}
	return filepath.ToSlash(rel), nil
}

// Path is the absolute path of a relative one.
func (f *Folder) Path(rel string) string { return filepath.Join(f.root, filepath.FromSlash(rel)) }

// Lstat describes a file of the folder. A link on the way to it is refused:
// outside_project; a file: in_the_way.
func (f *Folder) Lstat(rel string) (fsys.Info, error) {
	if err := f.checkWay(rel); err != nil {
		return fsys.Info{}, err
	}
	return f.fs.Lstat(f.Path(rel))
}

// checkWay refuses paths that lead through a link, or through a file.
func (f *Folder) checkWay(rel string) error {
	for at := filepath.ToSlash(filepath.Dir(rel)); at != "." && at != "/"; at = filepath.ToSlash(filepath.Dir(at)) {
		if at == ".." || strings.HasPrefix(at, "../") {
			return studio.Refuse(studio.CodeOutside, studio.Params{Path: rel, Project: f.root})
		}
		info, err := f.fs.Lstat(f.Path(at))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if info.IsRegular() {
			return studio.Refuse(studio.CodeInTheWay, studio.Params{Path: at})
		}
		if !info.IsDir() {
			return studio.Refuse(studio.CodeOutside, studio.Params{Path: rel, Project: f.root})
		}
	}
	return nil
}

// Remove deletes a working file whose content is safe: it must still be the one that seen describes, else ErrChanged.
// It is set aside under a name of ours and looked at again first, so that what another program puts there meanwhile
// is not what is deleted.
func (f *Folder) Remove(rel string, seen fsys.Info) error {
	now, err := f.Lstat(rel)
	if err != nil {
		return err
	}
	if !now.Same(seen) {
		return ErrChanged
	}
	target := f.Path(rel)
	aside, err := ownName(filepath.Dir(target))
	if err != nil {
		return err
	}
	if err := f.fs.RenameNew(target, aside); err != nil {
		return err
	}
	moved, err := f.fs.Lstat(aside)
	if err == nil && !sameBytes(moved, seen) {
		err = ErrChanged
	}
	if err == nil {
		err = f.fs.Remove(aside)
	}
	if err != nil {
		return errors.Join(err, giveBack(f.fs, aside, target))
	}
	return f.fs.SyncDir(filepath.Dir(target))
}

// Rename gives a working file or folder another place; fs.ErrExist when something else is there. Nothing is replaced.
func (f *Folder) Rename(from, to string) error {
	if err := errors.Join(f.checkWay(from), f.checkWay(to)); err != nil {
		return err
	}
	if err := f.fs.MkdirAll(filepath.Dir(f.Path(to)), 0o755); err != nil {
		return err
	}
	one, err := f.SameEntry(from, to)
	if err != nil {
		return err
	}
	rename := f.fs.RenameNew
	if one { // a change of case or normal form alone, on a disk where both are one name
		rename = f.fs.Rename
	}
	if err := rename(f.Path(from), f.Path(to)); err != nil {
		return err
	}
	return errors.Join(f.fs.SyncDir(filepath.Dir(f.Path(from))), f.fs.SyncDir(filepath.Dir(f.Path(to))))
}

// SameEntry tells whether two names, both of which lead to something, are one entry of one folder: on a disk that takes
// no notice of case or normal form. Two names of one file (a hard link) are two entries.
func (f *Folder) SameEntry(from, to string) (bool, error) {
	dir, name := path.Split(to)
	if other, was := path.Split(from); other != dir || studio.NameKey(was) != studio.NameKey(name) {
		return false, nil
	}
	a, errFrom := f.fs.Lstat(f.Path(from))
	b, errTo := f.fs.Lstat(f.Path(to))
	if err := errors.Join(errFrom, errTo); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, err
	}
	if a.Inode != b.Inode || a.Device != b.Device {
		return false, nil
	}
	entries, err := f.fs.ReadDir(f.Path(dir))
	beside := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name })
	return err == nil && (from == to || !beside), err
}

// Resolve is where a path of the project is on this disk: each name exactly where it is there, else one that differs in
// case or normal form alone, as disks and programs write them. Names that are not there stay as they are.
func (f *Folder) Resolve(rel string) (string, error) {
	parts, at := strings.Split(rel, "/"), ""
	for i, name := range parts {
		if err := f.checkWay(path.Join(at, name)); err != nil { // a twin on the way may be no folder
			return rel, err
		}
		_, err := f.fs.Lstat(f.Path(path.Join(at, name)))
		if errors.Is(err, fs.ErrNotExist) {
			if name, err = f.twin(at, name); err == nil && name == "" {
				return path.Join(at, strings.Join(parts[i:], "/")), nil
			}
		}
		if err != nil {
			return rel, err
		}
		at = path.Join(at, name)
	}
	return at, nil
}

// twin is the first name in a folder that differs from name in case or normal form alone; "" when there is none.
func (f *Folder) twin(dir, name string) (string, error) {
	entries, err := f.fs.ReadDir(f.Path(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	key := studio.NameKey(name)
	for _, e := range entries {
		if studio.NameKey(e.Name()) == key && (e.IsDir() || e.Type().IsRegular()) {
			return e.Name(), nil
		}
	}
	return "", err
}

// Mkdir makes a folder and those above it.
func (f *Folder) Mkdir(rel string) error {
	if err := f.checkWay(rel + "/x"); err != nil {
		return err
	}
	return f.fs.MkdirAll(f.Path(rel), 0o755)
}
