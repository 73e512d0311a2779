import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

/** A Node that is too old for the product, where this machine has one. */
const oldNode = ['/usr/bin/node', '/usr/local/bin/node'].find(
  (path) => existsSync(path) && Number(execFileSync(path, ['-p', 'process.versions.node.split(".")[0]'])) < 24,
)

/** A folder with the launcher and a program that does `body`. */
class Copy implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'cw-launch-'))
  readonly launcher = join(this.folder, 'bin/causeway.js')

  constructor(body: string, program = 'src/main.ts') {
    cpSync(join(ROOT, 'bin'), join(this.folder, 'bin'), { recursive: true })
    writeFileSync(join(this.folder, 'package.json'), '{"type":"module"}')
    mkdirSync(join(this.folder, program, '..'), { recursive: true })
    writeFileSync(join(this.folder, program), body)
  }

  withNode(): this {
    mkdirSync(join(this.folder, 'node_modules'))
    symlinkSync(join(ROOT, 'node_modules/node'), join(this.folder, 'node_modules/node'))
    return this
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true })
  }
}

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function run(node: string, launcher: string, args: readonly string[] = []): Promise<Ended> {
  const child = spawn(node, [launcher, ...args])
  const [out, err, [code]] = await Promise.all([
    Array.fromAsync(child.stdout as AsyncIterable<Buffer>),
    Array.fromAsync(child.stderr as AsyncIterable<Buffer>),
    once(child, 'exit') as Promise<[number | null]>,
  ])
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }
}

describe('with a Node that is new enough', () => {
  test('the program runs in the same process, with its arguments and exit code', async () => {
    using copy = new Copy(
      'const words: string[] = process.argv.slice(2); console.log(words.join()); process.exitCode = 7',
    )
    expect(await run(process.execPath, copy.launcher, ['a', 'b'])).toEqual({ code: 7, out: 'a,b\n', err: '' })
  })

  test('a package that carries dist/ runs that', async () => {
    using copy = new Copy('console.log("dist")', 'dist/main.js')
    expect((await run(process.execPath, copy.launcher)).out).toBe('dist\n')
  })

  test('a copy with neither says so', async () => {
    using copy = new Copy('', 'other/main.js')
    expect(await run(process.execPath, copy.launcher)).toMatchObject({
      code: 1,
      err: expect.stringContaining('incomplete') as string,
    })
  })
})

describe.skipIf(oldNode === undefined)('with an old Node', () => {
  const old = oldNode ?? ''

  test('the one that npm installed takes over, with arguments and exit code', async () => {
    using copy = new Copy(
      'console.log(process.versions.node.split(".")[0], process.argv[2]); process.exitCode = 7',
    ).withNode()
    expect(await run(old, copy.launcher, ['a'])).toEqual({ code: 7, out: '24 a\n', err: '' })
  })

  test('signals reach the program', async () => {
    using copy = new Copy(
      `process.on('SIGTERM', () => { console.log('drained'); clearInterval(alive) }); const alive = setInterval(() => {}, 1000); console.log('up')`,
    ).withNode()
    const child = spawn(old, [copy.launcher])
    await once(child.stdout, 'data')
    const said = once(child.stdout, 'data') as Promise<[Buffer]>
    child.kill('SIGTERM')
    expect((await said)[0].toString()).toBe('drained\n')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('without another it says what is needed and how to get it', async () => {
    using copy = new Copy('console.log("never")')
    const { code, out, err } = await run(old, copy.launcher)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/needs Node 24\.14 or newer; this is \d+\./)
    expect(err).toContain('npm install node@24')
  })
})
