package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/app"
)

func TestUndoReadsLikeTheActAndCountsTasks(t *testing.T) {
	dir, held := film(t)
	w := open(t, dir, "ana")
	offered := func() (string, string) {
		p, err := w.Projects.Current()
		require.NoError(t, err)
		return p.Undo, p.Redo
	}
	step := func(do func() (app.Act, error)) string {
		act, err := do()
		require.NoError(t, err)
		return act.Sentence
	}
	_, err := w.Browser.New(app.NewRequest{Name: "shot_010.blend", Task: true})
	require.NoError(t, err)
	undo, _ := offered()
	require.Equal(t, "Undo: add shot_010.blend", undo)
	require.Equal(t, "Undone: add shot_010.blend", step(w.Projects.Undo))
	_, redo := offered()
	require.Equal(t, "Redo: add shot_010.blend", redo)
	require.Equal(t, "Done again: add shot_010.blend", step(w.Projects.Redo))

	due, low := "2031-12-01", 1
	ids := []string{held["ana"], held["ben"], held["nobody"]}
	_, err = w.Browser.Set(app.SetRequest{IDs: ids, Due: &due, Priority: &low})
	require.NoError(t, err)
	undo, _ = offered()
	require.Equal(t, "Undo: change of 3 tasks", undo)
	require.Equal(t, "Undone: change of 3 tasks", step(w.Projects.Undo))
	require.Equal(t, "Done again: change of 3 tasks", step(w.Projects.Redo))

	h, err := w.Browser.History(app.HistoryRequest{ID: held["ana"]})
	require.NoError(t, err)
	var lines []string
	for _, item := range h.Items {
		lines = append(lines, item.Sentence)
	}
	require.Contains(t, lines, "Set due to 1 December 2031")
}
