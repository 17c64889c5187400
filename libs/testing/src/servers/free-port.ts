import { once } from 'node:events';
import { createServer } from 'node:net';

// Below those that systems give to outgoing connections: nobody else's connection takes it before a server listens on
// it, or between two servers, and no client that calls it meanwhile connects to itself.
const [lowest, count] = [15_000, 15_000];

/** A port of this machine that nothing listens on. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * count);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
