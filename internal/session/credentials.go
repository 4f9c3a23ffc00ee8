package session

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"

	"framehold/internal/fsys"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const (
	credentialsName = "credentials.json"
	serversMax      = 100 // that one person is signed in to
)

// Credentials are how a person is signed in to a studio, on this computer.
type Credentials struct {
	Server      string `json:"server"`      // as wire.Link has it: scheme://host:port
	Fingerprint string `json:"fingerprint"` // of the pinned certificate, base64url; empty: none is pinned
	User        string `json:"user"`        // the account's id
	Username    string `json:"username"`
	Token       string `json:"token"`            // of the session: a secret
	Closed      bool   `json:"closed,omitempty"` // the account was closed: the server said so when its person signed in
}

// Format hides the token from logs and errors, whatever the verb.
func (c Credentials) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, c.Username+" at "+c.Server) // fmt keeps no error
}

// CredentialsPath is the file that keeps the tokens: readable by this person alone, and by whoever can read their files.
// Who signs in is told so.
func (h *Home) CredentialsPath() string { return filepath.Join(h.dir, credentialsName) }

// Credentials returns how the person is signed in to a server. Codes: unauthenticated, when they are not; invalid_link, for what
// is no address.
func (h *Home) Credentials(server string) (Credentials, error) {
	link, err := wire.ParseLink(server)
	if err != nil {
		return Credentials{}, err
	}
	all, err := h.SignedIn()
	if err != nil {
		return Credentials{}, err
	}
	i := slices.IndexFunc(all, func(c Credentials) bool { return c.Server == link.Server })
	if i < 0 {
		return Credentials{}, studio.Refuse(studio.CodeUnauthenticated, studio.Params{Name: link.Server})
	}
	return all[i], nil
}

// SignedIn lists the servers that the person is signed in to, the latest first.
func (h *Home) SignedIn() ([]Credentials, error) {
	all := []Credentials{}
	err := h.read(credentialsName, &all)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return all, err
}

// SaveCredentials keeps how the person is signed in to a server, in place of what was kept for it. Durable on return.
// Codes: file_busy, while another process writes; too_long, for too many servers.
func (h *Home) SaveCredentials(c Credentials) error {
	return h.changeCredentials(func(all []Credentials) ([]Credentials, error) {
		all = append([]Credentials{c}, without(all, c.Server)...)
		if len(all) > serversMax {
			return nil, studio.Refuse(studio.CodeTooLong, studio.Params{Field: credentialsName, Limit: "100"})
		}
		return all, nil
	})
}

// DropCredentials forgets how the person is signed in to a server. The session itself ends at the server. Codes:
// file_busy, while another process writes.
func (h *Home) DropCredentials(server string) error {
	return h.changeCredentials(func(all []Credentials) ([]Credentials, error) { return without(all, server), nil })
}

func without(all []Credentials, server string) []Credentials {
	return slices.DeleteFunc(all, func(c Credentials) bool { return c.Server == server })
}

// changeCredentials lets one process at a time write: a sign-in that another one overwrites would be lost.
func (h *Home) changeCredentials(change func([]Credentials) ([]Credentials, error)) (err error) {
	if err := h.fs.MkdirAll(h.dir, 0o700); err != nil {
		return err
	}
	lock, err := h.fs.Lock(filepath.Join(h.dir, "credentials.lock"), false)
	if errors.Is(err, fsys.ErrLocked) {
		return studio.Refuse(studio.CodeFileBusy, studio.Params{Path: h.CredentialsPath()})
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	all, err := h.SignedIn()
	if err != nil {
		return err
	}
	if all, err = change(all); err != nil {
		return err
	}
	return h.write(credentialsName, all)
}
