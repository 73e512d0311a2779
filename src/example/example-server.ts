import { isObject } from '#/lib/is-object.ts'
import { errorOf, INVALID_PARAMS, isModern, METHOD_NOT_FOUND, RpcError, type Id } from './rpc.ts'
import { METHODS, type Request, type Things } from './methods.ts'
import { Notebook, notebookTools } from './notebook.ts'
import { barChart } from './bar-chart.ts'
import { convertUnits } from './convert-units.ts'
import { countdown } from './countdown.ts'
import { textStatistics } from './text-statistics.ts'
import { convertTime, currentTime } from './time-tools.ts'
import type { Json } from './tool.ts'

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId'
/** More than anybody plays with at once. */
const MOST_RUNNING = 1000

/** The example server behind one connection; both generations of the protocol. */
export class ExampleServer {
  readonly #send: (message: Json) => void
  readonly #things: Things
  readonly #running = new Map<Id, AbortController>()
  /** Modern clients that want to hear of changes, by the id of their request. */
  readonly #listening = new Set<Id>()
  #initialized = false

  constructor(version: string, send: (message: Json) => void) {
    this.#send = send
    const notebook = new Notebook(() => this.#notesChanged())
    const tools = [
      currentTime,
      convertTime,
      convertUnits,
      textStatistics,
      barChart,
      ...notebookTools(notebook),
      countdown,
    ]
    this.#things = { version, notebook, tools: new Map(tools.map((tool) => [tool.name, tool])) }
  }

  /** Takes one message. Resolves once it is answered, never rejects. */
  async receive(message: Json): Promise<void> {
    const { method, id } = message
    if (typeof method !== 'string') return
    const params = isObject(message['params']) ? message['params'] : {}
    if (typeof id !== 'string' && typeof id !== 'number') return this.#heed(method, params)
    const own = new AbortController()
    this.#running.set(id, own)
    try {
      const result = await this.#answer({ id, method, params, signal: own.signal })
      if (!own.signal.aborted) this.#send({ jsonrpc: '2.0', id, result })
    } catch (cause) {
      // Who cancelled does not wait for an answer.
      if (!own.signal.aborted) this.#send({ jsonrpc: '2.0', id, error: errorOf(cause) })
    } finally {
      this.#running.delete(id)
      this.#listening.delete(id)
    }
  }

  /** Stops what runs. */
  close(): void {
    for (const one of this.#running.values()) one.abort()
  }

  #heed(method: string, params: Json): void {
    if (method === 'notifications/initialized') this.#initialized = true
    else if (method === 'notifications/cancelled') this.#running.get(params['requestId'] as Id)?.abort()
  }

  async #answer({ id, method, params, signal }: Omit<Request, 'modern' | 'notify' | 'meta'>): Promise<Json> {
    if (this.#running.size > MOST_RUNNING) throw new RpcError(INVALID_PARAMS, 'too many requests at once')
    const meta = isObject(params['_meta']) ? params['_meta'] : {}
    const modern = isModern(meta)
    if (modern && method === 'subscriptions/listen') return await this.#listen(id, params, signal)
    const answer = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined
    if (answer === undefined || (answer.era !== undefined && answer.era !== (modern ? 'modern' : 'legacy')))
      throw new RpcError(METHOD_NOT_FOUND, `there is no method ${method}`)
    const notify = (name: string, said: Json): void =>
      this.#send({ jsonrpc: '2.0', method: `notifications/${name}`, params: said })
    return await answer.run({ id, method, params, meta, modern, signal, notify }, this.#things)
  }

  /** Until it is cancelled. */
  async #listen(id: Id, params: Json, signal: AbortSignal): Promise<Json> {
    const wanted = isObject(params['notifications']) ? params['notifications'] : {}
    const notifications = wanted['resourcesListChanged'] === true ? { resourcesListChanged: true } : {}
    this.#tell('notifications/subscriptions/acknowledged', id, { notifications })
    if (wanted['resourcesListChanged'] === true) this.#listening.add(id)
    return await new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('no longer wanted')), { once: true })
    })
  }

  #notesChanged(): void {
    const method = 'notifications/resources/list_changed'
    if (this.#initialized) this.#send({ jsonrpc: '2.0', method })
    for (const id of this.#listening) this.#tell(method, id, {})
  }

  #tell(method: string, id: Id, said: Json): void {
    this.#send({ jsonrpc: '2.0', method, params: { ...said, _meta: { [SUBSCRIPTION]: id } } })
  }
}
