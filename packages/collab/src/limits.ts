/** What one frame that carries an update may hold. All are counted while it is decoded, before anything is applied. */
export interface UpdateLimits {
  /** The whole update. */
  readonly bytes: number
  /** Of these, the structs; the rest are the ranges of what is deleted. */
  readonly structBytes: number
  readonly structs: number
  /** Ranges of deleted clocks. Yjs writes them in order and merged; what is not in order is sorted, and costs more. */
  readonly ranges: number
  /** How many clocks these ranges hold. */
  readonly deletedClocks: number
}

/** How an update is cut: after so many structs, or after at most so many where it cannot be cut. */
export interface SliceLimits {
  readonly structs: number
  readonly uncutStructs: number
}

/** What one connection and one record may take. Bytes, where nothing else is said. */
export const liveLimits = {
  /** An edit, or several that were made at once. */
  update: { bytes: 64 * 1024, structBytes: 64 * 1024, structs: 2000, ranges: 4000, deletedClocks: 10_000 },
  /**
   * The first step 2 of a connection: what the server lacks, and all deletions that the client knows of, as Yjs repeats
   * them: about four bytes for each value that was overwritten.
   */
  stepTwo: {
    bytes: 1024 * 1024,
    structBytes: 128 * 1024,
    structs: 2000,
    ranges: 250_000,
    deletedClocks: Number.MAX_SAFE_INTEGER,
  },
  /**
   * What of one update is taken at a time: others' updates come between two slices. It may hold so many structs where it
   * cannot be cut: a value that was overwritten before it was sent is taken with the one in its place.
   */
  slice: { structs: 50, uncutStructs: 500 },
  /** How many edits of its own a page sends with the step 2 of a new connection; more go out in parts by a fresh document. */
  offlineEdits: 500,
  /** Ranges that are not in order. */
  unsortedRanges: 10_000,
  /** One value of the document, as JSON in UTF-8. */
  recordBytes: 16 * 1024,
  /** How far one update may move one client's clock: what was overwritten before it was sent counts too. */
  clocks: 10_000,
  /** Values of the server that one update may delete without writing another in their place. No honest client does. */
  deletions: 100,
  /** Concurrent values under the same keys that Yjs passes to find the places of the structs of one update. */
  conflictSteps: 10_000,
  updatesPerSecond: 200,
  /** Presence messages: ten of a page's own, and as many that a y-websocket client sends back of what it hears. */
  presencePerSecond: 20,
  /** Asking for the whole document, or for who is here: an honest client asks once a connection. */
  questionsPerSecond: 1,
  /** The rate holds over so many seconds: a burst may use them all at once. */
  burstSeconds: 10,
  /** One client's state in a presence message, as JSON. */
  presenceBytes: 1024,
  /** A whole presence message: a y-websocket client sends back what it hears of everybody in the room. */
  presenceFrameBytes: 64 * 1024,
  presenceEntries: 1000,
  /** A state vector: an entry, of some eight bytes, for each client id in the document, of which there are 2,000 at most. */
  vectorBytes: 64 * 1024,
  vectorEntries: 5000,
  clientsPerConnection: 5,
} as const satisfies Readonly<Record<string, number | UpdateLimits | SliceLimits>>
