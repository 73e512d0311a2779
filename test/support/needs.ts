import { existsSync } from 'node:fs'
import type { TestContext } from 'vitest'

const CLIENTS = '/usr/local/lib/causeway-test/node_modules'

/** Servers, shells and a browser that Debian brings and npm does not, and clients that are too large for our own packages. */
const PROGRAMS = {
  postgres15: '/usr/lib/postgresql/15/bin/postgres',
  pgbouncer: '/usr/sbin/pgbouncer',
  chromium: '/usr/bin/chromium',
  nginx: '/usr/sbin/nginx',
  script: '/usr/bin/script',
  zsh: '/usr/bin/zsh',
  fish: '/usr/bin/fish',
  inspector: `${CLIENTS}/@modelcontextprotocol/inspector/clients/launcher/build/index.js`,
  'mcp-remote': `${CLIENTS}/mcp-remote/dist/proxy.js`,
} as const

export type Program = keyof typeof PROGRAMS

/** Skips the test where a program is not installed; where CI is set that is a failure. */
export function needs(context: TestContext, ...programs: readonly Program[]): void {
  const advice = whatIsMissing(programs)
  if (advice === null) return
  if (process.env['CI'] === 'true') throw new Error(advice)
  context.skip(advice)
}

/** What to do where a program is not installed; null: all are there. */
export function whatIsMissing(programs: readonly Program[]): string | null {
  const missing = programs.filter((name) => !existsSync(PROGRAMS[name]))
  return missing.length === 0 ? null : `${missing.join(' and ')} missing: run scripts/install-test-servers.sh as root`
}

export function pathOf(program: Program): string {
  return PROGRAMS[program]
}
