package accounts

import (
	"cmp"
	"context"
	"database/sql"

	"framehold/internal/studio"
)

// User is a person with an account.
type User struct {
	ID          studio.UserID
	Username    string
	Name        string
	Admin       bool  // of the studio; no role in a project
	DisabledMs  int64 // 0: they are not
	CreatedMs   int64
	HasPassword bool // without one they cannot sign in until an invitation is used
}

// Disabled tells whether the account was disabled.
func (u User) Disabled() bool { return u.DisabledMs != 0 }

// NewUser is an account to be made.
type NewUser struct {
	ID       studio.UserID // zero: a new one; a published project's people keep theirs
	Username string
	Name     string // empty: the username
	Admin    bool
	Password string // empty: they cannot sign in yet
}

const (
	selectUser = `SELECT id, username, name, admin, disabled_ms, created_ms,
		EXISTS (SELECT 1 FROM credential WHERE user = id) FROM user `
	userByID   = selectUser + `WHERE id = ?`
	userByName = selectUser + `WHERE username = ?`
	usersAll   = selectUser + `ORDER BY username`
)

func scanUser(r *sql.Rows) (u User, err error) {
	var id []byte
	err = r.Scan(&id, &u.Username, &u.Name, &u.Admin, &u.DisabledMs, &u.CreatedMs, &u.HasPassword)
	u.ID.ID = studio.IDFrom(id)
	return u, err
}

// CreateUser makes an account. Codes: account_exists, invalid_name, too_long, password_short.
func (d *DB) CreateUser(ctx context.Context, n NewUser) (u User, err error) {
	phc, err := d.hashIfGiven(ctx, n.Password)
	if err != nil {
		return User{}, err
	}
	err = d.tx(ctx, "make account", func(tx *tx) error {
		if u, err = tx.createUser(n); err != nil || phc == "" {
			return err
		}
		u.HasPassword = true
		return tx.setPHC(u.ID, phc)
	})
	return u, err
}

func (d *DB) hashIfGiven(ctx context.Context, password string) (string, error) {
	if password == "" {
		return "", nil
	}
	return d.o.Hasher.Hash(ctx, password)
}

func (t *tx) createUser(n NewUser) (User, error) {
	u := User{ID: n.ID, Username: n.Username, Name: cmp.Or(n.Name, n.Username), Admin: n.Admin, CreatedMs: t.nowMs}
	if err := studio.CheckUsername(u.Username); err != nil {
		return User{}, err
	}
	if err := checkLabel("name", u.Name); err != nil {
		return User{}, err
	}
	if u.ID.IsZero() {
		u.ID.ID = t.db.o.Clock.NewID()
	}
	var taken bool
	err := t.row(`SELECT EXISTS (SELECT 1 FROM user WHERE username = ? OR id = ?)`, u.Username, u.ID.Bytes()).Scan(&taken)
	if err != nil {
		return User{}, err
	}
	if taken {
		return User{}, studio.Refuse(studio.CodeAccountExists, studio.Params{Name: u.Username})
	}
	return u, t.exec(`INSERT INTO user (id, username, name, admin, disabled_ms, created_ms) VALUES (?, ?, ?, ?, 0, ?)`,
		u.ID.Bytes(), u.Username, u.Name, u.Admin, u.CreatedMs)
}

// Users lists the accounts in order of username, disabled ones too.
func (d *DB) Users(ctx context.Context) ([]User, error) {
	all, err := rows(ctx, d.read, scanUser, usersAll)
	return all, failure("list accounts", err)
}

// User returns an account. Codes: unknown_user.
func (d *DB) User(ctx context.Context, id studio.UserID) (User, error) {
	return known(ctx, d.read, userByID, "", id.Bytes())
}

// UserNamed returns the account with a username, in any case. Codes: unknown_user.
func (d *DB) UserNamed(ctx context.Context, username string) (User, error) {
	return known(ctx, d.read, userByName, username, username)
}

func known(ctx context.Context, q querier, query, name string, key any) (User, error) {
	u, found, err := one(ctx, q, scanUser, query, key)
	if err == nil && !found {
		err = studio.Refuse(studio.CodeUnknownUser, studio.Params{Name: name})
	}
	return u, failure("look up account", err)
}

// Disable closes an account and ends all its sessions at once. Codes: unknown_user, last_studio_admin.
func (d *DB) Disable(ctx context.Context, id studio.UserID) error {
	return d.tx(ctx, "disable account", func(tx *tx) error {
		u, err := known(ctx, tx, userByID, "", id.Bytes())
		if err != nil || u.Disabled() {
			return err
		}
		if err := tx.keepsAdmin(u); err != nil {
			return err
		}
		if err := tx.exec(`UPDATE user SET disabled_ms = ? WHERE id = ?`, tx.nowMs, id.Bytes()); err != nil {
			return err
		}
		return tx.exec(`DELETE FROM session WHERE user = ?`, id.Bytes())
	})
}

// Enable opens an account again; its sessions stay ended. Codes: unknown_user.
func (d *DB) Enable(ctx context.Context, id studio.UserID) error {
	return d.tx(ctx, "enable account", func(tx *tx) error {
		if _, err := known(ctx, tx, userByID, "", id.Bytes()); err != nil {
			return err
		}
		return tx.exec(`UPDATE user SET disabled_ms = 0 WHERE id = ?`, id.Bytes())
	})
}

// SetAdmin makes someone an admin of the studio, or no longer. Codes: unknown_user, last_studio_admin.
func (d *DB) SetAdmin(ctx context.Context, id studio.UserID, admin bool) error {
	return d.tx(ctx, "set admin", func(tx *tx) error {
		u, err := known(ctx, tx, userByID, "", id.Bytes())
		if err != nil {
			return err
		}
		if !admin {
			if err := tx.keepsAdmin(u); err != nil {
				return err
			}
		}
		return tx.exec(`UPDATE user SET admin = ? WHERE id = ?`, admin, id.Bytes())
	})
}

// keepsAdmin refuses to lose the last admin who can sign in.
func (t *tx) keepsAdmin(u User) error {
	if !u.Admin || u.Disabled() {
		return nil
	}
	var others bool
	err := t.row(`SELECT EXISTS (SELECT 1 FROM user JOIN credential ON user = id WHERE admin = 1 AND disabled_ms = 0 AND id <> ?)`,
		u.ID.Bytes()).Scan(&others)
	if err == nil && !others {
		err = studio.Refuse(studio.CodeLastStudioAdmin, studio.Params{Name: u.Username})
	}
	return err
}

// SetPassword gives a person a new password and ends all their sessions at once. Codes: unknown_user, password_short,
// too_long, invalid_name.
func (d *DB) SetPassword(ctx context.Context, id studio.UserID, password string) error {
	phc, err := d.o.Hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	return d.tx(ctx, "set password", func(tx *tx) error {
		if _, err := known(ctx, tx, userByID, "", id.Bytes()); err != nil {
			return err
		}
		if err := tx.setPHC(id, phc); err != nil {
			return err
		}
		return tx.exec(`DELETE FROM session WHERE user = ?`, id.Bytes())
	})
}

func (t *tx) setPHC(id studio.UserID, phc string) error {
	return t.exec(`INSERT INTO credential (user, phc, changed_ms) VALUES (?1, ?2, ?3)
		ON CONFLICT (user) DO UPDATE SET phc = ?2, changed_ms = ?3`, id.Bytes(), phc, t.nowMs)
}
