import js from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import prettier from 'eslint-config-prettier'
import svelte from 'eslint-plugin-svelte'
import ts from 'typescript-eslint'

/**
 * Components and modules with runes, which oxlint does not know; run from the root (npm run check does). Rules that
 * need types know a component only as `any`: svelte-check has its types, and oxlint those of the modules.
 */
export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', '**/.svelte-check/']),
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    extends: [js.configs.recommended, ts.configs.recommended, svelte.configs.recommended],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      // TypeScript knows every name; eslint does not know the DOM's.
      'no-undef': 'off',
      'no-warning-comments': 'error',
      eqeqeq: 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      // Dates that never change need no reactive copy.
      'svelte/prefer-svelte-reactivity': 'off',
      // sv-router owns the paths; the rule knows only SvelteKit's.
      'svelte/no-navigation-without-resolve': 'off',
    },
  },
  prettier,
  svelte.configs.prettier,
)
