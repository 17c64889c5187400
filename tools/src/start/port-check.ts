import { once } from 'node:events';
import { createServer } from 'node:net';
import { CannotStart } from './config.ts';

/** Fails before anything is started where a port is in use; `name` is the variable that chooses another. */
export async function checkPort(name: string, port: number): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch (cause) {
    throw new CannotStart(`Port ${port} is in use by another program: stop it, or set ${name} to another port.`, {
      cause,
    });
  } finally {
    server.close();
  }
}
