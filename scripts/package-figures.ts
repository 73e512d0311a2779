import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Packs as `npm pack` does and prints what a stranger gets: sizes, and what comes along with it.

const ROOT = join(import.meta.dirname, '..')

interface Packed {
  readonly filename: string
  readonly size: number
  readonly unpackedSize: number
  readonly entryCount: number
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>
}

const folder = mkdtempSync(join(tmpdir(), 'cw-figures-'))
try {
  const args = ['pack', '--json', '--silent', '--pack-destination', folder]
  const said = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 << 20 })
  const [packed] = JSON.parse(said.slice(said.indexOf('[\n'))) as [Packed]
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { dependencies: object }
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock
  const needed = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true)
  const optional = needed.filter(([, one]) => one.optional === true).length

  const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`
  console.log(
    `${packed.filename}: ${kilobytes(packed.size)}, ${packed.entryCount} files, ${kilobytes(packed.unpackedSize)} unpacked`,
  )
  console.log(`dependencies: ${Object.keys(dependencies).length} of our own, ${needed.length - optional} with theirs`)
  console.log(`optional: ${optional} (one PostgreSQL per platform, of which npm installs one)`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
