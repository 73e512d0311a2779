-- Signing in with a password: what is kept to check one, the sessions that follow, and who guesses.

ALTER TABLE users ADD COLUMN last_login_at timestamptz;

CREATE TABLE passwords (
  user_id     hex_id PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  hash        text COLLATE "C" NOT NULL,              -- $argon2id$v=19$m=…,t=…,p=…$salt$hash
  must_change boolean NOT NULL DEFAULT false,         -- somebody else chose it
  changed_at  timestamptz NOT NULL DEFAULT now()
);

-- One code at a time lets its user choose a password; used or expired, it is gone.
CREATE TABLE password_resets (
  user_id    hex_id PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  hash       bytea NOT NULL,                          -- SHA-256 of the code; the code itself is shown once
  expires_at timestamptz NOT NULL,
  made_by    text NOT NULL
);
CREATE UNIQUE INDEX password_resets_hash ON password_resets (hash);

CREATE TABLE sessions (
  id         hex_id PRIMARY KEY,
  user_id    hex_id NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  started_at timestamptz NOT NULL DEFAULT now(),
  ends_at    timestamptz NOT NULL,                    -- however often it is refreshed
  provider   text COLLATE "C" NOT NULL,               -- who vouched for the user: local
  from_ip    text,
  user_agent text
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_ends ON sessions (ends_at);

-- A session's tokens are tokens like others, but short-lived and named by nobody.
ALTER TABLE tokens ADD COLUMN session_id hex_id REFERENCES sessions (id) ON DELETE CASCADE;
CREATE INDEX tokens_session ON tokens (session_id) WHERE session_id IS NOT NULL;

-- account: SHA-256 of the address in lower case, '' for all; network: an address, a prefix, '' for all. Nothing here says who is a user.
CREATE TABLE sign_in_failures (
  account       bytea NOT NULL,
  network       text COLLATE "C" NOT NULL,
  level         smallint NOT NULL,                    -- which row of the table of limits
  failures      integer NOT NULL,
  last_at       timestamptz NOT NULL DEFAULT now(),
  blocked_until timestamptz,
  PRIMARY KEY (account, network)
);
CREATE INDEX sign_in_failures_old ON sign_in_failures (last_at);
