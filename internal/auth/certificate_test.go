package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"framehold/internal/auth"
	"framehold/internal/fsys"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

func own(t *testing.T, dir string, names ...string) tls.Certificate {
	t.Helper()
	cert, err := auth.OwnCertificate(fsys.Real(), dir, names, newHands().clock())
	require.NoError(t, err)
	return cert
}

func TestTheOwnCertificateSaysWhoItIsFor(t *testing.T) {
	cert, err := x509.ParseCertificate(own(t, t.TempDir(), "Render-1", "studio.example", "10.0.0.7", "localhost", "studio.example").Certificate[0])
	require.NoError(t, err)
	require.Equal(t, []string{"localhost", "render-1", "studio.example"}, cert.DNSNames)
	ips := []string{}
	for _, ip := range cert.IPAddresses {
		ips = append(ips, ip.String())
	}
	require.Equal(t, []string{"127.0.0.1", "::1", "10.0.0.7"}, ips)
	require.Equal(t, elliptic.P256(), cert.PublicKey.(*ecdsa.PublicKey).Curve)
	require.Equal(t, newHands().at.AddDate(10, 0, 0), cert.NotAfter)
	require.True(t, cert.NotBefore.Before(newHands().at))
	require.False(t, cert.IsCA)
}

func TestACertificateIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	first := own(t, dir)
	require.Equal(t, auth.FingerprintOf(first), auth.FingerprintOf(own(t, dir, "another.example")))
	require.NotEqual(t, auth.FingerprintOf(first), auth.FingerprintOf(own(t, t.TempDir())))

	require.NoError(t, os.Remove(auth.CertificateIn(dir).Key))
	_, err := auth.OwnCertificate(fsys.Real(), dir, nil, newHands().clock())
	require.Equal(t, studio.CodeCertificateLost, studio.CodeOf(err))
	require.FileExists(t, auth.CertificateIn(dir).Cert)
}

func TestNamesThatNoHostHasAreRefused(t *testing.T) {
	for _, name := range []string{"", "a b", "a/b", "ä.example", ".example", "*.example", "fe80::1%eth0"} {
		dir := t.TempDir()
		_, err := auth.OwnCertificate(fsys.Real(), dir, []string{name}, newHands().clock())
		require.Equal(t, studio.CodeInvalidName, studio.CodeOf(err), name)
		require.NoFileExists(t, auth.CertificateIn(dir).Key)
	}
}

func TestGivenFilesAreLoadedInstead(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	cert := own(t, a)
	loaded, err := auth.LoadCertificate(fsys.Real(), auth.CertificateIn(a))
	require.NoError(t, err)
	require.Equal(t, cert.Certificate, loaded.Certificate)
	own(t, b)
	_, err = auth.LoadCertificate(fsys.Real(), auth.CertificateFiles{Cert: auth.CertificateIn(a).Cert, Key: auth.CertificateIn(b).Key})
	require.Equal(t, studio.CodeDamaged, studio.CodeOf(err), "they do not belong together")
	_, err = auth.LoadCertificate(fsys.Real(), auth.CertificateFiles{Cert: auth.CertificateIn(a).Key, Key: auth.CertificateIn(a).Key})
	require.Equal(t, studio.CodeDamaged, studio.CodeOf(err))
	_, err = auth.LoadCertificate(fsys.Real(), auth.CertificateFiles{Cert: filepath.Join(a, "none"), Key: auth.CertificateIn(a).Key})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestACertificateIsWrittenWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	var shown wire.Fingerprint
	faults := eachFault(t, func(f fsys.FS) error {
		cert, err := auth.OwnCertificate(f, dir, nil, newHands().clock())
		if err == nil {
			shown = auth.FingerprintOf(cert)
		}
		return err
	})
	require.Greater(t, faults, 10)
	require.Equal(t, shown, auth.FingerprintOf(own(t, dir)))
}

// shake lets a client meet a server over a connection of this computer.
func shake(t *testing.T, server, client *tls.Config) error {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if conn, err := l.Accept(); err == nil {
			_ = tls.Server(conn, server).Handshake() // the client's side is what is looked at
			_ = conn.Close()
		}
	}()
	conn, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	err = tls.Client(conn, client).Handshake()
	require.NoError(t, errors.Join(conn.Close(), l.Close()))
	<-done
	return err
}

func TestAClientMeetsTheStudioThatItPinned(t *testing.T) {
	cert := own(t, t.TempDir())
	client := wire.ClientTLS(auth.FingerprintOf(cert))
	client.ServerName = "any.name.example"
	require.NoError(t, shake(t, auth.ServerTLS(cert), client))
}

func TestAClientRefusesAnotherStudio(t *testing.T) {
	client := wire.ClientTLS(auth.FingerprintOf(own(t, t.TempDir())))
	client.ServerName = "studio.example"
	err := shake(t, auth.ServerTLS(own(t, t.TempDir(), "studio.example")), client)
	r, refused := studio.RefusalOf(err)
	require.True(t, refused, "%v", err)
	require.Equal(t, studio.CodeWrongCertificate, r.Code)
	require.Equal(t, "studio.example", r.Params.Name)
}

func TestAClientWithoutAPinAsksTheSystem(t *testing.T) {
	cert := own(t, t.TempDir(), "studio.example")
	client := wire.ClientTLS(wire.Fingerprint{})
	client.ServerName = "studio.example"
	_, unknown := errors.AsType[x509.UnknownAuthorityError](shake(t, auth.ServerTLS(cert), client))
	require.True(t, unknown)
	client.RootCAs = x509.NewCertPool()
	leaf, err := x509.ParseCertificate(cert.Certificate[0])
	require.NoError(t, err)
	client.RootCAs.AddCert(leaf)
	client.Time = func() time.Time { return newHands().at }
	require.NoError(t, shake(t, auth.ServerTLS(cert), client))
}

func TestNothingOlderThanTLS13(t *testing.T) {
	cert := own(t, t.TempDir())
	old := &tls.Config{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, InsecureSkipVerify: true}
	require.Error(t, shake(t, auth.ServerTLS(cert), old))
	server := auth.ServerTLS(cert)
	server.MinVersion, server.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	require.Error(t, shake(t, server, wire.ClientTLS(auth.FingerprintOf(cert))))
}

func TestTokens(t *testing.T) {
	a, b := auth.NewToken(), auth.NewToken()
	require.False(t, a == b)
	require.True(t, auth.HashToken(a).Is(auth.HashToken(a)))
	require.False(t, auth.HashToken(a).Is(auth.HashToken(b)))
	require.NotEqual(t, auth.TokenHash(a), auth.HashToken(a), "what is stored is not the token")
}

func TestASessionSlidesOnceAnHour(t *testing.T) {
	hour, day := int64(3_600_000), int64(86_400_000)
	for _, c := range []struct {
		now int64
		due bool
	}{{0, false}, {hour - 1, false}, {hour, true}, {20 * day, true}, {-hour, false}} {
		expires, due := auth.Slide(0, c.now)
		require.Equal(t, c.now+30*day, expires)
		require.Equal(t, c.due, due)
	}
}
