package session

import (
	"context"
	"io"

	"framehold/internal/projectdb"
	"framehold/internal/replica"
	"framehold/internal/studio"
)

// SyncStore is what sync may do with a session's store.
func SyncStore(s *Session) interface {
	replica.Store
	replica.Past
} {
	return syncStore{s}
}

// SetCovered notes that the server holds all bytes of a checkpoint.
func SetCovered(ctx context.Context, s *Session, k studio.CheckpointID) error {
	return s.care(ctx, func(tx *projectdb.Tx) error { return tx.SetCovered(k) })
}

// Store is the database of a session.
func Store(s *Session) *projectdb.DB { return s.db }

// SyncLock is the lock of the process that syncs a store.
func SyncLock(s *Session) (io.Closer, error) { return s.syncLock() }
