import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUpstreams } from '#/upstream/create-upstreams.ts'
import { type Names, systemNames } from '#/upstream/resolve.ts'
import { dnsServer } from '../support/dns-server.ts'
import { TEST_CERTIFICATE, TEST_KEY } from '../support/test-certificate.ts'
import { call, echo, fakeServer, gatewayAt, requestTo, startUpstreams } from '../support/upstream-calls.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'causeway-names-'))
  await writeFile(join(folder, 'hosts'), '10.1.2.3 in-hosts\n')
  await writeFile(join(folder, 'resolv.conf'), 'search svc.test\noptions ndots:2\n')
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})

function names(server: string, timeoutMs = 1000): Names {
  const files = { hostsFile: join(folder, 'hosts'), resolvConf: join(folder, 'resolv.conf') }
  return systemNames({ timeoutMs, servers: [server], ...files })
}

test('names: the hosts file first, then both families, cached; short names through the search domains', async () => {
  await using dns = await dnsServer({
    'A both.example.test': ['192.0.2.10'],
    'AAAA both.example.test': ['2001:db8::10'],
    'AAAA six.example.test': ['2001:db8::6'],
    'A short.svc.test': ['192.0.2.20'],
  })
  const known = names(dns.at)
  expect(await known.resolve('in-hosts')).toEqual(['10.1.2.3'])
  expect(known.resolve('localhost')).toEqual(['127.0.0.1', '::1'])
  expect(known.resolve('192.0.2.1')).toEqual(['192.0.2.1'])
  expect(dns.asked).toEqual([])
  expect(await known.resolve('Both.Example.test.')).toEqual(['192.0.2.10', '2001:db8::10'])
  expect(known.resolve('both.example.test')).toEqual(['192.0.2.10', '2001:db8::10'])
  expect(dns.asked).toHaveLength(2)
  expect(await known.resolve('six.example.test')).toEqual(['2001:db8::6'])
  expect(await known.resolve('short')).toEqual(['192.0.2.20'])
})

test('names: one that does not exist, and a server that is silent, are errors in time', async () => {
  await using dns = await dnsServer({ 'A silent.example.test': null, 'AAAA silent.example.test': null })
  await expect(names(dns.at).resolve('absent.example.test')).rejects.toMatchObject({
    code: 'upstream_unreachable',
    message: expect.stringMatching(/absent.example.test does not resolve/),
  })
  await using parts = createUpstreams({
    vault: { headers: () => ({}) },
    policy: { allowPrivate: true },
    clientInfo: { name: 'causeway', version: '0' },
    limits: { connectMs: 300 },
    names: names(dns.at, 60_000),
  })
  const heard = await call(parts.upstreams, requestTo(gatewayAt('http://silent.example.test/mcp')))
  expect(heard).toMatchObject({ error: { code: 'upstream_timeout' }, report: { mayHaveRun: false } })
})

test('a name that changes its answer never leads to a forbidden address', async () => {
  await using server = await fakeServer(echo)
  let connections = 0
  server.server.on('connection', () => connections++)
  const { port } = new URL(server.url)
  const answers = [['203.0.113.1'], ['127.0.0.1'], ['127.0.0.1', '::1'], ['::ffff:127.0.0.1'], ['169.254.169.254']]
  let asked = 0
  await using parts = createUpstreams({
    vault: { headers: () => ({}) },
    policy: { allowPrivate: false },
    clientInfo: { name: 'causeway', version: '0' },
    limits: { connectMs: 300 },
    names: { resolve: () => answers[asked++ % answers.length] ?? [] },
  })
  const gateway = gatewayAt(`http://rebinding.example.test:${port}/mcp`)
  const codes: (string | undefined)[] = []
  for (const _ of answers) codes.push((await call(parts.upstreams, requestTo(gateway))).error?.code)
  expect(codes).toEqual(answers.map(() => 'forbidden_address'))
  expect(connections).toBe(0)
})

test('of several addresses the first that answers is used', async () => {
  await using server = await fakeServer(echo)
  const { port } = new URL(server.url)
  await using parts = createUpstreams({
    vault: { headers: () => ({}) },
    policy: { allowPrivate: true },
    clientInfo: { name: 'causeway', version: '0' },
    names: { resolve: () => ['169.254.0.1', '127.0.0.2', '127.0.0.1'] },
  })
  const heard = await call(parts.upstreams, requestTo(gatewayAt(`http://several.example.test:${port}/mcp`)))
  expect(heard.error).toBeUndefined()
  expect(heard.report.attempts).toBe(1)
})

test('TLS: a private authority is trusted only where the gateway names it, and for its names only', async () => {
  const server = createServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","id":1,"result":{}}')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await using parts = createUpstreams({
    vault: { headers: () => ({}) },
    policy: { allowPrivate: true },
    clientInfo: { name: 'causeway', version: '0' },
    names: { resolve: () => ['127.0.0.1'] },
  })
  const at = (host: string, caCertificate: string | null) =>
    call(parts.upstreams, requestTo(gatewayAt(`https://${host}:${String(port)}/mcp`, { caCertificate })))
  expect((await at('tls.test', TEST_CERTIFICATE)).error).toBeUndefined()
  expect((await at('127.0.0.1', TEST_CERTIFICATE)).error).toBeUndefined()
  expect((await at('tls.test', null)).error).toMatchObject({
    code: 'upstream_unreachable',
    message: expect.stringMatching(/CA certificate/),
  })
  expect((await at('other.test', TEST_CERTIFICATE)).error?.message).toMatch(/another name/)
  server.closeAllConnections()
  server.close()
})

test('a URL that cannot be dialled is an error of the call, not an exception', async () => {
  await using parts = startUpstreams()
  for (const url of ['ftp://example.test/', 'nonsense', 'http://user:secret@example.test/mcp']) {
    const heard = await call(parts.upstreams, requestTo(gatewayAt(url)))
    expect(heard.error?.code).toBe('invalid_field')
    expect(heard.error?.message).not.toMatch(/secret/)
  }
})
