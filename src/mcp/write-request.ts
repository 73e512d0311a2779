import { CLOSE_OBJECT } from '#/lib/json-bytes.ts'
import { Rewrite } from '#/lib/json-rewrite.ts'
import type { Pieces } from '#/lib/pieces.ts'
import type { Frame } from './frame.ts'
import { changesMeta, writeMeta, type MetaPlan } from './meta-write.ts'

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
  const { id, params, bytes } = plan.frame
  const out = new Rewrite(bytes)
  const idLast = params !== undefined && (id === undefined || id.start > params.start)
  if (!idLast) writeId(out, plan)
  const changes = changesOf(plan)
  if (params !== undefined) changeParams(out, plan, changes)
  else if (changes.length > 0) {
    const pieces = out.insert(endOf(bytes))
    pieces.ascii(',"params":{')
    writeMembers(pieces, plan, changes)
    pieces.ascii('}')
  }
  if (idLast) writeId(out, plan)
  return out.join()
}

function writeId(out: Rewrite, { frame, upstreamId }: RequestPlan): void {
  if (frame.id === undefined) out.insert(endOf(frame.bytes)).ascii(`,"id":${String(upstreamId)}`)
  else out.replace(frame.id).ascii(String(upstreamId))
}

/** Which members of params get another value; in the order in which those that are missing are added. */
function changesOf(plan: RequestPlan): string[] {
  const keys = plan.replace === undefined ? [] : Object.keys(plan.replace)
  if (plan.name !== undefined && !keys.includes('name')) keys.push('name')
  if (changesMeta(plan.frame, plan)) keys.push('_meta')
  return keys
}

/** New members go first in params. */
function changeParams(out: Rewrite, plan: RequestPlan, changes: readonly string[]): void {
  const { members, params } = plan.frame
  const missing = changes.filter((key) => !members.some((member) => member.key === key))
  if (missing.length > 0) {
    const pieces = out.insert(params!.start + 1)
    writeMembers(pieces, plan, missing)
    if (members.length > 0) pieces.ascii(',')
  }
  for (const member of members) {
    if (changes.includes(member.key)) writeValue(out.replace(member.value), plan, member.key)
  }
}

function writeMembers(pieces: Pieces, plan: RequestPlan, keys: readonly string[]): void {
  let separator = ''
  for (const key of keys) {
    pieces.ascii(separator)
    pieces.text(`${JSON.stringify(key)}:`)
    writeValue(pieces, plan, key)
    separator = ','
  }
}

function writeValue(pieces: Pieces, plan: RequestPlan, key: string): void {
  if (key === '_meta') writeMeta(pieces, plan.frame, plan)
  else if (key === 'name' && plan.name !== undefined) pieces.text(JSON.stringify(plan.name))
  else pieces.add(plan.replace![key]!)
}

/** Where more members can be added to the message, which is never empty. */
function endOf(bytes: Buffer): number {
  return bytes.lastIndexOf(CLOSE_OBJECT)
}
