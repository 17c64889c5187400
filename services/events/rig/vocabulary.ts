const sections = ['products', 'guides', 'news', 'support', 'account'];

/** 200 pages. */
export const pages = sections.flatMap((section) =>
  Array.from({ length: 40 }, (_, number) => `/${section}/${section.slice(0, -1)}-number-${number + 1}`),
);

/** 2,000 user agents. */
export const userAgents = Array.from({ length: 2_000 }, (_, number) => {
  const version = 100 + (number % 50);
  const patch = Math.floor(number / 50);
  return number % 3 === 0
    ? `Mozilla/5.0 (X11; Linux x86_64; rv:${version}.${patch}) Gecko/20100101 Firefox/${version}.${patch}`
    : `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.${patch}.0 Safari/537.36`;
});

export const referrers = [
  '',
  '',
  'https://www.example.com/',
  'https://search.example.org/?q=tidemark',
  'https://news.example.net/2026/11/an-article',
];
