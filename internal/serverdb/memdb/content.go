package memdb

import (
	"fmt"
	"slices"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

func (s snapshot) Locate(hashes []studio.Hash) []serverdb.Chunk {
	var chunks []serverdb.Chunk
	for _, h := range hashes {
		if c, ok := s.chunks.get(string(h[:])); ok {
			c.Condemned = s.packs.has(string(c.Pack[:]))
			chunks = append(chunks, c)
		}
	}
	return chunks
}

func (s snapshot) ChunksOf(pack studio.ID, after studio.Hash, limit int) []serverdb.Chunk {
	var hashes []studio.Hash
	for _, h := range s.behind(linkStands, string(pack[:])) {
		if h > string(after[:]) && len(hashes) < limit {
			hashes = append(hashes, studio.HashFrom([]byte(h)))
		}
	}
	return s.Locate(hashes)
}

func (s snapshot) Packs() []serverdb.Pack { return values(s.packs) }

func (s snapshot) Bad() []serverdb.Bad { return values(s.bad) }

func (s snapshot) Leases() []serverdb.Lease { return values(s.leases) }

// values are those of a tree, in order of their keys.
func values[V any](t tree[V]) (all []V) {
	t.from("", func(_ string, v V) bool {
		all = append(all, v)
		return true
	})
	return all
}

func (s snapshot) Manifest(h studio.Hash) ([]byte, bool) {
	m, ok := s.manifests.get(string(h[:]))
	return m.Bytes, ok
}

func (s snapshot) Manifests(after studio.Hash, limit int) []serverdb.Manifest {
	var all []serverdb.Manifest
	s.manifests.from(string(after[:])+"\x00", func(_ string, m serverdb.Manifest) bool {
		if len(all) < limit {
			all = append(all, serverdb.Manifest{Hash: m.Hash, Root: m.Root})
		}
		return len(all) < limit
	})
	return all
}

func (s snapshot) Preview(h studio.Hash) ([]byte, bool) { return s.previews.get(string(h[:])) }

func (s snapshot) Previews(after studio.Hash, limit int) []studio.Hash {
	var all []studio.Hash
	s.previews.from(string(after[:])+"\x00", func(key string, _ []byte) bool {
		if len(all) < limit {
			all = append(all, studio.HashFrom([]byte(key)))
		}
		return len(all) < limit
	})
	return all
}

func (s snapshot) Lease(client studio.ID) (serverdb.Lease, bool) {
	return s.leases.get(string(client[:]))
}

func (s snapshot) Leased(client studio.ID, hashes []studio.Hash) []bool {
	leased := make([]bool, len(hashes))
	for i, h := range hashes {
		leased[i] = s.named.has(string(client[:]) + string(h[:]))
	}
	return leased
}

func (s snapshot) Protected(hashes []studio.Hash) []bool {
	leased := make([]bool, len(hashes))
	for i, h := range hashes {
		leased[i] = len(s.behind(linkLeased, string(h[:]))) > 0
	}
	return leased
}

func stands(c serverdb.Chunk) string {
	return string(linkStands) + string(c.Pack[:]) + string(c.Hash[:])
}

func (t *tx) AddChunks(chunks []serverdb.Chunk) error {
	for _, c := range chunks {
		if t.packs.has(string(c.Pack[:])) {
			return t.fail(fmt.Errorf("write chunks: %w: %s", serverdb.ErrCondemned, c.Pack))
		}
		c.Condemned = false
		t.takeOut(c.Hash)
		t.chunks.put(t.edit, string(c.Hash[:]), c)
		t.links.put(t.edit, stands(c), struct{}{})
		t.bad.remove(t.edit, string(c.Hash[:]))
		t.head.Stored += int64(c.Stored)
	}
	return nil
}

// takeOut forgets where a chunk is.
func (t *tx) takeOut(h studio.Hash) {
	if old, known := t.chunks.get(string(h[:])); known {
		t.chunks.remove(t.edit, string(h[:]))
		t.links.remove(t.edit, stands(old))
		t.head.Stored -= int64(old.Stored)
	}
}

// still are those of chunks that are where they are said to be.
func (t *tx) still(chunks []serverdb.Chunk) []serverdb.Chunk {
	return slices.DeleteFunc(slices.Clone(chunks), func(c serverdb.Chunk) bool {
		now, known := t.chunks.get(string(c.Hash[:]))
		return !known || now.Pack != c.Pack || now.Offset != c.Offset
	})
}

func (t *tx) RemoveChunks(chunks []serverdb.Chunk) error {
	for _, c := range t.still(chunks) {
		t.takeOut(c.Hash)
	}
	for _, c := range chunks {
		if b, is := t.bad.get(string(c.Hash[:])); is && b.Pack == c.Pack && b.Offset == c.Offset {
			t.bad.remove(t.edit, string(c.Hash[:]))
		}
	}
	return nil
}

func (t *tx) MarkBad(chunks []serverdb.Chunk, atMs int64) error {
	for _, c := range t.still(chunks) {
		t.takeOut(c.Hash)
		c.Condemned = false
		t.bad.put(t.edit, string(c.Hash[:]), serverdb.Bad{Chunk: c, FoundMs: atMs})
	}
	return nil
}

func (t *tx) SetPack(p serverdb.Pack) error {
	if p.Deleting && len(t.behind(linkStands, string(p.ID[:]))) > 0 {
		return t.fail(fmt.Errorf("condemn pack: there are chunks in %s", p.ID))
	}
	t.packs.put(t.edit, string(p.ID[:]), p)
	return nil
}

func (t *tx) ForgetPack(id studio.ID) error {
	if len(t.behind(linkStands, string(id[:]))) > 0 {
		return t.fail(fmt.Errorf("forget pack: there are chunks in %s", id))
	}
	t.packs.remove(t.edit, string(id[:]))
	return nil
}

func linkOf(m serverdb.Manifest, to studio.Hash) string {
	from := linkChunkIn
	if m.Root {
		from = linkPageOf
	}
	return string(from) + string(to[:]) + string(m.Hash[:])
}

func (t *tx) AddManifests(manifests []serverdb.Manifest) error {
	for _, m := range manifests {
		if !t.manifests.has(string(m.Hash[:])) {
			t.manifests.put(t.edit, string(m.Hash[:]), serverdb.Manifest{Hash: m.Hash, Bytes: slices.Clone(m.Bytes), Root: m.Root})
		}
		for _, to := range m.Refers {
			t.links.put(t.edit, linkOf(m, to), struct{}{})
		}
	}
	return nil
}

func (t *tx) RemoveManifests(manifests []serverdb.Manifest) error {
	for _, m := range manifests {
		t.manifests.remove(t.edit, string(m.Hash[:]))
		for _, to := range m.Refers {
			t.links.remove(t.edit, linkOf(m, to))
		}
	}
	return nil
}

func (t *tx) AddPreview(h studio.Hash, webp []byte) error {
	if !t.previews.has(string(h[:])) {
		t.previews.put(t.edit, string(h[:]), slices.Clone(webp))
	}
	return nil
}

func (t *tx) RemovePreviews(hashes []studio.Hash) error {
	for _, h := range hashes {
		t.previews.remove(t.edit, string(h[:]))
	}
	return nil
}

func (t *tx) SetLease(l serverdb.Lease) error {
	t.leases.put(t.edit, string(l.Client[:]), l)
	return nil
}

func (t *tx) EndLeases(beforeMs int64) error {
	for _, l := range t.Leases() {
		if l.ExpiresMs < beforeMs {
			t.leases.remove(t.edit, string(l.Client[:]))
			t.letGo(l.Client, func(int64) bool { return true })
		}
	}
	return nil
}

func (t *tx) AddLeased(client studio.ID, atMs int64, hashes []studio.Hash) error {
	if !t.leases.has(string(client[:])) {
		return t.fail(fmt.Errorf("protect chunks: client %s has no lease", client))
	}
	for _, h := range hashes {
		before, _ := t.named.get(string(client[:]) + string(h[:]))
		t.named.put(t.edit, string(client[:])+string(h[:]), max(before, atMs))
		t.links.put(t.edit, string(linkLeased)+string(h[:])+string(client[:]), struct{}{})
	}
	return nil
}

func (t *tx) TrimLease(client studio.ID, beforeMs int64) error {
	t.letGo(client, func(namedMs int64) bool { return namedMs < beforeMs })
	return nil
}

// letGo ends the protection of what a client named at certain instants.
func (t *tx) letGo(client studio.ID, old func(namedMs int64) bool) {
	var gone []string
	t.named.under(string(client[:]), func(key string, ms int64) bool {
		if old(ms) {
			gone = append(gone, key)
		}
		return true
	})
	for _, key := range gone {
		t.named.remove(t.edit, key)
		t.links.remove(t.edit, string(linkLeased)+key[len(client):]+key[:len(client)])
	}
}
