package accounts

import (
	"cmp"
	"context"
	"database/sql"
	"time"

	"framehold/internal/auth"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const (
	openInvitationsMax    = 1000 // of a studio
	invitationProjectsMax = 100
)

// NewInvitation is an invitation to be made. What is empty the person chooses.
type NewInvitation struct {
	By             studio.UserID // zero: whoever runs the server
	Username, Name string
	Role           string // its name, in each of the projects
	Projects       []studio.ProjectID
	Life           time.Duration // 0: 14 days
}

// Invitation is a link that makes an account, once.
type Invitation struct {
	ID                           studio.ID
	By                           studio.UserID
	Username, Name, Role         string
	Projects                     []studio.ProjectID
	CreatedMs, ExpiresMs, UsedMs int64
	UsedBy                       studio.UserID
}

// Invite makes an invitation; the token is told this once. With the username of an account that has no password it
// invites that person. Codes: account_exists, unknown_user (By), unknown_target (a project), invalid_name, too_long.
func (d *DB) Invite(ctx context.Context, n NewInvitation) (token wire.Token, i Invitation, err error) {
	if err := checkInvitation(n); err != nil {
		return token, i, err
	}
	err = d.tx(ctx, "invite", func(tx *tx) error {
		if err := tx.mayBeInvited(n.Username); err != nil {
			return err
		}
		if !n.By.IsZero() {
			if _, err := known(ctx, tx, userByID, "", n.By.Bytes()); err != nil {
				return err
			}
		}
		token = auth.NewToken()
		i = Invitation{ID: d.o.Clock.NewID(), By: n.By, Username: n.Username, Name: n.Name, Role: n.Role, Projects: n.Projects,
			CreatedMs: tx.nowMs, ExpiresMs: tx.nowMs + cmp.Or(n.Life, auth.InvitationLife).Milliseconds()}
		return tx.insertInvitation(i, auth.HashToken(token))
	})
	if err != nil {
		return wire.Token{}, Invitation{}, err
	}
	return token, i, nil
}

func checkInvitation(n NewInvitation) error {
	if n.Username != "" {
		if err := studio.CheckUsername(n.Username); err != nil {
			return err
		}
	}
	if err := cmp.Or(checkLabel("name", n.Name), checkLabel("role", n.Role)); err != nil {
		return err
	}
	if n.Life < 0 || n.Life > auth.InvitationLifeMax {
		return studio.Refuse(studio.CodeTooLong, studio.Params{Field: "life", Limit: "90 days"})
	}
	if len(n.Projects) > invitationProjectsMax {
		return studio.Refuse(studio.CodeTooLong, studio.Params{Field: "projects", Limit: "100"})
	}
	return nil
}

// mayBeInvited refuses a username whose account can sign in, and more links than anyone keeps an eye on.
func (t *tx) mayBeInvited(username string) error {
	var open int
	if err := t.row(`SELECT count(*) FROM invitation WHERE used_ms = 0 AND expires_ms > ?`, t.nowMs).Scan(&open); err != nil {
		return err
	}
	if open >= openInvitationsMax {
		return studio.Refuse(studio.CodeTooLong, studio.Params{Field: "invitations", Limit: "1000"})
	}
	u, found, err := one(t.ctx, t, scanUser, userByName, username)
	if err == nil && found && u.HasPassword {
		err = studio.Refuse(studio.CodeAccountExists, studio.Params{Name: u.Username})
	}
	return err
}

func (t *tx) insertInvitation(i Invitation, hash auth.TokenHash) error {
	if err := t.exec(`INSERT INTO invitation (id, token_hash, by_user, username, name, role, created_ms,
		expires_ms, used_ms, settled_ms) VALUES (?, ?, nullif(?, zeroblob(16)), ?, ?, ?, ?, ?, 0, 0)`,
		i.ID.Bytes(), hash[:], i.By.Bytes(), i.Username, i.Name, i.Role, i.CreatedMs, i.ExpiresMs); err != nil {
		return err
	}
	for _, p := range i.Projects {
		n, err := t.changed(`INSERT INTO invitation_project (invitation, project) SELECT ?, id FROM project WHERE id = ?
			ON CONFLICT DO UPDATE SET project = project`, i.ID.Bytes(), p.Bytes())
		if err != nil {
			return err
		}
		if n == 0 {
			return studio.Refuse(studio.CodeUnknownTarget, studio.Params{Project: p.String()})
		}
	}
	return nil
}

const (
	selectInvitation = `SELECT id, by_user, username, name, role, created_ms, expires_ms, used_ms, used_by,
		(SELECT coalesce(group_concat(lower(hex(project)), ''), '') FROM invitation_project WHERE invitation = id) FROM invitation `
	invitationByToken    = selectInvitation + `WHERE token_hash = ?`
	invitationsAll       = selectInvitation + `ORDER BY id DESC`
	invitationsUnsettled = selectInvitation + `WHERE used_ms > 0 AND settled_ms = 0 ORDER BY id`
)

func scanInvitation(r *sql.Rows) (i Invitation, err error) {
	var id, by, usedBy []byte
	var projects string
	err = r.Scan(&id, &by, &i.Username, &i.Name, &i.Role, &i.CreatedMs, &i.ExpiresMs, &i.UsedMs, &usedBy, &projects)
	i.ID, i.By.ID, i.UsedBy.ID = studio.IDFrom(id), studio.IDFrom(by), studio.IDFrom(usedBy)
	for ; err == nil && projects != ""; projects = projects[32:] {
		var p studio.ProjectID
		p.ID, err = studio.ParseID(projects[:32])
		i.Projects = append(i.Projects, p)
	}
	return i, err
}

// Invitation tells what a token invites to, before it is used; address is that of the connection. Codes:
// unknown_invitation, invitation_used, invitation_expired, too_many_attempts.
func (d *DB) Invitation(ctx context.Context, token wire.Token, address string) (Invitation, error) {
	attempt, err := d.o.Limiter.Begin("", address)
	if err != nil {
		return Invitation{}, err
	}
	i, err := open(ctx, d.read, auth.HashToken(token), d.o.Clock.NowMs())
	if studio.CodeOf(err) != studio.CodeUnknownInvitation {
		attempt.TakeBack() // the token is a real one
	}
	return i, failure("look up invitation", err)
}

// open returns an invitation that can be used.
func open(ctx context.Context, q querier, hash auth.TokenHash, nowMs int64) (Invitation, error) {
	i, found, err := one(ctx, q, scanInvitation, invitationByToken, hash[:])
	switch {
	case err != nil:
	case !found:
		err = studio.Refuse(studio.CodeUnknownInvitation, studio.Params{})
	case i.UsedMs > 0:
		err = studio.Refuse(studio.CodeInvitationUsed, studio.Params{})
	case i.ExpiresMs <= nowMs:
		err = studio.Refuse(studio.CodeInvitationExpired, studio.Params{})
	}
	if err != nil {
		return Invitation{}, err
	}
	return i, nil
}

// Join is the use of an invitation. Username and name are taken where the invitation has none.
type Join struct {
	Token                    wire.Token
	Username, Name, Password string
	Device                   Device
	Address                  string
}

// Join makes the account that an invitation promises, or gives the one that waits for it a password, and signs it in: all
// of it, or nothing and the invitation can be used again. The server then makes the person a member of its projects and
// says so with Settle. Codes: those of Invitation; account_exists, account_disabled, password_short, invalid_name,
// too_long.
func (d *DB) Join(ctx context.Context, j Join) (in SignedIn, i Invitation, err error) {
	if err := checkDevice(j.Device); err != nil {
		return in, i, err
	}
	if _, err := d.Invitation(ctx, j.Token, j.Address); err != nil {
		return in, i, err
	}
	phc, err := d.o.Hasher.Hash(ctx, j.Password)
	if err != nil {
		return in, i, err
	}
	err = d.tx(ctx, "join", func(tx *tx) error {
		if i, err = open(ctx, tx, auth.HashToken(j.Token), tx.nowMs); err != nil { // hashing took its time
			return err
		}
		u, err := tx.joining(i, j)
		if err != nil {
			return err
		}
		if err := tx.setPHC(u.ID, phc); err != nil {
			return err
		}
		u.HasPassword = true
		i.UsedMs, i.UsedBy = tx.nowMs, u.ID
		if err := tx.exec(`UPDATE invitation SET used_ms = ?, used_by = ?, settled_ms = CASE WHEN EXISTS
			(SELECT 1 FROM invitation_project WHERE invitation = id) THEN 0 ELSE ?1 END WHERE id = ?3`,
			tx.nowMs, u.ID.Bytes(), i.ID.Bytes()); err != nil {
			return err
		}
		in, err = tx.openSession(u, j.Device)
		return err
	})
	if err != nil {
		return SignedIn{}, Invitation{}, err
	}
	return in, i, nil
}

// joining returns the account of who joins. An account that waits is given only to an invitation that names it: whoever
// may choose a username must not choose someone else's.
func (t *tx) joining(i Invitation, j Join) (User, error) {
	n := NewUser{Username: cmp.Or(i.Username, j.Username), Name: cmp.Or(i.Name, j.Name)}
	u, found, err := one(t.ctx, t, scanUser, userByName, n.Username)
	switch {
	case err != nil:
		return u, err
	case !found:
		return t.createUser(n)
	case i.Username == "" || u.HasPassword:
		return u, studio.Refuse(studio.CodeAccountExists, studio.Params{Name: u.Username})
	case u.Disabled():
		return u, studio.Refuse(studio.CodeAccountDisabled, studio.Params{Name: u.Username})
	}
	return u, nil
}

// Invitations lists them all, the newest first.
func (d *DB) Invitations(ctx context.Context) ([]Invitation, error) {
	all, err := rows(ctx, d.read, scanInvitation, invitationsAll)
	return all, failure("list invitations", err)
}

// Withdraw takes back an invitation that was not used. Codes: unknown_invitation, invitation_used.
func (d *DB) Withdraw(ctx context.Context, id studio.ID) error {
	return d.tx(ctx, "withdraw invitation", func(tx *tx) error {
		n, err := tx.changed(`DELETE FROM invitation WHERE id = ? AND used_ms = 0`, id.Bytes())
		if err != nil || n > 0 {
			return err
		}
		var used bool
		if err := tx.row(`SELECT EXISTS (SELECT 1 FROM invitation WHERE id = ?)`, id.Bytes()).Scan(&used); err != nil {
			return err
		}
		if used {
			return studio.Refuse(studio.CodeInvitationUsed, studio.Params{})
		}
		return studio.Refuse(studio.CodeUnknownInvitation, studio.Params{})
	})
}

// Unsettled lists used invitations whose person is not yet known to be a member of their projects: a crash came between.
func (d *DB) Unsettled(ctx context.Context) ([]Invitation, error) {
	all, err := rows(ctx, d.read, scanInvitation, invitationsUnsettled)
	return all, failure("list invitations", err)
}

// Settle notes that the person of a used invitation is a member of its projects.
func (d *DB) Settle(ctx context.Context, id studio.ID) error {
	return d.tx(ctx, "settle invitation", func(tx *tx) error {
		return tx.exec(`UPDATE invitation SET settled_ms = ? WHERE id = ? AND used_ms > 0 AND settled_ms = 0`, tx.nowMs, id.Bytes())
	})
}
