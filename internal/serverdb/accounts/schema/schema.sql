-- The newest schema of studio.db. Ids are 16-byte blobs (UUIDv7), hashes 32-byte blobs, *_ms UTC milliseconds; 0: never.
-- All of it is canonical: nothing here can be made again from the rest. No password and no token is in it, only hashes.

-- canonical. People with an account; those who left stay, disabled, for history.
CREATE TABLE user (
  id BLOB PRIMARY KEY CHECK (length(id) = 16), username TEXT NOT NULL COLLATE NOCASE UNIQUE, name TEXT NOT NULL,
  admin INTEGER NOT NULL, -- of the studio: accounts, invitations, key; it is no role in a project
  disabled_ms INTEGER NOT NULL, created_ms INTEGER NOT NULL
) STRICT;

-- canonical. How a person proves who they are. None: they cannot sign in until they are invited, or are given a password.
CREATE TABLE credential (
  user BLOB PRIMARY KEY REFERENCES user (id), phc TEXT NOT NULL, changed_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- canonical. From where people have signed in: the name that the computer gave, and the program.
CREATE TABLE device (
  id BLOB PRIMARY KEY, user BLOB NOT NULL REFERENCES user (id), name TEXT NOT NULL, app TEXT NOT NULL,
  created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, UNIQUE (user, name, app)
) STRICT;

-- canonical. Who is signed in. A session that was revoked is gone.
CREATE TABLE session (
  token_hash BLOB PRIMARY KEY CHECK (length(token_hash) = 32), -- SHA-256
  id BLOB NOT NULL UNIQUE, -- by which people name it: the token is a secret
  user BLOB NOT NULL REFERENCES user (id), device BLOB NOT NULL REFERENCES device (id),
  created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, -- written once an hour
  expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_user ON session (user);
CREATE INDEX session_device ON session (device);

-- canonical. Links that make an account, once.
CREATE TABLE invitation (
  id BLOB PRIMARY KEY, token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
  by_user BLOB REFERENCES user (id), -- null: whoever runs the server
  username TEXT NOT NULL, name TEXT NOT NULL, -- empty: the person chooses
  role TEXT NOT NULL, -- its name, in each of the projects
  created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL, used_by BLOB REFERENCES user (id),
  settled_ms INTEGER NOT NULL, -- when its projects had the person as a member
  CHECK ((used_ms = 0) = (used_by IS NULL))
) STRICT;

-- canonical. Projects of the studio.
CREATE TABLE project (
  id BLOB PRIMARY KEY CHECK (length(id) = 16), name TEXT NOT NULL, created_ms INTEGER NOT NULL
) STRICT;

-- canonical. Projects that an invitation makes a person a member of.
CREATE TABLE invitation_project (
  invitation BLOB NOT NULL REFERENCES invitation (id) ON DELETE CASCADE, project BLOB NOT NULL REFERENCES project (id),
  PRIMARY KEY (invitation, project)
) STRICT, WITHOUT ROWID;
