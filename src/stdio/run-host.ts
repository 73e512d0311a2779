import type { Socket } from 'node:net'
import type { Ourselves } from '#/mcp/upstream-requests.ts'
import type { Env } from './command.ts'
import { StdioHost, type HostOptions } from './host.ts'
import { RETIREMENTS, type Retirement } from './launch.ts'

/** What the host is told at its start. Survives structured clone. */
export interface HostConfig extends Omit<HostOptions, 'us' | 'inherited' | 'group'> {
  readonly version: string
}

/** What the host has of its supervisor: connections, and news of gateways. */
export interface HostLink {
  serve(take: (socket: Socket) => void): void
  tell(fact: HostFact): void
  onFact(topic: string, learn: (fact: { readonly value: unknown }) => void): void
  onCollect(measure: () => Promise<unknown>): void
}

export interface HostFact {
  readonly topic: string
  readonly key: string
  readonly value: unknown
  readonly expiresAt: number
}

/** The topic under which the supervisor hears of process groups: it kills what a dying host leaves. */
const GROUPS = 'process-group'

const NO_CAPABILITIES = Buffer.from('{}')

/** The host as a process of the supervisor's: it ends when told to, or when the supervisor vanishes. */
export function startHost(config: HostConfig, link: HostLink, inherited: Env) {
  const clientInfo = Buffer.from(JSON.stringify({ name: 'causeway', version: config.version }))
  // Requests from server to client are not relayed, so none is invited.
  const us: Ourselves = { clientInfo, capabilities: NO_CAPABILITIES }
  const group = (pid: number, alive: boolean): void =>
    link.tell({ topic: GROUPS, key: String(pid), value: alive, expiresAt: 0 })
  const host = new StdioHost({ ...config, us, inherited, group })
  link.onFact(RETIREMENTS, ({ value }) => host.retire(value as Retirement))
  link.serve((socket) => host.accept(socket))
  return {
    quiesce: (): void => {},
    drain: (): Promise<void> => host.stop(),
    [Symbol.asyncDispose]: (): Promise<void> => host.stop(),
  }
}
