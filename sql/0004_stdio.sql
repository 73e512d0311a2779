-- Servers that are started by a command instead of being reached at a URL: gateways.transport is 'STDIO'.

ALTER TABLE gateways
  ALTER COLUMN url DROP NOT NULL,
  ADD COLUMN command   text,
  ADD COLUMN args      jsonb NOT NULL DEFAULT '[]',   -- [text]
  ADD COLUMN env       text,                          -- sealed JSON object name → value
  ADD COLUMN env_names jsonb NOT NULL DEFAULT '[]',   -- what may be shown of it
  ADD COLUMN cwd       text,
  ADD COLUMN sharing   text CHECK (sharing IN ('shared', 'per_principal', 'per_call')),
  ADD CONSTRAINT gateways_url_or_command CHECK (num_nonnulls(url, command) = 1),
  ADD CONSTRAINT gateways_stdio CHECK ((command IS NOT NULL) = (transport IS NOT DISTINCT FROM 'STDIO')
                                   AND (command IS NOT NULL) = (sharing IS NOT NULL));
