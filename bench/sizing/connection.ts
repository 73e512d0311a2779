import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { requestBytes, type Target } from '../load/target.ts'

const PATIENCE_MS = 30_000
const patience = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(PATIENCE_MS) })

/** A connection of a client's own, with one request sent over it. */
export async function ask(target: Target, session?: string): Promise<Socket> {
  const { hostname, port } = new URL(target.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect', patience())
  socket.write(requestBytes(target, session).bytes)
  return socket
}

/** The same, once its answer has come; it stays open. */
export async function asked(target: Target, session?: string): Promise<Socket> {
  const socket = await ask(target, session)
  const [first] = (await once(socket, 'data', patience())) as [Buffer]
  const status = first.toString('latin1', 0, 15)
  if (!status.startsWith('HTTP/1.1 200')) throw new Error(`${target.method} at ${target.url}: ${first.toString()}`)
  return socket.resume()
}

/** Does something `count` times, so many at a time. */
export async function times(count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await work(index)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
