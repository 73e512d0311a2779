-- Which names of one's virtual servers are one: those that are equal but for the case of ASCII letters, in every database, as it is with
-- addresses and with roles, whose names have that collation. Without one it would be what the database's own locale takes for lower case.

-- Two that only the locale kept apart stay two: the elder keeps the name, and the other's ends in its id.
WITH same AS (
    SELECT id, row_number() OVER (
        PARTITION BY lower(name COLLATE "C"), owner_id, team_id, visibility ORDER BY created_at, id) AS place
      FROM servers WHERE owner_id IS NOT NULL),
  moved AS (
    UPDATE servers AS s SET name = left(name, 200) || ' ' || s.id, version = version + 1, updated_at = now()
      FROM same WHERE same.id = s.id AND same.place > 1 RETURNING s.id),
  clock AS (UPDATE change_clock SET seq = seq + 1 WHERE EXISTS (SELECT 1 FROM moved) RETURNING seq)
INSERT INTO changes (seq, kind, id) SELECT clock.seq, 'server', moved.id FROM clock, moved;

DROP INDEX servers_name;
CREATE UNIQUE INDEX servers_name ON servers (lower(name COLLATE "C"), owner_id, team_id, visibility) NULLS NOT DISTINCT
  WHERE owner_id IS NOT NULL;
