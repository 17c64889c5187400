const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a message's bytes. @throws TypeError where they are no UTF-8 */
export function strictUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
