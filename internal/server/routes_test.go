package server_test

import (
	"bytes"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"framehold/internal/server"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

// expected says, apart from the table of the server, what each way in answers: to nobody, to a stranger to the project, to a
// member of it, to an admin of the studio who is a member. A way without a row here fails.
var expected = map[string]struct {
	rule                            string
	nobody, stranger, member, admin int
}{
	"POST /framehold.sync.v1.Sync/":        {"of project", 401, 403, 200, 200},
	"POST /framehold.sync.v1.Sync/Deposit": {"deposit", 401, 401, 401, 401}, // a session is no deposit key
	"PUT /v1/deposit/{op_id}":              {"deposit", 401, 401, 401, 401},
	"POST /v1/p/{project}/uploads":         {"of project", 401, 403, 200, 200},
	"POST /v1/p/{project}/chunks":          {"of project", 401, 403, 200, 200},
	"PUT /v1/p/{project}/previews/{hash}":  {"of project", 401, 403, 204, 204},
	"GET /v1/p/{project}/previews/{hash}":  {"of project", 401, 403, 404, 404}, // no checkpoint has it
	"GET /v1/p/{project}/people":           {"of project", 401, 403, 200, 200},
	"GET /v1/p/{project}/arriving":         {"of project", 401, 403, 200, 200},
	"POST /v1/studio/login":                {"anyone", 401, 401, 401, 401}, // a wrong password
	"POST /v1/studio/join":                 {"anyone", 404, 404, 404, 404}, // a token that was never given out
	"POST /v1/studio/logout":               {"signed in", 401, 204, 204, 204},
	"GET /v1/studio/projects":              {"signed in", 401, 200, 200, 200},
	"POST /v1/studio/projects":             {"signed in", 401, 403, 200, 200}, // that of the id of another's
	"GET /v1/studio/people":                {"signed in", 401, 200, 200, 200},
	"POST /v1/studio/invite":               {"admin", 401, 403, 403, 200},
	"GET /healthz":                         {"anyone", 200, 200, 200, 200},
	"GET /metrics":                         {"local", 200, 200, 200, 200}, // tests come from this computer
}

var aPreview = append([]byte("RIFF\x00\x00\x00\x00WEBP"), 1, 2, 3)

func TestEveryWayInHasItsRule(t *testing.T) {
	s := newStage(t)
	ana := s.login("ana")
	ben, cy := s.joined(ana, "ben"), s.joined(ana, "cy")
	f := s.newFilm(map[string]studio.UserID{"ana": ana.id, "ben": ben.id}, "ana", "ben")
	ana.publish(f)
	ben.hello(f.id)
	request := func(pattern, token string, client studio.ID) answer {
		method, path, _ := strings.Cut(pattern, " ")
		hash := fileOf(aPreview).frames[0].Hash
		path = strings.NewReplacer("{project}", f.id.String(), "{hash}", hash.String(), "{op_id}", f.shots[0].String()).Replace(path)
		header := map[string]string{"Content-Type": "application/json", wire.HeaderClient: client.String()}
		body := map[string]string{
			"POST /v1/studio/login":    `{"username":"dee","password":"a wrong password"}`,
			"POST /v1/studio/join":     `{"token":"` + wire.Token{1}.Text() + `","password":"long enough"}`,
			"POST /v1/studio/projects": `{"id":"` + f.id.String() + `","name":"Film"}`,
			"POST /v1/studio/invite":   `{}`,
		}[pattern]
		switch {
		case strings.HasSuffix(path, "/uploads"):
			body = string(framed(nil))
		case method == "PUT":
			body, header["Content-Type"] = string(aPreview), "image/webp"
		case strings.HasSuffix(path, "/Deposit"):
			header[wire.HeaderProject], body = f.id.String(), "{}"
		case strings.HasPrefix(path, "/framehold."):
			path += "Probe"
			header[wire.HeaderProject] = f.id.String()
			body = `{"seqs":["1"]}`
		}
		return s.do(method, path, token, header, strings.NewReader(body))
	}
	seen := map[string]bool{}
	for _, way := range s.srv.Ways() {
		want, known := expected[way.Pattern]
		require.True(t, known, "%s: say who may call it", way.Pattern)
		require.Equal(t, want.rule, way.Rule, way.Pattern)
		seen[way.Pattern] = true
		require.Equal(t, want.nobody, request(way.Pattern, "", ana.client).status, "nobody: %s", way.Pattern)
		require.Equal(t, want.nobody, request(way.Pattern, wire.Token{9}.Text(), ana.client).status, "a forged token: %s", way.Pattern)
		for _, as := range []struct {
			who    *person
			status int
		}{{cy, want.stranger}, {ben, want.member}, {ana, want.admin}} {
			if way.Pattern == "POST /v1/studio/logout" {
				as.who = s.login(map[*person]string{ana: "ana", ben: "ben", cy: "cy"}[as.who])
			}
			got := request(way.Pattern, as.who.token, as.who.client)
			require.Equal(t, as.status, got.status, "%s: %s", way.Pattern, got.body)
			require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"), way.Pattern)
		}
	}
	require.Len(t, expected, len(seen))
	require.NotContains(t, s.log.String(), ana.token)
	require.NotContains(t, s.log.String(), password)
}

// Each call of wire goes through the one row that they share: with a session of nobody's, all are refused alike.
func TestEveryCallAsksForASession(t *testing.T) {
	s := newStage(t)
	calls := reflect.TypeFor[wire.Sync]()
	require.Positive(t, calls.NumMethod())
	for i := range calls.NumMethod() {
		a := s.do("POST", "/framehold.sync.v1.Sync/"+calls.Method(i).Name, "", map[string]string{"Content-Type": "application/json"},
			strings.NewReader("{}"))
		require.Equal(t, http.StatusUnauthorized, a.status, calls.Method(i).Name)
		require.Contains(t, string(a.body), "unauthenticated")
	}
}

// A project that is not there and one that is not yours are the same bytes, on every way in.
func TestAStrangerLearnsNothing(t *testing.T) {
	s := newStage(t)
	ana := s.login("ana")
	cy := s.joined(ana, "cy")
	f := s.newFilm(map[string]studio.UserID{"ana": ana.id}, "ana")
	ana.publish(f)
	nowhere := studio.ProjectID{ID: s.o.Clock.NewID()}
	hash := studio.Hash{1}
	for _, way := range []struct{ method, path, body string }{
		{"POST", "/uploads", string(framed(nil))}, {"POST", "/chunks", string(hash[:])}, {"GET", "/previews/" + hash.String(), ""},
	} {
		ask := func(p studio.ProjectID) answer {
			return s.do(way.method, "/v1/p/"+p.String()+way.path, cy.token, map[string]string{wire.HeaderClient: cy.client.String()},
				strings.NewReader(way.body))
		}
		there, not := ask(f.id), ask(nowhere)
		require.Equal(t, http.StatusForbidden, there.status, way.path)
		require.Equal(t, not.status, there.status)
		require.Equal(t, string(not.body), string(there.body))
	}
	for _, p := range []studio.ProjectID{f.id, nowhere} {
		_, err := cy.wire().Hello(t.Context(), wire.HelloRequest{Project: p, Client: cy.client, Proto: wire.Proto})
		require.Equal(t, wire.CodeNotMember, failed(t, err))
		_, err = cy.wire().WaitForHead(t.Context(), wire.WaitRequest{Project: p})
		require.Equal(t, wire.CodeNotMember, failed(t, err))
		_, err = cy.wire().Pull(t.Context(), wire.PullRequest{Project: p, Client: cy.client})
		require.Equal(t, wire.CodeNotMember, failed(t, err))
	}
}

func TestWhatIsNoRequestIsRefused(t *testing.T) {
	s := newStage(t)
	ana := s.login("ana")
	f := s.newFilm(map[string]studio.UserID{"ana": ana.id}, "ana")
	ana.publish(f)
	json := map[string]string{"Content-Type": "application/json"}
	for name, c := range map[string]struct {
		path   string
		header map[string]string
		body   string
		status int
		code   string
	}{
		"AnotherType":         {"/v1/studio/login", map[string]string{"Content-Type": "text/plain"}, `{"username":"ana"}`, 400, "usage"},
		"AnUnknownField":      {"/v1/studio/login", json, `{"username":"ana","admin":true}`, 400, "usage"},
		"TwoDocuments":        {"/v1/studio/login", json, `{"username":"ana"} {}`, 400, "usage"},
		"ALargeBody":          {"/v1/studio/login", json, `{"username":"` + strings.Repeat("a", 20<<10) + `"}`, 413, "too_large"},
		"APathThatIsNone":     {"/v1/studio/nothing", json, `{}`, 404, "unknown_target"},
		"AnotherMethod":       {"/v1/studio/people", json, `{}`, 404, "unknown_target"},
		"AnIdThatIsNone":      {"/v1/p/..%2f..%2fstudio.key/chunks", nil, ``, 400, "invalid"},
		"HalfAHash":           {"/v1/p/" + f.id.String() + "/chunks", nil, `0123456789`, 400, "invalid"},
		"TooManyHashes":       {"/v1/p/" + f.id.String() + "/chunks", nil, strings.Repeat("x", 32*4097), 413, "too_large"},
		"AProjectWithoutName": {"/v1/studio/projects", json, `{"id":"` + strings.Repeat("0a", 16) + `"}`, 400, "invalid_name"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.do("POST", c.path, ana.token, c.header, strings.NewReader(c.body))
			require.Equal(t, c.status, a.status, "%s", a.body)
			require.Equal(t, c.code, a.code(), "%s", a.body)
		})
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.url+"/healthz", nil)
	require.NoError(t, err)
	r.Header.Set("X-Padding", strings.Repeat("x", 1<<20))
	reply, err := http.DefaultClient.Do(r) // HTTP/1.1
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, reply.StatusCode)
}

func TestAPanicIsAnAnswerAndTheServerGoesOn(t *testing.T) {
	s := newStage(t)
	ana := s.login("ana")
	f := s.newFilm(map[string]studio.UserID{"ana": ana.id}, "ana")
	ana.publish(f)
	var body io.Reader = bytes.NewReader(framed([]wire.Frame{}))
	a := s.do("POST", "/v1/p/"+f.id.String()+"/uploads", ana.token, map[string]string{wire.HeaderClient: ana.client.String()}, body)
	require.Equal(t, 200, a.status)
	_, err := server.Open(t.Context(), s.o)
	require.Equal(t, studio.CodeStoreInUse, studio.CodeOf(err), "one server for a studio")
	require.Equal(t, 200, s.do("GET", "/healthz", "", nil, nil).status)
}
