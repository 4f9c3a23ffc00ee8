package projectdb

import (
	"context"
	"slices"
	"time"

	"framehold/internal/studio"
)

// Watch hands every commit's ChangeSet to fn, of this process and of others, until ctx ends. Others are noticed by
// PRAGMA data_version on the write connection, which its own commits do not move; that costs no disk access.
func (d *DB) Watch(ctx context.Context, every time.Duration, fn func(ChangeSet)) error {
	if d.write == nil { // read-only: nobody writes here, and another's changes are seen at the next open
		<-ctx.Done()
		return nil
	}
	if err := d.catchUp(ctx); err != nil {
		return err
	}
	d.mu.Lock()
	id := d.nextWatr
	d.nextWatr++
	d.watchers[id] = fn
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.watchers, id)
	}()
	last, err := d.dataVersion(ctx)
	if err != nil {
		return failure("watch", err)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			v, err := d.dataVersion(ctx)
			if err != nil || v == last { // a failed look is repeated at the next tick
				continue
			}
			last = v
			if changes, err := d.changesSince(ctx); err == nil {
				for _, c := range changes {
					d.tell(c)
				}
			}
		}
	}
}

func (d *DB) dataVersion(ctx context.Context) (n int64, err error) {
	err = d.write.QueryRowContext(ctx, `PRAGMA data_version`).Scan(&n)
	return n, err
}

func (d *DB) catchUp(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.polled {
		return nil
	}
	d.polled = true
	err := d.read.QueryRowContext(ctx, `SELECT coalesce(max(id), 0) FROM change`).Scan(&d.lastSeen)
	return failure("watch", err)
}

// tell hands a ChangeSet to the watchers, once.
func (d *DB) tell(c ChangeSet) {
	d.mu.Lock()
	if c.ID <= d.lastSeen {
		d.mu.Unlock()
		return
	}
	d.lastSeen = max(d.lastSeen, c.ID)
	ids := make([]int, 0, len(d.watchers))
	for id := range d.watchers {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	fns := make([]func(ChangeSet), 0, len(ids))
	for _, id := range ids {
		fns = append(fns, d.watchers[id])
	}
	d.mu.Unlock()
	for _, fn := range fns {
		fn(c)
	}
}

// changesSince reads what was committed after the last change that was told.
func (d *DB) changesSince(ctx context.Context) (changes []ChangeSet, err error) {
	d.mu.Lock()
	after := d.lastSeen
	d.mu.Unlock()
	err = d.Read(ctx, func(s *Snapshot) error {
		changes, err = s.ChangesAfter(after)
		return err
	})
	return changes, err
}

// ChangesAfter lists what was committed after a change, oldest first; a gap (it was pruned) is everything.
func (s *Snapshot) ChangesAfter(id int64) ([]ChangeSet, error) {
	var changes []ChangeSet
	err := s.each(`SELECT id, seq, everything, entities FROM change WHERE id > ? ORDER BY id`, []any{id}, func(row scanner) error {
		var c ChangeSet
		var b []byte
		if err := row.Scan(&c.ID, &c.Seq, &c.Everything, &b); err != nil {
			return err
		}
		for id := range slices.Chunk(b, 16) {
			c.Entities = append(c.Entities, studio.IDFrom(id))
		}
		changes = append(changes, c)
		return nil
	})
	if len(changes) > 0 && changes[0].ID > id+1 {
		changes = []ChangeSet{{ID: changes[len(changes)-1].ID, Seq: changes[len(changes)-1].Seq, Everything: true}}
	}
	return changes, err
}
