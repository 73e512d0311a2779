-- Refusals and failed sign-ins: bounded, sampled, and chained by themselves, so that a flood of strangers cannot fill the audit log.

-- One row for what came again and again within a few seconds. head = SHA-256(previous head ‖ record_hash ‖ n).
CREATE TABLE security_log (
  n           bigint PRIMARY KEY,                     -- without gaps
  at          timestamptz NOT NULL,                   -- of the first
  last_at     timestamptz NOT NULL,
  kind        text COLLATE "C" NOT NULL,              -- unauthenticated | forbidden | sign_in_failed
  user_id     text COLLATE "C",
  network     text COLLATE "C",                       -- an address, of IPv6 the /64; null: of several
  why         text NOT NULL,
  path        text,                                   -- of the first
  request_id  text,                                   -- of the first
  times       integer NOT NULL,
  record_hash bytea NOT NULL,
  head        bytea NOT NULL
);

-- The newest number and head; what is older than kept_from was forgotten, and the chain goes on from kept_head.
CREATE TABLE security_head (
  one       boolean PRIMARY KEY DEFAULT true CHECK (one),
  n         bigint NOT NULL DEFAULT 0,
  head      bytea NOT NULL DEFAULT '\x',
  kept_from bigint NOT NULL DEFAULT 1,
  kept_head bytea NOT NULL DEFAULT '\x'
);
INSERT INTO security_head DEFAULT VALUES;
