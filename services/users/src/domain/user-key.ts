import { emailKey } from './email.ts';
import { at, BadValue } from './fields.ts';
import { parseText } from './text.ts';
import { usernameKey } from './username.ts';
import { parseUuid } from './uuid.ts';

/** What one user is found by; keys in the form that is unique. */
export type UserKey = { readonly id: string } | { readonly usernameKey: string } | { readonly emailKey: string };

export type UserKeyInput = { readonly $case: 'id' | 'username' | 'email'; readonly value: string };

/** @param field where the request has the choice, to name when nothing was chosen */
export function parseUserKey(field: string, input: UserKeyInput | undefined): UserKey {
  return at(input?.$case ?? field, () => {
    if (!input || input.value === '') throw new BadValue('must be given');
    switch (input.$case) {
      case 'id':
        return { id: parseUuid(input.value) };
      case 'username':
        return { usernameKey: usernameKey(parseText(input.value)) };
      case 'email':
        return { emailKey: emailKey(parseText(input.value)) };
    }
  })();
}
