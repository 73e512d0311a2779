import { setTimeout as sleep } from 'node:timers/promises'
import { READ_ONLY, type Tool } from './tool.ts'

/** A tool that takes its time, to see progress, log messages, cancellation and deadlines. */
export const countdown: Tool = {
  name: 'countdown',
  title: 'Count down slowly',
  description:
    'Counts down from a number, one step at a time, and reports progress. Cancel it in the middle to see it stop.',
  inputSchema: {
    type: 'object',
    properties: {
      from: { type: 'integer', description: 'The number to begin with', default: 5, minimum: 1, maximum: 600 },
      interval: { type: 'number', description: 'Seconds for each step', default: 1, minimum: 0, maximum: 60 },
    },
    additionalProperties: false,
  },
  outputSchema: {
    type: 'object',
    properties: { steps: { type: 'integer' }, seconds: { type: 'number' } },
    required: ['steps', 'seconds'],
  },
  annotations: { ...READ_ONLY, idempotentHint: false },
  async run({ from, interval }, { signal, progress, log }) {
    const total = from as number
    const began = performance.now()
    for (let done = 1; done <= total; done++) {
      await sleep((interval as number) * 1000, undefined, { signal })
      progress(done, total, done === total ? 'lift-off' : String(total - done))
    }
    log('info', { message: 'the countdown has ended', steps: total })
    const seconds = Math.round(performance.now() - began) / 1000
    return { structured: { steps: total, seconds }, text: `counted down from ${total} in ${seconds} s` }
  },
}
