package studio

// announce tells of a checkpoint; nobody is refused (row B0), but what is not well formed.
func (d *decider) announce(b *AnnounceBody) Decision {
	if k, ok := d.view.Checkpoint(b.Checkpoint); ok {
		again := d.at.Ahead && (k.State == Local || k.State == Contested) // authored rows are never undone, only played again
		if !again || k.Author != d.at.Actor || k.Asset.ID != d.op.Entity {
			return d.noop(CodeAlready, Params{})
		}
	}
	if err := CheckText("comment", b.Comment); err != nil {
		return d.refuseErr(err)
	}
	result := d.apply(Checkpoint{
		ID: b.Checkpoint, Asset: AssetID{d.op.Entity}, Author: d.at.Actor, Base: b.Base, Assignment: b.Assignment,
		StatusAtCreation: b.Status, Manifest: b.Manifest, Bytes: b.Bytes, NewBytes: b.NewBytes, Comment: b.Comment,
		Preview: b.Preview, Image: b.Image, Group: d.op.Group, State: Announced, NoChange: b.NoChange,
		CopiedFrom: b.CopiedFrom, MadeHybrid: d.op.MadeHybrid, ReceivedMs: d.at.ReceivedMs, Ver: 1,
	})
	result.About = b.Checkpoint
	return result
}

// seal decides table B of sync.md: whether a checkpoint joins the line of its asset. Verdict Kept (PARKED) when not:
// a person's own store then refuses the act, unless the holder insists; a server keeps the checkpoint beside.
func (d *decider) seal(b *SealBody) Decision {
	k, ok := d.view.Checkpoint(b.Checkpoint)
	if !ok || k.Author != d.at.Actor || k.Asset.ID != d.op.Entity || k.State == Safety {
		return d.refuse(CodeUnknownCheckpoint, Params{Name: b.Checkpoint.String()})
	}
	forgotten := k.State == Dropped && k.Version == 0 && k.ChainRoot.IsZero() // row B3, and it came after all
	if k.State != Announced && !forgotten {
		return d.noop(CodeAlready, Params{Version: LabelIn(d.view, k)})
	}
	switch path := d.pathOf(k.Asset.ID); {
	case d.at.Uncovered:
		return d.noop(CodeWaitContent, Params{Asset: path, Version: LabelIn(d.view, k)})
	case d.at.NoRoom:
		return d.noop(CodeQuota, Params{Asset: path, Version: LabelIn(d.view, k), Project: d.view.Project().Name})
	}
	a, ok := d.view.Asset(k.Asset)
	if d.at.Deposit {
		return d.keep(d.inChain(k), a, CodeNotMember, Params{Asset: d.pathOf(k.Asset.ID), Project: d.view.Project().Name})
	}
	if !ok || a.Purged {
		return d.keep(d.inChain(k), a, CodeOrphan, Params{Asset: a.Name})
	}
	if reason, params := d.mayCheckpoint(a, k); reason != "" {
		return d.keep(d.inChain(k), a, reason, params)
	}
	if base, known := d.view.Checkpoint(k.Base); known && !k.Base.IsZero() {
		switch base.State {
		case Contested, Parked:
			return d.keep(d.inChain(k), a, CodeChain, Params{Asset: d.pathOf(a.ID.ID)})
		case Announced:
			return d.noop(CodeWaitBase, Params{Version: LabelIn(d.view, base)})
		}
	}
	if k.Base != a.Head {
		return d.keep(k, a, d.divergedCode(a, k), d.diverged(a, k))
	}
	return d.accept(a, k, b)
}

// inChain puts a checkpoint into the chain of its base, when that is parked: whatever the reason, they stay together.
func (d *decider) inChain(k Checkpoint) Checkpoint {
	if base, ok := d.view.Checkpoint(k.Base); ok && base.State == Parked && base.Asset == k.Asset {
		k.ChainRoot = base.ChainRoot
	}
	return k
}

// mayCheckpoint is rows B6 to B9: "" when the author may.
func (d *decider) mayCheckpoint(a Asset, k Checkpoint) (Code, Params) {
	path := d.pathOf(a.ID.ID)
	if a.Trashed() || d.inTrash(a.Parent) {
		return CodeAssetTrashed, Params{Asset: path, Who: d.nameOf(a.TrashedBy)}
	}
	project := d.view.Project()
	status, _ := d.view.Status(a.Status)
	if project.State == Closed || project.Options.DoneLocks && status.Category == CategoryDone {
		return CodeLocked, Params{Asset: path, Now: status.Name, Who: WhoMay(d.view, MaySetRetake)}
	}
	if isFirst(a, k) {
		if !d.can(MayCreate) {
			return CodeNoPermission, Params{Asset: path, Who: WhoMay(d.view, MayCreate)}
		}
		return "", Params{}
	}
	reason, params := CheckpointRefusal(d.view, d.at.Actor, a)
	if reason == CodeUnassigned && !d.at.Ahead && !project.Personal {
		reason = CodeNotAssignee // a server keeps it for who held the task, whoever does now
	}
	return reason, params
}

// CheckpointRefusal says why a member may not checkpoint an asset, before a byte is read: "" when they may.
func CheckpointRefusal(view View, actor UserID, a Asset) (Code, Params) {
	me, _ := view.Member(actor)
	role, _ := view.Role(me.Role)
	path := PathOf(view, a.ID.ID)
	if a.Kind == Resource {
		if !role.May.Has(MayCheckpointResources) {
			return CodeNoPermission, Params{Asset: path, Who: WhoMay(view, MayCheckpointResources)}
		}
		return "", Params{}
	}
	switch holder, _ := view.Member(a.Assignee); {
	case !role.May.Has(MayCheckpointTasks):
		return CodeNoPermission, Params{Asset: path, Who: WhoMay(view, MayAssign)}
	case a.Assignee.IsZero():
		return CodeUnassigned, Params{Asset: path}
	case a.Assignee != actor:
		return CodeNotAssignee, Params{Asset: path, Who: holder.DisplayName()}
	}
	return "", Params{}
}

// isFirst is row B8c: v1 of a new asset, made in the act that added it.
func isFirst(a Asset, k Checkpoint) bool {
	return a.Head.IsZero() && k.Base.IsZero() && k.Author == a.CreatedBy && k.ID == a.First
}

// divergedCode is rows B11 and B12.
func (d *decider) divergedCode(a Asset, k Checkpoint) Code {
	for id, seen := a.Head, 0; !id.IsZero() && id != k.Base && seen < 1_000_000; seen++ {
		line, _ := d.view.Checkpoint(id)
		if line.Author != k.Author {
			return CodeDiverged
		}
		id = line.Prev
	}
	return CodeDivergedSelf
}

func (d *decider) diverged(a Asset, k Checkpoint) Params {
	head, _ := d.view.Checkpoint(a.Head)
	return Params{Asset: d.pathOf(a.ID.ID), Who: d.nameOf(head.Author), Version: LabelIn(d.view, head),
		Base: d.versionLabel(k.Base)}
}

// keep is PARKED: the checkpoint stays beside the line, in the chain of its base or in one of its own.
func (d *decider) keep(k Checkpoint, a Asset, reason Code, p Params) Decision {
	if d.at.Ahead {
		k.State = Contested
		return Decision{Verdict: Kept, Reason: reason, Params: p, Puts: []Row{k}, About: k.ID}
	}
	k.State, k.Ver = Parked, k.Ver+1
	puts := []Row{}
	if k.ChainRoot.IsZero() {
		k.ChainRoot = k.ID
		puts = append(puts, ParkedChain{Root: k.ID, Asset: k.Asset, Reason: reason, State: ParkedOpen, OpenedSeq: d.at.Seq})
	} else if chain, _ := d.view.Chain(k.ChainRoot); chain.State != ParkedOpen { // there is something new to look at
		chain.State, chain.ClosedSeq = ParkedOpen, 0
		puts = append(puts, chain)
	}
	return Decision{Verdict: Kept, Reason: reason, Params: p, Puts: append(puts, k), About: k.ID}
}

// accept is rows B13 to B15: the checkpoint becomes head, then its move is judged.
func (d *decider) accept(a Asset, k Checkpoint, b *SealBody) Decision {
	head, hasHead := d.view.Checkpoint(a.Head)
	k.State, k.Version, k.Prev, k.StatusAtAcceptance = Accepted, a.NextVersion, a.Head, a.Status
	k.NoChange = hasHead && head.Manifest == k.Manifest
	k.Ver++
	a.Head, a.Ver = k.ID, a.Ver+1
	if d.at.Ahead {
		k.State, k.Version = Local, 0
	} else {
		a.NextVersion++
	}
	result := Decision{Verdict: Applied, Version: k.Version, About: k.ID}
	if !b.To.IsZero() {
		after := NewState(d.view)
		after.set(a, a)
		after.set(k, k)
		mover := decider{view: after, op: d.op, at: d.at, me: d.me, may: d.may, founding: d.founding}
		moved := mover.moveTask(a, move{from: b.From, to: b.To, about: k.ID, reason: b.Reason, notes: b.Notes,
			sealing: true})
		if moved.Verdict == Applied {
			a = moved.Puts[0].(Asset)
			k.StatusAtAcceptance = a.Status
		} else if moved.Reason != CodeAlready {
			result.Verdict, result.Reason, result.Params = Merged, CodeStatusKept, moved.Params
			result.Move = Refuse(moved.Reason, moved.Params)
		}
	}
	result.Puts = []Row{k, a}
	return result
}

// drop frees the bytes of an own checkpoint; its row and event stay. One that never arrived is forgotten, by its author or
// by who looks after others' parked work (row B3).
func (d *decider) drop(b *CheckpointBody) Decision {
	a, refused := d.asset()
	if refused != nil {
		return *refused
	}
	path := d.pathOf(a.ID.ID)
	k, ok := d.view.Checkpoint(b.Checkpoint)
	if !ok || k.Asset != a.ID {
		return d.refuse(CodeUnknownCheckpoint, Params{Asset: path, Name: b.Checkpoint.String()})
	}
	own := k.Author == d.at.Actor && d.can(MayDropOwn)
	if !own && !(k.State == Announced && d.can(MayParkedOthers)) {
		return d.refuse(CodePermission, Params{Asset: path, Who: d.nameOf(k.Author)})
	}
	chain, _ := d.view.Chain(k.ChainRoot)
	switch {
	case k.State == Dropped:
		return d.noop(CodeAlready, Params{Asset: path, Version: LabelIn(d.view, k)})
	case k.ID == a.Head:
		return d.refuse(CodeIsHead, Params{Asset: path, Version: LabelIn(d.view, k)})
	case k.State == Parked && chain.State == ParkedOpen:
		return d.refuse(CodeParkedOpen, Params{Asset: path, Version: LabelIn(d.view, k)})
	}
	k.State, k.Ver = Dropped, k.Ver+1
	result := d.apply(k)
	result.About = k.ID
	return result
}
