package server_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"framehold/internal/chunk"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// crew is a published film with its people: ana is its admin, ben holds the first shot, cy is another artist, vic a vendor.
type crew struct {
	*stage
	film              *film
	ana, ben, cy, vic *person
	generation        wire.Generation
	holding           studio.AssignmentID
	members           map[*person]studio.UserID
	checkpoint        studio.CheckpointID
}

func newCrew(t *testing.T) *crew {
	t.Helper()
	c := &crew{stage: newStage(t), members: map[*person]studio.UserID{}}
	c.ana = c.login("ana")
	c.ben, c.cy, c.vic = c.joined(c.ana, "ben"), c.joined(c.ana, "cy"), c.joined(c.ana, "vic")
	c.film = c.newFilm(map[string]studio.UserID{"ana": c.ana.id, "ben": c.ben.id, "cy": c.cy.id, "vic": c.vic.id}, "ana", "ben", "cy", "vic")
	c.ana.publish(c.film)
	for _, p := range []*person{c.ana, c.ben, c.cy, c.vic} {
		hello := p.hello(c.film.id)
		c.members[p], c.generation = hello.User, hello.Generation
	}
	vic := c.film.stateMember("vic")
	vic.Role = c.film.roles["Vendor"]
	c.holding = c.give(c.ben, c.film.shots[0])
	c.applied(c.ana, c.ana.op(studio.KindMemberSet, vic.User.ID, &studio.RowBody{SeenVer: vic.Ver, Row: studio.EncodeRow(vic)}))
	return c
}

func (c *crew) applied(p *person, ops ...studio.Op) wire.PushReply {
	c.t.Helper()
	reply := p.push(c.film.id, c.generation, ops...)
	require.Equal(c.t, wire.Stop{}, reply.Stop)
	for _, o := range reply.Outcomes {
		require.Equal(c.t, studio.Applied, o.Verdict, "%+v", o)
	}
	return reply
}

func (c *crew) give(to *person, shot studio.AssetID) studio.AssignmentID {
	give := c.ana.op(studio.KindAssign, shot.ID, &studio.AssignBody{To: c.members[to]})
	c.applied(c.ana, give)
	return studio.AssignmentID{ID: give.ID.ID}
}

// announce and seal are the ops of a checkpoint of the first shot.
func (c *crew) announce(p *person, content file, preview studio.Hash) studio.Op {
	c.checkpoint = studio.CheckpointID{ID: c.o.Clock.NewID()}
	return p.op(studio.KindAnnounce, c.film.shots[0].ID, &studio.AnnounceBody{Checkpoint: c.checkpoint, Assignment: c.holding,
		Status: c.film.status, Manifest: content.manifest, Bytes: content.size, Preview: preview, Comment: "light"})
}

func (c *crew) seal(p *person) studio.Op {
	return p.op(studio.KindSeal, c.film.shots[0].ID, &studio.SealBody{Checkpoint: c.checkpoint})
}

func (c *crew) uploaded(p *person, body []byte) {
	c.t.Helper()
	a := p.upload(c.film.id, body)
	require.Equal(c.t, http.StatusOK, a.status, "%s", a.body)
}

func TestBytesGoToTheEntitledOnly(t *testing.T) {
	c := newCrew(t)
	content := newFile(3<<20, 1)
	none := []studio.Hash(nil)
	c.uploaded(c.ben, content.bytes())
	absent, _ := c.cy.fetch(c.film.id, []studio.Hash{{1}, {2}})
	_, came := c.ben.fetch(c.film.id, content.hashes())
	require.Equal(t, none, came, "an upload alone is nobody's file")

	preview := fileOf(aPreview).frames[0].Hash
	header := map[string]string{wire.HeaderClient: c.ben.client.String(), "Content-Type": "image/webp"}
	path := "/v1/p/" + c.film.id.String() + "/previews/" + preview.String()
	require.Equal(t, 204, c.do("PUT", path, c.ben.token, header, bytes.NewReader(aPreview)).status)
	require.Equal(t, 404, c.do("GET", path, c.cy.token, nil, nil).status)
	c.applied(c.ben, c.announce(c.ben, content, preview), c.seal(c.ben))

	for _, p := range []*person{c.ana, c.ben} {
		_, came = p.fetch(c.film.id, content.hashes())
		require.Equal(t, content.hashes(), came)
	}
	for _, p := range []*person{c.cy, c.vic} {
		a, came := p.fetch(c.film.id, content.hashes())
		require.Equal(t, none, came)
		require.Equal(t, absent.body, a.body, "not theirs and not there are the same bytes")
		have, err := p.wire().Have(t.Context(), wire.HaveRequest{Project: c.film.id, Client: p.client, Hashes: content.hashes()})
		require.NoError(t, err)
		require.NotContains(t, have.Have, true)
	}
	seen := c.do("GET", path, c.cy.token, nil, nil) // an artist sees everything, and its preview
	require.Equal(t, 200, seen.status)
	require.Equal(t, aPreview, seen.body)
	require.Equal(t, "image/webp", seen.header.Get("Content-Type"))
	require.Equal(t, 404, c.do("GET", path, c.vic.token, nil, nil).status, "a vendor sees their own tasks")

	need := c.ana.op(studio.KindDependAdd, c.film.shots[1].ID, &studio.DependBody{Target: c.film.shots[0].ID})
	c.applied(c.ana, need)
	c.give(c.vic, c.film.shots[1])
	_, came = c.vic.fetch(c.film.id, content.hashes())
	require.Equal(t, content.hashes(), came, "what their task needs is theirs to have")
	require.Equal(t, 200, c.do("GET", path, c.vic.token, nil, nil).status)
}

// Naming a hash grants nothing: who has not uploaded all of a file cannot seal it, whether or not the server holds it.
func TestAManifestOfOthersChunksIsNoWayToThem(t *testing.T) {
	c := newCrew(t)
	content := newFile(1<<20, 2)
	c.uploaded(c.ben, content.bytes())
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}), c.seal(c.ben))
	var manifests []wire.Frame
	for _, f := range content.frames {
		if f.Kind == wire.FrameManifest {
			manifests = append(manifests, f)
		}
	}
	theirs := c.cy.upload(c.film.id, framed(manifests))
	nobodys := c.cy.upload(c.film.id, framed(newFile(1<<20, 3).frames[len(newFile(1<<20, 3).frames)-2:]))
	require.Equal(t, http.StatusBadRequest, theirs.status)
	require.Equal(t, nobodys.body, theirs.body)
	c.uploaded(c.cy, content.bytes()) // who has the bytes may
}

func TestUploadsAreVerified(t *testing.T) {
	c := newCrew(t)
	good := newFile(300_000, 4)
	z, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	bomb := z.EncodeAll(make([]byte, 64<<20), nil)
	false_ := bytes.Clone(good.frames[0].Stored)
	false_[0]++
	for name, body := range map[string][]byte{
		"AFalseChunk":      framed([]wire.Frame{{Kind: wire.FrameChunk, Size: good.frames[0].Size, Hash: good.frames[0].Hash, Stored: false_}}),
		"AFalseManifest":   framed([]wire.Frame{{Kind: wire.FrameManifest, Size: 5, Hash: studio.Hash(chunk.Sum([]byte("FHMR\x01"))), Stored: []byte("FHMR\x01")}}),
		"ABomb":            framed([]wire.Frame{{Kind: wire.FrameChunk, Coding: wire.Zstd, Size: 1000, Hash: studio.Hash{1}, Stored: bomb}}),
		"NoFrames":         []byte("hello, is this the upload?"),
		"MoreBehindTheEnd": append(good.bytes(), 1),
		"NotTheEnd":        good.bytes()[:len(good.bytes())-6],
	} {
		t.Run(name, func(t *testing.T) {
			a := c.ben.upload(c.film.id, body)
			require.GreaterOrEqual(t, a.status, 400, "%s", a.body)
			require.Contains(t, []string{"invalid", "unavailable"}, a.code())
		})
	}
	have, err := c.ben.wire().Have(t.Context(), wire.HaveRequest{Project: c.film.id, Client: c.ben.client, Hashes: []studio.Hash{{1}}})
	require.NoError(t, err)
	require.Equal(t, []bool{false}, have.Have)
	stranger := *c.ben
	stranger.client = c.o.Clock.NewID()
	require.Equal(t, "invalid", stranger.upload(c.film.id, good.bytes()).code(), "a client says hello first")
	stranger = *c.cy
	stranger.client = c.ben.client
	require.Equal(t, "invalid", stranger.upload(c.film.id, good.bytes()).code(), "a lease is of one person's client")
}

func TestPreviewsAreVerified(t *testing.T) {
	c := newCrew(t)
	large := append(bytes.Clone(aPreview), make([]byte, 2<<20)...)
	for name, one := range map[string]struct {
		body []byte
		kind string
		code string
	}{
		"NoWebP":      {[]byte("<svg onload=alert(1)>"), "image/webp", "invalid"},
		"AnotherType": {aPreview, "text/html", "invalid"},
		"TooLarge":    {large, "image/webp", "too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			path := "/v1/p/" + c.film.id.String() + "/previews/" + chunk.Sum(one.body).String()
			a := c.do("PUT", path, c.ben.token, map[string]string{wire.HeaderClient: c.ben.client.String(), "Content-Type": one.kind}, bytes.NewReader(one.body))
			require.Equal(t, one.code, a.code(), "%s", a.body)
		})
	}
	path := "/v1/p/" + c.film.id.String() + "/previews/" + chunk.Sum([]byte("another")).String()
	a := c.do("PUT", path, c.ben.token, map[string]string{wire.HeaderClient: c.ben.client.String(), "Content-Type": "image/webp"}, bytes.NewReader(aPreview))
	require.Equal(t, "invalid", a.code())
}

func TestAnUploadHasALimitAndItsEarlierPartStays(t *testing.T) {
	c := newCrew(t)
	content := newFile(9<<20, 5) // more than one commit
	frames := content.frames[:len(content.frames)-2]
	for total := 0; total < 66<<20; total += len(frames[0].Stored) {
		frames = append(frames, content.frames[0])
	}
	require.Equal(t, "too_large", c.ben.upload(c.film.id, framed(frames)).code())
	require.True(t, c.ben.has(c.film.id, content.frames[0].Hash))
}

func (p *person) has(project studio.ProjectID, h studio.Hash) bool {
	p.s.t.Helper()
	reply, err := p.wire().Have(p.s.t.Context(), wire.HaveRequest{Project: project, Client: p.client, Hashes: []studio.Hash{h}})
	require.NoError(p.s.t, err)
	return reply.Have[0]
}

// An upload that breaks loses nothing that was committed, also when the server stops: the rest is sent again, and only that.
func TestAnUploadThatBreaksGoesOn(t *testing.T) {
	c := newCrew(t)
	content := newFile(20<<20, 6)
	whole := content.bytes()
	body, feed := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		r, err := http.NewRequestWithContext(t.Context(), "POST", c.url+"/v1/p/"+c.film.id.String()+"/uploads", body)
		if err == nil {
			r.Header.Set("Authorization", "Bearer "+c.ben.token)
			r.Header.Set(wire.HeaderClient, c.ben.client.String())
			var reply *http.Response
			if reply, err = c.http.Do(r); err == nil {
				err = errors.Join(reply.Body.Close(), errors.New(reply.Status))
			}
		}
		ended <- err
	}()
	_, err := feed.Write(whole[:14<<20])
	require.NoError(t, err)
	for !c.ben.has(c.film.id, content.frames[0].Hash) {
	}
	stopped := make(chan struct{})
	go func() { c.stop(); close(stopped) }()
	require.NoError(t, feed.CloseWithError(errors.New("the cable was pulled")))
	require.Error(t, <-ended)
	<-stopped
	c.start()
	require.True(t, c.ben.has(c.film.id, content.frames[0].Hash))
	have, err := c.ben.wire().Have(t.Context(), wire.HaveRequest{Project: c.film.id, Client: c.ben.client, Hashes: content.hashes()})
	require.NoError(t, err)
	var rest []wire.Frame
	for i, f := range content.frames {
		if !have.Have[i] {
			rest = append(rest, f)
		}
	}
	require.Less(t, len(rest), len(content.frames)-20)
	c.uploaded(c.ben, framed(rest))
	c.applied(c.ben, c.announce(c.ben, content, studio.Hash{}), c.seal(c.ben))
	_, came := c.ana.fetch(c.film.id, content.hashes())
	require.Equal(t, content.hashes(), came)
}
