package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func (d *desk) home(name string) string { return filepath.Join(d.homes, d.who, name) }

func TestADamagedMarkerIsNamedAndNothingIsLost(t *testing.T) {
	d := film(t)
	whole := d.read(".framehold")
	for name, one := range map[string]struct {
		body, code string
		exit       int
	}{
		"corrupt":      {"{ nonsense", "damaged", 7},
		"empty":        {"", "damaged", 7},
		"without ids":  {`{"format": 1}`, "damaged", 7},
		"newer format": {strings.Replace(whole, `"format": 1`, `"format": 2`, 1), "store_newer", 1},
	} {
		d.write(".framehold", one.body)
		d.refused(one.exit, one.code, "tasks")
		message, _ := d.errorOf(one.exit, "relocate", "--store", filepath.Join(d.homes, "x"))
		require.Contains(t, message, filepath.Join(d.dir, ".framehold"), name)
		require.Equal(t, one.body, d.read(".framehold"), name)
	}
	d.write(".framehold", whole)
	d.ok("tasks")
}

func TestADamagedHomeIsNamedAndNobodyBecomesSomeoneElse(t *testing.T) {
	d := film(t)
	whole, err := os.ReadFile(d.home("profile.json"))
	require.NoError(t, err)
	for _, body := range []string{"{", "", `{"id":"x"}`} {
		require.NoError(t, os.WriteFile(d.home("profile.json"), []byte(body), 0o600))
		message, hint := d.errorOf(7, "tasks")
		require.Contains(t, message, d.home("profile.json"))
		require.Contains(t, hint, "old id")
		left, err := os.ReadFile(d.home("profile.json"))
		require.NoError(t, err)
		require.Equal(t, body, string(left))
	}
	require.NoError(t, os.WriteFile(d.home("profile.json"), whole, 0o600))
	id := d.ok("profile", "--json").json()["id"]
	require.Equal(t, id, first(t, d.ok("member", "list", "--json").json(), "members")["profile"])

	require.NoError(t, os.WriteFile(d.home("projects.json"), []byte("[{"), 0o600))
	r := d.ok("projects")
	require.Contains(t, r.err, d.home("projects.json.broken"))
	d.ok("tasks")
	require.Contains(t, d.ok("projects").out, d.dir)
	kept, err := os.ReadFile(d.home("projects.json.broken"))
	require.NoError(t, err)
	require.Equal(t, "[{", string(kept))
}

func TestAHomeThatIsNoFolderIsSaid(t *testing.T) {
	d := newDesk(t)
	require.NoError(t, os.WriteFile(d.homes, []byte("a file"), 0o600))
	for _, args := range [][]string{{"profile"}, {"init"}, {"projects"}} {
		message, hint := d.errorOf(1, args...)
		require.Contains(t, message, "is no folder")
		require.Contains(t, hint, "FRAMEHOLD_HOME")
	}
	_, err := os.Stat(filepath.Join(d.dir, ".framehold"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAProjectIsNotMadeWhereItCannotBe(t *testing.T) {
	d := film(t)
	message, _ := d.errorOf(3, "init")
	require.Contains(t, message, "is a project already")
	other := newDesk(t)
	other.write("file", "x")
	other.refused(1, "in_the_way", "init", "file")
	other.refused(1, "in_the_way", "demo", "file")
	message, _ = other.errorOf(1, "demo", ".")
	require.Contains(t, message, "is not empty")
}

func TestWhatIsThereIsNotWrittenOver(t *testing.T) {
	d := film(t)
	there := filepath.Join(t.TempDir(), "there")
	require.NoError(t, os.WriteFile(there, []byte("mine"), 0o600))
	for _, args := range [][]string{{"restore", "ana.blend", "--out", there}, {"export", there}} {
		message, _ := d.errorOf(1, args...)
		require.Contains(t, message, "There is something at "+there)
	}
	message, _ := d.errorOf(1, "restore", "ana.blend", "--out", filepath.Dir(there))
	require.Contains(t, message, "is a folder")
	d.refused(1, "in_the_way", "export", filepath.Dir(there))
	b, err := os.ReadFile(there)
	require.NoError(t, err)
	require.Equal(t, "mine", string(b))
}

func TestAVersionThatIsNotThereIsExplained(t *testing.T) {
	d := film(t)
	d.ok("mkdir", "shots")
	d.ok("new", "shots/planned.blend")
	for _, one := range []struct {
		args []string
		says string
	}{
		{[]string{"restore", "shots/planned.blend"}, "has no version yet"},
		{[]string{"restore", "shots"}, "shots is a collection"},
		{[]string{"closure", "shots"}, "shots is a collection"},
		{[]string{"note", "shots", "x"}, "shots is a collection"},
		{[]string{"move", "ana.blend", "ben.blend"}, "ben.blend is no collection"},
		{[]string{"move", "ana.blend", "gone"}, "gone is no collection"},
		{[]string{"new", "gone/x.blend"}, "There is no collection gone"},
	} {
		message, hint := d.errorOf(5, one.args...)
		require.Contains(t, message, one.says)
		require.NotEmpty(t, hint)
	}
	d.write("ana.blend", "two")
	d.ok("checkpoint", "ana.blend", "-m", "two")
	d.ok("drop", "ana.blend", "v1")
	for _, more := range [][]string{nil, {"--out", "old.blend"}} {
		message, _ := d.errorOf(5, append([]string{"restore", "ana.blend", "--checkpoint", "v1"}, more...)...)
		require.Contains(t, message, "ana.blend v1 were dropped")
	}
	require.Equal(t, "two", d.read("ana.blend"))
}

func TestWhatCannotBeClaimedIsExplained(t *testing.T) {
	d := film(t)
	message, hint := d.errorOf(3, "claim", "ben.blend")
	require.Equal(t, "Ben Okafor holds ben.blend; only what nobody holds can be claimed.", message)
	require.Contains(t, hint, "Ask Ben Okafor")
	d.write("ref.jpg", "pixels")
	d.ok("add", "ref.jpg")
	_, hint = d.errorOf(3, "claim", "ref.jpg")
	require.Equal(t, "Make it a task first: framehold convert ref.jpg --to task.", hint)
}

func TestATwinOfATrackedFileIsRefused(t *testing.T) {
	d := film(t)
	d.write("ANA.blend", "another")
	if len(d.ok("files", "--json").json()["files"].([]any)) == 3 {
		return // a disk that takes both names for one
	}
	message, _ := d.errorOf(1, "add", "ANA.blend")
	require.Contains(t, message, "differs from it only in case")
	require.Contains(t, d.ok("add", "ana.blend").out, "1 tracked before")
}

func TestADamagedDatabaseIsNamed(t *testing.T) {
	d := film(t)
	path := d.database()
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("nonsense", 4096)), 0o600))
	message, hint := d.errorOf(7, "tasks")
	require.Contains(t, message, path)
	require.Contains(t, hint, ".backup")
	require.NotContains(t, hint, "--repair")
}

func TestAFileThatIsClosedToThePersonIsSaidToBe(t *testing.T) {
	d := film(t)
	d.write("ana.blend", "two")
	d.files = func(call, path string) error {
		if call == "open" && strings.HasSuffix(path, "ana.blend") {
			return syscall.EACCES
		}
		return nil
	}
	message, hint := d.errorOf(1, "checkpoint", "ana.blend", "-m", "on")
	require.Contains(t, message, "ana.blend is closed to you")
	require.Contains(t, hint, "right to read")
}

func TestAMovedProjectIsListedOnce(t *testing.T) {
	d := film(t)
	old := d.dir
	d.dir = filepath.Join(filepath.Dir(old), "elsewhere")
	require.NoError(t, os.Rename(old, d.dir))
	d.ok("tasks")
	list := d.ok("projects").out
	require.Contains(t, list, d.dir)
	require.NotContains(t, list, old+"\n")
}

func TestHelpIsInGroupsWithExamples(t *testing.T) {
	d := newDesk(t)
	help := d.run("--help").out
	for _, group := range []string{"Work:", "History:", "Structure:", "Projects and people:", "The project's settings:", "Care:"} {
		require.Contains(t, help, group)
	}
	for _, line := range strings.Split(help, "\n") {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !strings.HasPrefix(line, "  ") || strings.HasPrefix(name, "-") || name == "framehold" {
			continue
		}
		one := d.ok(name, "--help").out
		require.NotContains(t, one, " stringArray ", name)
		require.NotContains(t, one, " string ", name)
	}
	require.Contains(t, d.ok("checkpoint", "--help").out, "--status wfa --image frame.png")
}

func TestWhatIsInTheTrashIsSaidToBeThere(t *testing.T) {
	d := film(t)
	d.write("ana.blend", "more")
	d.ok("trash", "ana.blend")
	for _, args := range [][]string{{"log", "ana.blend"}, {"checkpoint", "ana.blend", "-m", "more"}, {"restore", "ana.blend"}} {
		message, hint := d.errorOf(3, args...)
		require.Equal(t, "ana.blend is in the trash.", message, args)
		require.Contains(t, hint, "untrash")
	}
	d.ok("untrash", "ana.blend")
	d.ok("checkpoint", "ana.blend", "-m", "more")
}
