-- A team that others do not find tells nobody of itself by its name: only those that are shown to all have slugs of their own. Where a slug
-- is said and several teams have it, the oldest is meant.
DROP INDEX teams_slug;
CREATE UNIQUE INDEX teams_slug ON teams (slug) WHERE personal_of IS NULL AND visibility = 'public';
CREATE INDEX teams_by_slug ON teams (slug) WHERE personal_of IS NULL;
