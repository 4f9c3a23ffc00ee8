package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"

	"framehold/internal/auth"
	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/serverdb/accounts"
	"framehold/internal/serverdb/sqlitedb"
	"framehold/internal/studio"
)

// What stands in a studio's data folder.
const (
	accountsFile   = "studio.db"
	projectsFolder = "projects"
	projectFile    = "project.db"
	packsFolder    = "packs"
	serveLock      = "serve.lock"
	servingFile    = "serving.json"
)

// Options say where a studio is, and what it stands on.
type Options struct {
	Dir       string // the data folder
	FS        fsys.FS
	Clock     *clock.Clock
	Log       *slog.Logger // nil: nothing is logged
	Passwords auth.Params  // costs of hashing; zero: the standard. Tests hand in small ones
	// CommitFault, when set, is asked before each COMMIT to a project: an error makes it fail. For tests of what a failure leaves.
	CommitFault func() error
	// ProjectMigrations are NNNN-what.sql files; nil: those of this program. For tests.
	ProjectMigrations fs.FS
}

func (o Options) accounts() accounts.Options {
	params := o.Passwords
	if params == (auth.Params{}) {
		params = auth.Standard()
	}
	return accounts.Options{Path: filepath.Join(o.Dir, accountsFile), FS: o.FS, Clock: o.Clock, Hasher: auth.NewHasher(params),
		Limiter: auth.NewLimiter(auth.StandardLimits(), o.Clock)}
}

// Studio is a studio's data on this computer: what `framehold studio` works on, also while a server serves it.
type Studio struct {
	o        Options
	log      *slog.Logger
	accounts *accounts.DB
	projects *sqlitedb.Store
	keys     *auth.Keys
	serving  bool // holds the lock of the one server
}

// Person is an account, for lists.
type Person struct {
	ID                       studio.UserID
	Username, Name           string
	Admin, Disabled, Waiting bool // Waiting: no password yet
}

func personOf(u accounts.User) Person {
	return Person{ID: u.ID, Username: u.Username, Name: u.Name, Admin: u.Admin, Disabled: u.Disabled(), Waiting: !u.HasPassword}
}

// Admin is the first account of a studio.
type Admin struct{ Username, Name, Password string }

// Init makes a studio in an empty folder, with one admin. One that was cut short goes on. Codes: studio_exists,
// folder_not_empty, password_short, invalid_name, too_long.
func Init(ctx context.Context, o Options, admin Admin) (err error) {
	if err := auth.CheckPassword(admin.Password); err != nil {
		return err
	}
	if err := studio.CheckUsername(admin.Username); err != nil {
		return err
	}
	if err := empty(o.FS, o.Dir); err != nil {
		return err
	}
	if err := o.FS.MkdirAll(o.Dir, 0o700); err != nil {
		return fmt.Errorf("make studio: %w", err)
	}
	if _, err := auth.CreateKeys(o.FS, o.Dir); err != nil {
		return err
	}
	projects, err := sqlitedb.Open(sqlitedb.Options{Dir: filepath.Join(o.Dir, projectsFolder), FS: o.FS})
	if err != nil {
		return err
	}
	if err := projects.Close(); err != nil {
		return err
	}
	db, err := accounts.Create(ctx, o.accounts())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	users, err := db.Users(ctx)
	if err != nil {
		return err
	}
	if len(users) > 0 {
		return studio.Refuse(studio.CodeStudioExists, studio.Params{Path: o.Dir})
	}
	_, err = db.CreateUser(ctx, accounts.NewUser{Username: admin.Username, Name: admin.Name, Admin: true, Password: admin.Password})
	return err
}

// empty refuses a folder that holds anything but what a studio begins with. Where a studio is, or was begun, its accounts say
// which.
func empty(f fsys.FS, dir string) error {
	entries, err := f.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look into %s: %w", dir, err)
	}
	foreign := false
	for _, e := range entries {
		switch name := e.Name(); name {
		case accountsFile:
			return nil
		case accountsFile + ".lock", "studio.key", publicKeys, projectsFolder:
		default:
			foreign = true
		}
	}
	if foreign {
		return studio.Refuse(studio.CodeFolderNotEmpty, studio.Params{Path: dir})
	}
	return nil
}

// OpenStudio opens a studio's data. Codes: studio_missing, studio_key_missing, store_newer, store_in_use, damaged.
func OpenStudio(ctx context.Context, o Options) (s *Studio, err error) {
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	db, err := accounts.Open(ctx, o.accounts())
	if err != nil {
		return nil, err
	}
	s = &Studio{o: o, log: log, accounts: db}
	defer func() {
		if err != nil {
			s, err = nil, errors.Join(err, s.Close())
		}
	}()
	if s.keys, err = auth.OpenKeys(o.FS, o.Dir); err != nil {
		return s, err
	}
	s.projects, err = sqlitedb.Open(sqlitedb.Options{Dir: filepath.Join(o.Dir, projectsFolder), FS: o.FS, CommitFault: o.CommitFault,
		Alone: s.alone, Migrations: o.ProjectMigrations})
	return s, err
}

// alone keeps servers away while a project is carried over; a server is alone already.
func (s *Studio) alone() (io.Closer, error) {
	if s.serving {
		return io.NopCloser(nil), nil
	}
	return s.o.FS.Lock(filepath.Join(s.o.Dir, serveLock), false)
}

// Close releases the files.
func (s *Studio) Close() error {
	var errs []error
	if s.projects != nil {
		errs = append(errs, s.projects.Close())
	}
	return errors.Join(append(errs, s.accounts.Close())...)
}

func (s *Studio) packsDir(id studio.ProjectID) string {
	return filepath.Join(s.o.Dir, projectsFolder, id.String(), packsFolder)
}

// AddUser makes an account; without a password it waits for an invitation. Codes: account_exists, invalid_name, too_long,
// password_short.
func (s *Studio) AddUser(ctx context.Context, username, name, password string) (Person, error) {
	u, err := s.accounts.CreateUser(ctx, accounts.NewUser{Username: username, Name: name, Password: password})
	return personOf(u), err
}

// Users lists the accounts, in order of username.
func (s *Studio) Users(ctx context.Context) ([]Person, error) {
	users, err := s.accounts.Users(ctx)
	people := make([]Person, len(users))
	for i, u := range users {
		people[i] = personOf(u)
	}
	return people, err
}

// DisableUser closes an account and ends its sessions at once. Codes: unknown_user, last_studio_admin.
func (s *Studio) DisableUser(ctx context.Context, username string) (Person, error) {
	u, err := s.accounts.UserNamed(ctx, username)
	if err != nil {
		return Person{}, err
	}
	if err := s.accounts.Disable(ctx, u.ID); err != nil {
		return Person{}, err
	}
	u, err = s.accounts.User(ctx, u.ID)
	return personOf(u), err
}
