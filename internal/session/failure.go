package session

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"framehold/internal/chunkstore"
	"framehold/internal/fsys"
	"framehold/internal/preview"
	"framehold/internal/studio"
	"framehold/internal/workspace"
)

// coded is an error with the code that programs and sentences go by, and its cause for the log.
type coded struct {
	refusal error
	cause   error
}

func (c coded) Error() string   { return c.refusal.Error() + ": " + c.cause.Error() }
func (c coded) Unwrap() []error { return []error{c.refusal, c.cause} }

// fileFailure gives an error about a file its code.
func fileFailure(path string, err error) error {
	if err == nil {
		return nil
	}
	if _, known := studio.RefusalOf(err); known {
		return err
	}
	p := studio.Params{Path: path}
	code := studio.Code("")
	switch {
	case errors.Is(err, context.Canceled):
		code = studio.CodeCancelled
	case errors.Is(err, workspace.ErrBusy), errors.Is(err, workspace.ErrChanged):
		code = studio.CodeFileBusy
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		code = studio.CodeDiskFull
	case errors.Is(err, fsys.ErrLocked):
		code = studio.CodeStoreInUse
	case errors.Is(err, syscall.EROFS):
		code = studio.CodeReadOnly
	case errors.Is(err, fs.ErrPermission): // to read as well as to write
		code, p.Why = studio.CodeReadOnly, "denied"
	case errors.Is(err, fsys.ErrLink):
		code, p.Why = studio.CodeInTheWay, "not_plain"
	case errors.Is(err, chunkstore.ErrMissing), errors.Is(err, chunkstore.ErrDamaged):
		code = studio.CodeDamaged
	case errors.Is(err, preview.ErrNotAnImage):
		code = studio.CodeNotAnImage
	case errors.Is(err, preview.ErrTooLarge):
		code = studio.CodeImageTooBig
	case errors.Is(err, fs.ErrNotExist):
		code = studio.CodeNoFile
	case errors.Is(err, fs.ErrExist):
		code = studio.CodeInTheWay
	default:
		return fmt.Errorf("%s: %w", path, err)
	}
	return coded{studio.Refuse(code, p), err}
}

// storeFailure is fileFailure where the store is what failed.
func storeFailure(err error) error { return fileFailure("", err) }

// FileFailure gives an error about a file that a person named its code.
func FileFailure(path string, err error) error { return fileFailure(path, err) }

// PictureFailure gives an error of making a preview its code.
func PictureFailure(err error) error { return fileFailure("", err) }
