import type { Door } from './doors.ts'

export interface Answer {
  /** `200`, `403`, or with the JSON-RPC code where it is an error of that kind: `200 -32602`. */
  readonly decision: string
  /** What was said, without what is different each time. */
  readonly said: string
}

export function understood(status: number, text: string, { id }: Door): Answer {
  const json = text.startsWith('data: ') || text.startsWith('event:') ? (/^data: (.*)$/m.exec(text)?.[1] ?? '') : text
  const code = /^\{"jsonrpc".*"error":\{"code":(-\d+)/.exec(json)?.[1]
  const withoutId = id === undefined ? text : text.replaceAll(id, '{id}')
  return {
    decision: code === undefined ? String(status) : `${status} ${code}`,
    said: withoutId.replaceAll(/"request_id":"[^"]*"/g, ''),
  }
}
