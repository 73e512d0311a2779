import { exactJson } from '#/lib/exact-json.ts'

/** What a server says of a tool, as far as it is shown. */
export interface ToolDefinition {
  readonly name?: unknown
  readonly title?: unknown
  readonly description?: unknown
  readonly inputSchema?: unknown
  readonly outputSchema?: unknown
  readonly annotations?: { readonly title?: unknown } | null
  readonly _meta?: unknown
}

const ANYTHING = { type: 'object', properties: {} }

export interface Defined {
  readonly title?: string | null | undefined
  readonly description?: string | null | undefined
  readonly inputSchema?: unknown
  readonly outputSchema?: unknown
  readonly annotations?: unknown
}

/** The definition of a tool that is declared here, as a server would give it: what is said replaces what was said before. */
export function defineTool(name: string, said: Defined, before = '{}'): string {
  const was = exactJson(before) as ToolDefinition
  const of = <T>(given: T | null | undefined, old: T): T | null => (given === undefined ? old : given)
  const definition = {
    name,
    title: of<unknown>(said.title, was.title),
    description: of<unknown>(said.description, was.description),
    inputSchema: of<unknown>(said.inputSchema, was.inputSchema) ?? ANYTHING,
    outputSchema: of<unknown>(said.outputSchema, was.outputSchema),
    annotations: of<unknown>(said.annotations, was.annotations),
  }
  const present = Object.entries(definition).filter(([, value]) => value !== undefined && value !== null)
  return JSON.stringify(Object.fromEntries(present))
}
