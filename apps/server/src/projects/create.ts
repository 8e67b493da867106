import { Settings, type Language } from '@tamga/model'
import { record } from '../audit.ts'
import { requireWholeSession, type Ctx } from '../auth/guard.ts'
import { transact } from '../db/transact.ts'
import { newId } from '../services.ts'
import { insertLabelSet, insertMember, insertProject } from './store.ts'
import { templateSet, type TemplateId } from './templates.ts'

export interface NewProject {
  readonly name: string
  readonly languages: Language[]
  readonly template: TemplateId
}

/** Makes a project with its maker as owner and the template as the first revision of its label set. Answers its id. */
export async function createProject(ctx: Ctx, { name, languages, template }: NewProject): Promise<string> {
  const { services, account } = ctx
  // the session would not reach what it makes
  await requireWholeSession(ctx)
  const id = newId()
  await transact(services, async (trx) => {
    await insertProject(trx, id, name, Settings.parse({ languages }))
    await insertMember(trx, id, account.id, 'owner', 'A1')
    await insertLabelSet(trx, id, 1, templateSet(template), account.id)
    await record(trx, { project: id, account: account.id, act: 'project.made', subject: id, after: { name, template } })
  })
  return id
}
