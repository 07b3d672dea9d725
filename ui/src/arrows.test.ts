import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';

const SRC = import.meta.dirname;

/**
 * Who may import whom, types included: views → state → host → gen; views → text → state; views →
 * parts. Parts know nothing of chat; `main.ts` puts everything together.
 */
const ARROWS: Record<string, readonly string[]> = {
  'main.ts': ['views', 'state', 'host', 'base.css'],
  views: ['views', 'state', 'parts', 'text', 'gen'],
  text: ['text', 'state', 'gen'],
  state: ['state', 'host', 'gen'],
  host: ['host', 'gen'],
  parts: ['parts'],
  gen: [],
  test: ['test', 'gen'],
};

/** One import. Paths count from `src`. */
interface Import {
  file: string;
  /** As it is written. */
  from: string;
  /** What it leads to; `null` for a package. */
  to: string | null;
  /** What is taken; empty for an import of the whole file, or one that is made later. */
  what: string;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return filesIn(path);
    return /\.(ts|svelte)$/.test(name) && !name.endsWith('.test.ts') ? [path] : [];
  });
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found = [
    ...text.matchAll(/(?:import|export)\s+([^'";]*?)\s*from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|import\s+'([^']+)'/g),
  ];
  return found.map((m) => {
    const from = m[2] ?? m[3] ?? m[4] ?? '';
    return { file: relative(SRC, file), from, to: targetOf(file, from), what: m[1] ?? '' };
  });
}

function targetOf(file: string, from: string): string | null {
  if (!from.startsWith('.')) return null;
  const path = resolve(dirname(file), from);
  return relative(SRC, [path, `${path}.ts`].find((p) => files.includes(p)) ?? path);
}

const layerOf = (path: string): string => path.split('/')[0] ?? '';

function againstArrows(all: readonly Import[]): string[] {
  return all
    .filter(({ file, to }) => to !== null && !ARROWS[layerOf(file)]?.includes(layerOf(to)))
    .map(({ file, to }) => `${file} imports ${to}`);
}

/**
 * Circles between files, as the files in turn. A component that draws itself inside itself is none.
 */
function circlesIn(all: readonly Import[]): string[] {
  const circles: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at !== -1) circles.push([...way.slice(at), file].join(' → '));
    if (at !== -1 || done.has(file)) return;
    for (const { to } of all.filter((i) => i.file === file)) if (to !== null && to !== file) walk(to, [...way, file]);
    done.add(file);
  };
  for (const { file } of all) walk(file, []);
  return circles;
}

const files = filesIn(SRC);
const imports = files.flatMap(importsOf);

/** Imports that a change might add. */
const madeUp = (...pairs: (readonly [file: string, to: string])[]): Import[] =>
  pairs.map(([file, to]) => ({ file, to, from: '.', what: '' }));

it('reads the imports that it judges', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(imports.length).toBeGreaterThan(150);
  const lost = imports.filter(({ to }) => to?.match(/\.(ts|svelte|css)$/) === null);
  expect(lost).toEqual([]);
});

it('has arrows only from views to state to host to gen, and to parts', () => {
  expect(againstArrows(imports)).toEqual([]);
});

it('refuses a view that imports the host, and a part that imports chat', () => {
  const wrong = madeUp(
    ['views/rail/Me.svelte', 'host/host.ts'],
    ['parts/Avatar.svelte', 'gen/api.ts'],
    ['parts/Avatar.svelte', 'text/rail.ts'],
    ['parts/Avatar.svelte', 'state/chat.svelte.ts'],
    ['state/chat.svelte.ts', 'views/rail/Me.svelte'],
    ['text/rail.ts', 'host/host.ts'],
  );
  const right = madeUp(['views/rail/Me.svelte', 'state/chats.svelte.ts'], ['state/wire.ts', 'host/host.ts']);
  expect(againstArrows([...right, ...wrong])).toEqual(wrong.map(({ file, to }) => `${file} imports ${to}`));
});

it('has no circles', () => {
  expect(circlesIn(imports)).toEqual([]);
});

it('finds a circle', () => {
  const tree = [
    ['a', 'b'],
    ['a', 'c'],
    ['b', 'd'],
    ['c', 'd'],
  ] as const;
  expect(circlesIn(madeUp(...tree))).toEqual([]);
  expect(circlesIn(madeUp(...tree, ['d', 'a']))).toEqual(['a → b → d → a']);
  expect(circlesIn(madeUp(...tree, ['d', 'd']))).toEqual([]);
});

it('takes only types from the state into words', () => {
  const wrong = imports.filter(
    ({ file, to, what }) =>
      layerOf(file) === 'text' && to !== null && layerOf(to) === 'state' && !what.startsWith('type'),
  );
  expect(wrong).toEqual([]);
});

it('opens one door to the shell', () => {
  const doors = imports.filter((i) => i.from.startsWith('@tauri-apps/')).map((i) => i.file);
  expect([...new Set(doors)]).toEqual(['host/tauri.ts']);
});

it('carries neither host into the other: each is loaded when it is picked', () => {
  const hosts = imports
    .filter((i) => /\/(fake|tauri)$/.test(i.from))
    .map((i) => ({ in: i.file, static: i.what !== '' }));
  expect(hosts).toEqual([
    { in: 'host/pick.ts', static: false },
    { in: 'host/pick.ts', static: false },
  ]);
});

it('never turns text into HTML', () => {
  const sinks = /\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|new Function|\beval\(/;
  expect(files.filter((f) => sinks.test(readFileSync(f, 'utf8'))).map((f) => relative(SRC, f))).toEqual([]);
});

it('keeps state away from the page and views away from the host', () => {
  const state = files.filter((f) => layerOf(relative(SRC, f)) === 'state' && !f.endsWith('theme.svelte.ts'));
  expect(
    state.filter((f) => /\bdocument\.|querySelector/.test(readFileSync(f, 'utf8'))).map((f) => relative(SRC, f)),
  ).toEqual([]);
});

it('styles by class, without ids or !important', () => {
  const styled = files
    .filter((f) => f.endsWith('.svelte'))
    .map((f) => [f, /<style>([\s\S]*)<\/style>/.exec(readFileSync(f, 'utf8'))?.[1] ?? ''] as const);
  expect(
    styled
      .filter(([, css]) => /!important|^\s*#[a-z]/m.test(css) || /(margin|padding|border)-(left|right)/.test(css))
      .map(([f]) => relative(SRC, f)),
  ).toEqual([]);
});
