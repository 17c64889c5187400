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

/** The service has no rollup of this name. */
export class RollupNotFound extends Error {
  constructor(name: string) {
    super(`There is no rollup "${name}": GetHypertable names those of a hypertable.`);
  }
}

/** The service has no job with this id. */
export class JobNotFound extends Error {
  constructor(id: string) {
    super(`There is no job "${id}": ListJobs has those there are.`);
  }
}
