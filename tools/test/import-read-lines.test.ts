import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { gunzip } from '../src/import/gunzip.ts';
import { maxLineBytes, readLines } from '../src/import/read-lines.ts';

async function linesOf(chunks: Iterable<Buffer>): Promise<Array<[number, string | undefined]>> {
  const found: Array<[number, string | undefined]> = [];
  for await (const lines of readLines(Readable.from(chunks) as AsyncIterable<Buffer>)) {
    for (const { number, bytes } of lines) found.push([number, bytes?.toString()]);
  }
  return found;
}

function cut(text: string | Buffer, size: number): Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
}

async function unpacked(chunks: Buffer[]): Promise<{ text: string; bytesRead: number }> {
  let bytesRead = 0;
  const parts: Buffer[] = [];
  for await (const part of gunzip(Readable.from(chunks), (count) => (bytesRead += count))) parts.push(part);
  return { text: Buffer.concat(parts).toString(), bytesRead };
}

describe('readLines', () => {
  test.each([1, 2, 3, 7, 100])('finds the same lines in chunks of %i bytes', async (size) => {
    expect(await linesOf(cut('one\r\n\ntwo é\n\r\nthree', size))).toEqual([
      [1, 'one'],
      [2, ''],
      [3, 'two é'],
      [4, ''],
      [5, 'three'],
    ]);
  });

  test('counts no line after the last newline', async () => {
    expect(await linesOf(cut('one\n', 100))).toEqual([[1, 'one']]);
    expect(await linesOf([])).toEqual([]);
  });

  test.each([1_000, 65_536, 1_000_000])('throws away what is over the limit, in chunks of %i bytes', async (size) => {
    const longest = 'a'.repeat(maxLineBytes);
    const chunks = cut(`${longest}\r\n${longest}b\nshort\n${longest.repeat(5)}`, size);
    expect(await linesOf(chunks)).toEqual([
      [1, longest],
      [2, undefined],
      [3, 'short'],
      [4, undefined],
    ]);
  });

  test('keeps memory flat on a gigabyte without a newline', async () => {
    const chunk = Buffer.alloc(65_536, 'a');
    let most = 0;
    const before = process.memoryUsage();
    const chunks = function* (): Generator<Buffer> {
      for (let index = 0; index < 16_384; index += 1) {
        if (index % 256 === 0) {
          const now = process.memoryUsage();
          most = Math.max(most, now.heapUsed + now.external - before.heapUsed - before.external);
        }
        yield chunk;
      }
    };
    expect(await linesOf(chunks())).toEqual([[1, undefined]]);
    expect(most).toBeLessThan(100 * 1_024 * 1_024);
  });
});

describe('gunzip', () => {
  const text = 'one\ntwo\n'.repeat(1_000);

  test.each([1, 3, 100_000])('knows gzip by its first bytes, in chunks of %i bytes', async (size) => {
    const packed = gzipSync(text);
    expect(await unpacked(cut(packed, size))).toEqual({ text, bytesRead: packed.length });
    expect(await unpacked(cut(text, size))).toEqual({ text, bytesRead: text.length });
  });

  test('unpacks several members one after the other', async () => {
    expect((await unpacked([gzipSync('one\n'), gzipSync('two\n')])).text).toBe('one\ntwo\n');
  });

  test('passes on what is shorter than the mark of gzip', async () => {
    expect((await unpacked([])).text).toBe('');
    expect((await unpacked([Buffer.from('\x1f')])).text).toBe('\x1f');
  });

  test('fails where the data is cut off', async () => {
    await expect(unpacked([gzipSync(text).subarray(0, 40)])).rejects.toMatchObject({ code: 'Z_BUF_ERROR' });
  });
});
