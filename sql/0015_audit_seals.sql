-- Seals of the audit and the security log: who may write these tables, and does not hold the key ring, cannot make them.

-- What records are sealed with; the newest is the one that the clock names. A rotation of the key ring makes a new one.
CREATE TABLE audit_keys (
  id     hex_id PRIMARY KEY,                          -- of two the later is the greater
  sealed text NOT NULL                                -- 32 bytes, under the key ring
);

-- seal = content (16) ‖ place (16) ‖ masked state of the sealed chain (32). NULL: from before the log was sealed.
ALTER TABLE audit_log
  ADD COLUMN previous bigint,                         -- the number of the record before
  ADD COLUMN key_id   hex_id,
  ADD COLUMN seal     bytea;

-- The end of the sealed chain: its newest record, and the state that only this row shows.
ALTER TABLE change_clock
  ADD COLUMN audit_seq  bigint NOT NULL DEFAULT 0,
  ADD COLUMN audit_key  hex_id,
  ADD COLUMN audit_seal bytea;
UPDATE change_clock SET audit_seq = coalesce((SELECT max(seq) FROM audit_log), 0);

ALTER TABLE security_log
  ADD COLUMN key_id hex_id,
  ADD COLUMN seal   bytea;

-- kept_seal is the seal of the newest entry that was forgotten, and a proof that it was we who forgot it.
ALTER TABLE security_head
  ADD COLUMN seal      bytea,
  ADD COLUMN kept_key  hex_id,
  ADD COLUMN kept_seal bytea;
