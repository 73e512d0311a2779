import { isObject } from '#/lib/is-object.ts'
import { checkedArguments } from './arguments.ts'
import type { Notebook } from './notebook.ts'
import { getPrompt, listPrompts, promptValues } from './prompts.ts'
import { listResources, readResource, RESOURCE_TEMPLATES } from './resources.ts'
import { INVALID_PARAMS, MODERN, negotiated, RpcError, type Id } from './rpc.ts'
import { ToolFault, type Json, type Tool, type ToolAnswer } from './tool.ts'

export interface Things {
  readonly version: string
  readonly notebook: Notebook
  readonly tools: ReadonlyMap<string, Tool>
}

export interface Request {
  readonly id: Id
  readonly method: string
  readonly params: Json
  readonly meta: Json
  readonly modern: boolean
  readonly signal: AbortSignal
  readonly notify: (name: string, params: Json) => void
}

interface Method {
  /** Unless both know it. */
  readonly era?: 'legacy' | 'modern'
  run(request: Request, things: Things): Json | Promise<Json>
}

const INSTRUCTIONS =
  'An example server to try things with: times, units, texts, pictures, a notebook, and a countdown that takes a while.'
const CAPABILITIES = {
  tools: {},
  resources: { listChanged: true },
  prompts: {},
  completions: {},
  logging: {},
}

/** Every method that is answered. */
export const METHODS: Readonly<Record<string, Method>> = {
  initialize: {
    era: 'legacy',
    run: ({ params }, { version }) => ({
      protocolVersion: negotiated(params['protocolVersion']),
      capabilities: CAPABILITIES,
      serverInfo: about(version),
      instructions: INSTRUCTIONS,
    }),
  },
  ping: { era: 'legacy', run: () => ({}) },
  'logging/setLevel': { era: 'legacy', run: () => ({}) },
  'server/discover': {
    era: 'modern',
    run: (request, things) =>
      cacheable(request, things, {
        supportedVersions: [MODERN],
        capabilities: CAPABILITIES,
        instructions: INSTRUCTIONS,
      }),
  },
  'tools/list': {
    run: (request, things) => cacheable(request, things, { tools: [...things.tools.values()].map(shown) }),
  },
  'tools/call': { run: callTool },
  'resources/list': {
    run: (request, things) => cacheable(request, things, { resources: listResources(things.notebook) }),
  },
  'resources/templates/list': {
    run: (request, things) => cacheable(request, things, { resourceTemplates: RESOURCE_TEMPLATES }),
  },
  'resources/read': {
    run(request, things) {
      const uri = String(request.params['uri'])
      const contents = readResource(uri, things.notebook)
      if (contents === undefined)
        throw new RpcError(request.modern ? INVALID_PARAMS : RESOURCE_NOT_FOUND, 'Resource not found', { uri })
      return cacheable(request, things, { contents: [contents] })
    },
  },
  'prompts/list': { run: (request, things) => cacheable(request, things, { prompts: listPrompts() }) },
  'prompts/get': {
    run(request, things) {
      const { params } = request
      const prompt = getPrompt(String(params['name']), objectIn(params, 'arguments'), things.notebook)
      if (typeof prompt === 'string') throw new RpcError(INVALID_PARAMS, prompt)
      return whole(request, things, prompt)
    },
  },
  'completion/complete': {
    run: (request, things) => whole(request, things, { completion: completed(request.params, things) }),
  },
}

const RESOURCE_NOT_FOUND = -32_002

const about = (version: string): Json => ({ name: 'causeway-example', title: 'Causeway example server', version })

const shown = ({ run: _run, ...tool }: Tool): Json => tool

const objectIn = (params: Json, key: string): Json => (isObject(params[key]) ? params[key] : {})

async function callTool(request: Request, things: Things): Promise<Json> {
  const { params, signal } = request
  const tool = things.tools.get(String(params['name']))
  if (tool === undefined) throw new RpcError(INVALID_PARAMS, `there is no tool '${String(params['name'])}'`)
  try {
    const args = checkedArguments(tool.inputSchema, objectIn(params, 'arguments'))
    return whole(request, things, resultOf(await tool.run(args, { signal, ...told(request) })))
  } catch (cause) {
    if (!(cause instanceof ToolFault)) throw cause
    return whole(request, things, { content: [{ type: 'text', text: cause.message }], isError: true })
  }
}

function resultOf({ structured, text, content }: ToolAnswer): Json {
  const words = text ?? JSON.stringify(structured, null, 2)
  return { content: content ?? [{ type: 'text', text: words }], ...(structured && { structuredContent: structured }) }
}

/** How a running tool is heard: progress where it was asked for, logs of modern requests only where a level was named. */
function told({ meta, modern, notify }: Request) {
  const { progressToken } = meta
  const wantsLogs = !modern || meta['io.modelcontextprotocol/logLevel'] !== undefined
  return {
    progress(progress: number, total: number, message: string): void {
      if (progressToken !== undefined) notify('progress', { progressToken, progress, total, message })
    },
    log(level: string, data: Json): void {
      if (wantsLogs) notify('message', { level, logger: 'countdown', data })
    },
  }
}

const MOST_COMPLETIONS = 100

function completed(params: Json, { notebook }: Things): Json {
  const ref = objectIn(params, 'ref')
  const { name, value } = objectIn(params, 'argument')
  const known =
    ref['type'] === 'ref/prompt' ? promptValues(String(ref['name']), String(name)) : templateValues(ref, notebook)
  if (known === undefined) throw new RpcError(INVALID_PARAMS, 'there is no such prompt or resource template')
  const begun = typeof value === 'string' ? value.toLowerCase() : ''
  const fitting = known.filter((each) => each.toLowerCase().includes(begun))
  return {
    values: fitting.slice(0, MOST_COMPLETIONS),
    total: fitting.length,
    hasMore: fitting.length > MOST_COMPLETIONS,
  }
}

function templateValues({ uri }: Json, notebook: Notebook): readonly string[] | undefined {
  if (uri === 'example://notes/{id}') return notebook.all.map(({ id }) => String(id))
  return uri === 'example://times-tables/{number}' ? Array.from({ length: 20 }, (_, n) => String(n + 1)) : undefined
}

/** What a modern client may keep: nothing, for the notebook changes. */
function cacheable(request: Request, things: Things, result: Json): Json {
  return whole(request, things, request.modern ? { ...result, ttlMs: 0, cacheScope: 'private' } : result)
}

function whole({ modern }: Request, { version }: Things, result: Json): Json {
  if (!modern) return result
  return { ...result, resultType: 'complete', _meta: { 'io.modelcontextprotocol/serverInfo': about(version) } }
}
