package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/cli"
)

// errorOf is the error of a run that must fail, as programs get it.
func (d *desk) errorOf(exit int, args ...string) (message, hint string) {
	d.t.Helper()
	r := d.run(append(args, "--json")...)
	require.Equal(d.t, exit, r.code, "%v: %s%s", args, r.out, r.err)
	e := r.json()["error"].(map[string]any)
	return e["message"].(string), e["hint"].(string)
}

func TestUsageErrorsAreDocumentsToo(t *testing.T) {
	d := film(t)
	for _, args := range [][]string{{"nonsense"}, {"tasks", "--nonsense"}, {"add"}, {"tasks", "--mine", "--assigned"},
		{"log", "--csv"}, {"note", "ana.blend", "text", "--done", "x"}, {"set", "ana.blend", "--due", "tomorrow"},
		{"set", "ana.blend", "--due", "2026-13-45"}, {"set", "ana.blend", "--priority", "9"}, {"set", "ana.blend", "--estimate", "-5"}} {
		r := d.run(append([]string{"--json"}, args...)...)
		require.Equal(t, 2, r.code, args)
		var doc struct {
			Error struct{ Code, Message, Hint string }
		}
		require.NoError(t, json.Unmarshal([]byte(r.out), &doc), "%v: %q", args, r.out)
		require.Equal(t, "usage", doc.Error.Code)
		require.NotEmpty(t, doc.Error.Hint)
	}
	require.Contains(t, d.run("new", "-weird.blend").err, "stands after --")
	require.NotContains(t, d.run("tasks", "--mine", "--assigned").err, "stands after --")
	require.NotContains(t, d.run("version", "--nonsense").err, "stands after --")
	require.Contains(t, d.run("set", "ana.blend", "--due", "tomorrow").err, "2026-12-24, or none")
	d.ok("set", "ana.blend", "--estimate", "90", "--due", "2026-12-24", "--priority", "urgent")
	d.ok("set", "ana.blend", "--estimate", "none", "--due", "none", "--priority", "none")
	require.Nil(t, first(t, d.ok("tasks", "--mine", "--json").json(), "tasks")["estimateMin"])
}

func TestAFlagSaysWhatItTakes(t *testing.T) {
	d := film(t)
	for _, c := range [][2]string{{"--trash-days=-3", "--trash-days takes a whole number from 0 on, got \"-3\"."},
		{"--trash-days=99999999999999", "--trash-days takes a whole number from 0 on"},
		{"--retake-note=maybe", "--retake-note takes true or false, got \"maybe\"."}, {"--quota=", "\"\" is no size."},
		{"--quota=0.0001kB", "\"0.0001kB\" is no size."}} {
		message, _ := d.errorOf(2, "options", c[0])
		require.Contains(t, message, c[1])
	}
	for _, none := range []string{"nonsense", ":8080", "0.0.0.0:0", "127.0.0.1:99999"} {
		message, _ := d.errorOf(2, "serve", "--listen", none)
		require.Contains(t, message, "--listen takes an address that only this computer reaches")
	}
	message, _ := d.errorOf(2, "status", "define", "X", "--limit", "many")
	require.Equal(t, "--limit takes a whole number, got \"many\".", message)
	message, _ = d.errorOf(2, "login")
	require.Equal(t, "framehold login takes 1 name, got 0.", message)
}

func TestWhatOthersWroteOnlyShowsOnATerminal(t *testing.T) {
	d := film(t)
	d.write("ana.blend", "two")
	const evil = "red \x1b[31m\x1b]0;title\a\x1b[2J \u009b2J \u202ereversed é\r\nnext line"
	d.ok("checkpoint", "ana.blend", "-m", evil)
	d.ok("note", "ana.blend", evil)
	for _, args := range [][]string{{"log", "ana.blend"}, {"note", "ana.blend"}, {"assign", evil, "--to", "ana"}, {"tasks", "--" + evil}} {
		r := d.run(args...)
		said := r.out + r.err
		require.NotContains(t, said, "\x1b", args)
		require.NotContains(t, said, "\a", args)
		require.NotContains(t, said, "\u009b", args)
		require.NotContains(t, said, "\u202e", args)
		require.Contains(t, said, `red \x1b[31m\x1b]0;title\a\x1b[2J \u009b2J \u202ereversed é`, args)
	}
	require.Contains(t, d.run("tasks", "--"+evil).err, "é\nnext line", "a line's end is one")
	var out bytes.Buffer
	setup := d.setup(&out, &out)
	setup.Terminal = true
	require.Zero(t, cli.Run(t.Context(), setup, []string{"tasks"}))
	require.Contains(t, out.String(), "\x1b[0m", "colours of ours stay")
	out.Reset()
	require.Zero(t, cli.Run(t.Context(), setup, []string{"log", "ana.blend"}))
	require.NotContains(t, out.String(), "\x1b]", "nothing but colours")
}

// full is a writer without room.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

func TestAnAnswerThatCannotBeWrittenIsAFailure(t *testing.T) {
	d := film(t)
	for _, one := range []struct {
		err  error
		said bool
	}{{syscall.ENOSPC, true}, {syscall.EPIPE, false}} {
		for _, args := range [][]string{{"log"}, {"log", "--csv"}, {"tasks", "--json"}} {
			var said bytes.Buffer
			setup := d.setup(full{one.err}, &said)
			require.Equal(t, 1, cli.Run(context.Background(), setup, args), args)
			require.Equal(t, one.said, strings.Contains(said.String(), "could not be written"), said.String())
		}
	}
}

func TestValuesAreChecked(t *testing.T) {
	d := film(t)
	d.refused(1, "invalid_name", "status", "define", "Hold", "--category", "blocked", "--colour", "red")
	d.refused(1, "invalid_name", "type", "define", "Matte", "--colour", "#12345g")
	d.ok("status", "define", "Hold", "--category", "blocked", "--colour", "#D97b2f")
	d.refused(5, "unknown_status", "tasks", "status:zzz")
	d.ok("tasks", "status:hold,todo")
	d.ok("tasks", "status:review")
	d.ok("note", "ana.blend", "the left arm")
	id := first(t, d.ok("note", "ana.blend", "--json").json(), "notes")["id"].(string)
	d.refused(5, "unknown_note", "note", "ben.blend", "--done", id)
	d.refused(5, "unknown_note", "note", "ana.blend", "--done", "nonsense")
	d.refused(2, "empty_comment", "note", "ana.blend", " ")
	d.ok("note", "ana.blend", "--done", id)
	require.Contains(t, d.ok("log", "ana.blend").out, "Note ticked")
	d.write("ana.blend", "two")
	message, _ := d.errorOf(1, "checkpoint", "ana.blend", "-m", "bad\xffbytes")
	require.Equal(t, "The comment is not UTF-8 text, so nothing was written.", message)
}

func TestAnAddIsFollowedByItsCheckpoint(t *testing.T) {
	d := film(t)
	d.write("shots/a.blend", "one")
	doc := d.ok("add", "shots", "--task", "--tag", "hero", "--assign", "ben", "--json").json()
	require.InDelta(t, 2, doc["done"], 0)
	require.InDelta(t, 0, doc["refused"], 0)
	for _, r := range doc["results"].([]any) {
		require.Len(t, r.(map[string]any)["id"], 32)
	}
	kinds := []string{}
	for _, e := range d.ok("log", "shots/a.blend", "--json").json()["events"].([]any) {
		kinds = append(kinds, e.(map[string]any)["kind"].(string))
	}
	require.Equal(t, []string{"add", "checkpoint", "tag", "assign"}, kinds)
	log := d.ok("log", "shots").out
	require.Contains(t, log, "Created")
	require.Contains(t, log, "Assigned to Ben Okafor")
	require.NotContains(t, log, "ana.blend")
	d.write("b.blend", "one")
	require.Contains(t, d.ok("add", "b.blend").out, "1 file tracked as resource, 3 B.")
	require.NotContains(t, d.ok("log").out, "Settings changed")
	require.Contains(t, d.ok("log").out, "Project made")
	require.Greater(t, len(d.ok("log", "--json").json()["events"].([]any)), 28)
}

func TestCountsAndIdsOfSeveralItems(t *testing.T) {
	d := film(t)
	for _, args := range [][]string{{"fetch", "ana.blend", "gone.blend"}, {"free-up", "ana.blend", "gone.blend"},
		{"assign", "ana.blend", "gone.blend", "--to", "ana"}} {
		r := d.run(append(args, "--json")...)
		require.Equal(t, 5, r.code, r.out)
		doc := r.json()
		require.InDelta(t, 1, doc["done"], 0, r.out)
		require.InDelta(t, 1, doc["refused"], 0, r.out)
		require.Empty(t, doc["results"].([]any)[1].(map[string]any)["id"])
	}
	require.InDelta(t, 1, d.ok("restore", "ana.blend", "--json").json()["done"], 0)
	made := first(t, d.ok("checkpoint", "ana.blend", "-m", "x", "--json").json(), "checkpoints")
	require.Equal(t, "unchanged", made["state"])
	require.Equal(t, "todo", made["status"])
	require.Contains(t, d.ok("checkpoint", ".", "-m", "x").err, "Nothing in . is modified")
}

func TestAMemberWhoGoesKeepsTheirTasksAndItIsSaid(t *testing.T) {
	d := film(t)
	message, hint := d.errorOf(3, "member", "add", "ben")
	require.Equal(t, "There is a member ben already: Ben Okafor.", message)
	require.Contains(t, hint, "framehold member role")
	require.Contains(t, d.ok("member", "remove", "ben").out, "They still hold 1 task:")
	require.Contains(t, d.ok("tasks", "assignee:ben").out, "ben (gone)")
	require.Equal(t, true, first(t, d.ok("tasks", "assignee:ben", "--json").json(), "tasks")["holderGone"])
}

func TestAnUnwritableAnswerKeepsItsFirstError(t *testing.T) {
	d := newDesk(t)
	var said bytes.Buffer
	require.Equal(t, 1, cli.Run(t.Context(), d.setup(full{errors.New("first")}, &said), []string{"version"}))
	require.Contains(t, said.String(), "first")
}
