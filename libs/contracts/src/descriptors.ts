// What server reflection shows: one serialized google.protobuf.FileDescriptorProto for each .proto file, the
// standard health service's among them.
import { encodedFileDescriptors } from './gen/file-descriptors.ts';

export const fileDescriptors: readonly Buffer[] = encodedFileDescriptors.map((text) => Buffer.from(text, 'base64'));
