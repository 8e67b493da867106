import { Problem } from '@tamga/model'
import type { Ctx } from '../auth/guard.ts'
import { newId } from '../services.ts'
import { discard, empty } from './discard.ts'
import { fileKindOf } from './file-kinds.ts'
import { insertImport, setReport, stagingImport, type StagedFile } from './import-store.ts'
import { Staging } from './staging.ts'

/** An import that is open, and the project it goes to. */
export interface OpenImport {
  readonly id: string
  readonly project: string
}

/**
 * Reads one uploaded file into an import. What is refused is told by line and reason; a file with refusals leaves no
 * article behind. If the uploader is `gone` before the end, or the import is published or discarded, the file is dropped
 * whole.
 */
export async function importFile(
  { services, account }: Ctx,
  { id: importId, project }: OpenImport,
  name: string,
  bytes: AsyncIterable<Buffer>,
  gone: AbortSignal,
): Promise<StagedFile> {
  const id = `${importId}.${newId()}`
  const kind = fileKindOf(name)
  const reading = { name, kind: kind?.id ?? null, whole: false, articles: 0, refused: 0, refusals: [] }
  await insertImport(services.db, { id, project, account: account.id }, reading)
  const staging = new Staging(services.db, { project, import: importId, file: id })
  try {
    if (!kind) staging.refuse(new Problem('file_kind'), null)
    else
      for await (const found of kind.read(bytes, services.segmenter)) {
        if (gone.aborted) throw brokenOff()
        if ('problem' in found) staging.refuse(found.problem, found.line)
        else await staging.add(found.prepared, found.line)
      }
    const report = await staging.end(name, kind?.id ?? null)
    if (report.refused > 0) await empty(services.db, id)
    if (gone.aborted) throw brokenOff()
    // published or discarded meanwhile: nobody would ever see what came too late
    for (const open of [importId, id]) if (!(await stagingImport(services.db, open))) throw new Problem('import_gone')
    await setReport(services.db, id, report)
    return { id, report }
  } catch (error) {
    await discard(services.db, id)
    throw error
  }
}

/** All of the file may have arrived by then, so that nothing is missing in it but whoever waits for it. */
const brokenOff = () => new Problem('malformed', { field: 'file' })
