// Package archive is a project as one file: a zip of stored entries with the database and the packs (FORMAT.md).
//
// It refuses to interpret what it carries, and to write anything outside the folder it is handed. Invariant: an
// archive that was written whole ends with its directory; a torn one does not open.
package archive

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"framehold/internal/fsys"
)

// ErrMalformed says that a file is no archive of a project.
var ErrMalformed = errors.New("not an archive of a project")

const (
	aboutName     = "framehold-project.json"
	format        = 1
	entriesMax    = 1 << 20
	aboutMaxBytes = 1 << 16
	copyBytes     = 1 << 20
)

// About says which project an archive holds.
type About struct {
	Format  int    `json:"format"`
	Project string `json:"project"`
	Name    string `json:"name"`
}

// Item is a file to put in: Name in the archive, Path on the disk.
type Item struct{ Name, Path string }

// Write makes an archive. progress hears the bytes written so far.
func Write(ctx context.Context, f fsys.FS, to io.Writer, about About, items []Item, progress func(int64)) error {
	about.Format = format
	z := zip.NewWriter(to)
	w, err := z.CreateHeader(&zip.FileHeader{Name: aboutName, Method: zip.Store})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(w).Encode(about); err != nil {
		return err
	}
	done := int64(0)
	for _, item := range items {
		w, err := z.CreateHeader(&zip.FileHeader{Name: item.Name, Method: zip.Store})
		if err != nil {
			return err
		}
		file, err := f.OpenFile(item.Path, os.O_RDONLY, 0)
		if err != nil {
			return err
		}
		err = copyTo(ctx, w, file, &done, progress)
		if err := errors.Join(err, file.Close()); err != nil {
			return fmt.Errorf("archive %s: %w", item.Name, err)
		}
	}
	return z.Close()
}

func copyTo(ctx context.Context, w io.Writer, r io.Reader, done *int64, progress func(int64)) error {
	buf := make([]byte, copyBytes)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			if *done += int64(n); progress != nil {
				progress(*done)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Read takes an archive apart into folder dir, which must be empty: each file is synced. ErrMalformed for anything
// that Write does not make: other names, links, compression.
func Read(ctx context.Context, f fsys.FS, from io.ReaderAt, size int64, dir string, progress func(int64)) (About, error) {
	z, err := zip.NewReader(from, size)
	if err != nil || len(z.File) > entriesMax {
		return About{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	var about About
	done := int64(0)
	for _, e := range z.File {
		if e.Method != zip.Store || !e.Mode().IsRegular() || int64(e.UncompressedSize64) > size {
			return about, fmt.Errorf("%w: entry %q", ErrMalformed, e.Name)
		}
		if e.Name == aboutName {
			if about, err = readAbout(e); err != nil {
				return about, err
			}
			continue
		}
		if !known(e.Name) {
			return about, fmt.Errorf("%w: entry %q", ErrMalformed, e.Name)
		}
		if err := readEntry(ctx, f, e, dir, &done, progress); err != nil {
			return about, err
		}
	}
	if about.Format != format {
		return about, fmt.Errorf("%w: format %d", ErrMalformed, about.Format)
	}
	return about, nil
}

// known tells the names that an archive has: project.db and packs/<name>.pack.
func known(name string) bool {
	if name == "project.db" {
		return true
	}
	base, ok := strings.CutPrefix(name, "packs/")
	return ok && path.Base(name) == base && strings.HasSuffix(base, ".pack") && strings.Trim(base[:len(base)-5], "0123456789abcdef") == ""
}

func readAbout(e *zip.File) (about About, err error) {
	r, err := e.Open()
	if err != nil {
		return about, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := json.NewDecoder(io.LimitReader(r, aboutMaxBytes)).Decode(&about); err != nil {
		return about, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return about, nil
}

func readEntry(ctx context.Context, f fsys.FS, e *zip.File, dir string, done *int64, progress func(int64)) (err error) {
	target := filepath.Join(dir, filepath.FromSlash(e.Name))
	if err := f.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	r, err := e.Open()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	file, err := f.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := copyTo(ctx, file, r, done, progress); err != nil { // a wrong checksum is an error of the last read
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return f.SyncDir(filepath.Dir(target))
}
