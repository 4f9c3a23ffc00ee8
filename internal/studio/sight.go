package studio

// Sight is what one member may see and download, at one moment of a project: tracking data and previews by the right to
// see, files and original images by the right to download (product section 2). Not safe for concurrent use.
type Sight struct {
	view   View
	me     UserID
	member bool
	may    Permissions
	own    map[ID]bool // what the member needs for the tasks they hold, those tasks, and the collections around; nil: not walked
}

// SightOf looks with a member's eyes. Who is no member, or not any more, sees nothing.
func SightOf(view View, user UserID) *Sight {
	m, ok := view.Member(user)
	role, _ := view.Role(m.Role)
	return &Sight{view: view, me: user, member: ok && !m.Gone, may: role.May}
}

// Full tells whether the member sees every asset's tracking data.
func (s *Sight) Full() bool { return s.member && s.may.Has(MaySeeAll) }

// Limited tells whether what the member sees or downloads depends on a closure.
func (s *Sight) Limited() bool { return s.member && !s.may.Has(MaySeeAll|MayDownloadAll) }

// Closure lists the assets that the member holds or needs for those that they hold, and the collections around them.
func (s *Sight) Closure() map[ID]bool {
	if s.own != nil {
		return s.own
	}
	s.own = map[ID]bool{}
	for _, held := range s.view.HeldBy(s.me) {
		s.add(held.ID)
		for _, needed := range Closure(s.view, held.ID) {
			s.add(needed.Asset)
		}
	}
	return s.own
}

func (s *Sight) add(id AssetID) {
	a, ok := s.view.Asset(id)
	if !ok || s.own[id.ID] {
		return
	}
	s.own[id.ID] = true
	for up, seen := a.Parent, 0; !up.IsZero() && !s.own[up.ID] && seen < depthMax; seen++ {
		s.own[up.ID] = true
		c, _ := s.view.Collection(up)
		up = c.Parent
	}
}

// Sees tells whether the member may know of an asset or collection: its tracking data and previews.
func (s *Sight) Sees(id ID) bool {
	return s.member && (s.may.Has(MaySeeAll) || s.Closure()[id])
}

// Downloads tells whether the member may have the bytes of a checkpoint: its file and its original image. One that is not
// on the line is for its author, the task's holder, and who may adopt.
func (s *Sight) Downloads(k Checkpoint) bool {
	if !s.member || k.State == Safety || k.State == Dropped {
		return false
	}
	if k.Author == s.me {
		return true
	}
	a, ok := s.view.Asset(k.Asset)
	if !ok || a.Purged {
		return false
	}
	if k.State == Parked || k.State == Announced {
		return a.Assignee == s.me || s.may.Has(MayAdopt)
	}
	switch {
	case s.may.Has(MayDownloadAll), a.Assignee == s.me:
		return true
	case s.Closure()[a.ID.ID]:
		return true
	case s.may.Has(MayDownloadShared):
		return s.shared(a.Parent)
	}
	return false
}

// shared tells whether a collection, or one around it, is shared with everyone in the project.
func (s *Sight) shared(c CollectionID) bool {
	for seen := 0; !c.IsZero() && seen < depthMax; seen++ {
		row, ok := s.view.Collection(c)
		if !ok {
			return false
		}
		if row.Shared {
			return true
		}
		c = row.Parent
	}
	return false
}

// SeesRow tells whether a state row is in the member's view.
func (s *Sight) SeesRow(r Row) bool {
	if !s.member {
		return false
	}
	switch r := r.(type) {
	case SavedView:
		return r.Shared || r.Owner == s.me
	case Checkpoint:
		return s.seesCheckpoint(r)
	case ParkedChain:
		_, members := s.view.Chain(r.Root)
		return len(members) == 0 && s.Sees(r.Asset.ID) || len(members) > 0 && s.seesCheckpoint(members[0])
	case Collection:
		return s.Sees(r.ID.ID)
	case Asset:
		return s.Sees(r.ID.ID)
	case Assignment:
		return s.Sees(r.Asset.ID)
	case Note:
		return s.Sees(r.Asset.ID)
	case TagOn:
		return s.Sees(r.Asset.ID)
	case Road:
		return s.Sees(r.Asset.ID)
	case Handover:
		return s.Sees(r.Asset.ID)
	case Dependency:
		return s.Sees(r.Asset.ID) && s.Sees(r.Target)
	case Opaque:
		return false // who may see it is a rule of a newer program
	}
	return true // project, members, roles, statuses, types
}

func (s *Sight) seesCheckpoint(k Checkpoint) bool {
	if k.Author == s.me {
		return true
	}
	if !s.Sees(k.Asset.ID) {
		return false
	}
	if k.State != Parked || s.may.Has(MayAdopt) {
		return true
	}
	a, _ := s.view.Asset(k.Asset)
	return a.Assignee == s.me
}
