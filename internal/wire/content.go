package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"framehold/internal/studio"
)

// UploadBytesMax is what one upload carries; a larger file takes several.
const UploadBytesMax = 64 << 20

// Studio is a client of the calls that need no project: accounts, projects, people; and of content. Safe for concurrent
// use. Every error is a *Failure or a studio refusal.
type Studio struct {
	http  *http.Client
	base  string
	token func() string
}

// NewStudio calls the server at baseURL, as NewClient does.
func NewStudio(httpClient *http.Client, baseURL string, token func() string) *Studio {
	return &Studio{httpClient, baseURL, token}
}

// SignedIn is who somebody is on a studio, and the token that says so.
type SignedIn struct {
	Token    string `json:"token"`
	User     string `json:"user"` // 32 hex digits
	Username string `json:"username"`
	Name     string `json:"name"`
}

// SignInRequest signs in with a password.
type SignInRequest struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Device   string `json:"device"`
	App      string `json:"app"`
}

// JoinRequest uses an invitation.
type JoinRequest struct {
	Token    string `json:"token"`
	Username string `json:"username"`
	Name     string `json:"name"`
	Password string `json:"password"`
	Device   string `json:"device"`
	App      string `json:"app"`
}

// StudioProject is a project of a studio, by its name.
type StudioProject struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Founding bool   `json:"founding,omitempty"` // as the studio lists it: it is being published, by who asks
}

// Person is an account of a studio.
type Person struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Name     string `json:"name"`
}

// Refused is an error of these calls as JSON: a code of studio, or of Failure.
type Refused struct {
	Error struct {
		Code   string            `json:"code"`
		Params map[string]string `json:"params"`
	} `json:"error"`
}

const answerBytesMax = 4 << 20 // of JSON

// SignIn signs in. Codes: bad_credentials, account_disabled, rate.
func (s *Studio) SignIn(ctx context.Context, q SignInRequest) (a SignedIn, err error) {
	return a, s.json(ctx, http.MethodPost, "/v1/studio/login", q, &a)
}

// Join uses an invitation. Codes: those of invitations.
func (s *Studio) Join(ctx context.Context, q JoinRequest) (a SignedIn, err error) {
	return a, s.json(ctx, http.MethodPost, "/v1/studio/join", q, &a)
}

// SignOut ends the session.
func (s *Studio) SignOut(ctx context.Context) error {
	return s.json(ctx, http.MethodPost, "/v1/studio/logout", struct{}{}, nil)
}

// Projects lists the projects that the person is in.
func (s *Studio) Projects(ctx context.Context) (a struct {
	Projects []StudioProject `json:"projects"`
}, err error) {
	return a, s.json(ctx, http.MethodGet, "/v1/studio/projects", nil, &a)
}

// CreateProject makes a project that the person is going to publish into.
func (s *Studio) CreateProject(ctx context.Context, p StudioProject) error {
	return s.json(ctx, http.MethodPost, "/v1/studio/projects", p, nil)
}

// People lists the accounts of the studio.
func (s *Studio) People(ctx context.Context) (a struct {
	People []Person `json:"people"`
}, err error) {
	return a, s.json(ctx, http.MethodGet, "/v1/studio/people", nil, &a)
}

// Presence is when a member was last here with any of their devices, and what those had not sent then.
type Presence struct {
	User   string `json:"user"`
	SeenMs int64  `json:"seen"`
	Unsent int    `json:"unsent"` // checkpoints
	Bytes  int64  `json:"bytes"`  // of those
}

// PresenceReply is the answer of Presence.
type PresenceReply struct {
	People []Presence `json:"people"`
}

// Presence lists the members of a project who were here, for who gives tasks away; empty for others.
func (s *Studio) Presence(ctx context.Context, project studio.ProjectID) (a PresenceReply, err error) {
	return a, s.json(ctx, http.MethodGet, "/v1/p/"+project.String()+"/people", nil, &a)
}

// Sent is how far the content of an announced checkpoint has come.
type Sent struct {
	Checkpoint studio.CheckpointID
	Done       int64 // bytes of its files
	Total      int64
}

// sentJSON is a Sent as it travels.
type sentJSON struct {
	Checkpoint string `json:"checkpoint"` // 32 hex digits
	Done       int64  `json:"done"`
	Total      int64  `json:"total"`
}

// MarshalJSON writes it.
func (s Sent) MarshalJSON() ([]byte, error) {
	return json.Marshal(sentJSON{s.Checkpoint.String(), s.Done, s.Total})
}

// UnmarshalJSON reads it; what is no id is refused.
func (s *Sent) UnmarshalJSON(b []byte) error {
	var from sentJSON
	if err := json.Unmarshal(b, &from); err != nil {
		return err
	}
	id, err := studio.ParseID(from.Checkpoint)
	*s = Sent{studio.CheckpointID{ID: id}, from.Done, from.Total}
	return err
}

func (s Sent) to(h http.Header) {
	if !s.Checkpoint.IsZero() {
		h.Set(headerSent, fmt.Sprintf("%s %d/%d", s.Checkpoint, s.Done, s.Total))
	}
}

// SentFrom reads what an upload says of itself; ok is false where that is nothing, or nonsense.
func SentFrom(h http.Header) (s Sent, ok bool) {
	text, numbers, _ := strings.Cut(h.Get(headerSent), " ")
	done, total, _ := strings.Cut(numbers, "/")
	id, err := studio.ParseID(text)
	s.Checkpoint.ID = id
	var errDone, errTotal error
	s.Done, errDone = strconv.ParseInt(done, 10, 64)
	s.Total, errTotal = strconv.ParseInt(total, 10, 64)
	return s, errors.Join(err, errDone, errTotal) == nil && s.Done >= 0 && s.Done <= s.Total
}

// ArrivingReply is the answer of Arriving.
type ArrivingReply struct {
	Checkpoints []Sent `json:"checkpoints"`
}

// Arriving lists the announced checkpoints that are being sent, of those that the person may know of.
func (s *Studio) Arriving(ctx context.Context, project studio.ProjectID) (a ArrivingReply, err error) {
	return a, s.json(ctx, http.MethodGet, "/v1/p/"+project.String()+"/arriving", nil, &a)
}

func (s *Studio) json(ctx context.Context, method, path string, q, a any) error {
	ctx, cancel := context.WithTimeout(ctx, unaryTimeout)
	defer cancel()
	var body io.Reader
	if q != nil {
		b, err := json.Marshal(q)
		if err != nil {
			return &Failure{Code: CodeInvalid, Cause: err}
		}
		body = bytes.NewReader(b)
	}
	r, err := s.send(ctx, method, path, "application/json", studio.ID{}, body)
	if err != nil {
		return err
	}
	defer func() { _ = r.Body.Close() }() // read as far as it is wanted
	if a == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, answerBytesMax)).Decode(a); err != nil {
		return &Failure{Code: CodeUnavailable, Cause: fmt.Errorf("%w: answer of %s: %w", ErrStranger, path, err)}
	}
	return nil
}

// send makes a request and turns an answer that is no success into its error.
func (s *Studio) send(ctx context.Context, method, path, kind string, client studio.ID, body io.Reader) (*http.Response, error) {
	r, err := s.request(ctx, method, path, kind, client, body)
	if err != nil {
		return nil, err
	}
	return s.do(r)
}

func (s *Studio) request(ctx context.Context, method, path, kind string, client studio.ID, body io.Reader) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.base+path, body)
	if err != nil {
		return nil, &Failure{Code: CodeInvalid, Cause: err}
	}
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	if t := s.token(); t != "" {
		r.Header.Set("Authorization", "Bearer "+t)
	}
	if !client.IsZero() {
		r.Header.Set(HeaderClient, client.String())
	}
	return r, nil
}

func (s *Studio) do(r *http.Request) (*http.Response, error) {
	answer, err := s.http.Do(r)
	if err != nil {
		return nil, &Failure{Code: CodeUnavailable, Cause: err}
	}
	if answer.StatusCode/100 == 2 {
		return answer, nil
	}
	defer func() { _ = answer.Body.Close() }() // only the code is wanted
	return nil, refusalOf(answer)
}

// refusalOf reads the error of an answer: our own codes are believed only in our own form.
func refusalOf(answer *http.Response) error {
	var refused Refused
	err := json.NewDecoder(io.LimitReader(answer.Body, 64<<10)).Decode(&refused)
	code := refused.Error.Code
	if err != nil || code == "" {
		cause := fmt.Errorf("the answer is %s", answer.Status)
		if answer.StatusCode < 500 {
			cause = errors.Join(ErrStranger, cause)
		}
		return &Failure{Code: CodeUnavailable, Cause: cause}
	}
	if _, known := connectCode(Code(code)); known {
		return &Failure{Code: Code(code)}
	}
	return studio.Refuse(studio.Code(code), studio.ParamsFrom(refused.Error.Params))
}

// UploadTo is where an upload goes, and how far what it is a part of has come.
type UploadTo struct {
	Project studio.ProjectID
	Client  studio.ID
	Sent    Sent // zero: of no checkpoint that others wait for
}

// Upload sends frames: chunks, then pages, then roots, at most UploadBytesMax in all. What the server took before it broke
// off is kept: Have tells what is still missing.
func (s *Studio) Upload(ctx context.Context, to UploadTo, write func(*FrameWriter) error) error {
	return streamed(write, func(body io.Reader) (*http.Response, error) {
		r, err := s.request(ctx, http.MethodPost, "/v1/p/"+to.Project.String()+"/uploads", "application/octet-stream", to.Client, body)
		if err != nil {
			return nil, err
		}
		to.Sent.to(r.Header)
		return s.do(r)
	})
}

// DepositTo is a checkpoint whose content is handed in, by the op that told of it.
type DepositTo struct {
	Project  studio.ProjectID
	Client   studio.ID
	Key      Token
	Announce studio.OpID
}

// Deposit hands in content of a checkpoint, as Upload does, by the deposit key.
func (s *Studio) Deposit(ctx context.Context, to DepositTo, write func(*FrameWriter) error) error {
	return streamed(write, func(body io.Reader) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPut, s.base+"/v1/deposit/"+to.Announce.String(), body)
		if err != nil {
			return nil, &Failure{Code: CodeInvalid, Cause: err}
		}
		r.Header.Set("Content-Type", "application/octet-stream")
		scope{project: to.Project, client: to.Client}.to(r.Header)
		SetDepositKey(r.Header, to.Key)
		return s.do(r)
	})
}

// streamed sends what write writes. An error of write's own is not the network's: it comes back as it is.
func streamed(write func(*FrameWriter) error, send func(io.Reader) (*http.Response, error)) error {
	pr, pw := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		fw := NewFrameWriter(pw)
		err := write(fw)
		if err == nil {
			err = fw.Close()
		}
		pw.CloseWithError(err)
		ended <- err
	}()
	answer, err := send(pr)
	_ = pr.Close() // ends the writer when the server did not want the rest
	own := <-ended // what it reads from may be closed next
	if own != nil && !errors.Is(own, io.ErrClosedPipe) && !errors.Is(own, context.Canceled) {
		if err == nil {
			_ = answer.Body.Close() // what was taken is not the whole
		}
		return own
	}
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// Fetch asks for chunks, pages and roots, at most HaveHashesMax, and hands the frames of those that the person may have to
// fn. What is not among them is not there, or not theirs.
func (s *Studio) Fetch(ctx context.Context, project studio.ProjectID, hashes []studio.Hash, fn func(Frame, *FrameReader) error) error {
	body := make([]byte, 0, 32*len(hashes))
	for _, h := range hashes {
		body = append(body, h[:]...)
	}
	answer, err := s.send(ctx, http.MethodPost, "/v1/p/"+project.String()+"/chunks", "application/octet-stream", studio.ID{}, bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // read to its end, or given up
	fr := NewFrameReader(answer.Body)
	for {
		f, err := fr.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &Failure{Code: CodeUnavailable, Cause: err}
		}
		if err := fn(f, fr); err != nil {
			return err
		}
	}
}

func previewPath(project studio.ProjectID, h studio.Hash) string {
	return "/v1/p/" + project.String() + "/previews/" + h.String()
}

// PutPreview sends a preview: WebP, at most 2 MiB.
func (s *Studio) PutPreview(ctx context.Context, project studio.ProjectID, client studio.ID, h studio.Hash, webp []byte) error {
	ctx, cancel := context.WithTimeout(ctx, unaryTimeout)
	defer cancel()
	answer, err := s.send(ctx, http.MethodPut, previewPath(project, h), "image/webp", client, bytes.NewReader(webp))
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

const previewBytesMax = 2 << 20

// Preview fetches a preview that the person may see.
func (s *Studio) Preview(ctx context.Context, project studio.ProjectID, h studio.Hash) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, unaryTimeout)
	defer cancel()
	answer, err := s.send(ctx, http.MethodGet, previewPath(project, h), "", studio.ID{}, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }() // read to its end
	b, err := io.ReadAll(io.LimitReader(answer.Body, previewBytesMax+1))
	if err != nil || len(b) > previewBytesMax {
		return nil, &Failure{Code: CodeUnavailable, Cause: fmt.Errorf("preview of %d bytes: %w", len(b), err)}
	}
	return b, nil
}
