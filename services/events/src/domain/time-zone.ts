import { invalid } from './invalid-argument.ts';

// PostgreSQL reads these as abbreviations with a fixed offset before it looks for a zone of that name. In the IANA
// database (2024b, file "backward") they are links to these zones.
const misreadByPostgres: Readonly<Record<string, string>> = {
  CET: 'Europe/Brussels',
  EET: 'Europe/Athens',
  MET: 'Europe/Brussels',
  WET: 'Europe/Lisbon',
};

// Intl also takes Java's old names of three letters ("IST", "PST"), which are no IANA names and mean something else to
// PostgreSQL.
const namesOfThreeLetters = new Set(['UTC', 'GMT', 'UCT', 'EST', 'MST', 'HST', 'PRC', 'ROC', 'ROK']);

/** An IANA time zone by a name that PostgreSQL reads the same way. */
export function parseTimeZone(name: string): string {
  if (name === '') return 'UTC';
  const linked = misreadByPostgres[name.toUpperCase()];
  if (linked) return linked;
  if (!isIanaName(name)) {
    throw invalid('time_zone', 'Is no IANA time zone: send a name such as "Europe/Berlin", or leave it empty for UTC.');
  }
  return name;
}

function isIanaName(name: string): boolean {
  // Intl also takes offsets such as "+05:30", which PostgreSQL reads with the opposite sign.
  if (!/^[A-Za-z]/.test(name) || name.startsWith('SystemV/')) return false;
  if (name.length === 3 && !namesOfThreeLetters.has(name.toUpperCase())) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
