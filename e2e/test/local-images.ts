import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { root } from './processes.ts';

const run = promisify(execFile);

/** The settings that `nx run tools:local-images` wrote, which TIDEMARK_IMAGES names; undefined where it is not set. */
export const settingsFile = process.env['TIDEMARK_IMAGES'] && resolve(root, process.env['TIDEMARK_IMAGES']);

/** What a test that takes images is called by, and skipped where there are none. */
export const withImages = settingsFile ? describe : describe.skip;
export const unlessSkipped = settingsFile ? '' : ' (skipped: TIDEMARK_IMAGES names no file of local images)';

/** The name of an image, by the setting that holds it. */
export function imageName(setting: 'APACHE_IMAGE' | 'EVENTS_IMAGE' | 'USERS_IMAGE'): string {
  const name = settings()[setting];
  if (!name) throw new Error(`${settingsFile ?? ''} has no ${setting}: run npx nx run tools:local-images.`);
  return name;
}

export function settings(): Record<string, string> {
  const lines = readFileSync(settingsFile ?? '', 'utf8')
    .trim()
    .split('\n');
  return Object.fromEntries(lines.map((line) => line.split('=') as [string, string]));
}

export interface Outcome {
  code: number;
  /** Both outputs. */
  output: string;
}

export async function docker(...args: string[]): Promise<Outcome> {
  return outcomeOf('docker', args);
}

/** Runs a program to its end, whatever that is. */
export async function outcomeOf(command: string, args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  try {
    const { stdout, stderr } = await run(command, args, { cwd: root, env: { ...process.env, ...env } });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const failed = error as { code: number | string; stdout: string; stderr: string };
    if (typeof failed.code !== 'number') throw error;
    return { code: failed.code, output: failed.stdout + failed.stderr };
  }
}
