package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"

	"framehold/internal/atomicfile"
	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/studio"
)

const homeFileMaxBytes = 8 << 20 // profile.json, projects.json: more is no file of ours

// Home is FRAMEHOLD_HOME: who one person is on this computer, and the projects that it has seen. Two homes are two
// people.
type Home struct {
	dir   string
	fs    fsys.FS
	clock *clock.Clock
}

// Profile is the person of a home. The id is given once; the username is a label.
type Profile struct {
	ID       studio.UserID `json:"-"`
	Username string        `json:"username"`
	Name     string        `json:"name"`
	SendMax  int64         `json:"sendMax,omitempty"` // bytes of files a second that this computer sends; 0: as many as it can
}

type profileFile struct {
	ID string `json:"id"`
	Profile
}

// KnownProject is a project that this home has opened.
type KnownProject struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Path   string `json:"path"`
	SeenMs int64  `json:"seenMs"`
}

// NewHome is the home in dir. It reads and makes nothing.
func NewHome(dir string, f fsys.FS, c *clock.Clock) *Home { return &Home{dir: dir, fs: f, clock: c} }

// Dir is the folder of the home.
func (h *Home) Dir() string { return h.dir }

// Profile returns who the person is; fallback names them at the first time, and the profile is made.
func (h *Home) Profile(fallback Profile) (Profile, error) {
	p, err := h.readProfile()
	if errors.Is(err, fs.ErrNotExist) {
		fallback.ID = studio.UserID{ID: h.clock.NewID()}
		return fallback, h.writeProfile(fallback)
	}
	return p, err
}

// SetProfile changes the label or the name; empty ones stay. The id never changes.
func (h *Home) SetProfile(now Profile, username, name string) (Profile, error) {
	if username != "" {
		if err := studio.CheckUsername(username); err != nil {
			return now, err
		}
		now.Username = username
	}
	if name != "" {
		now.Name = name
	}
	return now, h.writeProfile(now)
}

// SendMaxLeast is the least that a limit of what is sent can be, bytes a second: a chunk has to be through before the studio
// takes the line for dead.
const SendMaxLeast = 16 << 10

// SetSendMax limits how many bytes of files a second this computer sends; 0: no limit. Code: usage, for one that is too low.
func (h *Home) SetSendMax(now Profile, bytes int64) (Profile, error) {
	if bytes < 0 || bytes > 0 && bytes < SendMaxLeast {
		return now, studio.Refuse(studio.CodeUsage, studio.Params{Field: "send-max", Why: "too_slow"})
	}
	now.SendMax = bytes
	return now, h.writeProfile(now)
}

func (h *Home) readProfile() (Profile, error) {
	var file profileFile
	if err := h.read("profile.json", &file); err != nil {
		return Profile{}, err
	}
	id, err := studio.ParseID(file.ID)
	if err != nil {
		return Profile{}, coded{h.damaged("profile.json"), fmt.Errorf("read profile: %w", err)}
	}
	file.Profile.ID = studio.UserID{ID: id}
	return file.Profile, nil
}

func (h *Home) writeProfile(p Profile) error {
	return h.write("profile.json", profileFile{ID: p.ID.String(), Profile: p})
}

// setAside keeps a list of projects that cannot be read beside its place, so that nothing of it is lost.
func (h *Home) setAside() error {
	path := filepath.Join(h.dir, "projects.json")
	return h.failure(path, h.fs.Rename(path, h.Broken()))
}

// Broken is where a list of projects is kept that could not be read.
func (h *Home) Broken() string { return filepath.Join(h.dir, "projects.json.broken") }

// Projects lists the known projects, the latest seen first. A list that cannot be read is set aside, see Broken.
func (h *Home) Projects() ([]KnownProject, error) {
	known := []KnownProject{}
	err := h.read("projects.json", &known)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if studio.CodeOf(err) == studio.CodeDamaged { // a convenience: projects come back to it when they are opened
		known, err = []KnownProject{}, h.setAside()
	}
	slices.SortStableFunc(known, func(a, b KnownProject) int { return int(b.SeenMs - a.SeenMs) })
	return known, err
}

// remember notes that a project was opened, and where it was before it was moved ("": it was not).
func (h *Home) remember(p KnownProject, before string) error {
	lock, err := h.lock()
	if err != nil {
		return err
	}
	defer lock()
	known, err := h.Projects()
	if err != nil {
		return err
	}
	known = slices.DeleteFunc(known, func(k KnownProject) bool { return k.ID == p.ID && (k.Path == p.Path || k.Path == before) })
	return h.write("projects.json", append([]KnownProject{p}, known...))
}

// Forget takes a project off the list; nothing of it is touched.
func (h *Home) Forget(path string) error {
	lock, err := h.lock()
	if err != nil {
		return err
	}
	defer lock()
	known, err := h.Projects()
	if err != nil {
		return err
	}
	return h.write("projects.json", slices.DeleteFunc(known, func(k KnownProject) bool { return k.Path == path }))
}

// lock keeps two processes from writing projects.json at once; who finds it taken writes all the same: the list is
// a convenience.
func (h *Home) lock() (func(), error) {
	if err := h.make(); err != nil {
		return nil, err
	}
	l, err := h.fs.Lock(filepath.Join(h.dir, "projects.lock"), false)
	if errors.Is(err, fsys.ErrLocked) {
		return func() {}, nil
	}
	if err != nil {
		return nil, h.failure(h.dir, err)
	}
	return func() { _ = l.Close() }, nil
}

// storeDir is the folder of a store in this home.
func (h *Home) storeDir(id string) string { return filepath.Join(h.dir, "stores", id) }

func (h *Home) read(name string, into any) error {
	b, err := atomicfile.Read(h.fs, filepath.Join(h.dir, name), homeFileMaxBytes)
	if err != nil {
		return h.failure(filepath.Join(h.dir, name), err)
	}
	if err := json.Unmarshal(b, into); err != nil {
		return coded{h.damaged(name), fmt.Errorf("read %s: %w", filepath.Join(h.dir, name), err)}
	}
	return nil
}

func (h *Home) damaged(name string) error {
	return studio.Refuse(studio.CodeDamaged, studio.Params{Path: filepath.Join(h.dir, name), Why: "profile", N: 1})
}

func (h *Home) make() error { return h.failure(h.dir, h.fs.MkdirAll(h.dir, 0o700)) }

// failure gives an error about a file of the home its code; one that is not there stays fs.ErrNotExist.
func (h *Home) failure(path string, err error) error {
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return err
	case errors.Is(err, syscall.ENOTDIR):
		return coded{studio.Refuse(studio.CodeInTheWay, studio.Params{Path: h.dir, Why: "home"}), err}
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return coded{studio.Refuse(studio.CodeReadOnly, studio.Params{Path: h.dir, Why: "home"}), err}
	}
	return fileFailure(path, err)
}

func (h *Home) write(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := h.make(); err != nil {
		return err
	}
	path := filepath.Join(h.dir, name)
	return h.failure(path, atomicfile.Write(h.fs, path, append(b, '\n'), 0o600))
}
