// Bundles a service into services/NAME/dist: main.js serves, migrate.js migrates, health-check.js asks how it is. Packages
// that read files beside their own sources, or hold native code, stay outside the bundle.
import { build } from 'esbuild';

const name = process.argv[2] ?? '';
await build({
  entryPoints: ['main', 'migrate', 'health-check'].map((entry) => `services/${name}/src/${entry}.ts`),
  outdir: `services/${name}/dist`,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  external: [
    '@grpc/*',
    'grpc-health-check',
    '@mikro-orm/*',
    'pg',
    'pg-copy-streams',
    'pino',
    'pino-pretty',
    '@node-rs/*',
  ],
  logLevel: 'warning',
});
