import type { Bearer } from '#/access/principal.ts'
import type { Sealer } from '#/access/sealing.ts'
import { SecurityLog } from '#/audit/security-log.ts'
import { isRecorded } from '#/calls/call-log.ts'
import { securitySink } from '#/store/security-store.ts'
import type { Database } from '#/store/store.ts'
import {
  requestFailures,
  securityUnwritten,
  signInFailures,
  signInRefusals,
  type Telemetry,
} from '#/telemetry/events.ts'
import type { RequestFailed, SignInRefused } from '#/telemetry/events.ts'
import type { TokenUses } from '#/tokens/token-uses.ts'
import type { SignInDeps } from '#/users/session.ts'
import { auditKeyOpener } from './keyring.ts'

/** Where somebody was refused. */
interface Whence {
  readonly fromIp: string | null
  readonly path: string
}

/** What is refused is told to the log, counted, and kept in the security log. */
export interface Refusals {
  /** No valid token. */
  unauthenticated(refusal: SignInRefused & Whence): void
  /** A password was wrong, or was nobody's. */
  readonly signInFailed: SignInDeps['failed']
  /** A request ended with an error; `who` null: nobody is known to have made it. */
  failed(failure: RequestFailed & Whence & { readonly who: Bearer | null; readonly route: string }): void
  readonly uses: TokenUses
}

export interface RefusalParts {
  readonly telemetry: Telemetry
  readonly uses: TokenUses
}

export function openRefusals(
  { db, keys }: { readonly db: Database; readonly keys: Sealer },
  { telemetry, uses }: RefusalParts,
  building: AsyncDisposableStack,
): Refusals {
  const sink = securitySink(db, auditKeyOpener(keys))
  const kept = building.use(new SecurityLog({ sink, onFailure: securityUnwritten(telemetry) }))
  const refused = signInRefusals(telemetry)
  const signInFailed = signInFailures(telemetry)
  const failed = requestFailures(telemetry)
  return {
    unauthenticated: (refusal) => {
      refused({ requestId: refusal.requestId, fromIp: refusal.fromIp, why: refusal.why })
      kept.note({ ...refusal, kind: 'unauthenticated', userId: null })
    },
    signInFailed: ({ requestId, fromIp, email, userId, why = 'Invalid email or password' }) => {
      signInFailed({ requestId, fromIp, email })
      kept.note({ kind: 'sign_in_failed', userId, fromIp, why, path: null, requestId })
    },
    failed: ({ requestId, path, error, fromIp, who, route }) => {
      failed({ requestId, path, error })
      if (error.code !== 'forbidden') return
      kept.note({ kind: 'forbidden', userId: who?.userId ?? null, fromIp, why: error.message, path, requestId })
      if (who !== null && !isRecorded(error)) uses.refused(who.tokenId, route)
    },
    uses,
  }
}
