import { expect, test } from '@playwright/test'
import { clickWord, drag, enter, KAZAKH, listed, openArticle, saved, stored, team, type Person } from './people.ts'
import { startServer, type Base } from './server.ts'

const told = ({ page }: Pick<Person, 'page'>) => page.getByText(/^The server’s data was put back to an earlier state/)

for (const base of ['pglite', 'postgres'] satisfies Base[])
  test(`a backup that is put back (${base}): pages show what is saved, and send again what was not`, async ({
    browser,
  }) => {
    const server = await startServer({ base })
    const [ann, dan] = [await enter(browser, server.url, team.ann), await enter(browser, server.url, team.dan)]
    await openArticle(ann, server.url, KAZAKH)
    await openArticle(dan, server.url, KAZAKH)
    const second = { context: ann.context, page: await ann.context.newPage() }
    await second.page.goto(ann.page.url())
    await drag(ann.page, 'Асхат Шахаров')
    await ann.page.keyboard.press('KeyA')
    await stored(ann.page)
    await expect.poll(async () => (await listed(dan.page)).length).toBe(1)

    await server.end()
    const putBack = await server.backup()
    await server.start()
    for (const { page } of [ann, dan, second]) await expect(saved(page)).toBeVisible()
    await clickWord(dan.page, 'Ақтөбеде')
    await dan.page.keyboard.press('KeyT')
    await stored(dan.page)
    await expect.poll(async () => (await listed(ann.page)).length).toBe(2)
    await clickWord(ann.page, 'биыл')
    await ann.page.keyboard.press('KeyD')
    await stored(ann.page)
    for (const { page } of [dan, second]) await expect.poll(async () => (await listed(page)).length).toBe(3)

    await server.end()
    await expect(ann.page.getByText('offline', { exact: true }).first()).toBeVisible()
    await ann.page.keyboard.press('Escape')
    await clickWord(ann.page, 'Шахаров')
    await ann.page.keyboard.press('KeyR')
    await expect(ann.page.getByText('offline, 1 edit waiting')).toBeVisible()
    await putBack()
    await server.start()

    for (const one of [ann, dan, second]) await expect(told(one)).toBeVisible()
    await expect(told(ann)).toContainText('1 edit of yours that was not saved yet was sent again: PROF «Асхат Шахаров»')
    await expect(told(dan)).toContainText('No edit of yours was waiting to be sent.')
    const kept = [expect.stringMatching(/^PROF Асхат Шахаров/)]
    for (const { page } of [ann, dan, second]) {
      await expect.poll(() => listed(page)).toEqual(kept)
      await stored(page)
    }
    if (base === 'postgres') {
      const rows = await server.rows(
        `select n.content->>'label' as label, c.name as creator, e.name as editor from annotation n
         join account c on c.id = n.creator join account e on e.id = n.last_editor
         join layer l on l.id = n.layer join revision r on r.id = l.revision join article a on a.id = r.article
         where a.external_id = '004' and n.gone_at is null`,
      )
      expect(rows).toEqual([{ label: 'prof', creator: team.ann, editor: team.ann }])
    }
    // what follows is work as ever
    await ann.page.getByRole('button', { name: 'Close' }).click()
    await expect(told(ann)).toHaveCount(0)
    await clickWord(dan.page, 'Ақтөбеде')
    await dan.page.keyboard.press('KeyT')
    await expect.poll(async () => (await listed(ann.page)).length).toBe(2)
    await ann.page.reload()
    await expect.poll(async () => (await listed(ann.page)).length).toBe(2)
    await expect(told(ann)).toHaveCount(0)
    for (const { context } of [ann, dan]) await context.close()
    await server.stop()
  })
