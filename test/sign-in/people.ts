import { request } from 'node:http'
import type { RunningGateway } from '../support/gateway.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  // The shape is what each test looks at.
  readonly body: Record<string, never> & {
    readonly detail: string
    readonly access_token: string
    readonly reset_code: string
    readonly code: string
  }
  readonly ms: number
}

export interface Asking {
  readonly token?: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  /** A loopback address to come from: Linux has all of 127/8. */
  readonly from?: string
}

/** One request on a connection of its own, so that any worker may answer, from an address of one's choice. */
export function ask(gateway: RunningGateway, method: string, path: string, asking: Asking = {}): Promise<Answer> {
  const { token, body, headers, from = '127.0.0.1' } = asking
  const began = performance.now()
  const options = {
    method,
    agent: false as const,
    localAddress: from,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
  }
  return new Promise((resolve, reject) => {
    const sent = request(gateway.url + path, options, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('error', reject)
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const parsed = (text === '' ? {} : JSON.parse(text)) as Answer['body']
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: parsed,
          ms: performance.now() - began,
        })
      })
    })
    sent.on('error', reject).end(body && JSON.stringify(body))
  })
}

export const mail = (name: string): string => `${name}@example.com`
export const PASSWORD = 'mellow-brook-seven'
export const USERS = '/v1/auth/email/admin/users'

/** A user with a password, made by the administrator. */
export async function makePerson(gateway: RunningGateway, name: string, over: object = {}): Promise<void> {
  const body = { email: mail(name), full_name: name, password: PASSWORD, ...over }
  const { status, body: said } = await ask(gateway, 'POST', USERS, { token: gateway.token, body })
  if (status !== 201) throw new Error(`${name}: ${status} ${JSON.stringify(said)}`)
}

export function login(gateway: RunningGateway, name: string, over: Partial<Asking> & { password?: string } = {}) {
  const { password = PASSWORD, ...asking } = over
  const body = { email: mail(name), password }
  return ask(gateway, 'POST', '/v1/auth/email/login', { body, ...asking })
}

/** True ten times in a row, on fresh connections, so that every worker says so. Answers how long that took. */
export async function eventually(holds: () => Promise<boolean>, ms = 5_000): Promise<number> {
  const began = performance.now()
  let first = 0
  for (let row = 0; row < 10;) {
    const now = await holds()
    if (now && row === 0) first = performance.now() - began
    row = now ? row + 1 : 0
    if (performance.now() - began > ms) throw new Error('it did not come true in time')
  }
  return first
}
