import { dictionary } from '@zxcvbn-ts/language-common';
import { caseFold } from './case-fold.ts';

// Leaks of many years, tens of thousands of passwords; the shorter ones are refused for their length.
const common = new Set(dictionary['passwords-common'].filter((password) => password.length >= 8).map(caseFold));

/** Whether it is among the passwords that are tried first, in this or another case. */
export function isCommonPassword(password: string): boolean {
  return common.has(caseFold(password));
}
