package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"syscall"
	"time"

	"framehold/internal/atomicfile"
	"framehold/internal/auth"
	"framehold/internal/serverdb/accounts"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const windowsAddressInUse = syscall.Errno(10048) // WSAEADDRINUSE: package syscall has no name for it

// Invitation is who is invited, by whoever runs the server. Empty fields the person chooses.
type Invitation struct {
	Username, Name, Role string
	Projects             []studio.ProjectID
	Days                 int    // 0: 14
	URL                  string // where people reach the studio; "": where it was last served
}

// Invite makes a link that makes an account, once. With a username the account is there at once and waits. Codes: no_address,
// invalid_link (URL), account_exists, unknown_target (a project), invalid_name, too_long.
func (s *Studio) Invite(ctx context.Context, i Invitation) (link string, err error) {
	at, err := s.place(i.URL)
	if err != nil {
		return "", err
	}
	n := accounts.NewInvitation{Username: i.Username, Name: i.Name, Role: i.Role, Projects: i.Projects, Life: time.Duration(i.Days) * 24 * time.Hour}
	link, _, err = s.inviteAs(ctx, n, studio.UserID{}, at)
	return link, err
}

// place is where the studio is met: at a given address, else where it was last served. An https address is pinned to the
// certificate of the last time, unless somebody else vouches for that.
func (s *Studio) place(url string) (Place, error) {
	var was servingJSON
	b, err := atomicfile.Read(s.o.FS, filepath.Join(s.o.Dir, servingFile), servingBytesMax)
	if err == nil {
		err = json.Unmarshal(b, &was)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return Place{}, fmt.Errorf("read address: %w", err)
	}
	if url == "" {
		url = was.Server
	}
	if url == "" {
		return Place{}, studio.Refuse(studio.CodeNoAddress, studio.Params{Path: s.o.Dir})
	}
	link, err := wire.ParseLink(url)
	if err != nil {
		return Place{}, err
	}
	p := Place{Server: link.Server, Fingerprint: link.Fingerprint}
	if p.Fingerprint.IsZero() && was.Fingerprint != "" && link.Server[:5] == "https" {
		p.Fingerprint, err = wire.ParseFingerprint(was.Fingerprint)
	}
	return p, err
}

// Listen listens at an address. Code: port_taken.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, windowsAddressInUse) {
		return nil, errors.Join(studio.Refuse(studio.CodePortTaken, studio.Params{Name: address}), err)
	}
	if noAddress(err) {
		return nil, errors.Join(studio.Refuse(studio.CodeUsage, studio.Params{Name: address, Why: "address"}), err)
	}
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return ln, nil
}

// noAddress tells whether an error says that there is no such address on this computer.
func noAddress(err error) bool {
	_, unread := errors.AsType[*net.AddrError](err)
	_, unknown := errors.AsType[*net.DNSError](err)
	return unread || unknown || errors.Is(err, syscall.EADDRNOTAVAIL)
}

// Serve listens at an address and serves the studio there until ctx ends: TLS with the given certificate, plain HTTP on
// loopback, else TLS with the studio's own certificate. ready hears where it is met. Codes: those of Open and Listen; damaged
// (a certificate file), certificate_lost.
func Serve(ctx context.Context, o Options, address, certFile, keyFile string, ready func(Place)) (err error) {
	s, err := Open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	ln, err := Listen(ctx, address)
	if err != nil {
		return err
	}
	config, err := s.TLS(auth.CertificateFiles{Cert: certFile, Key: keyFile}, ln.Addr())
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	return s.Run(ctx, ln, config, ready)
}
