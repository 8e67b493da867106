import { parentPort } from 'node:worker_threads'
import { sentences, tokens, type Language } from '@tamga/language'
import { Problem } from '@tamga/model'
import { draftFromLine } from './json-line.ts'
import { draftFromText } from './plain-text.ts'
import type { SegmentAnswer, SegmentRequest } from './segments.ts'

// Texts of strangers are read and cut in a thread of their own: a long one never stops the server, and one that takes too
// long is ended with its thread.

const port = parentPort!

port.on('message', (request: SegmentRequest) => {
  const answer = answerTo(request)
  port.postMessage(answer, 'ranges' in answer ? [answer.ranges.buffer as ArrayBuffer] : [])
})
port.postMessage('ready')

function answerTo(request: SegmentRequest): SegmentAnswer {
  try {
    if (request.kind === 'cut') return { draft: null, ranges: rangesOf(request.text, request.language) }
    const draft = request.kind === 'text' ? draftFromText(request.bytes) : draftFromLine(request.bytes)
    return { draft, ranges: rangesOf(draft.text, draft.language) }
  } catch (error) {
    if (error instanceof Problem) return { problem: { code: error.code, details: error.details } }
    return { fault: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

/** A text in no language of ours is cut by the rules that all share. */
function rangesOf(text: string, language: Language | null): Uint32Array {
  const words = tokens(text)
  const parts = sentences(text, language ?? 'en', undefined, words)
  const ranges = new Uint32Array(1 + 2 * (words.length + parts.length))
  let at = 0
  ranges[at++] = words.length
  for (const list of [words, parts])
    for (const [start, end] of list) {
      ranges[at++] = start
      ranges[at++] = end
    }
  return ranges
}
