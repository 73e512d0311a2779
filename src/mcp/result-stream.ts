import { OPEN_ARRAY, OPEN_OBJECT } from '#/lib/json-bytes.ts'
import { JsonFault } from '#/lib/json-fault.ts'
import type { JsonVisitor } from '#/lib/json-stream.ts'
import type { JsonWindow } from '#/lib/json-window.ts'
import { SERVER_INFO } from './meta-keys.ts'
import { OldContent } from './old-content.ts'
import type { RelayPlan } from './relay.ts'
import { resultRules, type MemberRule, type ResultRules } from './result-rules.ts'

/** What happens to the member whose value comes next. `wrapped` is a wrap that was needed. */
type Action = MemberRule | 'id' | 'version' | 'wrapped'

/** Members of one open object that we look into: how many were seen, how many written. */
interface Level {
  seen: number
  kept: number
}

const TOP = 1
const RESULT = 2
const META = 3

const COMMA = Buffer.from(',')
const WRAP_OPEN = Buffer.from('{"result":')
const WRAP_CLOSE = Buffer.from('}')
const INFO_KEY = Buffer.from(`"${SERVER_INFO}":`)
const META_OPEN = Buffer.from(`"_meta":{"${SERVER_INFO}":`)
const PRIVATE = Buffer.from('"private"')
const TRUE = 0x74

/** Rewrites one response while it is scanned: told of members by the scanner, it decides in the window what leaves. */
export class ResultStream implements JsonVisitor {
  readonly #plan: RelayPlan
  readonly #window: JsonWindow
  readonly #rules: ResultRules
  readonly #ourId: string
  readonly #levels: Level[] = []
  #action: Action = 'look'
  #valueAt = 0
  /** Takes over within a list of content that the client is too old for. */
  #content: OldContent | undefined
  /** Where bytes go that arrive before the next event. */
  #flow: 'copy' | 'skip' | 'hold' = 'hold'
  #idSeen = false
  #idWrong = false
  #versionSeen = false
  #metaSeen = false
  #serverInfoSeen = false

  /** What the first telling member of the top level said. */
  kind: 'unknown' | 'result' | 'error' | 'message' = 'unknown'
  /** The result has begun and is an object. */
  open = false
  /** Decoded, once it has passed. */
  resultType: string | undefined
  isError = false

  constructor(plan: RelayPlan, window: JsonWindow) {
    this.#plan = plan
    this.#window = window
    this.#rules = resultRules(plan)
    this.#ourId = String(plan.upstreamId)
  }

  /** Nothing may leave yet: it could still turn out that the client must not see it. */
  get mustHold(): boolean {
    return !this.open || (this.#rules.typeFirst && this.resultType === undefined)
  }

  /** The chunk has been scanned: decides the bytes after the last event. */
  settle(): void {
    const flow = this.#content?.flow(this.#window.open) ?? this.#flow
    if (flow === 'copy') this.#window.copyTo(this.#window.end)
    else if (flow === 'skip') this.#window.skipTo(this.#window.end)
  }

  /** Why the message, now whole, is not the answer to our request. */
  problem(): string | undefined {
    if (this.kind !== 'result') return 'the message has no method, no result and no error'
    if (!this.#versionSeen) return 'jsonrpc is missing'
    if (!this.#idSeen) return 'the answer has no id'
    return this.resultType === undefined && this.#rules.typeRequired ? 'the result has no resultType' : undefined
  }

  key(key: string, start: number): void {
    if (this.#content !== undefined) return this.#content.key(key, start)
    const level = this.#levels[this.#levels.length - 1]!
    this.#action = this.#ruleFor(key)
    const dropped = this.#action === 'drop' || this.#action === 'drop-type'
    if (dropped || (level.kept === 0 && level.seen > 0)) this.#window.skipTo(start)
    else this.#window.copyTo(start)
    level.seen++
    if (!dropped) level.kept++
    this.#flow = dropped ? 'skip' : 'copy'
  }

  #ruleFor(key: string): Action {
    if (this.#levels.length === TOP) return this.#topRule(key)
    if (this.#levels.length === META) {
      if (key === SERVER_INFO) this.#serverInfoSeen = true
      return key === SERVER_INFO && this.#rules.dropServerInfo ? 'drop' : 'copy'
    }
    if (key === '_meta') this.#metaSeen = true
    return this.#rules.members.get(key) ?? 'copy'
  }

  #topRule(key: string): Action {
    if (key === 'id') return 'id'
    if (key === 'jsonrpc') return 'version'
    if (key !== 'result' && key !== 'error' && key !== 'method') return 'copy'
    if (this.kind === 'result' || (this.kind !== 'unknown' && key === 'result')) {
      throw invalid('a message is a result, an error or a request, not two of them', this.#valueAt)
    }
    if (key === 'result' && this.#idWrong) throw invalid('the answer has another id', this.#valueAt)
    if (this.kind === 'unknown') this.kind = key === 'method' ? 'message' : key
    return key === 'result' ? 'look' : 'copy'
  }

  value(at: number, first: number): boolean {
    if (this.#content !== undefined) return this.#content.value(at, first)
    this.#valueAt = at
    if (this.#action === 'look') return this.#look(at, first)
    if (this.#action === 'items' || this.#action === 'messages') return this.#lookAtContent(at, first)
    if (this.#action === 'wrap') this.#beginWrap(at, first)
    else if (this.#action === 'flag') this.isError = first === TRUE
    else if (this.#action === 'id' || this.#action === 'version' || this.#action === 'type') {
      this.#window.copyTo(at)
      this.#flow = 'hold'
    } else if (this.#action === 'drop-type') {
      this.#window.skipTo(at)
      this.#flow = 'hold'
    } else if (this.#action === 'private') {
      this.#window.copyTo(at)
      this.#flow = 'skip'
    }
    return false
  }

  #look(at: number, first: number): boolean {
    if (first !== OPEN_OBJECT) {
      if (this.#levels.length === 0) throw invalid('the message is not a single JSON-RPC object', at)
      if (this.#levels.length === TOP) throw invalid('the result is not an object', at)
      return false
    }
    if (this.#levels.length === TOP) this.open = true
    this.#levels.push({ seen: 0, kept: 0 })
    this.#window.copyTo(at + 1)
    this.#flow = 'hold'
    return true
  }

  #lookAtContent(at: number, first: number): boolean {
    if (first !== OPEN_ARRAY) return false
    const listOf = this.#action === 'items' ? 'item' : 'message'
    this.#content = new OldContent(this.#window, this.#plan.clientRevision, listOf)
    this.#window.copyTo(at)
    return true
  }

  #beginWrap(at: number, first: number): void {
    if (first === OPEN_OBJECT) return
    this.#window.copyTo(at)
    this.#window.emit(WRAP_OPEN)
    this.#action = 'wrapped'
  }

  valueEnd(end: number): void {
    if (this.#content !== undefined) return this.#content.valueEnd(end)
    const level = this.#levels.length
    switch (this.#action) {
      case 'drop':
        this.#window.skipTo(end)
        break
      case 'private':
        this.#window.skipTo(end)
        this.#window.emit(PRIVATE)
        break
      case 'wrapped':
        this.#window.copyTo(end)
        this.#window.emit(WRAP_CLOSE)
        break
      case 'id':
      case 'version':
      case 'type':
      case 'drop-type':
        this.#read(this.#action, end)
        break
      default:
        this.#window.copyTo(end)
    }
    this.#flow = level === 0 ? 'copy' : 'hold'
  }

  #read(what: 'id' | 'version' | 'type' | 'drop-type', end: number): void {
    if (what === 'id') {
      this.#idSeen = true
      this.#idWrong = !this.#window.holds(this.#valueAt, end, this.#ourId)
      if (this.#idWrong && this.kind === 'result') throw invalid('the answer has another id', end)
      this.#window.skipTo(end)
      this.#window.emit(this.#plan.clientId)
      return
    }
    const value = this.#window.text(this.#valueAt, end)
    if (what === 'version') {
      if (value !== '2.0') throw invalid('jsonrpc is not "2.0"', end)
      this.#versionSeen = true
    } else {
      if (value === undefined) throw invalid('resultType is not a string', end)
      if (this.#rules.onlyComplete && value !== 'complete' && value !== 'input_required') {
        throw invalid('the result is of a type that this client cannot know', end)
      }
      this.resultType = value
    }
    if (what === 'drop-type') this.#window.skipTo(end)
    else this.#window.copyTo(end)
  }

  close(at: number): void {
    if (this.#content !== undefined) {
      this.#content.close(at)
      if (this.#content.done) this.#content = undefined
      return
    }
    const level = this.#levels.length
    const info = this.#rules.addServerInfo && !this.#serverInfoSeen ? this.#plan.serverInfo : undefined
    if (level === META && info !== undefined) {
      this.#separate()
      this.#window.emit(INFO_KEY)
      this.#window.emit(info)
    }
    if (level === RESULT) this.#appendMembers(info)
    this.#levels.pop()
    // The object was itself a member: what ends next is a value that was looked into.
    this.#action = 'look'
  }

  #appendMembers(info: Buffer | undefined): void {
    for (const member of this.#rules.append) {
      this.#separate()
      this.#window.emit(member)
    }
    if (this.#metaSeen || info === undefined) return
    this.#separate()
    this.#window.emit(META_OPEN)
    this.#window.emit(info)
    this.#window.emit(WRAP_CLOSE)
  }

  /** One more member is to be written into the innermost object. */
  #separate(): void {
    const level = this.#levels[this.#levels.length - 1]!
    if (level.kept > 0) this.#window.emit(COMMA)
    level.kept++
  }
}

function invalid(why: string, at: number): JsonFault {
  return new JsonFault('malformed', why, { at })
}
