import { availableParallelism } from 'node:os'
import { defineConfig } from '@playwright/test'

const report = process.env.E2E_REPORT

/** Run by `npm test -- e2e`, which builds first and says in the environment where Chromium and Postgres are. */
export default defineConfig({
  testDir: '.',
  testMatch: process.env.PICTURES ? '*.pictures.ts' : '*.spec.ts',
  outputDir: '../test-results',
  globalSetup: './template.ts',
  // More than cores: half of the time is waiting for frames, starts and answers.
  workers: Math.ceil(availableParallelism() * 1.5),
  fullyParallel: false,
  retries: 0,
  // These tell what hangs from what is slow: no test comes near them, on a busy machine either.
  timeout: 600_000,
  expect: { timeout: 60_000 },
  forbidOnly: process.env.CI === 'true',
  reporter: [['list'], ...(report ? [['json', { outputFile: report }] as const] : [])],
  use: {
    browserName: 'chromium',
    headless: true,
    launchOptions: {
      executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
      args: ['--no-sandbox'],
    },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    video: 'off',
  },
})
