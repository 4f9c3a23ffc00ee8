package workspace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"framehold/internal/fsys"
)

const placeTriesMax = 5 // the file in the way keeps changing: then it is in use

// Placing is a file to put in the folder.
type Placing struct {
	Rel   string
	Size  int64 // bytes, to preallocate, so that a full disk is told first; 0 for a file with holes
	Write func(fsys.File) error
	// InTheWay is asked about a file that would be replaced: it makes its content safe, or refuses.
	InTheWay func(fsys.Info) error
}

// Place puts a file in place: written beside it, synced, then swapped in one step. A file in the way is replaced only
// when InTheWay has vouched for exactly what is there at the swap. It returns the stat of the new file.
func (f *Folder) Place(ctx context.Context, p Placing) (fsys.Info, error) {
	if err := f.checkWay(p.Rel); err != nil {
		return fsys.Info{}, err
	}
	return PlaceAt(ctx, f.fs, f.Path(p.Rel), p)
}

// PlaceAt is Place at any path: for a file that a person wants elsewhere.
func PlaceAt(ctx context.Context, f fsys.FS, target string, p Placing) (info fsys.Info, err error) {
	dir := filepath.Dir(target)
	if err := f.MkdirAll(dir, 0o755); err != nil {
		return info, err
	}
	part, err := writePart(f, dir, p)
	if err != nil {
		return info, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeQuiet(f, part))
		}
	}()
	for try := 0; try < placeTriesMax; try++ {
		if err := ctx.Err(); err != nil {
			return info, err
		}
		done, err := swap(f, part, target, p.InTheWay)
		if err != nil {
			return info, err
		}
		if done {
			if err := f.SyncDir(dir); err != nil {
				return info, err
			}
			return f.Lstat(target)
		}
	}
	return info, fmt.Errorf("place %s: %w", target, ErrBusy)
}

func writePart(f fsys.FS, dir string, p Placing) (part string, err error) {
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", err
	}
	part = filepath.Join(dir, ownPrefix+hex.EncodeToString(random[:])+partSuffix)
	file, err := f.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	defer func() {
		err = errors.Join(err, file.Close())
		if err != nil {
			err = errors.Join(err, removeQuiet(f, part))
		}
	}()
	if err := file.Preallocate(p.Size); err != nil {
		return part, err
	}
	if err := p.Write(file); err != nil {
		return part, err
	}
	return part, file.Sync()
}

// swap puts part in the place of target; false when the file in the way was another than the one vouched for.
func swap(f fsys.FS, part, target string, inTheWay func(fsys.Info) error) (bool, error) {
	there, err := f.Lstat(target)
	if errors.Is(err, fs.ErrNotExist) {
		err := f.RenameNew(part, target)
		if errors.Is(err, fs.ErrExist) {
			return false, nil
		}
		return err == nil, err
	}
	if err != nil {
		return false, err
	}
	if !there.IsRegular() {
		return false, fmt.Errorf("place %s: %w", target, fsys.ErrLink)
	}
	if err := inTheWay(there); err != nil {
		return false, err
	}
	now, err := f.Lstat(target)
	if err != nil || !now.Same(there) {
		return false, nil
	}
	err = f.Exchange(part, target)
	if errors.Is(err, errors.ErrUnsupported) {
		return true, f.Rename(part, target)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	old, err := f.Lstat(part)
	if err != nil {
		return false, err
	}
	if old.Size != there.Size || old.MtimeNs != there.MtimeNs || old.Inode != there.Inode {
		return false, f.Exchange(part, target) // someone wrote between the look and the swap: back again
	}
	return true, f.Remove(part)
}

func removeQuiet(f fsys.FS, path string) error {
	if err := f.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// partOld is how old a part file must be to be nobody's: a restore of 100 GB takes minutes.
const partOld = 24 * time.Hour

// SweepParts deletes what an interrupted restore left behind, a day or more ago.
func (f *Folder) SweepParts(ctx context.Context) error {
	scanned, err := f.Scan(ctx, "")
	if err != nil {
		return err
	}
	for _, dir := range append([]string{""}, scanned.Folders...) {
		entries, err := f.fs.ReadDir(f.Path(dir))
		if err != nil {
			continue
		}
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), ownPrefix) || !strings.HasSuffix(e.Name(), partSuffix) {
				continue
			}
			path := filepath.Join(f.Path(dir), e.Name())
			info, err := f.fs.Lstat(path)
			if err == nil && info.IsRegular() && f.clock.NowMs()-info.MtimeNs/1e6 > partOld.Milliseconds() {
				if err := removeQuiet(f.fs, path); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
