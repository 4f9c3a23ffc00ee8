package accounts

import (
	"context"
	"database/sql"
	"errors"

	"framehold/internal/auth"
	"framehold/internal/studio"
	"framehold/internal/wire"
)

const (
	sessionsMax = 100 // of one person: the longest unused ends when another begins
	devicesMax  = 200 // of one person: the longest unseen are forgotten
)

// Device is from where someone signs in: what its computer calls itself, and the program.
type Device struct{ Name, App string }

// KnownDevice is a device that someone has signed in from.
type KnownDevice struct {
	ID studio.ID
	Device
	CreatedMs, SeenMs int64
	Sessions          int // that are open
}

// Session is someone who is signed in, on a device.
type Session struct {
	ID                           studio.ID
	User                         User
	Device                       Device
	CreatedMs, SeenMs, ExpiresMs int64
}

// SignedIn is a new session. The token is told this once.
type SignedIn struct {
	Token   wire.Token
	Session Session
}

// SignIn is an attempt to sign in. Address is that of the connection.
type SignIn struct {
	Username, Password string
	Device             Device
	Address            string
}

// SignIn opens a session for whoever has the password. An unknown person and a wrong password are one answer, after the
// same work. A password that was hashed at other costs than today's is hashed anew. Codes: bad_credentials,
// account_disabled (told only to who has the password), too_many_attempts, too_long, invalid_name (of the device).
func (d *DB) SignIn(ctx context.Context, s SignIn) (in SignedIn, err error) {
	if err := checkDevice(s.Device); err != nil {
		return in, err
	}
	attempt, err := d.o.Limiter.Begin(s.Username, s.Address)
	if err != nil {
		return in, err
	}
	u, phc, err := d.credential(ctx, s.Username)
	if err != nil {
		return in, failure("sign in", err)
	}
	same, rehash, err := d.o.Hasher.Compare(ctx, phc, s.Password)
	if err != nil {
		attempt.TakeBack() // nothing was learned
		return in, err
	}
	if !same {
		return in, studio.Refuse(studio.CodeBadCredentials, studio.Params{})
	}
	attempt.TakeBack()
	renewed := phc
	if rehash {
		if again, err := d.o.Hasher.Hash(ctx, s.Password); err == nil { // else the next sign-in does it
			renewed = again
		}
	}
	err = d.tx(ctx, "sign in", func(tx *tx) error {
		if u, err = tx.stillProved(u, phc); err != nil {
			return err
		}
		if renewed != phc {
			if err := tx.setPHC(u.ID, renewed); err != nil {
				return err
			}
		}
		in, err = tx.openSession(u, s.Device)
		return err
	})
	if err != nil {
		return SignedIn{}, err
	}
	return in, nil
}

// credential returns a person and the PHC string of their password; "" where there is none of them.
func (d *DB) credential(ctx context.Context, username string) (u User, phc string, err error) {
	u, found, err := one(ctx, d.read, scanUser, userByName, username)
	if err != nil || !found {
		return u, "", err
	}
	err = d.read.QueryRowContext(ctx, `SELECT phc FROM credential WHERE user = ?`, u.ID.Bytes()).Scan(&phc)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return u, phc, err
}

// stillProved looks again, inside the transaction: hashing took its time.
func (t *tx) stillProved(u User, phc string) (User, error) {
	var now string
	err := t.row(`SELECT phc FROM credential WHERE user = ?`, u.ID.Bytes()).Scan(&now)
	if err != nil {
		return u, err
	}
	if now != phc {
		return u, studio.Refuse(studio.CodeBadCredentials, studio.Params{})
	}
	u, err = known(t.ctx, t, userByID, "", u.ID.Bytes())
	if err == nil && u.Disabled() {
		err = studio.Refuse(studio.CodeAccountDisabled, studio.Params{Name: u.Username})
	}
	return u, err
}

func checkDevice(dev Device) error {
	return errors.Join(checkLabel("device", dev.Name), checkLabel("app", dev.App))
}

func (t *tx) openSession(u User, dev Device) (SignedIn, error) {
	device, err := t.device(u.ID, dev)
	if err != nil {
		return SignedIn{}, err
	}
	if err := t.exec(`DELETE FROM session WHERE user = ?1 AND (expires_ms <= ?2 OR id IN
		(SELECT id FROM session WHERE user = ?1 ORDER BY seen_ms DESC, id DESC LIMIT -1 OFFSET ?3))`,
		u.ID.Bytes(), t.nowMs, sessionsMax-1); err != nil {
		return SignedIn{}, err
	}
	expires, _ := auth.Slide(t.nowMs, t.nowMs)
	in := SignedIn{auth.NewToken(), Session{ID: t.db.o.Clock.NewID(), User: u, Device: dev,
		CreatedMs: t.nowMs, SeenMs: t.nowMs, ExpiresMs: expires}}
	hash := auth.HashToken(in.Token)
	return in, t.exec(`INSERT INTO session (token_hash, id, user, device, created_ms, seen_ms, expires_ms)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, hash[:], in.Session.ID.Bytes(), u.ID.Bytes(), device.Bytes(), t.nowMs, t.nowMs, expires)
}

// device notes that someone is at a device, and forgets those that are too many.
func (t *tx) device(user studio.UserID, dev Device) (studio.ID, error) {
	fresh := studio.ID(t.db.o.Clock.NewID())
	var id []byte
	err := t.row(`INSERT INTO device (id, user, name, app, created_ms, seen_ms) VALUES (?, ?, ?, ?, ?5, ?5)
		ON CONFLICT (user, name, app) DO UPDATE SET seen_ms = ?5 RETURNING id`,
		fresh.Bytes(), user.Bytes(), dev.Name, dev.App, t.nowMs).Scan(&id)
	if err != nil {
		return studio.ID{}, err
	}
	err = t.exec(`DELETE FROM device WHERE user = ?1 AND id <> ?2
		AND NOT EXISTS (SELECT 1 FROM session WHERE device = device.id)
		AND id IN (SELECT id FROM device WHERE user = ?1 ORDER BY seen_ms DESC, id DESC LIMIT -1 OFFSET ?3)`,
		user.Bytes(), id, devicesMax)
	return studio.IDFrom(id), err
}

const (
	selectSession = `SELECT s.token_hash, s.id, s.created_ms, s.seen_ms, s.expires_ms, v.name, v.app,
		u.id, u.username, u.name, u.admin, u.disabled_ms, u.created_ms, EXISTS (SELECT 1 FROM credential WHERE user = u.id)
		FROM session s JOIN user u ON u.id = s.user JOIN device v ON v.id = s.device `
	sessionByToken  = selectSession + `WHERE s.token_hash = ?`
	sessionsOfUser  = selectSession + `WHERE s.user = ? AND s.expires_ms > ? ORDER BY s.seen_ms DESC, s.id DESC`
	slideSession    = `UPDATE session SET seen_ms = ?2, expires_ms = ?3 WHERE id = ?1 AND expires_ms > ?2`
	slideItsDevice  = `UPDATE device SET seen_ms = ?2 WHERE id = (SELECT device FROM session WHERE id = ?1)`
	devicesOfPerson = `SELECT id, name, app, created_ms, seen_ms,
		(SELECT count(*) FROM session WHERE device = device.id AND expires_ms > ?2)
		FROM device WHERE user = ?1 ORDER BY seen_ms DESC, id DESC`
)

type storedSession struct {
	hash auth.TokenHash
	Session
}

func scanSession(r *sql.Rows) (s storedSession, err error) {
	var hash, id, user []byte
	u := &s.User
	err = r.Scan(&hash, &id, &s.CreatedMs, &s.SeenMs, &s.ExpiresMs, &s.Device.Name, &s.Device.App,
		&user, &u.Username, &u.Name, &u.Admin, &u.DisabledMs, &u.CreatedMs, &u.HasPassword)
	s.hash, s.ID, u.ID.ID = auth.TokenHash(studio.HashFrom(hash)), studio.IDFrom(id), studio.IDFrom(user)
	return s, err
}

// Session tells who holds a token. Used, it lives 30 days from now; that is written at most once an hour. Codes:
// unauthenticated: forged, expired, revoked, or the person is disabled; the answer does not say which.
func (d *DB) Session(ctx context.Context, token wire.Token) (Session, error) {
	hash := auth.HashToken(token)
	s, found, err := one(ctx, asks{d.byToken}, scanSession, sessionByToken, hash[:])
	if err != nil {
		return Session{}, failure("look up session", err)
	}
	nowMs := d.o.Clock.NowMs()
	if !found || !s.hash.Is(hash) || s.ExpiresMs <= nowMs || s.User.Disabled() {
		return Session{}, studio.Refuse(studio.CodeUnauthenticated, studio.Params{})
	}
	expires, due := auth.Slide(s.SeenMs, nowMs)
	if !due {
		return s.Session, nil
	}
	err = d.tx(ctx, "slide session", func(tx *tx) error {
		n, err := tx.changed(slideSession, s.ID.Bytes(), nowMs, expires)
		if err == nil && n == 0 {
			return studio.Refuse(studio.CodeUnauthenticated, studio.Params{}) // revoked meanwhile
		}
		if err != nil {
			return err
		}
		return tx.exec(slideItsDevice, s.ID.Bytes(), nowMs)
	})
	switch {
	case studio.CodeOf(err) == studio.CodeUnauthenticated || ctx.Err() != nil:
		return Session{}, err
	case err == nil:
		s.SeenMs, s.ExpiresMs = nowMs, expires
	}
	return s.Session, nil // a full disk keeps nobody out: the session holds until it ends, and slides later
}

// Sessions lists the open sessions of a person, the latest used first.
func (d *DB) Sessions(ctx context.Context, user studio.UserID) ([]Session, error) {
	stored, err := rows(ctx, d.read, scanSession, sessionsOfUser, user.Bytes(), d.o.Clock.NowMs())
	all := make([]Session, len(stored))
	for i, s := range stored {
		all[i] = s.Session
	}
	return all, failure("list sessions", err)
}

// Devices lists from where a person has signed in, the latest seen first.
func (d *DB) Devices(ctx context.Context, user studio.UserID) ([]KnownDevice, error) {
	all, err := rows(ctx, d.read, func(r *sql.Rows) (k KnownDevice, err error) {
		var id []byte
		err = r.Scan(&id, &k.Name, &k.App, &k.CreatedMs, &k.SeenMs, &k.Sessions)
		k.ID = studio.IDFrom(id)
		return k, err
	}, devicesOfPerson, user.Bytes(), d.o.Clock.NowMs())
	return all, failure("list devices", err)
}

// Revoke ends one session of a person; one that has ended is no error.
func (d *DB) Revoke(ctx context.Context, user studio.UserID, session studio.ID) error {
	return d.tx(ctx, "revoke session", func(tx *tx) error {
		return tx.exec(`DELETE FROM session WHERE user = ? AND id = ?`, user.Bytes(), session.Bytes())
	})
}

// RevokeAll ends all sessions of a person.
func (d *DB) RevokeAll(ctx context.Context, user studio.UserID) error {
	return d.tx(ctx, "revoke sessions", func(tx *tx) error {
		return tx.exec(`DELETE FROM session WHERE user = ?`, user.Bytes())
	})
}

// RevokeEveryone ends all sessions: after a backup was put back, since some of them were revoked later.
func (d *DB) RevokeEveryone(ctx context.Context) error {
	return d.tx(ctx, "revoke all sessions", func(tx *tx) error { return tx.exec(`DELETE FROM session`) })
}

// Sweep takes away sessions and unused invitations that have long expired.
func (d *DB) Sweep(ctx context.Context) error {
	return d.tx(ctx, "sweep", func(tx *tx) error {
		if err := tx.exec(`DELETE FROM session WHERE expires_ms <= ?`, tx.nowMs); err != nil {
			return err
		}
		return tx.exec(`DELETE FROM invitation WHERE used_ms = 0 AND expires_ms <= ?`, tx.nowMs-auth.InvitationLifeMax.Milliseconds())
	})
}
