/** The events that a rollup was made of are gone: to refresh it there would lose what it holds. */
export class SourceDropped extends Error {
  constructor(keptFrom: string | undefined) {
    super(
      'Events of this range have been dropped, and the rollup would lose what it holds of them: ' +
        (keptFrom === undefined
          ? 'leave out what DropChunks has dropped.'
          : `let the range start at ${keptFrom} or later.`),
    );
  }
}
