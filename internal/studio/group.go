package studio

// RunGroup decides the ops of an atomic group, each by the moment that at makes for it, and applies them (row K11). When
// one is refused none is done: that one keeps its reason, the others are REFUSED(group), but notes arrive (row E13). A
// group with checkpoints cannot be atomic, since what was saved is never refused: its ops are decided one by one.
func (s *State) RunGroup(ops []Op, at func(op Op, seq uint64) Moment, seq uint64) ([][]Done, error) {
	g := group{ops, at, seq}
	try := NewState(s)
	try.silent = s.silent
	done, failed, err := g.run(try)
	if err != nil {
		return nil, err
	}
	if failed < 0 || len(ops) == 1 || savesWork(ops) {
		s.Absorb(try)
		return done, nil
	}
	return g.refuse(s, failed, done[failed][0].Decision)
}

// group is the ops of one, the moments they are decided at, and the seq of the first.
type group struct {
	ops []Op
	at  func(Op, uint64) Moment
	seq uint64
}

// run decides the ops one behind the other; failed is the first that is not done, -1 for none.
func (g group) run(over *State) (done [][]Done, failed int, err error) {
	failed = -1
	for i, op := range g.ops {
		one, err := over.Run(op, g.at(op, g.seq), nil)
		if err != nil {
			return nil, 0, err
		}
		g.seq += uint64(len(one))
		done = append(done, one)
		if v := one[0].Decision.Verdict; failed < 0 && (v == Refused || v == Kept) {
			failed = i
		}
	}
	return done, failed, nil
}

func savesWork(ops []Op) bool {
	for _, op := range ops {
		if op.Kind == KindAnnounce || op.Kind == KindSeal {
			return true
		}
	}
	return false
}

// refuse refuses all but the notes; failed keeps its reason.
func (g group) refuse(s *State, failed int, why Decision) (all [][]Done, err error) {
	for i, op := range g.ops {
		moment := g.at(op, g.seq)
		d := Decision{Verdict: Refused, Reason: CodeGroup, Params: Params{N: len(g.ops), Why: string(why.Reason)}}
		if i == failed {
			d = Decision{Verdict: Refused, Reason: why.Reason, Params: why.Params, About: why.About}
		}
		done := []Done{{Op: op, Decision: d, Event: EventOf(s, op, moment, d)}}
		if op.Kind == KindNoteAdd && i != failed {
			done, err = s.Run(op, moment, nil)
		} else {
			s.Record(&done[0].Event)
		}
		if err != nil {
			return nil, err
		}
		g.seq += uint64(len(done))
		all = append(all, done)
	}
	return all, nil
}
