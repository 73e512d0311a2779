import { Type } from 'typebox'
import type { Reply } from './endpoint.ts'

/** What a change of access takes that can also be asked what it would do; spread into its query. */
export const DryRunQuery = {
  dry_run: Type.Optional(
    Type.Boolean({
      description:
        'true: nothing is changed, and the answer says who would gain and who would lose the use of which tool: {dry_run, gains, loses, users, is_complete}',
    }),
  ),
}

interface Effect {
  readonly user: string
  readonly toolId: string
  readonly tool: string
}

interface Effects {
  readonly gains: readonly Effect[]
  readonly loses: readonly Effect[]
  readonly users: number
  readonly isComplete: boolean
}

/** The answer of a dry run, whatever the change itself would be answered with. */
export function dryRunReply({ gains, loses, users, isComplete }: Effects): Reply {
  const view = ({ user, tool, toolId }: Effect) => ({ user, tool, tool_id: toolId })
  return {
    status: 200,
    body: { dry_run: true, gains: gains.map(view), loses: loses.map(view), users, is_complete: isComplete },
  }
}
