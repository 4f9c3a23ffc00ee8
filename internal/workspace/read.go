package workspace

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"framehold/internal/fsys"
)

// ErrBusy says that another program kept writing the file.
var ErrBusy = errors.New("file is still being written by another program")

// ErrChanged says that a file is not the one it was a moment ago.
var ErrChanged = errors.New("file has changed")

// grain is how exactly file systems tell times: what changed within it could change again unseen.
const grain = 20 * time.Millisecond

// waits before the tries of a stable read after the first.
var waits = [...]time.Duration{200 * time.Millisecond, 500 * time.Millisecond, time.Second}

// ReadStable hands an open file to read, and hands it again when the file changed meanwhile: at most four times, then
// ErrBusy. What read learned in a try that ErrAgain'd must be thrown away: it is called anew. The file is opened
// without following a link. Errors: read's own, fs.ErrNotExist, fsys.ErrLink.
func (f *Folder) ReadStable(ctx context.Context, rel string, read func(src fsys.File, info fsys.Info) error) (fsys.Info, error) {
	if err := f.checkWay(rel); err != nil {
		return fsys.Info{}, err
	}
	for try := 0; ; try++ {
		info, stable, err := f.readOnce(ctx, rel, read)
		if stable || err != nil && !errors.Is(err, ErrChanged) {
			return info, err
		}
		if try == len(waits) {
			return info, ErrBusy
		}
		if err := f.pause(ctx, waits[try]); err != nil {
			return info, err
		}
	}
}

func (f *Folder) readOnce(ctx context.Context, rel string, read func(fsys.File, fsys.Info) error,
) (info fsys.Info, stable bool, err error) {
	file, err := f.fs.OpenNoFollow(f.Path(rel))
	if err != nil {
		return info, false, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	before, err := file.Stat()
	if err != nil {
		return before, false, err
	}
	if !before.IsRegular() {
		return before, false, fsys.ErrLink
	}
	if age := f.clock.NowMs()*int64(time.Millisecond) - before.MtimeNs; age >= 0 && age < int64(grain) {
		if err := f.pause(ctx, grain-time.Duration(age)); err != nil {
			return before, false, err
		}
	}
	readErr := read(file, before)
	after, err := file.Stat()
	if err != nil {
		return before, false, err
	}
	now, err := f.fs.Lstat(f.Path(rel))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return before, false, err
	}
	if err != nil || !after.Same(before) || !now.Same(before) {
		return before, false, ErrChanged
	}
	return before, readErr == nil, readErr
}

// Racy tells whether a file could have changed since seenNs without its times telling so.
func Racy(info fsys.Info, seenNs int64) bool {
	return info.MtimeNs > seenNs-int64(grain) || info.CtimeNs > seenNs-int64(grain)
}
