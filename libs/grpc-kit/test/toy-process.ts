import { createLogger, runMain, StartupError } from '../src/index.ts';

const log = createLogger({ name: 'toy', pretty: false });
const ways: Record<string, () => Promise<{ port?: number; stop?: () => Promise<void> }>> = {
  serves: () => {
    const alive = setInterval(() => undefined, 1_000);
    return Promise.resolve({
      port: 7,
      stop: () => {
        clearInterval(alive);
        process.stdout.write('stopped\n');
        return Promise.resolve();
      },
    });
  },
  hangs: () => {
    setInterval(() => undefined, 1_000);
    return Promise.resolve({
      port: 7,
      stop: () => {
        process.send?.('stopping');
        return new Promise<void>(() => undefined);
      },
    });
  },
  task: () => Promise.resolve({}),
  refuses: () => Promise.reject(new StartupError('Port 7 is in use: choose another.')),
  unreachable: () => Promise.reject(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })),
};
const way = process.argv[2] ?? '';
await runMain(() => {
  if (way === 'throws') throw new StartupError('LOG_LEVEL is "loud".');
  return (ways[way] ?? (() => Promise.resolve({})))().then((running) => ({ log, ...running }));
});
