package session

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"framehold/internal/chunk"
	"framehold/internal/chunkstore"
	"framehold/internal/projectdb"
	"framehold/internal/replica"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// contentLane carries file bytes between this store and its server. It waits for nobody's tracking data, and the reverse.
type contentLane struct {
	s        *Session
	to       *remote
	progress Progress
	up       atomic.Int64 // bytes sent: a screen reads it meanwhile
	down     int64
	hands    *wire.DepositTo // handed in by the deposit key, in place of an upload; nil: it is not
	large    atomic.Int32    // own checkpoints that wait for somebody to ask
	covered  func()          // hears of each checkpoint whose bytes are there now; nil: nobody does
	sendMax  int64           // bytes a second that may be sent; 0: as many as can be
	due      time.Time       // when what was sent is within it
	sent     wire.Sent       // how far the checkpoint has come that is being sent, for those who wait for it
}

const roundsMax = 16 // each but the last one frees something that waited: checkpoints on checkpoints, at the most

// rounds alternates between the two lanes until nothing is freed any more.
func (l *contentLane) rounds(ctx context.Context, rep *replica.Replica) (state replica.State, err error) {
	for range roundsMax {
		if state, err = rep.Round(ctx); err != nil || state != replica.Synced && state != replica.NotAMember {
			return state, err
		}
		if err := l.give(ctx, rep.Wanted()); err != nil {
			return state, err
		}
		freed, err := l.send(ctx, what{handIn: state == replica.NotAMember, asked: true})
		if !freed { // else what is there is sealed first, whatever became of the rest
			return state, err
		}
		rep.Wake(true)
	}
	return state, nil
}

// give sends chunks that the server cannot read any more, those of them that are whole here (row Ic11).
func (l *contentLane) give(ctx context.Context, wanted []studio.Hash) error {
	if len(wanted) == 0 {
		return nil
	}
	batch := l.s.packs.Begin()
	defer batch.Close()
	entries := make([]chunk.Entry, len(wanted))
	for i, h := range wanted {
		entries[i] = chunk.Entry{Hash: chunk.Hash(h)}
	}
	missing, err := batch.Missing(ctx, entries)
	if err != nil || len(missing) == len(entries) {
		return err
	}
	var client studio.ID
	if err := l.s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		row, _ := snap.Replica()
		client = row.Client
		return nil
	}); err != nil {
		return err
	}
	l.hands, l.sent = nil, wire.Sent{}
	return l.upload(ctx, client, func(fw *wire.FrameWriter) error {
		for _, e := range entries {
			if slices.Contains(missing, e.Hash) {
				continue
			}
			err := l.s.packs.Pieces(ctx, []chunk.Hash{e.Hash}, func(p chunkstore.Piece) error { return l.write(ctx, fw, p) })
			if err != nil && !isDamage(err) {
				return err
			}
		}
		return nil
	})
}

func (l *contentLane) write(ctx context.Context, fw *wire.FrameWriter, p chunkstore.Piece) error {
	if err := l.paced(ctx, len(p.Stored)); err != nil {
		return err
	}
	l.progress.tell(Step{Phase: PhaseSending, Done: l.up.Add(int64(len(p.Stored)))})
	return fw.Write(wire.Frame{Kind: wire.FrameChunk, Coding: wire.Coding(p.Codec), Size: uint32(p.Size), Hash: studio.Hash(p.Hash),
		Stored: p.Stored})
}

// waiting is an own checkpoint whose bytes the server does not hold yet.
type waiting struct {
	studio.Checkpoint
	client studio.ID
	urgent bool
	hands  *wire.DepositTo
}

// sendsAlone is the size below which a checkpoint is sent by itself: a larger one waits for a person to ask.
const sendsAlone = 256 << 20

// what says which of the own checkpoints that wait are sent.
type what struct {
	handIn bool // by who is no member any more: all
	asked  bool // somebody wants them sent: all
}

// send sends the bytes of own checkpoints that wait, and tells whether any of them can be sealed now.
func (l *contentLane) send(ctx context.Context, w what) (freed bool, err error) {
	handIn := w.handIn
	var unsent []waiting
	err = l.s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		row, _ := snap.Replica()
		queue, err := snap.QueuedOps()
		for _, q := range queue {
			seal, ok := q.Op.Body.(*studio.SealBody)
			if !ok || q.State != projectdb.OpQueued || snap.Covered(seal.Checkpoint) {
				continue
			}
			k, known := snap.Checkpoint(seal.Checkpoint)
			if !known {
				continue
			}
			one := waiting{Checkpoint: k, client: row.Client, urgent: isUrgent(snap, k)}
			if handIn {
				told, _ := snap.AnnounceOf(k.ID)
				one.hands = &wire.DepositTo{Project: l.s.projectID, Client: row.Client, Key: row.DepositKey, Announce: told}
			}
			unsent = append(unsent, one)
		}
		return err
	})
	now := inTurn(unsent, w.handIn || w.asked)
	l.large.Store(int32(len(unsent) - len(now)))
	var damage error
	for _, k := range now {
		if err == nil {
			if err = l.damageOf(ctx, k, l.sendOne(ctx, k)); err == nil {
				freed = true
				if l.covered != nil { // its seal does not wait for the others
					l.covered()
				}
			}
		}
		if isDamage(err) { // the others do not wait for what cannot be read here
			damage, err = cmp.Or(damage, err), nil
		}
	}
	err = cmp.Or(err, damage)
	if handIn && err != nil && !freed { // the door is closed, or the room is used up: the files stay here
		return false, nil
	}
	return freed, err
}

// isUrgent tells whether others wait for a checkpoint: it was saved for review, or its author has given the task back.
func isUrgent(snap *projectdb.Snapshot, k studio.Checkpoint) bool {
	st, _ := snap.Status(k.StatusAtCreation)
	a, ok := snap.Asset(k.Asset)
	return st.Category == studio.CategoryReview || ok && a.Kind == studio.Task && a.Assignee != k.Author
}

// inTurn orders the checkpoints that are sent now: what others wait for, then the smallest first, and each behind the one that it
// was made on. Large ones that nobody waits for are left out, with the small ones made on them, where not all are sent.
func inTurn(unsent []waiting, all bool) (turn []waiting) {
	at := make(map[studio.CheckpointID]int, len(unsent))
	for i, k := range unsent {
		at[k.ID] = i
	}
	order := make([]int, len(unsent))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if unsent[a].urgent != unsent[b].urgent {
			if unsent[a].urgent {
				return -1
			}
			return 1
		}
		return cmp.Compare(unsent[a].Bytes, unsent[b].Bytes)
	})
	taken := map[int]bool{}
	var take func(i int)
	take = func(i int) {
		if taken[i] {
			return
		}
		taken[i] = true
		if base, waits := at[unsent[i].Base]; waits {
			take(base)
		}
		turn = append(turn, unsent[i])
	}
	alone := func(i int) bool { // nothing large stands below it
		for {
			if unsent[i].Bytes >= sendsAlone {
				return false
			}
			base, waits := at[unsent[i].Base]
			if !waits {
				return true
			}
			i = base
		}
	}
	for _, i := range order {
		if all || unsent[i].urgent || alone(i) {
			take(i)
		}
	}
	return turn
}

// isDamage tells whether an error is that of bytes of this store.
func isDamage(err error) bool {
	return errors.Is(err, chunkstore.ErrMissing) || errors.Is(err, chunkstore.ErrDamaged)
}

// damageOf names the checkpoint whose bytes cannot be read here; other errors it leaves as they are.
func (l *contentLane) damageOf(ctx context.Context, k waiting, err error) error {
	if !isDamage(err) {
		return err
	}
	var path string
	if err := l.s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		path = studio.PathOf(snap, k.Asset.ID) + " " + studio.LabelIn(snap, k.Checkpoint)
		return nil
	}); err != nil {
		return err
	}
	return coded{studio.Refuse(studio.CodeDamaged, studio.Params{Path: path}), err}
}

func (l *contentLane) sendOne(ctx context.Context, k waiting) error {
	l.hands, l.sent = k.hands, wire.Sent{Checkpoint: k.ID, Total: k.Bytes}
	if !k.Image.IsZero() {
		root, err := l.s.packs.Root(ctx, chunk.Hash(k.Image))
		if err != nil {
			return err
		}
		l.sent.Total += root.Size
	}
	for _, h := range []studio.Hash{k.Manifest, k.Image} {
		if h.IsZero() {
			continue
		}
		if err := l.sendContent(ctx, k.client, h); err != nil {
			return err
		}
	}
	if err := l.sendPreview(ctx, k); err != nil {
		return err
	}
	return l.s.care(ctx, func(tx *projectdb.Tx) error { return tx.SetCovered(k.ID) })
}

func (l *contentLane) sendPreview(ctx context.Context, k waiting) error {
	if k.Preview.IsZero() || k.hands != nil {
		return nil
	}
	webp, ok, err := l.s.db.Preview(ctx, k.Preview)
	if err != nil || !ok {
		return err
	}
	l.up.Add(int64(len(webp)))
	return l.to.studio.PutPreview(ctx, l.s.projectID, k.client, k.Preview, webp)
}

// sendContent sends what the server lacks of a file: chunks, then pages, then the root.
func (l *contentLane) sendContent(ctx context.Context, client studio.ID, manifest studio.Hash) error {
	root, err := l.s.packs.Root(ctx, chunk.Hash(manifest))
	if err != nil {
		return err
	}
	have, err := l.have(ctx, client, []studio.Hash{manifest})
	if err != nil || have[manifest] {
		l.sent.Done += root.Size
		return err
	}
	pages := make([]studio.Hash, len(root.Pages))
	for i, p := range root.Pages {
		pages[i] = studio.Hash(p.Hash)
	}
	if have, err = l.have(ctx, client, pages); err != nil {
		return err
	}
	blobs := []studio.Hash{}
	for i, p := range pages {
		upto := l.sent.Done + root.Pages[i].Len
		if !have[p] {
			if err := l.sendChunks(ctx, client, p, upto); err != nil {
				return err
			}
			blobs = append(blobs, p)
		}
		l.sent.Done = upto
	}
	return l.sendBlobs(ctx, client, append(once(blobs), manifest))
}

func (l *contentLane) have(ctx context.Context, client studio.ID, hashes []studio.Hash) (map[studio.Hash]bool, error) {
	have := map[studio.Hash]bool{}
	if l.hands != nil {
		return have, nil // who hands in is told nothing
	}
	for hashes = once(hashes); len(hashes) > 0; {
		n := min(len(hashes), wire.HaveHashesMax)
		reply, err := l.to.calls.Have(ctx, wire.HaveRequest{Project: l.s.projectID, Client: client, Hashes: hashes[:n]})
		if err != nil {
			return nil, err
		}
		for i, h := range hashes[:n] {
			have[h] = i < len(reply.Have) && reply.Have[i]
		}
		hashes = hashes[n:]
	}
	return have, nil
}

// sendChunks sends the chunks of a page that the server lacks, in uploads of a bounded size. With the last of them the
// checkpoint has come up to so many bytes.
func (l *contentLane) sendChunks(ctx context.Context, client studio.ID, page studio.Hash, upto int64) error {
	b, ok, err := l.s.db.Blob(ctx, page)
	if err != nil || !ok {
		return cmp.Or(err, fmt.Errorf("page %s: %w", page, chunkstore.ErrMissing))
	}
	entries, err := chunk.ParsePage(b)
	if err != nil {
		return fmt.Errorf("page %s: %w", page, err)
	}
	all := make([]studio.Hash, 0, len(entries))
	size := map[chunk.Hash]int64{}
	for _, e := range entries {
		if !e.Hole {
			all, size[e.Hash] = append(all, studio.Hash(e.Hash)), e.Len
		}
	}
	have, err := l.have(ctx, client, all)
	if err != nil {
		return err
	}
	need := make([]chunk.Hash, 0, len(all))
	lacks := int64(0) // bytes
	for _, h := range once(all) {
		if !have[h] {
			need, lacks = append(need, chunk.Hash(h)), lacks+size[chunk.Hash(h)]
		}
	}
	const atOnce = wire.UploadBytesMax / (chunk.MaxBytes + 64<<10) // as if each were of the largest size
	for len(need) > 0 {
		n := min(len(need), atOnce)
		l.sent.Done = upto - lacks
		err := l.upload(ctx, client, func(fw *wire.FrameWriter) error {
			return l.s.packs.Pieces(ctx, need[:n], func(p chunkstore.Piece) error { return l.write(ctx, fw, p) })
		})
		if err != nil {
			return err
		}
		for _, h := range need[:n] {
			lacks -= size[h]
		}
		need = need[n:]
	}
	return nil
}

// paced waits until so many bytes more are within what this computer may send.
func (l *contentLane) paced(ctx context.Context, bytes int) error {
	if l.sendMax <= 0 {
		return nil
	}
	if now := time.Now(); l.due.Before(now) {
		l.due = now
	}
	wait := time.Until(l.due)
	l.due = l.due.Add(time.Duration(bytes) * time.Second / time.Duration(l.sendMax))
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *contentLane) upload(ctx context.Context, client studio.ID, write func(*wire.FrameWriter) error) error {
	if me, err := l.s.home.readProfile(); err == nil { // it may be set while a large file is on its way
		l.sendMax = me.SendMax
	}
	if l.hands != nil {
		return l.to.studio.Deposit(ctx, *l.hands, write)
	}
	return l.to.studio.Upload(ctx, wire.UploadTo{Project: l.s.projectID, Client: client, Sent: l.sent}, write)
}

// sendBlobs sends pages, and the root behind them.
func (l *contentLane) sendBlobs(ctx context.Context, client studio.ID, hashes []studio.Hash) error {
	return l.upload(ctx, client, func(fw *wire.FrameWriter) error {
		for _, h := range hashes {
			b, ok, err := l.s.db.Blob(ctx, h)
			if err != nil || !ok {
				return cmp.Or(err, fmt.Errorf("manifest %s: %w", h, chunkstore.ErrMissing))
			}
			l.up.Add(int64(len(b)))
			if err := fw.Write(wire.Frame{Kind: wire.FrameManifest, Size: uint32(len(b)), Hash: h, Stored: b}); err != nil {
				return err
			}
		}
		return nil
	})
}

// bring makes sure that the content of a checkpoint is in this store: what is missing is fetched from the server. On a
// personal project it does nothing. Codes: unreachable, unauthenticated, disk_full, not_shared for what the server does not
// give.
func (s *Session) bring(ctx context.Context, k studio.Checkpoint, progress Progress) error {
	if s.remote == nil || k.Manifest.IsZero() {
		return nil
	}
	l := &contentLane{s: s, progress: progress}
	dialled := func() error {
		if l.to != nil {
			return nil
		}
		to, err := s.dialServer(ctx)
		l.to = to
		return err
	}
	err := s.again(func() error { return l.bring(ctx, k.Manifest, dialled) })
	if studio.CodeOf(err) != studio.CodeNotShared {
		return storeFailure(err)
	}
	return s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		return studio.Refuse(studio.CodeNotShared, studio.Params{Asset: studio.PathOf(snap, k.Asset.ID)})
	})
}

func (l *contentLane) bring(ctx context.Context, manifest studio.Hash, dial func() error) error {
	batch := l.s.packs.Begin()
	defer batch.Close()
	blobs := map[studio.Hash][]byte{}
	if err := l.fetchBlobs(ctx, dial, []studio.Hash{manifest}, blobs); err != nil {
		return err
	}
	root, err := chunk.ParseRoot(blobs[manifest])
	if err != nil {
		return fmt.Errorf("manifest %s: %w", manifest, err)
	}
	pages := make([]studio.Hash, len(root.Pages))
	for i, p := range root.Pages {
		pages[i] = studio.Hash(p.Hash)
	}
	if err := l.fetchBlobs(ctx, dial, once(pages), blobs); err != nil {
		return err
	}
	for _, p := range once(pages) {
		entries, err := chunk.ParsePage(blobs[p])
		if err != nil {
			return fmt.Errorf("page %s: %w", p, err)
		}
		if err := l.fetchChunks(ctx, dial, batch, entries, root.Size); err != nil {
			return err
		}
	}
	if err := batch.Flush(); err != nil {
		return storeFailure(err)
	}
	content := contentOf(batch.Pending())
	for h, b := range blobs {
		content.Blobs = append(content.Blobs, projectdb.Blob{Hash: h, Bytes: b})
	}
	return l.s.care(ctx, func(tx *projectdb.Tx) error { return tx.AddContent(content) })
}

// fetchBlobs reads roots and pages that are here, and fetches the rest.
func (l *contentLane) fetchBlobs(ctx context.Context, dial func() error, hashes []studio.Hash, into map[studio.Hash][]byte) error {
	var missing []studio.Hash
	for _, h := range hashes {
		b, ok, err := l.s.db.Blob(ctx, h)
		if err != nil {
			return err
		}
		if ok {
			into[h] = b
		} else {
			missing = append(missing, h)
		}
	}
	return l.fetch(ctx, dial, missing, func(f wire.Frame, fr *wire.FrameReader) error {
		b, err := fr.Plain(f)
		if err != nil || studio.Hash(chunk.Sum(b)) != f.Hash || f.Kind != wire.FrameManifest {
			return errors.Join(errNotAsked, err)
		}
		into[f.Hash] = bytes.Clone(b) // the reader uses its buffer for the next one
		return nil
	}, func(h studio.Hash) bool { return into[h] != nil })
}

var errNotAsked = errors.New("the server sent what is not what was asked for")

func (l *contentLane) fetchChunks(ctx context.Context, dial func() error, batch *chunkstore.Batch, entries []chunk.Entry, total int64) error {
	missing, err := batch.Missing(ctx, entries)
	if err != nil {
		return err
	}
	asked := make([]studio.Hash, len(missing))
	for i, h := range missing {
		asked[i] = studio.Hash(h)
	}
	got := map[studio.Hash]bool{}
	var pieces []chunkstore.Piece
	put := func() error {
		err := batch.Put(ctx, pieces)
		pieces = pieces[:0]
		return err
	}
	err = l.fetch(ctx, dial, asked, func(f wire.Frame, _ *wire.FrameReader) error {
		if f.Kind != wire.FrameChunk {
			return errNotAsked
		}
		stored := append([]byte(nil), f.Stored...)
		pieces = append(pieces, chunkstore.Piece{Hash: chunk.Hash(f.Hash), Codec: chunkstore.Codec(f.Coding), Size: int(f.Size), Stored: stored})
		got[f.Hash] = true
		l.down += int64(len(stored))
		l.progress.tell(Step{Phase: PhaseFetching, Done: l.down, Total: total})
		if len(pieces) < piecesAtOnce {
			return nil
		}
		return put()
	}, func(h studio.Hash) bool { return got[h] })
	return errors.Join(err, put())
}

const piecesAtOnce = 64 // about 4 MiB

// fetch asks for hashes in batches; every one of them must come.
func (l *contentLane) fetch(ctx context.Context, dial func() error, hashes []studio.Hash, take func(wire.Frame, *wire.FrameReader) error,
	came func(studio.Hash) bool) error {
	for len(hashes) > 0 {
		if err := dial(); err != nil {
			return err
		}
		n := min(len(hashes), wire.HaveHashesMax/4)
		if err := l.to.studio.Fetch(ctx, l.s.projectID, hashes[:n], take); err != nil {
			return netFailure(l.to.who.Server, err)
		}
		for _, h := range hashes[:n] {
			if !came(h) {
				return studio.Refuse(studio.CodeNotShared, studio.Params{Name: h.String()})
			}
		}
		hashes = hashes[n:]
	}
	return nil
}
