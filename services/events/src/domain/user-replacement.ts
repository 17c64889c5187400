import { invalid, parseAll } from './invalid-argument.ts';
import { isUuid } from './uuid.ts';

/** One id in the place of another; both in lower case. */
export interface UserReplacement {
  readonly userId: string;
  readonly replacement: string;
}

export function parseUserReplacement(input: UserReplacement): UserReplacement {
  const parsed = parseAll({
    userId: () => uuidOf('user_id', input.userId),
    replacement: () => uuidOf('replacement', input.replacement),
  });
  if (parsed.userId === parsed.replacement) throw invalid('replacement', 'Is the user_id: send another UUID.');
  return parsed;
}

function uuidOf(field: string, text: string): string {
  if (!isUuid(text)) throw invalid(field, 'Must be a UUID.');
  return text.toLowerCase();
}
