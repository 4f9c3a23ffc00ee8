package memdb

import (
	"encoding/binary"
	"maps"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

// state is a project. Copying it is taking a snapshot: trees share what did not change, head.Sums is cloned by Tx.
type state struct {
	head      serverdb.Head
	rows      tree[kept]     // table, key
	bySeq     tree[kept]     // seq, table, key
	links     tree[struct{}] // kind of link, what it is from, what it leads to
	events    tree[studio.Event]
	ops       tree[uint64] // op -> seq
	sent      tree[uint64] // client, n -> seq
	sentBySeq tree[uint64] // client, seq
	clients   tree[serverdb.Client]
	chunks    tree[serverdb.Chunk]
	packs     tree[serverdb.Pack] // that take no more
	bad       tree[serverdb.Bad]
	manifests tree[serverdb.Manifest] // without what they refer to
	previews  tree[[]byte]
	leases    tree[serverdb.Lease]
	named     tree[int64]            // client, hash -> when its lease named it last
	visible   tree[serverdb.Visible] // user, entity
}

// kept is a row: one that is no more has neither row nor bytes.
type kept struct {
	seq   uint64
	table studio.Table
	key   string
	row   studio.Row
	bytes []byte
}

func rowKey(t studio.Table, key string) string { return string([]byte{byte(t)}) + key }

func seqKey(seq uint64) string { return string(binary.BigEndian.AppendUint64(nil, seq)) }

// link says what leads from one thing to another; the letters are prefixes of links.
type link string

const (
	linkName       link = "n" // collection, name -> collection or asset
	linkNote       link = "o" // asset -> note
	linkChain      link = "c" // root -> parked checkpoint
	linkParked     link = "p" // asset -> chain
	linkStatus     link = "s" // status -> asset
	linkHeld       link = "u" // person -> asset
	linkContent    link = "m" // root of a manifest -> checkpoint
	linkPreview    link = "v" // preview -> checkpoint
	linkPageOf     link = "g" // page -> root
	linkChunkIn    link = "h" // chunk -> page
	linkLeased     link = "l" // hash -> client
	linkStands     link = "t" // pack -> chunk
	linkNeeds      link = "d" // asset -> dependency
	linkCollection link = "k" // collection -> collection inside
	linkAsset      link = "a" // collection -> asset inside
	linkHandover   link = "w" // asset -> ask to hand it in
	linkEvent      link = "e" // asset, collection ... -> seq of an event about it
)

// linksOf lists the links to a row by which a View finds it.
func linksOf(r studio.Row) []string {
	to := func(l link, from string) string { return string(l) + from + r.Key() }
	switch r := r.(type) {
	case studio.Collection:
		if !r.Trashed() {
			return []string{to(linkName, string(r.Parent.ID[:])+r.NameKey), to(linkCollection, string(r.Parent.ID[:]))}
		}
	case studio.Asset:
		var links []string
		if !r.Trashed() {
			links = []string{to(linkName, string(r.Parent.ID[:])+r.NameKey), to(linkAsset, string(r.Parent.ID[:]))}
		}
		if !r.Status.IsZero() {
			links = append(links, to(linkStatus, string(r.Status.ID[:])))
		}
		if !r.Assignee.IsZero() {
			links = append(links, to(linkHeld, string(r.Assignee.ID[:])))
		}
		return links
	case studio.Note:
		return []string{to(linkNote, string(r.Asset.ID[:]))}
	case studio.Handover:
		return []string{to(linkHandover, string(r.Asset.ID[:]))}
	case studio.ParkedChain:
		return []string{to(linkParked, string(r.Asset.ID[:]))}
	case studio.Dependency:
		return []string{to(linkNeeds, string(r.Asset.ID[:]))}
	case studio.Checkpoint:
		links := []string{to(linkContent, string(r.Manifest[:])), to(linkContent, string(r.Image[:])),
			to(linkPreview, string(r.Preview[:]))}
		if r.State == studio.Parked {
			links = append(links, to(linkChain, string(r.ChainRoot.ID[:])))
		}
		return links
	}
	return nil
}

// behind lists what links of a kind lead to, in order.
func (s *state) behind(l link, from string) []string {
	var to []string
	prefix := string(l) + from
	s.links.under(prefix, func(key string, _ struct{}) bool {
		to = append(to, key[len(prefix):])
		return true
	})
	return to
}

func (s *state) headCopy() serverdb.Head {
	h := s.head
	h.Sums = maps.Clone(h.Sums)
	return h
}
