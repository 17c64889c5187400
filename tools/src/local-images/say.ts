/** Tells what is under way; standard output is for the result. */
export function say(line: string): void {
  process.stderr.write(`local images: ${line}\n`);
}
