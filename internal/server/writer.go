package server

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const groupOpsMax = 256 // ops that share one commit: a transaction of some milliseconds

var errStopping = &wire.Failure{Code: wire.CodeUnavailable, Cause: errors.New("the server stops")}

// writers are one goroutine for each project that is written to: what waits shares one commit, for a commit costs a sync of
// the disk whatever is in it.
type writers struct {
	store serverdb.Store
	hub   *hub
	stop  chan struct{}
	wg    sync.WaitGroup

	mu     sync.Mutex
	queues map[studio.ProjectID]chan *job
	closed bool
}

// job is one call that writes. fn may run twice, the first time in vain.
type job struct {
	ctx  context.Context // of the call: one that has ended is not begun
	fn   func(serverdb.Tx) error
	ops  int
	done chan error
}

func newWriters(store serverdb.Store, h *hub) *writers {
	return &writers{store: store, hub: h, stop: make(chan struct{}), queues: map[studio.ProjectID]chan *job{}}
}

// do runs fn in a transaction of a project, maybe with others, and returns when it is on the disk. An error of fn that is no
// *wire.Failure, or comes after a write, undoes all of fn. What fn sets may be read only when do returns nil. Errors: fn's,
// serverdb.ErrUnknown, ctx's (what became of fn is unknown then), unavailable when the server stops.
func (w *writers) do(ctx context.Context, project studio.ProjectID, ops int, fn func(serverdb.Tx) error) error {
	queue, err := w.queue(ctx, project)
	if err != nil {
		return err
	}
	j := &job{ctx: ctx, fn: fn, ops: ops, done: make(chan error, 1)}
	select {
	case queue <- j:
	case <-w.stop:
		return errStopping
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// queue finds where a project's writer takes its jobs; a project that is not there gets none.
func (w *writers) queue(ctx context.Context, project studio.ProjectID) (chan *job, error) {
	w.mu.Lock()
	queue, running := w.queues[project]
	w.mu.Unlock()
	if running {
		return queue, nil
	}
	if err := w.store.Read(ctx, project, func(serverdb.Snapshot) error { return nil }); err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, errStopping
	}
	if queue, running = w.queues[project]; !running {
		queue = make(chan *job) // without room: what the writer has not taken has not begun
		w.queues[project] = queue
		w.wg.Go(func() { w.run(project, queue) })
	}
	return queue, nil
}

// close ends the writers when they have finished what they have taken.
func (w *writers) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.stop)
	}
	w.mu.Unlock()
	w.wg.Wait()
}

func (w *writers) run(project studio.ProjectID, queue <-chan *job) {
	var next *job
	for {
		if next == nil {
			select {
			case next = <-queue:
			case <-w.stop:
				return
			}
		}
		var group []*job
		group, next = gather(queue, next)
		w.commit(project, group)
	}
}

// gather takes what waits, up to the limit; held is a job that would go over it.
func gather(queue <-chan *job, first *job) (group []*job, held *job) {
	group = []*job{first}
	for ops := first.ops; ; {
		select {
		case j := <-queue:
			if ops += j.ops; ops > groupOpsMax {
				return group, j
			}
			group = append(group, j)
		default:
			return group, nil
		}
	}
}

// commit runs a group in one transaction; when that fails, each alone: one that breaks breaks no other.
func (w *writers) commit(project studio.ProjectID, group []*job) {
	if len(group) > 1 && w.together(project, group) == nil {
		return
	}
	for _, j := range group {
		if err := w.together(project, []*job{j}); err != nil {
			j.done <- err
		}
	}
}

// together runs a group in one transaction and answers all of it, or nobody and says why.
func (w *writers) together(project studio.ProjectID, group []*job) error {
	answers, head := make([]error, len(group)), uint64(0)
	err := w.store.Tx(context.Background(), project, func(tx serverdb.Tx) error {
		for i, j := range group {
			if answers[i] = j.ctx.Err(); answers[i] != nil {
				continue
			}
			watched := &watchedTx{Tx: tx}
			answers[i] = guarded(j.fn, watched)
			if _, said := errors.AsType[*wire.Failure](answers[i]); answers[i] != nil && (!said || watched.wrote) {
				return answers[i]
			}
		}
		head = tx.Head().Seq
		return nil
	})
	if err != nil {
		return err
	}
	w.hub.poke(project, head)
	for i, j := range group {
		j.done <- answers[i]
	}
	return nil
}

// guarded makes an error of a panic, so that the transaction is undone and the writer goes on.
func guarded(fn func(serverdb.Tx) error, tx serverdb.Tx) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("panic: %v\n%s", broken, debug.Stack())
		}
	}()
	return fn(tx)
}

// watchedTx knows whether anything was written through it.
type watchedTx struct {
	serverdb.Tx
	wrote bool
}

func (t *watchedTx) Put(seq uint64, puts, gone []studio.Row) error {
	t.wrote = true
	return t.Tx.Put(seq, puts, gone)
}

func (t *watchedTx) Append(events []studio.Event) error {
	t.wrote = true
	return t.Tx.Append(events)
}

func (t *watchedTx) SetHead(h serverdb.Head) error {
	t.wrote = true
	return t.Tx.SetHead(h)
}

func (t *watchedTx) SetClient(c serverdb.Client) error {
	t.wrote = true
	return t.Tx.SetClient(c)
}

func (t *watchedTx) AddChunks(chunks []serverdb.Chunk) error {
	t.wrote = true
	return t.Tx.AddChunks(chunks)
}

func (t *watchedTx) RemoveChunks(chunks []serverdb.Chunk) error {
	t.wrote = true
	return t.Tx.RemoveChunks(chunks)
}

func (t *watchedTx) MarkBad(chunks []serverdb.Chunk, atMs int64) error {
	t.wrote = true
	return t.Tx.MarkBad(chunks, atMs)
}

func (t *watchedTx) SetPack(p serverdb.Pack) error {
	t.wrote = true
	return t.Tx.SetPack(p)
}

func (t *watchedTx) ForgetPack(id studio.ID) error {
	t.wrote = true
	return t.Tx.ForgetPack(id)
}

func (t *watchedTx) AddManifests(manifests []serverdb.Manifest) error {
	t.wrote = true
	return t.Tx.AddManifests(manifests)
}

func (t *watchedTx) RemoveManifests(manifests []serverdb.Manifest) error {
	t.wrote = true
	return t.Tx.RemoveManifests(manifests)
}

func (t *watchedTx) AddPreview(hash studio.Hash, webp []byte) error {
	t.wrote = true
	return t.Tx.AddPreview(hash, webp)
}

func (t *watchedTx) RemovePreviews(hashes []studio.Hash) error {
	t.wrote = true
	return t.Tx.RemovePreviews(hashes)
}

func (t *watchedTx) SetLease(l serverdb.Lease) error {
	t.wrote = true
	return t.Tx.SetLease(l)
}

func (t *watchedTx) EndLeases(beforeMs int64) error {
	t.wrote = true
	return t.Tx.EndLeases(beforeMs)
}

func (t *watchedTx) AddLeased(client studio.ID, atMs int64, hashes []studio.Hash) error {
	t.wrote = true
	return t.Tx.AddLeased(client, atMs, hashes)
}

func (t *watchedTx) TrimLease(client studio.ID, beforeMs int64) error {
	t.wrote = true
	return t.Tx.TrimLease(client, beforeMs)
}

func (t *watchedTx) SetVisible(visible []serverdb.Visible) error {
	t.wrote = true
	return t.Tx.SetVisible(visible)
}
