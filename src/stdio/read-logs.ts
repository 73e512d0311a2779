import type { Serving } from './connection.ts'
import type { LogBook } from './log-book.ts'
import type { Reply } from './reply.ts'

/** `/logs?tail=N&follow=true`: the last lines as events, and on wish those that follow. */
export function readLogs(log: LogBook, target: string, reply: Reply): Serving | undefined {
  const { searchParams } = new URL(target, 'http://host')
  reply.stream()
  for (const line of log.tail(Number(searchParams.get('tail') ?? 100))) reply.event(Buffer.from(JSON.stringify(line)))
  if (searchParams.get('follow') === 'true') {
    const following = log.follow((line) => reply.event(Buffer.from(JSON.stringify(line))))
    return { giveUp: () => following[Symbol.dispose]() }
  }
  reply.end()
  return undefined
}
