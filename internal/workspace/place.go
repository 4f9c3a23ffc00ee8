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
		switch {
		case errors.Is(err, errUnvouched):
			err = errors.Join(err, keepBeside(f, part, target))
		case err != nil:
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

// ownName is a new name of ours in a folder: never scanned, swept when it is old.
func ownName(dir string) (string, error) {
	var random [8]byte
	_, err := rand.Read(random[:])
	return filepath.Join(dir, ownPrefix+hex.EncodeToString(random[:])+partSuffix), err
}

func writePart(f fsys.FS, dir string, p Placing) (part string, err error) {
	if part, err = ownName(dir); err != nil {
		return "", err
	}
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
	if err == nil && sameBytes(old, there) {
		return true, f.Remove(part)
	}
	// Someone wrote between the look and the swap: back again.
	if back := f.Exchange(part, target); back != nil {
		return false, errors.Join(errUnvouched, err, back)
	}
	return false, err
}

// errUnvouched says that what bears the part's name is another program's file, of which nobody vouched.
var errUnvouched = errors.New("file could not be put back")

// sameBytes tells whether a file is still the one that was seen, under another name: to rename sets the ctime.
func sameBytes(now, seen fsys.Info) bool {
	return now.Size == seen.Size && now.MtimeNs == seen.MtimeNs && now.Inode == seen.Inode && now.Device == seen.Device
}

// giveBack gives a file that was set aside its name again.
func giveBack(f fsys.FS, aside, target string) error {
	if err := f.RenameNew(aside, target); err != nil {
		return errors.Join(err, keepBeside(f, aside, target))
	}
	return nil
}

// keepBeside gives a file that cannot have its own name one beside it that people see: it is never swept.
func keepBeside(f fsys.FS, aside, target string) error {
	ext := filepath.Ext(target)
	mark := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(aside), ownPrefix), partSuffix)
	err := f.RenameNew(aside, strings.TrimSuffix(target, ext)+" (kept "+mark+")"+ext)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func removeQuiet(f fsys.FS, path string) error {
	if err := f.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// partOld is how long nobody must have touched a part file for it to be nobody's: a restore of 100 GB takes minutes.
const partOld = 24 * time.Hour

// SweepParts deletes those of the part files that a scan found which an interrupted restore left behind, a day or more
// ago. The change time counts too: for a moment of a swap, the file that was in the way has the part's name.
func (f *Folder) SweepParts(parts []string) error {
	oldNs := f.clock.Now().Add(-partOld).UnixNano()
	var failed []error
	for _, rel := range parts {
		info, err := f.Lstat(rel)
		if err == nil && info.IsRegular() && max(info.MtimeNs, info.CtimeNs) < oldNs {
			failed = append(failed, removeQuiet(f.fs, f.Path(rel)))
		}
	}
	return errors.Join(failed...)
}
