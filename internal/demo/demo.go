// Package demo builds the sample project: a small short film with its people, files and history. It has no other door
// than session: every event in it was decided, every version cut, hashed and stored like anyone's. Only the clock is its
// own, so that three weeks of work lie behind the person who opens it.
package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"framehold/internal/clock"
	"framehold/internal/session"
	"framehold/internal/studio"
)

//go:embed art/*.jpg
var art embed.FS

const (
	projectName = "The Keeper's Light"
	days        = 21  // of history
	dayBegins   = 9   // o'clock
	dayHours    = 9   // of work
	actsGuess   = 215 // acts over that span
)

// person is one of the film's people.
type person struct{ username, name, role, title, department string }

func people() []person {
	return []person{
		{"ana", "Ana Reyes", "Artist", "Animator", "Animation"},
		{"ben", "Ben Okafor", "Artist", "Modeler", "Modeling"},
		{"chloe", "Chloé Martin", "Supervisor", "CG Supervisor", "Animation"},
		{"daniel", "Daniel Weiss", "Artist", "Lighter", "Lighting"},
		{"emi", "Emi Tanaka", "Production Manager", "Producer", "Production"},
		{"farid", "Farid Haddad", "Artist", "Rigger", "Rigging"},
	}
}

// builder builds.
type builder struct {
	ctx      context.Context //nolint:containedctx // lives as long as one Build
	env      session.Env
	dir      string
	now      time.Time
	latest   time.Time // nothing lies in the future
	step     time.Duration
	me       *session.Session
	of       map[string]*session.Session
	users    map[string]studio.UserID
	progress session.Progress
	done     int
}

// Build makes the sample project in dir, which must be empty or not there. The person of env is its Admin. progress
// counts acts. Codes: in_the_way, nested_project, those of the disk.
func Build(ctx context.Context, env session.Env, dir string, progress session.Progress) (err error) {
	if there, err := env.FS.Stat(dir); err == nil && !there.IsDir() {
		return studio.Refuse(studio.CodeInTheWay, studio.Params{Path: dir, Why: "file"})
	}
	if entries, err := env.FS.ReadDir(dir); err == nil && len(entries) > 0 {
		return studio.Refuse(studio.CodeInTheWay, studio.Params{Path: dir, Why: "not_empty"})
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b := &builder{ctx: ctx, dir: dir, progress: progress, of: map[string]*session.Session{}, users: map[string]studio.UserID{}}
	b.step = days * dayHours * time.Hour / actsGuess
	b.latest = env.Clock.Now().Local()
	first := b.latest.AddDate(0, 0, -days)
	b.now = time.Date(first.Year(), first.Month(), first.Day(), dayBegins, 0, 0, 0, first.Location())
	b.env = env
	b.env.Clock = clock.New(func() time.Time { return b.now }, rand.Reader)
	defer func() {
		opened := map[*session.Session]bool{} // who builds may be one of the film's people too
		for _, s := range b.of {
			opened[s] = true
		}
		for s := range opened {
			err = errors.Join(err, s.Close())
		}
	}()
	if b.me, err = session.Init(ctx, b.env, dir, projectName); err != nil {
		return err
	}
	b.of["me"] = b.me
	for _, build := range []func() error{b.hire, b.write, b.plan, b.work, b.need, b.leave} {
		if err := build(); err != nil {
			return fmt.Errorf("build sample: %w", err)
		}
	}
	return nil
}

// tick lets time pass: one act of the film's work.
func (b *builder) tick() {
	b.now = b.now.Add(b.step)
	if b.now.Hour() >= dayBegins+dayHours {
		b.now = time.Date(b.now.Year(), b.now.Month(), b.now.Day()+1, dayBegins, b.now.Minute(), 0, 0, b.now.Location())
	}
	if b.now.After(b.latest) {
		b.now = b.latest
	}
	b.done++
	if b.progress != nil {
		b.progress(session.Step{Phase: session.PhaseWriting, Done: int64(b.done), Total: actsGuess})
	}
}

// hire makes a place for each person and opens the project as them; whoever builds keeps their own name.
func (b *builder) hire() error {
	p, err := b.me.Look(b.ctx)
	if err != nil {
		return err
	}
	mine := p.Members[b.me.Me()].Username
	b.users["me"] = b.me.Me()
	for _, who := range people() {
		if who.username == mine {
			b.of[who.username], b.users[who.username] = b.me, b.me.Me()
			continue
		}
		b.tick()
		m, err := b.me.AddMember(b.ctx, session.MemberRequest{Username: who.username, Name: who.name, Role: who.role,
			Email: who.username + "@keeperslight.example", Title: who.title, Department: who.department})
		if err != nil {
			return err
		}
		env := b.env
		env.HomeDir = filepath.Join(b.env.HomeDir, "sample", p.Project.ID.String(), who.username)
		env.Fallback = session.Profile{Username: who.username, Name: who.name}
		s, err := session.Open(b.ctx, env, b.dir)
		if err != nil {
			return err
		}
		b.of[who.username], b.users[who.username] = s, m.User
	}
	return nil
}

// content is what version n of a file holds.
func content(p piece, n int) ([]byte, error) {
	switch path.Ext(p.path) {
	case ".jpg":
		return art.ReadFile("art/" + p.art[min(n, len(p.art)-1)] + ".jpg")
	case ".obj":
		return mesh(len(p.path)*7+n, 24+n), nil
	case ".csv":
		return curves(len(p.path)*13 + n), nil
	case ".wav":
		return tone(220+20*n, 2), nil
	}
	return []byte(fmt.Sprintf("%s\nversion %d\n%s\n", p.path, n+1, strings.Repeat("note of the film\n", 10+n))), nil
}

func (b *builder) put(p piece, n int) error {
	body, err := content(p, n)
	if err != nil {
		return err
	}
	target := filepath.Join(b.dir, filepath.FromSlash(p.path))
	if err := b.env.FS.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	f, err := b.env.FS.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	return errors.Join(err, f.Close())
}

// write makes the files and tracks them, as their first artist.
func (b *builder) write() error {
	for _, p := range pieces() {
		if p.planned || p.loose {
			continue
		}
		if err := b.put(p, 0); err != nil {
			return err
		}
		b.tick()
		r := session.AddRequest{Paths: []string{p.path}, Task: p.holder != "" || p.task, Tags: p.tags, Comment: "First version"}
		kind, err := b.typeOf(p)
		if err != nil {
			return err
		}
		r.Type = kind
		added, err := b.me.Add(b.ctx, r)
		if err != nil {
			return err
		}
		for _, f := range added.Files {
			if f.Err != nil {
				return f.Err
			}
		}
		if err := b.assign(p); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) typeOf(p piece) (studio.TypeID, error) {
	look, err := b.me.Look(b.ctx)
	if err != nil || p.kind == "" {
		return studio.TypeID{}, err
	}
	t, err := look.TypeNamed(p.kind)
	return t.ID, err
}

func (b *builder) assign(p piece) error {
	if p.holder == "" {
		return nil
	}
	id, err := b.asset(b.of["emi"], p.path)
	if err != nil {
		return err
	}
	b.tick()
	out, err := b.of["emi"].Assign(b.ctx, session.AssignRequest{Assets: []studio.AssetID{id}, To: b.users[p.holder]})
	return errors.Join(err, out.Err())
}

// plan makes the tasks that nobody has begun, with days and priorities.
func (b *builder) plan() error {
	for _, p := range pieces() {
		if p.planned {
			if err := b.planOne(p); err != nil {
				return err
			}
		}
		if p.due == 0 && p.priority == 0 {
			continue
		}
		id, err := b.asset(b.of["emi"], p.path)
		if err != nil {
			return err
		}
		values := map[studio.Field]string{studio.FieldPriority: fmt.Sprint(p.priority)}
		if p.due != 0 {
			values[studio.FieldDue] = b.latest.AddDate(0, 0, p.due).Format("2006-01-02")
		}
		b.tick()
		out, err := b.of["emi"].Set(b.ctx, []studio.AssetID{id}, session.SetRequest{Values: values})
		if err := errors.Join(err, out.Err()); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) planOne(p piece) error {
	kind, err := b.typeOf(p)
	if err != nil {
		return err
	}
	dir, name := path.Split(p.path)
	look, err := b.of["emi"].Look(b.ctx)
	if err != nil {
		return err
	}
	parent, ok := look.At(strings.TrimSuffix(dir, "/"))
	if !ok {
		return studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: dir})
	}
	b.tick()
	out, err := b.of["emi"].New(b.ctx, []session.NewRequest{{Parent: studio.CollectionID{ID: parent}, Name: name, Kind: studio.Task,
		Type: kind, Tags: p.tags}})
	if err := errors.Join(err, out.Err()); err != nil {
		return err
	}
	return b.assign(p)
}

func (b *builder) asset(s *session.Session, at string) (studio.AssetID, error) {
	look, err := s.Look(b.ctx)
	if err != nil {
		return studio.AssetID{}, err
	}
	id, ok := look.At(at)
	if !ok {
		return studio.AssetID{}, studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: at})
	}
	return studio.AssetID{ID: id}, nil
}

// work lets each story happen, a step of each in turn, so that the days are mixed as they are.
func (b *builder) work() error {
	all := pieces()
	saved := make([]int, len(all))
	for n, more := 0, true; more; n++ {
		more = false
		for i, p := range all {
			if n >= len(p.story) {
				continue
			}
			more = true
			b.tick()
			if err := b.act(p, p.story[n], &saved[i]); err != nil {
				return fmt.Errorf("%s, %s: %w", p.path, p.story[n].does, err)
			}
		}
	}
	return nil
}

// act is one step of a story.
func (b *builder) act(p piece, e event, saved *int) error {
	who := p.holder
	if e.by != "" {
		who = e.by
	}
	s := b.of[who]
	id, err := b.asset(s, p.path)
	if err != nil {
		return err
	}
	look, err := s.Look(b.ctx)
	if err != nil {
		return err
	}
	var to studio.StatusID
	if e.to != "" {
		st, err := look.StatusNamed(e.to)
		if err != nil {
			return err
		}
		to = st.ID
	}
	var out session.Outcome
	switch e.does {
	case "save":
		return b.save(s, p, id, to, e, saved)
	case "move":
		out, err = s.SetStatus(b.ctx, session.StatusRequest{Assets: []studio.AssetID{id}, To: to, Notes: e.notes})
	case "give":
		out, err = s.Assign(b.ctx, session.AssignRequest{Assets: []studio.AssetID{id}, To: b.users[e.text], Reason: e.reason})
	case "note":
		_, out, err = s.AddNote(b.ctx, id, e.text)
	}
	return errors.Join(err, out.Err())
}

func (b *builder) save(s *session.Session, p piece, id studio.AssetID, to studio.StatusID, e event, saved *int) error {
	*saved++
	if err := b.put(p, *saved); err != nil {
		return err
	}
	r := session.CheckpointRequest{Assets: []studio.AssetID{id}, Comment: e.text, To: to}
	if e.image != "" {
		picture, err := art.ReadFile("art/" + e.image + ".jpg")
		if err != nil {
			return err
		}
		r.Image = &session.Image{Reader: bytes.NewReader(picture), Size: int64(len(picture))}
	}
	made, err := s.CreateCheckpoint(b.ctx, r)
	if err != nil {
		return err
	}
	return made[0].Err
}

// need says what stands on what.
func (b *builder) need() error {
	for _, link := range needs() {
		id, err := b.asset(b.of["emi"], link[0])
		if err != nil {
			return err
		}
		look, err := b.of["emi"].Look(b.ctx)
		if err != nil {
			return err
		}
		var targets []studio.ID
		for _, at := range link[1:] {
			target, ok := look.At(at)
			if !ok {
				return studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: at})
			}
			targets = append(targets, target)
		}
		b.tick()
		out, err := b.of["emi"].Depend(b.ctx, id, targets, false)
		if err := errors.Join(err, out.Err()); err != nil {
			return err
		}
	}
	return nil
}

// leave leaves the folder as a day's work does: changes not saved yet, a file that is not tracked.
func (b *builder) leave() error {
	for _, p := range pieces() {
		if p.dirty || p.loose {
			if err := b.put(p, len(p.story)+3); err != nil {
				return err
			}
		}
	}
	return nil
}
