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
    OR EXISTS (SELECT 1 FROM checkpoint k WHERE k.id = NEW.id)
    OR (NEW.version > 0 AND EXISTS (SELECT 1 FROM checkpoint k WHERE k.asset = NEW.asset AND k.version = NEW.version));
END;
`, strings.Join(states, ", "))
	return b.String()
}

// adopted is true when an adopt event of this transaction names the asset.
const adopted = `EXISTS (SELECT 1 FROM event e WHERE e.kind = 22 AND e.entity = NEW.asset AND e.verdict = 1
      AND e.seq > coalesce((SELECT since_seq FROM act), (SELECT max(seq) - 1 FROM event)))`

// fixedTriggers refuse what never happens to history.
const fixedTriggers = `
CREATE TRIGGER checkpoint_fixed BEFORE UPDATE ON checkpoint WHEN
  NEW.id IS NOT OLD.id OR NEW.asset IS NOT OLD.asset OR NEW.author IS NOT OLD.author OR NEW.base IS NOT OLD.base
  OR NEW.assignment IS NOT OLD.assignment OR NEW.status_at_creation IS NOT OLD.status_at_creation
  OR NEW.manifest IS NOT OLD.manifest OR NEW.bytes IS NOT OLD.bytes OR NEW.comment IS NOT OLD.comment
  OR NEW.preview IS NOT OLD.preview OR NEW.image IS NOT OLD.image OR NEW.made_hlc IS NOT OLD.made_hlc
  OR NEW.copied_from IS NOT OLD.copied_from OR NEW.group_id IS NOT OLD.group_id
  OR (OLD.version > 0 AND NEW.version IS NOT OLD.version)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER checkpoint_state BEFORE UPDATE ON checkpoint WHEN NEW.state IS NOT OLD.state BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NOT (
    (OLD.state = 3 AND NEW.state IN (2, 4) AND ` + adopted + `)
    OR (NEW.state = 5 AND OLD.state IN (2, 3, 4) AND OLD.id IS NOT (SELECT head FROM asset WHERE id = OLD.asset)
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
  SELECT RAISE(ABORT, 'framehold:forged') WHERE EXISTS (SELECT 1 FROM assignment WHERE id = NEW.id)
    OR NOT EXISTS (SELECT 1 FROM event e WHERE e.op_id = NEW.id AND e.kind = 15 AND e.entity = NEW.asset
                   AND e.verdict = 1);
END;
CREATE TRIGGER assignment_fixed BEFORE UPDATE ON assignment WHEN NEW.id IS NOT OLD.id OR NEW.asset IS NOT OLD.asset
  OR NEW.to_user IS NOT OLD.to_user OR NEW.by_user IS NOT OLD.by_user OR NEW.from_seq IS NOT OLD.from_seq
  OR (OLD.to_seq <> 0 AND NEW.to_seq IS NOT OLD.to_seq)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER assignment_kept BEFORE DELETE ON assignment BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;

CREATE TRIGGER asset_born BEFORE INSERT ON asset WHEN NEW.head IS NOT NULL OR NEW.assignee IS NOT NULL
  OR NEW.next_version <> 1 OR EXISTS (SELECT 1 FROM asset WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER asset_kept BEFORE DELETE ON asset BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
CREATE TRIGGER asset_head BEFORE UPDATE ON asset
  WHEN NEW.head IS NOT OLD.head OR NEW.next_version IS NOT OLD.next_version BEGIN
  SELECT RAISE(ABORT, 'framehold:not_assignee') WHERE NOT EXISTS (SELECT 1 FROM checkpoint k WHERE k.id = NEW.head
    AND k.asset = NEW.id AND k.state = 2 AND k.version = NEW.next_version - 1
    AND (k.prev IS OLD.head AND NEW.next_version = OLD.next_version + 1 OR k.adopted_by IS NOT NULL));
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
CREATE TRIGGER asset_identity BEFORE UPDATE ON asset WHEN NEW.id IS NOT OLD.id OR NEW.created_by IS NOT OLD.created_by
  OR NEW.first IS NOT OLD.first
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
`

// triggers is every trigger of a store.
func triggers() string { return bornTriggers() + fixedTriggers }
