import { clientConfig, PlainClient } from './client.ts'

export interface Address {
  /** Or the folder of a unix socket. */
  readonly host: string
  readonly port: number
  readonly database: string
}

/** What a URL leads to, as the driver reads it. */
export function addressOf(url: string): Address {
  const { host, port, database = '' } = new PlainClient(clientConfig(url))
  return { host, port, database }
}

/** Where a database is, or should be, without the password. */
export function placeOf(url: string): string {
  const { host, port, database } = addressOf(url)
  return host.startsWith('/') ? `${host} (${database})` : `${host}:${port}/${database}`
}
