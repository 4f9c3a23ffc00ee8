package fsys

import (
	"io"
	"io/fs"
	"time"
)

// Faulty is a file system whose calls a test can fail: Fail hears each call's name and path before it is made, and an
// error that it returns is the call's answer.
type Faulty struct {
	FS
	Fail func(call, path string) error
}

// NewFaulty wraps a file system.
func NewFaulty(f FS, fail func(call, path string) error) *Faulty { return &Faulty{FS: f, Fail: fail} }

func (f *Faulty) file(file File, err error) (File, error) {
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, f}, nil
}

// OpenFile can fail.
func (f *Faulty) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	if err := f.Fail("open", name); err != nil {
		return nil, err
	}
	return f.file(f.FS.OpenFile(name, flag, perm))
}

// OpenNoFollow can fail.
func (f *Faulty) OpenNoFollow(name string) (File, error) {
	if err := f.Fail("open", name); err != nil {
		return nil, err
	}
	return f.file(f.FS.OpenNoFollow(name))
}

// Lstat can fail.
func (f *Faulty) Lstat(name string) (Info, error) {
	if err := f.Fail("lstat", name); err != nil {
		return Info{}, err
	}
	return f.FS.Lstat(name)
}

// ReadDir can fail.
func (f *Faulty) ReadDir(name string) ([]fs.DirEntry, error) {
	if err := f.Fail("readdir", name); err != nil {
		return nil, err
	}
	return f.FS.ReadDir(name)
}

// MkdirAll can fail.
func (f *Faulty) MkdirAll(name string, perm fs.FileMode) error {
	if err := f.Fail("mkdir", name); err != nil {
		return err
	}
	return f.FS.MkdirAll(name, perm)
}

// Rename can fail.
func (f *Faulty) Rename(oldName, newName string) error {
	if err := f.Fail("rename", newName); err != nil {
		return err
	}
	return f.FS.Rename(oldName, newName)
}

// RenameNew can fail.
func (f *Faulty) RenameNew(oldName, newName string) error {
	if err := f.Fail("rename", newName); err != nil {
		return err
	}
	return f.FS.RenameNew(oldName, newName)
}

// Exchange can fail.
func (f *Faulty) Exchange(a, b string) error {
	if err := f.Fail("exchange", b); err != nil {
		return err
	}
	return f.FS.Exchange(a, b)
}

// Remove can fail.
func (f *Faulty) Remove(name string) error {
	if err := f.Fail("remove", name); err != nil {
		return err
	}
	return f.FS.Remove(name)
}

// Chtimes can fail.
func (f *Faulty) Chtimes(name string, atime, mtime time.Time) error {
	if err := f.Fail("chtimes", name); err != nil {
		return err
	}
	return f.FS.Chtimes(name, atime, mtime)
}

// SyncDir can fail.
func (f *Faulty) SyncDir(name string) error {
	if err := f.Fail("syncdir", name); err != nil {
		return err
	}
	return f.FS.SyncDir(name)
}

// Lock can fail.
func (f *Faulty) Lock(name string, shared bool) (io.Closer, error) {
	if err := f.Fail("lock", name); err != nil {
		return nil, err
	}
	return f.FS.Lock(name, shared)
}

type faultyFile struct {
	File
	f *Faulty
}

func (f *faultyFile) Read(b []byte) (int, error) {
	if err := f.f.Fail("read", f.Name()); err != nil {
		return 0, err
	}
	return f.File.Read(b)
}

func (f *faultyFile) ReadAt(b []byte, at int64) (int, error) {
	if err := f.f.Fail("read", f.Name()); err != nil {
		return 0, err
	}
	return f.File.ReadAt(b, at)
}

func (f *faultyFile) Write(b []byte) (int, error) {
	if err := f.f.Fail("write", f.Name()); err != nil {
		return f.half(b), err
	}
	return f.File.Write(b)
}

// half writes a part, as a disk that fills up does.
func (f *faultyFile) half(b []byte) int {
	n, _ := f.File.Write(b[:len(b)/2])
	return n
}

func (f *faultyFile) WriteAt(b []byte, at int64) (int, error) {
	if err := f.f.Fail("write", f.Name()); err != nil {
		n, _ := f.File.WriteAt(b[:len(b)/2], at)
		return n, err
	}
	return f.File.WriteAt(b, at)
}

func (f *faultyFile) Stat() (Info, error) {
	if err := f.f.Fail("stat", f.Name()); err != nil {
		return Info{}, err
	}
	return f.File.Stat()
}

func (f *faultyFile) Sync() error {
	if err := f.f.Fail("sync", f.Name()); err != nil {
		return err
	}
	return f.File.Sync()
}

func (f *faultyFile) Truncate(size int64) error {
	if err := f.f.Fail("truncate", f.Name()); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *faultyFile) Preallocate(size int64) error {
	if err := f.f.Fail("preallocate", f.Name()); err != nil {
		return err
	}
	return f.File.Preallocate(size)
}
