-- Which addresses are one: those that are equal but for the case of ASCII letters, in every database. Without a collation named here it
-- would be what the database's own locale takes for lower case: most take a Kelvin sign for a k, which is in somebody else's address, and
-- a Turkish one does not take I for i.

-- Two users whom only the locale kept apart stay two. The address remains with the one that is enabled, or is the elder; the other gets one
-- that nobody has, at a domain that there is not, until an administrator has looked. What either holds stays its own.
WITH same AS (
    SELECT id, row_number() OVER (PARTITION BY lower(email COLLATE "C") ORDER BY enabled DESC, created_at, id) AS place FROM users),
  moved AS (
    UPDATE users AS u SET email = split_part(email, '@', 1) || '@' || u.id || '.invalid', version = version + 1, updated_at = now()
      FROM same WHERE same.id = u.id AND same.place > 1 RETURNING u.id),
  clock AS (UPDATE change_clock SET seq = seq + 1 WHERE EXISTS (SELECT 1 FROM moved) RETURNING seq)
INSERT INTO changes (seq, kind, id) SELECT clock.seq, 'user', moved.id FROM clock, moved;

DROP INDEX users_email;
CREATE UNIQUE INDEX users_email ON users (lower(email COLLATE "C"));

-- Of two invitations of one address into one team the newer is good for as long.
DELETE FROM team_invitations AS i USING team_invitations AS newer
 WHERE newer.team_id = i.team_id AND lower(newer.email COLLATE "C") = lower(i.email COLLATE "C")
   AND (newer.invited_at, newer.id) > (i.invited_at, i.id);

DROP INDEX team_invitations_once;
CREATE UNIQUE INDEX team_invitations_once ON team_invitations (team_id, lower(email COLLATE "C"));
