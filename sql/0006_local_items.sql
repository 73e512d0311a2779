-- Tools, prompts and resources that belong to no upstream: an operator declares them and the gateway answers them itself. Roots, and
-- what became of imports.

-- gateway_id NULL: declared here.
ALTER TABLE tools ALTER COLUMN gateway_id DROP NOT NULL;
ALTER TABLE tools ADD COLUMN backing jsonb;                    -- the HTTP API behind it: {url, method, …}; nothing secret
ALTER TABLE tools ADD COLUMN credential text;                  -- sealed JSON object header name → value
ALTER TABLE tools ADD CONSTRAINT tools_backing CHECK ((gateway_id IS NULL) = (backing IS NOT NULL));
CREATE UNIQUE INDEX tools_local ON tools (original_name) WHERE gateway_id IS NULL;

ALTER TABLE prompts ALTER COLUMN gateway_id DROP NOT NULL;
ALTER TABLE prompts ADD COLUMN template text;
ALTER TABLE prompts ADD CONSTRAINT prompts_template CHECK ((gateway_id IS NULL) = (template IS NOT NULL));
CREATE UNIQUE INDEX prompts_local ON prompts (original_name) WHERE gateway_id IS NULL;

ALTER TABLE resources ALTER COLUMN gateway_id DROP NOT NULL;
ALTER TABLE resources ADD COLUMN content text;
ALTER TABLE resources ADD CONSTRAINT resources_content CHECK ((gateway_id IS NULL) = (content IS NOT NULL));
CREATE UNIQUE INDEX resources_local ON resources (is_template, uri) WHERE gateway_id IS NULL;

-- What clients of the gateway may be told to work within.
CREATE TABLE roots (
  uri        text COLLATE "C" PRIMARY KEY,
  name       text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- One row per import, changed while it goes on.
CREATE TABLE imports (
  id           text PRIMARY KEY,                               -- a UUID with dashes
  by           text NOT NULL,
  status       text NOT NULL,                                  -- running | completed | failed
  progress     jsonb NOT NULL,                                 -- {total, processed, created, updated, skipped, failed}
  errors       jsonb NOT NULL DEFAULT '[]',                    -- [text]
  warnings     jsonb NOT NULL DEFAULT '[]',
  started_at   timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz
);
CREATE INDEX imports_newest ON imports (started_at DESC);
