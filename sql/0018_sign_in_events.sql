-- What happened at the door of an account is found without reading through the logs; the lists of actions are those of the query.

CREATE INDEX audit_log_sign_in ON audit_log (target_id, seq) WHERE action IN (
  'session.begin', 'session.end', 'password.change', 'password.reset', 'password.choose', 'users.create', 'users.unlock');
CREATE INDEX security_log_sign_in ON security_log (user_id, n) WHERE kind = 'sign_in_failed';
