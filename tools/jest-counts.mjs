// Leaves the counts of a project's run beside it, where `npm test` adds them up; Nx keeps them with a cached run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export default class JestCounts {
  constructor(globalConfig) {
    this.folder = join(globalConfig.rootDir, '.test-results');
  }

  onRunComplete(_, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    mkdirSync(this.folder, { recursive: true });
    const counts = {
      passed: numPassedTests,
      failed: numFailedTests + numRuntimeErrorTestSuites,
      skipped: numPendingTests,
    };
    writeFileSync(join(this.folder, 'counts.json'), JSON.stringify(counts));
  }
}
