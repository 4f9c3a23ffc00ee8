package soak_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

// acknowledged is what people were told is done.
type acknowledged struct {
	notes  map[string]bool        // by text
	saved  map[string]saved       // checkpoints by id
	pushed map[studio.OpID]uint64 // seqs of ops that the studio has answered
}

// saved is a checkpoint that somebody was told is safe.
type saved struct {
	path    string
	content []byte
}

func nothing() acknowledged {
	return acknowledged{notes: map[string]bool{}, saved: map[string]saved{}, pushed: map[studio.OpID]uint64{}}
}

// lost says what of it the studio has not, in its own files, or has twice.
func (a acknowledged) lost(h *house) error {
	notes, states, seqs := map[string]int{}, map[string]studio.CheckpointState{}, map[studio.OpID]uint64{}
	if err := h.look(func(snap serverdb.Snapshot) error {
		for _, ev := range snap.Events(0, snap.Head().Seq, 1<<30) {
			seqs[ev.Op] = ev.Seq
		}
		return eachRow(snap, func(r studio.Row) {
			switch r := r.(type) {
			case studio.Note:
				notes[r.Text]++
			case studio.Checkpoint:
				states[r.ID.String()] = r.State
			}
		})
	}); err != nil {
		return err
	}
	lost := []string{}
	for text := range a.notes {
		if notes[text] != 1 {
			lost = append(lost, fmt.Sprintf("the note %q is there %d times", text, notes[text]))
		}
	}
	for id := range a.saved {
		if s := states[id]; s != studio.Accepted && s != studio.Parked && s != studio.Step {
			lost = append(lost, fmt.Sprintf("checkpoint %s is in state %d", id, s))
		}
	}
	for op, seq := range a.pushed {
		if seqs[op] != seq {
			lost = append(lost, fmt.Sprintf("op %s, acknowledged as %d, is %d", op, seq, seqs[op]))
		}
	}
	if len(lost) > 0 {
		return fmt.Errorf("lost: %s", strings.Join(lost, "; "))
	}
	return nil
}

// restored brings every checkpoint from the studio, at the computer of someone who may have it.
func (a acknowledged) restored(p *person) error {
	for id, k := range a.saved {
		out := filepath.Join(p.h.dir, "out-"+id)
		if err := p.run(nil, "restore", k.path, "--checkpoint", id, "--out", out).failure(0); err != nil {
			return err
		}
		got, err := os.ReadFile(out)
		if err != nil || !bytes.Equal(got, k.content) {
			return fmt.Errorf("checkpoint %s of %s differs: %d bytes of %d %w", id, k.path, len(got), len(k.content), err)
		}
	}
	return nil
}
