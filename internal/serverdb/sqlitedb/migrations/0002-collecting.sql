-- What collecting packs needs to know. What is leased counts as named long ago: who still uploads names it again.
ALTER TABLE head ADD COLUMN gen_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE head ADD COLUMN stored INTEGER NOT NULL DEFAULT 0;
UPDATE head SET stored = (SELECT coalesce(sum(stored), 0) FROM chunk);
CREATE INDEX chunk_of ON chunk (pack, hash);
ALTER TABLE condemned ADD COLUMN since_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE condemned ADD COLUMN deleting INTEGER NOT NULL DEFAULT 0;
CREATE TABLE bad (
  hash     BLOB PRIMARY KEY CHECK (length(hash) = 32),
  pack     BLOB NOT NULL,
  offset   INTEGER NOT NULL,
  stored   INTEGER NOT NULL,
  size     INTEGER NOT NULL,
  codec    INTEGER NOT NULL,
  found_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE lease_chunk ADD COLUMN named_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX leased ON lease_chunk (hash);
