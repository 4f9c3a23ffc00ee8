package fsys

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const flagNoFollow = unix.O_NOFOLLOW | unix.O_NONBLOCK // a pipe without a writer must not hang the opener

func isLinkError(err error) bool { return errors.Is(err, unix.ELOOP) || errors.Is(err, unix.ENXIO) }

func fill(info *Info, i fs.FileInfo) {
	if s, ok := i.Sys().(*syscall.Stat_t); ok {
		info.CtimeNs = s.Ctim.Nano()
		info.Inode = s.Ino
		info.Device = s.Dev
	}
}

// checkNoFollow has nothing to add to O_NOFOLLOW.
func checkNoFollow(string) error { return nil }

func renameNew(oldName, newName string) error {
	err := unix.Renameat2(unix.AT_FDCWD, oldName, unix.AT_FDCWD, newName, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) { // a file system without the flag
		return renameByLink(oldName, newName)
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: oldName, New: newName, Err: err}
	}
	return nil
}

func exchange(a, b string) error {
	err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) {
		return errors.ErrUnsupported
	}
	if err != nil {
		return &os.LinkError{Op: "exchange", Old: a, New: b, Err: err}
	}
	return nil
}

func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(ignoreEINVAL(d.Sync()), d.Close())
}

// ignoreEINVAL: some network and FUSE file systems cannot sync a folder and say EINVAL.
func ignoreEINVAL(err error) error {
	if errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}

func syncFile(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); !errors.Is(err, unix.EINTR) {
			if err != nil {
				return &fs.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
			}
			return nil
		}
	}
}

func startWriteback(f *os.File, offset, length int64) {
	_ = unix.SyncFileRange(int(f.Fd()), offset, length, unix.SYNC_FILE_RANGE_WRITE)
}

func preallocate(f *os.File, size int64) error {
	if size == 0 {
		return nil
	}
	err := unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, size)
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) {
		return nil
	}
	if err != nil {
		return &fs.PathError{Op: "fallocate", Path: f.Name(), Err: err}
	}
	return nil
}

func nextData(f *os.File, offset int64) (start, end int64, err error) {
	i, err := f.Stat()
	if err != nil {
		return 0, 0, err
	}
	if offset >= i.Size() {
		return i.Size(), i.Size(), nil
	}
	start, err = unix.Seek(int(f.Fd()), offset, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO): // only a hole is left
		return i.Size(), i.Size(), nil
	case errors.Is(err, unix.EINVAL):
		return restIsData(f, offset)
	case err != nil:
		return 0, 0, &fs.PathError{Op: "seek data", Path: f.Name(), Err: err}
	}
	end, err = unix.Seek(int(f.Fd()), start, unix.SEEK_HOLE)
	if err != nil {
		return 0, 0, &fs.PathError{Op: "seek hole", Path: f.Name(), Err: err}
	}
	return start, end, nil
}

func lockFile(f *os.File, shared bool) error {
	how := unix.LOCK_EX
	if shared {
		how = unix.LOCK_SH
	}
	err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrLocked
	}
	return err
}

func freeBytes(name string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(name, &s); err != nil {
		return 0, &fs.PathError{Op: "statfs", Path: name, Err: err}
	}
	return int64(s.Bavail) * s.Bsize, nil
}
