package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// How far a checkpoint has come is told by who sends it, of their own announced ones alone; who may not know of the task reads
// nothing (row E16).
func TestHowFarACheckpointHasComeIsToldToWhoMayKnow(t *testing.T) {
	c := newCrew(t)
	content := newFile(300_000, 7)
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}))
	id := c.checkpoint
	sends := func(p *person, says string, frames []wire.Frame) {
		t.Helper()
		a := c.do("POST", "/v1/p/"+c.film.id.String()+"/uploads", p.token, map[string]string{wire.HeaderClient: p.client.String(),
			"Content-Type": "application/octet-stream", "X-Sent": says}, bytes.NewReader(framed(frames)))
		require.Equal(t, 200, a.status, "%s", a.body)
	}
	told := func(p *person) (all []wire.Sent) {
		t.Helper()
		a := c.do("GET", "/v1/p/"+c.film.id.String()+"/arriving", p.token, nil, nil)
		require.Equal(t, 200, a.status)
		var reply wire.ArrivingReply
		require.NoError(t, json.Unmarshal(a.body, &reply))
		return reply.Checkpoints
	}
	for _, nonsense := range []string{"", "x", id.String(), id.String() + " 5/4", id.String() + " -1/4", id.String() + " 1/x", "0 0/0"} {
		sends(c.ben, nonsense, nil)
	}
	sends(c.cy, fmt.Sprintf("%s 1/2", id), nil) // it is not theirs
	require.Empty(t, told(c.ana))

	first := content.frames[0]
	sends(c.ben, fmt.Sprintf("%s 100000/400000", id), []wire.Frame{first})
	want := []wire.Sent{{Checkpoint: id, Done: 100_000 + int64(first.Size), Total: 400_000}}
	require.Equal(t, want, told(c.ana))
	require.Equal(t, want, told(c.cy))
	require.Empty(t, told(c.vic), "a vendor sees their own tasks")

	false_ := first
	false_.Stored = append([]byte{first.Stored[0] + 1}, first.Stored[1:]...)
	a := c.do("POST", "/v1/p/"+c.film.id.String()+"/uploads", c.ben.token, map[string]string{wire.HeaderClient: c.ben.client.String(),
		"X-Sent": fmt.Sprintf("%s 100000/400000", id)}, bytes.NewReader(framed([]wire.Frame{false_})))
	require.Equal(t, 400, a.status)
	require.Empty(t, told(c.ana), "what broke is not on its way")
	sends(c.ben, fmt.Sprintf("%s 100000/400000", id), nil)
	require.Len(t, told(c.ana), 1)

	c.uploaded(c.ben, content.bytes())
	c.applied(c.ben, c.seal(c.ben))
	require.Empty(t, told(c.ana), "it has arrived")
}
