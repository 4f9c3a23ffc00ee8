package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// fuzzRequest wants every request that is taken to be one that is sent, and to have one form.
func fuzzRequest[Q, A any](f *testing.F, c wire.Codec[Q, A], seeds ...Q) {
	ids := newClock(6)
	project, client := studio.ProjectID{ID: newID(ids)}, newID(ids)
	for _, q := range seeds {
		b, err := c.EncodeRequest(q)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := c.DecodeRequest(project, client, b)
		if err != nil {
			return
		}
		once, err := c.EncodeRequest(q)
		require.NoError(t, err)
		again, err := c.DecodeRequest(project, client, once)
		require.NoError(t, err)
		require.Equal(t, q, again)
		twice, err := c.EncodeRequest(again)
		require.NoError(t, err)
		require.Equal(t, once, twice)
	})
}

// fuzzReply does the same for the answers to q.
func fuzzReply[Q, A any](f *testing.F, c wire.Codec[Q, A], q Q, seeds ...A) {
	for _, a := range seeds {
		b, err := c.EncodeReply(q, a)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := c.DecodeReply(q, b)
		if err != nil {
			return
		}
		once, err := c.EncodeReply(q, a)
		require.NoError(t, err)
		again, err := c.DecodeReply(q, once)
		require.NoError(t, err)
		require.Equal(t, a, again)
		twice, err := c.EncodeReply(q, again)
		require.NoError(t, err)
		require.Equal(t, once, twice)
	})
}

func aHead() wire.Signed {
	return wire.Signed{Project: aPush().Project, Generation: wire.Generation{1}, Seq: 9, Chain: [32]byte{2}, ServerMs: 3, Key: 4,
		Signature: make([]byte, 64)}
}

func aPull() wire.PullRequest {
	return wire.PullRequest{Project: aPush().Project, Client: aPush().Client, Cookie: wire.Cookie{Seq: 7, Chain8: [8]byte{1}}, Page: []byte("p")}
}

func aPullReply() wire.PullReply {
	row := studio.TagOn{Asset: studio.AssetID{ID: aPush().Client}, Tag: "hero"}
	return wire.PullReply{
		Rows: []wire.Row{{Table: row.Table(), Key: row.Key(), Bytes: studio.EncodeRow(row)}, {Table: studio.TableNote, Key: "gone"}},
		Events: []studio.Event{{Seq: 8, Op: aPush().Ops[0].ID, Kind: studio.KindTagAdd, Body: []byte{1}},
			{Seq: 9, Op: aPush().Ops[1].ID, Kind: studio.KindTrash, Verdict: studio.Applied}},
		NextPage: []byte("q"), Head: aHead(), Sums: studio.Sums{1: {Lo: 1}, 7: {}}, Whole: true,
	}
}

func FuzzHelloRequest(f *testing.F) {
	fuzzRequest(f, wire.HelloCodec(), wire.HelloRequest{Project: aPush().Project, Device: "desk", Proto: 1, App: "1.0", Seen: aHead(),
		Unsent: wire.Unsent{Checkpoints: 1, Bytes: 2}})
}

func FuzzHelloReply(f *testing.F) {
	fuzzReply(f, wire.HelloCodec(), wire.HelloRequest{}, wire.HelloReply{Generation: wire.Generation{1}, Kinds: []studio.Kind{1, 2},
		StudioKey: make([]byte, 32), User: studio.UserID{ID: aPush().Client}, FullView: true})
}

func FuzzPushRequest(f *testing.F) { fuzzRequest(f, wire.PushCodec(), aPush()) }

func FuzzPushReply(f *testing.F) {
	q := aPush()
	fuzzReply(f, wire.PushCodec(), q, wire.PushReply{Lmid: 41, Outcomes: []wire.Outcome{{Op: q.Ops[0].ID, Verdict: 1, Seq: 4}},
		Stop: wire.Stop{N: 42, Code: wire.StopGap}})
}

func FuzzPullRequest(f *testing.F) { fuzzRequest(f, wire.PullCodec(), aPull()) }

func FuzzPullReply(f *testing.F) { fuzzReply(f, wire.PullCodec(), aPull(), aPullReply()) }

func FuzzWaitRequest(f *testing.F) { fuzzRequest(f, wire.WaitCodec(), wire.WaitRequest{Seq: 7}) }

func FuzzWaitReply(f *testing.F) {
	fuzzReply(f, wire.WaitCodec(), wire.WaitRequest{}, wire.WaitReply{HeadSeq: 8})
}

func FuzzHaveRequest(f *testing.F) {
	fuzzRequest(f, wire.HaveCodec(), wire.HaveRequest{Hashes: []studio.Hash{{1}, {2}}})
}

func FuzzHaveReply(f *testing.F) {
	fuzzReply(f, wire.HaveCodec(), wire.HaveRequest{Hashes: make([]studio.Hash, 9)}, wire.HaveReply{Have: make([]bool, 9)})
}

func FuzzFoundRequest(f *testing.F) {
	q := wire.FoundRequest{Project: aPush().Project, Client: aPush().Client, Last: true}
	for _, ev := range aPullReply().Events {
		ev.Chain = [32]byte{9}
		q.Events = append(q.Events, ev)
	}
	fuzzRequest(f, wire.FoundCodec(), q)
}

func FuzzProbeRequest(f *testing.F) {
	fuzzRequest(f, wire.ProbeCodec(), wire.ProbeRequest{Seqs: []uint64{1, 1 << 40}})
}

func FuzzProbeReply(f *testing.F) {
	fuzzReply(f, wire.ProbeCodec(), wire.ProbeRequest{Seqs: []uint64{1, 2}}, wire.ProbeReply{Chain8: [][8]byte{{1}, {2}}})
}

func FuzzWitnessRequest(f *testing.F) {
	fuzzRequest(f, wire.WitnessCodec(), wire.WitnessRequest{Project: aPush().Project, Client: aPush().Client, Chain: [32]byte{1},
		Events: aPullReply().Events, Tail: [][32]byte{{2}, {3}}})
}

func FuzzDepositRequest(f *testing.F) {
	q := wire.DepositRequest{Project: aPush().Project, Client: aPush().Client, Key: wire.DepositKeyInTests, Ops: aPush().Ops, Unreadable: true}
	fuzzRequest(f, wire.DepositCodec(), q)
}
