package projectdb

import "framehold/internal/studio"

// The triggers of this file refuse what never happens to history. A person's own act changes a row only with its event, or
// with its op where a server decides; in the lanes of sync the rows are as the server has them, but for what only this
// store has: a safety checkpoint, and what its person saved and the server has not decided.

// checkpointTriggers keep what a checkpoint was made of, and let it move only along the line.
func checkpointTriggers() string {
	return `
CREATE TRIGGER checkpoint_fixed BEFORE UPDATE ON checkpoint WHEN ` + editing + ` AND (
  NEW.asset IS NOT OLD.asset OR NEW.author IS NOT OLD.author OR NEW.base IS NOT OLD.base
  OR NEW.assignment IS NOT OLD.assignment OR NEW.status_at_creation IS NOT OLD.status_at_creation
  OR NEW.manifest IS NOT OLD.manifest OR NEW.bytes IS NOT OLD.bytes OR NEW.new_bytes IS NOT OLD.new_bytes
  OR NEW.comment IS NOT OLD.comment OR NEW.preview IS NOT OLD.preview OR NEW.image IS NOT OLD.image
  OR NEW.made_hlc IS NOT OLD.made_hlc OR NEW.received_ms IS NOT OLD.received_ms
  OR NEW.copied_from IS NOT OLD.copied_from OR NEW.group_id IS NOT OLD.group_id OR NEW.no_change IS NOT OLD.no_change)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER checkpoint_own_fixed BEFORE UPDATE ON checkpoint WHEN ` + pulling + `
  AND (OLD.state IN (6, 7) OR OLD.author IS (SELECT actor FROM act)) AND (
  NEW.asset IS NOT OLD.asset OR NEW.author IS NOT OLD.author OR NEW.base IS NOT OLD.base
  OR NEW.status_at_creation IS NOT OLD.status_at_creation OR NEW.manifest IS NOT OLD.manifest
  OR NEW.comment IS NOT OLD.comment OR NEW.image IS NOT OLD.image)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER checkpoint_safety_fixed BEFORE UPDATE ON checkpoint WHEN OLD.state = 8 AND ` + pulling + `
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER checkpoint_place BEFORE UPDATE ON checkpoint WHEN ` + editing + ` AND (
  NEW.version IS NOT OLD.version OR NEW.prev IS NOT OLD.prev OR NEW.adopted_by IS NOT OLD.adopted_by
  OR NEW.status_at_acceptance IS NOT OLD.status_at_acceptance)
BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NOT (OLD.state = 3 AND NEW.state IN (2, 4, 6));
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.state = 2 AND NEW.version IS NOT
    (SELECT coalesce(max(k.version), 0) + 1 FROM checkpoint k WHERE k.asset = NEW.asset);
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.state IN (4, 6) AND NEW.version <> 0;
END;
CREATE TRIGGER checkpoint_state BEFORE UPDATE ON checkpoint
  WHEN ` + editing + ` AND (NEW.state IS NOT OLD.state OR NEW.chain_root IS NOT OLD.chain_root) BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NOT (
    (OLD.state = 3 AND NEW.state IN (2, 3, 4, 6) AND (NEW.state <> CASE WHEN ` + remote + ` THEN 2 ELSE 6 END)
        AND ` + happened(studio.KindAdopt, "NEW.asset") + `)
    OR (NEW.state = 5 AND OLD.state = 3 AND NEW.chain_root IS OLD.chain_root AND ` + happened(studio.KindParkedPurge, "NEW.asset") + `)
    OR (NEW.state = 5 AND OLD.state IN (2, 3, 4, 7) AND NEW.chain_root IS OLD.chain_root
        AND OLD.id IS NOT (SELECT head FROM asset WHERE id = OLD.asset)
        AND EXISTS (SELECT 1 FROM written w WHERE w.about = OLD.id AND w.kind = 21 AND w.actor = OLD.author)));
END;
CREATE TRIGGER checkpoint_kept BEFORE DELETE ON checkpoint WHEN CASE WHEN ` + pulling + ` THEN OLD.state IN (6, 7, 8) ELSE OLD.state <> 8 END
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
`
}

// logTriggers keep the log dense and its events as they are, the queue whole, and the lanes of sync to where a server is.
func logTriggers() string {
	return `
CREATE TRIGGER act_born BEFORE INSERT ON act WHEN NEW.lane IS NOT 'edit' AND NOT (NEW.lane IN ('pull', 'rebase') AND ` + remote + `)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER act_fixed BEFORE UPDATE ON act BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;

CREATE TRIGGER event_born BEFORE INSERT ON event BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE EXISTS (SELECT 1 FROM event WHERE op_id = NEW.op_id);
  SELECT RAISE(ABORT, 'framehold:forged') WHERE ` + remote + ` AND NOT EXISTS (SELECT 1 FROM act WHERE lane = 'pull');
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.seq IS NOT 1 + max((SELECT coalesce(max(seq), 0) FROM event),
      (SELECT coalesce(max(log_upto), 0) FROM replica))
    AND NOT (NEW.seq <= (SELECT log_upto FROM replica) AND NOT EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq)
      AND (NEW.seq = 1 OR EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq - 1))) -- what was left out of the first pull
    AND NOT (EXISTS (SELECT 1 FROM replica WHERE full_view = 0) AND NEW.seq > (SELECT coalesce(max(seq), 0) FROM event));
  SELECT RAISE(ABORT, 'framehold:forged') WHERE EXISTS (SELECT 1 FROM act WHERE lane = 'edit' AND actor IS NOT NEW.actor
    AND NOT (NEW.kind = 15 AND EXISTS (SELECT 1 FROM event c WHERE c.op_id = NEW.cause AND c.kind = 17 AND c.verdict = 1
      AND c.entity = NEW.entity AND c.actor = act.actor AND c.seq > act.since_seq))); -- who asked is given it by the answer
END;
CREATE TRIGGER event_fixed BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER event_kept BEFORE DELETE ON event WHEN NOT EXISTS (SELECT 1 FROM act WHERE lane = 'pull')
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;

CREATE TRIGGER op_born BEFORE INSERT ON op
  WHEN EXISTS (SELECT 1 FROM op o WHERE o.op_id = NEW.op_id OR o.local_n = NEW.local_n)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER op_fixed BEFORE UPDATE ON op WHEN NEW.local_n IS NOT OLD.local_n OR NEW.op_id IS NOT OLD.op_id
  OR NEW.actor IS NOT OLD.actor OR NEW.kind IS NOT OLD.kind OR NEW.entity IS NOT OLD.entity OR NEW.body IS NOT OLD.body
  OR NEW.group_id IS NOT OLD.group_id OR NEW.undoes IS NOT OLD.undoes OR NEW.made_hlc IS NOT OLD.made_hlc
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER op_kept BEFORE DELETE ON op WHEN OLD.state IS NOT 'cancelled'
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER op_cancelled BEFORE UPDATE ON op WHEN NEW.state = 'cancelled' AND OLD.state <> 'cancelled'
  AND NOT (OLD.state = 'queued' AND OLD.n IS NULL AND OLD.kind NOT IN (19, 20)
    AND EXISTS (SELECT 1 FROM act WHERE lane = 'rebase' AND actor IS OLD.actor))
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
`
}

// assignmentTriggers let a holding begin and end only by an assign.
func assignmentTriggers() string {
	return `
CREATE TRIGGER assignment_born BEFORE INSERT ON assignment BEGIN
  SELECT RAISE(ABORT, 'framehold:stale_assignment') WHERE NEW.to_seq = 0
    AND EXISTS (SELECT 1 FROM assignment WHERE asset = NEW.asset AND to_seq = 0);
  SELECT RAISE(ABORT, 'framehold:forged') WHERE ` + editing + ` AND NOT EXISTS (SELECT 1 FROM written w
    WHERE w.op_id = NEW.id AND w.kind = 15 AND w.entity = NEW.asset AND w.verdict = 1);
END;
CREATE TRIGGER assignment_fixed BEFORE UPDATE ON assignment WHEN ` + editing + ` AND (NEW.asset IS NOT OLD.asset
  OR NEW.to_user IS NOT OLD.to_user OR NEW.by_user IS NOT OLD.by_user OR NEW.reason IS NOT OLD.reason
  OR NEW.from_seq IS NOT OLD.from_seq OR (OLD.to_seq <> 0 AND NEW.to_seq IS NOT OLD.to_seq))
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER assignment_end BEFORE UPDATE ON assignment WHEN ` + editing + ` AND NEW.to_seq IS NOT OLD.to_seq BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NOT ` + remote + ` AND NOT EXISTS (SELECT 1 FROM event e
    WHERE e.seq = NEW.to_seq AND e.seq > NEW.from_seq AND e.kind = 15 AND e.entity = NEW.asset AND e.verdict = 1);
  SELECT RAISE(ABORT, 'framehold:forged') WHERE ` + remote + ` AND NOT ` + happened(studio.KindAssign, "NEW.asset") + `;
END;
`
}

// assetTriggers let an asset begin, change its kind and its holder, and move its head only by an act.
func assetTriggers() string {
	return `
CREATE TRIGGER asset_born BEFORE INSERT ON asset WHEN ` + editing + ` AND (NEW.head IS NOT NULL OR NEW.assignee IS NOT NULL
  OR NEW.next_version <> 1 OR NOT EXISTS (SELECT 1 FROM written w
    WHERE w.entity = NEW.id AND w.kind = 2 AND w.verdict IN (1, 3) AND w.actor = NEW.created_by))
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER asset_head BEFORE UPDATE ON asset
  WHEN ` + by(studio.OwnStore) + ` AND (NEW.head IS NOT OLD.head OR NEW.next_version IS NOT OLD.next_version) BEGIN
  SELECT RAISE(ABORT, 'framehold:not_assignee') WHERE NOT EXISTS (SELECT 1 FROM checkpoint k WHERE k.id = NEW.head
    AND k.asset = NEW.id AND k.state = 2 AND k.version = NEW.next_version - 1
    AND (k.prev IS OLD.head AND NEW.next_version = OLD.next_version + 1
      OR NEW.next_version > OLD.next_version AND ` + happened(studio.KindAdopt, "NEW.id") + `));
END;
CREATE TRIGGER asset_head_ahead BEFORE UPDATE ON asset
  WHEN ` + by(studio.AheadOfServer) + ` AND (NEW.head IS NOT OLD.head OR NEW.next_version IS NOT OLD.next_version) BEGIN
  SELECT RAISE(ABORT, 'framehold:not_assignee') WHERE NEW.next_version IS NOT OLD.next_version
    OR NOT EXISTS (SELECT 1 FROM checkpoint k WHERE k.id = NEW.head AND k.asset = NEW.id AND k.state = 6
      AND (k.prev IS OLD.head AND k.base IS OLD.head OR ` + happened(studio.KindAdopt, "NEW.id") + `));
END;
CREATE TRIGGER asset_kind BEFORE UPDATE ON asset WHEN NEW.kind IS NOT OLD.kind AND ` + editing + ` BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NOT ` + happened(studio.KindConvert, "NEW.id") + `;
END;
CREATE TRIGGER asset_assignee BEFORE UPDATE ON asset
  WHEN ` + editing + ` AND (NEW.assignee IS NOT OLD.assignee OR NEW.assignment IS NOT OLD.assignment) BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.assignee IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM assignment g WHERE g.id = NEW.assignment AND g.asset = NEW.id AND g.to_user = NEW.assignee
      AND g.to_seq = 0);
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.assignee IS NULL
    AND EXISTS (SELECT 1 FROM assignment g WHERE g.asset = NEW.id AND g.to_seq = 0);
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.assignee IS NULL AND NOT ` + remote + ` AND NOT EXISTS (
    SELECT 1 FROM event e JOIN assignment g ON g.asset = NEW.id AND g.id = OLD.assignment
      WHERE e.seq = g.to_seq AND e.kind = 15 AND e.entity = NEW.id);
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.assignee IS NULL AND ` + remote + ` AND NOT ` + happened(studio.KindAssign, "NEW.id") + `;
END;
CREATE TRIGGER asset_identity BEFORE UPDATE ON asset WHEN ` + editing + ` AND (NEW.created_by IS NOT OLD.created_by
  OR NEW.created_ms IS NOT OLD.created_ms OR NEW.first IS NOT OLD.first)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER member_name_born BEFORE INSERT ON member
  WHEN EXISTS (SELECT 1 FROM member m WHERE m.username = NEW.username)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER member_name_taken BEFORE UPDATE ON member
  WHEN EXISTS (SELECT 1 FROM member m WHERE m.username = NEW.username AND m.user_id IS NOT OLD.user_id)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
`
}
