package studio

// Acts lists what a member may do to an asset now, by the names that screens know: checkpoint assign claim giveBack
// convert rename move trash set plan tag note depend. Screens show no act that is not listed; the act itself is decided
// again by Decide.
func Acts(view View, actor UserID, a Asset) []string {
	me, known := view.Member(actor)
	role, _ := view.Role(me.Role)
	acts := []string{}
	if !known || me.Gone || a.Purged || a.Trashed() {
		return acts
	}
	may := func(act string, allowed bool) {
		if allowed {
			acts = append(acts, act)
		}
	}
	task, holds := a.Kind == Task, a.Kind == Task && a.Assignee == actor
	free := !task || a.Assignee.IsZero() || holds
	code, _ := CheckpointRefusal(view, actor, a)
	may("checkpoint", code == "")
	may("assign", role.May.Has(MayAssign))
	may("claim", task && a.Assignee.IsZero() && (role.May.Has(MayClaim) || role.May.Has(MayAssign)))
	may("giveBack", holds && (role.May.Has(MayGiveBack) || role.May.Has(MayAssign)))
	may("convert", task && role.May.Has(MayToResource) && a.Assignee.IsZero() || !task && role.May.Has(MayToTask))
	structure := role.May.Has(MayCreate) && (free || role.May.Has(MayRenameHeld))
	may("rename", structure)
	may("move", structure)
	may("tag", structure)
	may("set", structure)
	may("plan", role.May.Has(MayPlan))
	may("trash", role.May.Has(MayTrash))
	may("note", role.May.Has(MayNote))
	may("depend", role.May.Has(MayDependAll) || holds && role.May.Has(MayDependOwn))
	return acts
}

// CollectionActs lists what a member may do to a collection now: rename move trash.
func CollectionActs(view View, actor UserID, c Collection) []string {
	me, known := view.Member(actor)
	role, _ := view.Role(me.Role)
	acts := []string{}
	if !known || me.Gone || c.Trashed() {
		return acts
	}
	if role.May.Has(MayCreate) {
		acts = append(acts, "rename", "move")
	}
	if role.May.Has(MayTrash) {
		acts = append(acts, "trash")
	}
	return acts
}

// MoveRefusal says why a member may not move a task to a status: nil when they may, as far as that can be said before
// the notes and images of the move are there. A board says it before the drop.
func MoveRefusal(view View, actor UserID, a Asset, to StatusID) error {
	me, _ := view.Member(actor)
	role, _ := view.Role(me.Role)
	now, _ := view.Status(a.Status)
	next, _ := view.Status(to)
	d := decider{view: view, at: Moment{Actor: actor}, me: me, may: role.May}
	if refused := d.mayMoveTask(a, now, next, PathOf(view, a.ID.ID)); refused != nil {
		return refused.Err()
	}
	return nil
}
