-- The newest schema of a project store. Ids are 16-byte blobs (UUIDv7), hashes 32-byte blobs, *_ms UTC milliseconds.
-- "-- canonical" heads what cannot be made again; "-- derived" what a rebuild makes from the rest.
-- newer: the fields that a newer program added to a row, in canonical form behind those that have a column (studio.Newer).
-- WITHOUT ROWID: a rowid would be one more key, by which INSERT OR REPLACE takes a row away unseen by the triggers.

-- canonical. One row: the project itself. Options are 0 or 1.
CREATE TABLE project (
  id BLOB PRIMARY KEY, name TEXT NOT NULL, state INTEGER NOT NULL, personal INTEGER NOT NULL,
  retake_note INTEGER NOT NULL, review_image INTEGER NOT NULL, artist_done INTEGER NOT NULL, done_locks INTEGER NOT NULL,
  unicode_table TEXT NOT NULL, -- by which name_key was made; a change is a migration
  handover_auto INTEGER NOT NULL,
  trash_days INTEGER NOT NULL, parked_days INTEGER NOT NULL, -- before these are over nothing is purged; 0: by hand
  ver INTEGER NOT NULL, quota_bytes INTEGER NOT NULL DEFAULT 0, newer BLOB
) STRICT, WITHOUT ROWID;

-- canonical. People of the project; gone ones stay for history.
CREATE TABLE member (
  user_id BLOB PRIMARY KEY, username TEXT NOT NULL COLLATE NOCASE UNIQUE, name TEXT NOT NULL, email TEXT NOT NULL,
  role BLOB NOT NULL, title TEXT NOT NULL, department TEXT NOT NULL,
  profile BLOB, -- the profile or account that is bound to this place; null until it is opened the first time
  gone INTEGER NOT NULL, ver INTEGER NOT NULL, newer BLOB
) STRICT, WITHOUT ROWID;

-- canonical. Roles; may is a bit set of studio.Permissions.
CREATE TABLE role (
  id BLOB PRIMARY KEY, name TEXT NOT NULL, ordinal INTEGER NOT NULL, may INTEGER NOT NULL, ver INTEGER NOT NULL, newer BLOB
) STRICT, WITHOUT ROWID;

-- canonical. Statuses; only_roles is a run of 16-byte role ids, empty: no narrowing.
CREATE TABLE status (
  id BLOB PRIMARY KEY, name TEXT NOT NULL, label TEXT NOT NULL, category INTEGER NOT NULL, colour TEXT NOT NULL,
  shape TEXT NOT NULL, ordinal INTEGER NOT NULL, hidden INTEGER NOT NULL, only_roles BLOB NOT NULL,
  asks_note INTEGER NOT NULL, asks_image INTEGER NOT NULL, wip_limit INTEGER NOT NULL, removed INTEGER NOT NULL,
  replaced BLOB, ver INTEGER NOT NULL, newer BLOB
) STRICT, WITHOUT ROWID;

-- canonical. Types of work.
CREATE TABLE type (
  id BLOB PRIMARY KEY, name TEXT NOT NULL, icon TEXT NOT NULL, colour TEXT NOT NULL, ordinal INTEGER NOT NULL,
  removed INTEGER NOT NULL, ver INTEGER NOT NULL, newer BLOB
) STRICT, WITHOUT ROWID;

-- canonical. Folders; parent null: in the root.
CREATE TABLE collection (
  id BLOB PRIMARY KEY, parent BLOB, name TEXT NOT NULL, name_key TEXT NOT NULL, shared INTEGER NOT NULL,
  created_by BLOB NOT NULL, created_ms INTEGER NOT NULL, trashed_by BLOB, trashed_ms INTEGER NOT NULL,
  purged INTEGER NOT NULL, ver INTEGER NOT NULL, newer BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX collection_parent ON collection (parent);

-- canonical. Tracked files: tasks (kind 1) and resources (kind 2). assignee and assignment go together.
CREATE TABLE asset (
  id BLOB PRIMARY KEY, parent BLOB, name TEXT NOT NULL, name_key TEXT NOT NULL, kind INTEGER NOT NULL, type BLOB,
  description TEXT NOT NULL, status BLOB, status_ms INTEGER NOT NULL, rank TEXT NOT NULL, due TEXT NOT NULL,
  priority INTEGER NOT NULL, estimate_min INTEGER NOT NULL, assignee BLOB, assignment BLOB, epoch INTEGER NOT NULL,
  head BLOB, next_version INTEGER NOT NULL, created_by BLOB NOT NULL, created_ms INTEGER NOT NULL,
  first BLOB, -- its v1, when one act made both
  trashed_by BLOB, trashed_ms INTEGER NOT NULL, purged INTEGER NOT NULL, ver INTEGER NOT NULL, newer BLOB,
  CHECK ((assignee IS NULL) = (assignment IS NULL)), CHECK (kind = 1 OR assignee IS NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX asset_parent ON asset (parent);
CREATE INDEX asset_assignee ON asset (assignee) WHERE assignee IS NOT NULL;
CREATE INDEX asset_status ON asset (status);

-- derived. One namespace for collections and assets, as on a disk; the trash is not in it. parent: 16 zero bytes for the root.
CREATE TABLE tree_name (
  parent BLOB NOT NULL, name_key TEXT NOT NULL, entity BLOB NOT NULL UNIQUE, PRIMARY KEY (parent, name_key)
) STRICT, WITHOUT ROWID;

-- canonical. Holdings; id is the id of the op that gave the task. to_seq 0: the present one.
CREATE TABLE assignment (
  id BLOB PRIMARY KEY, asset BLOB NOT NULL REFERENCES asset (id), to_user BLOB NOT NULL, by_user BLOB NOT NULL,
  reason TEXT NOT NULL, from_seq INTEGER NOT NULL, to_seq INTEGER NOT NULL, newer BLOB
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX assignment_present ON assignment (asset) WHERE to_seq = 0;
CREATE INDEX assignment_asset ON assignment (asset);

-- canonical. Saved versions. state as in studio.CheckpointState. What a person saved outlives their sight of its asset.
CREATE TABLE checkpoint (
  id BLOB PRIMARY KEY, asset BLOB NOT NULL, author BLOB NOT NULL, base BLOB, prev BLOB,
  assignment BLOB, status_at_creation BLOB, status_at_acceptance BLOB, manifest BLOB NOT NULL, bytes INTEGER NOT NULL,
  new_bytes INTEGER NOT NULL, comment TEXT NOT NULL, preview BLOB, image BLOB, group_id BLOB, state INTEGER NOT NULL,
  version INTEGER NOT NULL, -- 0 until accepted
  no_change INTEGER NOT NULL, chain_root BLOB, adopted_by BLOB, copied_from BLOB, made_hlc INTEGER NOT NULL,
  received_ms INTEGER NOT NULL, ver INTEGER NOT NULL, newer BLOB
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX checkpoint_version ON checkpoint (asset, version) WHERE version > 0;
CREATE INDEX checkpoint_asset ON checkpoint (asset);
CREATE INDEX checkpoint_chain ON checkpoint (chain_root) WHERE chain_root IS NOT NULL;

-- canonical. Chains of parked checkpoints, named by their first. One's own outlives the sight of its asset.
CREATE TABLE parked (
  root BLOB PRIMARY KEY, asset BLOB NOT NULL, reason TEXT NOT NULL, state INTEGER NOT NULL,
  opened_seq INTEGER NOT NULL, closed_seq INTEGER NOT NULL, newer BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX parked_asset ON parked (asset);

-- canonical. Notes; checkbox 1: something to do.
CREATE TABLE note (
  id BLOB PRIMARY KEY, asset BLOB NOT NULL REFERENCES asset (id), checkpoint BLOB, author BLOB NOT NULL,
  text TEXT NOT NULL, checkbox INTEGER NOT NULL, done_by BLOB, withdrawn INTEGER NOT NULL, made_ms INTEGER NOT NULL,
  ver INTEGER NOT NULL, newer BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX note_asset ON note (asset);

-- canonical. Free labels.
CREATE TABLE tag (asset BLOB NOT NULL REFERENCES asset (id), tag TEXT NOT NULL, PRIMARY KEY (asset, tag)) STRICT, WITHOUT ROWID;

-- canonical. An asset needs a target: an asset or a collection.
CREATE TABLE dependency (
  asset BLOB NOT NULL REFERENCES asset (id), target BLOB NOT NULL, PRIMARY KEY (asset, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX dependency_target ON dependency (target);

-- canonical. Queries with a name.
CREATE TABLE saved_view (
  id BLOB PRIMARY KEY, owner BLOB NOT NULL, shared INTEGER NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL,
  layout TEXT NOT NULL, ver INTEGER NOT NULL, newer BLOB
) STRICT, WITHOUT ROWID;

-- canonical. Tasks that their holder takes offline until a date: the last time of each.
CREATE TABLE road (
  asset BLOB PRIMARY KEY REFERENCES asset (id), user_id BLOB NOT NULL,
  client BLOB, -- the device; null in a personal project
  until_ms INTEGER NOT NULL, since_seq INTEGER NOT NULL, ended_seq INTEGER NOT NULL, newer BLOB -- 0: still
) STRICT, WITHOUT ROWID;

-- canonical. Asks to hand a task in; to_user null: to nobody. state as in studio.HandoverState.
CREATE TABLE handover (
  id BLOB PRIMARY KEY, asset BLOB NOT NULL REFERENCES asset (id), from_user BLOB NOT NULL, to_user BLOB,
  by_user BLOB NOT NULL, deadline_ms INTEGER NOT NULL, state INTEGER NOT NULL, newer BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX handover_asset ON handover (asset);

-- canonical. Rows of tables that this program does not know; form is their canonical form.
CREATE TABLE newer_row (
  table_no INTEGER NOT NULL, key BLOB NOT NULL, form BLOB NOT NULL, PRIMARY KEY (table_no, key)
) STRICT, WITHOUT ROWID;

-- canonical. The audit trail: decided ops in order, append only, hash-chained. In a personal project this store numbers
-- them itself; client_id and n are a wire's, null here.
CREATE TABLE event (
  seq INTEGER PRIMARY KEY, op_id BLOB NOT NULL UNIQUE, client_id BLOB, n INTEGER NOT NULL, actor BLOB NOT NULL,
  kind INTEGER NOT NULL, entity BLOB NOT NULL, about BLOB, group_id BLOB, undoes BLOB, cause BLOB,
  made_hlc INTEGER NOT NULL, received_ms INTEGER NOT NULL, verdict INTEGER NOT NULL, reason TEXT NOT NULL,
  result TEXT NOT NULL, version INTEGER NOT NULL,
  status BLOB, -- of the task, after it
  body BLOB NOT NULL, chain BLOB NOT NULL, newer BLOB
) STRICT;
CREATE INDEX event_entity ON event (entity);
CREATE INDEX event_about ON event (about) WHERE about IS NOT NULL;

-- canonical. Own ops in the order they were made: the queue of a studio project, the undo list of every project.
CREATE TABLE op (
  local_n INTEGER PRIMARY KEY, op_id BLOB NOT NULL UNIQUE, actor BLOB NOT NULL, kind INTEGER NOT NULL, entity BLOB NOT NULL,
  about BLOB, body BLOB NOT NULL, group_id BLOB NOT NULL, undoes BLOB, made_hlc INTEGER NOT NULL,
  n INTEGER, -- on the wire; null until first sent
  state TEXT NOT NULL, -- queued: not decided by the server yet; acked: decided, not in the base yet; decided; cancelled: never sent
  verdict INTEGER NOT NULL, reason TEXT NOT NULL, seq INTEGER NOT NULL
) STRICT;
CREATE INDEX op_actor ON op (actor, local_n);
CREATE INDEX op_group ON op (group_id);
CREATE INDEX op_pending ON op (local_n) WHERE state IN ('queued', 'acked');

-- canonical. On a studio project one row: where this store stands to its server. None: a personal project.
CREATE TABLE replica (
  one INTEGER PRIMARY KEY CHECK (one = 1), server TEXT NOT NULL, account BLOB NOT NULL,
  profile BLOB NOT NULL, -- of the person here who is signed in with the account
  client_id BLOB NOT NULL,
  generation BLOB NOT NULL, -- 8 bytes; zero: nothing was pulled yet
  seq INTEGER NOT NULL, chain BLOB NOT NULL, signed BLOB NOT NULL, -- the newest signed head, as the wire has it
  sums BLOB NOT NULL, -- state hash of the base: a run of table numbers and 16 bytes each
  lmid INTEGER NOT NULL, next_n INTEGER NOT NULL, full_view INTEGER NOT NULL,
  sync_asked INTEGER NOT NULL, -- a process without the lock asks the one that has it
  -- The history up to log_upto comes after the rows of the first pull, which stood on log_chain; 0: all of it is here.
  log_upto INTEGER NOT NULL, log_chain BLOB NOT NULL,
  deposit_key BLOB NOT NULL -- 32 bytes: hands work in when this person may not write any more; zero: none was given yet
) STRICT;

-- What has been done: events, and on a studio project the own ops that its server has not decided yet (pending 1).
CREATE VIEW written AS
  SELECT 0 AS pending, seq AS at, op_id, actor, kind, entity, about, verdict FROM event
  UNION ALL
  SELECT 1, local_n, op_id, actor, kind, entity, about, verdict FROM op
    WHERE state IN ('queued', 'acked') AND EXISTS (SELECT 1 FROM replica);

-- canonical. What a person still has to see. params: JSON of what the sentence names.
CREATE TABLE inbox (
  id BLOB PRIMARY KEY, op_id BLOB, code TEXT NOT NULL, params TEXT NOT NULL, asset BLOB, opened_ms INTEGER NOT NULL,
  closed_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- derived (the next conversation tells). When this store and its server last heard of each other; away 1: they had not for
-- hours before that, and what waits to be sent is not all sent yet.
CREATE TABLE contact (one INTEGER PRIMARY KEY CHECK (one = 1), at_ms INTEGER NOT NULL, away INTEGER NOT NULL) STRICT;

-- canonical. Verdicts of reviews that can still be taken back: stored, and no acts yet. notes: a JSON list of texts; assets: a
-- run of 16-byte ids.
CREATE TABLE pending_review (
  id BLOB PRIMARY KEY, actor BLOB NOT NULL, assets BLOB NOT NULL, to_status BLOB NOT NULL, reason TEXT NOT NULL,
  notes TEXT NOT NULL, due_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- derived (the server tells). Own checkpoints whose bytes the server holds.
CREATE TABLE transfer (checkpoint BLOB PRIMARY KEY, covered INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- canonical. Rows as they were before an own op; before null: there was none.
CREATE TABLE undo (
  local_n INTEGER NOT NULL REFERENCES op (local_n), i INTEGER NOT NULL, table_no INTEGER NOT NULL, key BLOB NOT NULL,
  before BLOB, PRIMARY KEY (local_n, i)
) STRICT, WITHOUT ROWID;

-- derived. One line of the log for each event that is shown.
CREATE TABLE line (
  seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, actor BLOB NOT NULL, at_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL,
  asset BLOB, path TEXT NOT NULL, checkpoint BLOB, checkpoint_label TEXT NOT NULL, status TEXT NOT NULL,
  from_text TEXT NOT NULL, to_text TEXT NOT NULL, text TEXT NOT NULL, preview BLOB
) STRICT;
CREATE INDEX line_asset ON line (asset, seq);

-- derived, pruned. What each commit changed, so that other processes fetch just that.
CREATE TABLE change (
  id INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER NOT NULL,
  everything INTEGER NOT NULL, -- definitions changed, or too much to name
  entities BLOB NOT NULL -- a run of 16-byte ids
) STRICT;

-- canonical. Working folders of this store and where they were last.
CREATE TABLE folder (id BLOB PRIMARY KEY, path TEXT NOT NULL, seen_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- canonical. What the file of an asset on this disk came from; path may differ from the tree. It outlives the sight of the
-- asset: a file is never forgotten because its task is no longer shared.
CREATE TABLE local_file (
  folder BLOB NOT NULL REFERENCES folder (id), asset BLOB NOT NULL, path BLOB NOT NULL,
  base BLOB, manifest BLOB, put_ms INTEGER NOT NULL, PRIMARY KEY (folder, asset)
) STRICT, WITHOUT ROWID;

-- canonical. What a task on the road needs on this device, as it was when its person left; nothing frees it while it is on
-- the road (studio.Road says how long). A thing that it needs and that is not here came later.
CREATE TABLE pin (
  task BLOB NOT NULL, asset BLOB NOT NULL, checkpoint BLOB NOT NULL, PRIMARY KEY (task, asset)
) STRICT, WITHOUT ROWID;

-- derived. What content a file had when it was last hashed.
CREATE TABLE stat_cache (
  folder BLOB NOT NULL, path BLOB NOT NULL, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
  ctime_ns INTEGER NOT NULL, manifest BLOB NOT NULL, seen_ns INTEGER NOT NULL, PRIMARY KEY (folder, path)
) STRICT, WITHOUT ROWID;

-- derived (a scan of the packs rebuilds it). Where a chunk is; codec 0 raw, 1 zstd.
CREATE TABLE chunk (
  hash BLOB PRIMARY KEY, pack BLOB NOT NULL, offset INTEGER NOT NULL, stored INTEGER NOT NULL, size INTEGER NOT NULL,
  codec INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX chunk_pack ON chunk (pack);

-- canonical. Packs; condemned_ms 0 live; above, since when it serves reads and takes no rows and no reuse; below, forgotten:
-- its file is removed, or about to be, and the row stays so that no process writes rows for it.
CREATE TABLE pack (id BLOB PRIMARY KEY, condemned_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- canonical. Roots and pages of manifests, named by their hash.
CREATE TABLE manifest_blob (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;

-- canonical. Previews, named by their hash: WebP.
CREATE TABLE preview (hash BLOB PRIMARY KEY, webp BLOB NOT NULL) STRICT;

-- canonical. Nothing ever stands here: see act.
CREATE TABLE no_row (id INTEGER PRIMARY KEY CHECK (id IS NULL)) STRICT;

-- Who acts, while a transaction of ours is open: filled first, emptied last. never points to a row of no_row,
-- which has none, so that a COMMIT with a row left behind fails. No row: a statement of another program, the strictest lane.
CREATE TABLE act (
  one INTEGER PRIMARY KEY CHECK (one = 1), lane TEXT NOT NULL, kind TEXT NOT NULL, actor BLOB NOT NULL,
  since_seq INTEGER NOT NULL, -- the newest event before this transaction
  since_n INTEGER NOT NULL, -- the newest own op before it
  never INTEGER NOT NULL REFERENCES no_row (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
