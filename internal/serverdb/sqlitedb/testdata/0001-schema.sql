-- One project of a studio server. Canonical tables are the truth; derived ones follow from them and can be rebuilt.
-- Ids are 16 bytes, hashes 32, times UTC milliseconds; numbers of tables and kinds are those of studio.

-- canonical: where the project stands, one row
CREATE TABLE head (
  one        INTEGER PRIMARY KEY CHECK (one = 1),
  generation BLOB NOT NULL CHECK (length(generation) = 8), -- random, new after a restore
  gen_no     INTEGER NOT NULL,
  seq        INTEGER NOT NULL, -- of the newest event
  chain      BLOB NOT NULL CHECK (length(chain) = 32), -- over all events
  founder    BLOB, -- account that is publishing it; null: it is active
  server_ms  INTEGER NOT NULL, -- the latest instant that was ever used
  defs_seq   INTEGER NOT NULL -- of the newest change of project, member, role, status or type: what is cached stands till then
) STRICT;

-- canonical: every decided op
CREATE TABLE event (
  seq       INTEGER PRIMARY KEY,
  op_id     BLOB NOT NULL UNIQUE CHECK (length(op_id) = 16),
  client_id BLOB, -- null: it followed from another op, or the server made it
  n         INTEGER NOT NULL,
  entity    BLOB NOT NULL CHECK (length(entity) = 16), -- what it is about
  header    BLOB NOT NULL, -- studio's canonical form, of every field but the next two
  body      BLOB NOT NULL,
  chain     BLOB NOT NULL CHECK (length(chain) = 32)
) STRICT;
CREATE UNIQUE INDEX event_client ON event (client_id, n) WHERE client_id IS NOT NULL;
CREATE INDEX event_about ON event (entity, seq);
CREATE INDEX event_of ON event (client_id, seq) WHERE client_id IS NOT NULL;
CREATE TRIGGER event_next BEFORE INSERT ON event
WHEN new.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)
BEGIN SELECT raise(ABORT, 'events are dense'); END;
CREATE TRIGGER event_update BEFORE UPDATE ON event BEGIN SELECT raise(ABORT, 'an event never changes'); END;
CREATE TRIGGER event_delete BEFORE DELETE ON event BEGIN SELECT raise(ABORT, 'an event is never deleted'); END;

-- canonical: the rows of the project as they are, in studio's canonical form; with rowids, since in a table without, the
-- inner pages would hold whole rows: few fit, and every search goes through more of them
CREATE TABLE state (
  id  INTEGER PRIMARY KEY,
  tbl INTEGER NOT NULL,
  key BLOB NOT NULL,
  seq INTEGER NOT NULL, -- of the event that changed it last
  row BLOB, -- null: it is no more
  UNIQUE (tbl, key)
) STRICT;
CREATE INDEX state_seq ON state (seq, tbl, key);

-- derived: what leads to a row, for the lookups that are not by key
CREATE TABLE ref (
  kind INTEGER NOT NULL, -- of refs.go
  ref  BLOB NOT NULL,
  tbl  INTEGER NOT NULL,
  key  BLOB NOT NULL,
  PRIMARY KEY (kind, ref, tbl, key)
) STRICT, WITHOUT ROWID;

-- derived: the state hash of each table that has rows
CREATE TABLE sum (
  tbl   INTEGER PRIMARY KEY,
  value BLOB NOT NULL CHECK (length(value) = 16) -- little-endian
) STRICT;

-- canonical: the project stores on devices
CREATE TABLE client (
  client_id          BLOB PRIMARY KEY CHECK (length(client_id) = 16),
  user_id            BLOB NOT NULL,
  device             TEXT NOT NULL,
  lmid               INTEGER NOT NULL, -- the last n that was decided
  deposit_key        BLOB NOT NULL, -- SHA-256 of it; zero: none was given
  proto              INTEGER NOT NULL,
  seen_ms            INTEGER NOT NULL,
  cookie_seq         INTEGER NOT NULL, -- what it has pulled
  unsent_checkpoints INTEGER NOT NULL, -- that it told of last
  unsent_bytes       INTEGER NOT NULL,
  deposit_bytes      INTEGER NOT NULL -- handed in by the deposit key
) STRICT, WITHOUT ROWID;

-- canonical: where chunks are
CREATE TABLE chunk (
  hash   BLOB PRIMARY KEY CHECK (length(hash) = 32),
  pack   BLOB NOT NULL,
  offset INTEGER NOT NULL,
  stored INTEGER NOT NULL, -- bytes in the pack
  size   INTEGER NOT NULL, -- bytes of content
  codec  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- canonical: packs that serve reads but no reuse; the others have no row
CREATE TABLE condemned (
  pack BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- canonical: roots and pages of manifests; with rowids, since they are large
CREATE TABLE manifest (
  hash  BLOB PRIMARY KEY CHECK (length(hash) = 32),
  bytes BLOB NOT NULL,
  root  INTEGER NOT NULL
) STRICT;

-- derived: from the bytes of roots, which the server reads
CREATE TABLE page_of (
  page BLOB NOT NULL,
  root BLOB NOT NULL,
  PRIMARY KEY (page, root)
) STRICT, WITHOUT ROWID;

-- derived: from the bytes of pages, which the server reads
CREATE TABLE chunk_in (
  chunk BLOB NOT NULL,
  page  BLOB NOT NULL,
  PRIMARY KEY (chunk, page)
) STRICT, WITHOUT ROWID;

-- canonical: previews, by the hash of their bytes
CREATE TABLE preview (
  hash BLOB PRIMARY KEY CHECK (length(hash) = 32),
  webp BLOB NOT NULL
) STRICT;

-- canonical: what clients upload for checkpoints that are not sealed yet
CREATE TABLE lease (
  client_id  BLOB PRIMARY KEY,
  expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- canonical: the hashes that a lease protects
CREATE TABLE lease_chunk (
  client_id BLOB NOT NULL REFERENCES lease ON DELETE CASCADE,
  hash      BLOB NOT NULL,
  PRIMARY KEY (client_id, hash)
) STRICT, WITHOUT ROWID;

-- canonical: closures of people without full view; the past ones cannot be computed again
CREATE TABLE visible (
  user_id   BLOB NOT NULL,
  entity    BLOB NOT NULL,
  since_seq INTEGER NOT NULL,
  until_seq INTEGER NOT NULL, -- 0: still
  PRIMARY KEY (user_id, entity)
) STRICT, WITHOUT ROWID;
