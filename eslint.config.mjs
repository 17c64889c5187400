import js from '@eslint/js';
import nx from '@nx/eslint-plugin';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

// Which project may import which, by tag: docs/architecture.md shows the same as a table.
const boundaries = [
  { sourceTag: 'type:contract', onlyDependOnLibsWithTags: ['type:contract'] },
  { sourceTag: 'type:kit', onlyDependOnLibsWithTags: ['type:contract'] },
  { sourceTag: 'type:data', onlyDependOnLibsWithTags: ['type:data'], bannedExternalImports: ['@grpc/*'] },
  { sourceTag: 'type:testing', onlyDependOnLibsWithTags: ['type:kit', 'type:data', 'type:contract'] },
  { sourceTag: 'type:service', onlyDependOnLibsWithTags: ['type:contract', 'type:kit', 'type:data'] },
  { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['type:contract', 'type:kit', 'type:data'] },
  {
    sourceTag: 'type:edge',
    onlyDependOnLibsWithTags: ['type:contract', 'type:kit'],
    bannedExternalImports: ['pg', '@mikro-orm/*'],
  },
  { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['type:contract', 'type:kit', 'type:testing'] },
  { sourceTag: 'scope:events', notDependOnLibsWithTags: ['scope:users'] },
  { sourceTag: 'scope:users', notDependOnLibsWithTags: ['scope:events'] },
];
const testBoundaries = boundaries.map((boundary) =>
  boundary.onlyDependOnLibsWithTags
    ? { ...boundary, onlyDependOnLibsWithTags: [...boundary.onlyDependOnLibsWithTags, 'type:testing'] }
    : boundary,
);

export default tseslint.config(
  { ignores: ['**/dist', '**/node_modules', '.nx', 'libs/contracts/src/gen'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { '@nx': nx, 'import-x': importX },
    rules: {
      '@nx/enforce-module-boundaries': ['error', { depConstraints: boundaries, banTransitiveDependencies: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    files: ['**/test/**/*.ts', 'services/*/{bench,rig,soak}/**/*.ts'],
    rules: {
      '@nx/enforce-module-boundaries': ['error', { depConstraints: testBoundaries, banTransitiveDependencies: true }],
    },
  },
  {
    files: ['services/*/src/**/*.ts'],
    rules: {
      // The layers inside a service: rpc -> db -> domain, and rpc -> domain.
      'import-x/no-restricted-paths': [
        'error',
        {
          basePath: import.meta.dirname,
          zones: [
            layer('domain', ['db', 'rpc'], 'The domain knows neither the database nor the wire.'),
            layer('db', ['rpc'], 'The database layer does not know the wire.'),
          ],
        },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config.ts reads it.' },
      ],
      'no-restricted-imports': ['error', { name: '@tidemark/dev-db', message: 'A service never knows its database.' }],
    },
  },
  {
    // Configuration and what runs before anything is installed: plain JavaScript, in no tsconfig.
    files: ['**/*.mjs'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { ...tseslint.configs.disableTypeChecked.languageOptions, globals: { process: 'readonly' } },
    rules: {
      ...tseslint.configs.disableTypeChecked.rules,
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
  { files: ['**/jest.config.mjs'], rules: { '@nx/enforce-module-boundaries': 'off' } },
  { files: ['services/*/src/config.ts'], rules: { 'no-restricted-properties': 'off' } },
);

function layer(target, from, message) {
  return {
    target: `./services/*/src/${target}/**/*`,
    from: from.map((name) => `./services/*/src/${name}/**/*`),
    message,
  };
}
