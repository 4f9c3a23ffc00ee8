package studio_test

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"framehold/internal/studio"
)

func TestTheCanonicalFormIsThatOfItsSpecification(t *testing.T) {
	body := studio.AssignBody{To: studio.UserID{ID: id(7, 1)}, Reason: "Ben is ill"}
	b := studio.EncodeBody(&body)
	golden(t, "testdata/assign.hex", hex.EncodeToString(b)+"\n")
	back, err := studio.DecodeBody(studio.KindAssign, b)
	require.NoError(t, err)
	require.Equal(t, &body, back)
}

// FORMAT.md lists every kind with its number, once.
func TestEveryKindStandsInTheFormat(t *testing.T) {
	page, err := os.ReadFile("FORMAT.md")
	require.NoError(t, err)
	var listed []studio.Kind
	for _, m := range regexp.MustCompile(`(?m)^\| ([0-9 ]+) \|`).FindAllStringSubmatch(string(page), -1) {
		for _, n := range strings.Fields(m[1]) {
			k, err := strconv.Atoi(n)
			require.NoError(t, err)
			listed = append(listed, studio.Kind(k))
		}
	}
	require.Equal(t, studio.Kinds(), listed)
}

// Rows and bodies of what the wire carries since merge, road and handover keep their form.
func TestRoadsAndHandoversHaveOneForm(t *testing.T) {
	for _, r := range []studio.Row{
		studio.Road{Asset: studio.AssetID{ID: id(1, 4)}, User: studio.UserID{ID: id(2, 1)}, Client: id(3, 12), UntilMs: 5, SinceSeq: 6, EndedSeq: 7},
		studio.Handover{ID: studio.HandoverID{ID: id(1, 10)}, Asset: studio.AssetID{ID: id(1, 4)}, From: studio.UserID{ID: id(2, 1)},
			To: studio.UserID{ID: id(3, 1)}, By: studio.UserID{ID: id(4, 1)}, DeadlineMs: 9, State: studio.HandoverAsked},
		studio.Project{ID: studio.ProjectID{ID: id(1, 9)}, Ver: 1, Options: studio.Options{HandoverAuto: true, TrashDays: 3, ParkedDays: 4}},
	} {
		back, err := studio.DecodeRow(r.Table(), studio.EncodeRow(r))
		require.NoError(t, err)
		require.Equal(t, r, back)
	}
	road := studio.EncodeRow(studio.Road{Asset: studio.AssetID{ID: id(1, 4)}, UntilMs: 300})
	require.Equal(t, "0a10"+id(1, 4).String()+"20ac02", hex.EncodeToString(road))
	for kind, body := range map[studio.Kind]studio.Body{
		studio.KindMerge:          &studio.MergeBody{Other: studio.AssetID{ID: id(1, 4)}},
		studio.KindHandoverAsk:    &studio.HandoverAskBody{Handover: studio.HandoverID{ID: id(1, 10)}, DeadlineMs: 4},
		studio.KindHandoverAnswer: &studio.HandoverAnswerBody{Handover: studio.HandoverID{ID: id(1, 10)}, Yes: true, Text: "here"},
		studio.KindRoadStart:      &studio.RoadBody{UntilMs: 1},
		studio.KindRoadEnd:        &studio.EmptyBody{},
		studio.KindParkedAsk:      &studio.ParkedBody{Root: studio.CheckpointID{ID: id(1, 5)}, Of: studio.UserID{ID: id(1, 1)}},
		studio.KindTrash:          &studio.TrashBody{SeenParked: []studio.CheckpointID{{ID: id(1, 5)}, {ID: id(2, 5)}}},
		studio.KindAssign:         &studio.AssignBody{OverrideRoad: true},
	} {
		back, err := studio.DecodeBody(kind, studio.EncodeBody(body))
		require.NoError(t, err)
		require.Equal(t, body, back)
	}
}

// A pull of two weeks decodes tens of thousands of bodies: what each makes is the body, its fields as they stand there, and itself.
func TestDecodingMakesLittleMoreThanTheBody(t *testing.T) {
	b := studio.EncodeBody(&studio.StatusBody{From: studio.StatusID{ID: id(7, 1)}, To: studio.StatusID{ID: id(8, 1)}})
	made := testing.AllocsPerRun(100, func() {
		_, err := studio.DecodeBody(studio.KindStatusSet, b)
		require.NoError(t, err)
	})
	require.LessOrEqual(t, made, 4.0)
}

func TestDecodingAnythingNeverPanicsAndIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := studio.Kind(rapid.IntRange(0, 45).Draw(t, "kind"))
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
		body, err := studio.DecodeBody(kind, b)
		if err == nil && string(studio.EncodeBody(body)) != string(b) {
			t.Fatalf("two forms of one body: %x", b)
		}
	})
}

func TestNamesThatCannotStandOnEverySystemAreRefused(t *testing.T) {
	for _, bad := range []string{"", ".", "..", "a/b", "a\\b", "a:b", "CON", "nul.txt", "com1", "dot.", "space ", "tab\t", "bad\xff",
		".framehold", ".framehold-x", strings.Repeat("n", 256)} {
		require.Error(t, studio.CheckName(bad), "%q", bad)
	}
	for _, good := range []string{"shot 010.blend", "ナナ.kra", "🐉.png", "comet.ma", strings.Repeat("n", 255), ".hidden"} {
		require.NoError(t, studio.CheckName(good), "%q", good)
	}
	require.Equal(t, studio.NameKey("Ame\u0301lie.PSD"), studio.NameKey("am\u00e9lie.psd"))
	require.Equal(t, studio.NameKey("Straße"), studio.NameKey("STRASSE"))
}

func TestARankStandsBetweenItsNeighbours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ranks := []string{""}
		for range rapid.IntRange(1, 40).Draw(t, "n") {
			at := rapid.IntRange(0, len(ranks)-1).Draw(t, "at")
			low, high := ranks[at], ""
			if at+1 < len(ranks) {
				high = ranks[at+1]
			}
			r, err := studio.RankBetween(low, high)
			require.NoError(t, err)
			require.True(t, r > low && (high == "" || r < high), "%q < %q < %q", low, r, high)
			ranks = append(ranks[:at+1], append([]string{r}, ranks[at+1:]...)...)
		}
		for i := 1; i < len(ranks); i++ {
			require.Equal(t, -1, fraction(ranks[i-1]).Cmp(fraction(ranks[i])))
		}
	})
}

// fraction reads a rank as digits of base 256 behind the point.
func fraction(rank string) *big.Rat {
	r, scale := new(big.Rat), big.NewRat(1, 1)
	for i := range len(rank) {
		scale.Mul(scale, big.NewRat(1, 256))
		r.Add(r, new(big.Rat).Mul(scale, big.NewRat(int64(rank[i]), 1)))
	}
	return r
}

func TestAQueryIsPrintedAsItIsRead(t *testing.T) {
	for _, text := range []string{`status:wfa assignee:ben type:rig tag:hero is:unassigned is:parked due:<2w older:3d cliff`, `assignee:none`,
		`-tag:hero,wide "two words"`, `assignee:me priority:urgent`} {
		q, err := studio.ParseQuery(text)
		require.NoError(t, err, text)
		again, err := studio.ParseQuery(q.String())
		require.NoError(t, err, q.String())
		require.Equal(t, q.String(), again.String())
	}
	_, err := studio.ParseQuery("nonsense:x")
	require.Equal(t, studio.CodeBadQuery, studio.CodeOf(err))
	_, err = studio.ParseQuery("is:nonsense")
	require.Equal(t, studio.CodeBadQuery, studio.CodeOf(err))
}

func TestSuggestionsFindAnyPartOfNameUsernameOrMail(t *testing.T) {
	people := []studio.Candidate{
		{Member: studio.Member{User: studio.UserID{ID: id(1, 1)}, Username: "ana.r", Name: "Ana Reyes", Email: "reyes@studio.example"}, Open: 3},
		{Member: studio.Member{User: studio.UserID{ID: id(2, 1)}, Username: "ben", Name: "Ben Anders", Email: "ben@studio.example"}, Open: 1, Recent: 1},
		{Member: studio.Member{User: studio.UserID{ID: id(4, 1)}, Username: "tan", Name: "Emi Tanaka"}, Recent: 2},
		{Member: studio.Member{User: studio.UserID{ID: id(3, 1)}, Username: "gone", Name: "Ana Gone", Gone: true}},
	}
	for text, want := range map[string][]string{"rey": {"ana.r"}, "an re": {"ana.r"}, "reyes@studio": {"ana.r"}, "AN": {"ben", "tan", "ana.r"}, "ana": {"ana.r", "tan"}, "": {"ben", "tan", "ana.r"}, "zzz": {}} {
		names := []string{}
		for _, s := range studio.Suggest(text, people) {
			names = append(names, s.Member.Username)
		}
		require.Equal(t, want, names, "%q", text)
	}
}

// A diamond, a circle through a collection, and a chain of 200: everything once, by a shortest way.
func TestTheClosureOfATaskIsEverythingThatItNeeds(t *testing.T) {
	s := newStage(t, studio.Options{})
	admin := s.users["Admin"]
	make := func(n byte, parent studio.CollectionID) studio.AssetID {
		a := studio.AssetID{ID: id(n, 4)}
		s.do(t, admin, studio.KindAssetCreate, a.ID, &studio.CreateBody{Parent: parent, Name: fmt.Sprintf("asset_%d", n), Kind: studio.Resource})
		return a
	}
	need := func(a studio.AssetID, on studio.ID) {
		s.do(t, admin, studio.KindDependAdd, a.ID, &studio.DependBody{Target: on})
	}
	top := studio.CollectionID{}
	rig := studio.CollectionID{ID: id(1, 8)}
	s.do(t, admin, studio.KindCollectionCreate, rig.ID, &studio.CreateBody{Name: "rig"})
	shot, left, right, base, inside := make(1, top), make(2, top), make(3, top), make(4, top), make(5, rig)
	need(shot, left.ID)
	need(shot, right.ID)
	need(left, base.ID)
	need(right, base.ID)
	need(base, rig.ID)
	need(inside, shot.ID) // the circle
	got := map[studio.AssetID][]studio.ID{}
	for _, n := range studio.Closure(s.state, shot) {
		require.NotContains(t, got, n.Asset)
		got[n.Asset] = n.Via
	}
	require.Equal(t, map[studio.AssetID][]studio.ID{left: nil, right: nil, base: {left.ID}, inside: {left.ID, base.ID, rig.ID}}, got)

	d := s.decide(s.state, admin, studio.KindDependAdd, base.ID, &studio.DependBody{Target: shot.ID})
	require.Equal(t, studio.CodeCycle, d.Reason, "an asset may not need itself through assets alone")

	chain := []studio.AssetID{make(6, top)}
	for n := byte(7); n < 206; n++ {
		next := make(n, top)
		need(chain[len(chain)-1], next.ID)
		chain = append(chain, next)
	}
	found := studio.Closure(s.state, chain[0])
	require.Len(t, found, 199)
	require.Len(t, found[198].Via, 198)
}

func TestAnEventTravelsAsHeaderAndBody(t *testing.T) {
	ev := studio.Event{Seq: 7, Op: studio.OpID{ID: id(1, 7)}, Actor: studio.UserID{ID: id(2, 1)}, Kind: studio.KindRename,
		Entity: id(3, 4), ReceivedMs: 5, Verdict: studio.Merged, Reason: studio.CodeRenamed, Result: "robot 2",
		Body: studio.EncodeBody(&studio.RenameBody{Name: "robot"})}
	got, err := studio.EventFrom(ev.Header(), ev.Body)
	require.NoError(t, err)
	require.Equal(t, ev, got)
	require.Equal(t, ev.EntryHash(), got.EntryHash())
	_, err = studio.EventFrom(append(ev.Header(), 0), ev.Body)
	require.ErrorIs(t, err, studio.ErrMalformed)
}

// What a newer program adds to a record is kept behind what this one knows, in the one form that there is; row H9.
func TestFieldsOfANewerProgramAreKept(t *testing.T) {
	more := []byte{0xc0, 2, 5, 0xca, 2, 1, 'x'} // fields 40 and 41
	keyOnly := map[studio.Table]bool{studio.TableTag: true, studio.TableDependency: true}
	for table := studio.TableProject; table <= studio.TableLast; table++ {
		row, err := studio.DecodeRow(table, more)
		if keyOnly[table] {
			require.ErrorIs(t, err, studio.ErrMalformed, "table %d", table)
			continue
		}
		require.NoError(t, err, "table %d", table)
		require.Equal(t, more, studio.EncodeRow(row), "table %d", table)
		back, err := studio.RowFrom(table, row.Key(), more)
		require.NoError(t, err)
		require.Equal(t, row, back)
		for _, odd := range [][]byte{{0xc0, 2, 0}, {0xca, 2, 0}, {0xca, 2, 1, 'x', 0xc0, 2, 5}, {0xc0, 2, 5, 0xc0, 2, 5}} {
			_, err = studio.DecodeRow(table, odd)
			require.ErrorIs(t, err, studio.ErrMalformed, "%x", odd)
		}
	}
	project := studio.EncodeRow(studio.Project{Name: "Film", Newer: studio.Newer(more)})
	_, err := studio.DecodeRow(studio.TableProject, append([]byte{0x12, 1, 'x'}, project...)) // field 2 twice
	require.ErrorIs(t, err, studio.ErrMalformed)

	ev := studio.Event{Seq: 1, Kind: 90, Newer: studio.Newer(more)}
	got, err := studio.EventFrom(ev.Header(), nil)
	require.NoError(t, err)
	require.Equal(t, ev, got)
	require.NotEqual(t, studio.Event{Seq: 1, Kind: 90}.EntryHash(), got.EntryHash())

	opaque, err := studio.RowFrom(200, "key", []byte("form"))
	require.NoError(t, err)
	require.Equal(t, studio.Opaque{Of: 200, At: "key", Form: "form"}, opaque)
	require.True(t, studio.IsNewer(studio.KindProjectSet, &studio.RowBody{Row: project}))
	require.False(t, studio.IsNewer(studio.KindProjectSet, &studio.RowBody{Row: studio.EncodeRow(studio.Project{Name: "Film"})}))
}
