package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/server"
	"framehold/internal/studio"
)

// A project that has used up its quota takes no new bytes, and a seal waits; what is here already stays so, and with more room
// all of it goes on (row B17).
func TestAFullProjectTakesNoMoreBytesUntilThereIsRoom(t *testing.T) {
	c := newCrew(t)
	film := c.film.state.Project()
	limited := func(bytes int64) {
		t.Helper()
		film.Options.QuotaBytes = bytes
		defer func() { film.Ver++ }()
		c.applied(c.ana, c.ana.op(studio.KindProjectSet, film.ID.ID, &studio.RowBody{SeenVer: film.Ver, Row: studio.EncodeRow(film)}))
	}
	stored := func() int64 {
		t.Helper()
		bytes, err := server.Stored(t.Context(), c.srv, c.film.id)
		require.NoError(t, err)
		return bytes
	}
	first, second := newFile(200_000, 21), newFile(200_000, 22)
	c.uploaded(c.ben, first.bytes())
	full := stored()
	require.Positive(t, full)

	limited(full + 1000)
	c.applied(c.ben, c.announce(c.ben, second, studio.Hash{}))
	require.Equal(t, "quota", c.ben.upload(c.film.id, second.bytes()).code(), "there is room, but not for so much")
	require.Equal(t, full, stored())
	limited(full)
	require.Equal(t, "quota", c.ben.upload(c.film.id, second.bytes()).code())
	reply := c.ben.push(c.film.id, c.generation, c.seal(c.ben))
	require.Equal(t, studio.Noop, reply.Outcomes[0].Verdict)
	require.Equal(t, studio.CodeQuota, reply.Outcomes[0].Reason)
	c.uploaded(c.ben, first.bytes()) // it is here

	limited(0)
	c.uploaded(c.ben, second.bytes())
	c.applied(c.ben, c.seal(c.ben))
	require.Greater(t, stored(), full)
}
