import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { certificates } from './config.ts';

/** How a root folder, and an image from it, are made. */
export interface Recipe {
  name: string;
  /** Files that it consists of; the first is run with the root folder. */
  scripts: string[];
  /** What the root folder begins as a copy of. */
  parent?: Recipe;
  /** What the script is given after the root folder. */
  args?: string[];
  /** What else decides what comes out. */
  ingredients?: string[];
  /** The image's tag, from what is in the root folder. */
  tag: (root: string) => string;
  /** What follows FROM in the image's Dockerfile. */
  dockerfile: string;
}

export const scriptsDir = fileURLToPath(new URL('.', import.meta.url));

export const debian: Recipe = {
  name: 'debian',
  scripts: ['recipes/debian.sh'],
  tag: () => 'trixie-slim',
  dockerfile: 'CMD ["bash"]',
};

export const timescaledb: Recipe = {
  name: 'timescaledb',
  scripts: ['recipes/timescaledb.sh', 'recipes/install-packages.sh', 'recipes/database-entrypoint.sh'],
  parent: debian,
  tag: (root) => `${timescaleVersion(root)}-pg17-apache`,
  dockerfile: `
    ENV PATH=/usr/lib/postgresql/17/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    ENV PGDATA=/var/lib/postgresql/data
    VOLUME /var/lib/postgresql/data
    EXPOSE 5432
    # SIGTERM would wait for every client to leave.
    STOPSIGNAL SIGINT
    ENTRYPOINT ["database-entrypoint"]
  `,
};

const npmVersion = '12.2.1';
const nodeMajor = process.versions.node.split('.')[0] ?? '';

export const node: Recipe = {
  name: 'node',
  scripts: ['recipes/node.sh', 'recipes/install-packages.sh'],
  parent: debian,
  args: [process.execPath, npmVersion, certificates],
  ingredients: [process.version, npmVersion, existsSync(certificates) ? readFileSync(certificates, 'utf8') : ''],
  tag: () => `${nodeMajor}-trixie-slim`,
  dockerfile: `
    ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
    CMD ["node"]
  `,
};

/** A text that changes with everything that decides what comes out. */
export function digestOf({ scripts, parent, ingredients = [], dockerfile }: Recipe): string {
  const hash = createHash('sha256').update(JSON.stringify([process.arch, ingredients, dockerfile]));
  if (parent) hash.update(digestOf(parent));
  for (const script of ['make-root.sh', ...scripts]) hash.update(readFileSync(join(scriptsDir, script)));
  return hash.digest('hex').slice(0, 16);
}

function timescaleVersion(root: string): string {
  const control = readFileSync(join(root, 'usr/share/postgresql/17/extension/timescaledb.control'), 'utf8');
  const version = /^default_version = '([\d.]+)/m.exec(control)?.[1];
  if (!version) throw new Error(`timescaledb.control in ${root} names no version.`);
  return version;
}
