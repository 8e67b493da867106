import { titleFrom } from '@tamga/model'
import { detectLanguage } from '@tamga/language'
import { checkText, type Draft } from './draft.ts'
import { decodeUtf8 } from './utf8.ts'

/** The bytes of a text file as an article: its title is its first line, its language what it seems to be. */
export function draftFromText(bytes: Uint8Array): Draft {
  const text = decodeUtf8(bytes)
  checkText(text)
  const about = { title: titleFrom(text), language: detectLanguage(text), date: null, source: null, licence: null }
  return { ...about, externalId: null, group: null, meta: {}, text }
}
