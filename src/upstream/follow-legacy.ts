import { answerToServer } from '#/mcp/upstream-requests.ts'
import { NoStream, readStream } from './event-stream.ts'
import type { ChangeStream, Following, StreamOutcome } from './follow.ts'
import { endSession, initialize, notify, type Wire } from './initialize.ts'
import { changedList } from './list-changes.ts'
import type { Json } from './messages.ts'
import { isSessionFault } from './refusals.ts'
import type { Session } from './session.ts'

/** The GET stream of a session, which is kept from one connection to the next: one of its own, unless there is one that needs no opening. */
export function legacyStream(given?: Session): ChangeStream {
  let session = given
  return {
    async connect(following) {
      session ??= (await initialize(following.wire)).session
      const outcome = await connect(following, session)
      if (outcome !== 'session lost') return outcome
      session = undefined
      throw new Error('the session is lost')
    },
    leave(wire: Wire) {
      if (session !== undefined) endSession(wire, session)
    },
  }
}

async function connect(following: Following, session: Session): Promise<StreamOutcome | 'session lost'> {
  try {
    await read(following, session)
    return 'ended'
  } catch (cause) {
    if (!(cause instanceof NoStream)) throw cause
    const { status } = cause.answer
    if (session.id !== null && isSessionFault(session, status, cause.body)) return 'session lost'
    if (status >= 500 || status === 429) throw cause
    return 'not offered'
  }
}

async function read(following: Following, session: Session): Promise<void> {
  const { wire, signal, silenceMs, opened } = following
  const headers = ['accept', 'text/event-stream', 'mcp-protocol-version', session.revision]
  if (session.id !== null) headers.push('mcp-session-id', session.id)
  for (const [name, value] of Object.entries(wire.credentials)) headers.push(name, value)
  const message = (said: Json): void => {
    const what = changedList(said)
    if (what !== undefined) following.changed(what)
    else if (said['id'] !== undefined && typeof said['method'] === 'string')
      notify(wire, session, answerToServer(JSON.stringify(said['id']), said['method'])).catch(() => {})
  }
  await readStream(wire, { method: 'GET', headers, body: null, signal, silenceMs, opened, message })
}
