package server_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

var histories = flag.Int("server.histories", 1, "how many histories of concurrent clients are checked")

const (
	historyClients = 8
	historyOps     = 2000
	historyShots   = 20
)

// asked is one call of a client, and what it was answered: on one task.
type asked struct {
	shot       int
	kind       studio.Kind // assign, status.set, checkpoint.seal
	by, to     int         // clients; -1: nobody
	token      studio.AssignmentID
	expect     studio.AssignmentID
	status     int
	checkpoint studio.CheckpointID
	base       studio.CheckpointID
}

// task is one task as a single computer would have it: the model that concurrent clients must not be able to tell from the
// server.
type task struct {
	holder int
	token  studio.AssignmentID
	status int
	head   studio.CheckpointID
	parked []waiting
}

type waiting struct {
	checkpoint, base studio.CheckpointID
	author           int
	back             bool // it comes back with its author: it was parked for its author alone
}

// next is the one answer to a call, and the task after it.
func (s task) next(in asked) (studio.Verdict, task) {
	switch in.kind {
	case studio.KindAssign:
		if s.holder == in.to {
			return studio.Noop, s
		}
		if s.token != in.expect {
			return studio.Refused, s
		}
		s.holder, s.token = in.to, in.token
		if in.to < 0 {
			s.token = studio.AssignmentID{}
		}
		return studio.Applied, s.rejoined()
	case studio.KindStatusSet:
		if s.status == in.status {
			return studio.Noop, s
		}
		s.status = in.status
		return studio.Applied, s
	default:
		if s.holder == in.by && s.head == in.base {
			s.head = in.checkpoint
			return studio.Applied, s
		}
		s.parked = append(slices.Clone(s.parked), waiting{in.checkpoint, in.base, in.by, s.holder != in.by})
		return studio.Kept, s
	}
}

// rejoined is row C13.
func (s task) rejoined() task {
	for i, w := range s.parked {
		if w.author == s.holder && w.back && w.base == s.head {
			s.head, s.parked = w.checkpoint, slices.Delete(slices.Clone(s.parked), i, i+1)
			return s
		}
	}
	return s
}

func taskModel() porcupine.Model {
	return porcupine.Model{
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			parts := make([][]porcupine.Operation, historyShots)
			for _, op := range history {
				at := op.Input.(asked).shot
				parts[at] = append(parts[at], op)
			}
			return parts
		},
		Init: func() any { return task{holder: -1} },
		Step: func(state, in, out any) (bool, any) {
			verdict, after := state.(task).next(in.(asked))
			return verdict == out.(studio.Verdict), after
		},
		Equal: func(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) },
	}
}

// known is what clients have heard of the tasks: often stale, as it is between people.
type known struct {
	mu    sync.Mutex
	token [historyShots]studio.AssignmentID
	head  [historyShots]studio.CheckpointID
}

func (k *known) of(shot int) (studio.AssignmentID, studio.CheckpointID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.token[shot], k.head[shot]
}

func (k *known) hear(in asked, verdict studio.Verdict) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if verdict != studio.Applied {
		return
	}
	switch in.kind {
	case studio.KindAssign:
		k.token[in.shot] = in.token
		if in.to < 0 {
			k.token[in.shot] = studio.AssignmentID{}
		}
	case studio.KindSeal:
		k.head[in.shot] = in.checkpoint
	}
}

// history lets clients work at once and writes down what they asked, were answered, and when.
func history(t *testing.T, seed uint64) []porcupine.Operation {
	m := newMatrix(t, seed)
	defer m.stage.stop()
	names := m.names[1 : 1+historyClients]
	var shots []studio.AssetID
	for i := range historyShots {
		m.asset(fmt.Sprintf("task%02d", i), "")
		shots = append(shots, m.o.assets[fmt.Sprintf("task%02d", i)].asset)
	}
	content := newFile(5000, 1)
	for _, name := range names {
		m.role(name, "Production Manager")
		require.Equal(t, 200, m.people[name].upload(m.film.id, content.bytes()).status)
	}
	statuses := []studio.StatusID{m.film.status}
	for _, st := range m.film.state.Statuses() {
		if st.Category == studio.CategoryActive {
			statuses = append(statuses, st.ID)
		}
	}
	require.Len(t, statuses, 2)
	var heard known
	var mu sync.Mutex
	var all []porcupine.Operation
	var failed error
	var clients sync.WaitGroup
	began := time.Now()
	for c, name := range names {
		clients.Go(func() {
			p, r := m.people[name], rand.New(rand.NewPCG(seed, uint64(c)))
			for range historyOps / historyClients {
				in, ops := m.someOp(p, c, r, &heard, names, shots, statuses, content)
				call := time.Since(began).Nanoseconds()
				verdict, err := p.answered(t.Context(), m.film.id, m.gen, ops)
				back := time.Since(began).Nanoseconds()
				heard.hear(in, verdict)
				mu.Lock()
				all = append(all, porcupine.Operation{ClientId: c, Input: in, Call: call, Output: verdict, Return: back})
				if err != nil && failed == nil {
					failed = err
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	clients.Wait()
	require.NoError(t, failed)
	return all
}

// someOp makes a call: of what the client believes, or of what it has made up.
func (m *matrix) someOp(p *person, me int, r *rand.Rand, heard *known, names []string, shots []studio.AssetID,
	statuses []studio.StatusID, content file) (asked, []studio.Op) {
	in := asked{shot: r.IntN(len(shots)), by: me}
	token, head := heard.of(in.shot)
	if r.IntN(10) == 0 {
		token = studio.AssignmentID{}
	}
	shot := shots[in.shot].ID
	switch r.IntN(5) {
	case 0, 1:
		in.kind, in.to, in.expect = studio.KindAssign, r.IntN(len(names)+1)-1, token
		to := studio.UserID{}
		if in.to >= 0 {
			to = m.members[names[in.to]].User
		}
		op := p.op(studio.KindAssign, shot, &studio.AssignBody{To: to, Expect: token})
		in.token = studio.AssignmentID{ID: op.ID.ID}
		return in, []studio.Op{op}
	case 2:
		in.kind, in.status = studio.KindStatusSet, r.IntN(len(statuses))
		return in, []studio.Op{p.op(studio.KindStatusSet, shot, &studio.StatusBody{From: statuses[1-in.status], To: statuses[in.status]})}
	default:
		in.kind, in.base, in.checkpoint = studio.KindSeal, head, studio.CheckpointID{ID: m.stage.o.Clock.NewID()}
		return in, []studio.Op{
			p.op(studio.KindAnnounce, shot, &studio.AnnounceBody{Checkpoint: in.checkpoint, Base: head, Assignment: token,
				Status: statuses[0], Manifest: content.manifest, Bytes: content.size, Comment: "x"}),
			p.op(studio.KindSeal, shot, &studio.SealBody{Checkpoint: in.checkpoint})}
	}
}

// answered pushes ops and returns the verdict of the last.
func (p *person) answered(ctx context.Context, project studio.ProjectID, generation wire.Generation, ops []studio.Op) (studio.Verdict, error) {
	q := wire.PushRequest{Project: project, Client: p.client, Generation: generation}
	for _, op := range ops {
		p.n++
		q.Ops = append(q.Ops, wire.OpOf(p.n, op))
	}
	reply, err := p.wire().Push(ctx, q)
	if err != nil {
		return 0, err
	}
	if len(reply.Outcomes) != len(ops) {
		return 0, fmt.Errorf("stopped: %+v", reply.Stop)
	}
	return reply.Outcomes[len(ops)-1].Verdict, nil
}

// Whatever clients do at once, they are answered as by one computer that does one thing after the other (I1, I2, I6).
func TestWhatIsDoneAtOnceIsAnsweredAsIfInTurn(t *testing.T) {
	counts := map[studio.Verdict]int{}
	for seed := range uint64(*histories) {
		ops := history(t, seed+1)
		require.Len(t, ops, historyOps)
		for _, op := range ops {
			counts[op.Output.(studio.Verdict)]++
		}
		if porcupine.CheckOperationsTimeout(taskModel(), ops, time.Minute) != porcupine.Ok {
			t.Fatalf("seed %d is not linearizable", seed+1)
		}
	}
	require.Positive(t, counts[studio.Refused])
	require.Positive(t, counts[studio.Kept])
	t.Logf("%d histories of %d operations by %d clients, all linearizable: %v", *histories, historyOps, historyClients, counts)
}

// The check itself sees a server that gives one task to two people.
func TestAWrongAnswerIsNotLinearizable(t *testing.T) {
	give := func(c, to int, call, back int64) porcupine.Operation {
		return porcupine.Operation{ClientId: c, Call: call, Return: back, Output: studio.Applied,
			Input: asked{kind: studio.KindAssign, by: c, to: to, token: studio.AssignmentID{ID: studio.ID{byte(to + 1)}}}}
	}
	require.True(t, porcupine.CheckOperations(taskModel(), []porcupine.Operation{give(0, 0, 0, 10)}))
	require.False(t, porcupine.CheckOperations(taskModel(), []porcupine.Operation{give(0, 0, 0, 10), give(1, 1, 5, 15)}))
}
