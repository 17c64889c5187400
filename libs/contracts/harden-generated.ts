// Two things that ts-proto's decoders are lax about, mended in what it generated.
//
// - It reads a Struct into plain objects by assignment, where a field named "__proto__" sets the prototype and is lost.
//   Objects without a prototype have no such name.
// - Bytes that are no UTF-8 become U+FFFD, so that different texts become one. proto3 wants them refused
//   (https://protobuf.dev/programming-guides/proto3/#scalar, "string").
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const gen = fileURLToPath(new URL('./src/gen', import.meta.url));
const strict = fileURLToPath(new URL('./src/strict-utf8.ts', import.meta.url));

rewrite(`${gen}/google/protobuf/struct.ts`, (code) => {
  const withFields = replaced(code, 'return { fields: {} };', 'return { fields: globalThis.Object.create(null) };');
  const object = 'const object: { [key: string]: any } =';
  return replaced(withFields, `${object} {};`, `${object} globalThis.Object.create(null);`);
});

const reader = 'new BinaryReader(input)';
for (const file of globSync(`${gen}/**/*.ts`)) {
  rewrite(file, (code) => {
    if (!code.includes(reader)) return code;
    const path = relative(dirname(file), strict);
    return `import { strictUtf8 } from "${path}";\n${replaced(code, reader, 'new BinaryReader(input, strictUtf8)')}`;
  });
}

function rewrite(file: string, change: (code: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

function replaced(code: string, lax: string, hardened: string): string {
  if (!code.includes(lax)) throw new Error(`the generated code holds no "${lax}": look at what ts-proto makes now`);
  return code.replaceAll(lax, hardened);
}
