package server

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"framehold/internal/fsys"
	"framehold/internal/studio"
)

const (
	backupFormat  = 1
	entriesMax    = 1 << 20
	aboutMaxBytes = 1 << 20
	copyBytes     = 1 << 20
	partSuffix    = ".part"
)

// aboutJSON is the first entry of a backup.
type aboutJSON struct {
	Format int    `json:"format"`
	At     string `json:"at"` // RFC 3339
}

// packed is a file that is put into a backup: its name there, its path here.
type packed struct{ name, path string }

// packing is a backup on its way: written beside its place, and renamed when it is whole.
type packing struct {
	fs   fsys.FS
	path string
	file fsys.File
	zip  *zip.Writer
	n    int64
}

// beginPacking makes the file; the first entry says what it is. Code: in_the_way.
func beginPacking(f fsys.FS, path, aboutName string, about aboutJSON) (*packing, error) {
	if _, err := f.Lstat(path); err == nil {
		return nil, studio.Refuse(studio.CodeInTheWay, studio.Params{Path: path})
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("back up: %w", err)
	}
	file, err := f.OpenFile(path+partSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("back up: %w", err)
	}
	p := &packing{fs: f, path: path, file: file, zip: zip.NewWriter(file)}
	w, err := p.zip.CreateHeader(&zip.FileHeader{Name: aboutName, Method: zip.Store})
	if err == nil {
		err = json.NewEncoder(w).Encode(about)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("back up: %w", err), p.giveUp())
	}
	return p, nil
}

// add puts a file in, as long as it is now.
func (p *packing) add(ctx context.Context, what packed) (err error) {
	file, err := p.fs.OpenNoFollow(what.path)
	if err != nil {
		return fmt.Errorf("back up %s: %w", what.name, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("back up %s: %w", what.name, err)
	}
	w, err := p.zip.CreateHeader(&zip.FileHeader{Name: what.name, Method: zip.Store}) // packs are compressed already
	if err != nil {
		return fmt.Errorf("back up %s: %w", what.name, err)
	}
	n, err := copyTo(ctx, w, io.LimitReader(file, info.Size))
	p.n += n
	if err != nil {
		return fmt.Errorf("back up %s: %w", what.name, err)
	}
	return nil
}

// end makes the backup durable and gives it its name.
func (p *packing) end() error {
	err := p.zip.Close()
	if err == nil {
		err = p.file.Sync()
	}
	if err = errors.Join(err, p.file.Close()); err == nil {
		err = p.fs.RenameNew(p.path+partSuffix, p.path)
	}
	if errors.Is(err, fs.ErrExist) {
		err = studio.Refuse(studio.CodeInTheWay, studio.Params{Path: p.path})
	}
	if err != nil {
		return errors.Join(fmt.Errorf("back up: %w", err), p.fs.Remove(p.path+partSuffix))
	}
	return p.fs.SyncDir(filepath.Dir(p.path))
}

func (p *packing) giveUp() error { return errors.Join(p.file.Close(), p.fs.Remove(p.path+partSuffix)) }

func copyTo(ctx context.Context, w io.Writer, r io.Reader) (n int64, err error) {
	buf := make([]byte, copyBytes)
	for {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		got, err := r.Read(buf)
		if got > 0 {
			if _, err := w.Write(buf[:got]); err != nil {
				return n, err
			}
			n += int64(got)
		}
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// unpack takes a backup apart into a folder: placeOf says where an entry goes; "" is a name that no backup has. Each file is
// synced. Code: damaged, for what is none, or is torn.
func unpack(ctx context.Context, f fsys.FS, path, aboutName, dir string, placeOf func(name string) string) (err error) {
	file, err := f.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return fmt.Errorf("read backup: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("read backup: %w", err)
	}
	none := func(cause error) error {
		return errors.Join(studio.Refuse(studio.CodeDamaged, studio.Params{Path: path, Why: "backup", N: 1}), cause)
	}
	z, err := zip.NewReader(file, info.Size)
	if err != nil || len(z.File) == 0 || len(z.File) > entriesMax {
		return none(err)
	}
	if err := readAbout(z.File[0], aboutName, path); err != nil {
		return err
	}
	for _, e := range z.File[1:] {
		to := placeOf(e.Name)
		if to == "" || e.Method != zip.Store || !e.Mode().IsRegular() || int64(e.UncompressedSize64) > info.Size {
			return none(fmt.Errorf("entry %q", e.Name))
		}
		if err := unpackOne(ctx, f, e, filepath.Join(dir, filepath.FromSlash(to))); err != nil {
			if errors.Is(err, zip.ErrChecksum) || errors.Is(err, zip.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) {
				err = none(err)
			}
			return fmt.Errorf("restore %s: %w", e.Name, err)
		}
	}
	return nil
}

// readAbout refuses what is no backup (damaged), and one of a newer form (store_newer).
func readAbout(e *zip.File, aboutName, path string) (err error) {
	var about aboutJSON
	if e.Name == aboutName && e.Method == zip.Store {
		r, err := e.Open()
		if err == nil {
			err = errors.Join(json.NewDecoder(io.LimitReader(r, aboutMaxBytes)).Decode(&about), r.Close())
		}
		if err == nil && about.Format > backupFormat {
			return studio.Refuse(studio.CodeStoreNewer, studio.Params{Path: path, Name: "backup"})
		}
	}
	if about.Format != backupFormat {
		return studio.Refuse(studio.CodeDamaged, studio.Params{Path: path, Why: "backup", N: 1})
	}
	return nil
}

func unpackOne(ctx context.Context, f fsys.FS, e *zip.File, to string) (err error) {
	if err := f.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	r, err := e.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	file, err := f.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := copyTo(ctx, file, r); err != nil { // a wrong checksum is an error of the last read
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	return f.SyncDir(filepath.Dir(to))
}
