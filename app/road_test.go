package app_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/app"
	"framehold/internal/text"
)

func (w *window) row(id string) app.Row {
	w.t.Helper()
	details, err := w.Browser.Details(id)
	require.NoError(w.t, err)
	return details.Row
}

func TestARoadIsPlannedTakenAndShown(t *testing.T) {
	dir, held := film(t)
	ana, ben := open(t, dir, "ana"), open(t, dir, "ben")
	_, err := ana.Browser.Depend(held["ben"], []string{held["nobody"]}, false)
	require.NoError(t, err)
	ids := []string{held["ben"]}
	plan, err := ben.Browser.PlanRoad(ids)
	require.NoError(t, err)
	require.Len(t, plan.Items, 2)
	require.Equal(t, 2, plan.Files)
	require.Zero(t, plan.Missing)
	require.Positive(t, plan.Free)

	_, err = ben.Browser.StartRoad(ids, "2020-01-01")
	require.Error(t, err)
	_, err = ben.Browser.StartRoad(ids, "soon")
	require.Error(t, err)
	until := time.Now().AddDate(0, 0, 3)
	job := ben.done(ben.Browser.StartRoad(ids, until.Format(time.DateOnly)))
	require.Nil(t, job.Error)
	require.Equal(t, 1, job.Act.Done)
	row := ana.row(held["ben"])
	require.Equal(t, until.Format(time.DateOnly), time.UnixMilli(row.RoadUntil).Format(time.DateOnly))
	require.False(t, row.RoadOver)

	risks, err := ana.Browser.Risks([]string{held["ana"], held["ben"], held["nobody"]}, "")
	require.NoError(t, err)
	require.Len(t, risks, 1)
	require.True(t, risks[0].Road)
	require.Contains(t, risks[0].Sentence, "on the road until "+until.Format(time.DateOnly))
	act, err := ana.Browser.Assign(app.AssignRequest{IDs: ids, To: ""})
	require.NoError(t, err)
	require.Equal(t, "on_the_road", act.Results[0].Error.Code)

	act, err = ben.Browser.EndRoad(ids)
	require.NoError(t, err)
	require.Equal(t, 1, act.Done)
	require.Zero(t, ana.row(held["ben"]).RoadUntil)
	require.Nil(t, ben.done(ben.Browser.FetchRoad(ids)).Error)
}

func TestAnAskIsACardThatIsAnswered(t *testing.T) {
	dir, held := film(t)
	ana, ben := open(t, dir, "ana"), open(t, dir, "ben")
	act, err := ben.Browser.Ask([]string{held["ana"]}, "")
	require.NoError(t, err)
	require.Equal(t, "ana was asked to hand in ana.blend", act.Sentence)
	state, err := ana.Sync.State()
	require.NoError(t, err)
	require.Equal(t, 1, state.Need)
	cards, err := ana.Sync.Inbox()
	require.NoError(t, err)
	require.Len(t, cards, 1)
	require.Equal(t, []string{"ask", "asked", ""}, []string{cards[0].Kind, cards[0].Code, cards[0].Verdict})
	require.False(t, cards[0].Closable)
	_, err = ana.Browser.Answer("nothing", true, "")
	require.Error(t, err)
	act, err = ana.Browser.Answer(cards[0].ID, true, "")
	require.NoError(t, err)
	require.Equal(t, "ana.blend is handed in", act.Sentence)
	cards, err = ana.Sync.Inbox()
	require.NoError(t, err)
	require.Empty(t, cards)
	require.Contains(t, ben.row(held["ana"]).Can, "checkpoint")
}

func TestWhoMayNotAdoptAsksAndWhatIsInTheTrashIsPurged(t *testing.T) {
	dir, held := parked(t)
	ana, ben := open(t, dir, "ana"), open(t, dir, "ben")
	_, err := ana.Browser.Assign(app.AssignRequest{IDs: []string{held["ben"]}, To: ""})
	require.NoError(t, err)
	item := ben.parked(false)[0]
	require.Equal(t, "ask", item.Verbs[0].Verb)
	require.Equal(t, "ana reads that you ask to have it put on the line.", item.Verbs[0].Consequence)
	act, err := ben.Checkpoints.AskParked([]string{item.ID})
	require.NoError(t, err)
	require.Equal(t, "ana was asked to adopt the parked checkpoint of ben.blend", act.Sentence)

	act, err = ana.Checkpoints.TrashParked([]string{item.ID})
	require.NoError(t, err)
	require.Equal(t, 1, act.Done)
	require.Equal(t, "permission", refusals(ben.parked(true)[0])["purge"])
	require.Empty(t, refusals(ana.parked(true)[0])["purge"])
	act, err = ana.Checkpoints.PurgeParked([]string{item.ID})
	require.NoError(t, err)
	require.Equal(t, "The parked checkpoint of ben.blend is removed for good", act.Sentence)
	require.Empty(t, ana.parked(true))
}

func TestEveryWayToStandToAStudioHasItsSentence(t *testing.T) {
	sentences := text.English().Sync
	for _, state := range []string{"offline", "syncing", "synced", "needsAuth", "needsHelp", "tooOld", "notMember", "aside", "full", "large"} {
		require.NotEmpty(t, sentences[state], state)
		for _, params := range []map[string]string{{"n": "0", "project": "Film"}, {"n": "3", "unsent": "yes", "project": "Film"}} {
			require.NotContains(t, text.Fill(sentences[state], params), "{", state)
		}
	}
	require.Len(t, sentences, 10)
	require.Equal(t, "Offline. 3 to send; all of it is safe here.", text.Fill(sentences["offline"], map[string]string{"n": "3", "unsent": "yes"}))
}
