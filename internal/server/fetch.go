package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"framehold/internal/chunk"
	"framehold/internal/chunkstore"
	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const (
	fetchHashesMax = wire.HaveHashesMax
	fetchBodyMax   = fetchHashesMax * 32
	fetchAtOnce    = 32 // chunks that are read at once: 8 MiB at most
)

// fetch sends chunks and manifests: a list of hashes in, frames of those out that the caller may have, in the order asked.
// What is not there, not theirs, or damaged is left out alike. Codes: invalid, too_large, not_member.
func (s *Server) fetch(w http.ResponseWriter, r *http.Request) error {
	at, err := targetOf(r, false)
	if err != nil {
		return err
	}
	stream := s.idle(w, r.Body)
	defer stream.stop()
	hashes, err := readHashes(stream)
	if err != nil {
		return uploadFailure(err)
	}
	done, err := s.transfer(r.Context())
	if err != nil {
		return err
	}
	defer done()
	manifests, err := read(r.Context(), s, at.project, func(snap serverdb.Snapshot, by Call) (map[studio.Hash][]byte, error) {
		return s.fetchable(snap, by, hashes)
	})
	if err != nil {
		return err
	}
	packs, err := s.packsOf(at.project)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	frames := wire.NewFrameWriter(stream)
	if err := s.send(r.Context(), frames, source{at.project, packs}, hashes, manifests); err != nil {
		s.log.Debug("fetch broke", "cause", err.Error())
		panic(http.ErrAbortHandler) // the stream has no end: its reader knows that frames are missing
	}
	return nil
}

// readHashes reads a body of hashes; one that comes twice counts once.
func readHashes(r io.Reader) ([]studio.Hash, error) {
	b, err := io.ReadAll(r) // the body has a limit
	if err != nil {
		return nil, err
	}
	if len(b)%32 != 0 {
		return nil, &wire.Failure{Code: wire.CodeInvalid, Cause: errors.New("not a list of hashes")}
	}
	seen := map[studio.Hash]bool{}
	hashes := make([]studio.Hash, 0, len(b)/32)
	for ; len(b) > 0; b = b[32:] {
		if h := studio.HashFrom(b[:32]); !seen[h] {
			seen[h] = true
			hashes = append(hashes, h)
		}
	}
	return hashes, nil
}

// fetchable maps what the caller may have: to its bytes where it is a manifest, to nil where it is a chunk.
func (s *Server) fetchable(snap serverdb.Snapshot, by Call, hashes []studio.Hash) (map[studio.Hash][]byte, error) {
	may, err := s.core.MayFetch(snap, by, hashes)
	if err != nil {
		return nil, err
	}
	found := map[studio.Hash][]byte{}
	for i, h := range hashes {
		if !may[i] {
			continue
		}
		b, isManifest := snap.Manifest(h)
		if isManifest {
			b = bytes.Clone(b)
		}
		found[h] = b
	}
	return found, snap.Err()
}

func (s *Server) send(ctx context.Context, frames *wire.FrameWriter, from source, hashes []studio.Hash,
	found map[studio.Hash][]byte) error {
	var chunks []chunk.Hash
	flush := func() error {
		err := s.sendChunks(ctx, frames, from, chunks)
		chunks = chunks[:0]
		return err
	}
	for _, h := range hashes {
		b, may := found[h]
		switch {
		case !may:
		case b == nil:
			if chunks = append(chunks, chunk.Hash(h)); len(chunks) == fetchAtOnce {
				if err := flush(); err != nil {
					return err
				}
			}
		default:
			f := wire.Frame{Kind: wire.FrameManifest, Size: uint32(len(b)), Hash: h, Stored: b}
			if err := flush(); err != nil {
				return err
			}
			if err := frames.Write(f); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	return frames.Close()
}

// source is where chunks are read.
type source struct {
	project studio.ProjectID
	packs   *chunkstore.Packs
}

// sendChunks sends chunks that are read at once; when one of them is missing or damaged, the others alone.
func (s *Server) sendChunks(ctx context.Context, frames *wire.FrameWriter, from source, hashes []chunk.Hash) error {
	write := func(p chunkstore.Piece) error {
		s.counts.add("framehold_sent_bytes_total", int64(len(p.Stored)))
		return frames.Write(wire.Frame{Kind: wire.FrameChunk, Coding: wire.Coding(p.Codec), Size: uint32(p.Size), Hash: studio.Hash(p.Hash),
			Stored: p.Stored})
	}
	err := from.packs.Pieces(ctx, hashes, write) // few enough to be read before the first is written
	if !unreadable(err) {
		return err
	}
	if len(hashes) == 1 {
		return s.found(context.WithoutCancel(ctx), from.project, from.packs, studio.Hash(hashes[0]))
	}
	for _, h := range hashes {
		if err := s.sendChunks(ctx, frames, from, []chunk.Hash{h}); err != nil {
			return err
		}
	}
	return nil
}

// getPreview shows a preview to who may see it.
func (s *Server) getPreview(w http.ResponseWriter, r *http.Request) error {
	at, err := targetOf(r, false)
	if err != nil {
		return err
	}
	name, err := hashIn(r.PathValue("hash"))
	if err != nil {
		return err
	}
	webp, err := read(r.Context(), s, at.project, func(snap serverdb.Snapshot, by Call) ([]byte, error) {
		may, err := s.core.MaySee(snap, by, name)
		if err != nil {
			return nil, err
		}
		b, here := snap.Preview(name)
		if !here || !may {
			return nil, errors.Join(errNoRoute, snap.Err())
		}
		return bytes.Clone(b), snap.Err()
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/webp")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable") // its name is its content
	_, _ = w.Write(webp)                                                    // who has gone needs no answer
	return nil
}
