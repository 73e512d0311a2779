import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { configFromEnv, problemsOf } from './config.ts'
import type { Env, Machine } from './env.ts'
import { layersOf, shortName, withFlags, type Layers } from './layers.ts'
import { SETTING_NAMES } from './read-settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'causeway-layers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const machine: Machine = { cores: 4, platform: 'linux', home: folder, isRoot: false, dataHome: null, configHome: null }

async function layers(text: string, env: Env = {}): Promise<Layers> {
  const named = join(folder, 'named.yaml')
  writeFileSync(named, text)
  return await layersOf(env, { machine, folder, named })
}

const read = (said: Layers) => configFromEnv(said.env, machine, said)

test('flags stand over the environment, which stands over the file, which stands over defaults', async () => {
  const said = await layers('settings: { port: 1, workers: 1, call_timeout: 1s, log_level: debug }', {
    PORT: '2',
    CAUSEWAY_WORKERS: '2',
  })
  const { config, sources } = read(withFlags(said, { PORT: '3' }))
  expect([config.http.port, config.workers, config.upstream.callTimeoutMs, config.logLevel]).toEqual([
    3,
    2,
    1000,
    'debug',
  ])
  expect(sources).toMatchObject({
    PORT: 'flag',
    CAUSEWAY_WORKERS: 'environment',
    CAUSEWAY_CALL_TIMEOUT: 'file',
    HOST: 'default',
  })
})

test('a file is found here, then in the data folder; the one that is named comes first', async () => {
  expect(await layersOf({}, { machine, folder, named: null })).toMatchObject({ file: null, faults: [] })
  const env = { CAUSEWAY_DATA_DIR: folder }
  writeFileSync(join(folder, 'causeway.yaml'), 'settings: { port: 5 }')
  const inData = await layersOf(env, { machine, folder: tmpdir(), named: null })
  expect([read(inData).config.http.port, inData.file?.path]).toEqual([5, join(folder, 'causeway.yaml')])
  const here = await layersOf({}, { machine, folder, named: null })
  expect(here.file?.path).toBe(join(folder, 'causeway.yaml'))
  writeFileSync(join(folder, 'other.yaml'), 'settings: { port: 6 }')
  const named = await layersOf({ CAUSEWAY_CONFIG: join(folder, 'other.yaml') }, { machine, folder, named: null })
  expect(read(named).config.http.port).toBe(6)
})

test('what a file says is filled in, paths start from it, and every name of a setting is one', async () => {
  const { env } = await layers("settings: { DATABASE_URL: 'postgres://ann:${PW}@db/x', data_dir: data }", {
    PW: 's3cret',
  })
  expect(env).toMatchObject({ DATABASE_URL: 'postgres://ann:s3cret@db/x', CAUSEWAY_DATA_DIR: join(folder, 'data') })
  expect(new Set(SETTING_NAMES.map(shortName)).size).toBe(SETTING_NAMES.length)
})

describe('mistakes', () => {
  test('all of them with their places, and no secret among them', async () => {
    const said = await layers(
      "settings:\n  prot: 1\n  port: '${PW}'\n  host: [a]\n  workers: 0\n  log_level: ${NOWHERE}\n",
      { PW: 'hunter2' },
    )
    const text = problemsOf(said.env, machine, said).join('\n')
    expect(text).toMatch(/named\.yaml:2:3: "prot" is not a setting: did you mean port\?/)
    expect(text).toMatch(/named\.yaml:3:9: port is filled in with something but must be an integer/)
    expect(text).toMatch(/named\.yaml:4:9: host must be one value/)
    expect(text).toMatch(/named\.yaml:5:12: workers is "0" but must be an integer from 1 to 256/)
    expect(text).toMatch(/named\.yaml:6:14: the environment variable NOWHERE is not set/)
    expect(text).not.toContain('hunter2')
  })

  test.each([
    ['settings: []', 'settings must be a map'],
    ['settings: { config: x }', '"config" is not a setting'],
    ['a: [', 'named.yaml:1:'],
  ])('%s', async (text, said) => {
    expect((await layers(text)).faults.join('\n')).toContain(said)
  })

  test('what commands do not need is not filled in for them', async () => {
    expect((await layers("gateways: { a: { url: '${NOWHERE}' } }")).faults).toEqual([])
  })

  test('a file that is named and not there', async () => {
    const { faults } = await layersOf({}, { machine, folder, named: join(folder, 'nothing.yaml') })
    expect(faults).toEqual([expect.stringContaining('nothing.yaml cannot be read: there is no such file')])
  })
})
