const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId'
const HONOURED = '{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true}'

/** The first message of a modern subscription; `id` is raw JSON. */
export function ackOf(id: Buffer): Buffer {
  return notification('notifications/subscriptions/acknowledged', `"notifications":${HONOURED},${metaOf(id)}`)
}

/** That a list changed, for one stream: a modern one names its subscription. */
export function announcement(method: string, subscription: Buffer | null): Buffer {
  return notification(method, subscription === null ? '' : metaOf(subscription))
}

function metaOf(id: Buffer): string {
  return `"_meta":{"${SUBSCRIPTION}":${id.toString()}}`
}

function notification(method: string, params: string): Buffer {
  const rest = params === '' ? '' : `,"params":{${params}}`
  return Buffer.from(`{"jsonrpc":"2.0","method":${JSON.stringify(method)}${rest}}`)
}
