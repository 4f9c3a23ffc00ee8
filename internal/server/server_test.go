package server_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// A project is published, two people push, both pull the same, and a checkpoint's bytes come to those who may have them.
func TestAStudioIsPublishedAndWorkedIn(t *testing.T) {
	s := newStage(t)
	ana := s.login("ana")
	ben := s.joined(ana, "ben")
	f := s.newFilm(map[string]studio.UserID{"ana": ana.id, "ben": ben.id}, "ana", "ben")
	ana.publish(f)
	hello := ben.hello(f.id)
	require.Equal(t, uint64(len(f.events)), hello.HeadSeq)
	require.Len(t, hello.StudioKey, 32)

	give := ana.op(studio.KindAssign, f.shots[0].ID, &studio.AssignBody{To: hello.User})
	require.Equal(t, studio.Applied, ana.push(f.id, hello.Generation, give).Outcomes[0].Verdict)

	content := newFile(600_000, 1)
	a := ben.upload(f.id, content.bytes())
	require.Equal(t, 200, a.status, "%s", a.body)
	k := studio.CheckpointID{ID: s.o.Clock.NewID()}
	made := ben.push(f.id, hello.Generation,
		ben.op(studio.KindAnnounce, f.shots[0].ID, &studio.AnnounceBody{Checkpoint: k, Assignment: studio.AssignmentID{ID: give.ID.ID},
			Status: f.status, Manifest: content.manifest, Bytes: content.size, NewBytes: content.size, Comment: "first"}),
		ben.op(studio.KindSeal, f.shots[0].ID, &studio.SealBody{Checkpoint: k}))
	require.Equal(t, wire.Stop{}, made.Stop)
	require.Equal(t, studio.Applied, made.Outcomes[1].Verdict, "%+v", made.Outcomes)
	require.Equal(t, uint32(1), made.Outcomes[1].Version)

	pulled := ana.pull(f.id, wire.Cookie{})
	require.Equal(t, made.HeadSeq, pulled.Head.Seq)
	require.True(t, pulled.Head.SignedBy(hello.StudioKey))
	require.Len(t, pulled.Events, int(made.HeadSeq))

	_, came := ana.fetch(f.id, content.hashes())
	require.Equal(t, content.hashes(), came)
}
