import { readFile } from 'node:fs/promises';

interface Profile {
  nodes: Array<{ id: number; callFrame: { functionName: string; url: string; lineNumber: number } }>;
  samples: number[];
  timeDeltas: number[];
}

const shownFunctions = 40;

/** The functions of a CPU profile that most time was spent in themselves, as a markdown table. */
export async function topOfProfile(file: string): Promise<string> {
  const { nodes, samples, timeDeltas } = JSON.parse(await readFile(file, 'utf8')) as Profile;
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const selfMs = new Map<string, number>();
  samples.forEach((id, at) => {
    const name = names.get(id) ?? '';
    selfMs.set(name, (selfMs.get(name) ?? 0) + (timeDeltas[at] ?? 0) / 1_000);
  });
  selfMs.delete('(idle) ');
  const busyMs = [...selfMs.values()].reduce((sum, ms) => sum + ms, 0);
  const top = [...selfMs].sort(([, a], [, b]) => b - a).slice(0, shownFunctions);
  const rows = top.map(([name, ms]) => `| ${((ms / busyMs) * 100).toFixed(1)} % | ${ms.toFixed(0)} | ${name} |`);
  return `\n| of busy time | self ms | function |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const place = url === '' ? '' : `${url.split('/').slice(-3).join('/')}:${lineNumber + 1}`;
  return `${functionName || '(anonymous)'} ${place}`;
}
