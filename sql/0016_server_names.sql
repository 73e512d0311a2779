-- A virtual server is reached by its id; its name is what its owner calls it. One index says so for exactly those that whoever may
-- write one of them sees: the same owner, team and visibility. What is nobody's any more keeps the name it has.
DROP INDEX servers_name;
CREATE UNIQUE INDEX servers_name ON servers (lower(name), owner_id, team_id, visibility) NULLS NOT DISTINCT
  WHERE owner_id IS NOT NULL;
