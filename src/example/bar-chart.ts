import { png } from './png.ts'
import { READ_ONLY, ToolFault, type Tool } from './tool.ts'

const WIDTH = 480
const HEIGHT = 240
const MARGIN = 12
const PAPER = 0xff_ff_ff
const LINE = 0x33_3a_45
const BARS = [0x2f_6f_de, 0x1f_9d_7a, 0xd9_8a_1f, 0xc2_4b_6a]

export const barChart: Tool = {
  name: 'bar-chart',
  title: 'Draw a bar chart',
  description: 'Draws numbers as bars and returns the picture as a PNG image.',
  inputSchema: {
    type: 'object',
    properties: {
      values: {
        type: 'array',
        description: 'What to draw: numbers of zero or more',
        items: { type: 'number', minimum: 0 },
        minItems: 1,
        maxItems: 40,
      },
    },
    required: ['values'],
    additionalProperties: false,
  },
  annotations: READ_ONLY,
  run(args) {
    const values = args['values'] as readonly number[]
    const highest = Math.max(...values)
    if (!(highest > 0)) throw new ToolFault('values must hold a number above zero: there is nothing to draw')
    const data = drawn(values.map((value) => value / highest)).toString('base64')
    const text = `${values.length} bars; the highest is ${highest}`
    return {
      content: [
        { type: 'text', text },
        { type: 'image', data, mimeType: 'image/png' },
      ],
    }
  },
}

function drawn(heights: readonly number[]): Buffer {
  const place = (WIDTH - 2 * MARGIN) / heights.length
  const floor = HEIGHT - MARGIN
  return png(WIDTH, HEIGHT, (x, y) => {
    if (y === floor && x >= MARGIN && x < WIDTH - MARGIN) return LINE
    const slot = Math.floor((x - MARGIN) / place)
    const within = (x - MARGIN - slot * place) / place
    const height = (heights[slot] ?? 0) * (HEIGHT - 2 * MARGIN)
    const isBar = x >= MARGIN && within > 0.12 && within < 0.88 && y < floor && y >= floor - height
    return isBar ? (BARS[slot % BARS.length] ?? LINE) : PAPER
  })
}
