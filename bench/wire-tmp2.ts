import { createAnswerRelay } from '#/mcp/answer-relay.ts'
const plan = (c: string, u: string) =>
  ({
    method: 'tools/call',
    clientRevision: c,
    upstreamRevision: u,
    clientId: Buffer.from('"abc"'),
    upstreamId: 7,
    progressToken: undefined,
    logLevel: undefined,
    serverInfo: Buffer.from('{"name":"s","version":"1"}'),
  }) as never
const run = (b: Buffer, c: string, u: string, step = 1e9) => {
  const o: string[] = []
  const log: string[] = []
  const r = createAnswerRelay(plan(c, u), {
    answer: (x) => {
      o.push(x.toString())
    },
    answered: (x) => log.push(JSON.stringify(x)),
    notification: (x) => log.push('N ' + x),
    needsInput: (f) => log.push('NI ' + f?.method),
    invalid: (w) => log.push('BAD ' + w),
  })
  for (let i = 0; i < b.length; i += step) r.push(b.subarray(i, i + step))
  r.endMessage()
  return o.join('') + ' | ' + log.join(';')
}
const L = '2025-11-25',
  M = '2026-07-28'
const msgs = [
  '{"result":{"content":[{"type":"text","text":"hi"}],"isError":true},"jsonrpc":"2.0","id":7}',
  ' { "jsonrpc" : "2.0" , "id" : 7 , "result" : { } } ',
  '{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete","structuredContent":[1,2],"_meta":{"io.modelcontextprotocol/serverInfo":{},"x":1}}}',
  '{"jsonrpc":"2.0","id":7,"result":{"resultType":"input_required"}}',
  '{"jsonrpc":"2.0","id":7,"error":{"code":-32002,"message":"x","data":[1]}}',
  '{"jsonrpc":"2.0","id":8,"result":{}}',
  '[]',
  '{"jsonrpc":"2.0","method":"ping","id":3}',
  '{"jsonrpc":"2.0","id":7,"result":{"a":1,"A":2}}',
]
for (const m of msgs)
  for (const [c, u] of [
    [L, L],
    [M, L],
    [L, M],
    [M, M],
  ] as const) {
    const a = run(Buffer.from(m), c, u)
    console.log(c === M ? 'M' : 'L', u === M ? 'M' : 'L', a)
    for (let s = 1; s < 5; s++)
      if (run(Buffer.from(m), c, u, s) !== a) console.log('DIFF', s, run(Buffer.from(m), c, u, s))
  }
const ans = Buffer.from(msgs[0]!)
for (const [c, u] of [
  [L, L],
  [M, L],
] as const)
  for (let r = 0; r < 4; r++) {
    const p = plan(c, u)
    const out = {
      answer() {},
      answered() {},
      notification() {},
      needsInput() {},
      invalid() {
        throw new Error()
      },
    }
    const t = process.hrtime.bigint()
    for (let i = 0; i < 200000; i++) {
      const s = createAnswerRelay(p, out)
      s.push(ans)
      s.endMessage()
    }
    console.log(c, u, 'relay us', Number(process.hrtime.bigint() - t) / 1e3 / 200000)
  }
