package projectdb

import (
	"fmt"
	"strconv"
	"strings"

	"framehold/internal/studio"
)

// compareTables compares every row of the state tables with what the log comes to, both ways.
func (r *replay) compareTables() error {
	for _, zero := range stateRows {
		if err := r.compareTable(zero); err != nil {
			return err
		}
	}
	for _, row := range r.All(studio.TableNewer) {
		if _, known := r.ledger.Row(row.Table(), row.Key()); !known {
			r.report("newer_row", fmt.Sprintf("row of table %d", row.Table()), r.fromNowhere("newer_row"))
		}
	}
	return r.Err()
}

func (r *replay) fromNowhere(table string) string {
	if r.stand != nil {
		return "is in the " + table + " table, and neither the server nor an act of this computer made it"
	}
	return "is in the " + table + " table, and no event made it"
}

func (r *replay) compareTable(zero studio.Row) error {
	t := tableOf(zero)
	seen := map[string]bool{}
	err := r.each(t.selectSQL(""), nil, func(row scanner) error {
		raw, err := rawRow(row, len(t.cols))
		if err != nil {
			return err
		}
		key := ""
		for _, part := range raw[:t.keys] {
			switch part := part.(type) {
			case []byte:
				key += string(part)
			case string:
				key += part
			}
		}
		seen[key] = true
		r.compareRow(zero.Table(), key, t, raw)
		return nil
	})
	if err != nil {
		return err
	}
	for _, key := range r.ledger.Keys(zero.Table()) {
		if !seen[key] {
			r.report(t.name, r.nameOf(zero.Table(), key), r.known()+" and missing from the "+t.name+" table")
		}
	}
	return nil
}

// compareRow takes one row of a table as the database has it.
func (r *replay) compareRow(no studio.Table, key string, t table, raw []any) {
	want, known := r.ledger.Row(no, key)
	if !known {
		if no == studio.TableCheckpoint && fmt.Sprint(columnOf(t, raw, "state")) == fmt.Sprint(uint8(studio.Safety)) {
			r.checkSafety(key, t, raw)
			return
		}
		if no == studio.TableCheckpoint && r.own[key] { // its announcement is not let through any more: it is kept, and sent
			return
		}
		name := r.nameOf(no, key)
		if no == studio.TableCheckpoint || no == studio.TableAssignment || no == studio.TableNote {
			asset, _ := columnOf(t, raw, "asset").([]byte)
			name = r.entity(studio.IDFrom(asset)) + ": " + name
		}
		r.report(t.name, name, r.fromNowhere(t.name))
		return
	}
	for i, value := range tableOf(want).values() {
		if !sameValue(value, raw[i]) {
			r.report(t.name, r.nameOf(no, key), r.differs(t.cols[i].name, raw[i], value))
		}
	}
}

func columnOf(t table, raw []any, name string) any {
	for i, c := range t.cols {
		if c.name == name {
			return raw[i]
		}
	}
	return nil
}

// checkSafety checks the shape of a checkpoint that has no event: it is on no line and in no chain.
func (r *replay) checkSafety(key string, t table, raw []any) {
	var k studio.Checkpoint
	name := "safety checkpoint " + hexOf(key)
	odd := checkpointTable(&k).take(raw)
	a, known := r.ledger.Asset(k.Asset)
	if known {
		name = studio.PathOf(r.ledger, a.ID.ID) + " " + name
	}
	_, member := r.ledger.Member(k.Author)
	shape := studio.Checkpoint{ID: k.ID, Asset: k.Asset, Author: k.Author, Base: k.Base, Assignment: k.Assignment,
		StatusAtCreation: k.StatusAtCreation, Manifest: k.Manifest, Bytes: k.Bytes, NewBytes: k.NewBytes, Comment: k.Comment,
		Preview: k.Preview, Image: k.Image, Group: k.Group, NoChange: k.NoChange, CopiedFrom: k.CopiedFrom, // of one that the server could not read
		State: studio.Safety, MadeHybrid: k.MadeHybrid, ReceivedMs: k.ReceivedMs, Ver: 1}
	switch {
	case odd != "":
		r.report(t.name, name, "its "+odd+" is none")
	case !known:
		r.report(t.name, name, "belongs to no file")
	case !member:
		r.report(t.name, name, "was made by no member")
	case k != shape:
		r.report(t.name, name, "has what only a version has")
	}
}

// checkVersions: the versions of an asset are 1, 2, 3 ... without a gap.
func (r *replay) checkVersions() error {
	return r.each(`SELECT asset, count(*), max(version) FROM checkpoint WHERE version <> 0 GROUP BY asset
		HAVING count(*) <> max(version) OR min(version) <> 1`, nil, func(row scanner) error {
		var asset studio.ID
		var n, last int64
		if err := row.Scan(cell{&asset}, &n, &last); err != nil {
			return err
		}
		r.report("versions", r.entity(asset), fmt.Sprintf("has %d versions, and the last is v%d", n, last))
		return nil
	})
}

// derived is what can be made again from the rest: its sort, what is said of an entity of which it is not so, and those.
type derived struct {
	sort, what, sql string
	anywhere        bool // also where a server is: previews and versions of others come when they are looked at
}

var derivations = []derived{
	{"tree", "is missing from the tree under its name", `SELECT entity FROM (` + treeSQL + `
		EXCEPT SELECT parent, name_key, entity FROM tree_name)`, true},
	{"tree", "stands in the tree under a name that is not its own", `SELECT entity FROM (
		SELECT parent, name_key, entity FROM tree_name EXCEPT SELECT * FROM (` + treeSQL + `))`, true},
	{"working file", "its file on this disk comes from a version that it has not", `SELECT f.asset FROM local_file f
		WHERE f.base IS NOT NULL AND NOT EXISTS (SELECT 1 FROM checkpoint k WHERE k.id = f.base AND k.asset = f.asset)`, false},
	{"preview", "has a version whose preview is missing", `SELECT k.asset FROM checkpoint k JOIN asset a ON a.id = k.asset
		WHERE k.state <> 5 AND a.purged = 0 AND k.preview IS NOT NULL
		AND NOT EXISTS (SELECT 1 FROM preview p WHERE p.hash = k.preview)`, false},
}

// checkDerived compares what can be made again from the rest with what that would be.
func (r *replay) checkDerived() error {
	for _, q := range derivations {
		if r.stand != nil && !q.anywhere {
			continue
		}
		err := r.each(q.sql, nil, func(row scanner) error {
			var entity studio.ID
			err := row.Scan(cell{&entity})
			r.report(q.sort, r.entity(entity), q.what)
			return err
		})
		if err != nil {
			return err
		}
	}
	return r.each(`SELECT seq FROM line l WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.seq = l.seq) ORDER BY seq`, nil,
		func(row scanner) error {
			var seq int64
			err := row.Scan(&seq)
			r.report("log line", about(seq), "has a line in the log that people read, and is not there")
			return err
		})
}

const treeSQL = `SELECT coalesce(parent, zeroblob(16)) AS parent, name_key, id AS entity FROM asset WHERE trashed_ms = 0
	UNION ALL SELECT coalesce(parent, zeroblob(16)), name_key, id FROM collection WHERE trashed_ms = 0`

// differs says what a column holds and what it should.
func (r *replay) differs(column string, have, want any) string {
	name := strings.ReplaceAll(column, "_", " ")
	return fmt.Sprintf("its %s is %s, %s %s", name, r.say(column, have), r.by, r.say(column, want))
}

// say is a value as people read it: ids by the name of what they name.
func (r *replay) say(column string, value any) string {
	switch v := value.(type) {
	case nil:
		return "nothing"
	case int64:
		return strconv.FormatInt(v, 10)
	case string:
		return strconv.Quote(v)
	case []byte:
		return r.nameOf(tableNamed(column), string(v))
	}
	return fmt.Sprint(value)
}

// tableNamed is the table that a column of ids names; 0: none of the log's.
func tableNamed(column string) studio.Table {
	switch column {
	case "assignee", "author", "created_by", "trashed_by", "to_user", "by_user", "owner", "done_by", "adopted_by", "actor":
		return studio.TableMember
	case "role":
		return studio.TableRole
	case "status", "status_at_creation", "status_at_acceptance", "replaced":
		return studio.TableStatus
	case "type":
		return studio.TableType
	case "parent":
		return studio.TableCollection
	case "asset":
		return studio.TableAsset
	case "head", "base", "prev", "first", "checkpoint", "chain_root":
		return studio.TableCheckpoint
	case "assignment":
		return studio.TableAssignment
	}
	return 0
}

const shownBytesMax = 32 // of an id or hash

func hexOf(b string) string {
	if len(b) > shownBytesMax {
		return fmt.Sprintf("%x...", b[:shownBytesMax])
	}
	return fmt.Sprintf("%x", b)
}

// entity names an asset or collection.
func (r *replay) entity(id studio.ID) string {
	if path := studio.PathOf(r.ledger, id); path != "" {
		return path
	}
	for _, t := range []studio.Table{studio.TableMember, studio.TableRole, studio.TableStatus, studio.TableType,
		studio.TableView, studio.TableProject} {
		if _, ok := r.ledger.Row(t, string(id[:])); ok {
			return r.nameOf(t, string(id[:]))
		}
	}
	return id.String()
}

// nameOf is how people call a row, by what the log says of it.
func (r *replay) nameOf(t studio.Table, key string) string {
	row, ok := r.ledger.Row(t, key)
	if !ok {
		return hexOf(key)
	}
	switch x := row.(type) {
	case studio.Project:
		return "project " + x.Name
	case studio.Member:
		return x.Username
	case studio.Role:
		return "role " + x.Name
	case studio.Status:
		return "status " + x.Name
	case studio.Type:
		return "type " + x.Name
	case studio.Checkpoint:
		if x.Version > 0 {
			return r.entity(x.Asset.ID) + " " + x.Label()
		}
		return r.entity(x.Asset.ID) + " checkpoint " + x.ID.String()
	case studio.Assignment:
		return r.entity(x.Asset.ID) + " held by " + r.nameOf(studio.TableMember, string(x.To.ID[:]))
	case studio.ParkedChain:
		return r.entity(x.Asset.ID) + " parked chain " + x.Root.String()
	case studio.Note:
		return r.entity(x.Asset.ID) + " note " + x.ID.String()
	case studio.TagOn:
		return r.entity(x.Asset.ID) + " tag " + x.Tag
	case studio.Dependency:
		return r.entity(x.Asset.ID) + " needs " + r.entity(x.Target)
	case studio.SavedView:
		return "view " + x.Name
	case studio.Road:
		return r.entity(x.Asset.ID) + " on the road"
	case studio.Handover:
		return r.entity(x.Asset.ID) + " ask to hand it in"
	}
	return r.entity(studio.IDFrom([]byte(key)))
}

func verdictName(v studio.Verdict) string {
	names := [...]string{studio.Applied: "done", studio.Noop: "nothing to do", studio.Merged: "done in part",
		studio.Kept: "parked", studio.Refused: "refused"}
	if int(v) < len(names) && names[v] != "" {
		return names[v]
	}
	return fmt.Sprint(uint8(v))
}

// kindName is what an act is called in a sentence about it.
func kindName(k studio.Kind) string {
	names := map[studio.Kind]string{
		studio.KindCollectionCreate: "creation", studio.KindAssetCreate: "creation", studio.KindRename: "rename",
		studio.KindMove: "move", studio.KindTrash: "trashing", studio.KindRestore: "restoring", studio.KindPurge: "purge",
		studio.KindConvert: "conversion", studio.KindSet: "change", studio.KindTagAdd: "tag",
		studio.KindTagRemove: "tag removal",
		studio.KindDependAdd: "dependency", studio.KindDependRemove: "dependency removal", studio.KindAssign: "assignment",
		studio.KindStatusSet: "status change", studio.KindAnnounce: "announcement of a checkpoint",
		studio.KindSeal: "checkpoint", studio.KindDrop: "drop of a checkpoint", studio.KindAdopt: "adoption",
		studio.KindCopy: "copy", studio.KindKeep: "keeping", studio.KindParkedTrash: "trashing of a parked chain",
		studio.KindParkedRestore: "restoring of a parked chain", studio.KindNoteAdd: "note", studio.KindNoteEdit: "note edit",
		studio.KindNoteResolve: "note resolution", studio.KindRankSet: "rank", studio.KindMemberSet: "change",
		studio.KindRoleSet: "change", studio.KindStatusDefine: "change", studio.KindStatusRemove: "removal",
		studio.KindMerge: "merge", studio.KindHandoverAsk: "ask to hand in", studio.KindHandoverAnswer: "answer to an ask",
		studio.KindParkedPurge: "purge of a parked chain", studio.KindParkedAsk: "ask to adopt a parked chain",
		studio.KindRoadStart: "start on the road", studio.KindRoadEnd: "return from the road",
		studio.KindTypeDefine: "change", studio.KindViewSet: "change", studio.KindProjectSet: "change",
	}
	if name := names[k]; name != "" {
		return name
	}
	return fmt.Sprintf("act of kind %d", k)
}
