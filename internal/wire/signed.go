package wire

import (
	"crypto/ed25519"
	"encoding/binary"
)

// signedDomain heads what is signed, so that a signature over a head is one over nothing else.
const signedDomain = "framehold head 1\x00"

// Bytes is what the studio key signs, 93 bytes: "framehold head 1" and a zero byte, project (16), generation (8), seq,
// chain (32), server_ms, number of the key (4); numbers big endian, of 8 bytes. The signature is not in it.
func (s Signed) Bytes() []byte {
	b := make([]byte, 0, len(signedDomain)+76)
	b = append(b, signedDomain...)
	b = append(b, s.Project.ID[:]...)
	b = append(b, s.Generation[:]...)
	b = binary.BigEndian.AppendUint64(b, s.Seq)
	b = append(b, s.Chain[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.ServerMs))
	return binary.BigEndian.AppendUint32(b, s.Key)
}

// SignedBy tells whether the owner of a public key signed the head. A key of the wrong length signed nothing.
func (s Signed) SignedBy(public ed25519.PublicKey) bool {
	return len(public) == ed25519.PublicKeySize && ed25519.Verify(public, s.Bytes(), s.Signature)
}
