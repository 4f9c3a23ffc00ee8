//go:build !linux

package fsys

import (
	"io/fs"
	"os"
)

const flagNoFollow = 0

func isLinkError(error) bool { return false }

// checkNoFollow looks before the open; a swap between the two is caught by the caller's second stat.
func checkNoFollow(name string) error {
	i, err := os.Lstat(name)
	if err == nil && !i.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: ErrLink}
	}
	return err
}

func syncFile(f *os.File) error { return f.Sync() } // F_FULLFSYNC on macOS, FlushFileBuffers on Windows

func startWriteback(*os.File, int64, int64) {}

func preallocate(*os.File, int64) error { return nil }

func nextData(f *os.File, offset int64) (start, end int64, err error) { return restIsData(f, offset) }
