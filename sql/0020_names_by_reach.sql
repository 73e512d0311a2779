-- What is hidden from somebody takes no name from them. A gateway's slug is one among those that are seen by the same people: all, a
-- team, or an owner, in a team or in none. So are the names of what one gateway offers, and of what is declared here, and the URIs of that.
-- What is nobody's any more keeps the name that it has.
DROP INDEX gateways_slug;
CREATE UNIQUE INDEX gateways_slug ON gateways (slug, (CASE
  WHEN visibility = 'public' THEN ''
  WHEN visibility = 'team' AND team_id IS NOT NULL THEN team_id::text
  ELSE owner_id::text || '/' || coalesce(team_id::text, '') END));

DROP INDEX tools_name;
CREATE UNIQUE INDEX tools_name ON tools (name, coalesce(gateway_id::text, ''), (CASE
  WHEN visibility = 'public' THEN ''
  WHEN visibility = 'team' AND team_id IS NOT NULL THEN team_id::text
  ELSE owner_id::text || '/' || coalesce(team_id::text, '') END));
DROP INDEX tools_local;
CREATE UNIQUE INDEX tools_local ON tools (original_name, (CASE
  WHEN visibility = 'public' THEN ''
  WHEN visibility = 'team' AND team_id IS NOT NULL THEN team_id::text
  ELSE owner_id::text || '/' || coalesce(team_id::text, '') END)) WHERE gateway_id IS NULL;

DROP INDEX prompts_name;
CREATE UNIQUE INDEX prompts_name ON prompts (name, coalesce(gateway_id::text, ''), (CASE
  WHEN visibility = 'public' THEN ''
  WHEN visibility = 'team' AND team_id IS NOT NULL THEN team_id::text
  ELSE owner_id::text || '/' || coalesce(team_id::text, '') END));
DROP INDEX prompts_local;
CREATE UNIQUE INDEX prompts_local ON prompts (original_name, (CASE
  WHEN visibility = 'public' THEN ''
  WHEN visibility = 'team' AND team_id IS NOT NULL THEN team_id::text
  ELSE owner_id::text || '/' || coalesce(team_id::text, '') END)) WHERE gateway_id IS NULL;

DROP INDEX resources_local;
CREATE UNIQUE INDEX resources_local ON resources (uri, is_template, (CASE
  WHEN visibility = 'public' THEN ''
  WHEN visibility = 'team' AND team_id IS NOT NULL THEN team_id::text
  ELSE owner_id::text || '/' || coalesce(team_id::text, '') END)) WHERE gateway_id IS NULL;
