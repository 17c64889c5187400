import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import { untilItAccepts } from './until-it-accepts.ts';
import { freePort } from './free-port.ts';
import type { Server } from './server.ts';
import { serverSettings } from './server-settings.ts';

const password = 'for-tests';

/** TimescaleDB in a container of an image that takes the environment of the official ones. */
export async function containerServer(image: string): Promise<Server> {
  // A port that Docker chooses would be another one after a restart.
  const port = await freePort();
  const container = await new GenericContainer(image)
    .withEnvironment({ POSTGRES_PASSWORD: password, TIMESCALEDB_TELEMETRY: 'off' })
    .withExposedPorts({ container: 5432, host: port })
    .withCommand(['postgres', ...serverSettings])
    // Beside what tests ask of /dev/shm for parallel queries and sorts, Docker's 64 MB are few.
    .withSharedMemorySize(512 * 1_024 * 1_024)
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  const { container: containers } = await getContainerRuntimeClient();
  const handle = containers.getById(container.getId());
  const url = `postgresql://postgres:${password}@${container.getHost()}:${port}/postgres`;
  await untilItAccepts(url);
  let stopped: Promise<unknown> | undefined;
  return {
    url,
    kill: () => handle.kill(),
    async start() {
      await handle.start();
      await untilItAccepts(url);
    },
    async stop() {
      await (stopped ??= container.stop({ timeout: 0, removeVolumes: true }));
    },
  };
}
