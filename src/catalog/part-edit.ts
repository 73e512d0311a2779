import type { RunEdit } from '#/lib/sorted-run.ts'
import type { AnyItem, CatalogGateway } from './model.ts'
import type { ListKind } from './snapshot.ts'
import { inListOrder, type GatewayPart } from './state.ts'

/** Changes what one gateway offers. */
export class PartEdit {
  readonly #from: GatewayPart
  readonly #runs: Partial<Record<ListKind, RunEdit<AnyItem>>> = {}
  gateway: CatalogGateway | undefined

  constructor(from: GatewayPart) {
    this.#from = from
    this.gateway = from.gateway
  }

  put(kind: ListKind, item: AnyItem, old: AnyItem | undefined): void {
    const run = this.#run(kind)
    if (old !== undefined && inListOrder(old, item) !== 0) run.delete(old)
    run.put(item)
  }

  delete(kind: ListKind, old: AnyItem): void {
    this.#run(kind).delete(old)
  }

  /** Undefined: nothing is left of it. */
  done(): GatewayPart | undefined {
    const part = {
      id: this.#from.id,
      gateway: this.gateway,
      tools: this.#runs.tools?.done() ?? this.#from.tools,
      prompts: this.#runs.prompts?.done() ?? this.#from.prompts,
      resources: this.#runs.resources?.done() ?? this.#from.resources,
      resourceTemplates: this.#runs.resourceTemplates?.done() ?? this.#from.resourceTemplates,
    } as GatewayPart
    const empty = part.tools.size + part.prompts.size + part.resources.size + part.resourceTemplates.size === 0
    return part.gateway === undefined && empty ? undefined : part
  }

  #run(kind: ListKind): RunEdit<AnyItem> {
    return (this.#runs[kind] ??= this.#from[kind].edit() as unknown as RunEdit<AnyItem>)
  }
}
