package projectdb

import (
	"errors"
	"fmt"

	"framehold/internal/sqlite"
	"framehold/internal/studio"
)

// failure gives an error of the database its code: what the triggers say, a full disk, a damaged file.
func failure(action string, err error) error {
	if err == nil {
		return nil
	}
	if _, coded := studio.RefusalOf(err); coded {
		return err
	}
	if code, raised := sqlite.Raised(err, refusalPrefix); raised {
		return errors.Join(studio.Refuse(studio.Code(code), studio.Params{Why: action, N: 1}), fmt.Errorf("%s: %w", action, err))
	}
	if code, _ := sqlite.CodeOf(err); code == studio.CodeDamaged {
		return errors.Join(studio.Refuse(code, studio.Params{Why: "database", N: 1}), fmt.Errorf("%s: %w", action, err))
	}
	return sqlite.Failure(action, err)
}

// isReadOnly tells whether the medium or the rights of a folder refuse to write.
func isReadOnly(err error) bool { return studio.CodeOf(err) == studio.CodeReadOnly }

// isFull tells whether the disk has no room for what SQLite makes beside a database.
func isFull(err error) bool { return studio.CodeOf(err) == studio.CodeDiskFull }
