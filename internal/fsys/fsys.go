// Package fsys is the seam to the operating system's files: the real file system, and a faulty one for tests.
//
// It is the only package that makes file calls of os. It refuses nothing and decides nothing; what it guarantees
// is that every call that can fail passes through one interface, so that a test can fail the k-th of them.
package fsys

import (
	"io"
	"io/fs"
	"os"
	"time"
)

// FS is every file call that the product makes. Paths are absolute or relative to the process. It is wider than
// five methods because it is a seam to a system interface, not a role.
type FS interface {
	// OpenFile opens name as os.OpenFile does.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// OpenNoFollow opens a regular file for reading and fails with ErrLink when its last element is a link.
	OpenNoFollow(name string) (File, error)
	// Lstat describes name without following a link.
	Lstat(name string) (Info, error)
	// Stat describes what name leads to.
	Stat(name string) (Info, error)
	// ReadDir lists a folder, sorted by name; names are raw bytes as the system gives them.
	ReadDir(name string) ([]fs.DirEntry, error)
	Mkdir(name string, perm fs.FileMode) error
	MkdirAll(name string, perm fs.FileMode) error
	// Rename replaces newName atomically.
	Rename(oldName, newName string) error
	// RenameNew is Rename that fails with fs.ErrExist when newName is there.
	RenameNew(oldName, newName string) error
	// Exchange swaps two names atomically; errors.ErrUnsupported where the system cannot.
	Exchange(a, b string) error
	Remove(name string) error
	Chmod(name string, mode fs.FileMode) error
	Chtimes(name string, atime, mtime time.Time) error
	// SyncDir makes the names of a folder durable.
	SyncDir(name string) error
	// Lock takes an exclusive (or shared) advisory lock on the file name, made when it is not there; it waits
	// no longer than it must to learn that the lock is taken: ErrLocked.
	Lock(name string, shared bool) (io.Closer, error)
	// FreeBytes tells how much an ordinary user may still write below name.
	FreeBytes(name string) (int64, error)
}

// File is an open file.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.WriterAt
	io.Seeker
	io.Closer
	Name() string
	Stat() (Info, error)
	// Sync makes the file durable: fdatasync on Linux, F_FULLFSYNC on macOS, FlushFileBuffers on Windows.
	Sync() error
	// StartWriteback asks the system to begin writing, without waiting. Best effort.
	StartWriteback(offset, length int64)
	Truncate(size int64) error
	// Preallocate reserves size bytes, so that a full disk is told first; errors.ErrUnsupported is not returned.
	Preallocate(size int64) error
	// NextData returns the first range of data at or after offset: [start, end). At the end of the data both are
	// the file's size. Where holes are not known, the rest of the file is data.
	NextData(offset int64) (start, end int64, err error)
}

// Info is what a stat says of a file.
type Info struct {
	Name    string
	Size    int64 // bytes
	Mode    fs.FileMode
	MtimeNs int64 // UTC, nanoseconds since 1970
	CtimeNs int64 // 0 where the system has none
	Inode   uint64
	Device  uint64
}

// IsDir tells whether it is a folder.
func (i Info) IsDir() bool { return i.Mode.IsDir() }

// IsRegular tells whether it is a regular file.
func (i Info) IsRegular() bool { return i.Mode.IsRegular() }

// Same tells whether two stats describe the same unchanged file: size, mtime, ctime, inode and device agree.
func (i Info) Same(o Info) bool {
	return i.Size == o.Size && i.MtimeNs == o.MtimeNs && i.CtimeNs == o.CtimeNs &&
		i.Inode == o.Inode && i.Device == o.Device && i.Mode == o.Mode
}

// Real is the file system of this computer.
func Real() FS { return realFS{} }

type realFS struct{}

type realFile struct{ *os.File }
