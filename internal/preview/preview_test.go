package preview_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/HugoSmits86/nativewebp"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"

	"framehold/internal/preview"
)

func drawing(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(y), uint8(x * y), 255})
		}
	}
	return img
}

func encoded(t *testing.T, format string, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch format {
	case "png":
		err = png.Encode(&b, img)
	case "jpeg":
		err = jpeg.Encode(&b, img, nil)
	case "gif":
		err = gif.Encode(&b, img, nil)
	case "tiff":
		err = tiff.Encode(&b, img, nil)
	case "webp":
		err = nativewebp.Encode(&b, img, nil)
	}
	require.NoError(t, err)
	return b.Bytes()
}

func TestEveryFormatBecomesAWebPPreview(t *testing.T) {
	for _, format := range []string{"png", "jpeg", "gif", "tiff", "webp"} {
		b := encoded(t, format, drawing(300, 200))
		p, err := preview.New().FromImage(context.Background(), bytes.NewReader(b), int64(len(b)))
		require.NoError(t, err, format)
		require.Equal(t, format, p.Format)
		img, err := webp.Decode(bytes.NewReader(p.WebP))
		require.NoError(t, err, format)
		require.Equal(t, image.Pt(300, 200), img.Bounds().Size(), format)
	}
}

func TestAPreviewHasAtMost2048Pixels(t *testing.T) {
	b := encoded(t, "png", image.NewGray(image.Rect(0, 0, 5000, 1000)))
	p, err := preview.New().FromImage(context.Background(), bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	c, err := webp.DecodeConfig(bytes.NewReader(p.WebP))
	require.NoError(t, err)
	require.Equal(t, 2048, c.Width)
	require.Equal(t, 5000, p.Width)
	require.LessOrEqual(t, len(p.WebP), 2<<20)
	small, err := preview.New().Thumbnail(p.WebP, 320)
	require.NoError(t, err)
	c, err = webp.DecodeConfig(bytes.NewReader(small))
	require.NoError(t, err)
	require.Equal(t, 320, c.Width)
}

func TestAnImageOf20000By20000PixelsIsRefusedByItsHeader(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("\x89PNG\r\n\x1a\n")
	header := []byte("IHDR")
	header = binary.BigEndian.AppendUint32(header, 20_000)
	header = binary.BigEndian.AppendUint32(header, 20_000)
	header = append(header, 8, 6, 0, 0, 0)
	b.Write(binary.BigEndian.AppendUint32(nil, 13))
	b.Write(header)
	b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(header)))
	_, err := preview.New().FromImage(context.Background(), bytes.NewReader(b.Bytes()), int64(b.Len()))
	require.ErrorIs(t, err, preview.ErrTooLarge)
}

func TestWhatIsNoImageIsSaidSo(t *testing.T) {
	for _, text := range []string{"", "hello", "\x89PNG\r\n\x1a\nbroken", "\xff\xd8\xffbroken", "II*\x00"} {
		_, err := preview.New().FromImage(context.Background(), bytes.NewReader([]byte(text)), int64(len(text)))
		require.ErrorIs(t, err, preview.ErrNotAnImage, "%q", text)
	}
}

func blend(t *testing.T) []byte {
	t.Helper()
	b := []byte("BLENDER-v402")
	block := func(code string, body []byte) {
		b = append(b, code...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
		b = append(b, make([]byte, 16)...)
		b = append(b, body...)
	}
	block("REND", make([]byte, 72))
	body := binary.LittleEndian.AppendUint32(nil, 2)
	body = binary.LittleEndian.AppendUint32(body, 1)
	block("TEST", append(body, 255, 0, 0, 255, 0, 255, 0, 255))
	return b
}

func TestPicturesInsideWorkingFilesAreFound(t *testing.T) {
	inside := encoded(t, "png", drawing(40, 30))
	var kra bytes.Buffer
	z := zip.NewWriter(&kra)
	w, err := z.Create("mergedimage.png")
	require.NoError(t, err)
	_, err = w.Write(inside)
	require.NoError(t, err)
	require.NoError(t, z.Close())

	thumb := encoded(t, "jpeg", drawing(20, 10))
	psd := append([]byte("8BPS\x00\x01"), make([]byte, 20)...)
	psd = binary.BigEndian.AppendUint32(psd, 0)
	resource := append([]byte("8BIM\x04\x0c\x00\x00"), binary.BigEndian.AppendUint32(nil, uint32(28+len(thumb)))...)
	resource = append(append(resource, make([]byte, 28)...), thumb...)
	psd = binary.BigEndian.AppendUint32(psd, uint32(len(resource)))
	psd = append(append(psd, resource...), make([]byte, 16)...)

	for name, file := range map[string][]byte{"a.kra": kra.Bytes(), "a.psd": psd, "a.blend": blend(t)} {
		p, err := preview.New().FromFile(context.Background(), name, bytes.NewReader(file), int64(len(file)))
		require.NoError(t, err, name)
		_, err = webp.Decode(bytes.NewReader(p.WebP))
		require.NoError(t, err, name)
	}
	_, err = preview.New().FromFile(context.Background(), "a.ma", bytes.NewReader([]byte("//Maya")), 6)
	require.ErrorIs(t, err, preview.ErrNoPicture)
}

func FuzzFromFile(f *testing.F) {
	f.Add("a.blend", []byte("BLENDER-v402TEST\x10\x00\x00\x00"))
	f.Add("a.psd", []byte("8BPS\x00\x01"))
	f.Add("a.kra", []byte("PK\x05\x06"))
	f.Add("a.png", []byte("\x89PNG\r\n\x1a\n"))
	m := preview.New()
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		p, err := m.FromFile(context.Background(), name, bytes.NewReader(b), int64(len(b)))
		require.True(t, err != nil || len(p.WebP) > 0)
	})
}
