package session

import (
	"context"
	"slices"
	"time"

	"framehold/internal/chunk"
	"framehold/internal/projectdb"
	"framehold/internal/studio"
)

// RoadItem is a file that a task on the road needs.
type RoadItem struct {
	Asset studio.AssetID
	Path  string
	Task  studio.AssetID // that needs it; zero: it is one of them
	Via   []studio.ID    // through what
	Bytes int64          // of its head
	Here  bool           // the head's bytes are in this store, and a file is in the working folder
	New   bool           // the task came to need it after its person left
	Err   error          // why it could not be brought here
}

// RoadPlan is what tasks need to be worked on without a network.
type RoadPlan struct {
	Items   []RoadItem // each file once, the tasks first
	Bytes   int64
	Missing int   // of Items, those that are not here
	ToFetch int64 // bytes of those
	Free    int64 // bytes that can still be written to this disk
}

// Lacks lists the paths of what is not here; with fresh, of that what came after the person left.
func (p RoadPlan) Lacks(fresh bool) (paths []string) {
	for _, item := range p.Items {
		if !item.Here && (item.New || !fresh) {
			paths = append(paths, item.Path)
		}
	}
	return paths
}

// RoadRequest takes tasks on the road.
type RoadRequest struct {
	Assets   []studio.AssetID
	UntilMs  int64
	Progress Progress
}

// PlanRoad lists what tasks need to go on the road: nothing is fetched. Code: unknown_asset.
func (s *Session) PlanRoad(ctx context.Context, tasks []studio.AssetID) (RoadPlan, error) {
	look, err := s.newLook(ctx)
	if err != nil {
		return RoadPlan{}, err
	}
	return look.plan(ctx, once(tasks))
}

func (l *look) plan(ctx context.Context, tasks []studio.AssetID) (plan RoadPlan, err error) {
	s, at := l.s, map[studio.AssetID]int{}
	for _, id := range tasks {
		if l.picture.Assets[id] == nil {
			return plan, studio.Refuse(studio.CodeUnknownAsset, studio.Params{Name: id.String()})
		}
		plan.Items, at[id] = append(plan.Items, RoadItem{Asset: id}), len(plan.Items)
	}
	err = s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		for _, id := range tasks {
			pins, err := snap.Pins(id)
			if err != nil {
				return err
			}
			gone := s.awayWith(snap, l.picture.Assets[id].Road)
			for _, need := range studio.Closure(snap, id) {
				i, known := at[need.Asset]
				if !known {
					i, at[need.Asset] = len(plan.Items), len(plan.Items)
					plan.Items = append(plan.Items, RoadItem{Asset: need.Asset, Task: id, Via: need.Via})
				}
				_, pinned := pins[need.Asset]
				plan.Items[i].New = plan.Items[i].New || gone && !pinned
			}
		}
		return nil
	})
	if err != nil {
		return plan, err
	}
	for i := range plan.Items {
		if err := l.planItem(ctx, &plan.Items[i]); err != nil {
			return plan, err
		}
	}
	plan.Items = slices.DeleteFunc(plan.Items, func(item RoadItem) bool { // planned tasks have no file yet
		a := l.picture.Assets[item.Asset]
		return a == nil || a.Head.IsZero() || l.picture.InTrash(item.Asset)
	})
	for _, item := range plan.Items {
		plan.Bytes += item.Bytes
		if !item.Here {
			plan.Missing, plan.ToFetch = plan.Missing+1, plan.ToFetch+item.Bytes
		}
	}
	plan.Free, err = s.fs.FreeBytes(s.Root())
	return plan, fileFailure(s.Root(), err)
}

func (l *look) planItem(ctx context.Context, item *RoadItem) error {
	a := l.picture.Assets[item.Asset]
	if a == nil || a.Head.IsZero() || l.picture.InTrash(item.Asset) {
		return nil
	}
	item.Path, item.Bytes = l.picture.Path(item.Asset.ID), a.HeadBytes
	f, err := l.fileOf(ctx, item.Asset)
	if err != nil {
		item.Err = err
		return nil // it is no file that can be put in place: that is what is said of it
	}
	item.Here = f.Exists
	if f.Exists && f.Content != a.HeadHash { // of a modified file the version below it is needed too
		item.Here, err = l.s.holds(ctx, a.HeadHash)
	}
	return err
}

// holds tells whether all the bytes of a file are in this store.
func (s *Session) holds(ctx context.Context, manifest studio.Hash) (bool, error) {
	if _, ok, err := s.db.Blob(ctx, manifest); err != nil || !ok {
		return false, err
	}
	batch := s.packs.Begin()
	defer batch.Close()
	whole := true
	_, err := s.packs.Entries(ctx, chunk.Hash(manifest), func(entries []chunk.Entry) error {
		missing, err := batch.Missing(ctx, entries)
		whole = whole && len(missing) == 0
		return err
	})
	if err != nil && ctx.Err() == nil {
		return false, nil // a page of its list is missing or damaged: it is fetched again
	}
	return whole, err
}

// unwritten takes a file that is only read to see that all of it can be.
type unwritten struct{}

func (unwritten) WriteAt(b []byte, _ int64) (int, error) { return len(b), nil }
func (unwritten) Truncate(int64) error                   { return nil }

// StartRoad takes tasks offline until an instant: the team is told, and everything that they need is pinned, fetched and
// read through. What could not be brought here does not hold the road up: the plan names it (row J9). Of a file that was
// changed the version is fetched, and the file stays. Codes: those of table J of sync.md, each task its own.
func (s *Session) StartRoad(ctx context.Context, r RoadRequest) (Outcome, RoadPlan, error) {
	out, err := s.each(ctx, assetIDs(r.Assets), false, func(it *item, id studio.ID) error {
		if _, err := it.asset(id); err != nil {
			return err
		}
		_, err := it.do(id, studio.KindRoadStart, &studio.RoadBody{UntilMs: r.UntilMs})
		return err
	})
	if err != nil {
		return out, RoadPlan{}, err
	}
	var gone []studio.AssetID
	for _, result := range out.Results {
		if result.Err == nil {
			gone = append(gone, studio.AssetID{ID: result.Entity})
		}
	}
	plan, err := s.packForRoad(ctx, gone, r.Progress)
	return out, plan, err
}

// FetchRoad brings what tasks on the road need and is not here: what is new since their person left too. Code: unknown_asset.
func (s *Session) FetchRoad(ctx context.Context, tasks []studio.AssetID, progress Progress) (RoadPlan, error) {
	return s.packForRoad(ctx, once(tasks), progress)
}

func (s *Session) packForRoad(ctx context.Context, tasks []studio.AssetID, progress Progress) (RoadPlan, error) {
	plan, err := s.PlanRoad(ctx, tasks)
	if err != nil || len(tasks) == 0 {
		return plan, err
	}
	if err := s.pin(ctx, tasks, plan); err != nil {
		return plan, err
	}
	failed := map[studio.AssetID]error{}
	for _, item := range plan.Items {
		if err := s.bringForRoad(ctx, item, progress); err != nil {
			failed[item.Asset] = err
		}
		if ctx.Err() != nil {
			return plan, fileFailure(item.Path, ctx.Err())
		}
	}
	plan, err = s.PlanRoad(ctx, tasks)
	for i := range plan.Items {
		item := &plan.Items[i]
		if cause := failed[item.Asset]; cause != nil {
			item.Err = cause
			if item.Here {
				item.Here, plan.Missing, plan.ToFetch = false, plan.Missing+1, plan.ToFetch+item.Bytes
			}
		}
	}
	return plan, err
}

func (s *Session) pin(ctx context.Context, tasks []studio.AssetID, plan RoadPlan) error {
	return s.care(ctx, func(tx *projectdb.Tx) error {
		for _, task := range tasks {
			needs := map[studio.AssetID]bool{task: true}
			for _, need := range studio.Closure(tx, task) {
				needs[need.Asset] = true
			}
			var pins []projectdb.Pin
			for _, item := range plan.Items {
				if a, ok := tx.Asset(item.Asset); ok && needs[item.Asset] {
					pins = append(pins, projectdb.Pin{Task: task, Asset: item.Asset, Checkpoint: a.Head})
				}
			}
			if err := tx.SetPins(task, pins); err != nil {
				return err
			}
		}
		return nil
	})
}

// bringForRoad puts a file in place where none is, or an older one, and reads its version through.
func (s *Session) bringForRoad(ctx context.Context, item RoadItem, progress Progress) error {
	k, err := s.Version(ctx, item.Asset, "")
	if err != nil {
		return err
	}
	f, err := s.fileNow(ctx, item.Asset)
	if err != nil {
		return err
	}
	p, err := s.Look(ctx)
	if err != nil {
		return err
	}
	if a := p.Assets[item.Asset]; a != nil {
		if state := f.State(a); state == StateMissing || state == StateOutdated {
			return s.fetchOne(ctx, item.Asset, progress) // every chunk of it is checked before it is written
		}
	}
	if err := s.bring(ctx, k, progress); err != nil {
		return err
	}
	_, err = s.packs.Load(ctx, chunk.Hash(k.Manifest), unwritten{}, nil)
	return fileFailure(item.Path, err)
}

// EndRoad says that tasks are back (row J6). Codes: those of table J of sync.md.
func (s *Session) EndRoad(ctx context.Context, tasks []studio.AssetID) (Outcome, error) {
	return s.each(ctx, assetIDs(tasks), false, func(it *item, id studio.ID) error {
		if _, err := it.asset(id); err != nil {
			return err
		}
		_, err := it.do(id, studio.KindRoadEnd, &studio.EmptyBody{})
		return err
	})
}

// awayWith tells whether a road is one of the acting person's on this device.
func (s *Session) awayWith(snap *projectdb.Snapshot, road studio.Road) bool {
	stand, _ := snap.Replica()
	return !road.Asset.IsZero() && road.EndedSeq == 0 && road.User == s.me && (road.Client.IsZero() || road.Client == stand.Client)
}

// mineOnTheRoad lists the tasks that the acting person has on the road on this device.
func (s *Session) mineOnTheRoad(snap *projectdb.Snapshot) (tasks []studio.AssetID) {
	for _, road := range snap.Roads() {
		if s.awayWith(snap, road) {
			tasks = append(tasks, road.Asset)
		}
	}
	return tasks
}

// unpinned refuses to free a file that a task on the road needs here. Code: pinned.
func (s *Session) unpinned(ctx context.Context, id studio.AssetID) error {
	return s.db.Read(ctx, func(snap *projectdb.Snapshot) error {
		tasks, err := snap.PinnedFor(id)
		for _, task := range tasks {
			if road, _ := snap.Road(task); s.awayWith(snap, road) {
				return studio.Refuse(studio.CodePinned, studio.Params{Asset: studio.PathOf(snap, id.ID), Name: studio.PathOf(snap, task.ID),
					When: time.UnixMilli(road.UntilMs).UTC().Format(time.DateOnly)})
			}
		}
		return err
	})
}
