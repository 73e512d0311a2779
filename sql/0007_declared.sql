-- Who declared what: a row says that a thing is kept as a file says, and by which set it may be removed again.

CREATE TABLE declared_things (
  declared_set text COLLATE "C" NOT NULL,
  kind         text NOT NULL CHECK (kind IN ('gateway', 'server', 'token')),
  gateway_id   hex_id REFERENCES gateways (id) ON DELETE CASCADE,
  server_id    hex_id REFERENCES servers (id) ON DELETE CASCADE,
  token_id     hex_id REFERENCES tokens (id) ON DELETE CASCADE,
  declared_by  text NOT NULL,
  declared_at  timestamptz NOT NULL DEFAULT now(),
  CHECK (num_nonnulls(gateway_id, server_id, token_id) = 1)
);
CREATE UNIQUE INDEX declared_things_gateway ON declared_things (gateway_id) WHERE gateway_id IS NOT NULL;
CREATE UNIQUE INDEX declared_things_server ON declared_things (server_id) WHERE server_id IS NOT NULL;
CREATE UNIQUE INDEX declared_things_token ON declared_things (token_id) WHERE token_id IS NOT NULL;
CREATE INDEX declared_things_set ON declared_things (declared_set);
