package server_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/studio"
	"framehold/internal/wire"
)

// The matrix: people of every role, one who was removed and one who never was in it, ask every way for every piece of a
// project that changes under them. What they get is compared with an oracle that knows the table of roles and the words of
// row Ic8, and nothing of the code that decides.

// held is what the oracle knows of an asset.
type held struct {
	asset    studio.AssetID
	parent   string // a folder of the oracle; "": the top
	holder   string
	holding  studio.AssignmentID
	head     studio.CheckpointID
	needs    map[string]bool // names of assets, or of folders with "/" behind them
	versions []*version
}

// version is what the oracle knows of a checkpoint.
type version struct {
	id              studio.CheckpointID
	of              string
	author          string
	base            studio.CheckpointID
	state           string // announced accepted parked
	file, image     file
	preview         studio.Hash
	webp            []byte
	sealedUploaders map[string]bool
}

type oracle struct {
	roles   map[string]string // of people; "": no member any more, or never
	assets  map[string]*held
	shared  map[string]bool   // folders
	above   map[string]string // of folders
	leased  map[string]map[studio.Hash]bool
	present []*version
}

// seesAll and downloadsAll are two lines of the table of roles.
func (o *oracle) seesAll(who string) bool {
	return slices.Contains([]string{"Admin", "Production Manager", "Supervisor", "Assistant Supervisor", "Artist"}, o.roles[who])
}

func (o *oracle) downloadsAll(who string) bool {
	return slices.Contains([]string{"Admin", "Production Manager", "Supervisor", "Assistant Supervisor"}, o.roles[who])
}

func (o *oracle) adopts(who string) bool { return o.downloadsAll(who) } // the same four

// closure is what a person holds and all that it needs, a folder with everything inside.
func (o *oracle) closure(who string) map[string]bool {
	found := map[string]bool{}
	var walk func(string)
	walk = func(name string) {
		if found[name] {
			return
		}
		found[name] = true
		for need := range o.assets[name].needs {
			if o.assets[need] != nil {
				walk(need)
				continue
			}
			for other, a := range o.assets {
				if o.within(a.parent, need) {
					walk(other)
				}
			}
		}
	}
	for name, a := range o.assets {
		if a.holder == who {
			walk(name)
		}
	}
	return found
}

// within tells whether a folder is another or stands in it.
func (o *oracle) within(folder, in string) bool {
	for ; folder != ""; folder = o.above[folder] {
		if folder == in {
			return true
		}
	}
	return false
}

func (o *oracle) inShared(name string) bool {
	for folder := range o.shared {
		if o.shared[folder] && o.within(o.assets[name].parent, folder) {
			return true
		}
	}
	return false
}

func (o *oracle) mayDownload(who string, v *version) bool {
	switch {
	case o.roles[who] == "" || v.state == "announced":
		return false
	case v.author == who:
		return true
	case v.state == "parked":
		return o.assets[v.of].holder == who || o.adopts(who)
	}
	return o.downloadsAll(who) || o.closure(who)[v.of] || o.roles[who] == "Artist" && o.inShared(v.of)
}

func (o *oracle) maySee(who string, v *version) bool {
	switch {
	case o.roles[who] == "":
		return false
	case v.author == who:
		return true
	case !o.seesAll(who) && !o.closure(who)[v.of]:
		return false
	}
	return v.state != "parked" || o.adopts(who) || o.assets[v.of].holder == who
}

// mayRead tells whether a person reads of a checkpoint: who sees every asset's tracking data has all rows, and the hash
// over them; its pictures and bytes are another thing.
func (o *oracle) mayRead(who string, v *version) bool { return o.seesAll(who) || o.maySee(who, v) }

// matrix is a studio with the oracle beside it.
type matrix struct {
	*stage
	t        *testing.T
	r        *rand.Rand
	film     *film
	gen      wire.Generation
	people   map[string]*person
	members  map[string]studio.Member
	folders  map[string]studio.CollectionID
	o        *oracle
	cases    int
	names    []string
	versions int
}

func newMatrix(t *testing.T, seed uint64) *matrix {
	m := &matrix{stage: newStage(t), t: t, r: rand.New(rand.NewPCG(seed, 7)), people: map[string]*person{}, members: map[string]studio.Member{},
		folders: map[string]studio.CollectionID{"": {}}}
	roles := map[string]string{"ana": "Admin", "pam": "Production Manager", "sue": "Supervisor", "asa": "Assistant Supervisor",
		"ben": "Artist", "cy": "Artist", "vic": "Vendor", "val": "Vendor", "gus": "Artist"}
	order := []string{"ana", "pam", "sue", "asa", "ben", "cy", "vic", "val", "gus"}
	accounts := map[string]studio.UserID{}
	m.people["ana"] = m.login("ana")
	for _, name := range append(order[1:], "eve") {
		m.people[name] = m.joined(m.people["ana"], name)
	}
	for _, name := range order {
		accounts[name] = m.people[name].id
	}
	m.film = m.newFilm(accounts, order...)
	m.people["ana"].publish(m.film)
	m.o = &oracle{roles: map[string]string{"ana": "Admin"}, assets: map[string]*held{}, shared: map[string]bool{}, above: map[string]string{},
		leased: map[string]map[studio.Hash]bool{}}
	for _, name := range order {
		m.gen = m.people[name].hello(m.film.id).Generation
		m.members[name] = m.film.stateMember(name)
		if name != "ana" {
			m.role(name, roles[name])
		}
	}
	for i, shot := range m.film.shots {
		m.own(fmt.Sprintf("shot%d", i), shot)
	}
	m.names = append(order, "eve")
	return m
}

func (m *matrix) lease(who string) map[studio.Hash]bool {
	if m.o.leased[who] == nil {
		m.o.leased[who] = map[studio.Hash]bool{}
	}
	return m.o.leased[who]
}

func (m *matrix) own(name string, id studio.AssetID) {
	m.o.assets[name] = &held{asset: id, needs: map[string]bool{}}
}

// as pushes one op of a person; its verdict.
func (m *matrix) as(who string, op studio.Op) studio.Verdict {
	m.t.Helper()
	reply := m.people[who].push(m.film.id, m.gen, op)
	require.Len(m.t, reply.Outcomes, 1, "%+v", reply.Stop)
	return reply.Outcomes[0].Verdict
}

func (m *matrix) done(who string, kind studio.Kind, entity studio.ID, body studio.Body) {
	m.t.Helper()
	require.Equal(m.t, studio.Applied, m.as(who, m.people[who].op(kind, entity, body)), "%v", kind)
}

// role gives a person a role; "" takes them out of the project.
func (m *matrix) role(who, role string) {
	row := m.members[who]
	body := &studio.RowBody{SeenVer: row.Ver}
	row.Gone = role == ""
	if role != "" {
		row.Role = m.film.roles[role]
	}
	body.Row = studio.EncodeRow(row)
	if m.as("ana", m.people["ana"].op(studio.KindMemberSet, row.User.ID, body)) == studio.Applied { // else it was so
		row.Ver++
	}
	m.members[who], m.o.roles[who] = row, role
}

func (m *matrix) folder(name, in string, shared bool) {
	id := studio.CollectionID{ID: m.stage.o.Clock.NewID()}
	m.done("ana", studio.KindCollectionCreate, id.ID, &studio.CreateBody{Parent: m.folders[in], Name: name, Shared: shared})
	m.folders[name], m.o.above[name], m.o.shared[name] = id, in, shared
}

func (m *matrix) asset(name, in string) {
	id := studio.AssetID{ID: m.stage.o.Clock.NewID()}
	m.done("ana", studio.KindAssetCreate, id.ID, &studio.CreateBody{Parent: m.folders[in], Name: name, Kind: studio.Task})
	m.own(name, id)
	m.o.assets[name].parent = in
}

func (m *matrix) give(name, to string) {
	a := m.o.assets[name]
	op := m.people["ana"].op(studio.KindAssign, a.asset.ID, &studio.AssignBody{To: m.members[to].User, Expect: a.holding})
	if m.as("ana", op) != studio.Applied {
		return // it was so, or they are gone
	}
	a.holder, a.holding = to, studio.AssignmentID{ID: op.ID.ID}
	if to == "" {
		a.holding = studio.AssignmentID{}
	}
	for _, v := range a.versions { // row C13: what was parked comes back with its author, where nothing newer is there
		if v.state == "parked" && v.author == to && v.base == a.head {
			v.state, a.head = "accepted", v.id
		}
	}
}

func (m *matrix) need(name, target string, add bool) {
	kind, id := studio.KindDependAdd, m.folders[target].ID
	if !add {
		kind = studio.KindDependRemove
	}
	if a := m.o.assets[target]; a != nil {
		id = a.asset.ID
	}
	if m.as("ana", m.people["ana"].op(kind, m.o.assets[name].asset.ID, &studio.DependBody{Target: id})) != studio.Applied {
		return // a circle, or it was so
	}
	if add {
		m.o.assets[name].needs[target] = true
	} else {
		delete(m.o.assets[name].needs, target)
	}
}

func (m *matrix) move(name, to string) {
	a := m.o.assets[name]
	body := &studio.MoveBody{Parent: m.folders[to], Seen: m.folders[a.parent]}
	if m.as("ana", m.people["ana"].op(studio.KindMove, a.asset.ID, body)) == studio.Applied {
		a.parent = to
	}
}

func (m *matrix) share(folder string, shared bool) {
	was, now := map[bool]string{true: "1"}[m.o.shared[folder]], map[bool]string{true: "1"}[shared]
	body := &studio.SetBody{Field: studio.FieldShared, Seen: was, Value: now}
	if m.as("ana", m.people["ana"].op(studio.KindSet, m.folders[folder].ID, body)) == studio.Applied {
		m.o.shared[folder] = shared
	}
}

// save makes a checkpoint as its holder, with a file of several chunks, an image and a preview; what happens between the
// announcement and the seal may park it. A file that somebody has saved before may come again.
func (m *matrix) save(name, upTo string, between func()) {
	a := m.o.assets[name]
	who := a.holder
	if who == "" || m.o.roles[who] == "" {
		return
	}
	m.versions++
	v := &version{id: studio.CheckpointID{ID: m.stage.o.Clock.NewID()}, of: name, author: who, base: a.head, state: "announced",
		file: newFile(300<<10+m.r.IntN(400<<10), byte(m.r.IntN(40))), image: newFile(2000, byte(m.r.IntN(250))),
		webp: append(slices.Clone(aPreview), byte(m.versions), byte(m.versions>>8))}
	v.preview = fileOf(v.webp).frames[0].Hash
	m.done(who, studio.KindAnnounce, a.asset.ID, &studio.AnnounceBody{Checkpoint: v.id, Base: a.head, Assignment: a.holding,
		Status: m.film.status, Manifest: v.file.manifest, Bytes: v.file.size, Preview: v.preview, Image: v.image.manifest, Comment: "x"})
	a.versions, m.o.present = append(a.versions, v), append(m.o.present, v)
	if upTo == "announced" {
		return
	}
	for _, content := range []file{v.file, v.image} {
		up := m.people[who].upload(m.film.id, content.bytes())
		require.Equal(m.t, http.StatusOK, up.status, "%s", up.body)
		for _, h := range content.hashes() {
			m.lease(who)[h] = true
		}
	}
	header := map[string]string{wire.HeaderClient: m.people[who].client.String(), "Content-Type": "image/webp"}
	put := m.do("PUT", "/v1/p/"+m.film.id.String()+"/previews/"+v.preview.String(), m.people[who].token, header, bytes.NewReader(v.webp))
	require.Equal(m.t, http.StatusNoContent, put.status, "%s", put.body)
	v.sealedUploaders = map[string]bool{who: true}
	if upTo == "uploaded" {
		return
	}
	if between != nil {
		between()
	}
	switch m.as(who, m.people[who].op(studio.KindSeal, a.asset.ID, &studio.SealBody{Checkpoint: v.id})) {
	case studio.Applied:
		v.state, a.head = "accepted", v.id
	case studio.Kept:
		v.state = "parked"
	}
}

// ask lets one person ask every way for everything, and compares.
func (m *matrix) ask(who string) {
	m.t.Helper()
	p := m.people[who]
	var hashes []studio.Hash
	for _, v := range m.o.present {
		hashes = append(append(hashes, v.file.hashes()...), v.image.hashes()...)
	}
	m.askBytes(who, p, hashes)
	m.askHave(who, p, hashes)
	m.askPreviews(who, p)
	m.askRows(who, p)
}

// entitled tells of a hash whether any version that the person may download holds it.
func (m *matrix) entitled(who string) map[studio.Hash]bool {
	may := map[studio.Hash]bool{}
	for _, v := range m.o.present {
		if !m.o.mayDownload(who, v) {
			continue
		}
		for _, h := range append(v.file.hashes(), v.image.hashes()...) {
			may[h] = true
		}
	}
	return may
}

func (m *matrix) askBytes(who string, p *person, hashes []studio.Hash) {
	a, came := p.fetch(m.film.id, hashes)
	if m.o.roles[who] == "" {
		require.Equal(m.t, http.StatusForbidden, a.status, who)
		m.cases += len(hashes)
		return
	}
	may, got := m.entitled(who), map[studio.Hash]bool{}
	for _, h := range came {
		got[h] = true
	}
	for _, h := range hashes {
		m.cases++
		if may[h] != got[h] {
			m.t.Fatalf("%s, %s: bytes of %s: served %v, entitled %v", who, m.o.roles[who], m.whose(h), got[h], may[h])
		}
	}
	var closed []studio.Hash
	for _, h := range hashes {
		if !may[h] && !slices.Contains(closed, h) {
			closed = append(closed, h)
		}
	}
	never := make([]studio.Hash, len(closed))
	for i := range never {
		never[i] = studio.Hash{byte(i), byte(i >> 8), 9}
	}
	shut, _ := p.fetch(m.film.id, closed)
	absent, _ := p.fetch(m.film.id, never)
	require.Equal(m.t, absent.body, shut.body, "%s: what is not theirs and what is not there are the same bytes", who)
}

func (m *matrix) askHave(who string, p *person, hashes []studio.Hash) {
	unique := slices.Clone(hashes)
	slices.SortFunc(unique, func(a, b studio.Hash) int { return bytes.Compare(a[:], b[:]) })
	unique = slices.Compact(unique)
	reply, err := p.wire().Have(m.t.Context(), wire.HaveRequest{Project: m.film.id, Client: p.client, Hashes: unique})
	if m.o.roles[who] == "" {
		require.Error(m.t, err, who)
		m.cases += len(unique)
		return
	}
	require.NoError(m.t, err)
	may := m.entitled(who)
	for i, h := range unique {
		m.cases++
		if want := may[h] || m.o.leased[who][h]; reply.Have[i] && !want {
			m.t.Fatalf("%s, %s: is told that %s is there", who, m.o.roles[who], m.whose(h))
		} else if want && !reply.Have[i] {
			m.t.Fatalf("%s, %s: is to send %s again, which they sent or may have", who, m.o.roles[who], m.whose(h))
		}
		if reply.Have[i] {
			m.lease(who)[h] = true // what they were told of stays theirs to name, as long as the lease lasts
		}
	}
}

func (m *matrix) askPreviews(who string, p *person) {
	var absent answer
	path := func(h studio.Hash) string { return "/v1/p/" + m.film.id.String() + "/previews/" + h.String() }
	absent = m.do("GET", path(studio.Hash{1, 2, 3}), p.token, nil, nil)
	for _, v := range m.o.present {
		m.cases++
		got := m.do("GET", path(v.preview), p.token, nil, nil)
		if m.o.maySee(who, v) && v.sealedUploaders != nil {
			require.Equal(m.t, http.StatusOK, got.status, "%s, %s: the preview of %s", who, m.o.roles[who], v.of)
			require.Equal(m.t, v.webp, got.body)
			continue
		}
		if got.status != absent.status || !bytes.Equal(got.body, absent.body) {
			m.t.Fatalf("%s, %s: the preview of %s's %s checkpoint of %s: %d %s", who, m.o.roles[who], v.author, v.state, v.of, got.status, got.body)
		}
	}
}

// askLog asks for the history alone: it is for who sees all.
func (m *matrix) askLog(who string, p *person, head wire.Signed) {
	m.cases++
	q := wire.PullRequest{Project: m.film.id, Client: p.client, Part: wire.PartLog,
		Cookie: wire.Cookie{Generation: head.Generation, Seq: head.Seq, Chain8: [8]byte(head.Chain[:8])}}
	reply, err := p.wire().Pull(m.t.Context(), q)
	if !m.o.seesAll(who) {
		require.Error(m.t, err, who)
		return
	}
	require.NoError(m.t, err, who)
	require.Equal(m.t, uint64(1), reply.Events[0].Seq)
}

// askRows pulls everything: rows and the bodies of events.
func (m *matrix) askRows(who string, p *person) {
	assets, checkpoints := map[studio.ID]bool{}, map[studio.ID]bool{}
	q := wire.PullRequest{Project: m.film.id, Client: p.client, Part: wire.Part(m.cases % 2)}
	for {
		reply, err := p.wire().Pull(m.t.Context(), q)
		if m.o.roles[who] == "" {
			require.Error(m.t, err, who)
			m.cases += len(m.o.assets) + len(m.o.present)
			return
		}
		require.NoError(m.t, err)
		for _, row := range reply.Rows {
			one, err := studio.DecodeRow(row.Table, row.Bytes)
			if err != nil || len(row.Bytes) == 0 {
				continue // gone
			}
			switch one := one.(type) {
			case studio.Asset:
				assets[one.ID.ID] = true
			case studio.Checkpoint:
				checkpoints[one.ID.ID] = true
			}
		}
		require.Equal(m.t, q.Part == wire.PartRows && m.o.seesAll(who), reply.Later, who)
		if len(reply.NextPage) == 0 {
			m.askLog(who, p, reply.Head)
			break
		}
		q.Page = reply.NextPage
	}
	closure := m.o.closure(who)
	for name, a := range m.o.assets {
		m.cases++
		want := m.o.seesAll(who) || closure[name] || slices.ContainsFunc(a.versions, func(v *version) bool { return v.author == who })
		sure := m.o.seesAll(who) || closure[name]
		if got := assets[a.asset.ID]; got && !want || sure && !got {
			m.t.Fatalf("%s, %s: the row of %s: sent %v, may %v", who, m.o.roles[who], name, got, want)
		}
	}
	for _, v := range m.o.present {
		m.cases++
		if got, want := checkpoints[v.id.ID], m.o.mayRead(who, v); got != want {
			m.t.Fatalf("%s, %s: the row of %s's %s checkpoint of %s: sent %v, may %v", who, m.o.roles[who], v.author, v.state, v.of, got, want)
		}
	}
}

func (m *matrix) whose(h studio.Hash) string {
	var words []string
	for _, v := range m.o.present {
		if slices.Contains(append(v.file.hashes(), v.image.hashes()...), h) {
			words = append(words, fmt.Sprintf("%s's %s checkpoint of %s (held by %q)", v.author, v.state, v.of, m.o.assets[v.of].holder))
		}
	}
	return fmt.Sprint(words)
}

// change lets something happen in the project.
func (m *matrix) change() {
	pick := func(from []string) string { return from[m.r.IntN(len(from))] }
	var assets, folders, people []string
	for name := range m.o.assets {
		assets = append(assets, name)
	}
	for name := range m.folders {
		if name != "" {
			folders = append(folders, name)
		}
	}
	slices.Sort(assets)
	slices.Sort(folders)
	people = m.names[1 : len(m.names)-1]
	name := pick(assets)
	switch m.r.IntN(12) {
	case 0, 1:
		m.give(name, pick(append(slices.Clone(people), "")))
	case 2:
		m.need(name, pick(append(slices.Clone(assets), folders...)), true)
	case 3:
		for target := range m.o.assets[name].needs {
			m.need(name, target, false)
			break
		}
	case 4:
		m.move(name, pick(append(slices.Clone(folders), "")))
	case 5:
		folder := pick(folders)
		m.share(folder, !m.o.shared[folder])
	case 6:
		m.save(name, pick([]string{"announced", "uploaded"}), nil)
	case 7, 8:
		m.save(name, "sealed", nil)
	case 9:
		m.save(name, "sealed", func() { m.give(name, pick(people)) })
	case 10:
		roles := []string{"Artist", "Vendor", "Supervisor", "Assistant Supervisor", "Production Manager"}
		m.role(pick(people), pick(roles))
	case 11:
		m.role("gus", map[bool]string{true: "Artist", false: ""}[m.o.roles["gus"] == ""])
	}
}

func TestEveryRoleGetsWhatIsTheirsAndNothingElse(t *testing.T) {
	cases, versions := 0, 0
	for seed := uint64(1); cases < matrixCases; seed++ {
		m := newMatrix(t, seed)
		m.folder("lib", "", true)
		m.folder("inner", "lib", false)
		m.folder("secret", "", false)
		m.asset("tree", "inner")
		m.asset("lamp", "secret")
		m.asset("rig", "secret")
		for step := range 60 {
			m.change()
			if step%6 == 5 {
				for _, who := range m.names {
					m.ask(who)
				}
			}
		}
		cases, versions = cases+m.cases, versions+m.versions
		m.stop()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%d cases, %d checkpoints, nothing served wrongly", cases, versions)
}
