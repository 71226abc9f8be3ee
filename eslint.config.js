import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './ui/svelte.config.js';

export default ts.config(
  {
    ignores: [
      '**/node_modules',
      'dist',
      'data',
      '**/generated',
      '**/.svelte-kit',
      'ui/build',
      '**/graphql-env.d.ts',
    ],
  },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  prettier,
  ...svelte.configs.prettier,
  { languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts', '**/*.svelte.js'],
    languageOptions: { parserOptions: { extraFileExtensions: ['.svelte'], parser: ts.parser, svelteConfig } },
  },
  {
    rules: {
      'no-undef': 'off', // TypeScript knows better
      'no-console': ['error', { allow: ['log', 'error'] }],
      '@typescript-eslint/no-non-null-assertion': 'off', // beside noUncheckedIndexedAccess it is the honest form
      '@typescript-eslint/consistent-type-imports': 'error',
      'max-lines': ['error', { max: 300, skipComments: true, skipBlankLines: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'svelte/prefer-svelte-reactivity': 'off', // most maps and sets are local to a function: nothing reacts to them
      'svelte/no-navigation-without-resolve': 'off', // the UI is served at the root
    },
  },
);
