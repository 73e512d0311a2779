-- What exists: users as owners, gateways, what they offer, virtual servers; and the clock that orders every change of it.

CREATE DOMAIN hex_id AS text COLLATE "C" CHECK (VALUE ~ '^[0-9a-f]{32}$');
CREATE DOMAIN visibility AS text COLLATE "C" CHECK (VALUE IN ('private', 'team', 'public'));

-- One row. A transaction that changes the catalog takes it last, so numbers have no gaps and follow the order of commits.
CREATE TABLE change_clock (
  one        boolean PRIMARY KEY DEFAULT true CHECK (one),
  seq        bigint NOT NULL DEFAULT 0,
  kept_from  bigint NOT NULL DEFAULT 1,       -- changes below this number are gone: who needs them loads anew
  audit_head bytea  NOT NULL DEFAULT '\x'     -- head of the audit chain
);
INSERT INTO change_clock DEFAULT VALUES;

-- A change says which thing to read again, never what it is now.
CREATE TABLE changes (
  seq  bigint NOT NULL,
  kind text   NOT NULL,
  id   hex_id NOT NULL,
  at   timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (seq, kind, id)
);

CREATE TABLE users (
  id         hex_id PRIMARY KEY,
  email      text NOT NULL,
  is_admin   boolean NOT NULL DEFAULT false,
  enabled    boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

-- What an operator declares about an upstream. What we observe about it is in gateway_states.
CREATE TABLE gateways (
  id                       hex_id PRIMARY KEY,
  name                     text NOT NULL,
  slug                     text COLLATE "C" NOT NULL,
  url                      text NOT NULL,
  description              text,
  transport                text,                               -- NULL: find out; 'STREAMABLEHTTP'
  enabled                  boolean NOT NULL DEFAULT true,
  owner_id                 hex_id REFERENCES users (id) ON DELETE SET NULL,
  team_id                  hex_id,
  visibility               visibility NOT NULL DEFAULT 'public',
  tags                     jsonb NOT NULL DEFAULT '[]',        -- [{id, label}]
  passthrough_headers      jsonb NOT NULL DEFAULT '[]',        -- [name]
  auth_type                text,                               -- basic | bearer | authheaders
  auth_hint                jsonb,                              -- what may be shown: {username} or {headers: [name]}
  credential               text,                               -- sealed JSON object header name → value
  ca_certificate           text,                               -- PEM
  refresh_interval_seconds integer CHECK (refresh_interval_seconds >= 60),
  timeout_ms               integer CHECK (timeout_ms > 0),     -- total deadline of a call; NULL: the default
  version                  integer NOT NULL DEFAULT 1,
  created_at               timestamptz NOT NULL DEFAULT now(),
  updated_at               timestamptz NOT NULL DEFAULT now(),
  created                  jsonb NOT NULL DEFAULT '{}',        -- {by, via, fromIp, userAgent}
  modified                 jsonb NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX gateways_slug ON gateways (slug);
CREATE INDEX gateways_newest ON gateways (created_at DESC, id DESC);

-- What we observe about an upstream, and who is looking after it now. Never bumps gateways.version.
CREATE TABLE gateway_states (
  gateway_id            hex_id PRIMARY KEY REFERENCES gateways (id) ON DELETE CASCADE,
  status                text NOT NULL DEFAULT 'pending',       -- pending (never discovered) | active
  reachable             boolean NOT NULL DEFAULT false,
  last_error            text,
  last_seen             timestamptz,
  registration_attempts integer NOT NULL DEFAULT 0,
  next_check_at         timestamptz NOT NULL DEFAULT now(),    -- when health or discovery is due
  last_refresh_at       timestamptz,
  claimed_by            text,
  claimed_at            timestamptz,
  claim_expires_at      timestamptz,
  era                   text,                                  -- legacy | modern
  revision              text,                                  -- the protocol revision that was agreed
  era_evidence          text,
  era_at                timestamptz,
  stateful              boolean NOT NULL DEFAULT false,        -- the server issues session ids
  capabilities          text,                                  -- raw JSON, as the server sent it
  server_info           text,                                  -- raw JSON
  instructions          text
);
CREATE INDEX gateway_states_due ON gateway_states (next_check_at);

-- definition is the server's own JSON, byte for byte; what we say differently stands beside it.
CREATE TABLE tools (
  id                 hex_id PRIMARY KEY,
  gateway_id         hex_id NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
  original_name      text NOT NULL,
  name               text COLLATE "C" NOT NULL,                -- what clients of the aggregate see; assigned once
  custom_name        text NOT NULL,
  display_name       text,
  custom_title       text,
  custom_description text,
  definition         text NOT NULL,
  digest             bytea NOT NULL,                           -- SHA-256 of definition
  param_headers      jsonb,                                    -- [{header, path: [key], type}] from x-mcp-header
  position           integer NOT NULL DEFAULT 0,               -- place in the server's own list
  enabled            boolean NOT NULL DEFAULT true,
  deprecated         boolean NOT NULL DEFAULT false,
  owner_id           hex_id REFERENCES users (id) ON DELETE SET NULL,
  team_id            hex_id,
  visibility         visibility NOT NULL DEFAULT 'public',
  tags               jsonb NOT NULL DEFAULT '[]',
  version            integer NOT NULL DEFAULT 1,
  created_at         timestamptz NOT NULL DEFAULT now(),
  updated_at         timestamptz NOT NULL DEFAULT now(),
  created            jsonb NOT NULL DEFAULT '{}',
  modified           jsonb NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX tools_name ON tools (name);
CREATE UNIQUE INDEX tools_original ON tools (gateway_id, original_name);
CREATE INDEX tools_newest ON tools (created_at DESC, id DESC);

CREATE TABLE prompts (
  id                 hex_id PRIMARY KEY,
  gateway_id         hex_id NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
  original_name      text NOT NULL,
  name               text COLLATE "C" NOT NULL,
  custom_name        text NOT NULL,
  display_name       text,
  custom_title       text,
  custom_description text,
  definition         text NOT NULL,
  digest             bytea NOT NULL,
  position           integer NOT NULL DEFAULT 0,
  enabled            boolean NOT NULL DEFAULT true,
  owner_id           hex_id REFERENCES users (id) ON DELETE SET NULL,
  team_id            hex_id,
  visibility         visibility NOT NULL DEFAULT 'public',
  tags               jsonb NOT NULL DEFAULT '[]',
  version            integer NOT NULL DEFAULT 1,
  created_at         timestamptz NOT NULL DEFAULT now(),
  updated_at         timestamptz NOT NULL DEFAULT now(),
  created            jsonb NOT NULL DEFAULT '{}',
  modified           jsonb NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX prompts_name ON prompts (name);
CREATE UNIQUE INDEX prompts_original ON prompts (gateway_id, original_name);
CREATE INDEX prompts_newest ON prompts (created_at DESC, id DESC);

-- URIs are never rewritten. Of two gateways that offer one URI, the one whose row is older answers.
CREATE TABLE resources (
  id                 hex_id PRIMARY KEY,
  gateway_id         hex_id NOT NULL REFERENCES gateways (id) ON DELETE CASCADE,
  is_template        boolean NOT NULL DEFAULT false,
  uri                text COLLATE "C" NOT NULL,                -- or the URI template (RFC 6570)
  name               text NOT NULL,
  mime_type          text,
  custom_title       text,
  custom_description text,
  definition         text NOT NULL,
  digest             bytea NOT NULL,
  position           integer NOT NULL DEFAULT 0,
  enabled            boolean NOT NULL DEFAULT true,
  owner_id           hex_id REFERENCES users (id) ON DELETE SET NULL,
  team_id            hex_id,
  visibility         visibility NOT NULL DEFAULT 'public',
  tags               jsonb NOT NULL DEFAULT '[]',
  version            integer NOT NULL DEFAULT 1,
  created_at         timestamptz NOT NULL DEFAULT now(),
  updated_at         timestamptz NOT NULL DEFAULT now(),
  created            jsonb NOT NULL DEFAULT '{}',
  modified           jsonb NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX resources_uri ON resources (gateway_id, is_template, uri);
CREATE INDEX resources_newest ON resources (created_at DESC, id DESC);

-- A virtual server: a named selection offered as one MCP server.
CREATE TABLE servers (
  id          hex_id PRIMARY KEY,
  name        text NOT NULL,
  description text,
  icon        text,
  enabled     boolean NOT NULL DEFAULT true,
  owner_id    hex_id REFERENCES users (id) ON DELETE SET NULL,
  team_id     hex_id,
  visibility  visibility NOT NULL DEFAULT 'public',
  tags        jsonb NOT NULL DEFAULT '[]',
  version     integer NOT NULL DEFAULT 1,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  created     jsonb NOT NULL DEFAULT '{}',
  modified    jsonb NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX servers_name ON servers (lower(name));
CREATE INDEX servers_newest ON servers (created_at DESC, id DESC);

-- name and description are what this virtual server says of the item; NULL: the item's own.
CREATE TABLE server_items (
  server_id   hex_id NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  kind        text   NOT NULL CHECK (kind IN ('tool', 'prompt', 'resource')),
  tool_id     hex_id REFERENCES tools (id) ON DELETE CASCADE,
  prompt_id   hex_id REFERENCES prompts (id) ON DELETE CASCADE,
  resource_id hex_id REFERENCES resources (id) ON DELETE CASCADE,
  position    integer NOT NULL DEFAULT 0,
  name        text,
  description text,
  CHECK (num_nonnulls(tool_id, prompt_id, resource_id) = 1)
);
CREATE UNIQUE INDEX server_items_tool ON server_items (server_id, tool_id) WHERE tool_id IS NOT NULL;
CREATE UNIQUE INDEX server_items_prompt ON server_items (server_id, prompt_id) WHERE prompt_id IS NOT NULL;
CREATE UNIQUE INDEX server_items_resource ON server_items (server_id, resource_id) WHERE resource_id IS NOT NULL;
CREATE UNIQUE INDEX server_items_name ON server_items (server_id, kind, name) WHERE name IS NOT NULL;
CREATE INDEX server_items_by_server ON server_items (server_id);
CREATE INDEX server_items_by_tool ON server_items (tool_id);
CREATE INDEX server_items_by_prompt ON server_items (prompt_id);
CREATE INDEX server_items_by_resource ON server_items (resource_id);
