-- A project may have a quota. What a newer program adds to rows and events is kept, and whole rows of tables that this one
-- does not know.
ALTER TABLE project ADD COLUMN quota_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE project ADD COLUMN newer BLOB;
ALTER TABLE member ADD COLUMN newer BLOB;
ALTER TABLE role ADD COLUMN newer BLOB;
ALTER TABLE status ADD COLUMN newer BLOB;
ALTER TABLE type ADD COLUMN newer BLOB;
ALTER TABLE collection ADD COLUMN newer BLOB;
ALTER TABLE asset ADD COLUMN newer BLOB;
ALTER TABLE assignment ADD COLUMN newer BLOB;
ALTER TABLE checkpoint ADD COLUMN newer BLOB;
ALTER TABLE parked ADD COLUMN newer BLOB;
ALTER TABLE note ADD COLUMN newer BLOB;
ALTER TABLE saved_view ADD COLUMN newer BLOB;
ALTER TABLE road ADD COLUMN newer BLOB;
ALTER TABLE handover ADD COLUMN newer BLOB;
ALTER TABLE event ADD COLUMN newer BLOB;
CREATE TABLE newer_row (
  table_no INTEGER NOT NULL, key BLOB NOT NULL, form BLOB NOT NULL, PRIMARY KEY (table_no, key)
) STRICT, WITHOUT ROWID;
