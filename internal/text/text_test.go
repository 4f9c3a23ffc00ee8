package text_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/text"
)

// Every code that a rule or a check can give has a sentence; the codes are read where they stand.
func TestEveryCodeHasASentence(t *testing.T) {
	source, err := os.ReadFile("../studio/code.go")
	require.NoError(t, err)
	codes := regexp.MustCompile(`(?m)^\tCode\w+\s+(?:Code\s+)?= "(\w+)"`).FindAllSubmatch(source, -1)
	require.Greater(t, len(codes), 60)
	c := text.English()
	for _, m := range codes {
		e, ok := c.Errors[string(m[1])]
		require.True(t, ok, "%s has no sentence", m[1])
		require.NotEmpty(t, e.Message, "%s", m[1])
	}
}

func TestSentencesNameWhatTheyAreAbout(t *testing.T) {
	c := text.English()
	message, hint := c.Error("not_assignee", map[string]string{"who": "Ben", "asset": "shot_020"})
	require.Equal(t, "Ben holds shot_020.", message)
	require.Equal(t, "Ask Ben for it, save a copy, or have a supervisor reassign it.", hint)
	message, _ = c.Error("no such code", nil)
	require.Equal(t, c.Errors["internal"].Message[:20], message[:20])
	require.Equal(t, "3 tasks", text.Fill("{n|one task|{n} tasks}", map[string]string{"n": "3"}))
	require.Equal(t, "open { brace", text.Fill("open { brace", nil))
}

func TestACodeMayHaveASentenceForAReason(t *testing.T) {
	c := text.English()
	message, hint := c.Error("no_file", map[string]string{"path": "a.blend", "why": "typed"})
	require.Equal(t, "There is no file a.blend.", message)
	require.Equal(t, "Check the name: it is taken from the current folder.", hint)
	message, _ = c.Error("no_file", map[string]string{"path": "a.blend", "why": "another"})
	require.Equal(t, "a.blend is not on this disk.", message)
	for key := range c.Errors {
		code, _, _ := strings.Cut(key, ".")
		require.Contains(t, c.Errors, code)
	}
}

func TestTheStoryReadsAsItHappened(t *testing.T) {
	c := text.English()
	day := func(d int) int64 { return time.Date(2026, 3, d, 12, 0, 0, 0, time.UTC).UnixMilli() }
	status := func(name string) map[string]string { return map[string]string{"status": name} }
	told := []text.Told{
		{Key: "sent", Params: status("WFA"), AtMs: day(6), Image: true, InStory: true},
		{Key: "came_back", Params: status("Retake"), AtMs: day(8), InStory: true},
		{Key: "resumed", Params: status("WIP"), AtMs: day(9), InStory: true},
		{Key: "checkpoint", AtMs: day(9)},
		{Key: "resent", Params: status("WFA"), AtMs: day(10), InStory: true},
		{Key: "done", Params: status("Done"), AtMs: day(11), InStory: true},
	}
	require.Equal(t, "Sent to WFA on 6 March with this image. Came back as Retake on 8 March. Re-checkpointed in WIP on 9 March. "+
		"Resubmitted to WFA on 10 March. Done on 11 March.", c.Story(told, time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)))
}

func TestSizesAreWrittenAsDisksAreSold(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 11_400_000: "11.4 MB", 184_000_000: "184 MB"} {
		require.Equal(t, want, text.Bytes(n))
	}
}

func TestSizesAreReadAsPeopleWriteThem(t *testing.T) {
	for written, want := range map[string]int64{"": 0, "0": 0, "4096": 4096, "500GB": 500e9, "500 gb": 500e9, "1.5TiB": 3 << 39, "2M": 2e6, "7b": 7} {
		got, err := text.ParseBytes(written)
		require.NoError(t, err, written)
		require.Equal(t, want, got, written)
	}
	for _, written := range []string{"GB", "-1", "1 GGB", "five", "1e300", "NaN", "1iB", "2 XB", "0.0001kB"} {
		_, err := text.ParseBytes(written)
		require.Error(t, err, written)
	}
}
