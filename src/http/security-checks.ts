import { doubtful, fine, type Finding } from '#/lib/finding.ts'
import type { SecurityFacts } from './security-facts.ts'
import { cookies, cors, networks, provider, proxy, registration, transport } from './security-of-settings.ts'

interface Check {
  /** How much of the score hangs on it. */
  readonly weight: number
  readonly look: (facts: SecurityFacts, name: string) => Finding
}

/** Everything that is looked at. */
export const CHECKS = {
  keys: { weight: 3, look: ({ keyRing }, name) => keys(keyRing, name) },
  transport: { weight: 3, look: ({ settings }, name) => transport(settings, name) },
  passwords: { weight: 3, look: ({ administratorsToChoose: count }, name) => passwords(count, name) },
  audit: { weight: 3, look: ({ audit: state }, name) => audit(state, name) },
  proxy: { weight: 2, look: ({ settings }, name) => proxy(settings, name) },
  registration: { weight: 2, look: ({ settings }, name) => registration(settings, name) },
  provider: { weight: 2, look: ({ settings }, name) => provider(settings, name) },
  networks: { weight: 2, look: ({ settings }, name) => networks(settings, name) },
  credentials: { weight: 2, look: ({ catalog }, name) => credentials(catalog.inTheClear, name) },
  cookies: { weight: 1, look: ({ settings }, name) => cookies(settings, name) },
  cors: { weight: 1, look: ({ settings }, name) => cors(settings, name) },
  tokens: { weight: 1, look: ({ catalog }, name) => tokens(catalog.lastingTokens, name) },
  gateways: { weight: 1, look: ({ catalog }, name) => gateways(catalog.open, name) },
} as const satisfies Record<string, Check>

export interface Assessment {
  /** Of 100. */
  readonly score: number
  readonly findings: readonly Finding[]
}

export function assess(facts: SecurityFacts): Assessment {
  const looked = Object.entries<Check>(CHECKS).map(([name, { weight, look }]) => ({
    weight,
    finding: look(facts, name),
  }))
  const sum = (all: typeof looked): number => all.reduce((total, { weight }) => total + weight, 0)
  const kept = looked.filter(({ finding }) => finding.level === 'ok')
  return { score: Math.round((100 * sum(kept)) / sum(looked)), findings: looked.map(({ finding }) => finding) }
}

function keys(ring: SecurityFacts['keyRing'], name: string): Finding {
  if (typeof ring === 'string')
    return doubtful(name, ring, 'secrets are sealed under keys.json: put it right before anything else')
  return fine(
    name,
    `secrets are sealed under a key ring of this machine’s own, with ${ring} ${ring === 1 ? 'key' : 'keys'}`,
  )
}

function passwords(count: number, name: string): Finding {
  if (count === 0) return fine(name, 'no administrator has a password that somebody else chose')
  const who = count === 1 ? 'an administrator has' : `${count} administrators have`
  return doubtful(
    name,
    `${who} a password that somebody else chose`,
    'let them choose their own: POST /auth/email/change-password, or causeway user reset-password EMAIL',
  )
}

function audit(state: SecurityFacts['audit'], name: string): Finding {
  if (state === 'followed') return fine(name, AUDITED)
  const [message, advice] = AUDIT[state]
  return doubtful(name, message, advice)
}

const AUDITED = 'the audit log goes on from what this machine knows of it'
const AUDIT = {
  unsealed: ['the audit log is not sealed', 'start the gateway again: a start begins to seal it'],
  unknown: [
    'this machine knows nothing of the audit log yet',
    'if that stays so, its log says why (audit.unwitnessed)',
  ],
  replaced: [
    'the audit log does not go on from what this machine knows of it',
    'causeway audit verify says where it differs',
  ],
} as const satisfies Record<Exclude<SecurityFacts['audit'], 'followed'>, readonly [string, string]>

function credentials(count: number, name: string): Finding {
  if (count === 0) return fine(name, 'no credential of a server travels in the clear')
  const whose = count === 1 ? 'the credential of one server travels' : `the credentials of ${count} servers travel`
  return doubtful(name, `${whose} in the clear`, 'reach it by https: causeway list shows the addresses')
}

function tokens(count: number, name: string): Finding {
  if (count === 0) return fine(name, 'every token expires, but for that of the data folder')
  return doubtful(
    name,
    count === 1 ? 'one token never expires' : `${count} tokens never expire`,
    'make others with causeway token create NAME --days DAYS, and revoke these',
  )
}

function gateways(names: readonly string[], name: string): Finding {
  if (names.length === 0) return fine(name, 'what everybody here may use asks for a credential, or is on this machine')
  return doubtful(
    name,
    `${some(names)} ${names.length === 1 ? 'asks' : 'ask'} for no credential: who reaches such a server needs no gateway`,
    'let it ask for a token and give that to the gateway, or let only this machine reach it',
  )
}

const SHOWN = 3

function some(names: readonly string[]): string {
  const more = names.length - SHOWN
  return names.slice(0, SHOWN).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
