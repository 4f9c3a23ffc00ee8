package projectdb

import (
	"fmt"
	"strings"

	"framehold/internal/studio"
)

// refusalPrefix heads the constant message of each trigger; what follows is a code. RAISE takes constants only.
const refusalPrefix = "framehold:"

// violation is the SQL that is true when a new checkpoint row does not meet a need. a is its asset.
func violation(n studio.Need) string {
	event := `NOT EXISTS (SELECT 1 FROM event e WHERE e.about = NEW.id AND e.entity = NEW.asset AND e.kind = %d
      AND e.actor = NEW.author AND e.verdict %s)`
	switch n {
	case studio.NeedHolder:
		return `a.assignee IS NULL`
	case studio.NeedAuthorHolds:
		return `a.assignee IS NOT NEW.author`
	case studio.NeedAuthorActs:
		return `EXISTS (SELECT 1 FROM act WHERE lane = 'edit' AND actor IS NOT NEW.author)`
	case studio.NeedAssignment:
		return `a.assignment IS NOT NEW.assignment`
	case studio.NeedBaseIsHead:
		return `a.head IS NOT NEW.base`
	case studio.NeedNextVersion:
		return `a.next_version IS NOT NEW.version`
	case studio.NeedNoVersion:
		return `NEW.version <> 0`
	case studio.NeedEvent:
		return fmt.Sprintf(event, studio.KindSeal, fmt.Sprintf("IN (%d, %d)", studio.Applied, studio.Merged))
	case studio.NeedParkedEvent:
		return fmt.Sprintf(event, studio.KindSeal, fmt.Sprintf("= %d", studio.Kept))
	case studio.NeedManifest:
		return `NOT EXISTS (SELECT 1 FROM manifest_blob b WHERE b.hash = NEW.manifest)`
	case studio.NeedFirstOfAsset:
		return `a.created_by IS NOT NEW.author`
	}
	panic("projectdb: a need without SQL")
}

const isFirst = `a.head IS NULL AND NEW.base IS NULL AND a.first IS NEW.id`

// bornTriggers makes one trigger for each row of the protection table: the needs in their order, so that the first
// one that is not met names the refusal.
func bornTriggers() string {
	var b strings.Builder
	states := []string{}
	for _, p := range studio.Protection() {
		states = append(states, fmt.Sprint(uint8(p.Born)))
		when := fmt.Sprintf("NEW.state = %d", p.Born)
		which := []string{"a.id = NEW.asset"}
		switch {
		case p.First:
			which = append(which, "("+isFirst+")")
		case p.Born == studio.Accepted:
			which = append(which, "NOT ("+isFirst+")")
		}
		if p.Kind != 0 {
			which = append(which, fmt.Sprintf("a.kind = %d", p.Kind))
		}
		fmt.Fprintf(&b, "CREATE TRIGGER checkpoint_born_%s BEFORE INSERT ON checkpoint WHEN %s BEGIN\n", p.Name, when)
		for _, n := range p.Needs {
			fmt.Fprintf(&b, "  SELECT RAISE(ABORT, '%s%s') FROM asset a\n    WHERE %s AND %s;\n",
				refusalPrefix, n.Code(), strings.Join(which, " AND "), violation(n))
		}
		b.WriteString("END;\n")
	}
	fmt.Fprintf(&b, `CREATE TRIGGER checkpoint_born BEFORE INSERT ON checkpoint BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.state NOT IN (%s)
    OR NOT EXISTS (SELECT 1 FROM asset WHERE id = NEW.asset)
    OR (NEW.version > 0 AND EXISTS (SELECT 1 FROM checkpoint k WHERE k.asset = NEW.asset AND k.version = NEW.version));
END;
`, strings.Join(states, ", "))
	return b.String()
}

// happened is true when an applied event of a kind about an asset was written in this transaction; of another
// program's statement: when it is the newest one.
func happened(kind studio.Kind, asset string) string {
	return fmt.Sprintf(`EXISTS (SELECT 1 FROM event e WHERE e.kind = %d AND e.entity = %s AND e.verdict = %d
      AND e.seq > coalesce((SELECT since_seq FROM act), (SELECT max(seq) - 1 FROM event)))`, kind, asset, studio.Applied)
}

// keyTriggers keep the rows of tables of which nothing is ever deleted: without them a conflict clause would take
// a row away by its key, unseen by a delete trigger.
func keyTriggers() string {
	var b strings.Builder
	for _, r := range stateRows {
		t := tableOf(r)
		if r.Table() == studio.TableTag || r.Table() == studio.TableDependency {
			continue
		}
		key := t.cols[0].name
		other := fmt.Sprintf("EXISTS (SELECT 1 FROM %s x WHERE x.%s IS NEW.%s", t.name, key, key)
		fmt.Fprintf(&b, `CREATE TRIGGER %[1]s_key_born BEFORE INSERT ON %[1]s WHEN %[3]s)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER %[1]s_key_fixed BEFORE UPDATE ON %[1]s WHEN NEW.%[2]s IS NOT OLD.%[2]s
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
`, t.name, key, other)
		if r.Table() != studio.TableCheckpoint { // a safety checkpoint may be deleted
			fmt.Fprintf(&b, `CREATE TRIGGER %[1]s_kept BEFORE DELETE ON %[1]s
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
`, t.name)
		}
	}
	return b.String()
}

// fixedTriggers refuse what never happens to history.
func fixedTriggers() string {
	return `
CREATE TRIGGER checkpoint_fixed BEFORE UPDATE ON checkpoint WHEN
  NEW.asset IS NOT OLD.asset OR NEW.author IS NOT OLD.author OR NEW.base IS NOT OLD.base
  OR NEW.assignment IS NOT OLD.assignment OR NEW.status_at_creation IS NOT OLD.status_at_creation
  OR NEW.manifest IS NOT OLD.manifest OR NEW.bytes IS NOT OLD.bytes OR NEW.new_bytes IS NOT OLD.new_bytes
  OR NEW.comment IS NOT OLD.comment OR NEW.preview IS NOT OLD.preview OR NEW.image IS NOT OLD.image
  OR NEW.made_hlc IS NOT OLD.made_hlc OR NEW.received_ms IS NOT OLD.received_ms
  OR NEW.copied_from IS NOT OLD.copied_from OR NEW.group_id IS NOT OLD.group_id OR NEW.no_change IS NOT OLD.no_change
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER checkpoint_place BEFORE UPDATE ON checkpoint WHEN
  NEW.version IS NOT OLD.version OR NEW.prev IS NOT OLD.prev OR NEW.adopted_by IS NOT OLD.adopted_by
  OR NEW.status_at_acceptance IS NOT OLD.status_at_acceptance
BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NOT (OLD.state = 3 AND NEW.state IN (2, 4));
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.state = 2 AND NEW.version IS NOT
    (SELECT coalesce(max(k.version), 0) + 1 FROM checkpoint k WHERE k.asset = NEW.asset);
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.state = 4 AND NEW.version <> 0;
END;
CREATE TRIGGER checkpoint_state BEFORE UPDATE ON checkpoint
  WHEN NEW.state IS NOT OLD.state OR NEW.chain_root IS NOT OLD.chain_root BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NOT (
    (OLD.state = 3 AND NEW.state IN (2, 3, 4) AND ` + happened(studio.KindAdopt, "NEW.asset") + `)
    OR (NEW.state = 5 AND OLD.state IN (2, 3, 4) AND NEW.chain_root IS OLD.chain_root
        AND OLD.id IS NOT (SELECT head FROM asset WHERE id = OLD.asset)
        AND EXISTS (SELECT 1 FROM event e WHERE e.about = OLD.id AND e.kind = 21 AND e.actor = OLD.author)));
END;
CREATE TRIGGER checkpoint_kept BEFORE DELETE ON checkpoint WHEN OLD.state <> 8
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;

CREATE TRIGGER event_born BEFORE INSERT ON event BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)
    OR EXISTS (SELECT 1 FROM event WHERE op_id = NEW.op_id)
    OR EXISTS (SELECT 1 FROM act WHERE lane = 'edit' AND actor IS NOT NEW.actor);
END;
CREATE TRIGGER event_fixed BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER event_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;

CREATE TRIGGER assignment_born BEFORE INSERT ON assignment BEGIN
  SELECT RAISE(ABORT, 'framehold:stale_assignment') WHERE NEW.to_seq = 0
    AND EXISTS (SELECT 1 FROM assignment WHERE asset = NEW.asset AND to_seq = 0);
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NOT EXISTS (SELECT 1 FROM event e
    WHERE e.op_id = NEW.id AND e.kind = 15 AND e.entity = NEW.asset AND e.verdict = 1);
END;
CREATE TRIGGER assignment_fixed BEFORE UPDATE ON assignment WHEN NEW.asset IS NOT OLD.asset
  OR NEW.to_user IS NOT OLD.to_user OR NEW.by_user IS NOT OLD.by_user OR NEW.reason IS NOT OLD.reason
  OR NEW.from_seq IS NOT OLD.from_seq OR (OLD.to_seq <> 0 AND NEW.to_seq IS NOT OLD.to_seq)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER assignment_end BEFORE UPDATE ON assignment WHEN NEW.to_seq IS NOT OLD.to_seq BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NOT EXISTS (SELECT 1 FROM event e
    WHERE e.seq = NEW.to_seq AND e.seq > NEW.from_seq AND e.kind = 15 AND e.entity = NEW.asset AND e.verdict = 1);
END;

CREATE TRIGGER asset_born BEFORE INSERT ON asset WHEN NEW.head IS NOT NULL OR NEW.assignee IS NOT NULL
  OR NEW.next_version <> 1 OR NOT EXISTS (SELECT 1 FROM event e
    WHERE e.entity = NEW.id AND e.kind = 2 AND e.verdict IN (1, 3) AND e.actor = NEW.created_by)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER asset_head BEFORE UPDATE ON asset
  WHEN NEW.head IS NOT OLD.head OR NEW.next_version IS NOT OLD.next_version BEGIN
  SELECT RAISE(ABORT, 'framehold:not_assignee') WHERE NOT EXISTS (SELECT 1 FROM checkpoint k WHERE k.id = NEW.head
    AND k.asset = NEW.id AND k.state = 2 AND k.version = NEW.next_version - 1
    AND (k.prev IS OLD.head AND NEW.next_version = OLD.next_version + 1
      OR NEW.next_version > OLD.next_version AND ` + happened(studio.KindAdopt, "NEW.id") + `));
END;
CREATE TRIGGER asset_kind BEFORE UPDATE ON asset WHEN NEW.kind IS NOT OLD.kind BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NOT ` + happened(studio.KindConvert, "NEW.id") + `;
END;
CREATE TRIGGER asset_assignee BEFORE UPDATE ON asset
  WHEN NEW.assignee IS NOT OLD.assignee OR NEW.assignment IS NOT OLD.assignment BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.assignee IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM assignment g WHERE g.id = NEW.assignment AND g.asset = NEW.id AND g.to_user = NEW.assignee
      AND g.to_seq = 0);
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.assignee IS NULL AND (
    EXISTS (SELECT 1 FROM assignment g WHERE g.asset = NEW.id AND g.to_seq = 0)
    OR NOT EXISTS (SELECT 1 FROM event e JOIN assignment g ON g.asset = NEW.id AND g.id = OLD.assignment
                   WHERE e.seq = g.to_seq AND e.kind = 15 AND e.entity = NEW.id));
END;
CREATE TRIGGER asset_identity BEFORE UPDATE ON asset WHEN NEW.created_by IS NOT OLD.created_by
  OR NEW.created_ms IS NOT OLD.created_ms OR NEW.first IS NOT OLD.first
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER member_name_born BEFORE INSERT ON member
  WHEN EXISTS (SELECT 1 FROM member m WHERE m.username = NEW.username)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER member_name_taken BEFORE UPDATE ON member
  WHEN EXISTS (SELECT 1 FROM member m WHERE m.username = NEW.username AND m.user_id IS NOT OLD.user_id)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
`
}

// triggers is every trigger of a store.
func triggers() string { return bornTriggers() + keyTriggers() + fixedTriggers() }
