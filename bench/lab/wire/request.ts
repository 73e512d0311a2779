/** Where a user's requests go, and as whom. */
export interface Place {
  readonly host: string
  /** Null: nobody asks. */
  readonly token: string | null
}

const AGENT = 'user-agent: causeway-load/1\r\n'
const identity = ({ host, token }: Place): string =>
  `host: ${host}\r\n${token === null ? '' : `authorization: Bearer ${token}\r\n`}${AGENT}`

/** @param headers whole lines. */
export const get = (place: Place, path: string, headers: string): string =>
  `GET ${path} HTTP/1.1\r\n${identity(place)}${headers}\r\n`

export const post = (place: Place, { path, headers, body }: { path: string; headers: string; body: string }): string =>
  `POST ${path} HTTP/1.1\r\n${identity(place)}content-type: application/json\r\n` +
  `accept: application/json, text/event-stream\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
