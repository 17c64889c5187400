import { existsSync } from 'node:fs';
import { outputOf, runLogged } from './run.ts';

export function isRootOnDebian(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version');
}

/** Installs packages unless the command that they bring is there. */
export async function aptInstall(command: string, ...packages: string[]): Promise<void> {
  if ((await outputOf('which', command)) !== undefined) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const waiting = ['-o', 'DPkg::Lock::Timeout=300'];
  await runLogged('apt-update', 'apt-get', ['update', ...waiting], { env });
  const install = ['install', '-y', '--no-install-recommends', ...waiting, ...packages];
  await runLogged(`apt-install-${command}`, 'apt-get', install, { env });
}
