// Bundles a service into services/NAME/dist: main.js serves, migrate.js migrates, health-check.js asks how it is. Packages
// that read files beside their own sources, or hold native code, stay outside the bundle.
import { build } from 'esbuild';

const name = process.argv[2] ?? '';
await build({
  entryPoints: {
    main: `services/${name}/src/main.ts`,
    migrate: `services/${name}/src/migrate.ts`,
    'health-check': 'libs/grpc-kit/src/health-check.ts',
  },
  outdir: `services/${name}/dist`,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  sourcemap: true,
  external: ['@grpc/*', 'grpc-health-check', '@mikro-orm/*', 'pg', 'pino', 'pino-pretty', '@node-rs/*'],
  logLevel: 'warning',
});
