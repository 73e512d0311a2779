import { GatewayError } from '#/errors/gateway-error.ts'
import { SseReader } from '#/lib/sse.ts'
import type { LineOutput } from './line-output.ts'
import { MessageRelay, type RelayedMessage } from './message-relay.ts'

export interface AnswerReading {
  readonly output: LineOutput
  /** Hears of each message before the client does. */
  readonly seen: (message: RelayedMessage) => void
  /** Hears of the ids of events, to go on from there. */
  readonly eventId?: (id: string) => void
}

/** Passes the messages of a body on to the client as they come. Throws what broke it; `begun` tells whether half of one was seen. */
export async function relayBody(response: Response, reading: AnswerReading): Promise<void> {
  const { body } = response
  if (body === null) return
  const chunks = buffers(body)
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) await relayEvents(chunks, reading)
  else await relayJson(chunks, reading)
}

async function* buffers(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of body) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
}

/** The client has seen the beginning of a message that has no end. */
export class HalfSeen extends Error {
  override readonly name = 'HalfSeen'
}

async function relayJson(chunks: AsyncIterable<Buffer>, { output, seen }: AnswerReading): Promise<void> {
  const relay = new MessageRelay(output)
  try {
    for await (const chunk of chunks) await relay.push(chunk)
    await relay.end(seen)
  } catch (cause) {
    throw brokenOff(relay, cause)
  }
}

function brokenOff(relay: MessageRelay, cause: unknown): unknown {
  if (!relay.begun) return cause
  relay.abandon()
  return new HalfSeen('the answer broke off in the middle', { cause })
}

/** The parts of events, in order: the reader tells them within a chunk, the client takes them one after the other. */
type Part = { readonly data: Buffer } | { readonly id: string | undefined; readonly hasData: boolean }

async function relayEvents(chunks: AsyncIterable<Buffer>, reading: AnswerReading): Promise<void> {
  let parts: Part[] = []
  let hasData = false
  let invalid: string | undefined
  const events = new SseReader({
    data: (data) => {
      hasData = true
      parts.push({ data })
    },
    endEvent: ({ id }) => {
      parts.push({ id, hasData })
      hasData = false
    },
    invalid: (why) => (invalid = why),
  })
  let relay = new MessageRelay(reading.output)
  try {
    for await (const chunk of chunks) {
      events.push(chunk)
      for (const part of parts) {
        if ('data' in part) await relay.push(part.data)
        else {
          if (part.hasData) await relay.end(reading.seen)
          if (part.id !== undefined) reading.eventId?.(part.id)
          relay = new MessageRelay(reading.output)
        }
      }
      parts = []
      if (invalid !== undefined) throw new GatewayError('upstream_invalid', invalid)
    }
    if (relay.begun) throw new Error('the stream ended')
  } catch (cause) {
    throw brokenOff(relay, cause)
  }
}
