import { importLogs } from './import-logs.ts';
import { ImportFailed } from './import-failed.ts';
import { progressOn } from './progress.ts';
import { parseCommandLine, usage, UsageError } from './usage.ts';

// 128 and the signal's number, as shells count it.
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

process.exit(await main());

async function main(): Promise<number> {
  const interrupted = new AbortController();
  let signalCode = 0;
  for (const [name, code] of Object.entries(exitCodes)) {
    process.on(name, () => {
      // Who asks twice does not want to wait.
      if (signalCode !== 0) process.exit(code);
      signalCode = code;
      interrupted.abort();
    });
  }
  try {
    const options = parseCommandLine(process.argv.slice(2), Date.now());
    if (options === 'help') {
      process.stdout.write(usage);
      return 0;
    }
    const tally = await importLogs(options, {
      // npm runs a script in the project's folder, and says here from where it was called.
      folder: process.env['INIT_CWD'] ?? process.cwd(),
      progress: progressOn(process.stderr),
      printSummary: (lines) => process.stdout.write(lines.map((line) => `${line}\n`).join('')),
      signal: interrupted.signal,
    });
    return tally.isFruitless ? 1 : 0;
  } catch (error) {
    if (interrupted.signal.aborted) return signalCode;
    if (!(error instanceof UsageError || error instanceof ImportFailed)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}
