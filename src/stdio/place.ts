import { type Fault, StdioFault } from './fault.ts'
import type { Launch } from './launch.ts'
import type { LogBook } from './log-book.ts'
import type { StdioServer } from './server.ts'

/** Where the server of a gateway stands, in one launch of it. */
export interface Place {
  readonly server: StdioServer
  readonly log: LogBook
  version: number
  connections: number
  /** What took its place when the gateway changed. */
  next: Place | undefined
  /** Whose place it took, while that is not done. */
  before: Place | undefined
}

export const CHANGED: Fault = {
  code: 'upstream_unreachable',
  message: 'the gateway was changed; its server is started anew',
}

/** What was started by this launch and goes on, though another has taken its place. */
export function stillThere(place: Place, launch: Launch): Place | undefined {
  for (let { before } = place; before !== undefined; before = before.before)
    if (!before.server.retired && sameLaunch(before, launch)) return before
  return undefined
}

/** Who calls as by a launch that is shared otherwise may not have said for whom: several would be taken for one. */
export function sharedAs(place: Place, { sharing }: Launch): Place {
  if (place.server.launch.sharing !== sharing) throw new StdioFault(CHANGED)
  return place
}

/**
 * What answers on a connection to `place`: whatever took its place since, unless that is shared or known to speak otherwise; and while it is
 * not known how that speaks, what is there for as long as it goes on.
 */
export function serverNow(place: Place): StdioServer {
  let { server } = place
  for (let { next } = place; next !== undefined; next = next.next) {
    const { era, launch } = next.server
    if (server.era !== undefined && era !== undefined && era !== server.era) return place.server
    if (launch.sharing !== server.launch.sharing) return place.server
    if (!place.server.retired && !isSpokenToAs(server, next.server)) return place.server
    server = next.server
  }
  return server
}

/** Whether who calls one may be answered by the other. What was never started was never spoken to. */
export function isSpokenToAs(before: StdioServer, next: StdioServer): boolean {
  const isSameEra = before.era === undefined || before.era === next.era
  return isSameEra && before.launch.sharing === next.launch.sharing
}

/** Whether two launches would run the same; the version of the gateway does not matter. */
export function sameLaunch({ server }: Place, launch: Launch): boolean {
  return identityOf(server.launch) === identityOf(launch)
}

function identityOf({ command, args, env, cwd, sharing }: Launch): string {
  return JSON.stringify([
    command,
    args,
    Object.keys(env)
      .toSorted()
      .map((name) => [name, env[name]]),
    cwd,
    sharing,
  ])
}
