import { JSON_WIRE, SSE_WIRE, type Wire } from '../fixtures/exact-server.ts'
import { ODD_VALUES } from './odd-values.ts'

const text = (raw: string): string => `{"content":[{"type":"text","text":${raw}}]}`
const MEGABYTE = 1_000_000

/** Results of tools/call, by what is odd about them. */
export const RESULTS: Readonly<Record<string, string>> = {
  'nothing at all': '{}',
  'no content': '{"content":[]}',
  'empty text': text('""'),
  'unknown members first and last': '{"x-first":{"a":[1]},"content":[],"x-last":null}',
  'unknown content type': '{"content":[{"type":"hologram","frames":[[0]],"data":null},{"type":"text","text":"x"}]}',
  'content without a type': '{"content":[{"x":1},{}]}',
  'unknown fields in content':
    '{"content":[{"type":"text","text":"t","x-y":[],"annotations":{"audience":["robot"],"priority":2e0,"z":{}}}]}',
  '_meta everywhere':
    '{"_meta":{"com.example/a":{"b":9007199254740993}},"content":[{"type":"text","text":"t","_meta":{"c":1,"":{}}}]}',
  'empty _meta inside': '{"content":[{"type":"text","text":"t","_meta":{}}]}',
  'resource link and embedded resource':
    '{"content":[{"type":"resource_link","uri":"file:///a b","name":"","x":1},{"type":"resource","resource":{"uri":"x:y","blob":"","mimeType":""}}]}',
  'structured object': '{"content":[],"structuredContent":{"n":9007199254740993,"f":1.0,"":{"a":-0}}}',
  'an error with everything':
    '{"isError":true,"content":[{"type":"text","text":"no"}],"structuredContent":{"code":1e400}}',
  'isError false, said': '{"isError":false,"content":[]}',
  'structured before content': '{"structuredContent":{"b":1,"a":2},"content":[]}',
  '5 MB of text': text(`"${'Ünïcödé '.repeat((5 * MEGABYTE) / 12)}"`),
  '5 MB of numbers': `{"content":[],"structuredContent":{"n":[${Array.from({ length: 700_000 }, (_, n) => n + 0.5).join(',')}]}}`,
  '5 MB of small objects': `{"content":[${Array.from({ length: 100_000 }, (_, n) => `{"type":"text","text":"line ${n}","n":${n}}`).join(',')}]}`,
  ...Object.fromEntries(
    Object.entries(ODD_VALUES).map(([name, raw]) => [`${name}, unknown member`, `{"x-odd":${raw},"content":[]}`]),
  ),
  ...Object.fromEntries(
    Object.entries(ODD_VALUES).map(([name, raw]) => [
      `${name}, structured`,
      `{"content":[],"structuredContent":{"v":${raw}}}`,
    ]),
  ),
}

/** structuredContent that is no object: legal since 2026-07-28, unknown to older clients. */
export const UNSTRUCTURED: Readonly<Record<string, string>> = {
  'null structuredContent': '{"content":[],"structuredContent":null}',
  'structured array': '{"content":[],"structuredContent":[1,{"a":9007199254740993}]}',
  'structured string': '{"content":[],"structuredContent":"\\ud800"}',
  'structured number': '{"content":[],"structuredContent":-0}',
}

const sse = (body: (message: Buffer) => string | Buffer): Wire => ({
  type: 'text/event-stream',
  body: (message) => Buffer.from(body(message)),
})

/** Splits a message over data lines where JSON allows white space: after its first brace and after each comma at the top. */
function overLines(message: Buffer): string {
  const whole = message.toString()
  return whole.replace('{', '{\ndata:').replace(',"id"', '\ndata:,"id"').replace(',"result"', ',\ndata: "result"')
}

const ODD_TEXT = text(ODD_VALUES['emoji'] ?? '')

/** Forms on the wire, by what is odd about them. */
export const WIRES: Readonly<Record<string, Wire>> = {
  'JSON, one byte at a time': { ...JSON_WIRE, piece: 1 },
  'JSON, seven bytes at a time': { ...JSON_WIRE, piece: 7 },
  'JSON with white space around': { ...JSON_WIRE, body: (message) => Buffer.from(`\r\n\t ${message.toString()} \n\n`) },
  SSE: SSE_WIRE,
  'SSE, one byte at a time': { ...SSE_WIRE, piece: 1 },
  'SSE with CRLF': sse((message) => `event: message\r\ndata: ${message.toString()}\r\n\r\n`),
  'SSE with CRLF, one byte at a time': {
    ...sse((message) => `event: message\r\ndata: ${message.toString()}\r\n\r\n`),
    piece: 1,
  },
  'SSE with CR': sse((message) => `event: message\rdata: ${message.toString()}\r\r`),
  'SSE without a space': sse((message) => `data:${message.toString()}\n\n`),
  'SSE without an event name': sse((message) => `data: ${message.toString()}\n\n`),
  'SSE with a BOM': sse((message) => `\uFEFFdata: ${message.toString()}\n\n`),
  'SSE over several data lines': sse((message) => `data: ${overLines(message)}\n\n`),
  'SSE with comments and ids': sse(
    (message) =>
      `: hello\n\n:\n\nid: 7\nretry: 10\nevent: message\n: in between\ndata: ${message.toString()}\nid: 8\n\n: bye\n\n`,
  ),
  'SSE with a priming event': sse(
    (message) => `id: 1\ndata: \n\nid: 2\nevent: message\ndata: ${message.toString()}\n\n`,
  ),
  'SSE with unknown fields': sse((message) => `foo: bar\nnocolon\nevent: message\ndata: ${message.toString()}\n\n`),
}

/** Whole messages whose envelope is odd. */
export const ENVELOPES: Readonly<Record<string, (id: string, result: string) => string>> = {
  'result before id': (id, result) => `{"result":${result},"id":${id},"jsonrpc":"2.0"}`,
  'id before jsonrpc': (id, result) => `{"id":${id},"jsonrpc":"2.0","result":${result}}`,
  'unknown envelope members': (id, result) =>
    `{"x-a":{"id":1},"jsonrpc":"2.0","id":${id},"x-b":[9007199254740993],"result":${result},"x-c":null}`,
  'escaped keys': (id, result) => `{"jsonrpc":"2.0","\\u0069d":${id},"r\\u0065sult":${result}}`,
  'pretty-printed': (id, result) => `{\r\n  "jsonrpc" : "2.0",\r\n\t"id" : ${id},\r\n  "result" : ${result}\r\n}\r\n`,
}

export const ODD_RESULT = ODD_TEXT

/** Errors of the upstream's own, whose data is odd. */
export const ERRORS: Readonly<Record<string, string>> = {
  'error without data': '{"code":-32602,"message":"no"}',
  'error with odd data': `{"message":"ünï","data":{"n":9007199254740993,"e":1e400,"s":"\\ud800","_meta":{}},"code":-32602}`,
  'error of its own': '{"code":4711,"message":"","x-more":[{}],"data":null}',
  'internal error': '{"code":-32603,"message":"inside","data":[-0,1.0]}',
}
