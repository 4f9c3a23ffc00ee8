package sqlite

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

// Failure gives an error of a database or of its files a code where there is one: disk_full, read_only, damaged, timeout
// (another has it). One that has a code keeps it; an interrupted statement is context.Canceled too.
func Failure(action string, err error) error {
	if err == nil {
		return nil
	}
	if _, coded := studio.RefusalOf(err); coded {
		return err
	}
	code, known := CodeOf(err)
	if primary(err) == sqlite3.SQLITE_INTERRUPT {
		err = errors.Join(err, context.Canceled)
	}
	if err = fmt.Errorf("%s: %w", action, err); !known {
		return err
	}
	return errors.Join(studio.Refuse(code, studio.Params{Why: action, N: 1}), err)
}

// CodeOf is what an error of a database or of its files means to a person, where it is one of those that happen.
func CodeOf(err error) (code studio.Code, known bool) {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT),
		extended(err) == sqlite3.SQLITE_IOERR_SHMSIZE: // no room for the shared memory beside it
		return studio.CodeDiskFull, true
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return studio.CodeReadOnly, true
	}
	switch primary(err) {
	case sqlite3.SQLITE_FULL:
		return studio.CodeDiskFull, true
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return studio.CodeDamaged, true
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return studio.CodeTimeout, true
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN: // no journal can be made in a folder that cannot be written
		return studio.CodeReadOnly, true
	}
	return "", false
}

// IsBusy tells whether another has the database, who will let go of it.
func IsBusy(err error) bool { return primary(err) == sqlite3.SQLITE_BUSY }

// IsNoTransaction tells whether a statement found no transaction to end: SQLite has ended it itself.
func IsNoTransaction(err error) bool { return extended(err) == sqlite3.SQLITE_ERROR }

// Raised is what a trigger said that refused a row: RAISE has no other way to carry a code than its message, in which
// marker stands before it.
func Raised(err error, marker string) (word string, raised bool) {
	var e *sqlite.Error
	if !errors.As(err, &e) || e.Code() != sqlite3.SQLITE_CONSTRAINT_TRIGGER {
		return "", false
	}
	_, after, raised := strings.Cut(e.Error(), marker)
	word, _, _ = strings.Cut(after, " ")
	return word, raised
}

// extended is SQLite's result code of an error; 0: it is none of SQLite's.
func extended(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

// primary is the result code without what makes it more exact: its low byte.
func primary(err error) int { return extended(err) & 0xff }
