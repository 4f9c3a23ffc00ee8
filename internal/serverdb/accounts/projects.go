package accounts

import (
	"context"
	"database/sql"

	"framehold/internal/studio"
)

// Project is a project of the studio, for lists: its own database has the rest.
type Project struct {
	ID        studio.ProjectID
	Name      string // need not be the only one
	CreatedMs int64
}

// AddProject puts a project on the list; one that is there gets the name. Codes: invalid_name, too_long.
func (d *DB) AddProject(ctx context.Context, id studio.ProjectID, name string) error {
	studio.Must(!id.IsZero(), "a project has an id")
	if err := checkLabel("name", name); err != nil {
		return err
	}
	return d.tx(ctx, "add project", func(tx *tx) error {
		return tx.exec(`INSERT INTO project (id, name, created_ms) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET name = ?2`,
			id.Bytes(), name, tx.nowMs)
	})
}

// Projects lists the projects, in order of id.
func (d *DB) Projects(ctx context.Context) ([]Project, error) {
	all, err := rows(ctx, d.read, func(r *sql.Rows) (p Project, err error) {
		var id []byte
		err = r.Scan(&id, &p.Name, &p.CreatedMs)
		p.ID.ID = studio.IDFrom(id)
		return p, err
	}, `SELECT id, name, created_ms FROM project ORDER BY id`)
	return all, failure("list projects", err)
}
