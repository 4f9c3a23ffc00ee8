package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// index is the tracking data that lists are made of, in memory: read once, then kept by the ChangeSets.
type index struct {
	mu   sync.Mutex
	seen int64 // the newest change that is in the picture
	now  *Picture
	sums sums
}

// Picture is the tracking data of a project at one moment, as lists need it. It is never changed: a new one is made.
type Picture struct {
	Seq         uint64
	Project     studio.Project
	Members     map[studio.UserID]studio.Member
	MemberList  []studio.Member
	Roles       []studio.Role
	Statuses    []studio.Status
	StatusOf    map[studio.StatusID]studio.Status
	Types       []studio.Type
	TypeOf      map[studio.TypeID]studio.Type
	Collections map[studio.CollectionID]studio.Collection
	Assets      map[studio.AssetID]*projectdb.AssetInfo
	paths       map[studio.ID]string
	keys        map[studio.ID]string                // of paths: what two paths must differ in
	inside      map[studio.CollectionID][]studio.ID // collections first, then assets, by name; trash aside
	byPath      map[string]studio.ID                // by key path
	unshared    map[string]bool                     // paths of files here whose assets are no longer shared with the person
}

// Look returns the tracking data as it is now: what other processes wrote too, for each look asks the store what changed.
func (s *Session) Look(ctx context.Context) (*Picture, error) {
	x := &s.index
	x.mu.Lock()
	defer x.mu.Unlock()
	next, seen := x.now, x.seen
	err := s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		changes, err := snap.ChangesAfter(x.seen)
		if err != nil || len(changes) == 0 && x.now != nil {
			return err
		}
		all := x.now == nil
		dirty := map[studio.ID]bool{}
		for _, c := range changes {
			seen = c.ID
			all = all || c.Everything
			for _, id := range c.Entities {
				dirty[id] = true
			}
		}
		next = &Picture{}
		if all {
			err = next.load(snap)
		} else {
			err = next.update(snap, x.now, dirty)
		}
		return errors.Join(err, next.lost(snap, s.folderID))
	})
	if err != nil {
		return nil, err
	}
	x.now, x.seen = next, seen
	return next, nil
}

// LookMine is Look for a process that shows what the person holds and ends: it reads no more than that.
func (s *Session) LookMine(ctx context.Context) (*Picture, error) {
	p := &Picture{}
	err := s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		p.definitions(snap)
		assets, err := snap.AssetsOf(s.me)
		p.fill(snap.Collections(), assets)
		return err
	})
	return p, err
}

func (p *Picture) load(snap *projectdb.Snapshot) error {
	p.definitions(snap)
	assets, err := snap.Assets()
	p.fill(snap.Collections(), assets)
	return err
}

// lost finds the files whose assets are no longer shared with the person (row G3). What they came from is kept: shared again,
// they stand as they stood.
func (p *Picture) lost(snap *projectdb.Snapshot, folder studio.ID) error {
	files, err := snap.Unshared(folder)
	p.unshared = make(map[string]bool, len(files))
	for _, f := range files {
		p.unshared[f.Path] = true
	}
	return err
}

// UnsharedAt refuses what is done to a file whose asset is no longer shared with the person; nil for any other. Code: unshared.
func (p *Picture) UnsharedAt(path string) error {
	if !p.unshared[path] {
		return nil
	}
	return studio.Refuse(studio.CodeUnshared, studio.Params{Asset: path, N: 1})
}

func (p *Picture) fill(collections []studio.Collection, assets []projectdb.AssetInfo) {
	p.Collections = make(map[studio.CollectionID]studio.Collection, len(collections))
	for _, c := range collections {
		p.Collections[c.ID] = c
	}
	p.Assets = make(map[studio.AssetID]*projectdb.AssetInfo, len(assets))
	for i := range assets {
		p.Assets[assets[i].ID] = &assets[i]
	}
	p.tree()
}

func (p *Picture) definitions(snap *projectdb.Snapshot) {
	p.Seq, _ = snap.HeadSeq()
	p.Project, p.MemberList, p.Roles = snap.Project(), snap.Members(), snap.Roles()
	p.Statuses, p.Types = snap.Statuses(), snap.Types()
	p.Members = map[studio.UserID]studio.Member{}
	for _, m := range p.MemberList {
		p.Members[m.User] = m
	}
	p.StatusOf = map[studio.StatusID]studio.Status{}
	for _, st := range p.Statuses {
		p.StatusOf[st.ID] = st
	}
	p.TypeOf = map[studio.TypeID]studio.Type{}
	for _, t := range p.Types {
		p.TypeOf[t.ID] = t
	}
}

// update makes the picture of before with some things read anew; the tree is made anew only when it changed.
func (p *Picture) update(snap *projectdb.Snapshot, before *Picture, dirty map[studio.ID]bool) error {
	*p = *before
	p.Seq, _ = snap.HeadSeq()
	var assets []studio.AssetID
	treeChanged, copied := false, false
	for id := range dirty {
		if c, ok := snap.Collection(studio.CollectionID{ID: id}); ok {
			if !copied {
				p.Collections, copied = cloneMap(before.Collections), true
			}
			was := p.Collections[c.ID]
			treeChanged = treeChanged || was.Parent != c.Parent || was.Name != c.Name || was.Trashed() != c.Trashed() || was.ID.IsZero()
			p.Collections[c.ID] = c
			continue
		}
		assets = append(assets, studio.AssetID{ID: id})
	}
	if len(assets) == 0 {
		if treeChanged {
			p.tree()
		}
		return nil
	}
	fresh, err := snap.Assets(assets...)
	if err != nil {
		return err
	}
	p.Assets = cloneMap(before.Assets)
	for i := range fresh {
		a := &fresh[i]
		was := p.Assets[a.ID]
		treeChanged = treeChanged || was == nil || was.Parent != a.Parent || was.Name != a.Name || was.Trashed() != a.Trashed()
		p.Assets[a.ID] = a
	}
	if treeChanged {
		p.tree()
	}
	return nil
}

func cloneMap[K comparable, V any](m map[K]V) map[K]V {
	clone := make(map[K]V, len(m)+1)
	for k, v := range m {
		clone[k] = v
	}
	return clone
}

// tree works out paths and what stands where.
func (p *Picture) tree() {
	n := len(p.Assets) + len(p.Collections)
	p.paths, p.keys = make(map[studio.ID]string, n), make(map[studio.ID]string, n)
	p.inside = map[studio.CollectionID][]studio.ID{}
	p.byPath = make(map[string]studio.ID, n)
	gone := map[studio.CollectionID]bool{}
	for id, c := range p.Collections {
		p.collectionPath(id, 0)
		if !c.Trashed() && !p.inTrash(c.Parent, gone, 0) {
			p.stand(id.ID, c.Parent)
		}
	}
	for id, a := range p.Assets {
		path, key := p.collectionPath(a.Parent, 0)
		p.paths[id.ID], p.keys[id.ID] = join(path, a.Name), join(key, a.NameKey)
		if !a.Trashed() && !p.inTrash(a.Parent, gone, 0) {
			p.stand(id.ID, a.Parent)
		}
	}
	for in := range p.inside {
		slices.SortFunc(p.inside[in], p.compareNames)
	}
}

// inTrash tells whether a collection, or one around it, is in the trash; known keeps the answers.
func (p *Picture) inTrash(id studio.CollectionID, known map[studio.CollectionID]bool, depth int) bool {
	if id.IsZero() || depth > pathDepthMax {
		return false
	}
	if gone, ok := known[id]; ok {
		return gone
	}
	c := p.Collections[id]
	gone := c.Trashed() || p.inTrash(c.Parent, known, depth+1)
	known[id] = gone
	return gone
}

// stands tells whether an asset or collection is at its path: it is not in the trash.
func (p *Picture) stands(id studio.ID) bool { return p.byPath[p.keys[id]] == id }

// InTrash tells whether an asset is in the trash, or in a collection that is.
func (p *Picture) InTrash(id studio.AssetID) bool {
	a := p.Assets[id]
	return a != nil && (a.Trashed() || p.inTrash(a.Parent, map[studio.CollectionID]bool{}, 0))
}

func (p *Picture) stand(id studio.ID, in studio.CollectionID) {
	p.inside[in] = append(p.inside[in], id)
	p.byPath[p.keys[id]] = id
}

// collectionPath is where a collection stands, and the key of that path; both are kept.
func (p *Picture) collectionPath(id studio.CollectionID, depth int) (path, key string) {
	if id.IsZero() || depth > pathDepthMax {
		return "", ""
	}
	if path, known := p.paths[id.ID]; known {
		return path, p.keys[id.ID]
	}
	c := p.Collections[id]
	path, key = p.collectionPath(c.Parent, depth+1)
	path, key = join(path, c.Name), join(key, c.NameKey)
	p.paths[id.ID], p.keys[id.ID] = path, key
	return path, key
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// keyPath is a path by the keys of its names.
func keyPath(path string) string {
	parts := strings.Split(path, "/")
	for i, name := range parts {
		parts[i] = studio.NameKey(name)
	}
	return strings.Join(parts, "/")
}

func (p *Picture) compareNames(a, b studio.ID) int {
	_, ca := p.Collections[studio.CollectionID{ID: a}]
	_, cb := p.Collections[studio.CollectionID{ID: b}]
	if ca != cb {
		if ca {
			return -1
		}
		return 1
	}
	return strings.Compare(p.sortName(a), p.sortName(b))
}

func (p *Picture) sortName(id studio.ID) string {
	if a, ok := p.Assets[studio.AssetID{ID: id}]; ok {
		return a.NameKey
	}
	return p.Collections[studio.CollectionID{ID: id}].NameKey
}

const pathDepthMax = 1000 // of collections in collections

// Path is where an asset or collection stands, with slashes.
func (p *Picture) Path(id studio.ID) string { return p.paths[id] }

// At finds what stands at a path of the project, trash aside.
func (p *Picture) At(path string) (studio.ID, bool) {
	id, ok := p.byPath[keyPath(path)]
	return id, ok
}

// Below lists the assets in a collection at any depth, in order of path, trash aside. Zero: of the project.
func (p *Picture) Below(c studio.CollectionID) []studio.AssetID {
	var found []studio.AssetID
	for _, id := range p.inside[c] {
		if _, ok := p.Assets[studio.AssetID{ID: id}]; ok {
			found = append(found, studio.AssetID{ID: id})
			continue
		}
		found = append(found, p.Below(studio.CollectionID{ID: id})...)
	}
	return found
}

// StatusNamed finds a status by its short label, without regard to case, or its name. Code: unknown_status.
func (p *Picture) StatusNamed(name string) (studio.Status, error) {
	var known []string
	for _, st := range p.Statuses {
		if st.Removed {
			continue
		}
		if strings.EqualFold(st.Label, name) || strings.EqualFold(st.Name, name) || st.ID.String() == name {
			return st, nil
		}
		known = append(known, st.Slug())
	}
	return studio.Status{}, studio.Refuse(studio.CodeUnknownStatus, studio.Params{Name: name, Why: strings.Join(known, ", ")})
}

// MemberNamed finds a present member by username. Code: unknown_member.
func (p *Picture) MemberNamed(name string) (studio.Member, error) {
	for _, m := range p.MemberList {
		if !m.Gone && (strings.EqualFold(m.Username, name) || m.User.String() == name) {
			return m, nil
		}
	}
	return studio.Member{}, studio.Refuse(studio.CodeUnknownMember, studio.Params{Name: name, Project: p.Project.Name})
}

// TypeNamed finds a type by name. Code: unknown_type.
func (p *Picture) TypeNamed(name string) (studio.Type, error) {
	var known []string
	for _, t := range p.Types {
		if t.Removed {
			continue
		}
		if strings.EqualFold(t.Name, name) || t.ID.String() == name {
			return t, nil
		}
		known = append(known, t.Name)
	}
	return studio.Type{}, studio.Refuse(studio.CodeUnknownType, studio.Params{Name: name, Why: strings.Join(known, ", ")})
}

// RoleNamed finds a role by name. Code: unknown_role.
func (p *Picture) RoleNamed(name string) (studio.Role, error) {
	var known []string
	for _, r := range p.Roles {
		if strings.EqualFold(r.Name, name) || r.ID.String() == name {
			return r, nil
		}
		known = append(known, r.Name)
	}
	return studio.Role{}, studio.Refuse(studio.CodeUnknownRole, studio.Params{Name: name, Why: strings.Join(known, ", ")})
}
