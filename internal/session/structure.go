package session

import (
	"context"

	"framehold/internal/studio"
)

// NewRequest plans tasks without a file, or makes collections.
type NewRequest struct {
	Parent     studio.CollectionID
	Name       string
	Collection bool
	Kind       studio.AssetKind
	Type       studio.TypeID
	Tags       []string
	Assign     studio.UserID
}

// New makes planned tasks and collections: one act. The outcome's entities are their ids.
func (s *Session) New(ctx context.Context, wanted []NewRequest) (Outcome, error) {
	ids := make([]studio.ID, len(wanted))
	byID := map[studio.ID]NewRequest{}
	for i, w := range wanted {
		ids[i] = s.clock.NewID()
		byID[ids[i]] = w
	}
	return s.each(ctx, ids, false, func(it *item, id studio.ID) error {
		if err := it.create(id, byID[id], studio.CheckpointID{}); err != nil {
			return err
		}
		return it.give(id, byID[id].Assign)
	})
}

// create makes an asset with its tags, or a collection.
func (it *item) create(id studio.ID, w NewRequest, first studio.CheckpointID) error {
	kind := studio.KindAssetCreate
	if w.Collection {
		kind = studio.KindCollectionCreate
	}
	body := &studio.CreateBody{Parent: w.Parent, Name: w.Name, Kind: w.Kind, Type: w.Type, First: first}
	if _, err := it.do(id, kind, body); err != nil {
		return err
	}
	for _, tag := range w.Tags {
		if _, err := it.do(id, studio.KindTagAdd, &studio.TagBody{Tag: tag}); err != nil {
			return err
		}
	}
	return nil
}

// give assigns a new asset when the request asks for it.
func (it *item) give(id studio.ID, to studio.UserID) error {
	if to.IsZero() {
		return nil
	}
	return it.assign(id, AssignRequest{To: to})
}

// EnsureCollections makes the collections of a path that are not there yet, in the act, and returns the last one.
func (it *item) ensureCollections(parent studio.CollectionID, names []string) (studio.CollectionID, error) {
	for _, name := range names {
		if id, ok := it.state.Named(parent, studio.NameKey(name)); ok {
			c, isCollection := it.state.Collection(studio.CollectionID{ID: id})
			if !isCollection {
				return parent, studio.Refuse(studio.CodeNameTaken, studio.Params{Name: studio.PathOf(it.state, id)})
			}
			parent = c.ID
			continue
		}
		id := studio.ID(it.act.s.clock.NewID())
		body := &studio.CreateBody{Parent: parent, Name: name}
		if _, err := it.do(id, studio.KindCollectionCreate, body); err != nil {
			return parent, err
		}
		parent = studio.CollectionID{ID: id}
	}
	return parent, nil
}

// Rename gives an asset or collection another name; the working file is renamed with it where it stands in place. Code:
// in_the_way, when something else has that name on disk.
func (s *Session) Rename(ctx context.Context, id studio.ID, name string) (Outcome, error) {
	return s.arrange(ctx, []step{{id, func(it *item, id studio.ID) error {
		_, err := it.do(id, studio.KindRename, &studio.RenameBody{Name: name, Seen: nameOf(it.state, id)})
		return err
	}}})
}

// MoveTo puts assets and collections into a collection, their working files with them. Code: in_the_way.
func (s *Session) MoveTo(ctx context.Context, ids []studio.ID, parent studio.CollectionID) (Outcome, error) {
	var steps []step
	for _, id := range once(ids) {
		steps = append(steps, step{id, func(it *item, id studio.ID) error {
			_, err := it.do(id, studio.KindMove, &studio.MoveBody{Parent: parent, Seen: parentOf(it.state, id)})
			return err
		}})
	}
	return s.arrange(ctx, steps)
}

// Trash puts assets and collections into the trash; their files stay where they are.
func (s *Session) Trash(ctx context.Context, ids []studio.ID) (Outcome, error) {
	return s.each(ctx, ids, false, func(it *item, id studio.ID) error {
		a, _ := it.state.Asset(studio.AssetID{ID: id})
		_, err := it.do(id, studio.KindTrash, &studio.TrashBody{SeenHead: a.Head, SeenParked: studio.OpenChains(it.state, a.ID)})
		return err
	})
}

// Untrash takes things out of the trash.
func (s *Session) Untrash(ctx context.Context, ids []studio.ID) (Outcome, error) {
	return s.each(ctx, ids, false, func(it *item, id studio.ID) error {
		_, err := it.do(id, studio.KindRestore, &studio.EmptyBody{})
		return err
	})
}

// Purge gives up the content of assets in the trash: rows and events stay.
func (s *Session) Purge(ctx context.Context, assets []studio.AssetID) (Outcome, error) {
	return s.each(ctx, assetIDs(assets), false, func(it *item, id studio.ID) error {
		_, err := it.do(id, studio.KindPurge, &studio.EmptyBody{})
		return err
	})
}

// Convert makes tasks of resources or the reverse.
func (s *Session) Convert(ctx context.Context, assets []studio.AssetID, to studio.AssetKind) (Outcome, error) {
	return s.each(ctx, assetIDs(assets), false, func(it *item, id studio.ID) error {
		_, err := it.do(id, studio.KindConvert, &studio.ConvertBody{To: to})
		return err
	})
}

// SetRequest changes fields and tags; only the fields in Values change.
type SetRequest struct {
	Values     map[studio.Field]string
	AddTags    []string
	RemoveTags []string
}

// Set changes fields and tags of assets.
func (s *Session) Set(ctx context.Context, assets []studio.AssetID, r SetRequest) (Outcome, error) {
	fields := []studio.Field{studio.FieldType, studio.FieldDescription, studio.FieldDue, studio.FieldPriority,
		studio.FieldEstimate}
	return s.each(ctx, assetIDs(assets), false, func(it *item, id studio.ID) error {
		a, err := it.asset(id)
		if err != nil {
			return err
		}
		for _, f := range fields {
			value, wanted := r.Values[f]
			if !wanted {
				continue
			}
			body := &studio.SetBody{Field: f, Seen: a.FieldValue(f), Value: value}
			if _, err := it.do(id, studio.KindSet, body); err != nil {
				return err
			}
		}
		for _, tag := range r.AddTags {
			if _, err := it.do(id, studio.KindTagAdd, &studio.TagBody{Tag: tag}); err != nil {
				return err
			}
		}
		for _, tag := range r.RemoveTags {
			if _, err := it.do(id, studio.KindTagRemove, &studio.TagBody{Tag: tag}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Depend adds or removes dependencies of one asset.
func (s *Session) Depend(ctx context.Context, asset studio.AssetID, targets []studio.ID, remove bool) (Outcome, error) {
	kind := studio.KindDependAdd
	if remove {
		kind = studio.KindDependRemove
	}
	return s.each(ctx, targets, false, func(it *item, target studio.ID) error {
		_, err := it.do(asset.ID, kind, &studio.DependBody{Target: target})
		return err
	})
}

// Drop frees the bytes of an own checkpoint that is not the head; its event stays. An own safety checkpoint, which has
// none, is deleted, and no undo brings it back.
func (s *Session) Drop(ctx context.Context, asset studio.AssetID, checkpoint studio.CheckpointID) (Outcome, error) {
	if out, done, err := s.dropSafety(ctx, asset, checkpoint); done || err != nil {
		return out, err
	}
	return s.each(ctx, []studio.ID{asset.ID}, false, func(it *item, id studio.ID) error {
		_, err := it.do(id, studio.KindDrop, &studio.CheckpointBody{Checkpoint: checkpoint})
		return err
	})
}

func nameOf(view studio.View, id studio.ID) string {
	if a, ok := view.Asset(studio.AssetID{ID: id}); ok {
		return a.Name
	}
	c, _ := view.Collection(studio.CollectionID{ID: id})
	return c.Name
}

func parentOf(view studio.View, id studio.ID) studio.CollectionID {
	if a, ok := view.Asset(studio.AssetID{ID: id}); ok {
		return a.Parent
	}
	c, _ := view.Collection(studio.CollectionID{ID: id})
	return c.Parent
}
