import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createDeadlines } from '#/lib/deadlines.ts'
import { PlainConnection, type PlainService } from '#/http/plain-connection.ts'
import type { PlainExchange } from '#/http/plain-exchange.ts'

/** What was asked, and by whom it was answered. */
const seen: string[] = []
const gone: string[] = []
let quiet = false
const connections = new Set<PlainConnection>()

const other = createHttpServer((request, response) => {
  const body: Buffer[] = []
  request.on('data', (piece: Buffer) => body.push(piece))
  request.on('end', () => {
    seen.push(`node ${request.method} ${request.url} ${Buffer.concat(body).toString()}`)
    response.end(`node ${Buffer.concat(body).toString()}`)
  })
})

const service: PlainService = {
  deadlines: createDeadlines(),
  takes: (url) => url.startsWith('/plain'),
  serve: (exchange) => answer(exchange),
  handOver: (socket) => other.emit('connection', socket),
  quiet: () => quiet,
  closed: (connection) => connections.delete(connection),
}

function answer(exchange: PlainExchange): void {
  exchange.on('close', () => gone.push(`${exchange.url} ${exchange.writableFinished}`))
  if (exchange.url === '/plain/refused') {
    exchange.writeHead(401, ['content-length', '2'])
    return exchange.end('no', 'latin1')
  }
  if (exchange.url === '/plain/never') return
  if (exchange.url === '/plain/careless') return answerCarelessly(exchange)
  const body: Buffer[] = []
  exchange.on('data', (piece) => body.push(piece))
  exchange.on('end', () => {
    const text = Buffer.concat(body).toString()
    seen.push(`plain ${exchange.url} ${text}`)
    if (exchange.url === '/plain/stream') {
      void stream(exchange)
      return
    }
    exchange.writeHead(200, ['content-length', String(6 + text.length)])
    exchange.end(`plain ${text}`, 'latin1')
  })
}

const MEBIBYTE = Buffer.alloc(1 << 20, 'x')

/** Does to its answer what a careless writer may do: pieces of nothing, a limit for its reader, words after the end. */
function answerCarelessly(exchange: PlainExchange): void {
  exchange.writeHead(200, [])
  exchange.write(Buffer.alloc(0))
  exchange.write(MEBIBYTE)
  exchange.setTimeout(60_000, () => gone.push('unread'))
  exchange.end('', 'latin1')
  exchange.on('close', () => {
    exchange.write(Buffer.from('late'))
    exchange.end('later', 'latin1')
    exchange.destroy()
  })
}

async function stream(exchange: PlainExchange): Promise<void> {
  exchange.writeHead(200, ['content-type', 'text/plain'])
  for (let n = 0; n < 4; n++)
    if (!exchange.write(MEBIBYTE)) await new Promise<void>((resolve) => exchange.once('drain', resolve))
  exchange.end(Buffer.from('end'))
}

const server = createServer((socket) => void connections.add(new PlainConnection(socket, service)))
let port = 0
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  other.emit('listening')
})
afterAll(() => {
  server.close()
  other.closeAllConnections()
  for (const connection of connections) connection.close()
})
beforeEach(() => {
  seen.length = 0
  gone.length = 0
  quiet = false
})

const post = (path: string, body = '', fields = ''): string =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`

class Caller implements Disposable {
  readonly socket: Socket = connect(port, '127.0.0.1')
  text = ''
  ended = false

  constructor() {
    this.socket.on('data', (piece) => (this.text += piece.toString('latin1')))
    this.socket.on('close', () => (this.ended = true))
    this.socket.on('error', () => {})
  }

  /** Sends the pieces so that each arrives by itself, and waits for what is to come. */
  async say(pieces: readonly string[], until: RegExp): Promise<string> {
    for (const piece of pieces) {
      this.socket.write(piece)
      await sleep(15)
    }
    await expect.poll(() => this.text, { timeout: 5_000 }).toMatch(until)
    return this.text
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

test('calls one after the other, with the same head and with others', async () => {
  using caller = new Caller()
  await caller.say([post('/plain', 'one')], /plain one/)
  await caller.say([post('/plain', 'two')], /plain two/)
  const text = await caller.say([post('/plain/other', 'three', 'X-More: 1\r\n')], /plain three/)
  expect(text.match(/HTTP\/1\.1 200 OK\r\n/g)).toHaveLength(3)
  expect(text.match(/Keep-Alive: timeout=65\r\n/g)).toHaveLength(3)
  expect(seen).toEqual(['plain /plain one', 'plain /plain two', 'plain /plain/other three'])
  expect(gone).toEqual(['/plain true', '/plain true', '/plain/other true'])
})

test('a body in pieces', async () => {
  using caller = new Caller()
  const whole = post('/plain', 'a body')
  await caller.say([whole.slice(0, -6), whole.slice(-6, -2), whole.slice(-2)], /plain a body/)
  await caller.say([post('/plain', 'next')], /plain next/)
  expect(seen).toEqual(['plain /plain a body', 'plain /plain next'])
})

describe('a connection goes to node:http with its first request that is not plain, byte for byte', () => {
  test.each([
    ['another path', [post('/rest', 'x')], 'node POST /rest x'],
    ['another method', ['GET /plain HTTP/1.1\r\nHost: x\r\n\r\n'], 'node GET /plain '],
    ['a head in pieces', [post('/plain', 'x').slice(0, 20), post('/plain', 'x').slice(20)], 'node POST /plain x'],
    [
      'a chunked body',
      ['POST /plain HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nx\r\n', '0\r\n\r\n'],
      'node POST /plain x',
    ],
  ])('%s', async (_, pieces, first) => {
    using caller = new Caller()
    await caller.say([post('/plain', 'before')], /plain before/)
    await caller.say(pieces, /node /)
    await caller.say([post('/plain', 'after')], /node after/)
    expect(seen).toEqual(['plain /plain before', first, 'node POST /plain after'])
  })

  test('two requests in one piece', async () => {
    using caller = new Caller()
    await caller.say([post('/plain', 'one') + post('/plain', 'two')], /node two/)
    expect(seen).toEqual(['node POST /plain one', 'node POST /plain two'])
  })
})

test('what comes before the answer waits for it', async () => {
  using caller = new Caller()
  await caller.say([post('/plain/stream'), post('/plain', 'behind')], /plain behind/)
  expect(caller.text).toMatch(/3\r\nend\r\n0\r\n\r\nHTTP\/1\.1 200 OK/)
  expect(seen).toEqual(['plain /plain/stream ', 'plain /plain behind'])
})

test('a large answer without a length is chunked, and waits for its reader', async () => {
  using caller = new Caller()
  const text = await caller.say([post('/plain/stream')], /0\r\n\r\n$/)
  expect(text).toContain('Transfer-Encoding: chunked\r\n')
  const chunk = `100000\r\n${MEBIBYTE.toString()}\r\n`
  expect(text.slice(text.indexOf('\r\n\r\n') + 4) === `${chunk.repeat(4)}3\r\nend\r\n0\r\n\r\n`).toBe(true)
})

test('a careless writer spoils neither its answer nor the next, and leaves nothing on the connection', async () => {
  using caller = new Caller()
  for (let n = 1; n <= 3; n++) {
    const text = await caller.say([post('/plain/careless')], new RegExp(`^(HTTP[^]*?x\\r\\n0\\r\\n\\r\\n){${n}}$`))
    expect(text).not.toContain('late')
  }
  await caller.say([post('/plain', 'next')], /\r\n\r\nplain next$/)
  const [{ socket }] = [...connections].slice(-1) as [PlainConnection]
  expect(socket.listenerCount('timeout')).toBe(0)
  expect(socket.timeout).toBe(0)
})

test('a refusal before the body has come says so and closes', async () => {
  using caller = new Caller()
  const text = await caller.say([post('/plain/refused', 'x'.repeat(9_000)).slice(0, 300)], /no$/)
  expect(text).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n[^]*Connection: close\r\n/)
  await expect.poll(() => caller.ended, { timeout: 5_000 }).toBe(true)
})

test('a client that goes away is noticed', async () => {
  using caller = new Caller()
  caller.socket.write(post('/plain/never'))
  await sleep(30)
  caller.socket.destroy()
  await expect.poll(() => gone, { timeout: 5_000 }).toEqual(['/plain/never false'])
})

test('a client that has sent its next request ahead and goes away is noticed, too', async () => {
  using caller = new Caller()
  caller.socket.write(post('/plain/never'))
  await sleep(30)
  caller.socket.write(post('/plain', 'next'))
  await sleep(30)
  caller.socket.destroy()
  await expect.poll(() => gone, { timeout: 5_000 }).toEqual(['/plain/never false'])
})

test('while it winds up, every answer closes its connection', async () => {
  using caller = new Caller()
  await caller.say([post('/plain', 'one')], /plain one/)
  quiet = true
  expect(await caller.say([post('/plain', 'two')], /plain two/)).toMatch(/Connection: close\r\n\r\nplain two$/)
  await expect.poll(() => caller.ended, { timeout: 5_000 }).toBe(true)
})

test('an idle connection can be closed from here', async () => {
  using caller = new Caller()
  await caller.say([post('/plain', 'one')], /plain one/)
  for (const connection of connections) if (connection.idle) connection.close()
  await expect.poll(() => caller.ended, { timeout: 5_000 }).toBe(true)
})
