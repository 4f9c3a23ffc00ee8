package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"framehold/internal/chunk"
	"framehold/internal/chunkstore"
	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const (
	uploadMax      = 64 << 20 // of one request
	putFrames      = 64       // verified and appended at once
	putBytes       = 4 << 20  // or as many bytes
	commitBytes    = 8 << 20  // of chunks that share a sync and a transaction
	previewMax     = 2 << 20
	manifestsAtOne = 4 << 20 // bytes of manifests that share a transaction
)

// target is what a request about content is about.
type target struct {
	project studio.ProjectID
	client  studio.ID
}

// targetOf reads the project of the path and the client of the header; ids are digits of lower case.
func targetOf(r *http.Request, withClient bool) (t target, err error) {
	invalid := &wire.Failure{Code: wire.CodeInvalid, Cause: errors.New("not an id")}
	if t.project.ID, err = studio.ParseID(r.PathValue("project")); err != nil || t.project.String() != r.PathValue("project") {
		return t, invalid
	}
	if !withClient {
		return t, nil
	}
	if t.client, err = studio.ParseID(r.Header.Get(wire.HeaderClient)); err != nil || t.client.IsZero() {
		return t, invalid
	}
	return t, nil
}

// idle ends a stream that stands still: each byte begins its time anew.
type idle struct {
	io.Reader
	io.Writer
	timer *time.Timer
}

func (s *Server) idle(w http.ResponseWriter, r io.Reader) *idle {
	return &idle{r, w, time.AfterFunc(idleTimeout, func() { hangUp(w) })}
}

// Read is that of the body.
func (i *idle) Read(b []byte) (int, error) {
	i.timer.Reset(idleTimeout)
	return i.Reader.Read(b)
}

// Write is that of the answer.
func (i *idle) Write(b []byte) (int, error) {
	i.timer.Reset(idleTimeout)
	return i.Writer.Write(b)
}

func (i *idle) stop() { i.timer.Stop() }

// transfer waits for a place among the streams of chunks.
func (s *Server) transfer(ctx context.Context) (done func(), err error) {
	select {
	case s.transfers <- struct{}{}:
		return func() { <-s.transfers }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type uploadedJSON struct {
	Chunks    int   `json:"chunks"`
	Manifests int   `json:"manifests"`
	Bytes     int64 `json:"bytes"` // of chunks, as they came
}

// upload takes frames: chunks, then pages, then roots. Each is verified; what is answered for, or was before an upload broke,
// is on the disk under the client's lease. Codes: invalid, not_member, too_large, unavailable.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) error {
	at, err := targetOf(r, true)
	if err != nil {
		return err
	}
	return s.take(w, r, at)
}

// take takes frames for a client.
func (s *Server) take(w http.ResponseWriter, r *http.Request, at target) error {
	follows, err := read(r.Context(), s, at.project, func(snap serverdb.Snapshot, by Call) (progress, error) {
		author, err := s.core.uploader(snap, by, at.client)
		if err != nil {
			return progress{}, err
		}
		return s.follow(r, at, snap, author), snap.Err()
	})
	if err != nil {
		return err
	}
	done, err := s.transfer(r.Context())
	if err != nil {
		return err
	}
	defer done()
	packs, err := s.packsOf(at.project)
	if err != nil {
		return err
	}
	stream := s.idle(w, r.Body)
	defer stream.stop()
	u := &uploading{s: s, at: at, packs: packs, frames: wire.NewFrameReader(stream), follows: follows}
	defer u.close()
	if err := u.run(r.Context()); err != nil {
		u.follows.broke()
		return uploadFailure(err)
	}
	s.counts.add("framehold_uploaded_bytes_total", u.told.Bytes)
	s.answer(w, http.StatusOK, u.told)
	return nil
}

// uploadFailure names what is the client's own: a broken or a false stream.
func uploadFailure(err error) error {
	switch {
	case errors.Is(err, wire.ErrMalformed), errors.Is(err, chunkstore.ErrDamaged):
		return &wire.Failure{Code: wire.CodeInvalid, Cause: err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &wire.Failure{Code: wire.CodeUnavailable, Cause: err}
	}
	return err
}

// uploading is one upload on its way.
type uploading struct {
	s      *Server
	at     target
	packs  *chunkstore.Packs
	frames *wire.FrameReader
	batch  *chunkstore.Batch // of chunks that are not committed; nil: none

	pieces    []chunkstore.Piece // that are not in the batch
	waiting   int                // bytes of them
	appended  int                // bytes in the batch
	manifests []chunk.Blob       // that are not committed
	blobs     int                // bytes of them
	told      uploadedJSON
	follows   progress
}

func (u *uploading) close() {
	if u.batch != nil {
		u.batch.Close()
		u.batch = nil
	}
}

func (u *uploading) run(ctx context.Context) error {
	for {
		f, err := u.frames.Next()
		if errors.Is(err, io.EOF) {
			if err := u.commitChunks(ctx); err != nil {
				return err
			}
			return u.commitManifests(ctx)
		}
		if err == nil {
			err = u.take(ctx, f)
		}
		if err != nil {
			return err
		}
	}
}

func (u *uploading) take(ctx context.Context, f wire.Frame) error {
	if f.Kind == wire.FrameManifest {
		if err := u.commitChunks(ctx); err != nil {
			return err
		}
		plain, err := u.frames.Plain(f)
		if err != nil {
			return err
		}
		u.manifests = append(u.manifests, chunk.Blob{Hash: chunk.Hash(f.Hash), Bytes: bytes.Clone(plain)})
		if u.blobs += len(plain); u.blobs >= manifestsAtOne {
			return u.commitManifests(ctx)
		}
		return nil
	}
	if err := u.commitManifests(ctx); err != nil {
		return err
	}
	u.pieces = append(u.pieces, chunkstore.Piece{Hash: chunk.Hash(f.Hash), Codec: chunkstore.Codec(f.Coding), Size: int(f.Size),
		Stored: bytes.Clone(f.Stored)})
	if u.waiting += len(f.Stored); len(u.pieces) < putFrames && u.waiting < putBytes {
		return nil
	}
	if err := u.put(ctx); err != nil || u.appended < commitBytes {
		return err
	}
	return u.commitChunks(ctx)
}

// put verifies pieces and appends those that are not known.
func (u *uploading) put(ctx context.Context) error {
	if len(u.pieces) == 0 {
		return nil
	}
	if u.batch == nil {
		u.batch = u.packs.Begin()
	}
	if err := u.batch.Put(ctx, u.pieces); err != nil {
		return err
	}
	size := int64(0)
	for _, p := range u.pieces {
		size += int64(p.Size)
	}
	u.follows.came(size)
	u.told.Chunks += len(u.pieces)
	u.told.Bytes += int64(u.waiting)
	u.appended += u.waiting
	u.pieces, u.waiting = u.pieces[:0], 0
	return nil
}

// commitChunks makes what was put durable, and then says so in one transaction.
func (u *uploading) commitChunks(ctx context.Context) error {
	if err := u.put(ctx); err != nil || u.batch == nil {
		return err
	}
	defer u.close()
	pending := u.batch.Pending()
	var came Received
	for _, r := range pending.Rows {
		came.New = append(came.New, chunkOf(r))
	}
	for _, r := range pending.Reused {
		came.Here = append(came.Here, chunkOf(r))
	}
	// Before the bytes are made to stay: what there is no room for is given back to the disk.
	if _, err := read(ctx, u.s, u.at.project, func(snap serverdb.Snapshot, _ Call) (bool, error) {
		return true, errors.Join(roomFor(snap, came.New), snap.Err())
	}); err != nil {
		return err
	}
	if err := u.batch.Flush(); err != nil {
		return err
	}
	u.appended = 0
	_, err := written(ctx, u.s, u.at.project, len(came.New)+len(came.Here), func(tx serverdb.Tx, by Call) (bool, error) {
		return true, u.s.core.AddChunks(tx, by, u.at.client, came)
	})
	return err
}

func (u *uploading) commitManifests(ctx context.Context) error {
	if len(u.manifests) == 0 {
		return nil
	}
	_, err := written(ctx, u.s, u.at.project, len(u.manifests), func(tx serverdb.Tx, by Call) (bool, error) {
		for _, m := range u.manifests {
			if err := u.s.core.AddManifest(tx, by, u.at.client, studio.Hash(m.Hash), m.Bytes); err != nil {
				return false, err
			}
		}
		return true, nil
	})
	u.told.Manifests += len(u.manifests)
	u.manifests, u.blobs = nil, 0
	return err
}

// putPreview takes a preview: WebP, named by its hash. Codes: invalid, too_large, not_member.
func (s *Server) putPreview(w http.ResponseWriter, r *http.Request) error {
	at, err := targetOf(r, true)
	if err != nil {
		return err
	}
	name, err := hashIn(r.PathValue("hash"))
	if err != nil {
		return err
	}
	stream := s.idle(w, r.Body)
	defer stream.stop()
	b, err := io.ReadAll(stream) // the body has a limit
	if err != nil {
		return uploadFailure(err)
	}
	if chunk.Sum(b) != chunk.Hash(name) || !isWebP(b) || r.Header.Get("Content-Type") != "image/webp" {
		return &wire.Failure{Code: wire.CodeInvalid, Cause: fmt.Errorf("preview %s is another one", name)}
	}
	if _, err := written(r.Context(), s, at.project, 1, func(tx serverdb.Tx, by Call) (bool, error) {
		return true, s.core.AddPreview(tx, by, at.client, name, b)
	}); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func isWebP(b []byte) bool {
	return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP"
}
