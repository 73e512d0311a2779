import { CLOSE_OBJECT } from '#/lib/json-bytes.ts'
import { splice, type Edit } from '#/lib/json-splice.ts'
import type { Frame } from './frame.ts'
import { writeMeta, type MetaPlan } from './meta-write.ts'

/** How a client's request becomes the one that we send upstream. */
export interface RequestPlan extends MetaPlan {
  readonly frame: Frame
  /** What the upstream calls the tool or prompt; undefined keeps the client's name. */
  readonly name?: string | undefined
  /** Raw JSON for other members of params, by key. */
  readonly replace?: Readonly<Record<string, Buffer>> | undefined
}

/**
 * The bytes for the upstream: id and progress token are ours, the name is the upstream's, `_meta` is of the upstream's era.
 * Every other byte is the client's.
 */
export function writeRequest(plan: RequestPlan): Buffer {
  const { frame } = plan
  const edits: Edit[] = []
  const id = Buffer.from(String(plan.upstreamId))
  if (frame.id === undefined) edits.push(appended(frame, Buffer.concat([Buffer.from(',"id":'), id])))
  else edits.push({ ...frame.id, bytes: id })
  const added = replacements(plan, edits)
  const meta = writeMeta(frame, plan)
  if (meta !== undefined) {
    const old = frame.members.find((member) => member.key === '_meta')
    if (old === undefined) added.push(Buffer.concat([Buffer.from('"_meta":'), meta]))
    else edits.push({ ...old.value, bytes: meta })
  }
  if (added.length > 0) edits.push(addParams(frame, added))
  edits.sort((a, b) => a.start - b.start)
  return splice(frame.bytes, edits)
}

/** Edits members of params that are there; returns those that must be added. */
function replacements(plan: RequestPlan, edits: Edit[]): Buffer[] {
  const wanted = new Map<string, Buffer>(Object.entries(plan.replace ?? {}))
  if (plan.name !== undefined) wanted.set('name', Buffer.from(JSON.stringify(plan.name)))
  if (wanted.size === 0) return []
  for (const member of plan.frame.members) {
    const bytes = wanted.get(member.key)
    if (bytes === undefined) continue
    edits.push({ ...member.value, bytes })
    wanted.delete(member.key)
  }
  return [...wanted].map(([key, bytes]) => Buffer.concat([Buffer.from(`${JSON.stringify(key)}:`), bytes]))
}

/** New members go first in params; without params there will be some. */
function addParams(frame: Frame, members: readonly Buffer[]): Edit {
  const listed = members.flatMap((member, index) => (index === 0 ? [member] : [COMMA, member]))
  if (frame.params === undefined) return appended(frame, Buffer.concat([Buffer.from(',"params":{'), ...listed, CLOSE]))
  const at = frame.params.start + 1
  const tail = frame.members.length > 0 ? [COMMA] : []
  return { start: at, end: at, bytes: Buffer.concat([...listed, ...tail]) }
}

/** An edit that adds to the end of the message, which is never empty. */
function appended(frame: Frame, bytes: Buffer): Edit {
  const at = frame.bytes.lastIndexOf(CLOSE_OBJECT)
  return { start: at, end: at, bytes }
}

const COMMA = Buffer.from(',')
const CLOSE = Buffer.from('}')
