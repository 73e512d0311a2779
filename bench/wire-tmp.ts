import { readFrame } from '#/mcp/read-frame.ts'
import { JsonStream } from '#/lib/json-stream.ts'
const call = Buffer.from(
  JSON.stringify({
    jsonrpc: '2.0',
    id: 17,
    method: 'tools/call',
    params: {
      name: 'get_weather',
      arguments: { location: 'Seattle, WA', units: 'metric', days: 5, detail: true },
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1.0.0' },
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  }),
)
console.log(call.length)
for (let r = 0; r < 5; r++) {
  const t = process.hrtime.bigint()
  for (let i = 0; i < 200000; i++) readFrame(call)
  console.log('frame us', Number(process.hrtime.bigint() - t) / 1e3 / 200000)
}
for (let r = 0; r < 5; r++) {
  const t = process.hrtime.bigint()
  for (let i = 0; i < 200000; i++) JSON.parse(call.toString())
  console.log('JSON.parse us', Number(process.hrtime.bigint() - t) / 1e3 / 200000)
}
const v = {
  key() {},
  value() {
    return true
  },
  valueEnd() {},
  close() {},
}
for (let r = 0; r < 5; r++) {
  const t = process.hrtime.bigint()
  for (let i = 0; i < 200000; i++) {
    const s = new JsonStream(v)
    s.push(call)
    s.end()
  }
  console.log('stream us', Number(process.hrtime.bigint() - t) / 1e3 / 200000)
}
const big = Buffer.from(
  JSON.stringify({ result: { content: [{ type: 'text', text: 'lorem ipsum dolor, '.repeat(260000) }] } }),
)
for (let r = 0; r < 5; r++) {
  const t = process.hrtime.bigint()
  const s = new JsonStream(v)
  for (let i = 0; i < big.length; i += 65536) s.push(big.subarray(i, i + 65536))
  s.end()
  console.log('big ms', big.length, Number(process.hrtime.bigint() - t) / 1e6)
}
