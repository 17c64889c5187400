import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { fileDescriptors } from '@tidemark/contracts/descriptors';
import type { RpcService } from './service.ts';

type ReflectionSource = ConstructorParameters<typeof ReflectionService>[0];

/** Server reflection v1 and v1alpha, so that `buf curl` and grpcurl need no .proto file. */
export function addReflection(server: Server, services: readonly RpcService[]): void {
  // It reads nothing but the descriptors of its source.
  const source = { tidemark: { fileDescriptorProtos: fileDescriptors } } as unknown as ReflectionSource;
  new ReflectionService(source, { services: [...services.map(nameOf), 'grpc.health.v1.Health'] }).addToServer(server);
}

/** "tidemark.events.v1.EventsService", from a path such as "/tidemark.events.v1.EventsService/GetEvent". */
export function nameOf({ definition }: RpcService): string {
  const path = Object.values(definition)[0]?.path ?? '';
  return path.slice(1, path.lastIndexOf('/'));
}
