import { relative } from 'node:path';
import type { Address, StartConfig } from './config.ts';
import type { OpenDatabase } from './database.ts';

/** Where everything listens, and what to try next. */
export function welcome({ events, users, dataDir }: StartConfig, { url, embedded }: OpenDatabase): string {
  const curl = (address: Address, method: string): string =>
    `npx buf curl --protocol grpc --http2-prior-knowledge http://${textOf(address)}/${method}`;
  const option = textOf(events) === '127.0.0.1:50051' ? '' : ` --events ${textOf(events)}`;
  return `
Tidemark is up.
  events    ${textOf(events)}
  users     ${textOf(users)}
  database  ${embedded ? `${url}  (embedded TimescaleDB, data in ${relative('.', dataDir) || '.'})` : withoutPassword(url)}

Try next, in another terminal:
  npm run import -- access.log --shift-to yesterday${option}
  ${curl(events, 'tidemark.events.v1.HypertablesService/ListHypertables')}
  ${curl(users, 'tidemark.users.v1.UsersService/CreateUser')} \\
    -d '{"user": {"username": "ada", "email": "ada@example.org"}}'

Ctrl-C stops everything.
`;
}

/** An address to call: a service that listens everywhere is called here. */
function textOf({ host, port }: Address): string {
  if (host === '0.0.0.0' || host === '::') return `127.0.0.1:${port}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.password = '';
  shown.search = '';
  return shown.href;
}
