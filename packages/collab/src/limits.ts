/** What one connection and one record may take. Bytes, where nothing else is said. */
export const liveLimits = {
  updateBytes: 64 * 1024,
  stepTwoBytes: 1024 * 1024,
  /** One value of the document, as JSON in UTF-8. */
  recordBytes: 16 * 1024,
  /** How far one update may move one client's clock. */
  clocks: 100_000,
  /** Updates, and as many presence messages: what goes out of those is merged every 100 ms. */
  updatesPerSecond: 200,
  /** Asking for the whole document, or for who is here: an honest client asks once a connection. */
  questionsPerSecond: 1,
  /** The rate holds over so many seconds: a burst may use them all at once. */
  burstSeconds: 10,
  presenceBytes: 1024,
  clientsPerConnection: 5,
} as const
