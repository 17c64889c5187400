// What every project's jest run shares. MikroORM is ESM only, so jest runs with --experimental-vm-modules (nx.json).
export default function preset(project) {
  return {
    displayName: project,
    rootDir: '.',
    testEnvironment: 'node',
    testMatch: ['<rootDir>/test/**/*.test.ts'],
    extensionsToTreatAsEsm: ['.ts'],
    transform: {
      '^.+\\.ts$': [
        '@swc/jest',
        { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
      ],
    },
    // Of a test that hangs. One that starts databases and services takes minutes on a machine that is busy with others.
    testTimeout: 300_000,
    maxWorkers: 2,
    reporters: ['default', new URL('./tools/jest-results.mjs', import.meta.url).pathname],
  };
}
