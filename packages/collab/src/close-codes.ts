/**
 * Why the server closes a socket. The y-websocket client does not come back after 44xx (a decision that reconnecting
 * cannot change) and tries again after everything else.
 */
export const closeCodes = {
  /** An update or frame that no honest client sends. */
  malformed: 4400,
  /** No session, or it ended. */
  signIn: 4401,
  /** Absent, foreign, or no right to write: answered alike. */
  notYours: 4403,
  /** The layer has moved to a new document: load it anew. */
  epoch: 4409,
  /** The text has a newer revision: open that. */
  revision: 4410,
  /**
   * The document holds what the database does not, and its connection did not write: a backup was restored. Take a fresh
   * document and send again what was not acknowledged.
   */
  history: 4412,
  /** The text was erased for good: whoever has a copy drops it. */
  erased: 4451,
  /** Too much at once. */
  limits: 4413,
  /** The announced client id is in use: choose another. */
  clientTaken: 4423,
  /** The room was lost (a database error, a slow reader): reconnect and send again what was not acknowledged. */
  again: 4500,
  /** The server stops: reconnect when it is back. */
  stopping: 4503,
} as const

export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes]
