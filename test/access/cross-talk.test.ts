import { expect, test } from 'vitest'
import { crossTalk } from '../support/cross-talk.ts'
import { crossTalkSite } from '../support/cross-talk-site.ts'

const USERS = 200
const REPLIES = 100_000

test('nobody is answered with what is somebody else’s', async () => {
  await using site = await crossTalkSite(USERS)
  const { tokens, tools, gateway } = site
  const { replies, aborted, foreign, failed, seconds } = await crossTalk({
    url: gateway.url,
    tokens,
    tools,
    replies: REPLIES,
  })
  console.log(
    `${replies} replies to ${USERS} users in ${seconds.toFixed(0)} s, ${aborted} calls given up, ${foreign.length} foreign`,
  )
  expect(foreign).toEqual([])
  expect(failed).toEqual([])
  expect(replies).toBeGreaterThanOrEqual(REPLIES)
  expect(aborted).toBeGreaterThan(REPLIES / 100)
}, 900_000)
