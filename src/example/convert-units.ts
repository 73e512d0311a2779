import { READ_ONLY, ToolFault, type Tool } from './tool.ts'

/** How much of the kind's base unit one of a unit is; temperatures also have a zero of their own. */
interface Unit {
  readonly kind: 'length' | 'mass' | 'volume' | 'speed' | 'temperature' | 'data' | 'time'
  readonly factor: number
  readonly zero?: number
}

const UNITS = {
  mm: { kind: 'length', factor: 0.001 },
  cm: { kind: 'length', factor: 0.01 },
  m: { kind: 'length', factor: 1 },
  km: { kind: 'length', factor: 1000 },
  inch: { kind: 'length', factor: 0.0254 },
  foot: { kind: 'length', factor: 0.3048 },
  mile: { kind: 'length', factor: 1609.344 },
  g: { kind: 'mass', factor: 0.001 },
  kg: { kind: 'mass', factor: 1 },
  ounce: { kind: 'mass', factor: 0.028349523125 },
  pound: { kind: 'mass', factor: 0.45359237 },
  ml: { kind: 'volume', factor: 0.001 },
  l: { kind: 'volume', factor: 1 },
  cup: { kind: 'volume', factor: 0.2365882365 },
  gallon: { kind: 'volume', factor: 3.785411784 },
  'm/s': { kind: 'speed', factor: 1 },
  'km/h': { kind: 'speed', factor: 1 / 3.6 },
  mph: { kind: 'speed', factor: 0.44704 },
  knot: { kind: 'speed', factor: 1852 / 3600 },
  celsius: { kind: 'temperature', factor: 1, zero: 273.15 },
  fahrenheit: { kind: 'temperature', factor: 5 / 9, zero: 459.67 * (5 / 9) },
  kelvin: { kind: 'temperature', factor: 1, zero: 0 },
  byte: { kind: 'data', factor: 1 },
  MB: { kind: 'data', factor: 1e6 },
  MiB: { kind: 'data', factor: 2 ** 20 },
  GB: { kind: 'data', factor: 1e9 },
  GiB: { kind: 'data', factor: 2 ** 30 },
  second: { kind: 'time', factor: 1 },
  minute: { kind: 'time', factor: 60 },
  hour: { kind: 'time', factor: 3600 },
  day: { kind: 'time', factor: 86_400 },
} as const satisfies Record<string, Unit>

const NAMES = Object.keys(UNITS)

export const convertUnits: Tool = {
  name: 'convert-units',
  title: 'Convert units',
  description: 'Converts between units of length, mass, volume, speed, temperature, data and time.',
  inputSchema: {
    type: 'object',
    properties: {
      value: { type: 'number', description: 'How much' },
      from: { type: 'string', enum: NAMES, description: 'The unit of the value' },
      to: { type: 'string', enum: NAMES, description: 'The unit to convert to; of the same kind' },
    },
    required: ['value', 'from', 'to'],
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: { value: { type: 'number' }, unit: { type: 'string' }, kind: { type: 'string' } },
    required: ['value', 'unit', 'kind'],
  },
  annotations: READ_ONLY,
  run({ value, from, to }) {
    const [source, target] = [unitOf(from), unitOf(to)]
    if (source.kind !== target.kind)
      throw new ToolFault(`${String(from)} is a unit of ${source.kind}, ${String(to)} one of ${target.kind}`)
    const converted = ((value as number) * source.factor + (source.zero ?? 0) - (target.zero ?? 0)) / target.factor
    const rounded = Number(converted.toPrecision(12))
    return {
      structured: { value: rounded, unit: to, kind: source.kind },
      text: `${String(value)} ${String(from)} = ${rounded} ${String(to)}`,
    }
  },
}

const unitOf = (name: unknown): Unit => UNITS[name as keyof typeof UNITS]
