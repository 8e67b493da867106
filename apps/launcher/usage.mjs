import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.mjs'

/** What `--help` says of the server or the command line: told before anything is installed or built. */
export const usageOf = (app) => readFileSync(join(root, 'apps', app, 'src/usage.txt'), 'utf8')

/** Of a text with a section for each verb ("== VERB"), the part of one verb; the part before them all without a verb. */
export function sectionOf(text, verb) {
  const [head, ...sections] = text.split(/^== /m)
  if (verb === undefined) return head
  return sections.find((section) => section.startsWith(`${verb}\n`))?.slice(verb.length + 1)
}

export const asksForHelp = (args) => args.includes('--help') || args.includes('-h')
