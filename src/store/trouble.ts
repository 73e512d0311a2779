import { sqlState } from './errors.ts'

/** What keeps a server that answers from doing what it is asked, in words for whoever can mend it. */
export interface Trouble {
  readonly of: 'writes' | 'connections'
  readonly what: string
  /** Something is taken all the while, so that proves nothing: it is over when nothing has been refused for a while. */
  readonly comesAndGoes?: true
}

const READ_ONLY: Trouble = { of: 'writes', what: 'the database is read-only' }
const DISK_FULL: Trouble = { of: 'writes', what: 'the disk of the database is full', comesAndGoes: true }
const OUT_OF_MEMORY: Trouble = { of: 'writes', what: 'the database is out of memory', comesAndGoes: true }
const NO_CONNECTION: Trouble = {
  of: 'connections',
  what: 'the database gives no more connections (max_connections, the limit of our role, or of the pooler)',
}

const TROUBLES: Readonly<Record<string, Trouble>> = {
  '25006': READ_ONLY,
  '53100': DISK_FULL,
  '53200': OUT_OF_MEMORY,
  '53300': NO_CONNECTION,
}

/** What PgBouncer says under a code that means anything. */
const POOLER_FULL = /no more connections allowed/

export function troubleIn(error: unknown): Trouble | undefined {
  const known = TROUBLES[sqlState(error) ?? '']
  return known ?? (error instanceof Error && POOLER_FULL.test(error.message) ? NO_CONNECTION : undefined)
}
