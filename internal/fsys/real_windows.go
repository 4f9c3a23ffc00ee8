package fsys

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

func fill(*Info, fs.FileInfo) {} // a listing has neither inode nor ctime: size and mtime decide

func syncDir(string) error { return nil } // NTFS journals names; a folder handle cannot be flushed

func renameNew(oldName, newName string) error { return renameByLink(oldName, newName) }

func exchange(string, string) error { return errors.ErrUnsupported }

func lockFile(f *os.File, shared bool) error {
	flags := uint32(windows.LOCKFILE_FAIL_IMMEDIATELY)
	if !shared {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrLocked
	}
	return err
}

func freeBytes(name string) (int64, error) {
	p, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(p, &free, nil, nil); err != nil {
		return 0, &fs.PathError{Op: "free space", Path: name, Err: err}
	}
	return int64(free), nil
}
