import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';

const SRC = import.meta.dirname;

/** Who may import whom: views → state → host → gen; views → parts; parts know nothing of chat. */
const ARROWS: Record<string, readonly string[]> = {
  views: ['views', 'state', 'parts', 'text', 'gen', 'host'],
  text: ['text', 'gen', 'state', 'host'],
  state: ['state', 'host', 'gen'],
  host: ['host', 'gen'],
  parts: ['parts'],
  gen: [],
};
/** Views and words take these from the host and the state as types and as the Refusal class, never a host itself. */
const ONLY_REFUSAL = new Set(['views', 'text']);

interface Import {
  from: string;
  what: string;
  file: string;
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
  return found.map((m) => ({ file, what: m[1] ?? '', from: m[2] ?? m[3] ?? m[4] ?? '' }));
}

const layerOf = (path: string): string => relative(SRC, path).split('/')[0] ?? '';
const files = filesIn(SRC);
const imports = files.flatMap(importsOf);

it('reads the imports that it judges', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(imports.length).toBeGreaterThan(150);
});

it('has arrows only from views to state to host to gen, and to parts', () => {
  const wrong = imports.filter(({ file, from, what }) => {
    if (!from.startsWith('.')) return false;
    const [own, other] = [layerOf(file), layerOf(resolve(dirname(file), from))];
    const allowed = ARROWS[own];
    if (!allowed || other.startsWith('..')) return false;
    if (!allowed.includes(other)) return true;
    if (other === 'host' && ONLY_REFUSAL.has(own)) return !/^(type\s+)?\{\s*(type\s+)?Refusal\s*\}$/.test(what);
    return own === 'text' && other === 'state' && !what.startsWith('type');
  });
  expect(wrong.map((w) => `${relative(SRC, w.file)} imports ${w.from}`)).toEqual([]);
});

it('opens one door to the shell', () => {
  const doors = imports.filter((i) => i.from.startsWith('@tauri-apps/')).map((i) => relative(SRC, i.file));
  expect([...new Set(doors)]).toEqual(['host/tauri.ts']);
});

it('carries neither host into the other: each is loaded when it is picked', () => {
  const hosts = imports
    .filter((i) => /\/(fake|tauri)$/.test(i.from))
    .map((i) => ({ in: relative(SRC, i.file), static: i.what !== '' }));
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
  const state = files.filter((f) => layerOf(f) === 'state' && !f.endsWith('theme.svelte.ts'));
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
