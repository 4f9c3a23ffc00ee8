package wire

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"

	"framehold/internal/studio"
)

// Fingerprint is the SHA-256 of a certificate's DER, by which a client knows a studio that made its own certificate.
type Fingerprint [32]byte

// FingerprintOf is the fingerprint of a certificate's DER.
func FingerprintOf(der []byte) Fingerprint { return sha256.Sum256(der) }

// Text is base64url, 43 characters.
func (f Fingerprint) Text() string { return tokenText.EncodeToString(f[:]) }

// String is Text: a fingerprint is no secret.
func (f Fingerprint) String() string { return f.Text() }

// IsZero tells whether there is none.
func (f Fingerprint) IsZero() bool { return f == Fingerprint{} }

// ParseFingerprint reads what Text writes, and nothing else.
func ParseFingerprint(s string) (Fingerprint, error) {
	var f Fingerprint
	if err := parse32(f[:], s); err != nil {
		return Fingerprint{}, errors.New("not a fingerprint")
	}
	return f, nil
}

// ClientTLS is how a client meets a studio: TLS 1.3; with a fingerprint it trusts that one certificate and no other,
// whatever its names and dates and whoever signed it; with none it trusts those that the system does. The handshake
// fails with code wrong_certificate when the studio shows another one.
func ClientTLS(pinned Fingerprint) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS13}
	if pinned.IsZero() {
		return c
	}
	c.InsecureSkipVerify = true // VerifyConnection is stricter, and is asked for resumed connections too
	c.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 {
			return studio.Refuse(studio.CodeWrongCertificate, studio.Params{Name: s.ServerName})
		}
		shown := FingerprintOf(s.PeerCertificates[0].Raw)
		if subtle.ConstantTimeCompare(shown[:], pinned[:]) != 1 {
			return studio.Refuse(studio.CodeWrongCertificate, studio.Params{Name: s.ServerName})
		}
		return nil
	}
	return c
}
