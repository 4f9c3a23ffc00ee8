package studio_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
)

var update = flag.Bool("update", false, "writes the golden tables anew")

// stage is a project in memory with one member of each role, and a second artist.
type stage struct {
	state    *studio.State
	seq      uint64
	roles    map[string]studio.RoleID
	users    map[string]studio.UserID
	statuses map[studio.Category]studio.StatusID
}

func id(n byte, kind byte) studio.ID { return studio.ID{0: kind, 15: n} }

func newStage(t *testing.T, options studio.Options) *stage { return stageOf(t, options, true) }

func stageOf(t *testing.T, options studio.Options, personal bool) *stage {
	t.Helper()
	s := &stage{state: studio.NewState(nil), roles: map[string]studio.RoleID{}, users: map[string]studio.UserID{},
		statuses: map[studio.Category]studio.StatusID{}}
	founder := studio.UserID{ID: id(1, 1)}
	project := studio.Project{ID: studio.ProjectID{ID: id(1, 9)}, Name: "Film", State: studio.Founding, Personal: personal, Options: options}
	s.define(t, founder, studio.KindProjectSet, project, 0)
	for i, r := range studio.DefaultRoles() {
		s.roles[r.Name] = studio.RoleID{ID: id(byte(i), 2)}
		s.define(t, founder, studio.KindRoleSet, studio.Role{ID: s.roles[r.Name], Name: r.Name, Order: int32(i), May: r.May}, 0)
	}
	statuses := append(studio.DefaultStatuses(), studio.DefaultStatus{Name: "Blocked", Label: "Block", Shape: "bar", Category: studio.CategoryBlocked})
	for i, st := range statuses {
		s.statuses[st.Category] = studio.StatusID{ID: id(byte(i+1), 3)}
		s.define(t, founder, studio.KindStatusDefine, studio.Status{ID: s.statuses[st.Category], Name: st.Name, Label: st.Label,
			Shape: st.Shape, Category: st.Category, AsksNote: st.AsksNote, AsksImage: st.AsksImage, Order: int32(i)}, 0)
	}
	for i, r := range studio.DefaultRoles() {
		s.users[r.Name] = studio.UserID{ID: id(byte(i+1), 1)}
		name := strings.ToLower(strings.ReplaceAll(r.Name, " ", "."))
		s.define(t, founder, studio.KindMemberSet, studio.Member{User: s.users[r.Name], Username: name, Name: r.Name, Role: s.roles[r.Name]}, 0)
	}
	s.users["other"] = studio.UserID{ID: id(99, 1)}
	s.define(t, founder, studio.KindMemberSet, studio.Member{User: s.users["other"], Username: "other", Name: "Other", Role: s.roles["Artist"]}, 0)
	project.State = studio.Active
	s.define(t, founder, studio.KindProjectSet, project, 1)
	return s
}

func (s *stage) decide(view studio.View, actor studio.UserID, kind studio.Kind, entity studio.ID, body studio.Body) studio.Decision {
	s.seq++
	op := studio.Op{ID: studio.OpID{ID: studio.ID{0: 7, 14: byte(s.seq >> 8), 15: byte(s.seq)}}, Kind: kind, Entity: entity, Body: body}
	return studio.Decide(view, op, studio.Moment{Actor: actor, ReceivedMs: int64(s.seq), Seq: s.seq})
}

func (s *stage) do(t *testing.T, actor studio.UserID, kind studio.Kind, entity studio.ID, body studio.Body) {
	t.Helper()
	s.seq++
	op := studio.Op{ID: studio.OpID{ID: studio.ID{0: 7, 14: byte(s.seq >> 8), 15: byte(s.seq)}}, Kind: kind, Entity: entity, Body: body}
	at := studio.Moment{Actor: actor, ReceivedMs: int64(s.seq), Seq: s.seq}
	d := studio.Decide(s.state, op, at)
	require.NoError(t, d.Err())
	s.state.Apply(d, studio.EventOf(s.state, op, at, d))
}

func (s *stage) define(t *testing.T, actor studio.UserID, kind studio.Kind, row studio.Row, seen uint64) {
	t.Helper()
	s.do(t, actor, kind, studio.IDFrom([]byte(row.Key())), &studio.RowBody{SeenVer: seen, Row: studio.EncodeRow(row)})
}

// task makes a task in a status, with a first version, held by whom.
func (s *stage) task(t *testing.T, n byte, in studio.Category, holder studio.UserID) studio.Asset {
	t.Helper()
	admin := s.users["Admin"]
	asset, first := id(n, 4), studio.CheckpointID{ID: id(n, 5)}
	s.do(t, admin, studio.KindAssetCreate, asset, &studio.CreateBody{Name: fmt.Sprintf("task_%d.blend", n), Kind: studio.Task, First: first})
	s.do(t, admin, studio.KindAnnounce, asset, &studio.AnnounceBody{Checkpoint: first, Comment: "first", Manifest: studio.Hash{1}})
	s.do(t, admin, studio.KindSeal, asset, &studio.SealBody{Checkpoint: first})
	a, _ := s.state.Asset(studio.AssetID{ID: asset})
	if in != studio.CategoryTodo {
		note := studio.NoteID{ID: id(n, 6)}
		s.do(t, admin, studio.KindNoteAdd, asset, &studio.NoteBody{Note: note, Text: "why", Checkbox: true})
		s.do(t, admin, studio.KindStatusSet, asset, &studio.StatusBody{From: a.Status, To: s.statuses[in], About: a.Head, Notes: []studio.NoteID{note}})
	}
	if !holder.IsZero() {
		s.do(t, admin, studio.KindAssign, asset, &studio.AssignBody{To: holder})
	}
	a, _ = s.state.Asset(studio.AssetID{ID: asset})
	return a
}

// answer is what an act comes to, for a reader: yes, or the code.
func answer(d studio.Decision) string {
	switch d.Verdict {
	case studio.Applied:
		return "yes"
	case studio.Noop:
		return "="
	case studio.Merged:
		if d.Move != nil {
			return string(studio.CodeOf(d.Move))
		}
	}
	return string(d.Reason)
}

type tried struct {
	name string
	do   func(s *stage, me studio.UserID, a studio.Asset) studio.Decision
}

func acts() []tried {
	move := func(to studio.Category) tried {
		return tried{"->" + to.String(), func(s *stage, me studio.UserID, a studio.Asset) studio.Decision {
			over := studio.NewState(s.state)
			note := studio.NoteBody{Note: studio.NoteID{ID: id(200, 6)}, Text: "do it", Checkbox: true}
			d := s.decide(over, me, studio.KindNoteAdd, a.ID.ID, &note)
			over.Apply(d, studio.Event{Op: studio.OpID{ID: id(201, 7)}})
			return s.decide(over, me, studio.KindStatusSet, a.ID.ID, &studio.StatusBody{From: a.Status, To: s.statuses[to], About: a.Head,
				Notes: []studio.NoteID{note.Note}})
		}}
	}
	checkpoint := func(s *stage, me studio.UserID, a studio.Asset) studio.Decision {
		over := studio.NewState(s.state)
		k := studio.CheckpointID{ID: id(202, 5)}
		d := s.decide(over, me, studio.KindAnnounce, a.ID.ID, &studio.AnnounceBody{Checkpoint: k, Base: a.Head, Assignment: a.Assignment,
			Status: a.Status, Comment: "x", Manifest: studio.Hash{2}})
		over.Apply(d, studio.Event{Op: studio.OpID{ID: id(203, 7)}})
		return s.decide(over, me, studio.KindSeal, a.ID.ID, &studio.SealBody{Checkpoint: k})
	}
	plain := func(name string, kind studio.Kind, body func(s *stage, me studio.UserID, a studio.Asset) studio.Body) tried {
		return tried{name, func(s *stage, me studio.UserID, a studio.Asset) studio.Decision {
			return s.decide(s.state, me, kind, a.ID.ID, body(s, me, a))
		}}
	}
	return []tried{
		{"checkpoint", checkpoint},
		move(studio.CategoryTodo), move(studio.CategoryActive), move(studio.CategoryReview), move(studio.CategoryRetake),
		move(studio.CategoryDone), move(studio.CategoryBlocked),
		plain("assign", studio.KindAssign, func(s *stage, _ studio.UserID, a studio.Asset) studio.Body {
			return &studio.AssignBody{To: s.users["Supervisor"], Expect: a.Assignment}
		}),
		plain("to me", studio.KindAssign, func(_ *stage, me studio.UserID, a studio.Asset) studio.Body {
			return &studio.AssignBody{To: me, Expect: a.Assignment}
		}),
		plain("unassign", studio.KindAssign, func(_ *stage, _ studio.UserID, a studio.Asset) studio.Body {
			return &studio.AssignBody{Expect: a.Assignment}
		}),
		plain("ask", studio.KindHandoverAsk, func(s *stage, _ studio.UserID, a studio.Asset) studio.Body {
			return &studio.HandoverAskBody{Handover: studio.HandoverID{ID: id(1, 10)}, To: s.users["Supervisor"]}
		}),
		plain("road", studio.KindRoadStart, func(*stage, studio.UserID, studio.Asset) studio.Body { return &studio.RoadBody{UntilMs: 1 << 40} }),
		plain("rename", studio.KindRename, func(_ *stage, _ studio.UserID, a studio.Asset) studio.Body {
			return &studio.RenameBody{Name: "new.blend", Seen: a.Name}
		}),
		plain("tag", studio.KindTagAdd, func(*stage, studio.UserID, studio.Asset) studio.Body { return &studio.TagBody{Tag: "x"} }),
		plain("due", studio.KindSet, func(*stage, studio.UserID, studio.Asset) studio.Body {
			return &studio.SetBody{Field: studio.FieldDue, Value: "2026-12-24"}
		}),
		plain("convert", studio.KindConvert, func(*stage, studio.UserID, studio.Asset) studio.Body {
			return &studio.ConvertBody{To: studio.Resource}
		}),
		plain("note", studio.KindNoteAdd, func(*stage, studio.UserID, studio.Asset) studio.Body {
			return &studio.NoteBody{Note: studio.NoteID{ID: id(210, 6)}, Text: "x"}
		}),
		plain("trash", studio.KindTrash, func(_ *stage, _ studio.UserID, a studio.Asset) studio.Body {
			return &studio.TrashBody{SeenHead: a.Head}
		}),
	}
}

// Every role, in every relation to a task, in every category, tries every act: the table is the rules as a person reads
// them. A line that changes is a rule that changed.
func TestEveryRoleTriesEveryActInEveryCategory(t *testing.T) {
	var b strings.Builder
	all := acts()
	fmt.Fprintf(&b, "%-21s%-8s%-9s", "role", "holder", "category")
	for _, a := range all {
		fmt.Fprintf(&b, "%-15s", a.name)
	}
	b.WriteString("\n")
	for _, role := range studio.DefaultRoles() {
		for _, holder := range []string{"me", "other", "nobody"} {
			for c := studio.CategoryTodo; c <= studio.CategoryBlocked; c++ {
				s := newStage(t, studio.Options{RetakeNote: true})
				me := s.users[role.Name]
				held := map[string]studio.UserID{"me": me, "other": s.users["other"]}[holder]
				task := s.task(t, 1, c, held)
				fmt.Fprintf(&b, "%-21s%-8s%-9s", role.Name, holder, c)
				for _, a := range all {
					fmt.Fprintf(&b, "%-15s", answer(a.do(s, me, task)))
				}
				b.WriteString("\n")
			}
		}
	}
	golden(t, "testdata/rules.golden", trimLines(b.String()))
}

func TestTheRolesAreThoseOfTheTable(t *testing.T) {
	var b strings.Builder
	for _, p := range studio.PermissionNames() {
		fmt.Fprintf(&b, "%-20s", p.Name)
		for _, r := range studio.DefaultRoles() {
			mark := "-"
			if r.May.Has(p.Permission) {
				mark = r.Name
			}
			fmt.Fprintf(&b, "%-22s", mark)
		}
		b.WriteString("\n")
	}
	golden(t, "testdata/roles.golden", trimLines(b.String()))
}

func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestScreensOfferForACollectionWhatIsDecidedThen(t *testing.T) {
	s := newStage(t, studio.Options{})
	shots, parent := studio.CollectionID{ID: id(1, 8)}, studio.CollectionID{ID: id(2, 8)}
	s.do(t, s.users["Admin"], studio.KindCollectionCreate, shots.ID, &studio.CreateBody{Name: "shots"})
	s.do(t, s.users["Admin"], studio.KindCollectionCreate, parent.ID, &studio.CreateBody{Name: "film"})
	c, _ := s.state.Collection(shots)
	for role, me := range s.users {
		offered := studio.CollectionActs(s.state, me, c)
		for act, d := range map[string]studio.Decision{
			"rename": s.decide(s.state, me, studio.KindRename, shots.ID, &studio.RenameBody{Name: "cuts", Seen: c.Name}),
			"move":   s.decide(s.state, me, studio.KindMove, shots.ID, &studio.MoveBody{Parent: parent}),
			"trash":  s.decide(s.state, me, studio.KindTrash, shots.ID, &studio.TrashBody{}),
		} {
			require.Equal(t, d.Verdict == studio.Applied, slices.Contains(offered, act), "%s: %s", role, act)
		}
	}
	require.Equal(t, []string{"rename", "move", "trash"}, studio.CollectionActs(s.state, s.users["Admin"], c))
}
