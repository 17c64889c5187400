import type { Attributes, AttributesInput } from './attributes.ts';
import { InvalidFields } from './fields.ts';

type Name = keyof Attributes;

const profile = ['bio', 'avatarUrl', 'locale', 'timeZone'] as const satisfies Name[];
const all = ['username', 'email', 'displayName', ...profile] as const satisfies Name[];

const namedBy = new Map<string, readonly Name[]>(
  Object.entries({
    '*': all,
    username: ['username'],
    email: ['email'],
    display_name: ['displayName'],
    profile,
    'profile.bio': ['bio'],
    'profile.avatar_url': ['avatarUrl'],
    'profile.locale': ['locale'],
    'profile.time_zone': ['timeZone'],
    // Output only: a client that sends back all that it read means no harm.
    id: [],
    state: [],
    email_verified: [],
    etag: [],
    create_time: [],
    update_time: [],
    delete_time: [],
    lock_time: [],
  }),
);

/** Refuses paths of an update_mask that are not known (https://google.aip.dev/161). */
export function checkPaths(paths: readonly string[]): void {
  const unknown = paths.filter((path) => !namedBy.has(path));
  if (unknown.length === 0) return;
  throw new InvalidFields(
    unknown.map((path) => ({
      field: 'update_mask',
      description: `names an unknown path, "${path}": name fields of User in snake_case, or "*"`,
    })),
  );
}

/** The attributes that an update_mask names; those with a value where it names nothing. */
export function maskedAttributes(paths: readonly string[], user: AttributesInput): Name[] {
  if (paths.length === 0) return all.filter((name) => valueOf(name, user));
  return [...new Set(paths.flatMap((path) => namedBy.get(path) ?? []))];
}

function valueOf(name: Name, user: AttributesInput): string | undefined {
  return name === 'username' || name === 'email' || name === 'displayName' ? user[name] : user.profile?.[name];
}
