import * as core from '@mikro-orm/core';
import * as postgresql from '@mikro-orm/postgresql';

// Nothing here may import the library before the test does.

test('no class and no prototype of MikroORM is changed by the library or by registering it', async () => {
  const before = functions();
  const { hypertable, Timescale, timescale } = await import('../src/index.ts');
  const { defineEntity, MikroORM, p } = postgresql;
  const Reading = defineEntity({ name: 'Reading', properties: { time: p.datetime(6).primary() } });
  hypertable(Reading, { by: 'time', retention: { dropAfter: '1 year' } });
  const orm = new MikroORM({ entities: [Reading], dbName: 'none', extensions: [Timescale] });
  expect(await orm.schema.getCreateSchemaSQL()).toContain('create_hypertable');
  expect(timescale(orm.em)).toHaveProperty('diff');
  expect(before.size).toBeGreaterThan(1000);
  const changed = [...functions()].filter(([name, value]) => before.get(name) !== value).map(([name]) => name);
  expect(changed).toEqual([]);
  await orm.close(true);
});

/** The functions that the classes of MikroORM and their prototypes have of their own. */
function functions(): Map<string, unknown> {
  const all = new Map<string, unknown>();
  for (const [name, exported] of Object.entries<unknown>({ ...core, ...postgresql })) {
    if (typeof exported !== 'function') continue;
    for (const [key, value] of ownValues(exported)) all.set(`${name}.${key}`, value);
    for (const [key, value] of ownValues(exported.prototype)) all.set(`${name}.prototype.${key}`, value);
  }
  return all;
}

function ownValues(object: unknown): [string, unknown][] {
  if (object === null || object === undefined) return [];
  return Object.entries(Object.getOwnPropertyDescriptors(object)).flatMap(([key, descriptor]): [string, unknown][] => {
    const code: unknown = Object.values(descriptor).find((part) => typeof part === 'function');
    return code === undefined ? [] : [[key, code]];
  });
}
