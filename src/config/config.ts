/** Everything an operator can decide, validated and complete. Times in ms, sizes in bytes. */
export interface Config {
  readonly http: {
    readonly host: string | null
    readonly port: number
    readonly publicUrl: string | null
    readonly bodyLimit: number
  }
  readonly database: {
    /** null: the embedded PostgreSQL. */
    readonly url: string | null
    readonly directUrl: string | null
    readonly poolSize: number
  }
  readonly dataDir: string
  readonly workers: number
  readonly adminEmail: string
  readonly upstream: {
    /** null: allowed exactly when bound to loopback. */
    readonly allowPrivateNetworks: boolean | null
    readonly callTimeoutMs: number
    readonly connectTimeoutMs: number
  }
  readonly drainMs: number
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'
  /** Snapshot age beyond which API tokens are refused. */
  readonly snapshotMaxAgeMs: number
}
