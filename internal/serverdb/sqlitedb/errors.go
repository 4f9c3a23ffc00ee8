package sqlitedb

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"framehold/internal/studio"
)

// failure gives an error of the database or of its files a code where there is one: a full disk, a damaged file, one that
// cannot be written, one that is busy.
func failure(action string, err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", action, err)
	code := studio.Code("")
	var e *sqlite.Error
	switch {
	case errors.Is(err, syscall.ENOSPC):
		code = studio.CodeDiskFull
	case errors.Is(err, fs.ErrPermission):
		code = studio.CodeReadOnly
	case errors.As(err, &e):
		code = codeOf(e.Code() & 0xff) // the low byte is the primary result code
	}
	if code == "" || studio.CodeOf(err) == code {
		return err
	}
	return errors.Join(studio.Refuse(code, studio.Params{Why: action, N: 1}), err)
}

func codeOf(primary int) studio.Code {
	switch primary {
	case sqlite3.SQLITE_FULL:
		return studio.CodeDiskFull
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return studio.CodeDamaged
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return studio.CodeTimeout
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
		return studio.CodeReadOnly
	}
	return ""
}
