/** Half-open byte range [start, end) within a message. */
export interface Range {
  readonly start: number
  readonly end: number
}

/** One member of an object that we interpret, by where its parts lie. `key` is decoded; `member` spans key and value. */
export interface Member {
  readonly key: string
  readonly member: Range
  readonly value: Range
}

/** A client's message as it came: the bytes, and where the parts that we interpret lie in them. Nothing else is looked at. */
export interface Frame {
  readonly bytes: Buffer
  readonly kind: 'request' | 'notification' | 'response'
  /** Empty for a response. */
  readonly method: string
  /** Raw JSON of the id, quotes included; undefined without one. */
  readonly id: Range | undefined
  /** The params object, braces included. */
  readonly params: Range | undefined
  /** Members of params, in order; empty without params. */
  readonly members: readonly Member[]
  /** Members of params._meta, in order; undefined without _meta. */
  readonly meta: readonly Member[] | undefined
  /** params.name or params.uri, decoded, where it is a string. */
  readonly name: string | undefined
  readonly uri: string | undefined
}
