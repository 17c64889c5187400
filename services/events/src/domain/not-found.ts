/** Nothing is kept under this name. */
export class NotFound extends Error {
  readonly resource: 'event' | 'hypertable';
  readonly key: string;

  constructor(resource: 'event' | 'hypertable', key: string) {
    super(`There is no ${resource} "${key}".`);
    this.resource = resource;
    this.key = key;
  }
}
