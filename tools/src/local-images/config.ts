import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where root folders and logs are kept from run to run: TIDEMARK_CACHE_DIR, or tidemark in the user's cache. */
export const cacheDir = resolve(
  process.env['TIDEMARK_CACHE_DIR'] || join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'tidemark'),
);

/** Whether the engine is another than the one of this machine, which is not ours to start. */
export const engineIsElsewhere = Boolean(process.env['DOCKER_HOST'] || process.env['DOCKER_CONTEXT']);

/** The certificates that this machine trusts. */
export const certificates = process.env['NODE_EXTRA_CA_CERTS'] || '/etc/ssl/certs/ca-certificates.crt';
