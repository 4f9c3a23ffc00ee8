package app_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/app"
	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/session"
)

// parked is a film in which ben parked a checkpoint of his task from a second working folder, beside v2.
func parked(t *testing.T) (dir string, held map[string]string) {
	t.Helper()
	dir, held = film(t)
	env := session.Env{FS: fsys.Real(), Clock: clock.System(), HomeDir: filepath.Join(dir, "homes", "ben"),
		Fallback: session.Profile{Username: "ben", Name: "ben"}}
	second := filepath.Join(dir, "second")
	ben := open(t, dir, "ben")
	require.NoError(t, os.CopyFS(second, os.DirFS(filepath.Join(dir, "film"))))
	require.NoError(t, session.OwnFolder(t.Context(), env, second))
	write(t, dir, "ben", "two")
	job := ben.done(ben.Checkpoints.Create(app.CheckpointRequest{IDs: []string{held["ben"]}, Comment: "two"}))
	require.Nil(t, job.Error)

	away := &window{t: t, host: &host{ended: map[string]chan app.Job{}},
		App: app.New(context.Background(), env, app.Where{}, slog.New(slog.DiscardHandler))}
	away.Attach(away.host)
	require.NoError(t, away.Open(second))
	defer func() { require.NoError(t, away.Close()) }()
	require.NoError(t, os.WriteFile(filepath.Join(second, "ben.blend"), []byte("beside"), 0o644))
	job = away.done(away.Checkpoints.Create(app.CheckpointRequest{IDs: []string{held["ben"]}, Comment: "mine", Anyway: true}))
	require.Nil(t, job.Error)
	return dir, held
}

func (w *window) parked(all bool) []app.ParkedItem {
	w.t.Helper()
	view, err := w.Checkpoints.Parked(all)
	require.NoError(w.t, err)
	require.Zero(w.t, view.More)
	return view.Items
}

func refusals(item app.ParkedItem) map[string]string {
	codes := map[string]string{}
	for _, v := range item.Verbs {
		codes[v.Verb] = ""
		if v.Refusal != nil {
			codes[v.Verb] = v.Refusal.Code
		}
	}
	return codes
}

func TestParkedWorkIsShownWithWhatEveryVerbLeadsTo(t *testing.T) {
	dir, held := parked(t)
	ben, cleo := open(t, dir, "ben"), open(t, dir, "cleo")
	require.Len(t, ben.parked(false), 1)
	item := ben.parked(false)[0]
	require.Equal(t, "Your checkpoint is safe beside ben.blend.", item.Title)
	require.Equal(t, "You went on from v1 in one place and made v2 in another. Nothing was overwritten.", item.Reason)
	require.Equal(t, []string{"v2*"}, item.Labels)
	require.Equal(t, [3]string{"v1", "v2", "v2*"}, [3]string{item.Base, item.Current.Label, item.Parked.Label})
	require.Equal(t, "mine", item.Parked.Comment)
	require.Equal(t, held["ben"], item.Asset)
	require.Equal(t, "adopt", item.Verbs[0].Verb)
	require.Equal(t, "Becomes v3, the current version. v2 stays in the history.", item.Verbs[0].Consequence)
	require.Contains(t, item.Verbs[1].Consequence, "ben (ben).blend")
	none := map[string]string{"adopt": "", "copy": "", "keep": "", "trash": ""}
	require.Equal(t, none, refusals(item))
	require.Equal(t, none, refusals(cleo.parked(false)[0]), "an admin may")
	require.Equal(t, "Ben Okafor's checkpoint is safe beside ben.blend.", cleo.parked(false)[0].Title)
	require.Contains(t, cleo.parked(false)[0].Verbs[2].Consequence, "Ben Okafor can adopt it too.")

	counts, err := ben.Browser.Counts()
	require.NoError(t, err)
	require.Equal(t, [2]int{1, 1}, [2]int{counts.Parked, counts.ParkedOpen})
	_, err = cleo.Projects.MemberAdd("dora", "Dora", "", "Artist")
	require.NoError(t, err)
	dora := open(t, dir, "dora")
	require.Equal(t, map[string]string{"ask": "", "adopt": "permission", "copy": "permission", "keep": "permission",
		"trash": "permission"}, refusals(dora.parked(false)[0]))
	before := contents(t, dir)
	act, err := dora.Checkpoints.Adopt([]string{item.ID})
	require.NoError(t, err)
	require.Equal(t, "permission", act.Results[0].Error.Code)
	require.Equal(t, before, contents(t, dir))
}

func TestParkedWorkIsKeptTrashedRestoredCopiedAndAdopted(t *testing.T) {
	dir, held := parked(t)
	ben := open(t, dir, "ben")
	root := []string{ben.parked(false)[0].ID}
	state := func() string { return ben.parked(true)[0].State }
	sentence := func(act app.Act, err error) string {
		require.NoError(t, err)
		return act.Sentence
	}
	require.Equal(t, "The parked checkpoint of ben.blend is kept", sentence(ben.Checkpoints.KeepParked(root)))
	require.Equal(t, "kept", state())
	require.Equal(t, map[string]string{"adopt": "", "copy": "", "restore": "", "trash": ""}, refusals(ben.parked(false)[0]))
	require.Equal(t, "The parked checkpoint of ben.blend is in the trash", sentence(ben.Checkpoints.TrashParked(root)))
	require.Empty(t, ben.parked(false))
	require.Equal(t, "trashed", state())
	require.Equal(t, "The parked checkpoint of ben.blend waits again", sentence(ben.Checkpoints.RestoreParked(root)))
	require.Equal(t, "open", state())
	job := ben.done(ben.Checkpoints.CopyParked(root))
	require.Nil(t, job.Error)
	require.Equal(t, "Saved as ben (ben).blend", job.Act.Sentence)
	require.Equal(t, "Save ben.blend as a copy", job.Title)
	copied, err := os.ReadFile(filepath.Join(dir, "film", "ben (ben).blend"))
	require.NoError(t, err)
	require.Equal(t, "beside", string(copied))
	require.Equal(t, "copied", state())
	require.Equal(t, "ben.blend has its parked checkpoint as the current version", sentence(ben.Checkpoints.Adopt(root)))
	require.Empty(t, ben.parked(true))
	d, err := ben.Browser.Details(held["ben"])
	require.NoError(t, err)
	require.Equal(t, "v3", d.Row.Head)

	h, err := ben.Browser.History(app.HistoryRequest{ID: held["ben"], Filter: "checkpoints"})
	require.NoError(t, err)
	var lines []string
	for _, item := range h.Items {
		lines = append(lines, item.Sentence)
	}
	require.Equal(t, []string{"Adopted", "Parked checkpoint waits again", "Parked checkpoint moved to the trash",
		"Parked checkpoint kept as seen", "Parked"}, lines[:5])
	_, err = ben.Checkpoints.Adopt([]string{"nonsense"})
	var told *app.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, "unknown_checkpoint", told.Code)
}
