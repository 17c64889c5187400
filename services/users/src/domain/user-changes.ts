import { attributeParsers, type Attributes, type AttributesInput } from './attributes.ts';
import { at, together } from './fields.ts';
import { checkPaths, maskedAttributes } from './update-mask.ts';
import { parseUuid } from './uuid.ts';

/** What to change about a user. */
export interface UserChanges {
  readonly id: string;
  /** Empty: whatever the user is by now. */
  readonly etag: string;
  readonly attributes: Partial<Attributes>;
}

export interface UserChangesInput {
  readonly user?: (AttributesInput & { readonly id: string; readonly etag: string }) | undefined;
  /** Without one, or with an empty one: the attributes that have a value. */
  readonly updateMask?: readonly string[] | undefined;
}

const noUser = { id: '', etag: '', username: '', email: '', displayName: '' };

export function parseUserChanges({ user = noUser, updateMask = [] }: UserChangesInput): UserChanges {
  const parsers = attributeParsers(user);
  const { id, attributes } = together({
    id: at('user.id', () => parseUuid(user.id)),
    paths: () => checkPaths(updateMask),
    attributes: (): Partial<Attributes> => {
      const named = maskedAttributes(updateMask, user);
      return together(Object.fromEntries(named.map((name) => [name, parsers[name]])));
    },
  });
  return { id, etag: user.etag, attributes };
}
