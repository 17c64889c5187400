import { compare, json, type Line, markdown, readOptions } from '@tidemark/testing/bench';
import { measures } from '../bench/measures/index.ts';
import { madeEvents } from '../rig/made-events.ts';

const machine = { cpus: '2', memory: '8 GiB', system: 'linux', node: 'v26', postgres: '17', timescaledb: '2.29.2' };
const [first, second] = measures as unknown as [Line['measure'], Line['measure']];
const lines: Line[] = [
  { measure: first, result: { value: 0.8125, figures: { 'by COPY': '100 rows/s' } } },
  { measure: second, result: { skipped: 'there is no columnstore' } },
];

test('each side is warmed up, they take turns in beginning, and the medians are compared', async () => {
  const order: string[] = [];
  const side = (name: string, values: number[]) => () => {
    order.push(name);
    return Promise.resolve(values.shift() ?? NaN);
  };
  const sides = await compare(3, side('ours', [99, 1, 50, 2]), side('theirs', [99, 4, 4, 70]));
  expect(order.join(' ')).toBe('ours theirs ours theirs theirs ours ours theirs');
  expect(sides).toEqual({ ours: 2, theirs: 4, ratio: 0.5 });
});

test('the JSON has every measured value under its name, the table also what was not measured and why', () => {
  expect(JSON.parse(json(lines, machine))).toEqual({
    [first.name]: 0.8125,
    figures: { [first.name]: { 'by COPY': '100 rows/s' } },
    machine,
  });
  const table = markdown(lines, machine).split('\n');
  expect(table[2]).toMatch(/0\.813 +\| at least 0\.8 +\| by COPY: 100 rows\/s/);
  expect(table[3]).toMatch(/not measured \| .* \| there is no columnstore/);
  expect(table.at(-2)).toContain('timescaledb: 2.29.2');
});

test('an option that is wrong is named', () => {
  expect(() => readOptions(['--rows', 'many'], {})).toThrow('--rows is "many": give a whole number from 1 on.');
  expect(() => readOptions(['--row', '5'], {})).toThrow(/--row/);
  expect(readOptions(['--only', 'growth,memory'], { DATABASE_URL: '' })).toMatchObject({
    only: ['growth', 'memory'],
    serverUrl: undefined,
  });
});

test('made events are repeated by their seed, in the order of time, and each has an id of its own', () => {
  const asked = { count: 500, start: 1_700_000_000_000_000, end: 1_700_086_400_000_000 };
  const events = [...madeEvents({ seed: 7, ...asked })];
  expect([...madeEvents({ seed: 7, ...asked })]).toEqual(events);
  expect(new Set(events.map(({ id }) => id)).size).toBe(asked.count);
  const others = [...madeEvents({ seed: 8, ...asked })];
  expect(new Set([...events, ...others].map(({ id }) => id)).size).toBe(2 * asked.count);
  const times = events.map(({ time }) => Number(time?.seconds) * 1e9 + Number(time?.nanos));
  expect(times).toEqual(times.toSorted((a, b) => a - b));
});
