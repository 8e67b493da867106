import type { LogRow } from './replica.ts'

/** What one process tells the others of a layer: rows of its log, those after `from`. */
export interface LogMessage {
  readonly epoch: number
  readonly from: number
  readonly rows: readonly LogRow[]
}

export const logChannel = (layer: string): string => `layer/${layer}`

export function encodeLogMessage({ epoch, from, rows }: LogMessage): Uint8Array {
  const list = rows.map(({ account, data }) => [account, Buffer.from(data).toString('base64')])
  return Buffer.from(JSON.stringify([epoch, from, list]))
}

/** Reads what another process of ours told. Throws if it is nothing of the kind. */
export function decodeLogMessage(body: Uint8Array): LogMessage {
  const [epoch, from, list] = JSON.parse(Buffer.from(body).toString('utf8')) as [number, number, [string, string][]]
  return { epoch, from, rows: list.map(([account, data]) => ({ account, data: Buffer.from(data, 'base64') })) }
}
