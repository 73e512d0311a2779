/** A message as a client sends it; only what the simulator looks at is named. */
export interface Message {
  readonly id?: number | string
  readonly method: string
  readonly params?: {
    readonly name?: string
    readonly uri?: string
    readonly requestId?: number | string
    readonly protocolVersion?: string
    readonly arguments?: Readonly<Record<string, unknown>>
    readonly notifications?: Readonly<Record<string, unknown>>
    readonly _meta?: Readonly<Record<string, unknown>>
  }
}

export type Era = 'legacy' | 'modern'

export const VERSION: Readonly<Record<Era, string>> = { legacy: '2025-11-25', modern: '2026-07-28' }

/** The members of an object without its braces, to be joined with others. */
export const members = (value: object): string => JSON.stringify(value).slice(1, -1)

const SERVER_INFO = { name: 'causeway-lab', version: '1.0.0' }
const MODERN = `"resultType":"complete",${members({
  _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO },
})}`

export const INTRODUCTION = { serverInfo: SERVER_INFO }

/** A whole answer around the members of a result. */
export function resultOf(message: Message, era: Era, result: string): string {
  const head = `{"jsonrpc":"2.0","id":${JSON.stringify(message.id ?? null)},"result":{`
  if (era === 'legacy') return `${head}${result}}}`
  return `${head}${MODERN}${result === '' ? '' : ','}${result}}}`
}

export function errorOf(message: Pick<Message, 'id'>, code: number, text: string): string {
  const error = JSON.stringify({ code, message: text })
  return `{"jsonrpc":"2.0","id":${JSON.stringify(message.id ?? null)},"error":${error}}`
}
