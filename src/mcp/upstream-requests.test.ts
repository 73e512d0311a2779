import { expect, test } from 'vitest'
import {
  cancelledNotification,
  discoverRequest,
  initializeRequest,
  initializedNotification,
  listRequest,
  listenRequest,
  pingRequest,
  upstreamHeaders,
} from './upstream-requests.ts'

const us = { clientInfo: Buffer.from('{"name":"gw"}'), capabilities: Buffer.from('{}') }
const META =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",' +
  '"io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"gw"}}'

test.each([
  [
    initializeRequest(1, '2025-11-25', us),
    '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"gw"}}}',
  ],
  [initializedNotification(), '{"jsonrpc":"2.0","method":"notifications/initialized"}'],
  [
    cancelledNotification(4, 'the client left'),
    '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":4,"reason":"the client left"}}',
  ],
  [pingRequest(2), '{"jsonrpc":"2.0","id":2,"method":"ping"}'],
  [listRequest(3, 'tools/list', { revision: '2025-06-18', us }), '{"jsonrpc":"2.0","id":3,"method":"tools/list"}'],
  [
    listRequest(3, 'tools/list', { revision: '2025-06-18', us, cursor: 'a"' }),
    '{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"cursor":"a\\""}}',
  ],
  [
    listRequest(3, 'tools/list', { revision: '2026-07-28', us, cursor: 'c' }),
    `{"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"cursor":"c",${META}}}`,
  ],
  [discoverRequest(5, us), `{"jsonrpc":"2.0","id":5,"method":"server/discover","params":{${META}}}`],
  [
    listenRequest(6, us),
    `{"jsonrpc":"2.0","id":6,"method":"subscriptions/listen","params":{"notifications":` +
      `{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true},${META}}}`,
  ],
])('%s', (bytes, text) => expect(bytes.toString()).toBe(text))

test('headers mirror the body', () => {
  expect(upstreamHeaders('tools/list')).toEqual({ 'MCP-Protocol-Version': '2026-07-28', 'Mcp-Method': 'tools/list' })
  expect(upstreamHeaders('tools/call', 'é')).toMatchObject({ 'Mcp-Name': '=?base64?w6k=?=' })
  expect(upstreamHeaders('resources/read', 'file:///x')).toMatchObject({ 'Mcp-Name': 'file:///x' })
  expect(upstreamHeaders('completion/complete', 'x')).not.toHaveProperty('Mcp-Name')
})
