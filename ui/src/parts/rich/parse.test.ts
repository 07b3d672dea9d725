import { describe, expect, it } from 'vitest';
import { hasVisible, type Block, type Inline } from './model';
import { isOnlyEmoji, parse, plain } from './parse';

type Node = Block | Inline;

/** What is read on the screen, line for line. */
function shown(nodes: readonly Node[]): string {
  const one = (n: Node): string => (n.kind === 'item' ? n.marker : '') + ('children' in n ? shown(n.children) : n.text);
  return nodes.map(one).join(isBlock(nodes[0]) ? '\n' : '');
}

/** What had been typed, put together again from the tree. */
function typed(nodes: readonly Node[]): string {
  const one = (n: Node): string => {
    const content = 'children' in n ? typed(n.children) : n.text;
    if (n.kind === 'item') return n.marker + content;
    if (n.kind === 'quote')
      return content
        .split('\n')
        .map((line) => `> ${line}`)
        .join('\n');
    return 'marks' in n ? n.marks[0] + content + n.marks[1] : content;
  };
  return nodes.map(one).join(isBlock(nodes[0]) ? '\n' : '');
}

const isBlock = (n: Node | undefined): boolean =>
  n !== undefined && ['lines', 'item', 'quote', 'block'].includes(n.kind);
const all = (nodes: readonly Node[]): Node[] => nodes.flatMap((n) => [n, ...('children' in n ? all(n.children) : [])]);
const kinds = (text: string): string[] =>
  all(parse(text))
    .map((n) => n.kind)
    .filter((kind) => kind !== 'lines' && kind !== 'text');
const links = (text: string): string[] => all(parse(text)).flatMap((n) => (n.kind === 'link' ? [n.url] : []));

/** The same numbers each time. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('what is no mark', () => {
  it('stays as it was typed', () => {
    for (const text of [
      '3. option three',
      '3.',
      '10.',
      '1)',
      '1) one',
      '1. a\n1. b',
      '7. seven\n3. three',
      '2026.\nA year',
      '+ 1',
      '- 1',
      '* note',
      '- a\n- b',
      '+ 1\n+ 2',
      '  - deeper',
      '2*3*4 = 24',
      '2 * 3 * 4',
      'a*b*c',
      '5* hotel, 4*',
      '*.txt,*.md',
      'src/**/*.ts',
      '**/*.ts and **/*.js',
      '*/5 * * * *',
      '/*x*/',
      '/* x */',
      'f(*args, **kwargs)',
      'int *a, *b;',
      'snake_case_name',
      '__init__',
      '__init__.py',
      '_snake_case_',
      '_',
      '* *',
      '**',
      '****',
      '** **',
      '~~',
      '~~~~',
      '~/x and ~/y',
      '~x~',
      'f**k and s**t',
      '*',
      'a *',
      'a_',
      '*a',
      'a*',
      'C:\\_work\\#1',
      'C:\\*.*',
      '\\*a\\*',
      '\\\\server\\share',
      'a\\',
      '¯\\_(ツ)_/¯',
      '>:(',
      '>_<',
      '^_^ and ^_^',
      ':* and :*',
      '-_-',
      ':)',
      ';-*',
      '>',
      '> ',
      '>>',
      '>implying',
      '> 5',
      '> 5\n> €6',
      '>= 3',
      '```',
      '```\n```',
      '```\n\n```',
      '``` ```',
      '```js',
      '```js\nlet a;',
      '`',
      '``',
      '` `',
      'it`s',
      '``a`',
      '    def f():\n        return 1',
      '\tx',
      'a  b   c',
      ' a',
      'a\n\n\nb',
      'a\n',
      'two  \nlines',
      'two\\\nlines',
      '\n\na',
      '   ',
      '# 1',
      '#hashtag',
      '# heading',
      'a\n---',
      'a\n===',
      '---',
      '***',
      '| a | b |\n|---|---|\n| 1 | 2 |',
      '[a]: https',
      '[a]',
      '[^1]: note',
      '[x](y)',
      '[x](javascript:alert(1))',
      '![a](b)',
      '[](https://x)',
      '[ ](https://x)',
      '<b>bold</b>',
      '<!-- gone -->',
      '<div>\n\n</div>',
      '<http://x>',
      '&amp; &lt; &#x202e; &nbsp;',
      '©(c) -- "quotes" ...',
      '**\u200b**',
      '[\u2060](https://example.org)',
      'a\u00a0 b',
      '$a_1$ and $b_2$',
      'x = y_1*z_2*w_3',
      '*a\nb*',
      '**a\n\nb**',
      '3 *4* 5',
      'I`m and you`re',
      '\\`a\\`',
      '> :(',
      '> > >',
      '[a]( https:)',
      '*hi*#tag',
      '(*p == *q)',
      '- [ ] todo',
      '- ',
      '-',
      '--',
      '-5',
      '1.5',
      '1.a',
      '5.  ',
      '*a **b',
    ])
      expect(shown(parse(text)), JSON.stringify(text)).toBe(text);
  });

  it('nothing_typed_disappears', { timeout: 30_000 }, () => {
    const alphabet = [
      '*',
      '*',
      '**',
      '_',
      '~~',
      '`',
      '`',
      '```',
      '\n',
      '\n',
      '> ',
      '>',
      '- ',
      '+ ',
      '1. ',
      '3) ',
      '# ',
      '[',
      ']',
      '(',
      ')',
      '](https://x.org)',
      'https://y.org/a_b',
      '!',
      '\\',
      '<',
      '&amp;',
      ' ',
      '  ',
      '\t',
      'a',
      'b',
      'Ω',
      '7',
      '.',
      ',',
      '|',
      '=',
      '---',
      '🍲',
      '\u200b',
      '\u00a0',
      'ب',
      '"',
      '/',
      ':',
      '\u{1F9D1}\u200d\u{1F373}',
    ];
    const MARKS = /^(\*\*?|_|~~|`+ ?|\[| {0,3}`{3,}[^`]*\n?| ?`+|\n?[ \t\u00a0]*`{3,}\s*|\]\([^\s]+\)|)$/u;
    for (let seed = 1; seed <= 4_000; seed += 1) {
      const next = chance(seed);
      const text = Array.from({ length: 1 + next(24) }, () => alphabet[next(alphabet.length)]).join('');
      const tree = parse(text);
      const why = `seed ${seed}: ${JSON.stringify(text)}`;
      // An empty line of a quote is `>` or `> `: the space after it cannot be seen.
      const even = (source: string) => source.replace(/^((?:> )*)>$/gm, '$1> ');
      expect(even(typed(tree)), why).toBe(even(text));
      for (const node of all(tree)) {
        if (!('marks' in node)) continue;
        expect(
          node.marks.every((mark) => MARKS.test(mark)),
          why,
        ).toBe(true);
        expect(hasVisible('children' in node ? shown(node.children) : node.text), why).toBe(true);
      }
      expect(plain(text), why).toBe(shown(tree).replace(/\s+/gu, ' ').trim());
    }
  });

  it('leaves HTML and entities as text', () => {
    expect(kinds('<img src=x onerror=alert(1)> <b>no</b> &lt;')).toEqual([]);
    expect(plain('<img src=x onerror=alert(1)>')).toBe('<img src=x onerror=alert(1)>');
    expect(plain('&lt;b&gt; &#x202e;')).toBe('&lt;b&gt; &#x202e;');
  });

  it('knows line ends of all systems', () => {
    expect(shown(parse('a\r\n- b\rc'))).toBe('a\n- b\nc');
  });
});

describe('complete marks', () => {
  it('are shown by what they mean', () => {
    for (const [text, what, read] of [
      ['**a** *b* _c_ ~~d~~ `e`', ['strong', 'em', 'em', 'del', 'code'], 'a b c d e'],
      ['***both***', ['strong', 'em'], 'both'],
      ['**bold *and* more**', ['strong', 'em'], 'bold and more'],
      ['(*a*), "**b**".', ['em', 'strong'], '(a), "b".'],
      ['*a **b** c*', ['em', 'strong'], 'a b c'],
      ['**2*3**', ['strong'], '2*3'],
      ['*a *b*', ['em'], '*a b'],
      ['**_a_** ~~*b*~~', ['strong', 'em', 'del', 'em'], 'a b'],
      ['*snake_case* and `snake_case`', ['em', 'code'], 'snake_case and snake_case'],
      ['**🎉 party 🎉**!', ['strong'], '🎉 party 🎉!'],
      ['`**a** _b_ https://example.org`', ['code'], '**a** _b_ https://example.org'],
      ['`` ` `` and ` a ` and ```b```', ['code', 'code', 'code'], '` and  a  and b'],
      [
        '这是**重点**，和`代码`的例子 **중요**합니다',
        ['strong', 'code', 'strong'],
        '这是重点，和代码的例子 중요합니다',
      ],
      ['it`s `C:\\` **5**', ['code', 'strong'], 'it`s C:\\ 5'],
      ['* *a*\n* b', ['item', 'em', 'item'], '* a\n* b'],
      ['10) ten\n11) eleven', ['item', 'item'], '10) ten\n11) eleven'],
      ['> a\n> b\nc', ['quote'], 'a\nb\nc'],
      ['> 3 eggs\n> and milk', ['quote'], '3 eggs\nand milk'],
      ['> > a\n>\n> **b**', ['quote', 'quote', 'strong'], 'a\n\nb'],
      ['> - a\n> ```\n> b  c\n> ```', ['quote', 'item', 'block'], '- a\nb  c'],
    ] as const) {
      expect(kinds(text), text).toEqual(what);
      expect(shown(parse(text)), text).toBe(read);
    }
  });

  it('keep the code of a block as it is, and its language', () => {
    expect(parse('```js\n  let a;\n\n```')).toEqual([
      { kind: 'block', marks: ['```js\n', '\n```'], text: '  let a;\n', language: 'js' },
    ]);
    expect(parse('```SELECT *\nFROM a```')).toEqual([
      { kind: 'block', marks: ['```', '```'], text: 'SELECT *\nFROM a', language: '' },
    ]);
    expect(parse('````\n```\n````')).toEqual([
      { kind: 'block', marks: ['````\n', '\n````'], text: '```', language: '' },
    ]);
    expect(kinds('a\n```\n*b*\n```\n*c*')).toEqual(['block', 'em']);
  });

  it('link web and mail addresses and nothing else', () => {
    expect(links('https://example.org/a and <mailto:ana@example.org> and [b](https://example.org/b_(c))')).toEqual([
      'https://example.org/a',
      'mailto:ana@example.org',
      'https://example.org/b_(c)',
    ]);
    expect(links('*https://example.org/a_b_c*')).toEqual(['https://example.org/a_b_c']);
    expect(links('`https://example.org` ![a](https://example.org/pixel.png)')).toEqual([
      'https://example.org/pixel.png',
    ]);
    expect(shown(parse('[**my** page](https://example.org)'))).toBe('my page');
    for (const bad of [
      'javascript:alert(1)',
      'data:text/html,x',
      'file:///etc/passwd',
      'tauri://localhost',
      'vbscript:x',
      ' javascript:x',
    ]) {
      expect(links(`[x](${bad}) [y](<${bad}>) <${bad}>`), bad).toEqual([]);
    }
  });
});

it('is quick with text made to be slow', { timeout: 30_000 }, () => {
  const parts = [
    '*',
    '**a ',
    '*a* ',
    '_a',
    '[',
    '[a](b',
    '[a](https://x.org ',
    '> ',
    '> 5\n',
    '`',
    '`a',
    '``` ',
    '```a\n',
    '```\n',
    '<',
    ' ',
    '\n',
    'https://',
    'https://x.org/*',
    '~~a ',
    '- a\n',
    '1. ',
    '\t',
    '\\',
    '*a\n',
    '\u200b',
  ];
  for (const evil of [
    ...parts.map((p) => p.repeat(16_000 / p.length)),
    ...parts.map((p) => `${p.repeat(16_000 / p.length)}x`),
    Array.from({ length: 170 }, (_, i) => '`'.repeat(i + 3))
      .reverse()
      .join('\n'),
  ]) {
    const before = performance.now();
    parse(evil);
    expect(performance.now() - before, evil.slice(0, 20)).toBeLessThan(1_000);
  }
});

it('reads thousands of quotes in each other', () => {
  expect(shown(parse(`${'> '.repeat(1_000)}a`))).toBe(`${'> '.repeat(996)}a`);
});

describe('emoji alone', () => {
  it('are told from text and from digits', () => {
    for (const yes of ['🍲', '❤️', '👩‍👩‍👧‍👦', '🎉 🎉', '🇳🇬']) expect(isOnlyEmoji(yes), yes).toBe(true);
    for (const no of ['a', '1', '🍲 soup', '', '#']) expect(isOnlyEmoji(no), no).toBe(false);
  });
});
