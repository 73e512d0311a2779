-- Who may come in, what was done, and what must not be done twice.

CREATE TABLE tokens (
  id                hex_id PRIMARY KEY,
  user_id           hex_id NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  team_id           hex_id,
  name              text NOT NULL,
  description       text,
  hash              bytea NOT NULL,                 -- SHA-256 of the token; the token itself is shown once
  hint              text NOT NULL,                  -- its first characters
  permissions       jsonb,                          -- [permission]; NULL: all that the user may
  server_id         hex_id,                         -- narrowed to one virtual server
  tags              jsonb NOT NULL DEFAULT '[]',
  version           integer NOT NULL DEFAULT 1,
  created_at        timestamptz NOT NULL DEFAULT now(),
  updated_at        timestamptz NOT NULL DEFAULT now(),
  expires_at        timestamptz,
  last_used_at      timestamptz,
  is_active         boolean NOT NULL DEFAULT true,
  revoked_at        timestamptz,
  revoked_by        text,
  revocation_reason text
);
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);
CREATE UNIQUE INDEX tokens_name ON tokens (user_id, name) WHERE revoked_at IS NULL;
CREATE INDEX tokens_newest ON tokens (created_at DESC, id DESC);

-- One row per administrative change, written with the change. head = SHA-256(previous head ‖ record_hash).
CREATE TABLE audit_log (
  seq         bigint PRIMARY KEY,                   -- the change clock's number
  at          timestamptz NOT NULL,
  actor       text NOT NULL,
  action      text NOT NULL,
  target_kind text NOT NULL,
  target_id   text NOT NULL,
  detail      text NOT NULL,                        -- JSON, as it was hashed
  record_hash bytea NOT NULL,
  head        bytea NOT NULL
);

-- What a create answered, kept in the create's own transaction.
CREATE TABLE idempotency_keys (
  user_id      hex_id NOT NULL,
  key          text NOT NULL,
  request_hash bytea NOT NULL,
  target_id    hex_id NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, key)
);

-- One known plaintext sealed under each key: a ring that cannot open a row must not start.
CREATE TABLE key_canaries (
  key_id     text PRIMARY KEY,
  sealed     text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Work that one process does at a time. A lease expires; nothing is held.
CREATE TABLE leases (
  name       text PRIMARY KEY,
  holder     text NOT NULL,
  expires_at timestamptz NOT NULL
);
