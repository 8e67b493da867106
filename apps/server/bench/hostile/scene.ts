import type { Aim } from '../../src/live/test-frames.ts'
import { Editor, Line, Person } from './people.ts'
import type { Server } from './server.ts'

/** The demo's people around one of its articles: an editor at work, and others who send what they should not. */
export interface Scene {
  readonly project: string
  readonly article: string
  readonly editor: Editor
  readonly others: readonly { readonly name: string; readonly person: Person }[]
  /** What stands in the layer, for whoever aims at it. */
  aim(): Omit<Aim, 'client'>
  /** A socket of somebody at the editor's layer, which may be closed already. */
  lineOf(person: Person): Promise<Line>
  end(): void
}

export async function openScene(server: Server): Promise<Scene> {
  const { demo } = await new Person(server).send<{ demo: { person: string; role: string }[] }>('GET', '/session')
  const as = async (role: string) => {
    const person = new Person(server)
    const found = demo.find((one) => one.role === role)
    if (!found) throw new Error(`The demo has no ${role}.`)
    const signed = await person.send<{ account: { id: string } }>('POST', '/session/demo', { person: found.person })
    return { person, account: signed.account.id }
  }
  const owner = (await as('owner')).person
  const { projects } = await owner.send<{ projects: { id: string }[] }>('GET', '/projects')
  const project = projects[0]!.id
  const { articles } = await owner.send<{ articles: { id: string }[] }>('GET', `/projects/${project}/articles`)
  const article = articles[0]!.id
  const { layer } = await owner.send<{ layer: { id: string } }>('GET', `/articles/${article}`)
  // the demo has annotators: one of them may only read from now on
  const viewer = await as('annotator')
  const annotators = demo.filter(({ role }) => role === 'annotator')
  const annotator = new Person(server)
  await annotator.send('POST', '/session/demo', { person: annotators.at(-1)!.person })
  if (annotators.length < 2) throw new Error('The demo has one annotator only.')
  await owner.send('PATCH', `/projects/${project}/members/${viewer.account}`, { role: 'viewer' })
  const nonMember = await outsider(server, owner)
  const editor = new Editor((await as('reviewer')).person, layer.id)
  await editor.join()
  const look = await Line.open(owner, layer.id)
  const clients = [...look.doc.store.clients].map(([client, structs]) => ({
    victim: client,
    clocks: structs.at(-1)!.id.clock + structs.at(-1)!.length,
  }))
  look.end()
  const largest = clients.sort((a, b) => b.clocks - a.clocks)[0] ?? { victim: 1, clocks: 1 }
  return {
    ...{ project, article, editor },
    others: [
      { name: 'viewer', person: viewer.person },
      { name: 'annotator', person: annotator },
      { name: 'non-member', person: nonMember },
      { name: 'stranger', person: new Person(server) },
    ],
    aim: () => largest,
    lineOf: (person) => Line.open(person, layer.id),
    end: () => editor.end(),
  }
}

/** Somebody with an account who is no member of the project. */
async function outsider(server: Server, owner: Person): Promise<Person> {
  const { id } = await owner.send<{ id: string }>('POST', '/projects', {
    ...{ name: 'Elsewhere', languages: [], template: 'empty' },
  })
  const { url } = await owner.send<{ url: string }>('POST', `/projects/${id}/invitations`, { role: 'viewer' })
  const person = new Person(server)
  const token = url.split('#').at(-1)!.split('/').at(-1)!
  await person.send('POST', '/tickets/use', {
    token,
    person: { name: 'Outsider', email: 'outsider@example.org', password: 'a long enough password' },
  })
  return person
}
