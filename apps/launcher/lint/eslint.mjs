import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import prettier from 'eslint-config-prettier'
import svelte from 'eslint-plugin-svelte'
import ts from 'typescript-eslint'

const node = [
  'process',
  'console',
  'performance',
  'Buffer',
  'URL',
  'fetch',
  'setTimeout',
  'clearTimeout',
  'setInterval',
  'clearInterval',
  'setImmediate',
]

/** Run from the root: `eslint --config apps/launcher/lint/eslint.mjs .` (npm run check does). */
export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', 'data/', 'seeds/', 'test-results/', 'playwright-report/']),
  js.configs.recommended,
  ts.configs.recommendedTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: process.cwd() },
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    rules: {
      // TypeScript knows every name; eslint does not know the DOM's.
      'no-undef': 'off',
      'no-warning-comments': 'error',
      eqeqeq: 'error',
      // Hono handlers and Kysely callbacks are async by their type, whether they wait or not.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      // Dates that never change need no reactive copy.
      'svelte/prefer-svelte-reactivity': 'off',
      // sv-router owns the paths; the rule knows only SvelteKit's.
      'svelte/no-navigation-without-resolve': 'off',
    },
  },
  {
    // Rules that ask for types would take two minutes here, and know a component only as `any`: svelte-check has its types.
    files: ['**/*.svelte'],
    extends: [ts.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: false } },
  },
  {
    files: ['**/*.test.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    files: ['**/*.mjs'],
    extends: [ts.configs.disableTypeChecked],
    languageOptions: { globals: Object.fromEntries(node.map((name) => [name, 'readonly'])) },
    rules: { 'no-undef': 'error' },
  },
  prettier,
  svelte.configs.prettier,
)
