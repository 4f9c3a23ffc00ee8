package app

import (
	"context"
	"path/filepath"

	"framehold/internal/session"
	"framehold/internal/studio"
)

// Studio is bound to the frontend: studios that the person is signed in to, and bringing their projects here.
type Studio struct{ *core }

// SignedIn lists the studios that the person is signed in to, the latest first.
func (s *Studio) SignedIn() ([]StudioServer, error) {
	all, err := s.env.Home().SignedIn()
	if err != nil {
		return nil, s.failure(err)
	}
	out := []StudioServer{}
	for _, c := range all {
		out = append(out, StudioServer{c.Server, c.Username})
	}
	return out, nil
}

// Join signs in, or uses an invitation. Codes: invalid_link, bad_credentials, unreachable, those of invitations.
func (s *Studio) Join(r JoinRequest) (StudioServer, error) {
	me, err := s.env.Home().Profile(s.env.Fallback)
	if err != nil {
		return StudioServer{}, s.failure(err)
	}
	if r.Username == "" {
		r.Username = me.Username
	}
	if r.Name == "" {
		r.Name = me.Name
	}
	who, err := session.Login(s.ctx, s.env, session.LoginRequest{Address: r.Address, Username: r.Username, Name: r.Name,
		Password: r.Password, Device: s.where.Device, App: s.where.Version})
	return StudioServer{who.Server, who.Username}, s.failure(err)
}

// Projects lists the projects of a studio that the person is in. Codes: unauthenticated, unreachable.
func (s *Studio) Projects(server string) ([]StudioProject, error) {
	there, err := session.StudioProjects(s.ctx, s.env, server)
	if err != nil {
		return nil, s.failure(err)
	}
	known, err := s.env.Home().Projects()
	if err != nil {
		return nil, s.failure(err)
	}
	here := map[string]string{}
	for _, k := range known {
		if _, err := session.Find(s.env.FS, k.Path); err == nil {
			here[k.ID] = k.Path
		}
	}
	out := []StudioProject{}
	for _, p := range there {
		out = append(out, StudioProject{ID: p.ID, Name: p.Name, Path: here[p.ID]})
	}
	return out, nil
}

// Clone brings a project of a studio to a new or empty folder of this computer; files come when they are asked for: a
// job, which names the folder when it has ended. Codes: those of a clone.
func (s *Studio) Clone(server, project, dir string) (string, error) {
	if !filepath.IsAbs(dir) {
		return "", s.failure(studio.Refuse(studio.CodeUsage, studio.Params{Field: "folder", Why: "a whole path is needed"}))
	}
	return s.start("clone", fill(s.catalogue.Jobs["clone"], map[string]string{"path": filepath.Base(dir)}),
		func(ctx context.Context, report func(func(*Job))) error {
			made, err := session.Clone(ctx, s.env, session.CloneRequest{Server: server, Project: project, Dir: dir,
				Device: s.where.Device, App: s.where.Version})
			if err != nil {
				return err
			}
			report(func(j *Job) { j.Project, j.Safe = made.Root(), true })
			return made.Close()
		}), nil
}
