/*
 * A process that brings readings and their aggregate to a model, at the moment that it is told, and says in one line of
 * JSON how many steps it took, or what was in the way.
 */
import { MikroORM } from '@mikro-orm/postgresql';
import { Timescale, timescale } from '../src/index.ts';
import { wantedReading } from './wanted-reading.ts';

const [url = '', at = '0'] = process.argv.slice(2);

const orm = new MikroORM({
  entities: [wantedReading()],
  clientUrl: url,
  extensions: [Timescale.with({ onMissing: 'skip', allowDestructive: true })],
  logger: () => undefined,
});
await orm.em.execute('SELECT 1');
await new Promise((resolve) => setTimeout(resolve, Number(at) - Date.now()));
try {
  const steps = await timescale(orm.em).apply();
  console.log(JSON.stringify({ steps: steps.length }));
} catch (error) {
  console.log(JSON.stringify({ error: String(error) }));
}
await orm.close(true);
