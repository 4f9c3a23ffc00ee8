package session

import (
	"context"
	"io"

	"framehold/internal/projectdb"
	"framehold/internal/replica"
	"framehold/internal/studio"
	"framehold/internal/wire"
	"framehold/internal/workspace"
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

// Greet says hello to the project's server and nothing else, as a conversation that is cut off behind it.
func Greet(ctx context.Context, s *Session) error {
	to, err := s.dialServer(ctx)
	if err != nil {
		return err
	}
	unsent, err := s.unsent(ctx)
	if err != nil {
		return err
	}
	stand, err := syncStore{s}.Stand(ctx)
	if err != nil {
		return err
	}
	_, err = to.calls.Hello(ctx, wire.HelloRequest{Project: s.projectID, Client: stand.Client, Proto: wire.Proto, Unsent: unsent})
	return err
}

// Blank makes the store and the folder of a studio project in which nothing is yet, as Clone does before its first pull.
func Blank(ctx context.Context, env Env, root string, project studio.ProjectID, row projectdb.Replica) (*Session, error) {
	s, marker, err := blank(ctx, env, root, project, row)
	if err != nil {
		return nil, err
	}
	return s, workspace.WriteMarker(env.FS, root, marker)
}

// FolderID is the working folder that a session stands in.
func FolderID(s *Session) studio.ID { return s.folderID }
