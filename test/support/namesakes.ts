import type { TestDatabase } from './database.ts'

/** Names are one only among what has one place and one owner: what stands elsewhere, or is another's, may bear them too. */
export async function allowNamesakes({ sql }: TestDatabase): Promise<void> {
  const place = 'visibility, team_id, owner_id'
  await sql(`
    DROP INDEX gateways_slug;
    CREATE UNIQUE INDEX gateways_slug ON gateways (slug, ${place}) NULLS NOT DISTINCT;
    DROP INDEX tools_name; DROP INDEX tools_local;
    CREATE UNIQUE INDEX tools_name ON tools (gateway_id, name) WHERE gateway_id IS NOT NULL;
    CREATE UNIQUE INDEX tools_local ON tools (original_name, ${place}) NULLS NOT DISTINCT WHERE gateway_id IS NULL;
    DROP INDEX prompts_name; DROP INDEX prompts_local;
    CREATE UNIQUE INDEX prompts_name ON prompts (gateway_id, name) WHERE gateway_id IS NOT NULL;
    CREATE UNIQUE INDEX prompts_local ON prompts (original_name, ${place}) NULLS NOT DISTINCT WHERE gateway_id IS NULL;
    DROP INDEX resources_local;
    CREATE UNIQUE INDEX resources_local ON resources (is_template, uri, ${place}) NULLS NOT DISTINCT WHERE gateway_id IS NULL`)
}

/** Calls a gateway, and what it offers under its name, like another one. */
export async function rename({ db, sql }: TestDatabase, id: string, name: string): Promise<void> {
  await sql('UPDATE gateways SET name = $2, slug = $2 WHERE id = $1', [id, name])
  for (const table of ['tools', 'prompts'])
    await sql(`UPDATE ${table} SET name = $2 || '-' || original_name WHERE gateway_id = $1`, [id, name])
  await db.write('tests', async (tx) => {
    tx.changed('gateway', id)
    tx.changed('gateway_items', id)
    return await Promise.resolve()
  })
}
