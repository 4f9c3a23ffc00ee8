package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"time"

	"framehold/internal/atomicfile"
	"framehold/internal/clock"
	"framehold/internal/fsys"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const (
	certificateYears    = 10 // clients pin it: they do not look at its dates, other programs do
	certificateNamesMax = 100
	pemMaxBytes         = 1 << 20 // a chain
)

// CertificateFiles say where a certificate (with its chain) and its key are, in PEM.
type CertificateFiles struct{ Cert, Key string }

// CertificateIn are the files of a studio's own certificate in its data folder.
func CertificateIn(dir string) CertificateFiles {
	return CertificateFiles{filepath.Join(dir, "tls", "cert.pem"), filepath.Join(dir, "tls", "key.pem")}
}

// LoadCertificate reads a certificate. Codes: damaged, when one of the files is no PEM of a certificate or key, or they
// do not belong together.
func LoadCertificate(f fsys.FS, files CertificateFiles) (tls.Certificate, error) {
	cert, err := atomicfile.Read(f, files.Cert, pemMaxBytes)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read certificate: %w", err)
	}
	key, err := atomicfile.Read(f, files.Key, pemMaxBytes)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read key of certificate: %w", err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, errors.Join(damaged(files.Cert), fmt.Errorf("read certificate: %w", err))
	}
	return pair, nil
}

// OwnCertificate opens the studio's self-made certificate, and makes it when there is none: ECDSA P-256, for localhost,
// 127.0.0.1, ::1 and the given names (hosts or addresses). Clients pin it, so one that is there is never replaced; names
// that it lacks are no obstacle to them. Codes: invalid_name; certificate_lost, where only its key is gone; damaged.
func OwnCertificate(f fsys.FS, dir string, names []string, c *clock.Clock) (tls.Certificate, error) {
	files := CertificateIn(dir)
	if _, err := f.Stat(files.Cert); errors.Is(err, fs.ErrNotExist) {
		if err := makeCertificate(f, files, names, c.Now()); err != nil {
			return tls.Certificate{}, err
		}
	}
	pair, err := LoadCertificate(f, files)
	if errors.Is(err, fs.ErrNotExist) {
		return pair, errors.Join(studio.Refuse(studio.CodeCertificateLost, studio.Params{Path: files.Cert}), err)
	}
	return pair, err
}

// makeCertificate writes the key first: the certificate is the commit. A key without one was never shown to anyone.
func makeCertificate(f fsys.FS, files CertificateFiles, names []string, now time.Time) error {
	cert := x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(random(16)), Subject: pkix.Name{CommonName: "Framehold studio"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(certificateYears, 0, 0), // a client's clock may be behind
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if err := addNames(&cert, names); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &cert, &cert, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	folder := filepath.Dir(files.Cert)
	if err := f.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	if err := f.SyncDir(filepath.Dir(folder)); err != nil { // a crash must not take a pinned certificate away
		return fmt.Errorf("make certificate: %w", err)
	}
	for _, file := range []struct {
		path, kind string
		der        []byte
	}{{files.Key, "PRIVATE KEY", secret}, {files.Cert, "CERTIFICATE", der}} {
		block := pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.der})
		if err := atomicfile.Write(f, file.path, block, 0o600); err != nil {
			return fmt.Errorf("write certificate: %w", err)
		}
	}
	return nil
}

// addNames adds hosts and addresses that are not there yet. The rule for a host is that of a link.
func addNames(cert *x509.Certificate, names []string) error {
	if len(names) > certificateNamesMax {
		return studio.Refuse(studio.CodeTooLong, studio.Params{Field: "names", Limit: "100"})
	}
	seen := map[string]bool{"localhost": true, "127.0.0.1": true, "::1": true}
	for _, name := range names {
		name = strings.ToLower(name)
		if seen[name] {
			continue
		}
		seen[name] = true
		if !wire.IsHost(name) {
			return studio.Refuse(studio.CodeInvalidName, studio.Params{Name: name, Why: "host_invalid"})
		}
		if ip := net.ParseIP(name); ip != nil {
			cert.IPAddresses = append(cert.IPAddresses, ip)
		} else {
			cert.DNSNames = append(cert.DNSNames, name)
		}
	}
	return nil
}

// ServerTLS is how a studio is met: TLS 1.3, with this certificate.
func ServerTLS(cert tls.Certificate) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{cert}}
}

// FingerprintOf is what an invitation names the certificate by.
func FingerprintOf(cert tls.Certificate) wire.Fingerprint {
	return wire.FingerprintOf(cert.Certificate[0])
}
