import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import busboy from 'busboy'
import { Problem, requestLimits } from '@tamga/model'

/** What is done with one uploaded file: its name, and its bytes as they come in. */
export type TakeFile = (name: string, bytes: AsyncIterable<Buffer>) => Promise<void>

/**
 * Hands over the files of a multipart body one after the other while they stream in; nothing is kept. What `take` leaves
 * unread is passed over. Throws `malformed` when the body is no multipart or breaks off, else what `take` throws.
 */
export async function eachFile(request: Request, take: TakeFile): Promise<void> {
  if (!request.body) throw broken()
  const parser = openParser(request.headers)
  let work: Promise<void> = Promise.resolve()
  let failure: Error | undefined
  parser.on('file', (_field, stream, { filename }) => {
    // a broken body breaks files that nobody reads yet
    stream.on('error', () => undefined)
    work = work
      .then(() => take(filename ?? '', stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>))
      .then(() => void stream.resume())
      .catch((error: Error) => {
        failure ??= stream.errored ? broken() : error
        parser.destroy(error)
      })
  })
  parser.on('filesLimit', () => {
    failure ??= new Problem('over_limit', { field: 'file', most: files })
    parser.destroy(failure)
  })
  await pipeline(Readable.fromWeb(request.body as Parameters<typeof Readable.fromWeb>[0]), parser).catch(() => {
    failure ??= broken()
  })
  await work
  if (failure) throw failure
}

function openParser(headers: Headers) {
  try {
    return busboy({ headers: Object.fromEntries(headers), defParamCharset: 'utf8', limits })
  } catch {
    throw broken()
  }
}

const { files, fields, fileName } = requestLimits
const limits = { files, fields, fieldNameSize: fileName, fieldSize: fileName, parts: files + fields }

const broken = () => new Problem('malformed', { field: 'file' })
