package wire_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// drawing draws messages that may be sent.
type drawing struct{ *rapid.T }

func (d drawing) bytes(n int) []byte { return rapid.SliceOfN(rapid.Byte(), n, n).Draw(d.T, "bytes") }

// mark is an id that is there.
func (d drawing) mark() studio.ID {
	id := studio.IDFrom(d.bytes(16))
	id[6] |= 0x70
	return id
}

// maybe is an id or none.
func (d drawing) maybe() studio.ID {
	if rapid.Bool().Draw(d.T, "some") {
		return d.mark()
	}
	return studio.ID{}
}

func (d drawing) hash() (h studio.Hash) {
	copy(h[:], d.bytes(32))
	h[0] |= 1
	return h
}

func (d drawing) eight() (b [8]byte) { return [8]byte(d.bytes(8)) }

func (d drawing) chain() (b [32]byte) { return [32]byte(d.bytes(32)) }

func (d drawing) text() string { return rapid.StringN(0, 60, wire.TextBytesMax).Draw(d.T, "text") }

func (d drawing) number() uint64 { return rapid.Uint64().Draw(d.T, "number") }

func (d drawing) ms() int64 { return rapid.Int64Min(0).Draw(d.T, "ms") }

// blob is some bytes, or nil.
func (d drawing) blob() []byte {
	if b := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(d.T, "blob"); len(b) > 0 {
		return b
	}
	return nil
}

func (d drawing) length(limit int) int { return rapid.IntRange(0, limit).Draw(d.T, "length") }

func (d drawing) kind() studio.Kind { return studio.Kind(rapid.Uint8Range(1, 255).Draw(d.T, "kind")) }

func (d drawing) signed(project studio.ProjectID) wire.Signed {
	if !rapid.Bool().Draw(d.T, "signed") {
		return wire.Signed{}
	}
	s := wire.Signed{Project: project, Generation: d.eight(), Seq: d.number(), Chain: d.chain(), ServerMs: d.ms(), Key: uint32(d.number())}
	if rapid.Bool().Draw(d.T, "signature") {
		s.Signature = d.bytes(64)
	}
	return s
}

func (d drawing) outcome(op studio.OpID) wire.Outcome {
	return wire.Outcome{Op: op, Verdict: studio.Verdict(rapid.Uint8Range(1, 5).Draw(d.T, "verdict")), Reason: studio.Code(d.text()),
		Seq: d.number(), Result: d.text(), Version: uint32(d.number())}
}

func (d drawing) push() wire.PushRequest {
	q := wire.PushRequest{Project: studio.ProjectID{ID: d.mark()}, Client: d.mark(), Generation: d.eight()}
	for range d.length(5) {
		q.Ops = append(q.Ops, wire.Op{N: d.number() | 1, Kind: d.kind(), Entity: d.maybe(), ID: studio.OpID{ID: d.mark()},
			MadeHybrid: d.number(), Group: studio.GroupID{ID: d.maybe()}, Atomic: rapid.Bool().Draw(d.T, "atomic"),
			Undoes: studio.OpID{ID: d.maybe()}, Body: d.blob()})
	}
	return q
}

func (d drawing) pushReply(q wire.PushRequest) wire.PushReply {
	a := wire.PushReply{Lmid: d.number(), HeadSeq: d.number(), Chain8: d.eight()}
	for i := range d.length(len(q.Ops)) {
		a.Outcomes = append(a.Outcomes, d.outcome(q.Ops[i].ID))
	}
	if rapid.Bool().Draw(d.T, "stopped") {
		a.Stop = wire.Stop{N: d.number(), Code: wire.StopCode(rapid.Uint8Range(1, 4).Draw(d.T, "stop"))}
	}
	return a
}

// row is a row as it is kept, of any table, or one that is no more.
func (d drawing) row() wire.Row {
	rows := []studio.Row{
		studio.Project{ID: studio.ProjectID{ID: d.mark()}, Name: d.text()}, studio.Member{User: studio.UserID{ID: d.mark()}, Name: d.text()},
		studio.Role{ID: studio.RoleID{ID: d.mark()}}, studio.Status{ID: studio.StatusID{ID: d.mark()}}, studio.Type{ID: studio.TypeID{ID: d.mark()}},
		studio.Collection{ID: studio.CollectionID{ID: d.mark()}}, studio.Asset{ID: studio.AssetID{ID: d.mark()}, Name: d.text()},
		studio.Assignment{ID: studio.AssignmentID{ID: d.mark()}}, studio.Checkpoint{ID: studio.CheckpointID{ID: d.mark()}},
		studio.ParkedChain{Root: studio.CheckpointID{ID: d.mark()}}, studio.Note{ID: studio.NoteID{ID: d.mark()}, Text: d.text()},
		studio.TagOn{Asset: studio.AssetID{ID: d.mark()}, Tag: "t" + d.text()},
		studio.Dependency{Asset: studio.AssetID{ID: d.mark()}, Target: d.mark()}, studio.SavedView{ID: studio.ViewID{ID: d.mark()}},
	}
	r := rapid.SampledFrom(rows).Draw(d.T, "row")
	w := wire.Row{Table: r.Table(), Key: r.Key(), Bytes: studio.EncodeRow(r)}
	switch rapid.IntRange(0, 3).Draw(d.T, "form") {
	case 0:
		w.Bytes = nil
	case 1: // of a program that orders its fields another way
		w.Bytes = append([]byte{0xff, 0x01, 0x01}, w.Bytes...)
	}
	return w
}

func (d drawing) event() studio.Event {
	return studio.Event{Seq: d.number(), Op: studio.OpID{ID: d.mark()}, Client: d.maybe(), N: d.number(), Actor: studio.UserID{ID: d.maybe()},
		Kind: d.kind(), Entity: d.maybe(), About: studio.CheckpointID{ID: d.maybe()}, Group: studio.GroupID{ID: d.maybe()},
		MadeHybrid: d.number(), ReceivedMs: d.ms(), Verdict: studio.Applied, Reason: studio.Code(d.text()), Result: d.text(),
		Version: uint32(d.number()), Status: studio.StatusID{ID: d.maybe()}, Body: d.blob()}
}

func (d drawing) pullReply(q wire.PullRequest) wire.PullReply {
	a := wire.PullReply{NextPage: d.blob(), Head: d.signed(q.Project), Whole: d.number()%2 == 1}
	for range d.length(4) {
		a.Rows = append(a.Rows, d.row())
	}
	for range d.length(3) {
		a.Events = append(a.Events, d.event())
	}
	for table := range studio.Table(d.length(14)) {
		if a.Sums == nil {
			a.Sums = studio.Sums{}
		}
		a.Sums[table+1] = studio.Sum{Lo: d.number(), Hi: d.number()}
	}
	return a
}

// trip sends a request there and its answer back, and wants both to come as they went.
func trip[Q, A any](t *rapid.T, c wire.Codec[Q, A], project studio.ProjectID, client studio.ID, q Q, a A) {
	b, err := c.EncodeRequest(q)
	require.NoError(t, err)
	gotQ, err := c.DecodeRequest(project, client, b)
	require.NoError(t, err)
	require.Equal(t, q, gotQ)
	b, err = c.EncodeReply(q, a)
	require.NoError(t, err)
	gotA, err := c.DecodeReply(q, b)
	require.NoError(t, err)
	require.Equal(t, a, gotA)
}

func TestEveryMessageComesAsItWent(t *testing.T) {
	t.Run("Hello", rapid.MakeCheck(func(t *rapid.T) {
		d := drawing{t}
		q := wire.HelloRequest{Project: studio.ProjectID{ID: d.mark()}, Client: d.mark(), Device: d.text(), Proto: uint32(d.number()), App: d.text(),
			Unsent: wire.Unsent{Checkpoints: uint32(d.number()), Bytes: d.ms()}}
		q.Seen = d.signed(q.Project)
		a := wire.HelloReply{Generation: d.eight(), HeadSeq: d.number(), Proto: uint32(d.number()), Lmid: d.number(), ServerMs: d.ms(),
			User: studio.UserID{ID: d.maybe()}, FullView: rapid.Bool().Draw(t, "full"), StudioKey: d.bytes(32)}
		for range d.length(40) {
			a.Kinds = append(a.Kinds, d.kind())
		}
		for range d.length(40) {
			a.Wanted = append(a.Wanted, studio.HashFrom(d.bytes(32)))
		}
		trip(t, wire.HelloCodec(), q.Project, q.Client, q, a)
	}))
	t.Run("Push", rapid.MakeCheck(func(t *rapid.T) {
		d := drawing{t}
		q := d.push()
		trip(t, wire.PushCodec(), q.Project, q.Client, q, d.pushReply(q))
	}))
	t.Run("Pull", rapid.MakeCheck(func(t *rapid.T) {
		d := drawing{t}
		q := wire.PullRequest{Project: studio.ProjectID{ID: d.mark()}, Client: d.mark(), Page: d.blob(),
			Cookie:   wire.Cookie{Generation: d.eight(), Seq: d.number(), Chain8: d.eight()},
			MaxBytes: rapid.Uint32Range(0, wire.PullBytesMax).Draw(t, "max")}
		trip(t, wire.PullCodec(), q.Project, q.Client, q, d.pullReply(q))
	}))
	t.Run("WaitForHead", rapid.MakeCheck(func(t *rapid.T) {
		d := drawing{t}
		q := wire.WaitRequest{Project: studio.ProjectID{ID: d.mark()}, Seq: d.number()}
		trip(t, wire.WaitCodec(), q.Project, studio.ID{}, q, wire.WaitReply{HeadSeq: d.number()})
	}))
	t.Run("Have", rapid.MakeCheck(func(t *rapid.T) {
		d := drawing{t}
		q, a := wire.HaveRequest{Project: studio.ProjectID{ID: d.mark()}, Client: d.mark()}, wire.HaveReply{}
		for range d.length(20) {
			q.Hashes = append(q.Hashes, d.hash())
			a.Have = append(a.Have, rapid.Bool().Draw(t, "have"))
		}
		trip(t, wire.HaveCodec(), q.Project, q.Client, q, a)
	}))
	t.Run("Found", rapid.MakeCheck(func(t *rapid.T) {
		d := drawing{t}
		q := wire.FoundRequest{Project: studio.ProjectID{ID: d.mark()}, Client: d.mark(), Last: d.number()%2 == 1}
		for range d.length(3) {
			ev := d.event()
			ev.Chain = d.chain()
			q.Events = append(q.Events, ev)
		}
		trip(t, wire.FoundCodec(), q.Project, q.Client, q, wire.FoundReply{HeadSeq: d.number(), Chain: d.chain()})
	}))
	t.Run("Probe", rapid.MakeCheck(func(t *rapid.T) {
		d := drawing{t}
		q, a := wire.ProbeRequest{Project: studio.ProjectID{ID: d.mark()}}, wire.ProbeReply{}
		for range d.length(20) {
			q.Seqs = append(q.Seqs, d.number())
			a.Chain8 = append(a.Chain8, d.eight())
		}
		trip(t, wire.ProbeCodec(), q.Project, studio.ID{}, q, a)
	}))
}

func TestHealingComesBackAsItWasSent(t *testing.T) {
	t.Run("Witness", rapid.MakeCheck(func(t *rapid.T) {
		d := drawing{t}
		q := wire.WitnessRequest{Project: studio.ProjectID{ID: d.mark()}, Client: d.mark(), Generation: d.eight(), Chain: d.chain()}
		q.Head = d.signed(q.Project)
		for range d.length(3) {
			q.Events = append(q.Events, d.event())
		}
		for range d.length(3) {
			q.Tail = append(q.Tail, d.chain())
		}
		a := wire.WitnessReply{Nearer: d.signed(q.Project), HeadSeq: d.number(), Healed: uint32(d.number()), Parked: uint32(d.number())}
		trip(t, wire.WitnessCodec(), q.Project, q.Client, q, a)
	}))
	t.Run("Deposit", rapid.MakeCheck(func(t *rapid.T) {
		d := drawing{t}
		push := d.push()
		q := wire.DepositRequest{Project: push.Project, Client: push.Client, Key: wire.DepositKeyInTests, Ops: push.Ops,
			Unreadable: d.number()%2 == 1}
		reply := d.pushReply(push)
		trip(t, wire.DepositCodec(), q.Project, q.Client, q, wire.DepositReply{Outcomes: reply.Outcomes, Stop: reply.Stop.Code})
	}))
}

func TestTheKeyOfARowIsReadFromItsForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawing{t}.row()
		key, ok := wire.KeyOf(r.Table, r.Bytes)
		row, err := studio.DecodeRow(r.Table, r.Bytes)
		if err != nil || r.Bytes == nil {
			require.False(t, ok, "what studio does not read has its key beside it")
			return
		}
		require.True(t, ok)
		require.Equal(t, row.Key(), key)
	})
}

func TestAnOpIsNeverLongerThanItsSize(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := drawing{t}.push()
		for i := range q.Ops {
			q.Ops[i].Body = make([]byte, rapid.IntRange(0, 40_000).Draw(t, "body"))
			one := wire.PushRequest{Project: q.Project, Client: q.Client, Ops: q.Ops[i : i+1]}
			b, err := wire.PushCodec().EncodeRequest(one)
			require.NoError(t, err)
			require.LessOrEqual(t, len(b), q.Ops[i].Size())
		}
	})
}

// aPush is the push of FORMAT.md: a move and its undoing.
func aPush() wire.PushRequest {
	ids := newClock(7)
	q := wire.PushRequest{Project: studio.ProjectID{ID: newID(ids)}, Client: newID(ids), Generation: wire.Generation{1, 2, 3, 4, 5, 6, 7, 8}}
	task, from, to, first := newID(ids), studio.StatusID{ID: newID(ids)}, studio.StatusID{ID: newID(ids)}, studio.OpID{ID: newID(ids)}
	q.Ops = []wire.Op{
		wire.OpOf(41, studio.Op{ID: first, Kind: studio.KindStatusSet, Entity: task, Group: studio.GroupID{ID: newID(ids)},
			MadeHybrid: ids.Hybrid(), Body: &studio.StatusBody{From: from, To: to, Reason: "ready"}}),
		wire.OpOf(42, studio.Op{ID: studio.OpID{ID: newID(ids)}, Kind: studio.KindStatusSet, Entity: task, Undoes: first,
			MadeHybrid: ids.Hybrid(), Body: &studio.StatusBody{From: to, To: from}}),
	}
	return q
}

func TestTheBytesAreThoseOfTheSpecification(t *testing.T) {
	q := aPush()
	request, err := wire.PushCodec().EncodeRequest(q)
	require.NoError(t, err)
	reply, err := wire.PushCodec().EncodeReply(q, wire.PushReply{Lmid: 42, HeadSeq: 1002, Chain8: [8]byte{0xc0, 1},
		Outcomes: []wire.Outcome{{Op: q.Ops[0].ID, Verdict: studio.Applied, Seq: 1001},
			{Op: q.Ops[1].ID, Verdict: studio.Refused, Reason: studio.CodeStaleStatus, Seq: 1002}}})
	require.NoError(t, err)
	golden(t, "testdata/push.hex", fmt.Sprintf("request %s\nreply %s\n", hex.EncodeToString(request), hex.EncodeToString(reply)))
	specified(t, request)
}

func TestWhatIsOverALimitIsNeitherSentNorTaken(t *testing.T) {
	ids := newClock(3)
	project, client := studio.ProjectID{ID: newID(ids)}, newID(ids)
	op := func(body int) wire.Op {
		return wire.Op{N: 1, Kind: 1, ID: studio.OpID{ID: newID(ids)}, Body: make([]byte, body)}
	}
	ops := func(n, body int) (q wire.PushRequest) {
		for range n {
			q.Ops = append(q.Ops, op(body))
		}
		return q
	}
	_, err := wire.PushCodec().EncodeRequest(ops(wire.PushOpsMax, 100))
	require.NoError(t, err)
	for name, q := range map[string]wire.PushRequest{
		"ops": ops(wire.PushOpsMax+1, 0), "bytes": ops(20, wire.PushBytesMax/20),
		"no n":    {Ops: []wire.Op{{Kind: 1, ID: studio.OpID{ID: client}}}},
		"no kind": {Ops: []wire.Op{{N: 1, ID: studio.OpID{ID: client}}}},
		"no id":   {Ops: []wire.Op{{N: 1, Kind: 1}}},
	} {
		_, err := wire.PushCodec().EncodeRequest(q)
		require.ErrorIs(t, err, wire.ErrMalformed, name)
	}
	long := strings.Repeat("x", wire.TextBytesMax+1)
	_, err = wire.HelloCodec().EncodeRequest(wire.HelloRequest{Device: long})
	require.ErrorIs(t, err, wire.ErrMalformed)
	_, err = wire.HelloCodec().EncodeRequest(wire.HelloRequest{Device: "\xff"})
	require.ErrorIs(t, err, wire.ErrMalformed)
	_, err = wire.HelloCodec().EncodeRequest(wire.HelloRequest{Project: project, Seen: wire.Signed{Project: studio.ProjectID{ID: client}}})
	require.ErrorIs(t, err, wire.ErrMalformed)
	_, err = wire.HelloCodec().EncodeReply(wire.HelloRequest{}, wire.HelloReply{StudioKey: []byte{1}})
	require.ErrorIs(t, err, wire.ErrMalformed)
	hashes := make([]studio.Hash, wire.HaveHashesMax+1)
	_, err = wire.HaveCodec().EncodeRequest(wire.HaveRequest{Hashes: hashes})
	require.ErrorIs(t, err, wire.ErrMalformed)
	_, err = wire.HaveCodec().EncodeReply(wire.HaveRequest{Hashes: hashes[:2]}, wire.HaveReply{Have: []bool{true}})
	require.ErrorIs(t, err, wire.ErrMalformed)
	_, err = wire.ProbeCodec().EncodeRequest(wire.ProbeRequest{Seqs: make([]uint64, wire.ProbeSeqsMax+1)})
	require.ErrorIs(t, err, wire.ErrMalformed)
	_, err = wire.PullCodec().EncodeRequest(wire.PullRequest{MaxBytes: wire.PullBytesMax + 1})
	require.ErrorIs(t, err, wire.ErrMalformed)
	_, err = wire.PushCodec().EncodeReply(ops(1, 0), wire.PushReply{Outcomes: []wire.Outcome{{Op: studio.OpID{ID: client}, Verdict: 1}}})
	require.ErrorIs(t, err, wire.ErrMalformed, "an outcome of another op")
}

func TestBytesThatNoEndWritesAreRefused(t *testing.T) {
	ids := newClock(4)
	project, client := studio.ProjectID{ID: newID(ids)}, newID(ids)
	id := hex.EncodeToString(client[:])
	for name, b := range map[string]string{
		"a generation of 7 bytes":  "0a0701020304050607",
		"a zero generation":        "0a080000000000000000",
		"an id of 15 bytes":        "1213" + "120f" + id[:30] + "2801",
		"an op without id":         "12022801",
		"an op of kind 256":        "1215" + "1210" + id + "288002",
		"a field that is cut":      "0a08010203",
		"a wire type that is none": "0f",
	} {
		raw, err := hex.DecodeString(b)
		require.NoError(t, err, name)
		_, err = wire.PushCodec().DecodeRequest(project, client, raw)
		require.Error(t, err, name)
	}
	_, err := wire.PushCodec().DecodeRequest(studio.ProjectID{}, client, nil)
	require.ErrorIs(t, err, wire.ErrMalformed)
	_, err = wire.PushCodec().DecodeRequest(project, studio.ID{}, nil)
	require.ErrorIs(t, err, wire.ErrMalformed)
	many := strings.Repeat("\x12\x00", 100_000) // empty ops: each would be 200 bytes in memory
	_, err = wire.PushCodec().DecodeRequest(project, client, []byte(many))
	require.ErrorIs(t, err, wire.ErrMalformed)
	_, err = wire.PullCodec().DecodeReply(wire.PullRequest{Project: project}, []byte(strings.Repeat("\x0a\x00", 100_000)))
	require.ErrorIs(t, err, wire.ErrMalformed)
	q := wire.HaveRequest{Hashes: make([]studio.Hash, 3)}
	for _, b := range []string{"", "0a0108", "0a020100"} { // no bits; a bit of a fourth hash; a byte too many
		raw, err := hex.DecodeString(b)
		require.NoError(t, err)
		_, err = wire.HaveCodec().DecodeReply(q, raw)
		require.ErrorIs(t, err, wire.ErrMalformed)
	}
}

func TestARowThatSaysItsKeyTwiceIsRefused(t *testing.T) {
	ids := newClock(5)
	row := studio.Asset{ID: studio.AssetID{ID: newID(ids)}, Name: "robot"}
	b := studio.EncodeRow(row)
	message := append([]byte{0x0a, byte(2 + 18 + 2 + len(b)), 0x08, byte(row.Table()), 0x12, 0x10}, row.Key()...)
	message = append(append(message, 0x1a, byte(len(b))), b...)
	_, err := wire.PullCodec().DecodeReply(wire.PullRequest{}, message)
	require.ErrorIs(t, err, wire.ErrMalformed)
}
