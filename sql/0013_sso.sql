-- Signing in with an identity provider: who somebody is there, and which sign-ins are over.

-- subject: the provider's own name for somebody, which it gives to nobody else.
CREATE TABLE user_identities (
  issuer    text COLLATE "C" NOT NULL,
  subject   text COLLATE "C" NOT NULL,
  user_id   hex_id NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  linked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (issuer, subject),
  CONSTRAINT user_identities_user UNIQUE (user_id, issuer)
);

-- A sign-in lies sealed with the browser; what is done once with it leaves a mark here, until nobody could do it again anyway.
CREATE TABLE used_logins (
  login   bytea PRIMARY KEY,                          -- SHA-256 of what names the step
  ends_at timestamptz NOT NULL
);
CREATE INDEX used_logins_ends ON used_logins (ends_at);
