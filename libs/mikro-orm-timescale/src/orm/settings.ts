/** What `Timescale.with()` takes. */
export interface TimescaleSettings {
  /**
   * What happens where the server lacks something that the model asks for: an error, a warning in MikroORM's log, or
   * nothing said. With the last two the rest is done. Default: error.
   */
  onMissing?: 'error' | 'warn' | 'skip';
  /** Let changes through that lose rows, such as a shorter retention. Default: false. */
  allowDestructive?: boolean;
  /** Where the extension is, or shall be created. Default: public. */
  extensionSchema?: string;
}

export const defaults: Required<TimescaleSettings> = {
  onMissing: 'error',
  allowDestructive: false,
  extensionSchema: 'public',
};
