package chunkstore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"framehold/internal/chunk"
)

// Check reads a chunk again, from the disk to its hash.
func (p *Packs) Check(row Row) error {
	_, err := p.read(row)
	return err
}

// PackFiles lists the packs in the folder, with their sizes in bytes.
func (p *Packs) PackFiles() (map[PackID]int64, error) {
	files, err := p.fs.ReadDir(p.dir)
	if err != nil {
		return nil, fmt.Errorf("list packs: %w", err)
	}
	packs := map[PackID]int64{}
	for _, f := range files {
		name, isPack := strings.CutSuffix(f.Name(), packSuffix)
		var id PackID
		raw, err := hex.DecodeString(name)
		if !isPack || err != nil || len(raw) != len(id) {
			continue
		}
		id = PackID(raw)
		info, err := p.fs.Lstat(p.path(id))
		if err != nil {
			return nil, fmt.Errorf("list packs: %w", err)
		}
		packs[id] = info.Size
	}
	return packs, nil
}

// Scan reads the records of a pack one after the other and hands on those that are whole: so the index is rebuilt, and
// an older record of a chunk is found. It returns where the whole records end; what is behind is a torn tail, or
// damage.
func (p *Packs) Scan(ctx context.Context, id PackID, fn func(Row) error) (end int64, err error) {
	f, err := p.fs.OpenNoFollow(p.path(id))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	header := make([]byte, packHeaderBytes)
	if _, err := f.ReadAt(header, 0); err != nil || string(header) != string(packHeader(id)) {
		return 0, fmt.Errorf("%w: pack %s has no header", ErrDamaged, id)
	}
	end = int64(packHeaderBytes)
	buf := make([]byte, recordHeaderBytes+maxStored+recordTailBytes)
	for {
		if err := ctx.Err(); err != nil {
			return end, err
		}
		n, err := f.ReadAt(buf, end)
		if err != nil && !errors.Is(err, io.EOF) {
			return end, fmt.Errorf("read pack %s: %w", id, err)
		}
		row, total, ok := wholeRecord(buf[:n])
		if !ok {
			return end, nil
		}
		row.Pack, row.Offset = id, end+int64(recordHeaderBytes)
		if err := fn(row); err != nil {
			return end, err
		}
		end += int64(total)
	}
}

// wholeRecord reads the record at the front of b.
func wholeRecord(b []byte) (Row, int, bool) {
	row, err := parseRecordHeader(b)
	if err != nil {
		return row, 0, false
	}
	total := recordHeaderBytes + int(row.Stored) + recordTailBytes
	if total > len(b) {
		return row, 0, false
	}
	body, tail := b[:total-recordTailBytes], b[total-recordTailBytes:total]
	crc := uint32(tail[0]) | uint32(tail[1])<<8 | uint32(tail[2])<<16 | uint32(tail[3])<<24
	return row, total, crc32.Checksum(body, castagnoli) == crc
}

// Find looks for whole records of the wanted chunks in every pack, for repair: the newest index may name a bad one.
func (p *Packs) Find(ctx context.Context, wanted map[chunk.Hash]bool) ([]Row, error) {
	packs, err := p.PackFiles()
	if err != nil {
		return nil, err
	}
	var found []Row
	for id := range packs {
		_, err := p.Scan(ctx, id, func(r Row) error {
			if wanted[r.Hash] && p.Check(r) == nil {
				found = append(found, r)
				delete(wanted, r.Hash)
			}
			return nil
		})
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, errNotExist) {
			return found, err
		}
	}
	return found, nil
}

// SaveWanted cuts a source and appends those of its chunks that are wanted, though the index may know them: repair from
// a working file. Wanted chunks that it found are taken off the map.
func (b *Batch) SaveWanted(ctx context.Context, src Source, wanted map[chunk.Hash]bool) error {
	inner := b.packs.begin(nothingBut(wanted))
	inner.trusts, inner.spans = true, b.spans
	_, err := inner.Save(ctx, src, nil)
	if err != nil {
		return err
	}
	for _, r := range inner.pending.Rows {
		delete(wanted, r.Hash)
	}
	b.pending.Rows = append(b.pending.Rows, inner.pending.Rows...)
	return nil
}

// nothingBut is an index that claims to know every chunk but the wanted ones, so that only those are stored.
type nothingBut map[chunk.Hash]bool

func (n nothingBut) Locate(_ context.Context, hashes []chunk.Hash) ([]Row, error) {
	var rows []Row
	for _, h := range hashes {
		if !n[h] {
			rows = append(rows, Row{Hash: h})
		}
	}
	return rows, nil
}

func (nothingBut) Blob(context.Context, chunk.Hash) ([]byte, error) { return nil, ErrMissing }

// Move copies records to the open pack, which is never the one that they are in, makes them durable and reads each
// back: the rows to switch to. The caller switches them in one transaction before it closes the batch.
func (b *Batch) Move(ctx context.Context, rows []Row) ([]Row, error) {
	if err := b.packs.leave(rows); err != nil {
		return nil, err
	}
	moved := make([]Row, 0, len(rows))
	for _, r := range rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := b.packs.Check(r); err != nil {
			return nil, err
		}
		stored := make([]byte, r.Stored)
		if err := b.packs.readAt(r, stored); err != nil {
			return nil, err
		}
		at, err := b.append(r.Hash, r.Codec, int(r.Size), stored)
		if err != nil {
			return nil, err
		}
		moved = append(moved, Row{Hash: r.Hash, Location: at})
	}
	if err := b.Flush(); err != nil {
		return nil, err
	}
	for _, r := range moved {
		if err := b.packs.Check(r); err != nil {
			return nil, err
		}
	}
	return moved, nil
}

// leave ends the open pack when one of rows is in it.
func (p *Packs) leave(rows []Row) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range rows {
		if p.open != nil && p.open.id == r.Pack {
			return p.end()
		}
	}
	return nil
}

// Identify names the content of a source as Save would, and stores nothing.
func (p *Packs) Identify(ctx context.Context, src Source, progress func(bytes int64)) (Saved, error) {
	inner := p.begin(nothingBut(nil))
	inner.trusts = true
	return inner.Save(ctx, src, progress)
}
