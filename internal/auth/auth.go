// Package auth is how a studio server knows people, and how it is known: passwords (argon2id), tokens of sessions and
// invitations, the limit of failed attempts, the studio key that signs heads, the certificate.
//
// It refuses to store accounts (serverdb/accounts does) and to decide who may do what (studio does). Invariants: no
// password and no token is stored, logged or in an error, only hashes; at most two passwords are hashed at once; a key
// or certificate that others rely on is never replaced unasked. Layouts: FORMAT.md.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"framehold/internal/wire"
)

// Lifetimes.
const (
	SessionLife       = 30 * 24 * time.Hour // from its last use
	SlideEvery        = time.Hour           // a session in use is written no more often
	InvitationLife    = 14 * 24 * time.Hour // unless said otherwise
	InvitationLifeMax = 90 * 24 * time.Hour // a forgotten link is no door for ever
)

// TokenHash is what is stored of a token: its SHA-256. A token has 256 random bits, so a slow hash adds nothing.
type TokenHash [32]byte

// NewToken makes a token of random bytes; it panics when the system gives none.
func NewToken() wire.Token {
	var t wire.Token
	_, _ = rand.Read(t[:]) // it never fails: it ends the process
	return t
}

// HashToken is the hash by which a token is known.
func HashToken(t wire.Token) TokenHash { return sha256.Sum256(t[:]) }

// Is compares two hashes in constant time.
func (h TokenHash) Is(o TokenHash) bool { return subtle.ConstantTimeCompare(h[:], o[:]) == 1 }

// Slide says when a session that was written at seenMs and is used at nowMs ends; due: it is to be written.
func Slide(seenMs, nowMs int64) (expiresMs int64, due bool) {
	return nowMs + SessionLife.Milliseconds(), nowMs-seenMs >= SlideEvery.Milliseconds()
}
