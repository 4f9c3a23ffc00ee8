package cli

import (
	"path"

	"framehold/internal/session"
	"framehold/internal/studio"
)

// entity finds what a person names: an id, or a path relative to the current folder. Codes: unknown_asset, trashed,
// unshared, outside_project.
func (c *command) entity(s *session.Session, p *session.Picture, name string) (studio.ID, error) {
	if id, err := studio.ParseID(name); err == nil && p.Path(id) != "" {
		return id, nil
	}
	rel, err := c.rel(s, name)
	if err != nil {
		return studio.ID{}, err
	}
	if id, ok := p.At(rel); ok {
		return id, nil
	}
	if _, err := trashedAt(p, rel); err == nil {
		return studio.ID{}, studio.Refuse(studio.CodeTrashed, studio.Params{Asset: visible(rel)})
	}
	if err := p.UnsharedAt(rel); err != nil {
		return studio.ID{}, err
	}
	return studio.ID{}, studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: visible(name)})
}

// asset is entity for commands about one asset; why names the sentence for a collection.
func (c *command) asset(s *session.Session, p *session.Picture, name, why string) (studio.AssetID, error) {
	id, err := c.entity(s, p, name)
	if err != nil {
		return studio.AssetID{}, err
	}
	if _, isCollection := p.Collections[studio.CollectionID{ID: id}]; isCollection {
		return studio.AssetID{}, studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: visible(name), Why: why})
	}
	return studio.AssetID{ID: id}, nil
}

// rel is the path in the project of a name as it was typed: relative to the current folder, or, when that is
// elsewhere, to the project.
func (c *command) rel(s *session.Session, name string) (string, error) {
	dir, err := c.Dir()
	if err != nil {
		return "", err
	}
	if _, err := s.Rel(dir, "."); err != nil {
		dir = s.Root()
	}
	return s.Rel(dir, name)
}

// named is what a list of names means; those that mean nothing keep their error in their place.
type named struct {
	name string
	err  error
}

func (c *command) entities(s *session.Session, p *session.Picture, names []string) ([]studio.ID, []named) {
	var ids []studio.ID
	var bad []named
	for _, name := range names {
		id, err := c.entity(s, p, name)
		if err != nil {
			bad = append(bad, named{name: name, err: err})
			continue
		}
		ids = append(ids, id)
	}
	return ids, bad
}

// assets is entities for commands about assets: a collection stands for the assets below it, the folder of the project
// for all.
func (c *command) assets(s *session.Session, p *session.Picture, names []string) ([]studio.AssetID, []named) {
	var assets []studio.AssetID
	var bad []named
	for _, name := range names {
		id, err := c.entity(s, p, name)
		if rel, relErr := c.rel(s, name); err != nil && relErr == nil && rel == "" {
			id, err = studio.ID{}, nil
		}
		switch asset := (studio.AssetID{ID: id}); {
		case err != nil:
			bad = append(bad, named{name: name, err: err})
		case p.Assets[asset] != nil:
			assets = append(assets, asset)
		default:
			assets = append(assets, p.Below(studio.CollectionID{ID: id})...)
		}
	}
	return assets, bad
}

// with adds what was not found to an outcome, so that every item is answered for.
func with(out session.Outcome, bad []named) session.Outcome {
	for _, b := range bad {
		out.Results = append(out.Results, session.Result{Path: b.name, Err: b.err})
	}
	return out
}

// parentOf is the collection that a new thing stands in, by its path: it must be there.
func parentOf(p *session.Picture, rel string) (studio.CollectionID, string, error) {
	dir, name := path.Split(rel)
	if dir = path.Clean(dir); dir == "." || dir == "/" {
		return studio.CollectionID{}, name, nil
	}
	id, ok := p.At(dir)
	if _, isCollection := p.Collections[studio.CollectionID{ID: id}]; !ok || !isCollection {
		return studio.CollectionID{}, name, studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: dir, Why: "no_parent"})
	}
	return studio.CollectionID{ID: id}, name, nil
}
