/** `gateway_id` → `gatewayId`. Leading underscores stay. */
export function toCamel(key: string): string {
  return key.replace(/(?<=[a-z0-9])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** `gatewayId` → `gateway_id`. */
export function toSnake(key: string): string {
  return key.replace(/(?<=[a-z0-9])([A-Z])/g, (_, letter: string) => `_${letter.toLowerCase()}`)
}

const KEPT: Readonly<Record<string, string>> = { _meta: 'meta', displayName: 'displayName' }

/** An entity as state endpoints nest it: its own fields in snake case, what lies inside them untouched. */
export function snakeEntity(entity: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entity).map(([key, value]) => [KEPT[key] ?? toSnake(key), value]))
}
