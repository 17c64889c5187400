// Leaves what a project's run came to beside it, where `npm test` reads it; Nx keeps it with a cached run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const messageLines = 25;

export default class JestResults {
  constructor({ rootDir }) {
    this.rootDir = rootDir;
  }

  onRunComplete(_, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites, testResults }) {
    const result = {
      passed: numPassedTests,
      failed: numFailedTests + numRuntimeErrorTestSuites,
      skipped: numPendingTests,
      failures: testResults.flatMap((file) => this.failuresOf(file)),
    };
    const folder = join(this.rootDir, '.test-results');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'result.json'), JSON.stringify(result));
  }

  failuresOf({ testFilePath, testResults, failureMessage, testExecError }) {
    const file = relative(join(import.meta.dirname, '..'), testFilePath);
    if (testExecError) return [{ file, test: 'could not run', message: shortened(failureMessage ?? '') }];
    return testResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => ({
        file,
        test: fullName,
        message: shortened(failureMessages.join('\n')),
      }));
  }
}

function shortened(message) {
  const lines = stripVTControlCharacters(message).trim().split('\n');
  const ours = lines.filter((line) => !/node_modules|node:internal|new Promise \(<anonymous>\)/.test(line));
  return ours.slice(0, messageLines).join('\n');
}
