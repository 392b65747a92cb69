import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  { ignores: ['.cache/', 'dist/', 'build/', 'node_modules/'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // Before it is optimised, for-of makes an object for every step: hot loops count.
      '@typescript-eslint/prefer-for-of': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    // Only the outermost room may end the process or write to the real terminal.
    files: ['src/**'],
    ignores: ['src/edge/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'exit', message: 'Return an exit status instead.' },
        { object: 'process', property: 'stdout', message: 'Write to the Io that main was given.' },
        { object: 'process', property: 'stderr', message: 'Write to the Io that main was given.' },
      ],
    },
  },
  {
    files: ['src/**'],
    ignores: ['src/socket/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['netlink', 'netlink/*'], message: 'Only src/socket knows the netlink package.' }] },
      ],
    },
  },
  {
    // The compiler checks JavaScript here too, and its types are in JSDoc.
    files: ['**/*.mjs'],
    rules: { 'no-undef': 'off', '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  {
    files: ['test/**', 'scripts/**', 'examples/**'],
    rules: {
      'no-console': 'off',
      // node:test reports a failed test itself; its promises need no handling.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'it', 'describe', 'suite'], package: 'node:test' },
          ],
        },
      ],
    },
  },
);
