import { workspaceRoot } from '../generate-contracts.ts';
import { runLogged } from './run.ts';
import { say } from './say.ts';

export interface BaseImages {
  debian: string;
  node: string;
}

export interface ServiceImages extends BaseImages {
  events: string;
  users: string;
}

/** Builds the images of the services on these bases; the engine's cache decides what there is to do. */
export async function buildServices(bases: BaseImages): Promise<{ events: string; users: string }> {
  const images = { events: 'tidemark-local/events', users: 'tidemark-local/users' };
  for (const [target, image] of Object.entries(images)) {
    say(`building ${image}`);
    const args = ['--build-arg', `NODE_IMAGE=${bases.node}`, '--build-arg', `DEBIAN_IMAGE=${bases.debian}`];
    await runLogged(target, 'docker', ['build', '--target', target, '--tag', image, ...args, workspaceRoot]);
  }
  return images;
}
