-- What somebody owns is found without looking at everything: the record of a user who goes names it, and it becomes nobody's.
CREATE INDEX gateways_by_owner  ON gateways  (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX tools_by_owner     ON tools     (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX prompts_by_owner   ON prompts   (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX resources_by_owner ON resources (owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX servers_by_owner   ON servers   (owner_id) WHERE owner_id IS NOT NULL;
