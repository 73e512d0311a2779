-- Who there is, in which teams, and who holds which role where.

ALTER TABLE users ADD COLUMN kind text COLLATE "C" NOT NULL DEFAULT 'person' CHECK (kind IN ('person', 'service'));
ALTER TABLE users ADD COLUMN full_name text;
ALTER TABLE users ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE users ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
ALTER TABLE users ADD COLUMN created jsonb NOT NULL DEFAULT '{}';      -- {by, via, fromIp, userAgent}
ALTER TABLE users ADD COLUMN modified jsonb NOT NULL DEFAULT '{}';
CREATE INDEX users_newest ON users (created_at DESC, id DESC);

-- A personal team has its user's own id and no rows in team_members: it is its user's alone, as long as there is that user.
CREATE TABLE teams (
  id          hex_id PRIMARY KEY,
  name        text NOT NULL,
  slug        text COLLATE "C" NOT NULL,
  description text,
  personal_of hex_id REFERENCES users (id) ON DELETE CASCADE,
  visibility  visibility NOT NULL DEFAULT 'private' CHECK (visibility <> 'team'),   -- public: others find it and may ask to join
  max_members integer CHECK (max_members > 0),
  version     integer NOT NULL DEFAULT 1,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  created     jsonb NOT NULL DEFAULT '{}',
  modified    jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT teams_personal CHECK (personal_of IS NULL OR personal_of = id)
);
CREATE UNIQUE INDEX teams_slug ON teams (slug) WHERE personal_of IS NULL;
CREATE INDEX teams_newest ON teams (created_at DESC, id DESC);

CREATE TABLE team_members (
  id         hex_id NOT NULL,
  team_id    hex_id NOT NULL REFERENCES teams (id) ON DELETE CASCADE,
  user_id    hex_id NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  is_owner   boolean NOT NULL DEFAULT false,
  joined_at  timestamptz NOT NULL DEFAULT now(),
  invited_by text,
  PRIMARY KEY (team_id, user_id)
);
CREATE UNIQUE INDEX team_members_id ON team_members (id);
CREATE INDEX team_members_user ON team_members (user_id);

CREATE TABLE roles (
  id          hex_id PRIMARY KEY,
  name        text COLLATE "C" NOT NULL,
  description text,
  scope       text COLLATE "C" NOT NULL CHECK (scope IN ('platform', 'team')),
  permissions jsonb,                                                   -- [permission]; NULL: built in, as the product defines it
  version     integer NOT NULL DEFAULT 1,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now(),
  created     jsonb NOT NULL DEFAULT '{}',
  modified    jsonb NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX roles_name ON roles (lower(name));
INSERT INTO roles (id, name, scope) VALUES
  ('00000000000070008000000000000001', 'platform_admin', 'platform'),
  ('00000000000070008000000000000002', 'platform_viewer', 'platform'),
  ('00000000000070008000000000000003', 'team_admin', 'team'),
  ('00000000000070008000000000000004', 'developer', 'team'),
  ('00000000000070008000000000000005', 'viewer', 'team');

-- team_id NULL: in the platform. In a team it counts while its holder is a member.
CREATE TABLE role_assignments (
  id         hex_id PRIMARY KEY,
  user_id    hex_id NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role_id    hex_id NOT NULL REFERENCES roles (id) ON DELETE CASCADE,
  team_id    hex_id REFERENCES teams (id) ON DELETE CASCADE,
  granted_by text,
  granted_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  CONSTRAINT role_assignments_once UNIQUE NULLS NOT DISTINCT (user_id, role_id, team_id)
);
CREATE INDEX role_assignments_role ON role_assignments (role_id);
CREATE INDEX role_assignments_team ON role_assignments (team_id) WHERE team_id IS NOT NULL;

-- The administrators that there are keep what they have, as a role.
INSERT INTO role_assignments (id, user_id, role_id, granted_by)
  SELECT replace(gen_random_uuid()::text, '-', ''), id, '00000000000070008000000000000001', 'start' FROM users WHERE is_admin;
ALTER TABLE users DROP COLUMN is_admin;
INSERT INTO teams (id, name, slug, personal_of)
  SELECT id, left(email, 240) || '''s team', 'personal-' || id, id FROM users;

-- A thing's team is one that exists; a team that has things does not go. A token of a team goes with it: it would be wider without.
ALTER TABLE gateways  ADD CONSTRAINT gateways_team  FOREIGN KEY (team_id) REFERENCES teams (id);
ALTER TABLE tools     ADD CONSTRAINT tools_team     FOREIGN KEY (team_id) REFERENCES teams (id);
ALTER TABLE prompts   ADD CONSTRAINT prompts_team   FOREIGN KEY (team_id) REFERENCES teams (id);
ALTER TABLE resources ADD CONSTRAINT resources_team FOREIGN KEY (team_id) REFERENCES teams (id);
ALTER TABLE servers   ADD CONSTRAINT servers_team   FOREIGN KEY (team_id) REFERENCES teams (id);
ALTER TABLE tokens    ADD CONSTRAINT tokens_team    FOREIGN KEY (team_id) REFERENCES teams (id) ON DELETE CASCADE;
CREATE INDEX gateways_by_team  ON gateways  (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX tools_by_team     ON tools     (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX prompts_by_team   ON prompts   (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX resources_by_team ON resources (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX servers_by_team   ON servers   (team_id) WHERE team_id IS NOT NULL;
CREATE INDEX tokens_by_team    ON tokens    (team_id) WHERE team_id IS NOT NULL;
