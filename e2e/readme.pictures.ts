import { join } from 'node:path'
import { test, type Page } from '@playwright/test'
import { drag, enter, openArticle, stored, team, window } from './people.ts'
import { startServer, type TestServer } from './server.ts'

// Makes the pictures of the README anew: PICTURES=1 npm test -- e2e

const folder = join(import.meta.dirname, '../apps/web/pictures')
const shoot = async (page: Page, name: string) => {
  await page.waitForTimeout(800)
  await page.screenshot({ path: join(folder, `${name}.png`) })
}

let server: TestServer
test.beforeAll(async () => {
  server = await startServer()
})
test.afterAll(() => server.stop())

test('the sign-in page, in Kazakh', async ({ browser }) => {
  const { page } = await window(browser, { locale: 'kk' })
  await page.goto(server.url)
  await page.getByRole('button', { name: team.ann }).waitFor()
  await shoot(page, 'sign-in')
})

test('two people in one article', async ({ browser }) => {
  const title = 'В Актобе прошел Гражданский форум'
  const [ann, dan] = [await enter(browser, server.url, team.ann), await enter(browser, server.url, team.dan)]
  for (const person of [ann, dan]) await openArticle(person, server.url, title)
  await drag(ann.page, 'общенациональной инициативы «Таза Қазақстан»')
  await ann.page.keyboard.press('KeyE')
  await ann.page.getByRole('button', { name: /^ORG Ассоциации юридических/ }).click()
  await drag(dan.page, 'на районные проекты')
  await stored(ann.page)
  await shoot(ann.page, 'editor')
})

test('a reviewer, at night', async ({ browser }) => {
  const rita = await enter(browser, server.url, team.reviewer, { colorScheme: 'dark' })
  await openArticle(rita, server.url, 'Гражданский форум Астаны: инновации, спорт и голос молодежи')
  await rita.page.goto(`${rita.page.url()}/review`)
  await rita.page.locator('[data-review][data-loaded="true"]').waitFor()
  await shoot(rita.page, 'review')
})

test('the articles, and the corpus out', async ({ browser }) => {
  const owner = await enter(browser, server.url, team.owner, { locale: 'kk' })
  await owner.page.goto(`${server.url}/projects`)
  await owner.page.getByRole('link', { name: 'Новости Актобе' }).first().click()
  await owner.page.getByRole('table').waitFor()
  await shoot(owner.page, 'project')
  const rita = await enter(browser, server.url, team.reviewer)
  await rita.page.goto(`${owner.page.url()}/export`)
  await rita.page.getByText('CoNLL-2003').first().click()
  await rita.page.waitForTimeout(600)
  await rita.page.getByText('Outermost', { exact: true }).first().click()
  await shoot(rita.page, 'export')
})
