import type { Socket } from 'node:net'
import type { Ourselves } from '#/mcp/upstream-requests.ts'
import type { Env, ProcessLimits } from './command.ts'
import { type Serve, serveConnection } from './connection.ts'
import { type Fault, StdioFault } from './fault.ts'
import type { Launch, Retirement } from './launch.ts'
import { LogBook } from './log-book.ts'
import { CHANGED, isSpokenToAs, type Place, sameLaunch, serverNow, sharedAs, stillThere } from './place.ts'
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
  /** By then every worker has heard of a change; 2 s where unset, which has time to spare. */
  readonly heardMs?: number
}

const RETIRED: Fault = { code: 'upstream_unreachable', message: 'the gateway was switched off or deleted' }
const STOPPED: Fault = { code: 'upstream_unreachable', message: 'the gateway is shutting down' }

/** How long a server that was replaced may go on with the calls that it has in hand: as long as a call may take by default. */
const FINISH_MS = 60_000
const HEARD_MS = 2_000

const trialKey = (gatewayId: string): string => `${gatewayId} on trial`
/** How long a trial may wait to be kept. */
const TRIAL_MS = 60_000

/** All stdio servers of this machine. */
export class StdioHost {
  readonly #options: HostOptions
  readonly #places = new Map<string, Place>()
  /** Replaced, and not done with what they have in hand. */
  readonly #finishing = new Set<StdioServer>()
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
      return serveServer(() => serverNow(place))
    }
    serveConnection(socket, { opened })
  }

  retire({ gatewayId, version, gone, changed = false }: Retirement): void {
    if (changed) return this.#finishSoon(gatewayId, version)
    const place = this.#places.get(gatewayId)
    if (place !== undefined && place.version <= version) void place.server.retire(RETIRED)
    for (const server of this.#finishing) if (server.launch.gatewayId === gatewayId) void server.retire(RETIRED)
    if (!gone) return
    this.#places.delete(gatewayId)
    this.#dropTrial(gatewayId)
  }

  /** Who has yet to hear of the change still calls what is there. What was replaced before is at its last calls already. */
  #finishSoon(gatewayId: string, version: number): void {
    const place = this.#places.get(gatewayId)
    const finish = (): void => {
      if (place === undefined || place.version > version || this.#places.get(gatewayId) !== place) return
      void place.server.finish(CHANGED, FINISH_MS)
    }
    setTimeout(finish, this.#options.heardMs ?? HEARD_MS).unref()
  }

  /** What is there now: for metrics and tests. */
  get figures(): { readonly processes: number; readonly busy: number } {
    const servers = this.#servers()
    return {
      processes: servers.reduce((sum, server) => sum + server.processes, 0),
      busy: servers.reduce((sum, server) => sum + server.busy, 0),
    }
  }

  /** Every process is ended, with its group. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#reaper)
    await Promise.all(this.#servers().map((server) => server.retire(STOPPED)))
    for (const socket of this.#sockets) socket.destroy()
  }

  #servers(): readonly StdioServer[] {
    return [...Array.from(this.#places.values(), ({ server }) => server), ...this.#finishing]
  }

  #place(launch: Launch): Place {
    if (this.#stopped) throw new StdioFault(STOPPED)
    const { gatewayId, version, trial } = launch
    const key = trial ? trialKey(gatewayId) : gatewayId
    const place = this.#places.get(key)
    // From a worker that has yet to hear of a change: nothing is started that was replaced.
    if (place !== undefined && !trial && place.version > version && !sameLaunch(place, launch))
      return stillThere(place, launch) ?? sharedAs(place, launch)
    if (place !== undefined && sameLaunch(place, launch)) {
      // Switched off: from before nothing is started, though the log can be read; what comes later starts anew.
      if (!place.server.retired || place.version >= version) {
        place.version = Math.max(place.version, version)
        return place
      }
    }
    const next = (trial ? undefined : this.#kept(launch)) ?? this.#begin(launch)
    next.version = version
    this.#places.set(key, next)
    // What is on trial is asked for itself alone.
    if (trial) void place?.server.retire(CHANGED)
    else if (place !== undefined) this.#replace(place, next)
    return next
  }

  /**
   * Who called before the change is answered by what he called. What comes later, from who has yet to hear of it, is answered by what is
   * there now, where that is known to be spoken to the same way; else by what was there before, until everybody has heard.
   */
  #replace(place: Place, next: Place): void {
    const { server } = place
    place.next = next
    next.before = place
    this.#finishing.add(server)
    const finish = async (): Promise<void> => {
      await server.finish(CHANGED, FINISH_MS)
      this.#finishing.delete(server)
      next.before = undefined
    }
    if (isSpokenToAs(server, next.server)) void finish()
    else setTimeout(() => void finish(), this.#options.heardMs ?? HEARD_MS).unref()
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
    return { server, log, version: launch.version, connections: 0, next: undefined, before: undefined }
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
    const spare = this.#servers()
      .map((server) => ({ server, spare: server.spare }))
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
