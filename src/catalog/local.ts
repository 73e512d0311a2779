import { LOCAL_GATEWAY_ID } from '#/access/ids.ts'
import type { CatalogGateway } from './model.ts'

/**
 * Stands in the catalog for the upstream that items declared here do not have: they hang below it as others do below their gateway.
 * Its id has not the form of an id, so no path leads to it.
 */
export const LOCAL_GATEWAY: CatalogGateway = {
  id: LOCAL_GATEWAY_ID,
  name: 'local',
  slug: '',
  url: '',
  stdio: null,
  transport: null,
  enabled: true,
  reachable: true,
  credential: null,
  passthroughHeaders: [],
  caCertificate: null,
  clientCert: null,
  clientKey: null,
  httpVersion: null,
  timeoutMs: null,
  era: null,
  revision: null,
  stateful: false,
  capabilities: null,
  serverInfo: null,
  instructions: null,
  version: 0,
  createdAt: 0,
  ownerId: null,
  teamId: null,
  visibility: 'public',
}
