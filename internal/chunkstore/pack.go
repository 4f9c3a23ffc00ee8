package chunkstore

import (
	"errors"
	"fmt"
	"io"
	"os"

	"framehold/internal/chunk"
	"framehold/internal/fsys"
)

// pack is a pack that this process appends to, or has appended to while a batch still stands on it. Its shared lock
// tells every process that rows may yet name its bytes.
type pack struct {
	id       PackID
	file     fsys.File // nil: it takes no more
	lock     io.Closer
	users    int // batches that have a record in it
	size     int64
	written  int64 // up to where write-back was started
	durable  int64 // up to where bytes and name are on the disk
	failed   error // of a sync: what is behind durable will never be known to be there
	dirKnown bool  // its name is durable
}

// append puts a record at the end of the open pack and returns where its bytes are. After a failure the pack takes no
// more: a torn record that could not be cut off must stay the last one.
func (b *Batch) append(h chunk.Hash, codec Codec, size int, stored []byte) (Location, error) {
	p := b.packs
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open != nil && p.open.size >= packTargetBytes {
		if err := p.end(); err != nil {
			return Location{}, err
		}
	}
	if p.open == nil {
		if err := p.start(); err != nil {
			return Location{}, err
		}
	}
	k := p.open
	record := encodeRecord(h, codec, size, stored)
	if _, err := k.file.WriteAt(record, k.size); err != nil {
		_ = k.file.Truncate(k.size) // gives the room back; a reader passes over what stays
		err = errors.Join(fmt.Errorf("append to pack %s: %w", k.id, err), p.end())
		if k.size == int64(packHeaderBytes) { // nothing is in it
			err = errors.Join(err, p.fs.Remove(p.path(k.id)))
		}
		return Location{}, err
	}
	at := Location{Pack: k.id, Offset: k.size + recordHeaderBytes, Stored: uint32(len(stored)), Size: uint32(size),
		Codec: codec}
	k.size += int64(len(record))
	b.note(k, int64(len(record)))
	if k.size-k.written >= writebackBytes {
		k.file.StartWriteback(k.written, k.size-k.written)
		k.written = k.size
	}
	return at, nil
}

// start makes a new pack. Its name is random and its file new, so that no two processes share one. The header goes
// before the lock: on Windows a lock keeps its first byte from being written.
func (p *Packs) start() error {
	id := PackID(p.newID())
	file, err := p.fs.OpenFile(p.path(id), flagsNew, 0o600)
	if err != nil {
		return fmt.Errorf("make pack: %w", err)
	}
	header := packHeader(id)
	_, err = file.WriteAt(header, 0)
	var lock io.Closer
	if err == nil {
		lock, err = p.fs.Lock(p.path(id), true)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("make pack %s: %w", id, err), file.Close(), p.fs.Remove(p.path(id)))
	}
	p.open = &pack{id: id, file: file, lock: lock, size: int64(len(header))}
	p.packs[id] = p.open
	return nil
}

// end makes the open pack durable and closes it: the next record goes into a new one. What could not be made durable
// fails the Flush of every batch that stands on it.
func (p *Packs) end() error {
	k := p.open
	return errors.Join(p.syncPack(k), p.retire(k))
}

// retire closes the open pack as it is.
func (p *Packs) retire(k *pack) error {
	p.open = nil
	err := p.shut(k)
	p.letGo(k)
	return err
}

// shut closes the file of a pack: it takes no more.
func (p *Packs) shut(k *pack) error {
	if k.file == nil {
		return nil
	}
	err := k.file.Close()
	k.file = nil
	return err
}

// letGo unlocks a pack that is neither open nor stood on by a batch: all that will ever name its bytes is committed.
func (p *Packs) letGo(k *pack) {
	if k != p.open && k.users == 0 && p.packs[k.id] == k {
		_ = k.lock.Close() // the system takes the lock away with the handle, whatever it answers
		delete(p.packs, k.id)
	}
}

// syncPack makes everything in a pack durable. After a failure it never does: the system may have thrown the bytes
// away and would say yes to the next call.
func (p *Packs) syncPack(k *pack) error {
	if k.failed != nil || k.durable == k.size {
		return k.failed
	}
	if err := k.file.Sync(); err != nil {
		k.failed = fmt.Errorf("sync pack %s: %w", k.id, err)
		return k.failed
	}
	if !k.dirKnown {
		if err := p.fs.SyncDir(p.dir); err != nil {
			k.failed = fmt.Errorf("sync packs: %w", err)
			return k.failed
		}
		k.dirKnown = true
	}
	k.durable = k.size
	return nil
}

// sync makes the records of a batch durable, wherever they are.
func (p *Packs) sync(spans map[PackID]span) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, s := range spans {
		k := p.packs[id]
		if s.to <= k.durable {
			continue
		}
		err := p.syncPack(k)
		if err != nil && k == p.open {
			err = errors.Join(err, p.retire(k))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// span is a run of records in a pack.
type span struct{ from, to, bytes int64 }

// note remembers that a batch has appended the last n bytes of a pack.
func (b *Batch) note(k *pack, n int64) {
	s, ok := b.spans[k.id]
	if !ok {
		s.from = k.size - n
		k.users++
	}
	s.to, s.bytes = k.size, s.bytes+n
	b.spans[k.id] = s
}

// release ends what a batch has to do with its packs. With cut it gives the room of its records back, which no row
// names and none will; what another batch may stand behind or between is left to compaction.
func (p *Packs) release(spans map[PackID]span, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, s := range spans {
		k := p.packs[id]
		k.users--
		if cut && s.to == k.size && s.bytes == s.to-s.from {
			_ = p.cut(k, s) // what cannot be given back now is left to compaction
		}
		p.letGo(k)
	}
}

func (p *Packs) cut(k *pack, s span) (err error) {
	if s.from == int64(packHeaderBytes) { // nothing else is in it
		if k == p.open {
			p.open = nil
		}
		err := p.shut(k)
		p.letGo(k)
		p.forget(k.id)
		return errors.Join(err, p.fs.Remove(p.path(k.id)))
	}
	if k.file != nil {
		err = k.file.Truncate(s.from)
	} else {
		var file fsys.File
		if file, err = p.fs.OpenFile(p.path(k.id), os.O_WRONLY, 0); err == nil {
			err = errors.Join(file.Truncate(s.from), file.Close())
		}
	}
	if err != nil {
		return err
	}
	k.size, k.written, k.durable = s.from, min(k.written, s.from), min(k.durable, s.from)
	return nil
}

// Leave ends the open pack: a pack that was condemned takes no more of this process either.
func (p *Packs) Leave() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		return nil
	}
	return p.end()
}

// Lease keeps every pack where it is until it is closed: for who reads packs for long. fsys.ErrLocked while packs are
// being collected.
func (p *Packs) Lease() (io.Closer, error) { return p.fs.Lock(p.dir+".lock", true) }

// Collector is the right to condemn and to remove packs, until it is closed. fsys.ErrLocked while anyone else has it,
// or a lease.
func (p *Packs) Collector() (io.Closer, error) { return p.fs.Lock(p.dir+".lock", false) }

// Seize takes a pack for the collector, until the closer is closed: from then on every row that will ever name its
// bytes is committed. nil while a process has it open or a batch stands on it, and when it is not there.
func (p *Packs) Seize(id PackID) (io.Closer, error) {
	if _, err := p.fs.Lstat(p.path(id)); err != nil { // Lock would make it
		if errors.Is(err, errNotExist) {
			return nil, nil
		}
		return nil, fmt.Errorf("seize pack %s: %w", id, err)
	}
	lock, err := p.fs.Lock(p.path(id), false)
	if errors.Is(err, fsys.ErrLocked) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("seize pack %s: %w", id, err)
	}
	return lock, nil
}

// RemovePack deletes a pack that no row names any more.
func (p *Packs) RemovePack(id PackID) error {
	p.mu.Lock()
	p.forget(id)
	_, own := p.packs[id]
	p.mu.Unlock()
	if own {
		return fmt.Errorf("pack %s is being written", id)
	}
	if err := p.fs.Remove(p.path(id)); err != nil {
		return fmt.Errorf("remove pack %s: %w", id, err)
	}
	return p.fs.SyncDir(p.dir)
}
