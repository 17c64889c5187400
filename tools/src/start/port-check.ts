import { once } from 'node:events';
import { createServer } from 'node:net';
import { StartupError } from '@tidemark/grpc-kit';
import type { Address } from './config.ts';

/** Fails before anything is started where a service could not listen. */
export async function checkPort(service: 'EVENTS' | 'USERS', { host, port }: Address): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    throw new StartupError(
      (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
        ? `Port ${port} is in use by another program: stop it, or set ${service}_PORT to another port.`
        : `Cannot listen on ${host}:${port}: set ${service}_HOST and ${service}_PORT to an address of this machine.`,
      { cause },
    );
  } finally {
    server.close();
  }
}
