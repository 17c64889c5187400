/**
 * For tests of applications that keep their data in TimescaleDB: a fresh database for each test file, made from a
 * template that is migrated once, and policies that run when the test says so, as if it were any time.
 *
 * ```ts
 * import { digestOf, runPolicies, testDatabase, type TestDatabase } from '@tidemark/mikro-orm-timescale/testing';
 *
 * let database: TestDatabase;
 * let orm: MikroORM;
 *
 * beforeAll(async () => {
 *   database = await testDatabase({
 *     server: 'postgresql://postgres@127.0.0.1:5432/postgres',
 *     key: digestOf('src/entities', 'src/migrations'),
 *     migrate: (url) => migrate(url),
 *   });
 *   orm = await MikroORM.init({ ...config, clientUrl: database.url });
 * });
 *
 * afterAll(async () => {
 *   await orm.close();
 *   await database.drop();
 * });
 *
 * test('readings are kept for three months', async () => {
 *   await orm.em.fork().insert(Reading, { time: new Date('2026-01-01'), deviceId: 1, temp: 20 });
 *   await runPolicies(orm.em, { now: new Date('2026-03-31') });
 *   expect(await orm.em.fork().count(Reading)).toBe(1);
 *   await runPolicies(orm.em, { now: new Date('2026-04-03') });
 *   expect(await orm.em.fork().count(Reading)).toBe(0);
 * });
 * ```
 *
 * @module
 */
export { digestOf } from './digest-of.ts';
export { MayNotCreateDatabases, PolicyFailed } from './faults.ts';
export { runJob, runPolicies, type MovedTime, type PolicySelection, type RanPolicy } from './run-policies.ts';
export {
  testDatabase,
  type EmbeddedServer,
  type OnEmbeddedServer,
  type OnServer,
  type TestDatabase,
} from './test-database.ts';
