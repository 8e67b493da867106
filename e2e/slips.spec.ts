import axe from 'axe-core'
import { expect, test, type Page } from '@playwright/test'
import { window, type Person } from './people.ts'
import { startServer, type TestServer } from './server.ts'

let server: TestServer
test.beforeAll(async () => {
  server = await startServer({ demo: false })
})
test.afterAll(() => server.stop())

const PASSWORD = 'a long password'
const names = ['Айгүл Сатыбалды', 'Данияр Оспанов', 'Мұрат Ержан']

/** What axe finds on a page, by the rule. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async () =>
    (await (globalThis as unknown as { axe: typeof axe }).axe.run()).violations.map(
      ({ id, nodes }) => `${id}: ${nodes[0]?.html}`,
    ),
  )
}

async function becomeOwner({ page }: Person): Promise<void> {
  await page.goto(server.links().first!)
  await page.getByLabel('Name').fill('Teacher')
  await page.getByLabel('E-mail').fill('teacher@example.org')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Become the owner' }).click()
  await page.getByRole('button', { name: 'New project' }).click()
  const dialog = page.getByRole('dialog', { name: 'New project' })
  await dialog.getByLabel('Name of the project').fill('Class 10')
  await dialog.getByText('None, I make my own').click()
  await dialog.getByRole('button', { name: 'Make the project' }).click()
  await page.getByRole('heading', { level: 1, name: 'Class 10' }).waitFor()
}

test('a teacher makes accounts from a list and prints slips, and a student comes in by the code alone', async ({
  browser,
}) => {
  const teacher = await window(browser)
  const { page } = teacher
  await becomeOwner(teacher)
  await page.getByRole('link', { name: /^People/ }).click()
  await page.getByRole('button', { name: 'Add a list' }).click()
  const dialog = page.getByRole('dialog', { name: 'Accounts from a list of names' })

  // a bad line is named, and nothing is made
  await dialog.getByLabel('Names, one a line').fill(`${names[0]}\nAn\u202ena\n${names[0]}`)
  await dialog.getByRole('button', { name: 'Make the accounts' }).click()
  await expect(dialog.getByRole('alert')).toContainText('2 lines are refused')
  await expect(dialog.getByRole('listitem')).toContainText(['Line 2', 'Line 3'])
  expect(await faultsOf(page)).toEqual([])
  await dialog.getByLabel('Names, one a line').fill(names.join('\n'))
  await dialog.getByRole('button', { name: 'Make the accounts' }).click()

  const slips = page.locator('.slip')
  await expect(slips).toHaveCount(3)
  await expect(page.getByRole('heading', { name: '3 slips' })).toBeFocused()
  for (const [i, name] of names.entries()) {
    await expect(slips.nth(i)).toContainText(name)
    await expect(slips.nth(i).getByRole('img', { name: `QR code of the link for ${name}` })).toBeVisible()
  }
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1440, 390]) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 800 })
      expect(await faultsOf(page)).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      await page.screenshot({ path: `test-results/slips-${colorScheme}-${width}.png` })
    }
  }

  // on paper there are the slips alone, two in a row
  await page.setViewportSize({ width: 718, height: 1000 })
  await page.emulateMedia({ media: 'print' })
  await expect(page.getByRole('banner')).toBeHidden()
  await expect(page.getByRole('button', { name: 'Print' })).toBeHidden()
  const boxes = await Promise.all([0, 1, 2].map(async (i) => (await slips.nth(i).boundingBox())!))
  expect(boxes[0]!.y).toBe(boxes[1]!.y)
  expect(boxes[2]!.y).toBeGreaterThanOrEqual(boxes[0]!.y + boxes[0]!.height)
  await page.screenshot({ path: 'test-results/slips-print.png' })
  await page.emulateMedia({ media: 'screen', colorScheme: 'light' })
  await page.setViewportSize({ width: 1440, height: 900 })

  const code = await slips.first().locator('.code').textContent()
  const signInName = await slips.first().locator('dd').first().textContent()
  await page.getByRole('button', { name: 'Done' }).click()
  await expect(page.getByRole('row')).toContainText(['Person', 'Teacher', ...names])

  const student = await window(browser, { viewport: { width: 390, height: 800 } })
  await student.page.goto(server.url)
  await student.page.getByRole('link', { name: 'Enter with the code of a slip' }).click()
  await student.page.getByLabel('Code').fill(code!.toLowerCase().replaceAll('-', ' '))
  await student.page.keyboard.press('Enter')
  await expect(student.page.getByText(signInName!)).toBeVisible()
  expect(await faultsOf(student.page)).toEqual([])
  await student.page.screenshot({ path: 'test-results/slips-link-390.png' })
  await student.page.getByLabel('Choose a password').fill(PASSWORD)
  await student.page.getByRole('button', { name: 'Sign in' }).click()
  await student.page.getByRole('heading', { level: 1, name: 'Class 10' }).waitFor()

  // from now on by the sign-in name, in the same field as an e-mail
  await student.page.getByRole('button', { name: `Menu of ${names[0]}` }).click()
  await student.page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
  await student.page.getByLabel('E-mail or sign-in name').fill(signInName!)
  await student.page.getByLabel('Password').fill(PASSWORD)
  await student.page.getByRole('button', { name: 'Sign in' }).click()
  await student.page.getByRole('button', { name: `Menu of ${names[0]}` }).waitFor()
  const told = student.page.getByText('Somebody signed in as you by a one-time link that Teacher made')
  await expect(told).toBeVisible()
  await student.page.getByRole('heading', { level: 1, name: 'Class 10' }).waitFor()
  expect(await faultsOf(student.page)).toEqual([])
  await student.page.screenshot({ path: 'test-results/slips-notice-390.png' })
  await student.page.getByRole('button', { name: 'I have read it' }).click()
  await expect(told).toHaveCount(0)
  await student.page.reload()
  await student.page.getByRole('banner').waitFor()
  await expect(told).toHaveCount(0)
  await student.context.close()
  await teacher.context.close()
})
