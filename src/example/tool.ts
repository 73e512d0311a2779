/** Parsed JSON of an object. */
export type Json = Readonly<Record<string, unknown>>

/** What a tool can do besides returning: it may be told to stop, and it may say how far it is. */
export interface ToolScope {
  readonly signal: AbortSignal
  progress(done: number, total: number, message: string): void
  log(level: 'info' | 'warning', data: Json): void
}

/** Shown to the model as text; `structured` is the same for programs, as outputSchema describes it. */
export interface ToolAnswer {
  readonly structured?: Json
  readonly text?: string
  readonly content?: readonly Json[]
}

export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: ObjectSchema
  readonly outputSchema?: ObjectSchema
  readonly annotations: Json
  run(args: Json, scope: ToolScope): ToolAnswer | Promise<ToolAnswer>
}

/** The part of JSON Schema that our own tools need: flat arguments. */
export interface ObjectSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, Property>>
  readonly required?: readonly string[]
  readonly additionalProperties?: false
}

export interface Property {
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object'
  readonly description?: string
  readonly enum?: readonly string[]
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly items?: Property
  readonly properties?: Readonly<Record<string, Property>>
  readonly required?: readonly string[]
}

/** A mistake in what was asked: told to the model, which can correct it. */
export class ToolFault extends Error {
  override readonly name = 'ToolFault'
}

export const READ_ONLY: Json = { readOnlyHint: true, idempotentHint: true, openWorldHint: false }
