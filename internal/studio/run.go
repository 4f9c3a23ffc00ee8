package studio

// Done is an op that was decided and applied, with all that is written of it.
type Done struct {
	Op       Op
	Decision Decision
	Event    Event
	Undo     []Image
	Line     *Line // nil: not shown in the log, or the state is silent
}

// Run decides an op over the state, applies it and the ops that follow from it, and returns them in order. Every verdict is
// an event; what changes nothing has no rows. keep, which may be nil, may refuse the first decision: nothing is applied
// then, and its error comes back. at.Seq is the first one's; those that follow have the next ones.
func (s *State) Run(op Op, at Moment, keep func(Decision) error) ([]Done, error) {
	var done []Done
	for todo := []Op{op}; len(todo) > 0; todo = todo[1:] {
		d := Decide(s, todo[0], at)
		if err := s.Err(); err != nil {
			return nil, err
		}
		if keep != nil {
			if err := keep(d); err != nil {
				return nil, err
			}
			keep = nil
		}
		one := Done{Op: todo[0], Decision: d, Event: EventOf(s, todo[0], at, d)}
		if !s.silent {
			if line, shown := LineOf(one.Event, todo[0].Body, s, d); shown {
				one.Line = &line
			}
		}
		one.Undo = s.Apply(d, one.Event)
		done = append(done, one)
		todo = append(todo, d.System...)
		at.Seq, at.System, at.Cause, at.Client = at.Seq+1, true, op.ID, ID{}
		if !d.As.IsZero() {
			at.Actor = d.As
		}
	}
	return done, nil
}
