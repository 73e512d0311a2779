-- What happened: one row per call, and sums that answer questions without reading the rows.

-- The last record of each writer that is on disk, so that a batch sent twice counts once.
CREATE TABLE record_writers (
  writer     text NOT NULL,
  epoch      text NOT NULL,
  last_n     bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (writer, epoch)
);

CREATE TABLE usage_records (
  at            timestamptz NOT NULL,
  request_id    text NOT NULL,
  user_id       text COLLATE "C",
  token_id      text COLLATE "C",
  method        text NOT NULL,
  kind          text NOT NULL,                 -- tool | prompt | resource | other
  target_id     text COLLATE "C",
  gateway_id    text COLLATE "C",
  server_id     text COLLATE "C",
  client_era    text NOT NULL,
  upstream_era  text,
  snapshot_seq  bigint NOT NULL,
  rule          text NOT NULL,                 -- what access decided by
  digest        text,                          -- hex, of the definition that was called
  attempts      smallint NOT NULL,
  queue_ms      real NOT NULL,
  upstream_ms   real NOT NULL,
  total_ms      real NOT NULL,
  request_bytes  bigint NOT NULL,
  response_bytes bigint NOT NULL,
  outcome       text NOT NULL,                 -- ok | tool_error | a code of the error table
  may_have_run  boolean NOT NULL
);
CREATE INDEX usage_records_at ON usage_records USING brin (at);
CREATE INDEX usage_records_request ON usage_records (request_id);

CREATE TABLE usage_totals (
  kind        text NOT NULL,
  target_id   hex_id NOT NULL,
  gateway_id  hex_id,
  calls       bigint NOT NULL DEFAULT 0,
  failures    bigint NOT NULL DEFAULT 0,
  total_ms    double precision NOT NULL DEFAULT 0,
  min_ms      double precision,
  max_ms      double precision,
  last_at     timestamptz,
  PRIMARY KEY (kind, target_id)
);
