package projectdb

import "framehold/internal/studio"

// LocalFile says what the file of an asset in a working folder came from.
type LocalFile struct {
	Folder   studio.ID
	Asset    studio.AssetID
	Path     string // relative, slashes, raw bytes
	Base     studio.CheckpointID
	Manifest studio.Hash // the content that was put there
	PutMs    int64
}

// Stat is a file as it was when it had a content.
type Stat struct {
	Path                         string
	Size, MtimeNs, CtimeNs, Seen int64 // bytes; nanoseconds
	Inode                        uint64
	Manifest                     studio.Hash
}

// SetFolder records where a working folder is.
func (tx *Tx) SetFolder(id studio.ID, path string, nowMs int64) error {
	return tx.exec(`INSERT INTO folder (id, path, seen_ms) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET path = excluded.path, seen_ms = excluded.seen_ms`, id.Bytes(), path, nowMs)
}

// CopyFolder records a working folder that is a copy of another one: its files came from the same versions, those aside
// that were put into the other one since untilMs.
func (tx *Tx) CopyFolder(from, to studio.ID, path string, untilMs, nowMs int64) error {
	if err := tx.SetFolder(to, path, nowMs); err != nil {
		return err
	}
	tx.dirty = true
	return tx.exec(`INSERT INTO local_file (folder, asset, path, base, manifest, put_ms)
		SELECT ?, asset, path, base, manifest, put_ms FROM local_file WHERE folder = ? AND put_ms <= ?`, to.Bytes(), from.Bytes(), untilMs)
}

// Folder is where a working folder was last.
func (r *reader) Folder(id studio.ID) (path string, ok bool) {
	ok = r.note(r.queryRow(`SELECT path FROM folder WHERE id = ?`, id.Bytes()).Scan(&path))
	return path, ok
}

// SetLocalFile records what the file of an asset came from.
func (tx *Tx) SetLocalFile(f LocalFile) error {
	tx.dirty = true
	return tx.exec(`INSERT INTO local_file (folder, asset, path, base, manifest, put_ms) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET path = excluded.path, base = excluded.base, manifest = excluded.manifest, put_ms = excluded.put_ms`,
		f.Folder.Bytes(), f.Asset.Bytes(), []byte(f.Path), nullID(f.Base.ID), nullHash(f.Manifest), f.PutMs)
}

// MoveBase has files that came from one checkpoint go on from another; zero: from none.
func (tx *Tx) MoveBase(from, to studio.CheckpointID) error {
	return tx.exec(`UPDATE local_file SET base = ? WHERE base = ?`, nullID(to.ID), from.Bytes())
}

// DropLocalFile forgets the file of an asset: it was freed.
func (tx *Tx) DropLocalFile(folder studio.ID, asset studio.AssetID) error {
	tx.dirty = true
	return tx.exec(`DELETE FROM local_file WHERE folder = ? AND asset = ?`, folder.Bytes(), asset.Bytes())
}

// SetStat notes what content a file has.
func (tx *Tx) SetStat(folder studio.ID, s Stat) error {
	return tx.exec(`INSERT INTO stat_cache (folder, path, size, mtime_ns, inode, ctime_ns, manifest, seen_ns)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET size = excluded.size, mtime_ns = excluded.mtime_ns,
		inode = excluded.inode, ctime_ns = excluded.ctime_ns, manifest = excluded.manifest, seen_ns = excluded.seen_ns`,
		folder.Bytes(), []byte(s.Path), s.Size, s.MtimeNs, int64(s.Inode), s.CtimeNs, s.Manifest[:], s.Seen)
}

func nullHash(h studio.Hash) any {
	if h.IsZero() {
		return nil
	}
	return h[:]
}

// LocalFiles lists what the files of a working folder came from.
func (r *reader) LocalFiles(folder studio.ID) (map[studio.AssetID]LocalFile, error) {
	files := map[studio.AssetID]LocalFile{}
	err := r.each(`SELECT asset, path, base, manifest, put_ms FROM local_file WHERE folder = ?`, []any{folder.Bytes()},
		func(row scanner) error {
			f := LocalFile{Folder: folder}
			var path []byte
			err := row.Scan(cell{&f.Asset.ID}, &path, cell{&f.Base.ID}, cell{&f.Manifest}, &f.PutMs)
			f.Path = string(path)
			files[f.Asset] = f
			return err
		})
	return files, err
}

// Unshared lists what the files of a working folder came from whose assets this person may not see any more: they have been
// in the view, and a limited one has no row of them. A file whose adding was refused is none of them.
func (r *reader) Unshared(folder studio.ID) (files []LocalFile, err error) {
	if stand, ok := r.Replica(); !ok || stand.Full {
		return nil, r.Err()
	}
	err = r.each(`SELECT asset, path, base, manifest FROM local_file WHERE folder = ? AND asset NOT IN (SELECT id FROM asset)
		AND asset NOT IN (SELECT entity FROM op WHERE kind = ? AND verdict = ?) ORDER BY path`,
		[]any{folder.Bytes(), studio.KindAssetCreate, studio.Refused}, func(row scanner) error {
			f := LocalFile{Folder: folder}
			var path []byte
			err := row.Scan(cell{&f.Asset.ID}, &path, cell{&f.Base.ID}, cell{&f.Manifest})
			f.Path = string(path)
			files = append(files, f)
			return err
		})
	return files, err
}

// OpenChains lists the chains of parked checkpoints that wait for somebody: with all, those that are done with too.
func (r *reader) OpenChains(all bool) []studio.ParkedChain {
	if all {
		return list(r, parkedTable, "ORDER BY opened_seq, root")
	}
	return list(r, parkedTable, "WHERE state IN (1, 2) ORDER BY opened_seq, root") // open, kept
}

// LocalFile is what the file of one asset came from.
func (r *reader) LocalFile(folder studio.ID, asset studio.AssetID) (f LocalFile, ok bool) {
	f = LocalFile{Folder: folder, Asset: asset}
	var path []byte
	ok = r.note(r.queryRow(`SELECT path, base, manifest, put_ms FROM local_file WHERE folder = ? AND asset = ?`,
		folder.Bytes(), asset.Bytes()).Scan(&path, cell{&f.Base.ID}, cell{&f.Manifest}, &f.PutMs))
	f.Path = string(path)
	return f, ok
}

// Stats lists the stat cache of a working folder by path.
func (r *reader) Stats(folder studio.ID) (map[string]Stat, error) {
	stats := map[string]Stat{}
	err := r.each(`SELECT path, size, mtime_ns, inode, ctime_ns, manifest, seen_ns FROM stat_cache WHERE folder = ?`,
		[]any{folder.Bytes()}, func(row scanner) error {
			var s Stat
			var path []byte
			var inode int64
			err := row.Scan(&path, &s.Size, &s.MtimeNs, &inode, &s.CtimeNs, cell{&s.Manifest}, &s.Seen)
			s.Path, s.Inode = string(path), uint64(inode)
			stats[s.Path] = s
			return err
		})
	return stats, err
}
