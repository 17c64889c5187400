// Splits the set that `buf build` makes into one descriptor a file and writes them as a module, so that a bundle of a
// service holds them. proto-loader's own descriptors are not used: it merges files, and `buf curl` refuses the result.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { BinaryReader } from '@bufbuild/protobuf/wire';

const files = ['.', 'node_modules/grpc-health-check/proto'].flatMap((folder) => filesOf(build(folder)));
const lines = files.map((file) => `  '${Buffer.from(file).toString('base64')}',\n`);
writeFileSync(
  new URL('./src/gen/file-descriptors.ts', import.meta.url),
  `export const encodedFileDescriptors: readonly string[] = [\n${lines.join('')}];\n`,
);

function build(folder: string): Uint8Array {
  const args = ['build', folder, '--as-file-descriptor-set', '--exclude-source-info', '-o', '-'];
  return execFileSync('buf', args, { maxBuffer: 64 * 1024 * 1024 });
}

/** The serialized files of a google.protobuf.FileDescriptorSet: its field 1. */
function filesOf(set: Uint8Array): Uint8Array[] {
  const reader = new BinaryReader(set);
  const files: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    if (field === 1) files.push(reader.bytes());
    else reader.skip(wireType);
  }
  return files;
}
