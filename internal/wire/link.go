package wire

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"framehold/internal/studio"
)

const linkMaxBytes = 1024 // a host name has at most 253

// Link is where a studio is and how it is known: what `framehold login` takes, and what an invitation looks like.
// Token and fingerprint stand behind the #, which no client sends: so neither reaches the log of a server or a proxy.
//
//	https://host:port/join#<token>.<fingerprint>   an invitation
//	https://host:port/join#<token>                 of a studio whose certificate the system trusts
//	http://127.0.0.1:port/join#<token>             on this computer, without TLS
//	https://host:port/#.<fingerprint>              the studio alone: for another computer of the same person
//	https://host:port                              its address
type Link struct {
	Server      string      // scheme://host:port in lower case; the port only where it is not the scheme's own
	Token       Token       // zero: no invitation
	Fingerprint Fingerprint // zero: none is pinned
}

// String hides the token; Text is the link that is handed out.
func (l Link) String() string {
	if !l.Token.IsZero() {
		return l.Server + "/join"
	}
	return l.Text()
}

// Text is the link as a person gets it. It holds the token.
func (l Link) Text() string {
	b := strings.Builder{}
	b.WriteString(l.Server)
	switch {
	case !l.Token.IsZero():
		b.WriteString("/join#" + l.Token.Text())
	case !l.Fingerprint.IsZero():
		b.WriteString("/#")
	}
	if !l.Fingerprint.IsZero() {
		b.WriteString("." + l.Fingerprint.Text())
	}
	return b.String()
}

// ParseLink reads a link or a server's address, with white space around it. Plain http is for this computer only.
// Codes: invalid_link; its params never hold what stands behind the #.
func ParseLink(s string) (Link, error) {
	s = strings.TrimSpace(s)
	address, fragment, hasFragment := strings.Cut(s, "#")
	refused := func(why string) (Link, error) {
		return Link{}, studio.Refuse(studio.CodeInvalidLink, studio.Params{Why: why})
	}
	if len(s) > linkMaxBytes {
		return refused("link_form")
	}
	u, err := url.Parse(address)
	if err != nil || u.Opaque != "" || u.User != nil || u.RawQuery != "" || u.ForceQuery {
		return refused("link_form")
	}
	server, ok := serverOf(u)
	if !ok {
		return refused("link_form")
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return refused("link_plain")
	}
	l := Link{Server: server}
	token, fingerprint, pinned := strings.Cut(fragment, ".")
	switch u.Path {
	case "/join":
		l.Token, err = ParseToken(token)
		if err != nil || l.Token.IsZero() {
			return refused("link_cut")
		}
	case "", "/":
		if token != "" || hasFragment && !pinned {
			return refused("link_cut")
		}
	default:
		return refused("link_form")
	}
	if pinned && u.Scheme == "http" {
		return refused("link_form")
	}
	if pinned {
		l.Fingerprint, err = ParseFingerprint(fingerprint)
		if err != nil || l.Fingerprint.IsZero() {
			return refused("link_cut")
		}
	}
	return l, nil
}

// serverOf is the one way to write a server: of two addresses that differ only in case or in saying the usual port,
// both give the same.
func serverOf(u *url.URL) (string, bool) {
	usual := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	host := strings.ToLower(u.Hostname())
	if usual == "" || !IsHost(host) || strings.HasSuffix(u.Host, ":") {
		return "", false
	}
	port := u.Port()
	if port == "" || port == usual {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		return u.Scheme + "://" + host, true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || port[0] == '0' {
		return "", false
	}
	return u.Scheme + "://" + net.JoinHostPort(host, port), true
}

// IsHost tells whether host, in lower case, is an address without a zone, or a name of letters, digits, hyphens and dots.
func IsHost(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Zone() == "" && a.String() == host
	}
	if host == "" || len(host) > 253 || strings.Trim(host, ".-") != host {
		return false
	}
	for _, c := range []byte(host) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback() || host == "localhost"
}
