import type { Entity, Rest } from './rest.ts'

/** So many administrative requests at a time. */
const AT_ONCE = 8
const TOLD_EVERY = 1000

export interface MakeTokens {
  readonly count: number
  /** Begins the name of each. */
  readonly name: string
  readonly say: (text: string) => void
  /** Told the id of each as it is made. */
  readonly made: (id: string) => void
}

/** One API token for each user; none where the gateway makes no tokens. */
export async function makeTokens(rest: Rest, { count, name, say, made }: MakeTokens): Promise<readonly string[]> {
  const texts: string[] = []
  const make = async (n: number): Promise<boolean> => {
    const { status, body } = await rest.send('POST', '/tokens', { name: `${name}-${n}`, expires_in_days: 1 })
    const { token, access_token: text } = body as { token?: Entity; access_token?: string }
    if (status >= 300 || typeof text !== 'string') {
      if (n > 0) throw new Error(`POST /tokens: ${status} ${JSON.stringify(body).slice(0, 300)}`)
      say(`it makes no tokens (POST /tokens: ${status}): all users share the one given`)
      return false
    }
    texts.push(text)
    made(String(token?.['id']))
    if (texts.length % TOLD_EVERY === 0) say(`${texts.length} of ${count} tokens`)
    return true
  }
  if (await make(0)) await inTurns(count - 1, (n) => make(n + 1))
  return texts
}

/** Does it for 0 … count − 1, some at a time. */
export async function inTurns(count: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await work(n)
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, count) }, worker))
}
