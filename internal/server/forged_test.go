package server_test

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// standing is what nothing forged may change: every row of the project, and its log.
type standing struct {
	sums studio.Sums
	seq  uint64
}

func (c *crew) standing() standing {
	c.t.Helper()
	reply := c.ana.pull(c.film.id, wire.Cookie{})
	return standing{reply.Sums, reply.Head.Seq}
}

// An op whose words say more than its sender may: refused or left waiting, and no row of the project changes.
func TestAForgedOpChangesNothing(t *testing.T) {
	c := newCrew(t)
	content := newFile(400<<10, 3)
	c.uploaded(c.ben, content.bytes())
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}))
	bens := c.checkpoint
	shot := c.film.shots[0]
	cy := c.film.stateMember("cy")
	cy.Role = c.film.roles["Admin"]
	ana := c.film.stateMember("ana")
	ana.Gone = true
	for what, op := range map[string]studio.Op{
		"another's checkpoint is sealed":   c.cy.op(studio.KindSeal, shot.ID, &studio.SealBody{Checkpoint: bens}),
		"another's checkpoint is dropped":  c.cy.op(studio.KindDrop, shot.ID, &studio.CheckpointBody{Checkpoint: bens}),
		"its id is announced once more":    c.cy.op(studio.KindAnnounce, shot.ID, &studio.AnnounceBody{Checkpoint: bens, Manifest: content.manifest, Bytes: 1}),
		"a task is taken from its holder":  c.cy.op(studio.KindAssign, shot.ID, &studio.AssignBody{To: c.members[c.cy], Expect: c.holding}),
		"a stale holding is claimed":       c.cy.op(studio.KindAssign, shot.ID, &studio.AssignBody{To: c.members[c.cy]}),
		"one's own role is raised":         c.cy.op(studio.KindMemberSet, cy.User.ID, &studio.RowBody{SeenVer: cy.Ver, Row: studio.EncodeRow(cy)}),
		"the last admin is taken out":      c.ana.op(studio.KindMemberSet, ana.User.ID, &studio.RowBody{SeenVer: ana.Ver, Row: studio.EncodeRow(ana)}),
		"done is set by who does not hold": c.cy.op(studio.KindStatusSet, shot.ID, &studio.StatusBody{From: c.film.status, To: c.film.status}),
		"a purge by an artist":             c.cy.op(studio.KindPurge, shot.ID, &studio.EmptyBody{}),
		"a note on what is not there":      c.cy.note(studio.AssetID{ID: studio.ID{1, 2, 3}}, "hello"),
		"a need of what is out of sight":   c.vic.op(studio.KindDependAdd, c.film.shots[1].ID, &studio.DependBody{Target: shot.ID}),
		"a task on another's road":         c.cy.op(studio.KindRoadStart, shot.ID, &studio.RoadBody{UntilMs: 1 << 50}),
		"a chain that is none is adopted":  c.cy.op(studio.KindAdopt, shot.ID, &studio.ParkedBody{Root: bens}),
		"a rename out of the project":      c.ana.op(studio.KindRename, shot.ID, &studio.RenameBody{Name: "../../etc/passwd", Seen: "shot0"}),
		"a name of a device":               c.ana.op(studio.KindRename, shot.ID, &studio.RenameBody{Name: "con\x00", Seen: "shot0"}),
	} {
		by := c.cy
		switch {
		case strings.Contains(what, "last admin"), strings.Contains(what, "name"):
			by = c.ana
		case strings.Contains(what, "sight"):
			by = c.vic
		}
		before := c.standing()
		reply := by.push(c.film.id, c.generation, op)
		require.Len(t, reply.Outcomes, 1, "%s: %+v", what, reply.Stop)
		require.Contains(t, []studio.Verdict{studio.Refused, studio.Noop}, reply.Outcomes[0].Verdict, "%s: %+v", what, reply.Outcomes[0])
		require.Equal(t, before.sums, c.standing().sums, what)
	}
}

// The time that an op claims is told as its own word; order, and when it arrived, are the server's.
func TestAForgedTimeMovesNothing(t *testing.T) {
	c := newCrew(t)
	early, late := c.cy.note(c.film.shots[1], "from 1970"), c.cy.note(c.film.shots[1], "from 2500")
	early.MadeHybrid, late.MadeHybrid = 1, uint64(16_725_225_600_000)<<16
	before := c.standing()
	c.applied(c.cy, late, early)
	events := c.ana.pullAll(c.film.id)
	last := events[len(events)-2:]
	require.Equal(t, []studio.OpID{late.ID, early.ID}, []studio.OpID{last[0].Op, last[1].Op})
	now := c.o.Clock.NowMs()
	for i, ev := range last {
		require.Equal(t, before.seq+uint64(i)+1, ev.Seq)
		require.InDelta(t, now, ev.ReceivedMs, 60_000)
		require.Equal(t, c.members[c.cy], ev.Actor, "the actor is the session's")
	}
}

// A request that is not what it says: turned away before it is an op, and neither log nor rows change.
func TestAForgedRequestIsTurnedAway(t *testing.T) {
	c := newCrew(t)
	before := c.standing()
	other := c.newFilm(map[string]studio.UserID{"cy": c.cy.id}, "cy")
	c.cy.publish(other)
	p := "/v1/p/" + c.film.id.String()
	frames := string(newFile(200<<10, 5).bytes())
	zeros := make([]byte, 64<<20)
	var gzipped bytes.Buffer
	z, err := gzip.NewWriterLevel(&gzipped, gzip.BestCompression)
	require.NoError(t, err)
	_, err = z.Write(zeros)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	enc, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	bomb := string(enc.EncodeAll(zeros, nil))
	call := func(extra map[string]string) map[string]string {
		h := map[string]string{"Content-Type": "application/proto", wire.HeaderProject: c.film.id.String(), wire.HeaderClient: c.cy.client.String()}
		for k, v := range extra {
			h[k] = v
		}
		return h
	}
	push := "/framehold.sync.v1.Sync/Push"
	for _, one := range []struct {
		what, method, path, token string
		header                    map[string]string
		body                      string
		status                    int
	}{
		{"nobody's token", "POST", push, wire.Token{7}.Text(), call(nil), "", 401},
		{"a token that is none", "POST", push, "../../etc/passwd", call(nil), "", 401},
		{"another's client", "POST", p + "/uploads", c.cy.token, map[string]string{wire.HeaderClient: c.ben.client.String()}, frames, 400},
		{"a client of nobody's", "POST", p + "/uploads", c.cy.token, map[string]string{wire.HeaderClient: studio.ID{9}.String()}, frames, 400},
		{"no client", "POST", p + "/uploads", c.cy.token, nil, frames, 400},
		{"two clients in one", "POST", p + "/uploads", c.cy.token, map[string]string{wire.HeaderClient: c.cy.client.String() + "," + c.ben.client.String()}, frames, 400},
		{"another project", "POST", "/v1/p/" + other.id.String() + "/uploads", c.ben.token, map[string]string{wire.HeaderClient: c.ben.client.String()}, frames, 403},
		{"a project that is a path", "POST", "/v1/p/%2e%2e%2f%2e%2e%2fstudio/uploads", c.cy.token, nil, frames, 400},
		{"a project that is too long", "POST", "/v1/p/" + strings.Repeat("a", 5000) + "/uploads", c.cy.token, nil, frames, 400},
		{"a hash that is a path", "GET", p + "/previews/%2e%2e%2fstudio.db", c.cy.token, nil, "", 400},
		{"a hash that is short", "GET", p + "/previews/ab", c.cy.token, nil, "", 400},
		{"frames that are noise", "POST", p + "/uploads", c.cy.token, map[string]string{wire.HeaderClient: c.cy.client.String()}, strings.Repeat("x", 4096), 400},
		{"hashes that are not", "POST", p + "/chunks", c.cy.token, nil, "odd", 400},
		{"more hashes than may be asked", "POST", p + "/chunks", c.cy.token, nil, strings.Repeat("h", 32*5000), 413},
		{"a preview that is no picture", "PUT", p + "/previews/" + studio.Hash{1}.String(), c.cy.token,
			map[string]string{wire.HeaderClient: c.cy.client.String(), "Content-Type": "image/webp"}, "<script>", 400},
		{"a preview that is too large", "PUT", p + "/previews/" + studio.Hash{1}.String(), c.cy.token,
			map[string]string{wire.HeaderClient: c.cy.client.String(), "Content-Type": "image/webp"}, string(zeros[:3<<20]), 413},
		{"64 MiB of zeros in gzip", "POST", push, c.cy.token, call(map[string]string{"Content-Encoding": "gzip"}), gzipped.String(), 429},
		{"64 MiB of zeros in zstd", "POST", push, c.cy.token, call(map[string]string{"Content-Encoding": "zstd"}), bomb, 429},
		{"more than a call may have", "POST", push, c.cy.token, call(nil), string(zeros[:20<<20]), 429},
		{"a message that is noise", "POST", push, c.cy.token, call(nil), strings.Repeat("\xff", 64), 400},
		{"an invitation by an artist", "POST", "/v1/studio/invite", c.cy.token, map[string]string{"Content-Type": "application/json"}, `{"username":"x","admin":true}`, 403},
		{"a form of another site", "POST", "/v1/studio/login", "", map[string]string{"Content-Type": "text/plain"}, `{"username":"ana"}`, 400},
	} {
		got := c.do(one.method, one.path, one.token, one.header, strings.NewReader(one.body))
		require.Equal(t, one.status, got.status, "%s: %s", one.what, got.body)
		require.NotContains(t, string(got.body), "internal/", one.what)
		require.Equal(t, before, c.standing(), one.what)
	}

	for what, end := range map[string]func(*person){
		"a session that was ended": func(p *person) {
			require.Equal(t, http.StatusNoContent, c.do("POST", "/v1/studio/logout", p.token, nil, nil).status)
		},
		"a session that is 31 days old": func(*person) { c.ahead.Add(31 * 24 * 3600 * 1000) },
	} {
		p := c.login("cy")
		p.client = c.cy.client
		end(p)
		got := c.do("POST", push, p.token, call(nil), nil)
		require.Equal(t, http.StatusUnauthorized, got.status, what)
	}
	c.ana = c.login("ana")
	require.Equal(t, before, c.standing())
}
