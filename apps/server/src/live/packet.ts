import { encodeMessage, type Message } from '@tamga/collab'

/**
 * One message as a whole WebSocket frame of a server (RFC 6455 §5.2: final, binary, not masked). What goes to a hundred
 * people is made once and written as it is.
 */
export function packetOf(message: Message): Buffer {
  const body = encodeMessage(message)
  const head = headOf(body.length)
  return Buffer.concat([head, body], head.length + body.length)
}

const FINAL_BINARY = 0x82

function headOf(length: number): Buffer {
  if (length < 126) return Buffer.from([FINAL_BINARY, length])
  if (length < 65536) {
    const head = Buffer.from([FINAL_BINARY, 126, 0, 0])
    head.writeUInt16BE(length, 2)
    return head
  }
  const head = Buffer.from([FINAL_BINARY, 127, 0, 0, 0, 0, 0, 0, 0, 0])
  head.writeBigUInt64BE(BigInt(length), 2)
  return head
}
