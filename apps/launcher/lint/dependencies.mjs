// Who may import whom. Paths are relative to the root, where `npm run check` runs dependency-cruiser.

/** Features in the order of the journey: a later one may use an earlier one's verbs, never the reverse. */
const serverRooms = ['auth', 'projects', 'articles', 'live', 'imports', 'suggestions', 'review', 'gold'].concat([
  'entities',
  'agreement',
  'search',
  'releases',
])
const webRooms = [
  'auth',
  'projects',
  'articles',
  'editor',
  'review',
  'gold',
  'entities',
  'agreement',
  'search',
  'releases',
]

/** Packages of ours that a package may import. */
const packages = {
  model: [],
  language: [],
  formats: ['model', 'language'],
  agreement: ['model'],
  suggest: ['model', 'language'],
  collab: ['model'],
}

const test = String.raw`\.test\.ts$|^packages/[^/]+/fixtures/`
const any = (names) => `(${names.join('|')})`
/** A package of the registry by name, resolved (pnpm's folders) or not. */
const npm = (names) => String.raw`(^|node_modules/)${any(names)}(/|$)`

function rule(name, comment, from, to) {
  return { name, comment, severity: 'error', from, to }
}

const packageRules = Object.entries(packages).map(([name, allowed]) =>
  rule(
    `${name}-imports`,
    `packages/${name} may import of ours: ${allowed.join(', ') || 'nothing'}.`,
    { path: `^packages/${name}/` },
    { path: '^(packages|apps|e2e)/', pathNot: `^packages/${any([name, ...allowed])}/` },
  ),
)

function inOrder(side, folder, rooms, exempt) {
  return rooms
    .slice(0, -1)
    .map((room, index) =>
      rule(
        `${side}-order-${room}`,
        `${folder}/${room} comes before ${rooms.slice(index + 1).join(', ')} and may not know them (but their stores).`,
        { path: `^${folder}/${room}/`, pathNot: test },
        { path: `^${folder}/${any(rooms.slice(index + 1))}/`, pathNot: exempt },
      ),
    )
}

const store = String.raw`^apps/server/src/[^/]+/store\.ts$`

const forbidden = [
  rule('no-cycles', 'Modules that import each other cannot be read one after the other.', {}, { circular: true }),

  ...packageRules,
  rule(
    'packages-are-pure',
    'Packages run in the browser and on the server: no Node modules.',
    { path: '^packages/[^/]+/src/', pathNot: test },
    { dependencyTypes: ['core'] },
  ),
  rule(
    'model-libraries',
    'model imports zod and @noble/hashes only.',
    { path: '^packages/model/', pathNot: test },
    { dependencyTypes: ['npm', 'npm-dev', 'npm-no-pkg', 'unknown'], pathNot: npm(['zod', '@noble/hashes']) },
  ),
  rule(
    'language-libraries',
    'language imports nothing but a stemmer.',
    { path: '^packages/language/', pathNot: test },
    { dependencyTypes: ['npm', 'npm-dev', 'npm-no-pkg', 'unknown'], pathNot: npm(['@orama/stemmers']) },
  ),

  rule(
    'stores-are-leaves',
    'A store is SQL over db/: any verb may use it, so it may use none of them.',
    { path: store },
    { path: '^apps/', pathNot: String.raw`^apps/server/src/db/` },
  ),
  ...inOrder('server', 'apps/server/src', serverRooms, store),
  rule(
    'server-base',
    'db and the base files know no feature.',
    { path: String.raw`^apps/server/src/(db/|(problem|facts|env)\.ts$)`, pathNot: test },
    { path: `^apps/server/src/${any(serverRooms)}/` },
  ),
  rule(
    'routes-only-in-app',
    'app.ts mounts the routes; what two features share is a verb.',
    { path: '^apps/', pathNot: String.raw`^apps/server/src/app\.ts$` },
    { path: String.raw`^apps/server/src/[^/]+/routes\.ts$` },
  ),
  rule(
    'lucia-in-one-file',
    'lucia is deprecated and stays replaceable: only auth/sessions.ts knows it.',
    { pathNot: String.raw`^apps/server/src/auth/sessions\.ts$|node_modules` },
    { path: npm(['lucia']) },
  ),
  rule(
    'yjs-in-three-places',
    'All others see an ArticleDoc.',
    { pathNot: '^packages/collab/|^apps/server/(src/live|faults)/|^apps/web/src/text/|node_modules' },
    { path: npm(['yjs']) },
  ),
  rule(
    'server-alone',
    'The server knows no other app.',
    { path: '^apps/server/' },
    { path: '^apps/(web|cli|launcher)/' },
  ),

  rule(
    'web-sees-only-the-api',
    'The pages know the type of the API and nothing else of the server.',
    { path: '^apps/web/' },
    { path: '^apps/(server|cli|launcher)/', pathNot: String.raw`^apps/server/src/app\.ts$` },
  ),
  rule(
    'web-sees-only-types',
    'No code of the server in the bundle: `import type { Api }`.',
    { path: '^apps/web/' },
    { path: '^apps/server/', dependencyTypesNot: ['type-only'] },
  ),
  ...inOrder('web', 'apps/web/src', webRooms, undefined),
  rule(
    'web-base',
    'Shared parts of the pages know no feature.',
    { path: '^apps/web/src/(text|ui|runes|i18n)/', pathNot: test },
    { path: `^apps/web/src/${any(webRooms)}/` },
  ),
  rule(
    'ui-without-domain',
    'ui knows nothing about annotation.',
    { path: '^apps/web/src/ui/' },
    { path: '^(apps/web/src/text/|packages/)' },
  ),

  rule(
    'cli-imports',
    'The command line works by packages and server verbs.',
    { path: '^apps/cli/' },
    { path: '^apps/(web|launcher)/' },
  ),
  rule(
    'launcher-built-ins',
    'The launcher runs before anything is installed.',
    { path: '^apps/launcher/', pathNot: String.raw`^apps/launcher/(lint/|(vite|chance)\.mjs$)|\.test\.mjs$` },
    { dependencyTypes: ['npm', 'npm-dev', 'npm-no-pkg', 'unknown'] },
  ),
  rule(
    'launcher-alone',
    'The launcher imports no app.',
    { path: '^apps/launcher/' },
    { path: '^(packages|e2e|apps/(?!launcher/))' },
  ),
  rule('e2e-sees-pages', 'End-to-end tests import nothing of ours.', { path: '^e2e/' }, { path: '^(apps|packages)/' }),
  rule('tests-are-ends', 'Nobody imports a test.', {}, { path: String.raw`\.test\.(ts|mjs)$` }),
]

export default {
  forbidden: forbidden.map(({ to, ...rest }) => ({ ...rest, to: withoutUndefined(to) })),
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['svelte', 'import', 'types', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.svelte', '.json'],
    },
  },
}

function withoutUndefined(conditions) {
  return Object.fromEntries(Object.entries(conditions).filter(([, value]) => value !== undefined))
}
