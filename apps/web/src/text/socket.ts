import { messages } from '@tamga/collab'

/** What a connection tells of itself. */
export interface Wire {
  /** A new socket begins: whatever is counted on it is counted from 0. */
  readonly began: () => void
  /** A document message (step 2 or update) left. */
  readonly sent: () => void
}

type SocketClass = typeof WebSocket

/** The browser's socket, or one like it, that counts the document messages it sends: acknowledgements count the same. */
export function countingSocket(wire: Wire, Base: SocketClass = WebSocket): SocketClass {
  return class extends Base {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      wire.began()
    }

    override send(data: Parameters<WebSocket['send']>[0]): void {
      super.send(data)
      if (data instanceof Uint8Array && isDocument(data)) wire.sent()
    }
  }
}

const isDocument = ([type, subtype]: Uint8Array) => type === messages.sync && (subtype === 1 || subtype === 2)
