import { pathToFileURL } from 'node:url';
import { MikroORM, type Options } from '@mikro-orm/postgresql';
import { findConfig } from './find-config.ts';
import type { Surroundings } from './run.ts';

export interface ConfigChoice extends Pick<Surroundings, 'cwd' | 'env'> {
  config: string | undefined;
  context: string | undefined;
}

/**
 * The ORM that the configuration module exports: itself, its options, a function or a promise of either, or a list of
 * these of which one has the name of the context.
 *
 * @param log for what MikroORM says
 */
export async function openOrm(choice: ConfigChoice, log: (line: string) => void): Promise<MikroORM> {
  const path = findConfig(choice, choice.config);
  const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
  const context = choice.context ?? choice.env['MIKRO_ORM_CONTEXT_NAME'] ?? 'default';
  const exported: unknown = await Promise.resolve(module.default ?? module);
  const found = await pick(exported, context);
  if (isOrm(found)) return found;
  if (!found) throw new Error(`${path} exports no ORM configuration with the context name ${context}.`);
  return MikroORM.init({
    baseDir: choice.cwd,
    ...(/\.[mc]?ts$/.test(path) && { preferTs: true }),
    ...found,
    allowGlobalContext: true,
    // What is asked for goes to stdout, and nothing else.
    debug: false,
    logger: log,
  });
}

async function pick(exported: unknown, context: string): Promise<MikroORM | Options | undefined> {
  for (const candidate of Array.isArray(exported) ? (exported as unknown[]) : [exported]) {
    const isFactory = typeof candidate === 'function';
    const made: unknown = await (isFactory ? (candidate as (context: string) => unknown)(context) : candidate);
    if (isOrm(made)) return made;
    if (typeof made !== 'object' || made === null) continue;
    const { contextName = isFactory ? context : 'default' } = made as Options;
    if (contextName === context) return made as Options;
  }
  return undefined;
}

/** Of whichever copy of MikroORM. */
function isOrm(value: unknown): value is MikroORM {
  return typeof value === 'object' && value !== null && 'em' in value && 'driver' in value && 'close' in value;
}
