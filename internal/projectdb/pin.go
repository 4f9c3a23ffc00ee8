package projectdb

import "framehold/internal/studio"

// Pin is a version that a task on the road needs on this device.
type Pin struct {
	Task       studio.AssetID
	Asset      studio.AssetID
	Checkpoint studio.CheckpointID
}

// SetPins writes what a task needs here, in place of what it needed before.
func (tx *Tx) SetPins(task studio.AssetID, pins []Pin) error {
	if err := tx.exec(`DELETE FROM pin WHERE task = ?`, task.Bytes()); err != nil {
		return err
	}
	for _, p := range pins {
		if err := tx.exec(`INSERT INTO pin (task, asset, checkpoint) VALUES (?, ?, ?)`, task.Bytes(), p.Asset.Bytes(),
			p.Checkpoint.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// Pins lists what a task needs here, by asset.
func (r *reader) Pins(task studio.AssetID) (map[studio.AssetID]Pin, error) {
	pins := map[studio.AssetID]Pin{}
	err := r.each(`SELECT task, asset, checkpoint FROM pin WHERE task = ?`, []any{task.Bytes()}, func(row scanner) error {
		var p Pin
		err := row.Scan(cell{&p.Task.ID}, cell{&p.Asset.ID}, cell{&p.Checkpoint.ID})
		pins[p.Asset] = p
		return err
	})
	return pins, err
}

// PinnedFor lists the tasks that need an asset here.
func (r *reader) PinnedFor(asset studio.AssetID) (tasks []studio.AssetID, err error) {
	err = r.each(`SELECT task FROM pin WHERE asset = ? ORDER BY task`, []any{asset.Bytes()}, func(row scanner) error {
		var task studio.AssetID
		err := row.Scan(cell{&task.ID})
		tasks = append(tasks, task)
		return err
	})
	return tasks, err
}

// Roads lists the tasks that are on the road, in order of asset.
func (r *reader) Roads() []studio.Road {
	return list(r, roadTable, "WHERE ended_seq = 0 ORDER BY asset")
}

// Asks lists the asks that wait for an answer, in order of id.
func (r *reader) Asks() []studio.Handover {
	return list(r, handoverTable, "WHERE state = ? ORDER BY id", uint8(studio.HandoverAsked))
}

// Contact is when this store and its server last heard of each other, and whether that was after hours without.
type Contact struct {
	AtMs int64 // 0: never
	Away bool
}

// Contact reads it.
func (r *reader) Contact() (c Contact) {
	r.note(r.each(`SELECT at_ms, away FROM contact`, nil, func(row scanner) error { return row.Scan(&c.AtMs, cell{&c.Away}) }))
	return c
}

// SetContact writes it.
func (tx *Tx) SetContact(c Contact) error {
	return tx.exec(`INSERT OR REPLACE INTO contact (one, at_ms, away) VALUES (1, ?, ?)`, c.AtMs, c.Away)
}
