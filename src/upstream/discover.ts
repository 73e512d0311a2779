import type { DiscoverOptions, Discoverer, Discovery } from '#/gateways/discovery.ts'
import type { ListKind } from '#/catalog/snapshot.ts'
import { Bulkhead, BulkheadRefusal } from '#/lib/bulkhead.ts'
import { GatewayError } from '#/errors/gateway-error.ts'
import { SERVER_INFO } from '#/mcp/meta-keys.ts'
import { type Candidates, candidatesFor, detect, type Detected } from './detect.ts'
import { endSession } from './initialize.ts'
import { readList } from './lists.ts'
import { isObject, parseMessage } from './messages.ts'
import type { UpstreamContext } from './options.ts'
import { createProber } from './probe.ts'
import { rawAt } from './raw-items.ts'

/** Discoveries and probes of one process, apart from every call. */
const PLACES = { limit: 1024, waiting: 10_000, maxWaitMs: 60_000 }

/** Finds out what a server is and offers. Every discovery has connections and a session of its own. */
export function createDiscoverer(context: UpstreamContext): Discoverer & Disposable {
  const places = new Bulkhead(PLACES, context.deadlines)
  const prober = createProber(context)
  return {
    async discover(target, options) {
      using _place = await place(places, options.signal)
      using candidates = candidatesFor(target, { context, signal: options.signal })
      return await discover(candidates, options)
    },
    async probe(target, known, signal) {
      using _place = await place(places, signal)
      return await prober.probe(target, known, signal)
    },
    [Symbol.dispose]: () => prober[Symbol.dispose](),
  }
}

async function discover(candidates: Candidates, options: DiscoverOptions): Promise<Discovery> {
  options.progress?.('connecting')
  const found = await detect(candidates)
  try {
    options.progress?.(`speaks ${found.revision}`)
    return await describe(found, options)
  } finally {
    endSession(found.wire, found.session)
  }
}

async function describe(found: Detected, options: DiscoverOptions): Promise<Discovery> {
  const message = parseMessage(found.message)
  const result = isObject(message?.['result']) ? message['result'] : {}
  const capabilities = isObject(result['capabilities']) ? result['capabilities'] : {}
  return {
    era: found.era,
    revision: found.revision,
    transport: found.transport,
    evidence: found.evidence,
    stateful: found.session.id !== null,
    capabilities: rawAt(found.message, ['result', 'capabilities']) ?? '{}',
    serverInfo: rawAt(found.message, ['result', ...(found.era === 'legacy' ? ['serverInfo'] : ['_meta', SERVER_INFO])]),
    instructions: typeof result['instructions'] === 'string' ? result['instructions'] : null,
    ...(await readLists(found, capabilities, options)),
  }
}

type Lists = Pick<Discovery, 'tools' | 'prompts' | 'resources' | 'templates' | 'problems'>

/** The tools, which are most of what there is to say, and beside them the other lists one after the other. */
async function readLists(
  { wire, session }: Detected,
  capabilities: Readonly<Record<string, unknown>>,
  { progress }: DiscoverOptions,
): Promise<Lists> {
  const list = async (kind: ListKind, capability: string) => {
    const problems: string[] = []
    if (!isObject(capabilities[capability])) return { items: [], problems }
    progress?.(`reading ${kind}`)
    return { items: await readList(kind, { wire, session, problems }), problems }
  }
  const others = async () =>
    [
      await list('prompts', 'prompts'),
      await list('resources', 'resources'),
      await list('resourceTemplates', 'resources'),
    ] as const
  const [tools, [prompts, resources, templates]] = await Promise.all([list('tools', 'tools'), others()])
  return {
    tools: tools.items,
    prompts: prompts.items,
    resources: resources.items,
    templates: templates.items,
    problems: [tools, prompts, resources, templates].flatMap(({ problems }) => problems),
  }
}

async function place(places: Bulkhead, signal: AbortSignal): Promise<Disposable> {
  try {
    return await places.take(signal)
  } catch (cause) {
    if (!(cause instanceof BulkheadRefusal)) throw cause
    throw new GatewayError('upstream_busy', 'too many servers are being looked at; try again soon', { retryAfter: 5 })
  }
}
