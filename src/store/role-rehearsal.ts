import type { RoleStore } from '#/roles/role.ts'
import { versionIs } from './item-writes.ts'
import { rehearsal } from './rehearsal.ts'
import { roleStore } from './role-store.ts'
import type { Database } from './store.ts'

/**
 * Roles where all that is written is taken back. A removal is not tried: it would hold on to everybody's holding the role, only to give it
 * back. What would refuse it is asked for.
 */
export function roleRehearsal(db: Database): RoleStore {
  const read = db.read('roles')
  return {
    ...roleStore(rehearsal(db)),
    remove: async (id, { ifMatch }) => {
      const found = read.selectFrom('roles').select('id').where('id', '=', id).where('permissions', 'is not', null)
      return (await found.where(versionIs(ifMatch)).executeTakeFirst()) && { seq: null }
    },
  }
}
