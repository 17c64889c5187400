/** How many characters a text has, as its reader counts them: one outside of Unicode's first plane is one, not two. */
export function charactersIn(text: string): number {
  return Array.from(text).length;
}
