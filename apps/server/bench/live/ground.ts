import { LabelSet, Settings, sha256Hex } from '@tamga/model'
import { cookieName, openSessions } from '../../src/auth/sessions.ts'
import { insertAccount } from '../../src/auth/store.ts'
import { json } from '../../src/db/json.ts'
import { openDatabase } from '../../src/db/open.ts'
import { newId } from '../../src/services.ts'

const PEOPLE = 100
const TEXT = 'Ақтөбеде Қазақстан халқы Ассамблеясының форумы өтті, жүз адам қатысты. '.repeat(60)

const colour = { hue: 1, light: 0.5, dark: 0.75 }
const labels = LabelSet.parse({
  labels: ['loc', 'org', 'ppl'].map((id) => ({ id, code: id.toUpperCase(), name: {}, colour })),
  attributes: [],
  relations: [],
})

/** A project in a database that a server has brought up to date: its people's sessions, and articles as they are needed. */
export type Ground = Awaited<ReturnType<typeof layGround>>

export async function layGround(url: string) {
  const database = await openDatabase({ url })
  const { db } = database
  const project = newId()
  await db
    .insertInto('project')
    .values({ id: project, name: 'Bench', settings: json(Settings.parse({})) })
    .execute()
  await db
    .insertInto('label_set')
    .values({ project, no: 1, content: json(labels) })
    .execute()
  const people = Array.from({ length: PEOPLE }, () => newId())
  // no port yet: the token alone is kept, and named for whichever server it is shown to
  const sessions = openSessions(db, { secure: false, port: 0, demo: false })
  const tokens: string[] = []
  for (const [i, id] of people.entries()) {
    await insertAccount(db, { id, name: `Person ${i}` })
    await db.insertInto('member').values({ project, account: id, role: 'annotator', pseudonym: id }).execute()
    tokens.push((await sessions.create(id)).split(/[=;]/)[1]!)
  }
  return {
    /** The cookie of one of the people at a server. */
    cookie: (i: number, port: number) => `${cookieName(false, port)}=${tokens[i % PEOPLE]}`,
    /** New articles; their shared layers. */
    async layers(count: number): Promise<string[]> {
      const made = Array.from({ length: count }, () => ({ article: newId(), revision: newId(), layer: newId() }))
      await db
        .insertInto('article')
        .values(made.map(({ article }) => ({ id: article, project, title: 'Bench', meta: '{}' })))
        .execute()
      await db
        .insertInto('revision')
        .values(
          made.map(({ article, revision }) => ({
            ...{ id: revision, article, no: 1, sha256: sha256Hex(TEXT), code_points: [...TEXT].length },
            segmenter: 1,
          })),
        )
        .execute()
      await db
        .insertInto('layer')
        .values(made.map(({ layer, revision }) => ({ id: layer, revision })))
        .execute()
      await db
        .insertInto('layer_head')
        .values(made.map(({ layer }) => ({ layer })))
        .execute()
      return made.map(({ layer }) => layer)
    },
    close: () => database.close(),
  }
}
