import { codeOf } from './code-of.ts';
import { Databases } from './databases.ts';
import { shortDigest } from './digest-of.ts';
import { MayNotCreateDatabases } from './faults.ts';
import { Session } from './session.ts';
import type { OnServer } from './test-database.ts';

/** A database of its own on the server, copied from the template, which is made first where there is none. */
export async function copyOnServer(options: OnServer): Promise<{ url: string; drop: () => Promise<void> }> {
  const session = await Session.open(options.server);
  try {
    const databases = await Databases.of(session);
    await databases.dropAbandoned();
    const name = await copy(databases, options);
    return {
      url: urlOf(options.server, name),
      drop: () => databases.drop(name).finally(() => session.close()),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function copy(databases: Databases, options: OnServer): Promise<string> {
  // Another user's template would be full of tables that this one may not read.
  const template = `mot_test_${shortDigest(JSON.stringify([options.key, databases.user]))}`;
  for (let attempt = 1; ; attempt += 1) {
    if (!(await databases.isThere(template))) await makeTemplate(databases, template, options);
    try {
      return await databases.create(template, template);
    } catch (error) {
      // It was old, and somebody dropped it in between.
      if (codeOf(error) !== doesNotExist || attempt === 3) throw refusal(error, databases.user, options.server);
    }
  }
}

const doesNotExist = '3D000';
const exists = '42P04';
const insufficientPrivilege = '42501';

function makeTemplate(databases: Databases, template: string, options: OnServer): Promise<void> {
  return databases.alone(template, async () => {
    if (await databases.isThere(template)) return;
    await databases.dropOldTemplates();
    await fillAndSeal(databases, template, options);
  });
}

/** It has another name until it is whole, and nobody finds half of it. */
async function fillAndSeal(databases: Databases, template: string, { server, migrate }: OnServer): Promise<void> {
  const draft = await databases.create(template).catch((error: unknown) => {
    throw refusal(error, databases.user, server);
  });
  try {
    await migrate(urlOf(server, draft));
    await databases.seal(draft, template);
  } catch (error) {
    // One that cannot be dropped now is an abandoned one later.
    await databases.drop(draft).catch(() => undefined);
    // A lock holds within the database that `server` names: with another name there, somebody else was faster.
    if (codeOf(error) !== exists || !(await databases.isThere(template))) throw error;
  }
}

function refusal(error: unknown, user: string, server: string): unknown {
  return codeOf(error) === insufficientPrivilege ? new MayNotCreateDatabases(user, new URL(server).host, error) : error;
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
