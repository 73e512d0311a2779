import { foldersOfOne } from '../../test/faults/folders.ts'
import { ownPostgres, sql } from '../../test/faults/site.ts'
import { startGateway, type RunningGateway } from '../../test/support/gateway.ts'
import type { Fault, Finding, Lab } from './fault.ts'
import { exactly, least, none, noted } from './findings.ts'

const COUNT = 8

/** The server itself says which connection made which table. */
const WATCH = `
  CREATE SCHEMA lab;
  CREATE TABLE lab.made (backend int NOT NULL, what text NOT NULL);
  CREATE FUNCTION lab.note() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO lab.made SELECT pg_backend_pid(), object_identity FROM pg_event_trigger_ddl_commands()
     WHERE object_type = 'table' AND command_tag = 'CREATE TABLE';
  END $$;
  CREATE EVENT TRIGGER lab_note ON ddl_command_end EXECUTE FUNCTION lab.note()`

interface Made extends Record<string, unknown> {
  readonly backend: number
  readonly what: string
}

async function run(lab: Lab): Promise<readonly Finding[]> {
  await using stack = new AsyncDisposableStack()
  const postgres = await lab.shared(ownPostgres)
  const databaseUrl = await postgres.database()
  await sql(databaseUrl, WATCH)
  const env = { DATABASE_URL: databaseUrl, CAUSEWAY_WORKERS: '1', DATABASE_POOL_SIZE: '2' }
  const began = performance.now()
  const starts = await Promise.allSettled(
    (await foldersOfOne(COUNT, stack)).map(async (dataDir) => stack.use(await startGateway({ dataDir, env }))),
  )
  const readyMs = performance.now() - began
  const failed = starts.flatMap((start) => (start.status === 'rejected' ? [String(start.reason)] : []))
  const ready = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []))
  const made = await sql<Made>(databaseUrl, 'SELECT backend, what FROM lab.made')
  const twice = made.filter(({ what }, n) => made.findIndex((other) => other.what === what) !== n)
  const administrators = await sql(databaseUrl, 'SELECT id FROM users')
  return [
    exactly('processes that migrated', 1, new Set(made.map(({ backend }) => backend)).size),
    least('tables they made', 20, made.length),
    none(
      'tables made twice',
      twice.map(({ what }) => what),
    ),
    none('starts that failed', failed, COUNT),
    exactly('ready', COUNT, ready.length),
    exactly('that know the one administrator', COUNT, (await Promise.all(ready.map(knows))).filter(Boolean).length),
    exactly('administrators', 1, administrators.length),
    noted('until all were ready', `${(readyMs / 1000).toFixed(1)} s`),
  ]
}

const knows = async (gateway: RunningGateway): Promise<boolean> =>
  (await gateway.api('GET', '/v1/gateways')).status === 200

export const eightStarts: Fault = {
  name: 'eight starts',
  what: 'eight gateways with the same keys are started at once on one empty database',
  run,
}
