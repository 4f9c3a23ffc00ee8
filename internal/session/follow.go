package session

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"framehold/internal/fsys"
	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// step is one of the things that an act on the tree does, decided alone.
type step struct {
	id studio.ID
	do func(*item, studio.ID) error
}

// arrange is an act that renames or moves things; the working files go along, where they stand at their place. It is
// decided dry first: what would come to stand on a file or folder of somebody else is refused before it is made. Code:
// in_the_way, and those of the steps.
func (s *Session) arrange(ctx context.Context, steps []step) (Outcome, error) {
	var plan []Result
	err := s.dry(ctx, func(a *act) error {
		for _, st := range steps {
			plan = append(plan, a.try(st.id, st.do))
		}
		return nil
	})
	if err != nil {
		return Outcome{}, err
	}
	blocked, err := s.blocked(ctx, plan)
	if err != nil {
		return Outcome{}, err
	}
	var out Outcome
	err = s.write(ctx, projectdb.ActEdit, func(a *act) error {
		out = Outcome{}
		for i, st := range steps {
			if blocked[i] != nil {
				at := studio.PathOf(a.state, st.id)
				out.Results = append(out.Results, Result{Entity: st.id, Path: at, Err: blocked[i]})
				continue
			}
			out.Results = append(out.Results, a.try(st.id, st.do))
		}
		if len(a.logged) > 0 {
			out.Group = a.group
		}
		return nil
	})
	if err != nil || out.Group.IsZero() {
		return out, err
	}
	return out, s.followAll(ctx, out.Results)
}

// moves tells whether a step changed where its thing stands.
func (r Result) moves() bool {
	return r.Err == nil && !r.Already && r.before != "" && r.Path != "" && r.before != r.Path
}

// blocked says of each step of a plan why the disk does not let it be; nil when it does.
func (s *Session) blocked(ctx context.Context, plan []Result) ([]error, error) {
	blocked := make([]error, len(plan))
	var l *look
	left := map[string]bool{} // places that an earlier step leaves
	for i, r := range plan {
		if !r.moves() {
			continue
		}
		if l == nil {
			var err error
			if l, err = s.newLook(ctx); err != nil {
				return nil, err
			}
		}
		if !left[r.Path] {
			blocked[i] = l.inTheWay(ctx, r)
		}
		left[r.before] = blocked[i] == nil
	}
	return blocked, nil
}

// inTheWay refuses to move a thing to where something else stands. What somebody moved there by hand, and it is the
// thing itself, is not in the way.
func (l *look) inTheWay(ctx context.Context, r Result) error {
	to, err := l.s.folder.Resolve(r.Path)
	if err != nil {
		return fileFailure(r.Path, err)
	}
	there, err := l.s.folder.Lstat(to)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fileFailure(r.Path, err)
	}
	from, has, err := l.s.standing(l.localPath(r.Entity), r.before)
	if err != nil {
		return fileFailure(r.before, err)
	}
	if has {
		one, err := l.s.folder.SameEntry(from, to)
		if err != nil {
			return fileFailure(r.Path, err)
		}
		if one { // the thing itself: its names differ in case or normal form alone
			return nil
		}
	}
	asset := l.picture.Assets[studio.AssetID{ID: r.Entity}]
	switch {
	case has:
	case asset == nil && there.IsDir():
		return nil
	case asset != nil && there.IsRegular() && asset.Head.IsZero():
		return nil
	case asset != nil && there.IsRegular() && l.holds(ctx, asset, to, there):
		return nil
	}
	return studio.Refuse(studio.CodeInTheWay, studio.Params{Path: to})
}

// holds tells whether a file at another place holds what the asset's file would.
func (l *look) holds(ctx context.Context, a *projectdb.AssetInfo, at string, info fsys.Info) bool {
	f, err := l.file(ctx, a.ID, at, info)
	l.adopted = nil // it does not stand there yet
	l.keep(ctx)
	return err == nil && !f.Content.IsZero() && (f.Content == a.HeadHash || f.Content == f.BaseHash)
}

// localPath is where a working file was put; "" for collections.
func (l *look) localPath(id studio.ID) string {
	local, _ := l.localOf(studio.AssetID{ID: id})
	return local.Path
}

// standing is where on disk the thing is that stands at a path of the project: at the name that was put there, exactly
// there, or at a twin in case or normal form.
func (s *Session) standing(put, at string) (rel string, has bool, err error) {
	if put != "" && put != at {
		if _, err := s.folder.Lstat(put); err == nil {
			return put, true, nil
		}
	}
	if rel, err = s.folder.Resolve(at); err != nil {
		return at, false, err
	}
	_, err = s.folder.Lstat(rel)
	if errors.Is(err, fs.ErrNotExist) {
		return rel, false, nil
	}
	return rel, err == nil, err
}

// followAll renames the working files along with what was renamed or moved, in the order of the act. A file that cannot
// follow stays where it is and is shown as untracked: nothing is lost.
func (s *Session) followAll(ctx context.Context, results []Result) error {
	for i, r := range results {
		if r.moves() {
			results[i].Err = fileFailure(r.Path, s.follow(ctx, r))
		}
	}
	picture, err := s.Look(ctx)
	if err != nil {
		return err
	}
	for i, r := range results {
		if at := picture.Path(r.Entity); at != "" {
			results[i].Path = at
		}
	}
	_, err = s.Rescan(ctx)
	return err
}

func (s *Session) follow(ctx context.Context, r Result) error {
	var local map[studio.AssetID]projectdb.LocalFile
	err := s.db.Read(ctx, func(snap *projectdb.Snapshot) (err error) {
		local, err = snap.LocalFiles(s.folderID)
		return err
	})
	if err != nil {
		return err
	}
	put := local[studio.AssetID{ID: r.Entity}].Path
	if keyPath(put) != keyPath(r.before) {
		put = ""
	}
	from, has, err := s.standing(put, r.before)
	if err != nil || !has {
		return err
	}
	dir, err := s.folder.Resolve(path.Dir(r.Path))
	if err != nil {
		return err
	}
	to := path.Join(dir, path.Base(r.Path))
	if from == to {
		return nil
	}
	if err := s.folder.Rename(from, to); err != nil {
		return err
	}
	return s.care(ctx, func(tx *projectdb.Tx) error {
		local, err := tx.LocalFiles(s.folderID)
		if err != nil {
			return err
		}
		for _, f := range local {
			rest, below := strings.CutPrefix(f.Path, from+"/")
			switch {
			case below:
				f.Path = to + "/" + rest
			case f.Path == from && (put == "" || f.Asset.ID == r.Entity):
				f.Path = to
			default:
				continue
			}
			if err := tx.SetLocalFile(f); err != nil {
				return err
			}
		}
		return nil
	})
}
