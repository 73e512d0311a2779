import type { Socket } from 'node:net'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { StartWorker, Worker } from './link.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { SupervisorLink } from './worker-link.ts'

/** The process's own line to its supervisor: `process` itself, in a worker. */
export interface Channel {
  readonly connected?: boolean
  send?(message: FromWorker): boolean
  disconnect?(): void
  on(event: 'message', listener: (message: ToWorker, socket: Socket | undefined) => void): unknown
  once(event: 'disconnect', listener: () => void): unknown
}

export interface RunWorkerOptions<C, P> {
  readonly channel: Channel
  readonly start: StartWorker<C, P>
  /** Aborted when this worker alone is asked to end. */
  readonly stop: AbortSignal
}

/**
 * One worker from its start message to its end. It ends when told to, and by itself when the supervisor vanishes.
 * False: it could not start, which its supervisor has been told.
 */
export async function runWorker<C, P>({ channel, start, stop }: RunWorkerOptions<C, P>): Promise<boolean> {
  const send = (message: FromWorker): void => {
    if (channel.connected === true) channel.send?.(message)
  }
  const ending = Promise.withResolvers<number>()
  const hurry = new AbortController()
  const line = { send, ending, hurry, channel }
  const first = await firstMessage(channel)
  if (first === null) return true
  const link = new SupervisorLink(first, send)
  let worker: Worker | undefined
  let quiesced = false
  channel.on('message', (message, socket) => {
    if (message.kind === 'drain') {
      send({ kind: 'draining', told: true })
      drainWithin(line, message.ms)
    } else if (message.kind !== 'quiesce') link.receive(message, socket)
    else {
      quiesced = true
      worker?.quiesce()
    }
  })
  channel.once('disconnect', () => {
    void link.lost()
    drainWithin(line, first.drainMs)
  })
  const alone = (): void => {
    send({ kind: 'draining', told: false })
    drainWithin(line, first.drainMs)
  }
  stop.addEventListener('abort', alone, { once: true })
  if (stop.aborted) alone()
  try {
    worker = await start(first.config as C, first.prepared as P, link)
  } catch (error) {
    send({ kind: 'failed', why: reasonOf(error) })
    if (channel.connected === true) channel.disconnect?.()
    return false
  }
  send({ kind: 'ready' })
  if (quiesced) worker.quiesce()
  await endOf(worker, line)
  return true
}

interface Line {
  readonly channel: Channel
  readonly ending: PromiseWithResolvers<number>
  readonly hurry: AbortController
}

function drainWithin({ ending, hurry }: Line, ms: number): void {
  ending.resolve(ms)
  setTimeout(() => hurry.abort(), ms).unref()
}

async function endOf(worker: Worker, { channel, ending, hurry }: Line): Promise<void> {
  await ending.promise
  worker.quiesce()
  await worker.drain(hurry.signal)
  await worker[Symbol.asyncDispose]()
  if (channel.connected === true) channel.disconnect?.()
}

type Start = Extract<ToWorker, { kind: 'start' }>

/** The start message, or null where the supervisor vanished before it. */
function firstMessage(channel: Channel): Promise<Start | null> {
  return new Promise((resolve) => {
    channel.on('message', (message) => {
      if (message.kind === 'start') resolve(message)
    })
    channel.once('disconnect', () => resolve(null))
  })
}

function reasonOf(error: unknown): string {
  if (error instanceof GatewayError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
