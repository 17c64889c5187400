import type { Measure } from '../measure.ts';
import { createUsers, lookupUsers, updateUsers } from './calls.ts';
import { million } from './million.ts';
import { verifyPasswords } from './verify-passwords.ts';

/** In the order of the table. */
export const measures: readonly Measure[] = [createUsers, lookupUsers, updateUsers, verifyPasswords, million];
