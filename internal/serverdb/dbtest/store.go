package dbtest

import (
	"context"
	"errors"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

var errFail = errors.New("this transaction fails")

// fail is a store whose transactions fail when all is written.
type fail struct{ serverdb.Store }

func (f fail) Tx(ctx context.Context, project studio.ProjectID, fn func(serverdb.Tx) error) error {
	return f.Store.Tx(ctx, project, func(tx serverdb.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errFail
	})
}
