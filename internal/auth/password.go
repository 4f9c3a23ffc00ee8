package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"framehold/internal/studio"
)

const (
	passwordCharactersMin = 8
	passwordBytesMax      = 1024
	hashingMax            = 2  // at once: 128 MiB
	waitingMax            = 32 // the last of them waits some seconds; more are told to come again
	saltBytes             = 16
	keyBytes              = 32
)

// What a PHC string of ours may ask for, so that a damaged database cannot ask for more.
const (
	memoryKiBMax = 1 << 20
	passesMax    = 16
	lanesMax     = 16
	phcBytesMax  = 64 // of salt, and of key
)

// Params are the costs of argon2id (RFC 9106).
type Params struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// Standard is what a studio uses: 64 MiB, 3 passes, 1 lane; the second choice of RFC 9106 with one lane, since two
// passwords are hashed at once.
func Standard() Params { return Params{MemoryKiB: 64 << 10, Passes: 3, Lanes: 1} }

// PHC is a hashed password: `$argon2id$v=19$m=65536,t=3,p=1$salt$key`, salt and key in base64 without padding.
// https://github.com/P-H-C/phc-string-format
type PHC struct {
	Params    Params
	Salt, Key []byte
}

var (
	phcText = base64.RawStdEncoding.Strict()
	errPHC  = errors.New("not a hashed password of ours") // says no more: a hash stands in no log
)

// Text is the PHC string.
func (p PHC) Text() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Params.MemoryKiB, p.Params.Passes, p.Params.Lanes,
		phcText.EncodeToString(p.Salt), phcText.EncodeToString(p.Key))
}

// ParsePHC reads what Text writes, and nothing else; costs beyond what Framehold ever used are refused.
func ParsePHC(s string) (PHC, error) {
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != "v="+strconv.Itoa(argon2.Version) {
		return PHC{}, errPHC
	}
	var p PHC
	n, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &p.Params.MemoryKiB, &p.Params.Passes, &p.Params.Lanes)
	if err != nil || n != 3 || !p.Params.areSane() {
		return PHC{}, errPHC
	}
	salt, saltErr := phcText.DecodeString(part[4])
	key, keyErr := phcText.DecodeString(part[5])
	if saltErr != nil || keyErr != nil || len(salt) < 8 || len(salt) > phcBytesMax || len(key) < 16 || len(key) > phcBytesMax {
		return PHC{}, errPHC
	}
	p.Salt, p.Key = salt, key
	if p.Text() != s { // numbers have one spelling
		return PHC{}, errPHC
	}
	return p, nil
}

func (p Params) areSane() bool {
	return p.Lanes >= 1 && p.Lanes <= lanesMax && p.Passes >= 1 && p.Passes <= passesMax &&
		p.MemoryKiB >= 8*uint32(p.Lanes) && p.MemoryKiB <= memoryKiBMax
}

// CheckPassword refuses one that is too short, too long or no text. Codes: password_short, too_long, invalid_name.
func CheckPassword(password string) error {
	switch {
	case len(password) > passwordBytesMax:
		return studio.Refuse(studio.CodeTooLong, studio.Params{Field: "password", Limit: "1 KiB"})
	case !utf8.ValidString(password):
		return studio.Refuse(studio.CodeInvalidName, studio.Params{Name: "password", Why: "name_utf8"})
	case utf8.RuneCountInString(password) < passwordCharactersMin:
		return studio.Refuse(studio.CodePasswordShort, studio.Params{N: passwordCharactersMin})
	}
	return nil
}

// Hasher hashes and compares passwords. Safe for concurrent use.
type Hasher struct {
	params  Params
	nobody  PHC // what the password of an unknown person is compared with
	running chan struct{}
	waiting chan struct{}
}

// NewHasher makes a hasher. Tests hand in small costs; a studio uses Standard.
func NewHasher(p Params) *Hasher {
	studio.Must(p.areSane(), "argon2id costs within their limits")
	return &Hasher{params: p, nobody: PHC{Params: p, Salt: random(saltBytes), Key: random(keyBytes)},
		running: make(chan struct{}, hashingMax), waiting: make(chan struct{}, waitingMax)}
}

// Hash makes the PHC string of a password. Codes: those of CheckPassword; too_many_attempts when too many wait.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	p := PHC{Params: h.params, Salt: random(saltBytes)}
	var err error
	if p.Key, err = h.key(ctx, p, password, keyBytes); err != nil {
		return "", err
	}
	return p.Text(), nil
}

// Compare tells whether password is the one that was hashed to phc; rehash: it is, and was hashed at other costs than
// today's. With phc "" (an unknown person, one without a password) it works as long and says no. Codes: damaged, for a
// phc that is none; too_many_attempts when too many wait.
func (h *Hasher) Compare(ctx context.Context, phc, password string) (same, rehash bool, err error) {
	stored := h.nobody
	if phc != "" {
		if stored, err = ParsePHC(phc); err != nil {
			return false, false, errors.Join(studio.Refuse(studio.CodeDamaged, studio.Params{N: 1}), err)
		}
	}
	if len(password) > passwordBytesMax {
		password = "" // was never set; the work is the same
	}
	key, err := h.key(ctx, stored, password, uint32(len(stored.Key)))
	if err != nil {
		return false, false, err
	}
	same = subtle.ConstantTimeCompare(key, stored.Key) == 1 && phc != ""
	return same, same && (stored.Params != h.params || len(stored.Salt) != saltBytes || len(stored.Key) != keyBytes), nil
}

// key runs argon2id when it is its turn. The password is taken in NFC (RFC 8265), so that it is the same one whatever
// keyboard wrote it.
func (h *Hasher) key(ctx context.Context, p PHC, password string, bytes uint32) ([]byte, error) {
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return nil, studio.Refuse(studio.CodeTooManyAttempts, studio.Params{N: 5})
	}
	select {
	case h.running <- struct{}{}:
		defer func() { <-h.running }()
	case <-ctx.Done():
		return nil, fmt.Errorf("hash password: %w", ctx.Err())
	}
	return argon2.IDKey(norm.NFC.Bytes([]byte(password)), p.Salt, p.Params.Passes, p.Params.MemoryKiB, p.Params.Lanes, bytes), nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // it never fails: it ends the process
	return b
}
