import { connect as connectTcp, isIP, type NetConnectOpts, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext, rootCertificates, type SecureContext } from 'node:tls'
import { GatewayError } from '#/errors/gateway-error.ts'
import type { ClientIdentity } from '#/gateways/discovery.ts'
import type { Deadlines } from '#/lib/deadlines.ts'
import { assertNoTransaction } from '#/lib/held-connection.ts'
import { type AddressPolicy, refuseAddress } from './addresses.ts'
import type { Names } from './resolve.ts'

/** Where a socket goes, before its name is resolved. */
export interface NetEndpoint {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** PEM, beside the well-known authorities. */
  readonly caCertificate: string | null
  /** What we show a server that asks who we are. */
  readonly clientIdentity: ClientIdentity | null
  /** HTTP/2 is to be spoken; otherwise HTTP/1.1. */
  readonly http2: boolean
}

export interface ConnectOptions {
  readonly names: Names
  readonly policy: AddressPolicy
  readonly deadlines: Deadlines
  readonly connectMs: number
}

export type Callback = (error: Error | null, socket?: Socket) => void

/**
 * Opens a socket to exactly an address that the policy allowed: what a name says later cannot matter. Disposing gives it up
 * without another word. `done` may be called before this returns.
 */
export function openSocket(endpoint: NetEndpoint, options: ConnectOptions, done: Callback): Disposable {
  assertNoTransaction('dialling')
  const opening = new Opening(endpoint, options, done)
  opening.start()
  return opening
}

class Opening implements Disposable {
  readonly #endpoint: NetEndpoint
  readonly #options: ConnectOptions
  readonly #done: Callback
  readonly #deadline: Disposable
  #addresses: string[] = []
  #socket: Socket | undefined
  #over = false
  #last: Error | undefined

  constructor(endpoint: NetEndpoint, options: ConnectOptions, done: Callback) {
    this.#endpoint = endpoint
    this.#options = options
    this.#done = done
    this.#deadline = options.deadlines.add(options.connectMs, () => this.#tooLate())
  }

  start(): void {
    const found = this.#options.names.resolve(this.#endpoint.host)
    if (found instanceof Promise)
      found.then(
        (addresses) => this.#resolved(addresses),
        (cause: unknown) => this.#fail(GatewayError.from(cause)),
      )
    else this.#resolved(found)
  }

  #resolved(addresses: readonly string[]): void {
    if (this.#over) return
    let refusal = ''
    for (const address of addresses) {
      const why = refuseAddress(address, this.#options.policy)
      if (why === null) this.#addresses.push(address)
      else refusal = why
    }
    if (this.#addresses.length > 0) this.#next()
    else this.#fail(new GatewayError('forbidden_address', `${this.#endpoint.host} must not be reached: ${refusal}`))
  }

  #next(): void {
    const address = this.#addresses.shift()
    if (address === undefined) return this.#fail(unreachable(this.#endpoint, this.#last))
    const socket = dialOne(this.#endpoint, address)
    this.#socket = socket
    const failed = (cause: Error): void => {
      this.#last = cause
      if (!this.#over) this.#next()
    }
    socket.once('error', failed)
    socket.once(this.#endpoint.tls ? 'secureConnect' : 'connect', () => {
      socket.off('error', failed)
      this.#settle(null, socket)
    })
  }

  [Symbol.dispose](): void {
    if (this.#over) return
    this.#over = true
    this.#deadline[Symbol.dispose]()
    this.#abandon()
  }

  #abandon(): void {
    this.#socket?.on('error', () => {}).destroy()
  }

  #tooLate(): void {
    const ms = this.#options.connectMs
    this.#abandon()
    this.#fail(new GatewayError('upstream_timeout', `no connection to ${at(this.#endpoint)} within ${ms} ms`))
  }

  #fail(error: Error): void {
    this.#settle(error, undefined)
  }

  #settle(error: Error | null, socket: Socket | undefined): void {
    if (this.#over) return
    this.#over = true
    this.#deadline[Symbol.dispose]()
    if (error === null && socket !== undefined) this.#done(null, socket)
    else this.#done(error)
  }
}

function dialOne(endpoint: NetEndpoint, address: string): Socket {
  const to = { host: address, port: endpoint.port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }
  if (!endpoint.tls) return endpoint.http2 ? connectTcp(to) : connectPlain(to)
  // The certificate is checked against the name; without one against the address, which is what `host` is then.
  const servername = isIP(endpoint.host) === 0 ? endpoint.host : ''
  const secureContext = trustOf(endpoint)
  const ALPNProtocols = endpoint.http2 ? ['h2', 'http/1.1'] : ['http/1.1']
  return connectTls({ ...to, ...(secureContext && { secureContext }), servername, ALPNProtocols })
}

/** Where every plain socket reads to: its bytes are copied before the next read, which costs less than a new 64 KiB for each. */
const READ = Buffer.allocUnsafeSlow(64 << 10)

export function connectPlain(to: NetConnectOpts): Socket {
  const callback = (size: number): boolean => socket.emit('data', Buffer.from(READ.subarray(0, size)))
  const socket: Socket = connectTcp({ ...to, onread: { buffer: READ, callback } })
  return socket
}

/** Reading the authorities costs milliseconds: once per endpoint, not per connection. */
const trusts = new WeakMap<NetEndpoint, SecureContext>()

function trustOf(endpoint: NetEndpoint): SecureContext | undefined {
  const { caCertificate, clientIdentity } = endpoint
  if (caCertificate === null && clientIdentity === null) return undefined
  const known = trusts.get(endpoint)
  if (known !== undefined) return known
  const made = createSecureContext({
    ...(caCertificate !== null && { ca: [...rootCertificates, caCertificate] }),
    ...clientIdentity,
  })
  trusts.set(endpoint, made)
  return made
}

function unreachable(endpoint: NetEndpoint, cause: Error | undefined): GatewayError {
  const why = cause === undefined ? 'no address' : reason(cause)
  return new GatewayError('upstream_unreachable', `${at(endpoint)}: ${why}`, { cause })
}

const SENTENCES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'no answer from the host',
  ERR_HTTP2_STREAM_ERROR: 'the server reset the stream',
  ERR_HTTP2_SESSION_ERROR: 'the server ended the HTTP/2 session',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'it wants a client certificate; give client_cert and client_key',
  EPROTO: 'the TLS handshake failed; is it https?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; give the gateway its CA certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate chain is self-signed; give the gateway its CA certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate cannot be verified; give the gateway its CA certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate cannot be verified; give the gateway its CA certificate',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  CERT_HAS_EXPIRED: 'its certificate has expired',
}

/** A server's alerts about what we have shown it. */
const OUR_CERTIFICATE =
  /_ALERT_(?:BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(?:EXPIRED|REVOKED|UNKNOWN))/

/** A short sentence for an error of node:net or node:tls. */
export function reason(cause: Error): string {
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : ''
  if (OUR_CERTIFICATE.test(code)) return 'it does not accept our client certificate; check client_cert'
  return (
    SENTENCES[code] ?? (code.startsWith('ERR_SSL') ? 'the TLS handshake failed; is it https?' : code || cause.message)
  )
}

function at(endpoint: NetEndpoint): string {
  return `${endpoint.host}:${endpoint.port}`
}
