/** More events wait to be stored than the service keeps in memory. */
export class Overloaded extends Error {
  constructor() {
    super('More events wait to be stored than the service takes: try again a little later, or send fewer at once.');
  }
}
