import { describe, expect, it } from 'vitest';
import { isOddLink, isOnlyEmoji, parse, plain, type Rich } from './parse';

const flat = (nodes: readonly Rich[]): string[] => nodes.flatMap((n) => ['children' in n ? [n.kind, ...flat(n.children)] : [n.kind]].flat());
const links = (nodes: readonly Rich[]): string[] => nodes.flatMap((n) => [...(n.kind === 'link' ? [n.url] : []), ...('children' in n ? links(n.children) : [])]);

describe('light markdown', () => {
  it('leaves HTML as text', () => {
    const tree = parse('<img src=x onerror=alert(1)> <b>no</b>');
    expect(flat(tree)).toEqual(['paragraph', 'text']);
    expect(plain('<img src=x onerror=alert(1)>')).toBe('<img src=x onerror=alert(1)>');
  });

  it('leaves entities as they were typed', () => {
    expect(plain('&lt;b&gt; &#x202e;')).toBe('&lt;b&gt; &#x202e;');
  });

  it('links web and mail addresses and nothing else', () => {
    expect(links(parse('https://example.org/a and <mailto:ana@example.org>'))).toEqual(['https://example.org/a', 'mailto:ana@example.org']);
    for (const bad of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'tauri://localhost', 'vbscript:x', ' javascript:x']) {
      expect(links(parse(`[x](${bad}) [y](<${bad}>) <${bad}>`)), bad).toEqual([]);
    }
  });

  it('loads no images', () => {
    expect(flat(parse('![x](https://example.org/pixel.png)'))).not.toContain('image');
  });

  it('knows strong, code, lists, quotes and blocks', () => {
    expect(flat(parse('**a** *b* ~~c~~ `d`'))).toEqual(['paragraph', 'strong', 'text', 'text', 'em', 'text', 'text', 'del', 'text', 'text', 'code']);
    expect(flat(parse('* a\n* b'))).toEqual(['list', 'item', 'text', 'item', 'text']);
    expect(flat(parse('1. a\n\n2. b'))).toEqual(['numbered', 'item', 'paragraph', 'text', 'item', 'paragraph', 'text']);
    expect(parse('```js\nlet a;\n```')).toEqual([{ kind: 'block', text: 'let a;', language: 'js' }]);
    expect(flat(parse('a\nb'))).toEqual(['paragraph', 'text', 'break', 'text']);
  });

  it('keeps what it does not know', () => {
    expect(plain('# not a heading')).toBe('# not a heading');
    expect(plain('    indented')).toBe('indented');
  });

  it('is quick with text made to be slow', () => {
    const before = performance.now();
    for (const evil of ['*'.repeat(16_000), '['.repeat(16_000), '> '.repeat(8_000), '`'.repeat(16_000), '<'.repeat(16_000), '_a'.repeat(8_000)]) parse(evil);
    expect(performance.now() - before).toBeLessThan(4_000);
  });
});

describe('links', () => {
  it('asks about links that show something else than they lead to', () => {
    expect(isOddLink('https://example.org/', 'https://example.org/')).toBe(false);
    expect(isOddLink('https://example.org/', 'https://example.org')).toBe(false);
    expect(isOddLink('https://evil.example/', 'my bank')).toBe(true);
    expect(isOddLink('https://user@bank.example/', 'https://user@bank.example/')).toBe(true);
    expect(isOddLink('https://xn--bnk-4na.example/', 'https://xn--bnk-4na.example/')).toBe(true);
  });
});

describe('emoji alone', () => {
  it('are told from text and from digits', () => {
    for (const yes of ['🍲', '❤️', '👩‍👩‍👧‍👦', '🎉 🎉', '🇳🇬']) expect(isOnlyEmoji(yes), yes).toBe(true);
    for (const no of ['a', '1', '🍲 soup', '', '#']) expect(isOnlyEmoji(no), no).toBe(false);
  });
});
