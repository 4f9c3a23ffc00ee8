// Package preview makes previews: WebP pictures of at most 2,048 px and 2 MiB, from images and from the thumbnails that
// working files carry. It refuses to write files and to believe a header: sizes are checked before a pixel is decoded.
// It keeps one invariant: one picture is decoded at a time, so that memory stays bounded.
package preview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/HugoSmits86/nativewebp"
	"golang.org/x/image/draw"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// Errors of making a preview.
var (
	ErrNotAnImage = errors.New("not an image that can be shown")
	ErrTooLarge   = errors.New("image is too large")
	ErrNoPicture  = errors.New("file has no picture in it")
)

const (
	previewMaxPx    = 2048
	previewMaxBytes = 2 << 20
	imageMaxBytes   = 256 << 20
	imageMaxPixels  = 134_217_728 // 2^27: 512 MiB of pixels
	sideMaxPx       = 1 << 16
	shrinkTries     = 8
)

// Picture is a preview and what it was made of.
type Picture struct {
	WebP          []byte
	Width, Height int // of the original, px
	Format        string
}

// Info is what a picture's header says.
type Info struct {
	Format        string
	Width, Height int // px
}

// Maker makes previews. Safe for concurrent use.
type Maker struct{ turn chan struct{} }

// New makes a Maker.
func New() *Maker { return &Maker{turn: make(chan struct{}, 1)} }

type format struct {
	name   string
	match  func(head []byte) bool
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

func starts(magic ...string) func([]byte) bool {
	return func(head []byte) bool {
		for _, m := range magic {
			if bytes.HasPrefix(head, []byte(m)) {
				return true
			}
		}
		return false
	}
}

func formats() []format {
	return []format{
		{"png", starts("\x89PNG\r\n\x1a\n"), png.DecodeConfig, png.Decode},
		{"jpeg", starts("\xff\xd8\xff"), jpeg.DecodeConfig, jpeg.Decode},
		{"gif", starts("GIF87a", "GIF89a"), gif.DecodeConfig, gif.Decode},
		{"tiff", starts("II*\x00", "MM\x00*"), tiff.DecodeConfig, tiff.Decode},
		{"webp", func(h []byte) bool { return len(h) > 12 && string(h[:4]) == "RIFF" && string(h[8:12]) == "WEBP" },
			webp.DecodeConfig, webp.Decode},
	}
}

const headBytes = 32

// Inspect reads the header of an image. Errors: ErrNotAnImage, ErrTooLarge, the reader's.
func Inspect(r io.ReaderAt, size int64) (Info, error) {
	_, info, err := inspect(r, size)
	return info, err
}

func inspect(r io.ReaderAt, size int64) (format, Info, error) {
	head := make([]byte, headBytes)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return format{}, Info{}, err
	}
	for _, f := range formats() {
		if !f.match(head[:n]) {
			continue
		}
		if size > imageMaxBytes {
			return f, Info{}, ErrTooLarge
		}
		c, err := f.config(io.NewSectionReader(r, 0, size))
		if err != nil {
			return f, Info{}, fmt.Errorf("%w: %w", ErrNotAnImage, err)
		}
		if c.Width <= 0 || c.Height <= 0 {
			return f, Info{}, ErrNotAnImage
		}
		if c.Width > sideMaxPx || c.Height > sideMaxPx || int64(c.Width)*int64(c.Height) > imageMaxPixels {
			return f, Info{}, ErrTooLarge
		}
		return f, Info{f.name, c.Width, c.Height}, nil
	}
	return format{}, Info{}, ErrNotAnImage
}

// FromImage makes the preview of an image: PNG, JPEG, WebP, GIF (its first frame) or TIFF. Errors: ErrNotAnImage,
// ErrTooLarge, the reader's, ctx's.
func (m *Maker) FromImage(ctx context.Context, r io.ReaderAt, size int64) (Picture, error) {
	f, info, err := inspect(r, size)
	if err != nil {
		return Picture{}, err
	}
	done, err := m.wait(ctx)
	if err != nil {
		return Picture{}, err
	}
	defer done()
	img, err := f.decode(io.NewSectionReader(r, 0, size))
	if err != nil {
		return Picture{}, fmt.Errorf("%w: %w", ErrNotAnImage, err)
	}
	b, err := encode(img)
	return Picture{WebP: b, Width: info.Width, Height: info.Height, Format: info.Format}, err
}

func (m *Maker) wait(ctx context.Context) (done func(), err error) {
	select {
	case m.turn <- struct{}{}:
		return func() { <-m.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// encode shrinks a picture until its WebP is small enough.
func encode(img image.Image) ([]byte, error) {
	px := previewMaxPx
	for range shrinkTries {
		small := scale(img, px)
		var b bytes.Buffer
		if err := nativewebp.Encode(&b, small, nil); err != nil {
			return nil, fmt.Errorf("encode preview: %w", err)
		}
		if b.Len() <= previewMaxBytes {
			return b.Bytes(), nil
		}
		img, px = small, longer(small)*3/4
	}
	return nil, ErrTooLarge
}

func longer(img image.Image) int { return max(img.Bounds().Dx(), img.Bounds().Dy()) }

// scale makes a picture at most px on its longer side.
func scale(img image.Image, px int) image.Image {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if long := max(w, h); long > px {
		w, h = max(1, w*px/long), max(1, h*px/long)
	}
	small := image.NewNRGBA(image.Rect(0, 0, w, h))
	if w == b.Dx() && h == b.Dy() {
		draw.Draw(small, small.Bounds(), img, b.Min, draw.Src)
	} else {
		draw.CatmullRom.Scale(small, small.Bounds(), img, b, draw.Src, nil)
	}
	return small
}

const (
	thumbMinPx = 16
	thumbMaxPx = previewMaxPx
)

// Thumbnail makes a preview smaller: px on its longer side.
func (m *Maker) Thumbnail(preview []byte, px int) ([]byte, error) {
	px = min(max(px, thumbMinPx), thumbMaxPx)
	c, err := webp.DecodeConfig(bytes.NewReader(preview))
	if err != nil || max(c.Width, c.Height) <= px {
		return preview, nil
	}
	done, err := m.wait(context.Background())
	if err != nil {
		return nil, err
	}
	defer done()
	img, err := webp.Decode(bytes.NewReader(preview))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotAnImage, err)
	}
	var b bytes.Buffer
	if err := nativewebp.Encode(&b, scale(img, px), nil); err != nil {
		return nil, fmt.Errorf("encode preview: %w", err)
	}
	return b.Bytes(), nil
}
