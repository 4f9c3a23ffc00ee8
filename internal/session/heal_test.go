package session_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/projectdb"
	"framehold/internal/replica"
	"framehold/internal/server"
	"framehold/internal/serverdb"
	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// notes writes a note.
func (a *artist) notes(id studio.AssetID, text string) {
	a.t.Helper()
	_, out, err := a.AddNote(a.t.Context(), id, text)
	done(a.t, out, err)
}

// round is one conversation with the server, however it ends.
func (a *artist) round() replica.State {
	a.t.Helper()
	a.sync.Wake(true)
	state, err := a.sync.Round(a.t.Context())
	require.NoError(a.t, err)
	return state
}

// ownOps lists the acts of a kind that the base does not show yet.
func (a *artist) ownOps(kind studio.Kind) (ops []projectdb.QueuedOp) {
	a.t.Helper()
	require.NoError(a.t, session.Store(a.Session).Read(a.t.Context(), func(snap *projectdb.Snapshot) error {
		queue, err := snap.Queue()
		for _, q := range queue {
			if q.Op.Kind == kind {
				ops = append(ops, q)
			}
		}
		return err
	}))
	return ops
}

// who lost their place hands in what they had not sent, without a click; they read where it is, and their store stays whole.
func TestWhoLostTheirPlaceHandsInWhatWasNotSent(t *testing.T) {
	f, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	ben.write("ben.blend", "one")
	made := save(t, ben.Session, "ben.blend", "one", "")
	require.NoError(t, made.Err)
	require.NoError(t, ana.RemoveMember(t.Context(), "ben"))
	ana.syncs()

	require.Equal(t, replica.NotAMember, ben.round())
	f.tx(func(tx serverdb.Tx) error {
		k, ok := tx.Checkpoint(made.ID)
		require.True(t, ok, "it was told of at once")
		require.Equal(t, studio.Announced, k.State)
		return nil
	})
	state, err := ben.SyncState(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, state.Unsent, "the seal waits for its bytes")
	ben.handsInBytes(made.ID)
	require.Equal(t, replica.NotAMember, ben.round())
	state, err = ben.SyncState(t.Context())
	require.NoError(t, err)
	require.Zero(t, state.Unsent)
	cards, err := ben.Inbox(t.Context())
	require.NoError(t, err)
	require.Len(t, cards, 1)
	require.Equal(t, studio.CodeNotMember, cards[0].Code)
	require.Equal(t, replica.NotAMember, ben.round(), "again")
	cards, err = ben.Inbox(t.Context())
	require.NoError(t, err)
	require.Len(t, cards, 1, "it is told once")
	ben.proves()
	require.Equal(t, "one", ben.read("ben.blend"), "the file stays")

	ana.syncs()
	ana.proves()
	k, err := ana.Version(t.Context(), made.Asset, made.ID.String())
	require.NoError(t, err)
	require.Equal(t, studio.Parked, k.State)
	parked, err := ana.Parked(t.Context(), false)
	require.NoError(t, err)
	require.Len(t, parked, 1)
}

// Who has no place any more cannot see that the server went back: what was announced before is handed in again with what is
// still to be sealed, so that what was saved has its place (row H3).
func TestWhoHandsInGivesBackAnAnnouncementThatWasLost(t *testing.T) {
	f, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	before := f.db.Copy()
	ben.write("ben.blend", "one")
	made := save(t, ben.Session, "ben.blend", "one", "")
	require.NoError(t, made.Err)
	ben.syncs()
	require.Equal(t, 1, ben.queued(), "the seal waits for its bytes; the announcement is in the base")

	f.db = before
	f.tx(func(tx serverdb.Tx) error {
		_, known := tx.Checkpoint(made.ID)
		require.False(t, known)
		gone, _ := tx.Member(ben.Me())
		gone.Gone = true
		head := tx.Head()
		ev := studio.Event{Seq: head.Seq + 1, Op: studio.OpID{ID: studio.IDFrom(randomID())}, Actor: ana.Me(), Kind: studio.KindMemberSet,
			Entity: ben.Me().ID, ReceivedMs: head.ServerMs, Verdict: studio.Applied}
		ev.Chain = ev.NextChain(head.Chain)
		return errors.Join(tx.Append([]studio.Event{ev}), tx.Put(ev.Seq, []studio.Row{gone}, nil))
	})
	require.Equal(t, replica.NotAMember, ben.round())
	require.Empty(t, ben.cards(), "nothing is to be done")
	ben.proves()
	ben.handsInBytes(made.ID)
	require.Equal(t, replica.NotAMember, ben.round())
	f.tx(func(tx serverdb.Tx) error {
		k, known := tx.Checkpoint(made.ID)
		require.True(t, known)
		require.Equal(t, studio.Parked, k.State)
		return nil
	})
	require.Equal(t, []studio.Code{studio.CodeNotMember}, ben.cards())
	ben.proves()
}

// handsInBytes hands the bytes of a checkpoint in, as the lane of content does.
func (a *artist) handsInBytes(k studio.CheckpointID) {
	a.t.Helper()
	var hands server.Hands
	require.NoError(a.t, session.Store(a.Session).Read(a.t.Context(), func(snap *projectdb.Snapshot) error {
		row, _ := snap.Replica()
		hands.Key = row.DepositKey
		hands.Announce, _ = snap.AnnounceOf(k)
		return nil
	}))
	a.hands = &hands
	a.uploads()
	a.hands = nil
}

// TestCase_A8: an op that every push fails with is found by halving, and handed in as it is; all others go through.
func TestCase_A8(t *testing.T) {
	f, ana, _ := newFilm(t, nil)
	ana.syncs()
	id := asset(t, ana.Session, "nobody.blend")
	var bad studio.OpID
	for i := range 20 {
		ana.notes(id, "note "+string(rune('a'+i)))
		if i == 13 {
			notes := ana.ownOps(studio.KindNoteAdd)
			bad = notes[len(notes)-1].Op.ID
		}
	}
	f.poison = func(o wire.Op) bool { return o.ID == bad }
	pushes := 0
	for ana.queued() > 0 {
		ana.round()
		pushes++
		require.Less(t, pushes, 20)
	}
	f.tx(func(tx serverdb.Tx) error {
		ev, ok := tx.Event(bad)
		require.True(t, ok)
		require.Equal(t, studio.Kept, ev.Verdict)
		require.Equal(t, studio.CodeUnreadable, ev.Reason)
		require.NotEmpty(t, ev.Body)
		require.Len(t, tx.Notes(id), 19)
		return nil
	})
	cards, err := ana.Inbox(t.Context())
	require.NoError(t, err)
	require.Equal(t, studio.CodeUnreadable, cards[len(cards)-1].Code)
	ana.proves()
}

// A checkpoint whose announcement could not be read stays on this computer, as a safety checkpoint with its bytes.
func TestACheckpointThatCouldNotBeReadStaysHere(t *testing.T) {
	f, ana, _ := newFilm(t, nil)
	ana.syncs()
	ana.write("ana.blend", "one")
	made := save(t, ana.Session, "ana.blend", "one", "")
	require.NoError(t, made.Err)
	bad := ana.ownOps(studio.KindAnnounce)[0].Op.ID
	f.poison = func(o wire.Op) bool { return o.ID == bad }
	ana.uploads()
	for range 8 {
		ana.round()
	}
	require.Zero(t, ana.queued())
	k, err := ana.Version(t.Context(), made.Asset, made.ID.String())
	require.NoError(t, err)
	require.Equal(t, studio.Safety, k.State)
	ana.proves()
	ana.write("ana.blend", "two")
	require.NoError(t, save(t, ana.Session, "ana.blend", "two", "").Err)
	f.poison = nil
	ana.sends()
	require.Zero(t, ana.queued())
}

// TestCase_H4's client half: what others lost comes back by who has seen it, and every store has it again.
func TestAWitnessGivesBackWhatOthersLost(t *testing.T) {
	f, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	backup := f.db.Copy()
	give(t, ana.Session, asset(t, ana.Session, "nobody.blend"), ben.Me())
	ana.syncs()
	ben.syncs()
	out, err := ben.SetStatus(t.Context(), session.StatusRequest{Assets: []studio.AssetID{asset(t, ben.Session, "nobody.blend")}, To: status(t, ben.Session, "wip")})
	done(t, out, err)
	ben.syncs()
	ana.syncs()
	was := info(t, ana.Session, asset(t, ana.Session, "nobody.blend"))

	f.db = backup.Copy() // silently
	ana.syncs()          // ben's computer is away
	require.NotEqual(t, [8]byte{1}, f.head().Generation, "it was found out")
	now := info(t, ana.Session, asset(t, ana.Session, "nobody.blend"))
	require.Equal(t, ben.Me(), now.Assignee)
	require.Equal(t, was.Status, now.Status, "ben's move, given back by ana in its old place behind the assignment")
	ana.proves()
	ben.syncs()
	ben.proves()
	require.Zero(t, ben.queued())
}

// TestCase_G6: a store was copied to another computer. Both go on, and no act of either is lost or done twice.
func TestCase_G6(t *testing.T) {
	f, ana, _ := newFilm(t, nil)
	ana.syncs()
	id := asset(t, ana.Session, "ana.blend")
	ana.notes(id, "before the copy")
	twin := f.again(&artist{world: ana.copied("ana"), film: f, account: ana.account}, "ana")
	for _, a := range []*artist{ana, twin} {
		a.notes(id, "by one of them")
	}
	for range 3 {
		ana.syncs()
		twin.syncs()
	}
	for _, a := range []*artist{ana, twin} {
		require.Zero(t, a.queued())
		a.proves()
	}
	f.tx(func(tx serverdb.Tx) error {
		require.Len(t, tx.Notes(id), 3)
		return nil
	})
}

// A tag that waits is there, is pulled, and is there: a row that is nothing but its key.
func TestATagThatWaitsStaysAtAPull(t *testing.T) {
	_, ana, _ := newFilm(t, nil)
	ana.syncs()
	id := asset(t, ana.Session, "ana.blend")
	out, err := ana.Set(t.Context(), []studio.AssetID{id}, session.SetRequest{AddTags: []string{"hero"}})
	done(t, out, err)
	ana.syncs()
	ana.proves()
	require.Zero(t, ana.queued())
}
