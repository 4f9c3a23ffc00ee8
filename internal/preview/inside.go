package preview

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"
)

const (
	thumbBytesMax  = 16 << 20 // of a picture inside a file
	blendScanBytes = 8 << 20  // the thumbnail block stands among the first
	zstdMemoryMax  = 64 << 20
	zipEntriesMax  = 100_000
	blendSideMax   = 1024
	psdHeaderBytes = 26
)

// FromFile makes the preview of a working file: of an image, or of the thumbnail inside a .blend, .psd, .psb, .kra or
// .ora. Errors: ErrNoPicture, ErrTooLarge, the reader's, ctx's. What is malformed has no picture.
func (m *Maker) FromFile(ctx context.Context, name string, r io.ReaderAt, size int64) (Picture, error) {
	p, err := m.FromImage(ctx, r, size)
	if !errors.Is(err, ErrNotAnImage) {
		return p, err
	}
	var img image.Image
	var inside []byte
	kind := strings.ToLower(path.Ext(name))
	switch kind {
	case ".blend":
		img, err = blendPicture(r, size)
	case ".psd", ".psb":
		inside, err = psdPicture(r, size)
	case ".kra", ".ora":
		inside, err = zipPicture(r, size)
	default:
		return Picture{}, ErrNoPicture
	}
	if err != nil {
		return Picture{}, err
	}
	if inside != nil {
		p, err := m.FromImage(ctx, bytes.NewReader(inside), int64(len(inside)))
		if errors.Is(err, ErrNotAnImage) {
			err = ErrNoPicture
		}
		p.Format = kind[1:]
		return p, err
	}
	b, err := encode(img)
	return Picture{WebP: b, Width: img.Bounds().Dx(), Height: img.Bounds().Dy(), Format: "blend"}, err
}

// blendPicture reads the block TEST of a .blend: width and height as int32, then rows of RGBA from the bottom up.
// Source: Blender's own documentation of the file format (doc/blender_file_format) and its thumbnailer.
func blendPicture(r io.ReaderAt, size int64) (image.Image, error) {
	head := make([]byte, 4)
	if _, err := r.ReadAt(head, 0); err != nil {
		return nil, ErrNoPicture
	}
	var src io.Reader = io.NewSectionReader(r, 0, size)
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(src)
		if err != nil {
			return nil, ErrNoPicture
		}
		src = z
	case bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(src, zstd.WithDecoderMaxMemory(zstdMemoryMax), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, ErrNoPicture
		}
		defer z.Close()
		src = z
	}
	return blendBlocks(io.LimitReader(src, blendScanBytes))
}

// blendBlocks walks the blocks. Two headers exist: "BLENDER" + pointer size + endianness + version of three digits,
// and, from 5.0, "BLENDER" + size of the header in two digits + "-" + format + endianness + version of four digits.
func blendBlocks(src io.Reader) (image.Image, error) {
	head := make([]byte, 12)
	if _, err := io.ReadFull(src, head); err != nil || string(head[:7]) != "BLENDER" {
		return nil, ErrNoPicture
	}
	block, order := 20, binary.ByteOrder(binary.LittleEndian)
	large := head[7] == '1' && head[8] == '7'
	switch {
	case large: // 17 bytes of header; a block: code, SDNA index, old pointer of 8, length of 8, count of 8
		if _, err := io.CopyN(io.Discard, src, 5); err != nil {
			return nil, ErrNoPicture
		}
		block = 32
	case head[7] == '-':
		block = 24
	}
	if !large && head[8] == 'V' {
		order = binary.BigEndian
	}
	for {
		h := make([]byte, block)
		if _, err := io.ReadFull(src, h); err != nil {
			return nil, ErrNoPicture
		}
		length := int64(order.Uint32(h[4:8]))
		if large {
			length = int64(order.Uint64(h[16:24]))
		}
		code := string(h[:4])
		if code == "TEST" {
			return blendPixels(src, order, length)
		}
		if code == "ENDB" || length < 0 || length > blendScanBytes {
			return nil, ErrNoPicture
		}
		if _, err := io.CopyN(io.Discard, src, length); err != nil {
			return nil, ErrNoPicture
		}
	}
}

func blendPixels(src io.Reader, order binary.ByteOrder, length int64) (image.Image, error) {
	size := make([]byte, 8)
	if _, err := io.ReadFull(src, size); err != nil {
		return nil, ErrNoPicture
	}
	w, h := int(int32(order.Uint32(size))), int(int32(order.Uint32(size[4:])))
	if w < 1 || h < 1 || w > blendSideMax || h > blendSideMax || length < 8+int64(w)*int64(h)*4 {
		return nil, ErrNoPicture
	}
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := h - 1; y >= 0; y-- {
		if _, err := io.ReadFull(src, img.Pix[y*img.Stride:y*img.Stride+4*w]); err != nil {
			return nil, ErrNoPicture
		}
	}
	return img, nil
}

// psdPicture finds the JPEG of image resource 1036 (or 1033). Source: Adobe Photoshop File Formats Specification,
// "Image Resources Section" and "Thumbnail resource format".
func psdPicture(r io.ReaderAt, size int64) ([]byte, error) {
	at := int64(psdHeaderBytes)
	word := func(at int64) (int64, bool) {
		var b [4]byte
		if at < 0 || at+4 > size {
			return 0, false
		}
		_, err := r.ReadAt(b[:], at)
		return int64(binary.BigEndian.Uint32(b[:])), err == nil
	}
	colours, ok := word(at)
	if !ok {
		return nil, ErrNoPicture
	}
	at += 4 + colours
	length, ok := word(at)
	if !ok {
		return nil, ErrNoPicture
	}
	for end := min(size, at+4+length); ; {
		if at == psdHeaderBytes+4+colours {
			at += 4
		}
		var h [7]byte
		if at+12 > end {
			return nil, ErrNoPicture
		}
		if _, err := r.ReadAt(h[:], at); err != nil || string(h[:4]) != "8BIM" {
			return nil, ErrNoPicture
		}
		id := binary.BigEndian.Uint16(h[4:6])
		at += 6 + (int64(h[6])+2)/2*2 // a Pascal string, padded to be even
		n, ok := word(at)
		if !ok {
			return nil, ErrNoPicture
		}
		at += 4
		const thumbHeader = 28
		if (id == 1036 || id == 1033) && n > thumbHeader && n < thumbBytesMax {
			b := make([]byte, n-thumbHeader)
			if _, err := r.ReadAt(b, at+thumbHeader); err != nil {
				return nil, ErrNoPicture
			}
			return b, nil
		}
		at += (n + 1) / 2 * 2
	}
}

// zipPicture finds the merged picture of a .kra or .ora, or its thumbnail (OpenRaster specification, "File layout").
func zipPicture(r io.ReaderAt, size int64) ([]byte, error) {
	z, err := zip.NewReader(r, size)
	if err != nil || len(z.File) > zipEntriesMax {
		return nil, ErrNoPicture
	}
	for _, name := range []string{"mergedimage.png", "preview.png", "Thumbnails/thumbnail.png"} {
		for _, e := range z.File {
			if e.Name != name || e.UncompressedSize64 > imageMaxBytes {
				continue
			}
			f, err := e.Open()
			if err != nil {
				continue
			}
			b, err := io.ReadAll(io.LimitReader(f, imageMaxBytes))
			closing := f.Close()
			if err == nil && closing == nil {
				return b, nil
			}
		}
	}
	return nil, ErrNoPicture
}
