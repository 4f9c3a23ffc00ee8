package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"framehold/internal/auth"
	"framehold/internal/serverdb"
	"framehold/internal/serverdb/accounts"
	"framehold/internal/serverdb/sqlitedb"
	"framehold/internal/studio"
)

const (
	aboutBackup  = "framehold-studio.json"
	aboutKeys    = "framehold-studio-keys.json"
	keysSuffix   = ".keys"
	copiesFolder = "backup.part" // copies of databases while they are packed
	restoring    = accountsFile + ".restoring"
)

const publicKeys = "studio.keys.json"

// keyNames are the files that prove that a studio is itself. They are kept apart from a backup: who has both can be the studio.
var keyNames = []string{"studio.key", "tls/key.pem", "tls/cert.pem"}

// Backup is what was written.
type Backup struct {
	Path, Keys string // of the backup, and of the keys beside it
	Bytes      int64
	Projects   int
	Missing    []string // names of projects of the studio whose folders are not there: the backup is without them
}

// Backup writes the studio into one file, and its keys into a second one beside it, also while it is served. Each database is
// copied at one moment; packs, which only grow, after them: so every chunk that a database names is in the file. Codes:
// in_the_way, store_in_use (another backup is being made), disk_full.
func (s *Studio) Backup(ctx context.Context, to string) (b Backup, err error) {
	b = Backup{Path: to, Keys: to + keysSuffix}
	if _, err := s.o.FS.Lstat(to); err == nil {
		return b, studio.Refuse(studio.CodeInTheWay, studio.Params{Path: to})
	}
	copies := filepath.Join(s.o.Dir, copiesFolder)
	lock, err := s.o.FS.Lock(copies+".lock", false)
	if err != nil {
		return b, errors.Join(studio.Refuse(studio.CodeStoreInUse, studio.Params{Path: s.o.Dir, Name: "studio"}), err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := s.clear(copies); err != nil {
		return b, err
	}
	defer func() { err = errors.Join(err, s.clear(copies)) }()
	about := aboutJSON{Format: backupFormat, At: s.o.Clock.Now().Format(time.RFC3339)}
	if err := s.backUpKeys(ctx, b.Keys, about); err != nil {
		return b, err
	}
	p, err := beginPacking(s.o.FS, to, aboutBackup, about)
	if err != nil {
		return b, errors.Join(err, s.o.FS.Remove(b.Keys))
	}
	if b.Projects, b.Missing, err = s.pack(ctx, p, copies); err != nil {
		return b, errors.Join(err, p.giveUp(), s.o.FS.Remove(b.Keys))
	}
	b.Bytes = p.n
	if err := p.end(); err != nil {
		return b, errors.Join(err, s.o.FS.Remove(b.Keys))
	}
	return b, nil
}

func (s *Studio) backUpKeys(ctx context.Context, to string, about aboutJSON) error {
	p, err := beginPacking(s.o.FS, to, aboutKeys, about)
	if err != nil {
		return err
	}
	for _, name := range keyNames {
		file := filepath.Join(s.o.Dir, filepath.FromSlash(name))
		if _, err := s.o.FS.Stat(file); errors.Is(err, fs.ErrNotExist) {
			continue // a studio without TLS has no certificate
		}
		if err := p.add(ctx, packed{name, file}); err != nil {
			return errors.Join(err, p.giveUp())
		}
	}
	return p.end()
}

// pack puts every project in, then the accounts: whoever a project names is among them. It names the projects that are not there.
func (s *Studio) pack(ctx context.Context, p *packing, copies string) (projects int, missing []string, err error) {
	ids, err := s.projects.Projects(ctx)
	if err != nil {
		return 0, nil, err
	}
	for _, id := range ids {
		if err := s.packProject(ctx, p, copies, id); err != nil {
			return 0, nil, fmt.Errorf("back up project %s: %w", id, err)
		}
	}
	if missing, err = s.missing(ctx, ids); err != nil {
		return 0, nil, err
	}
	db := filepath.Join(copies, accountsFile)
	if err := s.accounts.CopyTo(ctx, db); err != nil {
		return 0, nil, err
	}
	if err := p.add(ctx, packed{publicKeys, filepath.Join(s.o.Dir, publicKeys)}); err != nil {
		return 0, nil, err
	}
	return len(ids), missing, p.add(ctx, packed{accountsFile, db})
}

// missing names the projects that the studio has, and of which there is no database.
func (s *Studio) missing(ctx context.Context, there []studio.ProjectID) (names []string, err error) {
	listed, err := s.accounts.Projects(ctx)
	for _, p := range listed {
		if !slices.Contains(there, p.ID) {
			names = append(names, p.Name)
		}
	}
	return names, err
}

func (s *Studio) packProject(ctx context.Context, p *packing, copies string, id studio.ProjectID) (err error) {
	packs, err := s.openPacks(id)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, packs.Close()) }()
	lease, err := packs.Lease() // no pack goes before it is copied
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lease.Close()) }()
	db := filepath.Join(copies, id.String()+".db")
	if err := s.projects.Backup(ctx, id, db); err != nil {
		return err
	}
	if err := p.add(ctx, packed{path.Join(projectsFolder, id.String(), projectFile), db}); err != nil {
		return err
	}
	if err := s.o.FS.Remove(db); err != nil {
		return err
	}
	files, err := packs.PackFiles()
	if err != nil {
		return err
	}
	for file := range files {
		name := file.String() + ".pack"
		if err := p.add(ctx, packed{path.Join(projectsFolder, id.String(), packsFolder, name), filepath.Join(s.packsDir(id), name)}); err != nil {
			return err
		}
	}
	return nil
}

// clear makes an empty folder of our own.
func (s *Studio) clear(dir string) error {
	if err := s.o.FS.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	left, err := s.o.FS.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	for _, e := range left {
		if err := s.o.FS.Remove(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("back up: %w", err)
		}
	}
	return nil
}

// Restored is what became of a restore.
type Restored struct {
	Projects int
	NewKey   bool // the keys were not beside the backup: admins must confirm the new one, and links must be given out anew
}

// Restore makes a studio of a backup, in an empty folder. Every project begins a new life: clients see that the server went back
// and send again what it has lost. Everyone must sign in again. The studio is there when all of it is on the disk and
// was checked, or not at all. Codes: folder_not_empty, studio_exists, damaged, store_newer.
func Restore(ctx context.Context, o Options, from string) (done Restored, err error) {
	entries, err := o.FS.ReadDir(o.Dir)
	if err == nil && len(entries) > 0 {
		return done, studio.Refuse(studio.CodeFolderNotEmpty, studio.Params{Path: o.Dir})
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return done, fmt.Errorf("restore: %w", err)
	}
	if err := o.FS.MkdirAll(o.Dir, 0o700); err != nil {
		return done, fmt.Errorf("restore: %w", err)
	}
	if err := unpack(ctx, o.FS, from, aboutBackup, o.Dir, placeInBackup); err != nil {
		return done, err
	}
	if done.NewKey, err = restoreKeys(ctx, o, from+keysSuffix); err != nil {
		return done, err
	}
	if done.Projects, err = beginAnew(ctx, o); err != nil {
		return done, err
	}
	return done, commitRestore(ctx, o)
}

// placeInBackup is where an entry goes; a studio.db gets its name last.
func placeInBackup(name string) string {
	switch name {
	case accountsFile:
		return restoring
	case publicKeys:
		return name
	}
	part := strings.Split(name, "/")
	if len(part) < 3 || part[0] != projectsFolder || !isID(part[1]) {
		return ""
	}
	if len(part) == 3 && part[2] == projectFile {
		return name
	}
	base, isPack := strings.CutSuffix(part[len(part)-1], ".pack")
	if len(part) == 4 && part[2] == packsFolder && isPack && isID(base) {
		return name
	}
	return ""
}

func isID(text string) bool {
	id, err := studio.ParseID(text)
	return err == nil && id.String() == text
}

// restoreKeys takes the keys from beside the backup; without them the studio gets a new one, with the next number.
func restoreKeys(ctx context.Context, o Options, from string) (isNew bool, err error) {
	if _, err := o.FS.Stat(from); errors.Is(err, fs.ErrNotExist) {
		_, err := auth.ReplaceKey(o.FS, o.Dir)
		return true, err
	}
	if err := unpack(ctx, o.FS, from, aboutKeys, o.Dir, func(name string) string {
		if slices.Contains(keyNames, name) {
			return name
		}
		return ""
	}); err != nil {
		return false, err
	}
	_, err = auth.OpenKeys(o.FS, o.Dir)
	return false, err
}

// beginAnew checks every project and gives it a new generation.
func beginAnew(ctx context.Context, o Options) (n int, err error) {
	projects, err := sqlitedb.Open(sqlitedb.Options{Dir: filepath.Join(o.Dir, projectsFolder), FS: o.FS})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, projects.Close()) }()
	ids, err := projects.Projects(ctx)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		report, err := projects.Check(ctx, id)
		if err != nil {
			return 0, err
		}
		if n := len(report.Problems); n > 0 {
			return 0, studio.Refuse(studio.CodeDamaged, studio.Params{Path: id.String(), N: n})
		}
		if err := projects.Tx(ctx, id, func(tx serverdb.Tx) error {
			head := tx.Head()
			head.Generation, head.GenNo, head.GenMs = newGeneration(), head.GenNo+1, max(head.ServerMs, o.Clock.NowMs())
			return tx.SetHead(head)
		}); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// commitRestore ends all sessions and gives the accounts their name: from then on there is a studio.
func commitRestore(ctx context.Context, o Options) (err error) {
	at := o.accounts()
	at.Path = filepath.Join(o.Dir, restoring)
	db, err := accounts.Open(ctx, at)
	if err != nil {
		return err
	}
	err = errors.Join(db.Check(ctx), db.RevokeEveryone(ctx), db.Close())
	if err != nil {
		return err
	}
	if err := o.FS.Remove(at.Path + ".lock"); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := o.FS.RenameNew(at.Path, filepath.Join(o.Dir, accountsFile)); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return o.FS.SyncDir(o.Dir)
}
