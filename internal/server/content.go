package server

import (
	"errors"
	"fmt"

	"framehold/internal/chunk"
	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const leaseMs = 7 * 24 * 3600 * 1000 // an upload in progress keeps its chunks for a week after its last sign of life

// access answers what a member and their client may name: what the client's lease protects, or the member is entitled to.
type access struct {
	snap    serverdb.Snapshot
	client  studio.ID
	sight   *studio.Sight
	roots   map[studio.Hash]bool // manifests that the member may download, as far as they were asked for
	onPages map[studio.Hash]bool // chunks, the same
}

func newAccess(snap serverdb.Snapshot, client studio.ID, member studio.UserID) *access {
	return &access{snap: snap, client: client, sight: studio.SightOf(snap, member), roots: map[studio.Hash]bool{}, onPages: map[studio.Hash]bool{}}
}

// root tells whether the member may download a file with that manifest.
func (a *access) root(h studio.Hash) bool {
	may, known := a.roots[h]
	if !known {
		for _, id := range a.snap.CheckpointsOf(h) {
			if k, ok := a.snap.Checkpoint(id); ok && a.sight.Downloads(k) && !announcedOnly(k) {
				may = true
				break
			}
		}
		a.roots[h] = may
	}
	return may
}

// announcedOnly: that somebody has told of a manifest proves no right to what it names (row Ic7).
func announcedOnly(k studio.Checkpoint) bool { return k.State == studio.Announced }

func (a *access) any(roots []studio.Hash) bool {
	for _, h := range roots {
		if a.root(h) {
			return true
		}
	}
	return false
}

func (a *access) page(h studio.Hash) bool { return a.any(a.snap.RootsOfPage(h)) }

func (a *access) chunk(h studio.Hash) bool {
	may, known := a.onPages[h]
	if !known {
		may = a.any(a.snap.Roots(h))
		a.onPages[h] = may
	}
	return may
}

// preview tells whether the member may see a checkpoint with that preview.
func (a *access) preview(h studio.Hash) bool {
	for _, id := range a.snap.PreviewsOf(h) {
		if k, ok := a.snap.Checkpoint(id); ok && a.sight.SeesRow(k) {
			return true
		}
	}
	return false
}

// covered tells whether all bytes of a checkpoint are here, uploaded under the client's lease or entitled to its author
// (row B2): its file's manifest, and its image's. Pages and chunks were checked when the manifest was handed in.
func covered(snap serverdb.Snapshot, client serverdb.Client, author studio.UserID, id studio.CheckpointID) bool {
	k, ok := snap.Checkpoint(id)
	if !ok {
		return false
	}
	a := newAccess(snap, client.ID, author)
	for _, h := range []studio.Hash{k.Manifest, k.Image} {
		if h.IsZero() {
			continue
		}
		if _, here := snap.Manifest(h); !here {
			return false
		}
		if !snap.Leased(client.ID, []studio.Hash{h})[0] && !a.root(h) {
			return false
		}
	}
	return true
}

// Have tells which chunks, pages and manifests need not be sent, and opens or renews the client's lease. After the same
// lookups it answers the same for "not there" and "not yours" (row Ic6).
func (c *Core) Have(tx serverdb.Tx, call Call, r wire.HaveRequest) (wire.HaveReply, error) {
	member, err := c.uploader(tx, call, r.Client)
	if err != nil {
		return wire.HaveReply{}, err
	}
	if len(r.Hashes) > wire.HaveHashesMax {
		return wire.HaveReply{}, &wire.Failure{Code: wire.CodeInvalid, Cause: fmt.Errorf("%d hashes", len(r.Hashes))}
	}
	a := newAccess(tx, r.Client, member)
	leased := tx.Leased(r.Client, r.Hashes)
	here := map[studio.Hash]bool{}
	for _, row := range tx.Locate(r.Hashes) {
		here[row.Hash] = !row.Condemned
	}
	reply := wire.HaveReply{Have: make([]bool, len(r.Hashes))}
	var keep []studio.Hash
	for i, h := range r.Hashes {
		_, isManifest := tx.Manifest(h)
		mine := leased[i] || a.chunk(h) || a.page(h) || a.root(h)
		reply.Have[i] = mine && (here[h] || isManifest)
		if reply.Have[i] {
			keep = append(keep, h)
		}
	}
	return reply, errors.Join(lease(tx, call, r.Client, keep), tx.Err())
}

// lease opens or renews a client's lease, and protects what it names.
func lease(tx serverdb.Tx, call Call, client studio.ID, hashes []studio.Hash) error {
	now := moment(tx.Head(), call)
	return errors.Join(tx.SetLease(serverdb.Lease{Client: client, ExpiresMs: now + leaseMs}), tx.AddLeased(client, now, hashes))
}

// uploader finds who uploads: a member, the founder of a project that is being published, or who hands in by a deposit key.
func (c *Core) uploader(snap serverdb.Snapshot, call Call, client studio.ID) (studio.UserID, error) {
	if !call.Hands.Key.IsZero() {
		return c.handsIn(snap, call, client)
	}
	var member studio.Member
	if head := snap.Head(); head.Founder.IsZero() || head.Founder != call.Account {
		var err error
		if member, err = enter(snap, call); err != nil {
			return studio.UserID{}, err
		}
	}
	_, err := bound(snap, call, client)
	return member.User, err
}

// Received are chunks that came, were verified and made durable: new ones, and those that were here already.
type Received struct {
	New  []serverdb.Chunk
	Here []serverdb.Chunk // as they were looked up
}

// AddChunks notes chunks that came under a client's lease. Code: unavailable, when one that was here already is about to be
// collected: it must come again; quota.
func (c *Core) AddChunks(tx serverdb.Tx, call Call, client studio.ID, came Received) error {
	if _, err := c.uploader(tx, call, client); err != nil {
		return err
	}
	var hashes []studio.Hash
	bytes := int64(0)
	for _, r := range came.New {
		hashes = append(hashes, r.Hash)
		bytes += int64(r.Stored)
	}
	for _, r := range came.Here {
		now := tx.Locate([]studio.Hash{r.Hash})
		if len(now) == 0 || now[0].Condemned {
			return errors.Join(&wire.Failure{Code: wire.CodeUnavailable, Cause: fmt.Errorf("chunk %s is being collected", r.Hash)}, tx.Err())
		}
		hashes = append(hashes, r.Hash)
		bytes += int64(r.Stored)
	}
	if err := errors.Join(c.charge(tx, call, client, bytes), roomFor(tx, came.New)); err != nil {
		return err
	}
	return errors.Join(tx.AddChunks(came.New), lease(tx, call, client, hashes), tx.Err())
}

// roomFor refuses chunks that a project has no room for (row B17). Code: quota.
func roomFor(snap serverdb.Snapshot, chunks []serverdb.Chunk) error {
	quota, stored, more := snap.Project().Options.QuotaBytes, snap.Head().Stored, int64(0)
	for _, c := range chunks {
		more += int64(c.Stored)
	}
	if quota > 0 && more > 0 && stored+more > quota {
		return &wire.Failure{Code: wire.CodeQuota, Cause: fmt.Errorf("%d bytes stored, %d more, %d may be", stored, more, quota)}
	}
	return nil
}

// isFull tells whether a project has no room at all.
func isFull(snap serverdb.Snapshot) bool {
	quota := snap.Project().Options.QuotaBytes
	return quota > 0 && snap.Head().Stored >= quota
}

// AddManifest takes a page, then, after all its pages, a root. What it refers to must be here and the client's to name.
// Code: invalid.
func (c *Core) AddManifest(tx serverdb.Tx, call Call, client studio.ID, h studio.Hash, b []byte) error {
	member, err := c.uploader(tx, call, client)
	if err != nil {
		return err
	}
	if chunk.Sum(b) != chunk.Hash(h) {
		return &wire.Failure{Code: wire.CodeInvalid, Cause: errors.New("manifest of another hash")}
	}
	m, err := parseManifest(h, b)
	if err != nil {
		return &wire.Failure{Code: wire.CodeInvalid, Cause: err}
	}
	if err := c.mayRefer(tx, newAccess(tx, client, member), m); err != nil {
		return err
	}
	if err := c.charge(tx, call, client, int64(len(b))); err != nil {
		return err
	}
	return errors.Join(tx.AddManifests([]serverdb.Manifest{m}), lease(tx, call, client, []studio.Hash{h}), tx.Err())
}

func parseManifest(h studio.Hash, b []byte) (serverdb.Manifest, error) {
	m := serverdb.Manifest{Hash: h, Bytes: b}
	if root, err := chunk.ParseRoot(b); err == nil {
		m.Root = true
		for _, p := range root.Pages {
			m.Refers = append(m.Refers, studio.Hash(p.Hash))
		}
		return m, nil
	}
	entries, err := chunk.ParsePage(b)
	for _, e := range entries {
		if !e.Hole {
			m.Refers = append(m.Refers, studio.Hash(e.Hash))
		}
	}
	return m, err
}

// mayRefer checks that everything a manifest names is here, and leased or entitled.
func (c *Core) mayRefer(tx serverdb.Tx, a *access, m serverdb.Manifest) error {
	here := map[studio.Hash]bool{}
	if !m.Root {
		for _, row := range tx.Locate(m.Refers) {
			here[row.Hash] = true
		}
	}
	leased := tx.Leased(a.client, m.Refers)
	for i, h := range m.Refers {
		if m.Root {
			_, here[h] = tx.Manifest(h)
		}
		if !here[h] || !leased[i] && !a.chunk(h) && !a.page(h) {
			return &wire.Failure{Code: wire.CodeInvalid, Cause: fmt.Errorf("manifest %s names what was not sent", m.Hash)}
		}
	}
	return tx.Err()
}

// MayFetch tells of each hash whether the caller may have it: a chunk, page or manifest by the right to download.
func (c *Core) MayFetch(snap serverdb.Snapshot, call Call, hashes []studio.Hash) ([]bool, error) {
	m, err := enter(snap, call)
	if err != nil {
		return nil, err
	}
	a := newAccess(snap, studio.ID{}, m.User)
	may := make([]bool, len(hashes))
	for i, h := range hashes {
		may[i] = a.chunk(h) || a.page(h) || a.root(h)
	}
	return may, snap.Err()
}

// MaySee tells whether the caller may see a preview.
func (c *Core) MaySee(snap serverdb.Snapshot, call Call, preview studio.Hash) (bool, error) {
	m, err := enter(snap, call)
	if err != nil {
		return false, err
	}
	return newAccess(snap, studio.ID{}, m.User).preview(preview), snap.Err()
}

// AddPreview notes a preview that was received and verified, under the client's lease.
func (c *Core) AddPreview(tx serverdb.Tx, call Call, client studio.ID, preview studio.Hash, webp []byte) error {
	if _, err := c.uploader(tx, call, client); err != nil {
		return err
	}
	return errors.Join(tx.AddPreview(preview, webp), lease(tx, call, client, []studio.Hash{preview}), tx.Err())
}
