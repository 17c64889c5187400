import { SOURCE, type Native } from './native.ts';

/*
 * Two things that PostgreSQL keeps in static variables and offers no function for. Both are found by what stands in
 * them, and both throw when they are not exactly what is expected: the version of PGlite is pinned, and another one has
 * to be looked at before it is trusted.
 */

/** The head of guc_nondef_list: all settings that are not at their default, a circular list. */
export function findSettingsList(native: Native): number {
  const entry = findBooleanSetting(native, 'enable_seqscan') + FIELD.nondefLink;
  const heads: number[] = [];
  let node = entry;
  do {
    if (!isSetting(native, node - FIELD.nondefLink)) heads.push(node);
    node = native.word(node + 4);
  } while (node !== entry && heads.length < 2);
  const [head] = heads;
  if (head === undefined || heads.length > 1) throw new OtherBuild('the list of settings');
  return head;
}

export function* settingsIn(native: Native, list: number): Generator<{ name: string; source: number }> {
  for (let node = native.word(list + 4); node !== list; node = native.word(node + 4)) {
    const setting = node - FIELD.nondefLink;
    yield { name: native.string(native.word(setting + FIELD.name)), source: native.word(setting + FIELD.source) };
  }
}

/** AuthenticatedUserId: who SET SESSION AUTHORIZATION asks whether it is a superuser. */
export function findAuthenticatedUser(native: Native): number {
  const before = new Set(native.findWord(BOOTSTRAP_SUPERUSER));
  // The session, outer and current user change together and stand together; the authenticated one is 12 bytes on.
  native.inTransaction(() => native.setOption('session_authorization', 'pg_monitor', SOURCE.override));
  const changed = native.findWord(PG_MONITOR).filter((address) => before.has(address));
  native.inTransaction(() => native.setOption('session_authorization', 'postgres', SOURCE.override));
  const [session, outer, current] = changed;
  const together = session !== undefined && outer === session + 4 && current === session + 8 && changed.length === 3;
  if (!together || native.word(current + 12) !== BOOTSTRAP_SUPERUSER) throw new OtherBuild('the authenticated user');
  return current + 12;
}

class OtherBuild extends Error {
  constructor(what: string) {
    super(`PGlite was built otherwise than dev-db expects: ${what} was not found. See libs/dev-db/README.md.`);
  }
}

/** Byte offsets into struct config_generic of PostgreSQL 17 on 32 bits. */
const FIELD = { name: 0, context: 4, vartype: 24, source: 32, nondefLink: 64 } as const;

/** OIDs that are the same in every PostgreSQL 17. */
const BOOTSTRAP_SUPERUSER = 10;
const PG_MONITOR = 3373;

function findBooleanSetting(native: Native, name: string): number {
  const settings = native
    .findString(name)
    .flatMap((address) => native.findWord(address))
    .filter((address) => native.word(address + FIELD.context) === 6 && native.word(address + FIELD.vartype) === 0);
  const [setting] = settings;
  if (setting === undefined || settings.length > 1) throw new OtherBuild(`the setting ${name}`);
  return setting;
}

function isSetting(native: Native, address: number): boolean {
  const source = native.word(address + FIELD.source);
  const name = native.string(native.word(address + FIELD.name));
  return source >= 1 && source <= SOURCE.session && /^[A-Za-z_][\w.$]*$/.test(name);
}
