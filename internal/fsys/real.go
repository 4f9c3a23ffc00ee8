package fsys

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// ErrLink says that a name that must be a regular file is a link, folder, device or pipe.
var ErrLink = errors.New("not a regular file")

// ErrLocked says that another process holds the lock.
var ErrLocked = errors.New("locked by another process")

func (realFS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return realFile{f}, nil
}

func (realFS) OpenNoFollow(name string) (File, error) {
	if err := checkNoFollow(name); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDONLY|flagNoFollow, 0)
	if err != nil {
		if isLinkError(err) {
			err = &fs.PathError{Op: "open", Path: name, Err: ErrLink}
		}
		return nil, err
	}
	info, err := statFile(f)
	if err == nil && !info.IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: ErrLink}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return realFile{f}, nil
}

func (realFS) Lstat(name string) (Info, error) {
	i, err := os.Lstat(name)
	if err != nil {
		return Info{}, err
	}
	return infoOf(i), nil
}

func (realFS) Stat(name string) (Info, error) {
	i, err := os.Stat(name)
	if err != nil {
		return Info{}, err
	}
	return infoOf(i), nil
}

func (realFS) ReadDir(name string) ([]fs.DirEntry, error)   { return os.ReadDir(name) }
func (realFS) Mkdir(name string, perm fs.FileMode) error    { return os.Mkdir(name, perm) }
func (realFS) MkdirAll(name string, perm fs.FileMode) error { return os.MkdirAll(name, perm) }
func (realFS) Rename(oldName, newName string) error         { return os.Rename(oldName, newName) }
func (realFS) Remove(name string) error                     { return os.Remove(name) }
func (realFS) Chmod(name string, mode fs.FileMode) error    { return os.Chmod(name, mode) }
func (realFS) Chtimes(name string, atime, mtime time.Time) error {
	return os.Chtimes(name, atime, mtime)
}

func (realFS) RenameNew(oldName, newName string) error { return renameNew(oldName, newName) }
func (realFS) Exchange(a, b string) error              { return exchange(a, b) }
func (realFS) SyncDir(name string) error               { return syncDir(name) }
func (realFS) FreeBytes(name string) (int64, error)    { return freeBytes(name) }

func (realFS) Lock(name string, shared bool) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(f, shared); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", name, err), f.Close())
	}
	return f, nil
}

func (f realFile) Stat() (Info, error) { return statFile(f.File) }

func (f realFile) Sync() error { return syncFile(f.File) }

func (f realFile) StartWriteback(offset, length int64) { startWriteback(f.File, offset, length) }

func (f realFile) Preallocate(size int64) error { return preallocate(f.File, size) }

func (f realFile) NextData(offset int64) (start, end int64, err error) {
	return nextData(f.File, offset)
}

func statFile(f *os.File) (Info, error) {
	i, err := f.Stat()
	if err != nil {
		return Info{}, err
	}
	return infoOf(i), nil
}

func infoOf(i fs.FileInfo) Info {
	info := Info{Name: i.Name(), Size: i.Size(), Mode: i.Mode(), MtimeNs: i.ModTime().UnixNano()}
	fill(&info, i)
	return info
}

// restIsData is NextData where holes are not known.
func restIsData(f *os.File, offset int64) (start, end int64, err error) {
	i, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	return min(offset, i.Size()), i.Size(), nil
}

// renameByLink renames where the system has no rename that leaves what is there alone: a second name for a file fails
// when the name is taken. A folder has but one name; what a rename of it could replace is an empty folder.
func renameByLink(oldName, newName string) error {
	i, err := os.Lstat(oldName)
	if err != nil {
		return err
	}
	if !i.IsDir() {
		if err := os.Link(oldName, newName); err != nil {
			return err
		}
		return os.Remove(oldName)
	}
	if _, err := os.Lstat(newName); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: fs.ErrExist})
	}
	return os.Rename(oldName, newName)
}
