// Makes libs/NAME/dist/package, or another folder in dist that is named after it: what `npm pack` and `npm publish` take.
// There is what src compiles to, and a package.json that names the compiled files and leaves out what only this
// workspace needs.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Manifest extends Record<string, unknown> {
  exports: Record<string, string>;
  bin?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

const root = new URL('../', import.meta.url);
const library = new URL(`libs/${process.argv[2] ?? ''}/`, root);
const target = new URL(`dist/${process.argv[3] ?? 'package'}/`, library);
rmSync(target, { recursive: true, force: true });
execFileSync(
  process.execPath,
  [
    fileURLToPath(new URL('node_modules/typescript/bin/tsc', root)),
    ...['-p', 'tsconfig.pack.json', '--outDir', fileURLToPath(target)],
  ],
  { cwd: library, stdio: 'inherit' },
);
const manifest = JSON.parse(readFileSync(new URL('package.json', library), 'utf8')) as Manifest;
writeFileSync(new URL('package.json', target), `${JSON.stringify(published(manifest), undefined, 2)}\n`);
for (const name of ['README.md', 'CHANGELOG.md']) copyFileSync(new URL(name, library), new URL(name, target));
copyFileSync(new URL('LICENSE', root), new URL('LICENSE', target));

function published({ exports, bin, peerDependencies, ...rest }: Manifest): object {
  const onlyHere = ['private', 'nx', 'devDependencies'];
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([key]) => !onlyHere.includes(key))),
    exports: {
      ...mapped(exports, (source) => ({ types: compiled(source, '.d.ts'), default: compiled(source, '.js') })),
      './package.json': './package.json',
    },
    ...(bin && { bin: mapped(bin, (source) => compiled(source, '.js')) }),
    files: ['**/*.js', '**/*.js.map', '**/*.d.ts', 'CHANGELOG.md'],
    // Here one version is installed, and it is the oldest that may be.
    ...(peerDependencies && { peerDependencies: mapped(peerDependencies, (version) => `^${version}`) }),
    publishConfig: { access: 'public' },
  };
}

/** `./src/cli/main.ts` as `./cli/main.js` */
function compiled(source: string, extension: string): string {
  return source.replace(/^\.\/src\//, './').replace(/\.ts$/, extension);
}

function mapped<T>(from: Record<string, string>, change: (value: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, change(value)]));
}
