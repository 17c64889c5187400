/** No event is kept under this id. */
export class EventNotFound extends Error {
  constructor(id: string) {
    super(`There is no event "${id}".`);
  }
}

/** The service has no hypertable of this name. */
export class HypertableNotFound extends Error {
  constructor(name: string) {
    super(`There is no hypertable "${name}": ListHypertables names them.`);
  }
}
