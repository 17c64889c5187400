import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** A database server that lets everybody in and then answers no statement: as one that is frozen, or waits for locks. */
export interface SilentServer {
  readonly url: string;
  /** Resolves once a statement that matches has arrived. */
  asked(statement: RegExp): Promise<void>;
  /** Cuts all connections and accepts no more, as a server that is killed. */
  die(): Promise<void>;
}

export async function silentServer(): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  let heard = '';
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(Buffer.concat([authenticationOk, backendKey, readyForQuery]));
      socket.on('data', (bytes: Buffer) => {
        heard += bytes.toString('latin1');
        if (bytes.includes('set role')) socket.write(Buffer.concat([setDone, readyForQuery]));
        server.emit('heard');
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `postgres://app@127.0.0.1:${(server.address() as AddressInfo).port}/tidemark`,
    async asked(statement) {
      while (!statement.test(heard)) await once(server, 'heard');
    },
    async die() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

// https://www.postgresql.org/docs/17/protocol-message-formats.html
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

const authenticationOk = message('R', Buffer.alloc(4));
const backendKey = message('K', Buffer.from([0, 0, 0, 7, 0, 0, 0, 9]));
const readyForQuery = message('Z', Buffer.from('I'));
const setDone = message('C', Buffer.from('SET\0'));
