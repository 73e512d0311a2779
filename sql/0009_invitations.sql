-- When a token is good and how much of it was used, and the two ways into a team that somebody else made.

ALTER TABLE tokens ADD COLUMN limits jsonb;             -- {from: [range], hours: {days, start, end, zone}, usage: {span: calls}}; NULL: none

-- Calls by token, hour and method. Filled with the records; no foreign key, so that a record of a token that is gone does no harm.
CREATE TABLE token_usage (
  token_id text COLLATE "C" NOT NULL,
  hour     timestamptz NOT NULL,
  method   text COLLATE "C" NOT NULL,
  calls    bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  blocked  bigint NOT NULL DEFAULT 0,                   -- of the failures: what was not allowed
  total_ms double precision NOT NULL DEFAULT 0,
  PRIMARY KEY (token_id, hour, method)
);
CREATE INDEX token_usage_hour ON token_usage USING brin (hour);

-- The link is shown once; what is kept is its hash. Who accepts must have the address that it was made for.
CREATE TABLE team_invitations (
  id         hex_id PRIMARY KEY,
  team_id    hex_id NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  email      text NOT NULL,
  is_owner   boolean NOT NULL DEFAULT false,
  hash       bytea NOT NULL,
  invited_by text,
  invited_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX team_invitations_hash ON team_invitations (hash);
CREATE UNIQUE INDEX team_invitations_once ON team_invitations (team_id, lower(email));

CREATE TABLE team_join_requests (
  id           hex_id PRIMARY KEY,
  team_id      hex_id NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id      hex_id NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  message      text,
  requested_at timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL,
  CONSTRAINT team_join_requests_once UNIQUE (team_id, user_id)
);
CREATE INDEX team_join_requests_user ON team_join_requests (user_id);
