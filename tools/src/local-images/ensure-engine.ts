import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { aptInstall, isRootOnDebian } from './apt-install.ts';
import { engineIsElsewhere } from './config.ts';
import { logFile, outputOf } from './run.ts';

/** Undefined: an engine answers. Else why none does, in one line. */
export type NoEngine = string | undefined;

const startTimeoutMs = 60_000;

/** Takes the container engine that answers; else, as root on Debian, installs what is missing of it and starts it. */
export async function ensureEngine(): Promise<NoEngine> {
  if (await engineAnswers()) return undefined;
  if (engineIsElsewhere) return 'the container engine of DOCKER_HOST or DOCKER_CONTEXT does not answer';
  if (!isRootOnDebian()) return 'no container engine answers, and only root on Debian can start one here';
  try {
    await aptInstall('dockerd', 'docker.io');
    // A package of its own in later releases of Debian.
    await aptInstall('docker', 'docker-cli');
  } catch (error) {
    return `no container engine can be installed: ${lastLine(String(error))}`;
  }
  return startEngine();
}

async function engineAnswers(): Promise<boolean> {
  return (await outputOf('docker', 'version', '--format', '{{.Server.Version}}')) !== undefined;
}

async function startEngine(): Promise<NoEngine> {
  const log = logFile('dockerd');
  const output = openSync(log, 'w');
  const dockerd = spawn('dockerd', [], { detached: true, stdio: ['ignore', output, output] });
  const state = { ended: false };
  for (const event of ['exit', 'error']) dockerd.on(event, () => (state.ended = true));
  dockerd.unref();
  const giveUpAt = Date.now() + startTimeoutMs;
  while (!(await engineAnswers())) {
    // Where another dockerd has just been started, by the package or by another process, this one ends and that one answers.
    const hopeless = state.ended && !existsSync('/var/run/docker.pid');
    if (hopeless || Date.now() > giveUpAt) {
      return `dockerd does not start: ${lastLine(readFileSync(log, 'utf8'))} (${log})`;
    }
    await sleep(200);
  }
  return undefined;
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
