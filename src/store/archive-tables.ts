import type { TableShape } from '#/backup/archive.ts'
import type { PlainClient } from './client.ts'

export const SOURCE = "/*source='archive'*/ "

/** What is about this moment and this machine: who works on what, and what brought the schema here. */
const NOT_ARCHIVED = ['leases', 'schema_migrations']

interface Column {
  readonly table: string
  readonly name: string
  readonly type: string
}

/** The tables of the schema in use with their columns; those that others refer to come first. */
export async function archivedTables(client: PlainClient): Promise<readonly TableShape[]> {
  const { rows: columns } = await client.query<Column>(`${SOURCE}
    SELECT c.relname AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type
      FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
     WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
       AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     ORDER BY c.relname, a.attnum`)
  const { rows: links } = await client.query<{ readonly from: string; readonly to: string }>(`${SOURCE}
    SELECT DISTINCT f.relname AS "from", t.relname AS "to"
      FROM pg_constraint AS k JOIN pg_class AS f ON f.oid = k.conrelid JOIN pg_class AS t ON t.oid = k.confrelid
     WHERE k.contype = 'f' AND f.oid <> t.oid AND f.relnamespace = current_schema()::regnamespace`)
  const names = [...new Set(columns.map(({ table }) => table))].filter((name) => !NOT_ARCHIVED.includes(name))
  return inOrder(names, links).map((name) => ({
    name,
    columns: columns.filter(({ table }) => table === name).map((column) => ({ name: column.name, type: column.type })),
  }))
}

function inOrder(
  names: readonly string[],
  links: readonly { readonly from: string; readonly to: string }[],
): readonly string[] {
  const done: string[] = []
  while (done.length < names.length) {
    const free = names.filter(
      (name) =>
        !done.includes(name) &&
        links.every(({ from, to }) => from !== name || done.includes(to) || !names.includes(to)),
    )
    if (free.length === 0) throw new TypeError('tables refer to each other in a circle: they cannot be archived')
    done.push(...free)
  }
  return done
}
