package wire

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
)

// tokenText is the form of tokens and fingerprints where people and headers carry them. Strict: one text for each value.
var tokenText = base64.RawURLEncoding.Strict()

var errToken = errors.New("not a token") // says no more: a token stands in no log

// Token is 32 random bytes that prove something to a server: a session, or an invitation. It is a secret: no way of
// printing shows it but Text.
type Token [32]byte

// Text is the token as it travels: base64url, 43 characters.
func (t Token) Text() string { return tokenText.EncodeToString(t[:]) }

// IsZero tells whether there is none.
func (t Token) IsZero() bool { return t == Token{} }

// Format hides the token from logs and errors, whatever the verb.
func (t Token) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "(token)") } // fmt keeps no error

// MarshalText hides it from encoders: who means to hand it out writes Text.
func (t Token) MarshalText() ([]byte, error) { return []byte("(token)"), nil }

// ParseToken reads what Text writes, and nothing else.
func ParseToken(s string) (Token, error) {
	var t Token
	return t, parse32(t[:], s)
}

func parse32(into []byte, s string) error {
	if len(s) != tokenText.EncodedLen(len(into)) {
		return errToken
	}
	n, err := tokenText.Decode(into, []byte(s))
	if err != nil || n != len(into) {
		return errToken
	}
	return nil
}
