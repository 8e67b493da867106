import { svelte } from '@sveltejs/vite-plugin-svelte'
import { playwright } from '@vitest/browser-playwright'
import { createHash, randomInt } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'
import type { TestProjectConfiguration } from 'vitest/config'

declare module 'vitest' {
  export interface ProvidedContext {
    readonly seed: number
  }
}

const root = import.meta.dirname
const web = join(root, 'apps/web')

/** Stay in node_modules: they carry wasm or native files, or are looked for by pg and never needed. */
const external = [/^@electric-sql\/pglite(-socket)?(\/|$)/, '@node-rs/argon2', 'pg-native', 'pg-cloudflare']

/** How long each plugin took is no warning to whoever builds. */
const checks = { bundlerTimings: false }

/** Where `npm run dev` started the server. */
const devServer = `http://127.0.0.1:${process.env.TAMGA_DEV_PORT ?? '4173'}`

/** Where chance begins in all tests of a run: `npm test -- --seed N` says it, else it is drawn once. */
const seed = Number((process.env.TEST_SEED ??= String(randomInt(2 ** 31))))

/**
 * One configuration for three things: `vite build --app` (the pages into apps/web/dist; the server, its database
 * worker and the command line into apps/server/dist), the development server, and the Vitest projects.
 */
export default defineConfig(({ command }) => ({
  root: web,
  plugins: [svelte({ configFile: false }), nameBuild()],
  builder: {},
  environments: {
    // no data: URLs: the content security policy takes fonts and images from files only
    client: {
      build: {
        outDir: join(web, 'dist'),
        emptyOutDir: true,
        assetsInlineLimit: 0,
        rolldownOptions: {
          checks,
          input: { index: join(web, 'index.html'), worker: join(web, 'src/offline/worker.ts') },
          // the worker's address must not change from build to build, nor lie below the pages that it answers for
          output: { entryFileNames: ({ name }) => (name === 'worker' ? 'worker.js' : 'assets/[name]-[hash].js') },
        },
      },
    },
    ssr: {
      consumer: 'server' as const,
      // Only when building: in tests it would push every dependency through Vite.
      ...(command === 'build' && { resolve: { noExternal: true } }),
      build: {
        outDir: join(root, 'apps/server/dist'),
        emptyOutDir: true,
        copyPublicDir: false,
        target: 'node20',
        sourcemap: true,
        rolldownOptions: {
          checks,
          external,
          input: {
            main: join(root, 'apps/server/src/main.ts'),
            'pglite-worker': join(root, 'apps/server/src/db/pglite-worker.ts'),
            'segment-worker': join(root, 'apps/server/src/articles/segment-worker.ts'),
            tamga: join(root, 'apps/cli/src/main.ts'),
          },
        },
      },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': toServer(), '/live': { ...toServer(), ws: true }, '/lobby': { ...toServer(), ws: true } },
  },
  test: {
    root,
    // More than cores: server tests wait for a database, a lost connection or a process that ends.
    maxWorkers: Math.ceil(availableParallelism() * 1.5),
    projects: projects(),
  },
}))

/** Tells the worker which files the pages are made of, and the page and the worker which build they are. */
function nameBuild(): Plugin {
  return {
    name: 'name-build',
    apply: 'build',
    applyToEnvironment: ({ name }) => name === 'client',
    writeBundle({ dir }) {
      const [page, worker] = [join(dir!, 'index.html'), join(dir!, 'worker.js')]
      const files = filesOf(dir!).filter((file) => file !== '/worker.js' && file !== '/index.html')
      const hash = createHash('sha256')
      for (const file of [...files, '/index.html', '/worker.js'])
        hash.update(file).update(readFileSync(join(dir!, file)))
      const build = `tamga-build-${hash.digest('hex').slice(0, 16)}`
      const named = `<meta name="build" content="${build}" />\n  </head>`
      writeFileSync(page, readFileSync(page, 'utf8').replace('</head>', named))
      writeFileSync(worker, `self.build=${JSON.stringify({ name: build, files })};\n${readFileSync(worker, 'utf8')}`)
    },
  }
}

const filesOf = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(dir.length))
    .sort()

/** The server accepts only its own Host and Origin, so the development proxy speaks under them. */
function toServer() {
  return { target: devServer, changeOrigin: true, headers: { origin: devServer } }
}

function projects(): TestProjectConfiguration[] {
  const pages = ['apps/web/src/**/*.svelte.test.ts', 'apps/web/src/**/*.browser.test.ts']
  return [
    project('node', {
      include: ['packages/*/src/**/*.test.ts', 'apps/web/src/**/*.test.ts', story],
      exclude: pages,
      ...shared,
    }),
    project('launcher', { include: ['apps/launcher/**/*.test.mjs'] }),
    ...databases().map((database) =>
      project(database, {
        include: ['apps/server/src/**/*.test.ts', 'apps/cli/src/**/*.test.ts'],
        exclude: notOn(database),
        globalSetup: ['apps/server/src/db/test-setup.ts'],
        env: { TEST_DB: database },
        ...shared,
      }),
    ),
    project('browser', {
      include: pages,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({
          launchOptions: {
            executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
            args: ['--no-sandbox'],
          },
        }),
        instances: [{ browser: 'chromium' }],
      },
    }),
  ]
}

/** Files share their process and what it has loaded: no module keeps a state that a test could leave behind. */
const shared = { isolate: false }

/** Peers over real documents, without any database; `npm run story` plays more of them. */
const story = 'apps/server/src/live/convergence.once.test.ts'

/**
 * What asks nothing of a database that the other would answer in another way (frames and handshakes are judged before
 * it, the rest needs none) runs once: on Postgres where there is one, which is the faster.
 */
const onEither = [
  '**/live/{hostile,handshake,bucket,room-presence}.test.ts',
  '**/articles/{file-kinds,hits}.test.ts',
  '**/gold/{body,zip}.test.ts',
  'apps/server/src/{console,env,log,metrics,origins,problem}.test.ts',
  'apps/cli/src/{server-socket,summary}.test.ts',
]

/**
 * All other server tests run on both databases: SQL, locks, transactions, the flush of a room, gold, imports, search.
 * `npm test` sees to it that TEST_DATABASE_URL is set.
 */
function databases(): string[] {
  return process.env.TEST_DATABASE_URL ? ['pglite', 'postgres'] : ['pglite']
}

/** Several processes need a Postgres, and a Redis where `npm test` found one; what needs no database is tried once. */
const notOn = (database: string): string[] => [
  story,
  ...(database === 'pglite' && databases().includes('postgres') ? onEither : []),
  ...(database === 'postgres' ? ['**/*.pglite.test.ts', '**/*.once.test.ts'] : ['**/*.postgres.test.ts']),
  ...(database === 'postgres' && process.env.TEST_REDIS_URL ? [] : ['**/*.redis.test.ts']),
]

type ProjectTest = NonNullable<Extract<TestProjectConfiguration, { test?: unknown }>['test']>

/** Tells what hangs from what is slow: no test comes near it, on a busy machine either. */
const patience = 120_000

function project(name: string, test: ProjectTest): TestProjectConfiguration {
  const common: ProjectTest = {
    provide: { seed },
    setupFiles: [join(root, 'apps/launcher/chance.mjs')],
    testTimeout: patience,
    hookTimeout: patience,
    expect: { poll: { timeout: patience / 4 } },
  }
  return { extends: true, test: { name, ...common, ...test } }
}
