package projectdb

import (
	"fmt"
	"strings"

	"framehold/internal/studio"
)

// refusalPrefix heads the constant message of each trigger; what follows is a code. RAISE takes constants only.
const refusalPrefix = "framehold:"

// Who has the word, as SQL: where there is a server, its rows come in the lanes pull and rebase. No act: lane edit.
const (
	remote  = `EXISTS (SELECT 1 FROM replica)`
	pulling = `EXISTS (SELECT 1 FROM act WHERE lane IN ('pull', 'rebase'))`
	editing = `NOT ` + pulling
)

// by is the SQL that is true when an authority writes.
func by(a studio.Authority) string {
	switch a {
	case studio.OwnStore:
		return `NOT ` + remote
	case studio.AheadOfServer:
		return remote + ` AND ` + editing
	case studio.FromServer:
		return pulling
	}
	panic("projectdb: an authority without SQL")
}

// violation is the SQL that is true when a new checkpoint row does not meet a need. a is its asset.
func violation(n studio.Need) string {
	act := `NOT EXISTS (SELECT 1 FROM written w WHERE w.about = NEW.id AND w.entity = NEW.asset AND w.kind = %d
      AND w.actor = NEW.author AND w.verdict %s AND w.pending = ` + remote + `)`
	switch n {
	case studio.NeedHolder:
		return `a.assignee IS NULL`
	case studio.NeedAuthorHolds:
		return `a.assignee IS NOT NEW.author`
	case studio.NeedAuthorActs:
		return `EXISTS (SELECT 1 FROM act WHERE actor IS NOT NEW.author)`
	case studio.NeedAssignment:
		return `a.assignment IS NOT NEW.assignment`
	case studio.NeedBaseIsHead:
		return `a.head IS NOT NEW.base`
	case studio.NeedNextVersion:
		return `a.next_version IS NOT NEW.version`
	case studio.NeedNoVersion:
		return `NEW.version <> 0`
	case studio.NeedAct:
		return fmt.Sprintf(act, studio.KindSeal, fmt.Sprintf("IN (%d, %d)", studio.Applied, studio.Merged))
	case studio.NeedParkedAct:
		return fmt.Sprintf(act, studio.KindSeal, fmt.Sprintf("= %d", studio.Kept))
	case studio.NeedPending:
		return fmt.Sprintf(`NOT EXISTS (SELECT 1 FROM written w WHERE w.about = NEW.id AND w.actor = NEW.author AND w.pending = 1
      AND w.kind IN (%d, %d))`, studio.KindAnnounce, studio.KindSeal)
	case studio.NeedManifest:
		return `NOT EXISTS (SELECT 1 FROM manifest_blob b WHERE b.hash = NEW.manifest)`
	case studio.NeedFirstOfAsset:
		return `a.created_by IS NOT NEW.author`
	}
	panic("projectdb: a need without SQL")
}

// ofAsset tells whether a need looks at the asset of the checkpoint.
func ofAsset(n studio.Need) bool {
	switch n {
	case studio.NeedHolder, studio.NeedAuthorHolds, studio.NeedAssignment, studio.NeedBaseIsHead, studio.NeedNextVersion,
		studio.NeedFirstOfAsset:
		return true
	}
	return false
}

const isFirst = `a.head IS NULL AND NEW.base IS NULL AND a.first IS NEW.id`

// bornTriggers makes one trigger for each row of the protection table: the needs in their order, so that the first
// one that is not met names the refusal. Rows of a server may be about an asset that is not in this person's view.
func bornTriggers() string {
	var b strings.Builder
	states := map[studio.Authority][]string{}
	for _, p := range studio.Protection() {
		states[p.By] = append(states[p.By], fmt.Sprint(uint8(p.Born)))
		fmt.Fprintf(&b, "CREATE TRIGGER checkpoint_born_%s BEFORE INSERT ON checkpoint WHEN NEW.state = %d AND %s BEGIN\n",
			p.Name, p.Born, by(p.By))
		which := assetsOf(p)
		for _, n := range p.Needs {
			from, where := "", violation(n)
			if which != "" || ofAsset(n) {
				from, where = " FROM asset a", "a.id = NEW.asset"+which+" AND "+where
			}
			fmt.Fprintf(&b, "  SELECT RAISE(ABORT, '%s%s')%s\n    WHERE %s;\n", refusalPrefix, n.Code(), from, where)
		}
		b.WriteString("  SELECT 1;\nEND;\n") // a row without needs
	}
	for _, a := range []studio.Authority{studio.OwnStore, studio.AheadOfServer, studio.FromServer} {
		fmt.Fprintf(&b, `CREATE TRIGGER checkpoint_born_by_%d BEFORE INSERT ON checkpoint WHEN %s BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE NEW.state NOT IN (%s);
END;
`, a, by(a), strings.Join(states[a], ", "))
	}
	b.WriteString(`CREATE TRIGGER checkpoint_born BEFORE INSERT ON checkpoint BEGIN
  SELECT RAISE(ABORT, 'framehold:forged') WHERE
    (NOT EXISTS (SELECT 1 FROM asset WHERE id = NEW.asset) AND ` + editing + `)
    OR (NEW.version > 0 AND EXISTS (SELECT 1 FROM checkpoint k WHERE k.asset = NEW.asset AND k.version = NEW.version));
END;
`)
	return b.String()
}

// assetsOf is the SQL of what a row of the table says of the asset; "" when it is about any.
func assetsOf(p studio.Protected) string {
	which := ""
	switch {
	case p.First:
		which = " AND (" + isFirst + ")"
	case p.Born == studio.Accepted && p.By == studio.OwnStore || p.Born == studio.Local && p.By == studio.AheadOfServer:
		which = " AND NOT (" + isFirst + ")"
	}
	if p.Kind != 0 {
		which += fmt.Sprintf(" AND a.kind = %d", p.Kind)
	}
	return which
}

// happened is true when an applied act of a kind about an asset was written in this transaction; of another program's
// statement: when it is the newest one. Ahead of a server its op counts, elsewhere its event.
func happened(kind studio.Kind, asset string) string {
	return fmt.Sprintf(`EXISTS (SELECT 1 FROM written w WHERE w.kind = %d AND w.entity = %s AND w.verdict = %d AND w.pending = `+remote+`
      AND w.at > CASE w.pending WHEN 1 THEN coalesce((SELECT since_n FROM act), (SELECT max(local_n) - 1 FROM op))
        ELSE coalesce((SELECT since_seq FROM act), (SELECT max(seq) - 1 FROM event)) END)`, kind, asset, studio.Applied)
}

// keyTriggers keep the rows of tables of which nothing is ever deleted, but by a server's word: without them a conflict clause would take
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
			fmt.Fprintf(&b, `CREATE TRIGGER %[1]s_kept BEFORE DELETE ON %[1]s WHEN %[2]s
BEGIN SELECT RAISE(ABORT, 'framehold:forged'); END;
`, t.name, editing)
		}
	}
	return b.String()
}

// triggers is every trigger of a store.
func triggers() string {
	return bornTriggers() + keyTriggers() + checkpointTriggers() + logTriggers() + assignmentTriggers() + assetTriggers()
}
