// Package atomicfile reads small files, and replaces them whole: after a crash there is the old content or the new, never a mix.
package atomicfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"framehold/internal/fsys"
)

// Write puts data at path: written beside it, synced, renamed over it, and the folder synced. The content is
// durable when it returns nil; on an error path is as it was.
func Write(f fsys.FS, path string, data []byte, perm fs.FileMode) (err error) {
	temp := filepath.Join(filepath.Dir(path), ".framehold-"+rand.Text()+".part")
	file, err := f.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, ignoreGone(f.Remove(temp)))
		}
	}()
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err = f.Rename(temp, path); err != nil {
		return err
	}
	return f.SyncDir(filepath.Dir(path))
}

// Read reads a small file whole; one of more than maxBytes is refused: it is none of ours.
func Read(f fsys.FS, path string, maxBytes int64) (b []byte, err error) {
	file, err := f.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size > maxBytes {
		return nil, fmt.Errorf("read %s: %d bytes are too many", path, info.Size)
	}
	b = make([]byte, info.Size)
	n, err := file.ReadAt(b, 0)
	if n == len(b) {
		err = nil
	}
	return b, err
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
