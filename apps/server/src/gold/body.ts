import type { Readable } from 'node:stream'

/**
 * A stream as the body of a response. A reader that leaves, be it before the first byte, destroys the stream: the
 * adapter of Node 20 (`Readable.toWeb`) throws out of anybody's reach when bytes come after that.
 */
export function bodyOf(stream: Readable): ReadableStream<Uint8Array> {
  const chunks = stream.iterator()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = (await chunks.next()) as IteratorResult<Uint8Array, undefined>
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: () => void stream.destroy(),
    },
    { highWaterMark: 0 },
  )
}
