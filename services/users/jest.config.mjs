import preset from '../../jest.preset.mjs';

const shared = preset('users');

export default {
  ...shared,
  // All that the services say in a run is kept, and looked through at its end.
  setupFilesAfterEnv: ['<rootDir>/test/planted/keep-calls.ts', '<rootDir>/test/planted/keep-console.ts'],
  reporters: [...shared.reporters, '<rootDir>/test/planted/output-reporter.ts'],
};
