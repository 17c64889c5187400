import { relative } from 'node:path';
import { addressToCall, type Address, type StartConfig } from './config.ts';
import type { OpenDatabase } from './database.ts';

/** Where everything listens, and what to try next. */
export function welcome({ events, users, dataDir }: StartConfig, { url, embedded }: OpenDatabase): string {
  const curl = (address: Address, method: string): string =>
    `npx buf curl --protocol grpc --http2-prior-knowledge http://${addressToCall(address)}/${method}`;
  const option = addressToCall(events) === '127.0.0.1:50051' ? '' : ` --events ${addressToCall(events)}`;
  return `
Tidemark is up.
  events    ${addressToCall(events)}
  users     ${addressToCall(users)}
  database  ${embedded ? `${url}  (embedded TimescaleDB, data in ${relative('.', dataDir) || '.'})` : withoutPassword(url)}

Try next, in another terminal:
  npm run import -- access.log --shift-to yesterday${option}
  ${curl(events, 'tidemark.events.v1.HypertablesService/ListHypertables')}
  ${curl(users, 'tidemark.users.v1.UsersService/CreateUser')} \\
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
