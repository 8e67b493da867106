import { parentPort } from 'node:worker_threads'
import { sentences, tokens, type Language } from '@tamga/language'
import { Problem, type ProblemCode, type ProblemDetails } from '@tamga/model'
import type { Draft } from './draft.ts'
import { draftFromLine } from './json-line.ts'
import { draftFromText } from './plain-text.ts'

// Texts of strangers are read and cut in a thread of their own: a long one never stops the server, and one that takes too
// long is ended with its thread.

/** What the thread is asked: to read the bytes of a file or a line and to cut its text, or to cut a text at hand. */
export type SegmentRequest =
  | { readonly kind: 'text' | 'line'; readonly bytes: Uint8Array }
  | { readonly kind: 'cut'; readonly text: string; readonly language: Language | null }

/**
 * What it answers: the article that it read, if it read one, and the ranges of its text in code units, in one array: the
 * number of tokens, then start and end of each token, then start and end of each sentence.
 */
export type SegmentAnswer =
  | { readonly draft: Draft | null; readonly ranges: Uint32Array }
  | { readonly problem: { readonly code: ProblemCode; readonly details: ProblemDetails } }
  | { readonly fault: string }

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
