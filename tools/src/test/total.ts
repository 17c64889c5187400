// The tests that failed in the suites that ran, their counts by database, and then of all of them on the last line.
import { lineOf, reportOf, results, sum } from './suite.ts';

const all = results();
const total = sum(all);
process.stdout.write(`\n${all.map(reportOf).join('')}`);
for (const each of all) process.stdout.write(`on ${each.database}: ${lineOf(each)}\n`);
process.stdout.write(`${lineOf(total)}\n`);
process.exit(total.failed === 0 ? 0 : 1);
