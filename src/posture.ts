import { join } from 'node:path'
import { tokenHash } from '#/access/token-format.ts'
import { witnessState } from '#/audit/witness-state.ts'
import type { OpenCatalog } from '#/catalog/keeper.ts'
import type { Config } from '#/config/config.ts'
import { isLoopback } from '#/config/read-settings.ts'
import { readSecretFile } from '#/config/secret-file.ts'
import { ADMIN_TOKEN_FILE } from '#/config/secrets.ts'
import type { SecurityLook } from '#/http/rest-security.ts'
import { catalogFacts, type SecuritySettings } from '#/http/security-facts.ts'
import type { RingKeeper } from '#/keys/keys.ts'
import { auditStore } from '#/store/audit-store.ts'
import { administratorsToChoose } from '#/store/chosen-passwords.ts'
import type { Database } from '#/store/store.ts'
import { witnessStore } from '#/store/witness-store.ts'
import { witnessFile } from './witnessing.ts'

interface PostureParts {
  readonly config: Config
  readonly db: Database
  readonly catalog: OpenCatalog
  readonly ring: RingKeeper
}

/** What of this instance bears on how safe it is. */
export function openPosture({ config, db, catalog, ring }: PostureParts): SecurityLook {
  const settings = settingsOf(config)
  const witnesses = { store: witnessStore(db), reader: auditStore(db), known: witnessFile(config.dataDir).read }
  return async () => ({
    settings,
    keyRing: keysOf(ring),
    administratorsToChoose: await administratorsToChoose(db),
    audit: await witnessState(witnesses),
    catalog: await catalogFacts(catalog.current, await ownToken(config.dataDir)),
  })
}

function settingsOf({ http, upstream, signIn, oidc, proxy }: Config): SecuritySettings {
  const { host, publicUrl, corsOrigins } = http
  return {
    host,
    publicUrl,
    corsOrigins,
    allowsPrivateNetworks: upstream.allowPrivateNetworks ?? isLoopback(host),
    registration: signIn.registration,
    provider: oidc,
    proxy: proxy && { peers: proxy.peers, isSecret: proxy.secret !== null },
  }
}

function keysOf(ring: RingKeeper): number | string {
  try {
    return ring.read().keys.size
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The hash of the token in the data folder; null: there is none that can be read. */
async function ownToken(dataDir: string): Promise<string | null> {
  const text = await readSecretFile(join(dataDir, ADMIN_TOKEN_FILE)).catch(() => null)
  return text === null ? null : tokenHash(text.trim())
}
