/** Methods of the protocol that have a path of their own, below /protocol. */
export const SHELLS = ['initialize', 'ping', 'notifications', 'completion/complete', 'sampling/createMessage'] as const
export type Shell = (typeof SHELLS)[number]
