package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"framehold/internal/demo"
	"framehold/internal/session"
	"framehold/internal/studio"
)

// Start says where the app runs and whether a project is open.
func (p *Projects) Start() (Start, error) {
	profile, err := p.env.Home().Profile(p.env.Fallback)
	if err != nil {
		return Start{}, p.failure(err)
	}
	start := Start{Shell: p.where.Shell, View: p.where.View, Project: p.projectPath(), Profile: profileOf(profile), Version: p.where.Version,
		Separator: p.where.Separator, Home: p.where.Home}
	p.mu.Lock()
	start.Problem, start.Asked = p.refused, p.asked
	p.mu.Unlock()
	return start, nil
}

func profileOf(p session.Profile) Profile {
	return Profile{ID: idText(p.ID.ID), Username: p.Username, Name: p.Name}
}

// SetProfile changes who the person is on this computer; empty fields stay.
func (p *Projects) SetProfile(username, name string) (Profile, error) {
	home := p.env.Home()
	now, err := home.Profile(p.env.Fallback)
	if err == nil {
		now, err = home.SetProfile(now, username, name)
	}
	return profileOf(now), p.failure(err)
}

// Known lists the projects that this computer has seen.
func (p *Projects) Known() ([]KnownProject, error) {
	known, err := p.env.Home().Projects()
	if err != nil {
		return nil, p.failure(err)
	}
	out := []KnownProject{}
	for _, k := range known {
		one := KnownProject{ID: k.ID, Name: k.Name, Path: k.Path, Seen: k.SeenMs, Bar: []AtStatus{}}
		if _, err := session.Find(p.env.FS, k.Path); err != nil {
			one.Missing = true
			out = append(out, one)
			continue
		}
		if k.Path != p.projectPath() { // the open one is not opened twice
			p.peek(&one)
		}
		out = append(out, one)
	}
	return out, nil
}

// peek fills in what a project that is not open shows of itself; its picture is kept for the page that asks for it.
func (c *core) peek(one *KnownProject) {
	seen, err := session.PeekOf(c.ctx, c.env, one.Path, coverPx)
	if e := c.told(err); e != nil {
		one.Problem = e.Message
		return
	}
	one.Tasks, one.Mine = seen.Tasks, seen.Mine
	for _, at := range seen.Bar {
		one.Bar = append(one.Bar, AtStatus{statusInfo(at.Status), at.Count})
	}
	if seen.Picture != nil {
		c.covers.put(seen.Hash, seen.Picture)
		one.Preview = previewURL(seen.Hash, coverPx)
	}
}

// Open opens the project of a folder, or of the nearest one above it.
func (p *Projects) Open(path string) (Project, error) {
	root, err := session.Find(p.env.FS, path)
	if err != nil {
		return Project{}, p.failure(err)
	}
	if err := p.openProject(root); err != nil {
		return Project{}, err
	}
	return p.Current()
}

// Create makes a personal project on a folder and opens it.
func (p *Projects) Create(path, name string) (Project, error) {
	if !filepath.IsAbs(path) {
		return Project{}, p.failure(studio.Refuse(studio.CodeUsage, studio.Params{Field: "folder", Why: "a whole path is needed"}))
	}
	s, err := session.Init(p.ctx, p.env, path, name)
	if err != nil {
		return Project{}, p.failure(err)
	}
	if err := p.enter(s); err != nil {
		return Project{}, err
	}
	return p.Current()
}

// Sample builds the sample project in a folder ("" = a new one in the person's folder): a job.
func (p *Projects) Sample(path string) (string, error) {
	if path == "" {
		path = p.freeSample()
	}
	return p.start("demo", p.catalogue.Jobs["demo"], func(ctx context.Context, report func(func(*Job))) error {
		err := demo.Build(ctx, p.env, path, p.steps(report))
		if err == nil {
			report(func(j *Job) { j.Project, j.Safe = path, true })
		}
		return err
	}), nil
}

func (p *Projects) freeSample() string {
	base := filepath.Join(p.where.Home, "Framehold sample")
	for _, suffix := range []string{"", " 2", " 3", " 4", " 5", " 6", " 7", " 8", " 9"} {
		if _, err := p.env.FS.Lstat(base + suffix); errors.Is(err, os.ErrNotExist) {
			return base + suffix
		}
	}
	return base + " " + studio.ID(p.env.Clock.NewID()).String()[:8]
}

// Forget takes a project off the list; nothing of it is touched.
func (p *Projects) Forget(path string) error { return p.failure(p.env.Home().Forget(path)) }

// Close closes the project; the window shows Welcome.
func (p *Projects) Close() error {
	err := p.closeProject()
	p.emit(EventProjectOpened)
	return p.failure(err)
}

// Current is the open project: people and definitions.
func (p *Projects) Current() (Project, error) {
	return in(p.core, func(ctx context.Context, s *session.Session) (Project, error) {
		look, err := s.Look(ctx)
		if err != nil {
			return Project{}, err
		}
		out := Project{ID: idText(look.Project.ID.ID), Name: look.Project.Name, Path: s.Root(), Seq: int64(look.Seq), Members: []Member{},
			Me: p.member(s, look, look.Members[s.Me()]), Can: s.May(look).Names(), Statuses: []StatusInfo{}, Types: []TypeInfo{}, Tags: []TagCount{}}
		if e := p.told(s.ReadOnly()); e != nil {
			out.ReadOnly = e.Message
		}
		for _, m := range look.MemberList {
			out.Members = append(out.Members, p.member(s, look, m))
		}
		slices.SortFunc(out.Members, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
		for _, st := range look.Statuses {
			if !st.Removed {
				out.Statuses = append(out.Statuses, statusInfo(st))
			}
		}
		for _, t := range look.Types {
			if !t.Removed {
				out.Types = append(out.Types, TypeInfo{idText(t.ID.ID), t.Name, t.Icon, t.Colour})
			}
		}
		for tag, n := range look.Tags() {
			out.Tags = append(out.Tags, TagCount{tag, n})
		}
		slices.SortFunc(out.Tags, func(a, b TagCount) int { return strings.Compare(a.Tag, b.Tag) })
		u, err := s.Undoable(ctx)
		if u.Undo.Kind != 0 {
			out.Undo = fill(p.catalogue.Undo["undo"], map[string]string{"act": p.takenBack(look, u.Undo)})
		}
		if u.Redo.Kind != 0 {
			out.Redo = fill(p.catalogue.Undo["redo"], map[string]string{"act": p.takenBack(look, u.Redo)})
		}
		return out, err
	})
}

// takenBack reads like the act that undo takes back: "add shot_010", "assignment of 4 tasks".
func (c *core) takenBack(p *session.Picture, t session.TakenBack) string {
	key := map[studio.Kind]string{studio.KindAssign: "assign", studio.KindStatusSet: "status", studio.KindAssetCreate: "create",
		studio.KindCollectionCreate: "create", studio.KindRename: "rename", studio.KindMove: "move", studio.KindTrash: "trash",
		studio.KindRestore: "restore", studio.KindSet: "set", studio.KindTagAdd: "tag", studio.KindTagRemove: "tag",
		studio.KindDependAdd: "depend", studio.KindDependRemove: "depend", studio.KindNoteAdd: "note", studio.KindNoteResolve: "note",
		studio.KindConvert: "convert", studio.KindRankSet: "rank", studio.KindStatusDefine: "settings", studio.KindTypeDefine: "settings",
		studio.KindRoleSet: "settings", studio.KindProjectSet: "settings"}[t.Kind]
	if key == "" {
		key = "other"
	}
	return fill(c.catalogue.Undo[key], map[string]string{"what": c.named(p, t.Entities)})
}

// named names things in a sentence: the only one by its name, several by how many they are.
func (c *core) named(p *session.Picture, ids []studio.ID) string {
	if len(ids) == 1 {
		if a := p.Assets[studio.AssetID{ID: ids[0]}]; a != nil {
			return shown(a.Name)
		}
		return shown(p.Collections[studio.CollectionID{ID: ids[0]}].Name)
	}
	key := "tasks"
	for _, id := range ids {
		if a := p.Assets[studio.AssetID{ID: id}]; a == nil || a.Kind != studio.Task {
			key = "things"
		}
	}
	return fill(c.catalogue.Undo[key], map[string]string{"n": strconv.Itoa(len(ids))})
}

// ChooseFolder asks for a folder; "" when the person cancels. Code: unsupported in a browser.
func (p *Projects) ChooseFolder(title string) (string, error) {
	host, err := p.hosted()
	if err != nil {
		return "", p.failure(err)
	}
	path, err := host.ChooseFolder(title)
	if errors.Is(err, errors.ErrUnsupported) {
		err = studio.Refuse(studio.CodeUnsupported, studio.Params{})
	}
	return path, p.failure(err)
}

// OpenWindow opens another window on the open project.
func (p *Projects) OpenWindow(view string) error {
	host, err := p.hosted()
	if err == nil {
		err = host.OpenWindow(view, p.projectPath())
	}
	if errors.Is(err, errors.ErrUnsupported) {
		err = studio.Refuse(studio.CodeUnsupported, studio.Params{})
	}
	return p.failure(err)
}

// Undo takes the person's last act on tracking data back.
func (p *Projects) Undo() (Act, error) {
	return in(p.core, func(ctx context.Context, s *session.Session) (Act, error) {
		return p.stepped(ctx, s, "undone", s.Undo)
	})
}

// Redo takes the last undo back.
func (p *Projects) Redo() (Act, error) {
	return in(p.core, func(ctx context.Context, s *session.Session) (Act, error) {
		return p.stepped(ctx, s, "redone", s.Redo)
	})
}

func (c *core) stepped(ctx context.Context, s *session.Session, sentence string, step func(context.Context) (session.Outcome, error)) (Act, error) {
	out, err := step(ctx)
	if err != nil {
		return c.act(out, sentence, nil), err
	}
	look, err := s.Look(ctx)
	if err != nil {
		return c.act(out, sentence, nil), err
	}
	done := session.TakenBack{Kind: out.Taken.Kind}
	for _, r := range out.Results {
		if r.Err == nil {
			done.Entities = append(done.Entities, r.Entity)
		}
	}
	return c.act(out, sentence, map[string]string{"act": c.takenBack(look, done)}), nil
}

// MemberAdd makes a place for a person.
func (p *Projects) MemberAdd(username, name, email, role string) (Member, error) {
	return in(p.core, func(ctx context.Context, s *session.Session) (Member, error) {
		m, err := s.AddMember(ctx, session.MemberRequest{Username: username, Name: name, Email: email, Role: role})
		if err != nil {
			return Member{}, err
		}
		look, err := s.Look(ctx)
		if err != nil {
			return Member{}, err
		}
		return p.member(s, look, m), nil
	})
}
