package session_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/projectdb"
	"framehold/internal/replica"
	"framehold/internal/serverdb"
	"framehold/internal/session"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// waiting lists the acts that no server has decided, as they are on the disk.
func (a *artist) waiting() (queue []projectdb.QueuedOp) {
	a.t.Helper()
	d, err := projectdb.Open(a.t.Context(), projectdb.Options{Path: a.store(), FS: fsys.Real(), Clock: clock.System()})
	require.NoError(a.t, err)
	require.NoError(a.t, d.Read(a.t.Context(), func(snap *projectdb.Snapshot) error {
		queue, err = snap.Queue()
		return err
	}))
	require.NoError(a.t, d.Close())
	return queue
}

// cards are what the person still has to see, by their codes.
func (a *artist) cards() (codes []studio.Code) {
	a.t.Helper()
	cards, err := a.Inbox(a.t.Context())
	require.NoError(a.t, err)
	for _, c := range cards {
		codes = append(codes, c.Code)
	}
	return codes
}

// TestCase_A1: what is made without a server is on the disk, and goes by itself when there is one.
func TestCase_A1(t *testing.T) {
	f, ana, _ := newFilm(t, nil)
	ana.syncs()
	f.down = true
	id := asset(t, ana.Session, "ana.blend")
	ana.notes(id, "on the train")
	require.Equal(t, replica.Offline, ana.round())
	queue := ana.waiting()
	require.Len(t, queue, 1)
	require.Zero(t, queue[0].N, "nothing was sent")
	f.down = false
	ana.syncs()
	require.Empty(t, ana.waiting())
	f.tx(func(tx serverdb.Tx) error {
		ev, ok := tx.Event(queue[0].Op.ID)
		require.True(t, ok)
		require.Equal(t, studio.Applied, ev.Verdict)
		return nil
	})
}

// TestCase_A2: the numbers of a batch are on the disk before it is sent, and there is one batch at a time.
func TestCase_A2(t *testing.T) {
	f, ana, _ := newFilm(t, nil)
	ana.syncs()
	id := asset(t, ana.Session, "ana.blend")
	for range 3 {
		ana.notes(id, "one of three")
	}
	pushes := 0
	f.poison = func(o wire.Op) bool { // on its way
		pushes++
		stored := ana.waiting()
		at := slices.IndexFunc(stored, func(q projectdb.QueuedOp) bool { return q.Op.ID == o.ID })
		require.GreaterOrEqual(t, at, 0)
		require.Equal(t, o.N, stored[at].N)
		return false
	}
	ana.syncs()
	require.Equal(t, 3, pushes)
	require.Empty(t, ana.waiting())
}

// A reply that is lost: the batch goes again as it was, and is not done twice (row A3).
func TestALostReplyIsAskedForAgain(t *testing.T) {
	f, ana, _ := newFilm(t, nil)
	ana.syncs()
	id := asset(t, ana.Session, "ana.blend")
	ana.notes(id, "once")
	f.lost = true
	require.Equal(t, replica.Offline, ana.round())
	sent := ana.waiting()
	require.Len(t, sent, 1)
	require.NotZero(t, sent[0].N)
	f.lost = false
	head := f.head().Seq
	ana.syncs()
	require.Equal(t, head, f.head().Seq, "the server had it")
	require.Empty(t, ana.waiting())
	ana.proves()
}

// A reply that comes when a pull has brought the verdict changes nothing: the act is decided, and waits for nothing (row A14).
func TestAReplyThatComesBehindThePullIsIgnored(t *testing.T) {
	f, ana, _ := newFilm(t, nil)
	ana.syncs()
	ana.notes(asset(t, ana.Session, "ana.blend"), "once")
	f.lost = true
	ana.round()
	sent := ana.waiting()
	require.Len(t, sent, 1)
	f.lost = false
	ana.syncs()
	require.Empty(t, ana.waiting())
	late := wire.Outcome{Op: sent[0].Op.ID, Verdict: studio.Applied, Seq: f.head().Seq}
	_, err := session.SyncStore(ana.Session).Keep(t.Context(), replica.Keep{Lmid: sent[0].N, Outcomes: []wire.Outcome{late}})
	require.NoError(t, err)
	require.Empty(t, ana.waiting())
	ana.proves()
}

// TestCase_A10: done in a changed form, with a card that says how.
func TestCase_A10(t *testing.T) {
	_, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	for _, a := range []*artist{ana, ben} {
		out, err := a.New(t.Context(), []session.NewRequest{{Name: "new.blend", Kind: studio.Task}})
		done(t, out, err)
	}
	ana.syncs()
	ben.syncs()
	require.Empty(t, ana.cards())
	require.Equal(t, []studio.Code{studio.CodeRenamed}, ben.cards())
	require.Empty(t, ben.waiting())
	asset(t, ben.Session, "new~2.blend")
	ben.proves()
}

// TestCase_A11: what was refused or parked has a card, and the author goes on by an act of its own.
func TestCase_A11(t *testing.T) {
	_, ana, ben := newFilm(t, map[string]string{"ben": "Supervisor"})
	ana.syncs()
	ben.syncs()
	id := asset(t, ana.Session, "nobody.blend")
	give(t, ana.Session, id, ana.Me())
	give(t, ben.Session, id, ben.Me())
	ana.syncs()
	ben.syncs()
	require.Equal(t, []studio.Code{studio.CodeStaleAssignment}, ben.cards())
	require.Equal(t, ana.Me(), info(t, ben.Session, id).Assignee)
	require.Empty(t, ben.waiting())
	cards, err := ben.Inbox(t.Context())
	require.NoError(t, err)
	require.Equal(t, studio.Refused, cards[0].Verdict)
	give(t, ben.Session, id, ben.Me()) // all the same
	ben.syncs()
	require.Equal(t, ben.Me(), info(t, ben.Session, id).Assignee)
	require.NoError(t, ben.CloseCard(t.Context(), cards[0].ID))
	require.Empty(t, ben.cards())
	ben.proves()
}

// TestCase_A12: a second process of the same store edits, and does not sync beside the first.
func TestCase_A12(t *testing.T) {
	_, ana, _ := newFilm(t, nil)
	ana.syncs()
	first, err := session.SyncLock(ana.Session)
	require.NoError(t, err)
	second := ana.open("ana")
	_, err = session.SyncLock(second)
	require.ErrorIs(t, err, fsys.ErrLocked)
	_, out, err := second.AddNote(t.Context(), asset(t, second, "ana.blend"), "from the other window")
	done(t, out, err)
	require.Equal(t, 1, ana.queued(), "each sees the other's edits")
	ana.syncs()
	require.Zero(t, ana.queued())
	require.NoError(t, first.Close())
	taken, err := session.SyncLock(second) // the first has ended
	require.NoError(t, err)
	require.NoError(t, taken.Close())
}

// TestCase_A13: a disk that fails lets the edit fail before anyone is told that it was saved; the queue is as it was.
func TestCase_A13(t *testing.T) {
	_, ana, _ := newFilm(t, nil)
	ana.syncs()
	id := asset(t, ana.Session, "ana.blend")
	ana.notes(id, "before")
	fails := false
	env := ana.env("ana")
	env.CommitFault = func() error {
		if fails {
			return errors.New("the disk went away")
		}
		return nil
	}
	s, err := session.Open(t.Context(), env, ana.root)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	fails = true
	_, _, err = s.AddNote(t.Context(), id, "never saved")
	require.Error(t, err)
	ana.write("ana.blend", "two")
	_, err = s.CreateCheckpoint(t.Context(), session.CheckpointRequest{Assets: []studio.AssetID{id}, Comment: "never saved"})
	require.Error(t, err)
	fails = false
	queue := ana.waiting()
	require.Len(t, queue, 1)
	require.Equal(t, studio.KindNoteAdd, queue[0].Op.Kind)
	require.Equal(t, "two", ana.read("ana.blend"), "the file is as it was")
}

// TestCase_G9: a store that was edited by hand. Its own triggers refuse it, verify names it, the server ignores it, and the next
// pull heals it.
func TestCase_G9(t *testing.T) {
	f, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	id := asset(t, ben.Session, "ana.blend")
	db := ben.raw()
	_, err := db.Exec(`UPDATE asset SET assignee = ? WHERE id = ?`, ben.Me().Bytes(), id.Bytes())
	require.ErrorContains(t, err, "framehold:")
	names, err := db.Query(`SELECT name FROM sqlite_schema WHERE type = 'trigger'`)
	require.NoError(t, err)
	var triggers []string
	for names.Next() {
		var name string
		require.NoError(t, names.Scan(&name))
		triggers = append(triggers, name)
	}
	require.NoError(t, names.Err())
	for _, name := range triggers {
		_, err := db.Exec(`DROP TRIGGER "` + name + `"`)
		require.NoError(t, err)
	}
	_, err = db.Exec(`UPDATE asset SET assignee = ? WHERE id = ?`, ben.Me().Bytes(), id.Bytes())
	require.NoError(t, err)
	v, err := ben.Verify(t.Context(), nil)
	require.NoError(t, err)
	require.NotEmpty(t, v.Problems, "it names what was forged")

	out, err := ben.SetStatus(t.Context(), session.StatusRequest{Assets: []studio.AssetID{id}, To: status(t, ben.Session, "wip")})
	done(t, out, err) // here he holds it
	ben.syncs()
	require.Equal(t, []studio.Code{studio.CodeNotAssignee}, ben.cards(), "there he does not")
	f.tx(func(tx serverdb.Tx) error {
		a, _ := tx.Asset(id)
		require.Equal(t, ana.Me(), a.Assignee)
		return nil
	})
	ana.notes(id, "news")
	ana.syncs()
	out, err = ana.SetStatus(t.Context(), session.StatusRequest{Assets: []studio.AssetID{id}, To: status(t, ana.Session, "wip")})
	done(t, out, err)
	ana.syncs()
	ben.syncs()
	require.Equal(t, ana.Me(), info(t, ben.Session, id).Assignee, "the sums did not match: all was fetched anew")
}

// TestCase_A0: a verdict with its notes is on the disk at once, and no act yet. Taken back, it leaves nothing; a crash loses
// nothing; at close, or after 5 s at the next start, it is in the log, once.
func TestCase_A0(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	ana := w.init("ana")
	w.write("a.blend", "one")
	id := addTask(t, ana, "a.blend", ana.Me())
	w.write("a.blend", "two")
	require.NoError(t, save(t, ana, "a.blend", "two", "wfa").Err)
	logged := func(s *session.Session) (n int) {
		require.NoError(t, session.Store(s).Read(ctx, func(snap *projectdb.Snapshot) error {
			seq, _ := snap.HeadSeq()
			n = int(seq)
			return nil
		}))
		return n
	}
	before := logged(ana)
	verdict := session.StatusRequest{Assets: []studio.AssetID{id}, To: status(t, ana, "retake"), Notes: []string{"darker", "slower"}}

	j, err := ana.Judge(ctx, verdict)
	require.NoError(t, err)
	require.False(t, j.ID.IsZero())
	require.Equal(t, before, logged(ana))
	took, err := ana.TakeBack(ctx, j.ID)
	require.NoError(t, err)
	require.True(t, took)
	took, err = ana.TakeBack(ctx, j.ID)
	require.NoError(t, err)
	require.False(t, took)

	_, err = ana.Judge(ctx, verdict)
	require.NoError(t, err)
	soon, err := session.Open(ctx, w.env("ana"), w.root) // within its 5 s: it can still be taken back
	require.NoError(t, err)
	require.Equal(t, before, logged(soon))
	later := w.openLater("ana", time.Minute, fsys.Real()) // the process died, and another one starts
	require.Equal(t, "retake", statusOf(t, later, id))
	require.Equal(t, []string{"darker", "slower"}, notesOf(t, later, id))
	now := logged(later)
	require.Greater(t, now, before)
	require.NoError(t, soon.Close())
	require.Equal(t, now, logged(later), "once")

	closing, err := session.Open(ctx, w.env("ana"), w.root)
	require.NoError(t, err)
	_, err = closing.Judge(ctx, session.StatusRequest{Assets: []studio.AssetID{id}, To: status(t, closing, "wip"), Reason: "go on"})
	require.NoError(t, err)
	require.NoError(t, closing.Close())
	require.Equal(t, "wip", statusOf(t, later, id), "the person has gone")

	none, err := later.Judge(ctx, session.StatusRequest{Assets: []studio.AssetID{id}, To: studio.StatusID{ID: studio.ID{1}}})
	require.NoError(t, err)
	require.True(t, none.ID.IsZero(), "what the rules refuse is refused at once")
	require.Error(t, none.Results[0].Err)
	v, err := later.Verify(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, v.Problems)
}

// A verdict that is refused by the time it is made acts has a card with what was written.
func TestAVerdictThatCameTooLateKeepsItsText(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	ana := w.init("ana")
	w.write("a.blend", "one")
	id := addTask(t, ana, "a.blend", ana.Me())
	w.write("a.blend", "two")
	require.NoError(t, save(t, ana, "a.blend", "two", "wfa").Err)
	closing, err := session.Open(ctx, w.env("ana"), w.root)
	require.NoError(t, err)
	_, err = closing.Judge(ctx, session.StatusRequest{Assets: []studio.AssetID{id}, To: status(t, ana, "retake"), Notes: []string{"darker"}})
	require.NoError(t, err)
	trashed, err := ana.Trash(ctx, []studio.ID{id.ID})
	done(t, trashed, err)
	purged, err := ana.Purge(ctx, []studio.AssetID{id})
	done(t, purged, err)
	require.NoError(t, closing.Close())
	cards, err := ana.Inbox(ctx)
	require.NoError(t, err)
	require.Len(t, cards, 1)
	require.Contains(t, cards[0].Params.Mine, "darker")
}

func statusOf(t *testing.T, s *session.Session, id studio.AssetID) string {
	t.Helper()
	_, slug := standing(t, s, id)
	return slug
}

func notesOf(t *testing.T, s *session.Session, id studio.AssetID) (texts []string) {
	t.Helper()
	require.NoError(t, session.Store(s).Read(t.Context(), func(snap *projectdb.Snapshot) error {
		for _, n := range snap.Notes(id) {
			texts = append(texts, n.Text)
		}
		return nil
	}))
	return texts
}

// Of a kind that this program does not know an event is kept as it came; the log goes on behind it, and verify says no more
// than it can know (row H9).
func TestAnEventOfANewerServerIsKeptAsItCame(t *testing.T) {
	f, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	op := studio.OpID{ID: studio.IDFrom(randomID())}
	f.tx(func(tx serverdb.Tx) error {
		head := tx.Head()
		ev := studio.Event{Seq: head.Seq + 1, Op: op, Kind: 250, Entity: f.project.ID, Actor: ana.Me(), Verdict: studio.Applied, Body: []byte("later")}
		ev.Chain = ev.NextChain(head.Chain)
		return tx.Append([]studio.Event{ev})
	})
	ana.notes(asset(t, ana.Session, "ana.blend"), "behind it")
	ana.syncs()
	ben.syncs()
	for _, a := range []*artist{ana, ben} {
		require.NoError(t, session.Store(a.Session).Read(t.Context(), func(snap *projectdb.Snapshot) error {
			ev, ok := snap.Event(op)
			require.True(t, ok)
			require.Equal(t, "later", string(ev.Body))
			return nil
		}))
		a.proves()
	}
}

// A sync with nothing to send is one call, whether something is new or not.
func TestASyncOfNothingIsOneCall(t *testing.T) {
	f, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	before := f.calls
	ana.syncs()
	require.Equal(t, before+1, f.calls)
	ben.notes(asset(t, ben.Session, "ben.blend"), "new")
	ben.syncs()
	before = f.calls
	ana.syncs()
	require.Equal(t, before+1, f.calls, "as many when little is new")
}
