package auth

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"framehold/internal/atomicfile"
	"framehold/internal/fsys"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const (
	keyFile     = "studio.key"       // beside the database, never in it, and in a backup of its own
	keysFile    = "studio.keys.json" // public, and kept for ever: old signatures stay verifiable
	keyFormat   = 1
	keysMax     = 1000 // replacements of a key that is never replaced on its own
	keyMaxBytes = 1 << 18
)

// Keys are the studio's Ed25519 keys: the one that signs, and the public halves of all before it.
type Keys struct {
	number  uint32
	private ed25519.PrivateKey
	public  map[uint32]ed25519.PublicKey
}

type keyJSON struct {
	Format int    `json:"format"`
	Key    uint32 `json:"key"`
	Seed   []byte `json:"seed"` // RFC 8032's private key, 32 bytes, base64
}

type keysJSON struct {
	Format int             `json:"format"`
	Keys   []publicKeyJSON `json:"keys"` // in order of number
}

type publicKeyJSON struct {
	Key    uint32 `json:"key"`
	Public []byte `json:"public"` // 32 bytes, base64
}

// CreateKeys makes the first key of a studio in its data folder; one that is there is opened. It refuses to make one
// where an earlier one is lost: studio_key_missing, as OpenKeys does.
func CreateKeys(f fsys.FS, dir string) (*Keys, error) {
	k, err := OpenKeys(f, dir)
	if studio.CodeOf(err) != studio.CodeStudioKeyMissing || len(k.public) > 0 {
		return k, err
	}
	return k.replaced(f, dir)
}

// OpenKeys reads the studio's keys. Codes: studio_key_missing, and then the keys that it returns only verify; damaged.
func OpenKeys(f fsys.FS, dir string) (*Keys, error) {
	k := &Keys{public: map[uint32]ed25519.PublicKey{}}
	var public keysJSON
	if err := readKeys(f, filepath.Join(dir, keysFile), &public); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	for _, p := range public.Keys {
		if len(p.Public) != ed25519.PublicKeySize || p.Key == 0 || k.public[p.Key] != nil {
			return k, damaged(filepath.Join(dir, keysFile))
		}
		k.public[p.Key] = p.Public
	}
	path := filepath.Join(dir, keyFile)
	var own keyJSON
	if err := readKeys(f, path, &own); errors.Is(err, fs.ErrNotExist) {
		return k, studio.Refuse(studio.CodeStudioKeyMissing, studio.Params{Path: path})
	} else if err != nil {
		return k, err
	}
	if own.Format != keyFormat || len(own.Seed) != ed25519.SeedSize || own.Key == 0 {
		return k, damaged(path)
	}
	private := ed25519.NewKeyFromSeed(own.Seed)
	mine := private.Public().(ed25519.PublicKey)
	if known := k.public[own.Key]; known != nil && !known.Equal(mine) {
		return k, damaged(path) // a signature names its key by number: a number is given out once
	}
	k.number, k.private = own.Key, private
	if k.public[own.Key] == nil { // a crash came between the two files
		k.public[own.Key] = mine
		return k, k.writePublic(f, dir)
	}
	return k, nil
}

// ReplaceKey makes a new key with the next number, after the old one was lost or stolen. Clients that have seen the old
// one wait until an admin confirms the new one.
func ReplaceKey(f fsys.FS, dir string) (*Keys, error) {
	k, err := OpenKeys(f, dir)
	if err != nil && studio.CodeOf(err) != studio.CodeStudioKeyMissing {
		return nil, err
	}
	return k.replaced(f, dir)
}

// replaced writes the private key first: it is the commit, and the public one follows from it.
func (k *Keys) replaced(f fsys.FS, dir string) (*Keys, error) {
	if len(k.public) >= keysMax {
		return nil, studio.Refuse(studio.CodeTooLong, studio.Params{Field: keysFile, Limit: "1000"})
	}
	next := &Keys{number: 1, public: map[uint32]ed25519.PublicKey{}}
	for number, public := range k.public {
		next.public[number] = public
		next.number = max(next.number, number+1)
	}
	seed := random(ed25519.SeedSize)
	next.private = ed25519.NewKeyFromSeed(seed)
	next.public[next.number] = next.private.Public().(ed25519.PublicKey)
	if err := f.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make studio key: %w", err)
	}
	if err := writeKeys(f, filepath.Join(dir, keyFile), keyJSON{keyFormat, next.number, seed}); err != nil {
		return nil, err
	}
	return next, next.writePublic(f, dir)
}

func (k *Keys) writePublic(f fsys.FS, dir string) error {
	file := keysJSON{Format: keyFormat}
	for number, public := range k.public {
		file.Keys = append(file.Keys, publicKeyJSON{number, public})
	}
	slices.SortFunc(file.Keys, func(a, b publicKeyJSON) int { return int(a.Key) - int(b.Key) })
	return writeKeys(f, filepath.Join(dir, keysFile), file)
}

// Sign signs a head with the present key; it fills Key and Signature.
func (k *Keys) Sign(head wire.Signed) wire.Signed {
	studio.Must(k.private != nil, "keys that sign have a private one")
	head.Key = k.number
	head.Signature = ed25519.Sign(k.private, head.Bytes())
	return head
}

// Verify tells whether a key of this studio, present or earlier, signed the head. What it does not verify proves
// nothing and changes nothing.
func (k *Keys) Verify(head wire.Signed) bool { return head.SignedBy(k.public[head.Key]) }

// DepositKey is the key by which a client of a project hands work in when its person may not write any more: the same whenever
// it is asked for, until the studio key is replaced.
func (k *Keys) DepositKey(project studio.ProjectID, client studio.ID) (key wire.Token) {
	studio.Must(k.private != nil, "keys that give deposit keys have a private one")
	mac := hmac.New(sha256.New, k.private.Seed())
	mac.Write([]byte("framehold deposit 1\x00")) // never fails
	mac.Write(project.ID[:])
	mac.Write(client[:])
	copy(key[:], mac.Sum(nil))
	return key
}

// Number is the number of the present key; 0: it is missing.
func (k *Keys) Number() uint32 { return k.number }

// Public is the public half of the present key.
func (k *Keys) Public() ed25519.PublicKey { return k.public[k.number] }

func readKeys(f fsys.FS, path string, into any) error {
	b, err := atomicfile.Read(f, path, keyMaxBytes)
	if err != nil {
		return fmt.Errorf("read studio key: %w", err)
	}
	if json.Unmarshal(b, into) != nil { // its error could quote the key
		return damaged(path)
	}
	return nil
}

func writeKeys(f fsys.FS, path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := atomicfile.Write(f, path, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write studio key: %w", err)
	}
	return nil
}

func damaged(path string) error {
	return studio.Refuse(studio.CodeDamaged, studio.Params{Path: path, N: 1})
}
