package sqlitedb

import (
	"fmt"

	"framehold/internal/serverdb"
	"framehold/internal/studio"
)

// Lease finds a client's lease.
func (s *snapshot) Lease(client studio.ID) (serverdb.Lease, bool) {
	l := serverdb.Lease{Client: client}
	if !s.get(`SELECT expires_ms FROM lease WHERE client_id = ?`, []any{client[:]}, &l.ExpiresMs) {
		return serverdb.Lease{}, false
	}
	return l, true
}

// Leases lists all leases.
func (s *snapshot) Leases() []serverdb.Lease {
	var all []serverdb.Lease
	var l serverdb.Lease
	var client []byte
	s.each(`SELECT client_id, expires_ms FROM lease ORDER BY client_id`, nil, []any{&client, &l.ExpiresMs}, func() (bool, error) {
		l.Client = studio.IDFrom(client)
		all = append(all, l)
		return true, nil
	})
	return all
}

// Leased tells what a client's lease protects.
func (s *snapshot) Leased(client studio.ID, hashes []studio.Hash) []bool {
	leased := make([]bool, len(hashes))
	for i, h := range hashes {
		s.get(`SELECT EXISTS (SELECT 1 FROM lease_chunk WHERE client_id = ? AND hash = ?)`, []any{client[:], h[:]}, &leased[i])
	}
	return leased
}

// Protected tells what any lease protects.
func (s *snapshot) Protected(hashes []studio.Hash) []bool {
	leased := make([]bool, len(hashes))
	for i, h := range hashes {
		s.get(`SELECT EXISTS (SELECT 1 FROM lease_chunk WHERE hash = ?)`, []any{h[:]}, &leased[i])
	}
	return leased
}

// SetLease opens or renews a lease.
func (t *tx) SetLease(l serverdb.Lease) error {
	return t.fail("write lease", t.c.exec(`INSERT INTO lease (client_id, expires_ms) VALUES (?, ?)
		ON CONFLICT DO UPDATE SET expires_ms = excluded.expires_ms`, l.Client[:], l.ExpiresMs))
}

// EndLeases ends leases; what they protect goes with them by its foreign key.
func (t *tx) EndLeases(beforeMs int64) error {
	return t.fail("end leases", t.c.exec(`DELETE FROM lease WHERE expires_ms < ?`, beforeMs))
}

// AddLeased notes what a lease protects; the foreign key asks for the lease.
func (t *tx) AddLeased(client studio.ID, atMs int64, hashes []studio.Hash) error {
	if _, ok := t.Lease(client); !ok {
		return t.fail("protect chunks", fmt.Errorf("client %s has no lease", client))
	}
	for _, h := range hashes {
		if err := t.c.exec(`INSERT INTO lease_chunk (client_id, hash, named_ms) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET named_ms = max(named_ms, excluded.named_ms)`, client[:], h[:], atMs); err != nil {
			return t.fail("protect chunks", err)
		}
	}
	return t.err
}

// TrimLease lets go of what was named long ago.
func (t *tx) TrimLease(client studio.ID, beforeMs int64) error {
	return t.fail("trim lease", t.c.exec(`DELETE FROM lease_chunk WHERE client_id = ? AND named_ms < ?`, client[:], beforeMs))
}
