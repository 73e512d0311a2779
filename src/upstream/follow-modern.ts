import { listenRequest } from '#/mcp/upstream-requests.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { MODERN_REVISION } from '#/mcp/revision.ts'
import { NoStream, readStream } from './event-stream.ts'
import type { ChangeStream, Following, StreamOutcome } from './follow.ts'
import { nextUpstreamId } from './ids.ts'
import { ownHeaders } from './initialize.ts'
import { changedList } from './list-changes.ts'
import { type Json, parseMessage, rpcError } from './messages.ts'
import { createSession } from './session.ts'

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged'
/** One `subscriptions/listen`, from its acknowledgement to its result. */
async function listen(following: Following): Promise<StreamOutcome> {
  const { wire, signal, silenceMs } = following
  const id = nextUpstreamId()
  const headers = ownHeaders(wire, createSession(MODERN_REVISION, null), 'subscriptions/listen')
  let refused: Json | undefined
  let acknowledged = false
  const message = (said: Json): void => {
    if (rpcError(said) !== undefined) refused = said
    if (said['method'] === ACKNOWLEDGED) {
      acknowledged = true
      following.opened()
    }
    const what = changedList(said)
    if (acknowledged && what !== undefined) following.changed(what)
  }
  try {
    const body = listenRequest(id, wire.context.us)
    await readStream(wire, { method: 'POST', headers, body, signal, silenceMs, opened: () => {}, message })
  } catch (cause) {
    if (!(cause instanceof NoStream)) throw cause
    refused = parseMessage(cause.body)
    if (rpcError(refused) === undefined) throw cause
  }
  if (isUnknown(refused)) return 'not offered'
  if (refused !== undefined) throw new GatewayError('upstream_busy', 'the server refused the subscription')
  return 'ended'
}

const METHOD_NOT_FOUND = -32601

function isUnknown(message: Json | undefined): boolean {
  return rpcError(message)?.code === METHOD_NOT_FOUND
}

export const MODERN_STREAM: ChangeStream = { connect: listen, leave: () => {} }
