/** A service that may be killed, and started again with what it had on disk. */
export interface Mortal {
  readonly url: string
  /** `kill -9`, all its processes. */
  kill(): Promise<void>
  start(): Promise<void>
}

/** What the launcher hands to the suite. */
export interface Launcher {
  atEnd(undo: () => unknown): void
  /** A port that stays free while the one who listens on it is killed. */
  steadyPort(): Promise<number>
  environment(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv
  /** Node's arguments for the built server with its own. */
  serverCommand(args: readonly string[]): string[]
  /** The built server. */
  readonly server: string
  postgres(): Promise<Mortal>
  /** Null where this machine has none. */
  redis(): Promise<Mortal | null>
  /** Where the logs of a failed round are kept. */
  readonly reports: string
}
