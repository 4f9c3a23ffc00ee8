package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/text"
)

// behind is a film in which ben's file comes from v1 while v2 is current, and is changed.
func behind(t *testing.T) (d, ben *desk) {
	t.Helper()
	d = film(t)
	ben = d.as("ben")
	second := *ben
	second.dir = filepath.Join(t.TempDir(), "second")
	require.NoError(t, os.CopyFS(second.dir, os.DirFS(ben.dir)))
	second.ok("relocate", "--copy")
	ben.write("ben.blend", "two")
	ben.ok("checkpoint", "ben.blend", "-m", "two")
	second.write("ben.blend", "beside")
	second.refused(3, "outdated_base", "checkpoint", "ben.blend", "-m", "x")
	return d, &second
}

func first(t *testing.T, doc map[string]any, list string) map[string]any {
	t.Helper()
	items := doc[list].([]any)
	require.NotEmpty(t, items)
	return items[0].(map[string]any)
}

func TestAParkedCheckpointSaysThatItIsParkedAndNotMoved(t *testing.T) {
	_, ben := behind(t)
	r := ben.run("checkpoint", "ben.blend", "-m", "mine", "--status", "wfa", "--anyway", "--json")
	require.Equal(t, 4, r.code, r.err)
	made := first(t, r.json(), "checkpoints")
	require.Equal(t, "parked", made["state"])
	require.Equal(t, "v2*", made["label"])
	require.Nil(t, made["version"])
	require.Equal(t, "checkpoint_parked", made["notMoved"].(map[string]any)["code"])
	require.NotContains(t, r.err, "without an image")
	require.Contains(t, r.err, "could not be sent for Waiting for approval")
	require.Contains(t, r.err, "framehold parked adopt "+made["parked"].(string))
	require.Equal(t, "todo", first(t, ben.ok("tasks", "--mine", "--json").json(), "tasks")["status"])

	again := ben.ok("checkpoint", "ben.blend", "-m", "mine", "--anyway", "--json").json()
	require.Equal(t, "unchanged", first(t, again, "checkpoints")["state"])
	require.Equal(t, 4, ben.run("checkpoint", "ben.blend", "-m", "mine", "--anyway", "--status", "wfa").code, "it still needs somebody")
	chains := ben.ok("parked", "--json").json()
	require.Len(t, chains["parked"], 1)
	chain := first(t, chains, "parked")
	require.InDelta(t, 1, chain["checkpoints"], 0)
	require.InDelta(t, 1, chain["base"], 0)
	require.InDelta(t, 2, chain["head"], 0)
	require.Equal(t, "ben", chain["author"])
	require.Equal(t, "diverged_self", chain["reason"])
	require.Equal(t, "ben.blend", chain["path"])
	require.Contains(t, ben.ok("log", "ben.blend").out, "v2*")
	out := filepath.Join(t.TempDir(), "out")
	ben.ok("restore", "ben.blend", "--checkpoint", "v2*", "--out", out)
	b, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Equal(t, "beside", string(b))
}

func TestParkedIsAdopted(t *testing.T) {
	d, ben := behind(t)
	require.Equal(t, 4, ben.run("checkpoint", "ben.blend", "-m", "mine", "--anyway").code)
	ben.write("ben.blend", "beside, and on")
	ben.refused(3, "chain", "checkpoint", "ben.blend", "-m", "more")
	require.Equal(t, 4, ben.run("checkpoint", "ben.blend", "-m", "more", "--anyway").code)
	require.Contains(t, ben.ok("parked").out, "v3*")
	id := first(t, ben.ok("parked", "list", "--json").json(), "parked")["id"].(string)
	d.refused(5, "unknown_checkpoint", "parked", "adopt", "nonsense")
	ben.ok("parked", "adopt", id)
	require.Contains(t, ben.ok("parked").out, "Nothing is parked.")
	require.Equal(t, "normal", first(t, ben.ok("files", "ben.blend", "--json").json(), "files")["state"])
	ben.write("ben.blend", "after it")
	ben.ok("checkpoint", "ben.blend", "-m", "goes on")
	require.Equal(t, true, d.ok("verify", "--json").json()["ok"])
}

func TestParkedIsCopiedKeptTrashedAndRestored(t *testing.T) {
	d, ben := behind(t)
	require.Equal(t, 4, ben.run("checkpoint", "ben.blend", "-m", "mine", "--anyway").code)
	state := func() any { return first(t, ben.ok("parked", "--all", "--json").json(), "parked")["state"] }
	d.as("cleo").ok("parked", "keep", "ben.blend")
	require.Equal(t, "kept", state())
	ben.ok("parked", "trash", "ben.blend")
	require.Equal(t, "trashed", state())
	require.Contains(t, ben.ok("parked").out, "Nothing is parked.")
	ben.ok("parked", "restore", "ben.blend")
	require.Equal(t, "open", state())
	copied := first(t, ben.ok("parked", "copy", "ben.blend", "--json").json(), "results")
	require.Equal(t, "ben (ben).blend", copied["path"])
	require.Equal(t, "beside", ben.read("ben (ben).blend"))
	require.Equal(t, "copied", state())
	require.Equal(t, "resource", first(t, ben.ok("files", "ben (ben).blend", "--json").json(), "files")["kind"])
	require.Equal(t, true, d.ok("verify", "--json").json()["ok"])
	ben.ok("undo")
	require.NotContains(t, ben.ok("tasks").out, "ben (ben).blend")
}

func TestTheWorkOfSomeoneWhoDoesNotHoldTheTaskIsCopied(t *testing.T) {
	d := film(t)
	d.write("ben.blend", "ana's idea")
	d.refused(3, "not_assignee", "checkpoint", "ben.blend", "-m", "x")
	d.ok("copy", "ben.blend")
	require.Equal(t, "ana's idea", d.read("ben (ana).blend"))
	d.refused(5, "unknown_asset", "copy", "gone.blend")
}

func TestAFolderThatIsNoCopyStaysAsItIs(t *testing.T) {
	d := film(t)
	before := d.read(".framehold")
	d.refused(1, "unsupported", "relocate", "--copy")
	require.Equal(t, before, d.read(".framehold"))
	require.Equal(t, "normal", first(t, d.ok("files", "ana.blend", "--json").json(), "files")["state"])
}

// Every hint names a command that there is.
func TestHintsNameCommandsThatThereAre(t *testing.T) {
	d := newDesk(t)
	named := regexp.MustCompile(`(?:^|[^.])framehold ([a-z-]+)(?: (list|add|role|adopt|copy|keep|trash|remove|define)\b)?`)
	for code, e := range text.English().Errors {
		for _, m := range named.FindAllStringSubmatch(e.Message+" "+e.Hint, -1) {
			args := []string{m[1]}
			if m[2] != "" {
				args = append(args, m[2])
			}
			r := d.run(append(args, "--help")...)
			require.Zero(t, r.code, "%s names %v: %s", code, m[0], r.err)
			require.Contains(t, r.out, "framehold "+m[1], "%s names %v", code, m[0])
		}
	}
}
