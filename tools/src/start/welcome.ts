import { relative } from 'node:path';
import type { StartConfig } from './config.ts';
import type { OpenDatabase } from './database.ts';

/** Where everything listens, and what to try next. */
export function welcome({ eventsPort, usersPort, dataDir }: StartConfig, { url, embedded }: OpenDatabase): string {
  const curl = (port: number, method: string): string =>
    `npx buf curl --protocol grpc --http2-prior-knowledge http://127.0.0.1:${port}/${method}`;
  const events = eventsPort === 50_051 ? '' : ` --events 127.0.0.1:${eventsPort}`;
  return `
Tidemark is up.
  events    127.0.0.1:${eventsPort}
  users     127.0.0.1:${usersPort}
  database  ${embedded ? `${url}  (embedded TimescaleDB, data in ${relative('.', dataDir) || '.'})` : withoutPassword(url)}

Try next, in another terminal:
  npm run import -- access.log --shift-to yesterday${events}
  ${curl(eventsPort, 'tidemark.events.v1.HypertablesService/ListHypertables')}
  ${curl(usersPort, 'tidemark.users.v1.UsersService/CreateUser')} \\
    -d '{"user": {"username": "ada", "email": "ada@example.org"}}'

Ctrl-C stops everything.
`;
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.password = '';
  shown.search = '';
  return shown.href;
}
