import { parseArgs } from 'node:util'
import { crossTalk } from '../test/support/cross-talk.ts'
import { crossTalkSite } from '../test/support/cross-talk-site.ts'

const HELP = `npm run cross-talk -- [options]

200 users call at once, all with the same JSON-RPC id and over connections that they share, through /rpc and both eras of
/mcp, to servers of both eras; some give up while their call is under way. Every call carries a canary that only its own
answer may hold. Starts and stops everything itself, on loopback. The exit code is 1 if an answer was somebody else's.

  --replies N   how many answers (default 1,000,000; CI takes 100,000)
  --users N     how many users (default 200)`

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h' },
    replies: { type: 'string', default: '1000000' },
    users: { type: 'string', default: '200' },
  },
})

if (values.help === true) console.log(HELP)
else {
  await using site = await crossTalkSite(Number(values.users))
  const { tokens, tools, gateway } = site
  const began = performance.now()
  let saidAt = 0
  const progress = (replies: number): void => {
    if (performance.now() - saidAt < 5_000) return
    saidAt = performance.now()
    console.error(
      `${((saidAt - began) / 1000).toFixed(0)} s: ${replies.toLocaleString('en')} of ${Number(values.replies).toLocaleString('en')} answers`,
    )
  }
  const found = await crossTalk({ url: gateway.url, tokens, tools, replies: Number(values.replies), progress })
  console.log(JSON.stringify({ ...found, rate: Math.round(found.replies / found.seconds) }, null, 2))
  if (found.foreign.length > 0 || found.failed.length > 0) process.exitCode = 1
}
