import type { Dictionary } from '../dictionary.ts'
import { articles } from './articles.ts'
import { asides } from './asides.ts'
import { auth } from './auth.ts'
import { commands } from './commands.ts'
import { common } from './common.ts'
import { editor } from './editor.ts'
import { exports } from './export.ts'
import { imports } from './import.ts'
import { labels } from './labels.ts'
import { offline } from './offline.ts'
import { people } from './people.ts'
import { problems } from './problems.ts'
import { projects } from './projects.ts'
import { review } from './review.ts'
import { states } from './states.ts'

/** The interface in Kazakh: a span is «белгі», a label «таңба». */
export const kk = {
  articles,
  asides,
  auth,
  commands,
  common,
  editor,
  export: exports,
  import: imports,
  labels,
  offline,
  people,
  problems,
  projects,
  review,
  states,
} as const satisfies Dictionary
