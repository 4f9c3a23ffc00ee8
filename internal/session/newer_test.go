package session_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/projectdb"
	"framehold/internal/serverdb"
	"framehold/internal/session"
	"framehold/internal/studio"
)

// field is a field of a newer program, number 40, with a small value.
func field(value byte) studio.Newer { return studio.Newer([]byte{0xc0, 0x02, value}) }

// newer is what a server does that knows more: an act of a kind that this program lacks, with what it changes.
func (f *film) newer(actor studio.UserID, entity studio.ID, puts, gone []studio.Row) {
	f.t.Helper()
	f.tx(func(tx serverdb.Tx) error {
		head := tx.Head()
		ev := studio.Event{Seq: head.Seq + 1, Op: studio.OpID{ID: studio.IDFrom(randomID())}, Actor: actor, Kind: 90, Entity: entity,
			ReceivedMs: head.ServerMs, Verdict: studio.Applied, Newer: field(7), Body: []byte("whatever it says")}
		ev.Chain = ev.NextChain(head.Chain)
		require.NoError(f.t, tx.Append([]studio.Event{ev}))
		return tx.Put(ev.Seq, puts, gone)
	})
}

// TestCase_H9: what a newer program adds is kept by an older one, whatever that does: fields of rows and events, whole rows of
// tables that it does not know, acts of kinds that it does not know. Both sides go on having the same base.
func TestCase_H9(t *testing.T) {
	ctx := t.Context()
	f, ana, ben := newFilm(t, nil)
	ana.syncs()
	ben.syncs()
	id := asset(t, ana.Session, "ben.blend")
	light := studio.Opaque{Of: 99, At: "key light", Form: string(field(1))}
	var task studio.Asset
	var member studio.Member
	f.tx(func(tx serverdb.Tx) error {
		task, _ = tx.Asset(id)
		for _, m := range tx.Members() {
			if m.Username == "cleo" {
				member = m
			}
		}
		return nil
	})
	before := f.db.Copy()
	task.Newer, member.Newer = field(2), field(3)
	f.newer(ana.Me(), id.ID, []studio.Row{task, member, light}, nil)

	_, out, err := ana.AddNote(ctx, id, "made before it was heard of")
	done(t, out, err)
	out, err = ana.Rename(ctx, id.ID, "renamed.blend")
	done(t, out, err)
	clone := f.blank("ana", ana.account)
	for _, a := range []*artist{ana, ben, clone} {
		a.syncs()
		a.proves()
	}
	out, err = ana.Set(ctx, []studio.AssetID{id}, session.SetRequest{Values: map[studio.Field]string{studio.FieldDescription: "a shot"}})
	done(t, out, err)
	title := "Lighter"
	changed, err := ana.ChangeMember(ctx, session.MemberRequest{Username: "cleo", Title: title})
	require.NoError(t, err)
	require.Equal(t, field(3), changed.Newer)
	ana.syncs()
	f.tx(func(tx serverdb.Tx) error {
		now, _ := tx.Asset(id)
		require.Equal(t, "renamed.blend", now.Name)
		require.Equal(t, "a shot", now.Description)
		require.Equal(t, field(2), now.Newer, "acts of an older program leave it alone")
		return nil
	})

	dim := light
	dim.Form = string(field(9))
	f.newer(ana.Me(), id.ID, []studio.Row{dim, studio.Opaque{Of: 99, At: "fill light", Form: string(field(4))}}, nil)
	f.newer(ana.Me(), id.ID, nil, []studio.Row{studio.Opaque{Of: 99, At: "fill light"}})
	for _, a := range []*artist{ana, clone} {
		a.syncs()
		a.proves()
		require.NoError(t, session.Store(a.Session).Read(ctx, func(snap *projectdb.Snapshot) error {
			require.Equal(t, []studio.Row{dim}, snap.All(studio.TableNewer))
			now, _ := snap.Asset(id)
			require.Equal(t, field(2), now.Newer)
			return snap.Err()
		}))
	}
	require.NoError(t, clone.Close())
	clone = f.again(clone, "ana")
	clone.notes(id, "after a restart")
	clone.syncs()
	clone.proves()

	f.db = before // the newer server's work is lost with its database
	ana.syncs()
	ana.proves()
	require.NoError(t, session.Store(ana.Session).Read(ctx, func(snap *projectdb.Snapshot) error {
		require.Empty(t, snap.All(studio.TableNewer))
		now, _ := snap.Asset(id)
		require.Equal(t, "renamed.blend", now.Name, "one's own is given back")
		require.Empty(t, now.Newer)
		return snap.Err()
	}))
}
