package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// TestCase_A14: a call that was given up comes late. What it did has its verdict since; it does nothing, and says the same.
func TestCase_A14(t *testing.T) {
	c := newCrew(t)
	push := func(ops ...wire.Op) wire.PushReply {
		reply, err := c.ben.wire().Push(t.Context(), wire.PushRequest{Project: c.film.id, Client: c.ben.client, Generation: c.generation, Ops: ops})
		require.NoError(t, err)
		require.Equal(t, wire.Stop{}, reply.Stop)
		return reply
	}
	tag := func(n uint64, text string) wire.Op {
		return wire.OpOf(n, c.ben.op(studio.KindTagAdd, c.film.shots[0].ID, &studio.TagBody{Tag: text}))
	}
	late := []wire.Op{tag(c.ben.n+1, "one"), tag(c.ben.n+2, "two")}
	first := push(late...) // given up by the client
	again := push(late...)
	require.Equal(t, first, again)
	third := push(tag(c.ben.n+3, "three"))
	require.Equal(t, first.HeadSeq+1, third.HeadSeq)
	comes := push(late...)
	require.Equal(t, first.Outcomes, comes.Outcomes, "byte for byte what it was")
	require.Equal(t, third.Lmid, comes.Lmid, "the count does not fall")
	require.Equal(t, third.HeadSeq, comes.HeadSeq, "nothing was done")
}

// TestCase_H6: the bytes of a checkpoint that came back are missing. It stays announced, for everyone to see, until they come
// from whoever has them; what was made on it waits.
func TestCase_H6(t *testing.T) {
	b := newBack(t)
	_, err := b.ana.witness(b.seen.behind(b.yesterday, len(b.seen.events)-int(b.yesterday)))
	require.NoError(t, err)
	state := func() studio.CheckpointState {
		for _, r := range b.cy.pull(b.film.id, wire.Cookie{}).Rows {
			if r.Table == studio.TableCheckpoint {
				row, err := studio.DecodeRow(r.Table, r.Bytes)
				require.NoError(t, err)
				return row.(studio.Checkpoint).State
			}
		}
		return 0
	}
	require.Equal(t, studio.Announced, state())
	content := newFile(100_000, 6)
	b.uploaded(b.ben, content.bytes()) // his computer has them
	reply := b.ben.push(b.film.id, b.generation, studio.Op{ID: b.ops["seal"], Kind: studio.KindSeal, Entity: b.film.shots[0].ID,
		Body: &studio.SealBody{Checkpoint: b.checkpoint}})
	require.Equal(t, studio.Applied, reply.Outcomes[0].Verdict)
	require.Equal(t, studio.Accepted, state())
	_, came := b.ana.fetch(b.film.id, content.hashes())
	require.Equal(t, content.hashes(), came)
}
