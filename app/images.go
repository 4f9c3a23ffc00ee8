package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"sync"

	"framehold/internal/preview"
	"framehold/internal/session"
	"framehold/internal/studio"
)

const (
	uploadMaxBytes = 256 << 20
	uploadsKept    = 4 // pictures that were handed in and not used yet
	coversKept     = 200
)

// Upload is a picture that was handed in for a checkpoint.
type Upload struct {
	Token   string `json:"token"`
	Width   int    `json:"width"`
	Height  int    `json:"height"`
	Format  string `json:"format"`
	Preview string `json:"preview"` // URL
}

type images struct {
	mu    sync.Mutex
	order []string
	of    map[string][]byte
	webp  map[string][]byte
}

// PutImage takes a picture that a person pastes, drops or chooses, and answers with a token for the checkpoint. Codes:
// not_an_image, image_too_large.
func (a *App) PutImage(ctx context.Context, r io.Reader) (Upload, error) {
	c := a.core
	b, err := io.ReadAll(io.LimitReader(r, uploadMaxBytes+1))
	if err != nil {
		return Upload{}, c.failure(err)
	}
	if len(b) > uploadMaxBytes {
		return Upload{}, c.failure(studio.Refuse(studio.CodeImageTooBig, studio.Params{Limit: "256 MiB"}))
	}
	picture, err := preview.New().FromImage(ctx, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return Upload{}, c.failure(session.PictureFailure(err))
	}
	var random [16]byte
	if _, err := rand.Read(random[:]); err != nil {
		return Upload{}, c.failure(err)
	}
	token := hex.EncodeToString(random[:])
	c.images.put(token, b, picture.WebP)
	return Upload{token, picture.Width, picture.Height, picture.Format, "/image/" + token}, nil
}

func (i *images) put(token string, b, webp []byte) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.of == nil {
		i.of, i.webp = map[string][]byte{}, map[string][]byte{}
	}
	i.order = append(i.order, token)
	i.of[token], i.webp[token] = b, webp
	if len(i.order) > uploadsKept {
		delete(i.of, i.order[0])
		delete(i.webp, i.order[0])
		i.order = i.order[1:]
	}
}

func (i *images) get(token string) (b, webp []byte, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	b, ok = i.of[token]
	return b, i.webp[token], ok
}

// Image is the preview of a picture that was handed in.
func (a *App) Image(token string) ([]byte, bool) {
	_, webp, ok := a.core.images.get(token)
	return webp, ok
}

// Preview is a preview of the open project by its hash, px on its longer side when px > 0, or the cover of one that is
// listed.
func (a *App) Preview(ctx context.Context, hash string, px int) ([]byte, bool, error) {
	b, err := hex.DecodeString(hash)
	if err != nil || len(b) != len(studio.Hash{}) {
		return nil, false, nil
	}
	if cover, ok := a.core.covers.get(studio.Hash(b)); ok && px == coverPx {
		return cover, true, nil
	}
	s, err := a.core.current()
	if err != nil {
		return nil, false, nil
	}
	return s.Preview(ctx, studio.Hash(b), px)
}

// covers are the pictures of listed projects, which are not open when a page asks for them.
type covers struct {
	mu   sync.Mutex
	webp map[studio.Hash][]byte
}

func (c *covers) put(h studio.Hash, webp []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.webp == nil || len(c.webp) >= coversKept {
		c.webp = map[studio.Hash][]byte{}
	}
	c.webp[h] = webp
}

func (c *covers) get(h studio.Hash) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	webp, ok := c.webp[h]
	return webp, ok
}
