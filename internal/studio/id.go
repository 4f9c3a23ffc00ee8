package studio

import (
	"encoding/hex"
	"fmt"
)

// ID is a UUIDv7, minted by clock on the computer where the thing began. The zero ID means none.
type ID [16]byte

// Ids of one kind of thing each, so that the compiler keeps them apart.
type (
	ProjectID    struct{ ID }
	UserID       struct{ ID }
	RoleID       struct{ ID }
	StatusID     struct{ ID }
	TypeID       struct{ ID }
	CollectionID struct{ ID } // zero: the root of the project
	AssetID      struct{ ID }
	CheckpointID struct{ ID }
	AssignmentID struct{ ID } // the id of the op that gave the task
	NoteID       struct{ ID }
	OpID         struct{ ID }
	GroupID      struct{ ID } // the ops of one act of a person
	ViewID       struct{ ID }
	HandoverID   struct{ ID }
)

// String is 32 hexadecimal digits.
func (i ID) String() string { return hex.EncodeToString(i[:]) }

// IsZero tells whether there is none.
func (i ID) IsZero() bool { return i == ID{} }

// Bytes is a copy of the 16 bytes.
func (i ID) Bytes() []byte { return i[:] }

// ParseID reads 32 hexadecimal digits.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 2*len(id) {
		return ID{}, fmt.Errorf("id %q has not 32 digits", s)
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return ID{}, fmt.Errorf("id %q: %w", s, err)
	}
	return id, nil
}

// IDFrom copies 16 bytes; any other number of bytes gives the zero ID.
func IDFrom(b []byte) ID {
	var id ID
	if len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}

// Hash is a 32-byte content address: of a manifest, an image's manifest or a preview. Zero means none.
type Hash [32]byte

// String is 64 hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero tells whether there is none.
func (h Hash) IsZero() bool { return h == Hash{} }

// HashFrom copies 32 bytes; any other number of bytes gives the zero Hash.
func HashFrom(b []byte) Hash {
	var h Hash
	if len(b) == len(h) {
		copy(h[:], b)
	}
	return h
}
