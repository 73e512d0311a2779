import type { Socket } from 'node:net'
import type { Ourselves } from '#/mcp/upstream-requests.ts'
import type { Env, ProcessLimits } from './command.ts'
import { type Serve, serveConnection } from './connection.ts'
import { type Fault, StdioFault } from './fault.ts'
import type { Launch, Retirement } from './launch.ts'
import { LogBook } from './log-book.ts'
import { readInto } from './read-into.ts'
import { serveServer } from './serve-server.ts'
import { StdioServer } from './server.ts'

export interface HostOptions {
  readonly us: Ourselves
  readonly inherited: Env
  readonly limits: ProcessLimits
  /** Processes at a time on this machine. */
  readonly maxProcesses: number
  /** A process that nobody uses ends after this time. */
  readonly idleMs: number
  /** A process group has begun, or ended. */
  readonly group: (pid: number, alive: boolean) => void
}

const CHANGED: Fault = { code: 'upstream_unreachable', message: 'the gateway was changed; its server is started anew' }
const RETIRED: Fault = { code: 'upstream_unreachable', message: 'the gateway was switched off or deleted' }
const STOPPED: Fault = { code: 'upstream_unreachable', message: 'the gateway is shutting down' }

interface Place {
  readonly server: StdioServer
  readonly log: LogBook
  version: number
  connections: number
}

const trialKey = (gatewayId: string): string => `${gatewayId} on trial`
/** How long a trial may wait to be kept. */
const TRIAL_MS = 60_000

/** All stdio servers of this machine. */
export class StdioHost {
  readonly #options: HostOptions
  readonly #places = new Map<string, Place>()
  readonly #sockets = new Set<Socket>()
  #reaper: NodeJS.Timeout | undefined
  #stopped = false

  constructor(options: HostOptions) {
    this.#options = options
  }

  accept(given: Socket): void {
    const socket = readInto(given)
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    const opened = (launch: Launch): Serve => {
      const place = this.#place(launch)
      place.connections++
      socket.once('close', () => this.#left(place, launch))
      return serveServer(place.server)
    }
    serveConnection(socket, { opened })
  }

  retire({ gatewayId, version, gone }: Retirement): void {
    const place = this.#places.get(gatewayId)
    if (place !== undefined && place.version <= version) void place.server.retire(RETIRED)
    if (!gone) return
    this.#places.delete(gatewayId)
    this.#dropTrial(gatewayId)
  }

  /** What is there now: for metrics and tests. */
  get figures(): { readonly processes: number; readonly busy: number } {
    const servers = [...this.#places.values()].map(({ server }) => server)
    return {
      processes: servers.reduce((sum, server) => sum + server.processes, 0),
      busy: servers.reduce((sum, server) => sum + server.busy, 0),
    }
  }

  /** Every process is ended, with its group. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#reaper)
    await Promise.all(Array.from(this.#places.values(), ({ server }) => server.retire(STOPPED)))
    for (const socket of this.#sockets) socket.destroy()
  }

  #place(launch: Launch): Place {
    if (this.#stopped) throw new StdioFault(STOPPED)
    const { gatewayId, version, trial } = launch
    const key = trial ? trialKey(gatewayId) : gatewayId
    const place = this.#places.get(key)
    if (place !== undefined && !trial && place.version > version && !sameLaunch(place, launch))
      throw new StdioFault(CHANGED)
    if (place !== undefined && sameLaunch(place, launch)) {
      // Switched off: from before nothing is started, though the log can be read; what comes later starts anew.
      if (!place.server.retired || place.version >= version) {
        place.version = Math.max(place.version, version)
        return place
      }
    }
    void place?.server.retire(CHANGED)
    const next = (trial ? undefined : this.#kept(launch)) ?? this.#begin(launch)
    next.version = version
    this.#places.set(key, next)
    return next
  }

  /** What was on trial and is now the gateway's own. */
  #kept(launch: Launch): Place | undefined {
    const key = trialKey(launch.gatewayId)
    const place = this.#places.get(key)
    if (place === undefined || place.server.retired || !sameLaunch(place, launch)) return undefined
    this.#places.delete(key)
    return place
  }

  #begin(launch: Launch): Place {
    const log = this.#places.get(launch.gatewayId)?.log ?? new LogBook()
    const server = new StdioServer({ ...this.#options, launch, log, reserve: () => this.#reserve() })
    return { server, log, version: launch.version, connections: 0 }
  }

  /** A connection has closed. A trial that nobody looks at any more is over, unless it is kept soon. */
  #left(place: Place, { gatewayId, trial }: Launch): void {
    place.connections--
    if (!trial || place.connections > 0) return
    const over = (): void => {
      if (this.#places.get(trialKey(gatewayId)) === place && place.connections === 0) this.#dropTrial(gatewayId)
    }
    setTimeout(over, TRIAL_MS).unref()
  }

  #dropTrial(gatewayId: string): void {
    void this.#places.get(trialKey(gatewayId))?.server.retire(RETIRED)
    this.#places.delete(trialKey(gatewayId))
  }

  /** Room for one more process: what nobody uses gives way. */
  #reserve(): void {
    if (this.#stopped) throw new StdioFault(STOPPED)
    const { maxProcesses, idleMs } = this.#options
    this.#reaper ??= setInterval(() => this.#reap(), Math.min(5000, Math.max(50, idleMs / 4))).unref()
    if (this.figures.processes < maxProcesses) return
    const spare = Array.from(this.#places.values(), ({ server }) => ({ server, spare: server.spare }))
      .filter((each) => each.spare !== undefined)
      .toSorted((a, b) => (a.spare?.usedAt ?? 0) - (b.spare?.usedAt ?? 0))[0]
    if (spare?.spare === undefined) throw new StdioFault(full(maxProcesses))
    void spare.server.close(spare.spare.key, MADE_ROOM)
  }

  #reap(): void {
    const before = performance.now() - this.#options.idleMs
    for (const { server } of this.#places.values()) server.reap(before)
    if (this.figures.processes > 0) return
    clearInterval(this.#reaper)
    this.#reaper = undefined
  }
}

const MADE_ROOM: Fault = { code: 'upstream_unreachable', message: 'the server made room for another' }

function full(most: number): Fault {
  const message = `${most} processes of stdio servers are at work on this machine, which is as many as may be (CAUSEWAY_STDIO_MAX_PROCESSES)`
  return { code: 'upstream_busy', message, retryAfter: 5 }
}

/** Whether two launches would run the same; the version of the gateway does not matter. */
function sameLaunch({ server }: Place, launch: Launch): boolean {
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
