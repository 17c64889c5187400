import { CreateEvents } from './0001-create-events.ts';
import { GrantRights } from './0002-grant-rights.ts';

/** In the order they are applied. A name, once released, stays. */
export const migrations = [
  { name: '0001-create-events', class: CreateEvents },
  { name: '0002-grant-rights', class: GrantRights },
];
