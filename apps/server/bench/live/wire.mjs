import { request } from 'node:http'

const MASK = Buffer.from([0x5a, 0x17, 0xc3, 0x8e])
const [BINARY, CLOSE, PING, PONG] = [2, 8, 9, 10]

/** A client's WebSocket frame around a message, masked as the standard asks. */
export function frameOf(message, opcode = BINARY) {
  const size = message.length
  const head = size < 126 ? [size] : size < 65536 ? [126, size >> 8, size & 255] : [127, ...wide(size)]
  const frame = Buffer.allocUnsafe(1 + head.length + 4 + size)
  frame[0] = 0x80 | opcode
  frame.set(head, 1)
  frame[1] |= 0x80
  frame.set(MASK, 1 + head.length)
  const from = 5 + head.length
  for (let i = 0; i < size; i++) frame[from + i] = message[i] ^ MASK[i & 3]
  return frame
}

function wide(size) {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(size))
  return bytes
}

/**
 * A WebSocket that costs the generator as little as can be: whole frames are made beforehand, and what comes in is cut
 * into messages without a copy. `hear` gets each message; null lets them pass unread.
 */
export class Wire {
  hear = null
  closed = null
  #socket
  #parts = []
  #have = 0
  #need = 2

  static open({ url, headers }) {
    return new Promise((resolve, reject) => {
      const asked = request(url.replace(/^ws/, 'http'), {
        agent: false,
        headers: {
          ...headers,
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        },
      })
      asked.on('upgrade', (_response, socket, head) => resolve(new Wire(socket, head)))
      asked.on('response', ({ statusCode }) => reject(new Error(`${url} answers ${statusCode}`)))
      asked.on('error', reject)
      asked.end()
    })
  }

  constructor(socket, head) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#take(chunk))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => (this.closed ??= 1006))
    // what came with the upgrade is read once somebody listens
    if (head.length > 0) setImmediate(() => this.#take(head))
  }

  /** Sends one frame of `frameOf`. */
  send(frame) {
    if (this.closed === null) this.#socket.write(frame)
  }

  end() {
    this.closed ??= 1000
    this.#socket.destroy()
  }

  #take(chunk) {
    this.#parts.push(chunk)
    this.#have += chunk.length
    if (this.#have < this.#need) return
    const data = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts)
    const rest = data.subarray(this.#cut(data))
    this.#parts = rest.length > 0 ? [rest] : []
    this.#have = rest.length
  }

  /** Reads what frames are whole, answers where the first that is not begins, and notes how long that one will be. */
  #cut(data) {
    for (let at = 0; ;) {
      const [from, size] = placeOf(data, at)
      this.#need = from - at + size
      if (at + this.#need > data.length) return at
      this.#read(data[at] & 15, data, from, from + size)
      at = from + size
    }
  }

  #read(opcode, data, from, to) {
    if (opcode === BINARY) return this.hear?.(data.subarray(from, to))
    if (opcode === PING) this.send(frameOf(data.subarray(from, to), PONG))
    if (opcode === CLOSE) {
      this.closed ??= to - from >= 2 ? data.readUInt16BE(from) : 1005
      this.#socket.end()
    }
  }
}

/** Where the payload of the frame at a place begins, and its size; the least it can be while its head is not whole. */
function placeOf(data, at) {
  const size = data.length - at < 2 ? 0 : data[at + 1] & 127
  if (size < 126) return [at + 2, size]
  const from = at + (size === 126 ? 4 : 10)
  if (from > data.length) return [from, 0]
  return [from, size === 126 ? data.readUInt16BE(at + 2) : Number(data.readBigUInt64BE(at + 2))]
}
