package cli_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRoad(t *testing.T) {
	d := film(t)
	ben := d.as("ben")
	until := time.Now().AddDate(0, 0, 3).Format(time.DateOnly)
	d.write("rig.blend", "bones")
	d.ok("add", "rig.blend")
	d.ok("depend", "ben.blend", "--on", "rig.blend")

	plan := ben.ok("road", "ben.blend", "--json").json()
	require.Len(t, plan["items"], 2)
	require.InDelta(t, 5, plan["items"].([]any)[1].(map[string]any)["bytes"], 0)
	require.Positive(t, plan["free"])
	require.Empty(t, plan["results"], "a look changes nothing")
	require.Contains(t, ben.ok("road", "ben.blend").out, "rig.blend")

	require.Equal(t, 2, ben.run("road", "ben.blend", "--until", "soon").code)
	require.Equal(t, 2, ben.run("road", "ben.blend", "--until", "2020-01-01").code)
	require.Equal(t, 2, ben.run("road", "ben.blend", "--until", until, "--end").code)
	d.refused(3, "not_assignee", "road", "ben.blend", "--until", until)
	gone := ben.ok("road", "ben.blend", "--until", until, "--json").json()
	require.InDelta(t, 1, gone["done"], 0)
	require.Empty(t, gone["missing"])
	require.Contains(t, ben.ok("road", "ben.blend", "--fetch").out, "Everything is here.")
	ben.refused(3, "pinned", "free-up", "rig.blend")

	d.refused(3, "on_the_road", "assign", "ben.blend", "--to", "ana")
	d.refused(3, "on_the_road", "assign", "ben.blend", "--to", "ana", "--override-road")
	d.ok("assign", "ben.blend", "--to", "ana", "--override-road", "--reason", "due today")
	d.ok("assign", "ben.blend", "--to", "ben")
	ben.ok("road", "ben.blend", "--until", until)
	ben.ok("road", "ben.blend", "--end")
	ben.ok("free-up", "rig.blend")
}

func TestAskAndAnswer(t *testing.T) {
	d := film(t)
	ben := d.as("ben")
	ben.refused(3, "unassigned", "ask", "nobody.blend")
	ben.refused(3, "permission", "ask", "ana.blend", "--to", "ana")
	ben.ok("ask", "ana.blend")
	require.Contains(t, ben.ok("inbox").out, "Nothing needs you.")
	card := first(t, d.ok("inbox", "--json").json(), "inbox")
	require.Equal(t, "ask", card["kind"])
	require.Equal(t, "asked", card["code"])
	require.Contains(t, d.ok("inbox").out, card["id"].(string))
	d.refused(5, "unknown_ask", "answer", "nothing", "yes")
	d.refused(5, "unknown_ask", "answer", "00000000000000000000000000000001", "yes")
	id := card["id"].(string)
	require.Equal(t, 2, d.run("answer", id, "perhaps").code)
	d.ok("answer", id, "no", "-m", "the arm is not done")
	require.Contains(t, d.ok("inbox").out, "Nothing needs you.")
	ben.ok("ask", "ana.blend")
	id = first(t, d.ok("inbox", "--json").json(), "inbox")["id"].(string)
	ben.refused(3, "not_assignee", "answer", id, "yes")
	d.ok("answer", id, "yes")
	require.Equal(t, "ben", first(t, d.ok("tasks", "ana", "--json").json(), "tasks")["assignee"])
	d.ok("verify")
}

func TestParkedIsAskedForAndPurged(t *testing.T) {
	d, ben := behind(t)
	require.Equal(t, 4, ben.run("checkpoint", "ben.blend", "-m", "mine", "--anyway").code)
	require.Equal(t, 2, ben.run("parked", "ask", "ben.blend").code, "of whom?")
	ben.refused(5, "unknown_member", "parked", "ask", "ben.blend", "--of", "zoe")
	ben.ok("parked", "ask", "ben.blend", "--of", "ana")
	require.Equal(t, 2, d.run("parked", "purge", "ben.blend").code, "it is asked twice")
	d.refused(2, "usage", "parked", "purge", "ben.blend", "--yes")
	ben.ok("parked", "trash", "ben.blend")
	ben.refused(3, "permission", "parked", "purge", "ben.blend", "--yes")
	d.ok("parked", "purge", "ben.blend", "--yes")
	require.Empty(t, d.ok("parked", "list", "--all", "--json").json()["parked"])
	d.ok("verify")
}
