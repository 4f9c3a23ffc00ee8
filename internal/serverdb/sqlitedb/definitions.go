package sqlitedb

import (
	"cmp"
	"slices"

	"framehold/internal/studio"
)

// definitionsMax is the last of the tables that are read as a whole and kept: project, member, role, status, type. They
// are small and nearly every decision looks at them.
const definitionsMax = studio.TableType

// definitions are those tables as they stand since an event. They never change.
type definitions struct {
	seq      uint64
	rows     map[studio.Table]map[string]studio.Row
	project  studio.Project
	members  []studio.Member
	roles    []studio.Role
	statuses []studio.Status
	types    []studio.Type
}

// definitions are those of the snapshot: kept from before when none has changed since.
func (s *snapshot) definitions() *definitions {
	if s.defs != nil {
		return s.defs
	}
	if kept := s.p.defs.Load(); kept != nil && kept.seq == s.defsSeq && !s.defsWritten {
		s.defs = kept
		return kept
	}
	d := &definitions{seq: s.defsSeq, rows: map[studio.Table]map[string]studio.Row{}}
	if !s.readDefinitions(d) {
		return d
	}
	s.defs = d
	if !s.defsWritten { // what is not committed is nobody else's
		s.p.defs.Store(d)
	}
	return d
}

func (s *snapshot) readDefinitions(d *definitions) bool {
	var table studio.Table
	var key, form []byte
	ok := s.each(`SELECT tbl, key, row FROM state WHERE tbl <= ? AND row IS NOT NULL ORDER BY tbl, key`,
		[]any{definitionsMax}, []any{&table, &key, &form}, func() (bool, error) {
			r, err := studio.DecodeRow(table, form)
			if err != nil {
				return false, err
			}
			if d.rows[table] == nil {
				d.rows[table] = map[string]studio.Row{}
			}
			d.rows[table][string(key)] = r
			d.add(r)
			return true, nil
		})
	slices.SortStableFunc(d.roles, func(a, b studio.Role) int { return cmp.Compare(a.Order, b.Order) })
	slices.SortStableFunc(d.statuses, func(a, b studio.Status) int { return cmp.Compare(a.Order, b.Order) })
	slices.SortStableFunc(d.types, func(a, b studio.Type) int { return cmp.Compare(a.Order, b.Order) })
	return ok
}

// add takes a row in; they come in order of key.
func (d *definitions) add(r studio.Row) {
	switch r := r.(type) {
	case studio.Project:
		if (d.project == studio.Project{}) {
			d.project = r
		}
	case studio.Member:
		d.members = append(d.members, r)
	case studio.Role:
		d.roles = append(d.roles, r)
	case studio.Status:
		d.statuses = append(d.statuses, r)
	case studio.Type:
		d.types = append(d.types, r)
	}
}
