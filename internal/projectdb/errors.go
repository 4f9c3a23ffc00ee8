package projectdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"framehold/internal/studio"
)

const errReadOnlyFS = syscall.EROFS

// failure gives an error of the database its code: what the triggers say, a full disk, a damaged file. It is the only
// place that reads a code out of a message, since RAISE has no other way to carry one.
func failure(action string, err error) error {
	if err == nil {
		return nil
	}
	if _, coded := studio.RefusalOf(err); coded {
		return err
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		if errors.Is(err, syscall.ENOSPC) {
			return wrap(action, err, studio.CodeDiskFull)
		}
		return fmt.Errorf("%s: %w", action, err)
	}
	if e.Code() == sqlite3.SQLITE_CONSTRAINT_TRIGGER {
		if _, after, ok := strings.Cut(e.Error(), refusalPrefix); ok {
			code, _, _ := strings.Cut(after, " ")
			return wrap(action, err, studio.Code(code))
		}
	}
	if e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE { // no room for the shared memory beside the file
		return wrap(action, err, studio.CodeDiskFull)
	}
	switch e.Code() & 0xff { // the low byte is the primary result code
	case sqlite3.SQLITE_FULL:
		return wrap(action, err, studio.CodeDiskFull)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return errors.Join(studio.Refuse(studio.CodeDamaged, studio.Params{Why: "database", N: 1}), fmt.Errorf("%s: %w", action, err))
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return wrap(action, err, studio.CodeTimeout)
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN: // no journal can be made in a folder that cannot be written
		return wrap(action, err, studio.CodeReadOnly)
	case sqlite3.SQLITE_INTERRUPT:
		return errors.Join(fmt.Errorf("%s: %w", action, err), context.Canceled)
	}
	return fmt.Errorf("%s: %w", action, err)
}

func wrap(action string, err error, code studio.Code) error {
	return errors.Join(studio.Refuse(code, studio.Params{Why: action, N: 1}), fmt.Errorf("%s: %w", action, err))
}

// isReadOnly tells whether the medium or the rights of a folder refuse to write.
func isReadOnly(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, errReadOnlyFS) || studio.CodeOf(err) == studio.CodeReadOnly
}

// isFull tells whether the disk has no room for what SQLite makes beside a database.
func isFull(err error) bool { return studio.CodeOf(err) == studio.CodeDiskFull }

func isBusy(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_BUSY
}
