import { CreateUsers } from './0001-create-users.ts';

/** In the order they are applied. A name, once released, stays. */
export const migrations = [{ name: '0001-create-users', class: CreateUsers }] as const;
