-- How an upstream is spoken to, beside its URL.

-- gateways.transport also holds 'SSE': HTTP+SSE as of revision 2024-11-05.
ALTER TABLE gateways
  ADD COLUMN client_cert  text,   -- PEM: what we show an upstream that asks who we are; its chain may follow
  ADD COLUMN client_key   text,   -- its private key, sealed PEM
  ADD COLUMN http_version text;   -- NULL: HTTP/1.1; '2'

-- The transport that was found where none is declared.
ALTER TABLE gateway_states ADD COLUMN transport text;
