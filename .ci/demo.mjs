// Makes the three people of ./run demo with the headless peer, on the same calls that the window
// makes: everybody begins, ana creates a room and invites, ben and chi accept, all write.
//   node demo.mjs GRAPEVINE-NODE FOLDER
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

const [program, home] = process.argv.slice(2);
const ROOM = 'Harbour walk';
const TALK = [
  ['ana', 'Good morning! This room lives on our three machines and nowhere else.'],
  ['ben', 'Morning. I followed your invite and was in.'],
  ['chi', 'Me too. Who answers if *ana* goes to sleep?'],
  ['ben', 'I do, or you. Whoever is awake passes on what the others missed.'],
  ['ana', 'Write in one window and look at the other two.'],
];
/** Milliseconds after which a step counts as failed. */
const PATIENCE = 60_000;

/** A port that is free now; it is kept in a file, so that the three find each other again. */
async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** One headless peer: calls go in, replies and notices come out, one JSON object a line. */
class Peer {
  #child;
  #waiting = new Map();
  #watchers = new Set();
  #last = 0;

  constructor(name, port) {
    this.name = name;
    this.#child = spawn(program, ['--profile', join(home, name), '--listen', `127.0.0.1:${port}`], { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#take(JSON.parse(line)));
    this.gone = new Promise((done) => this.#child.on('exit', done));
    this.#child.on('error', (error) => fail(`${program}: ${error.message}`));
  }

  #take(line) {
    if (line.notice) {
      for (const watcher of this.#watchers) watcher(line.notice);
      return;
    }
    const { resolve, reject } = this.#waiting.get(line.id) ?? {};
    this.#waiting.delete(line.id);
    if (line.refusal) reject?.(new Error(`${this.name}: ${line.refusal.code}: ${line.refusal.message}`));
    else resolve?.(line.reply);
  }

  call(call, args = {}) {
    const id = ++this.#last;
    const answer = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#child.stdin.write(`${JSON.stringify({ id, call, args })}\n`);
    return within(answer, `${this.name}: ${call}`);
  }

  /** Asks again at each notice until the answer will do. */
  async until(what, ask) {
    let wake;
    const watcher = () => wake?.();
    this.#watchers.add(watcher);
    const search = async () => {
      for (;;) {
        const noticed = new Promise((done) => (wake = done));
        const found = await ask();
        if (found) return found;
        await noticed;
      }
    };
    try {
      return await within(search(), `${this.name}: ${what}`);
    } finally {
      this.#watchers.delete(watcher);
    }
  }

  async end() {
    await this.call('shutdown');
    this.#child.stdin.end();
    await within(this.gone, `${this.name}: end`);
  }

  kill() {
    this.#child.kill();
  }
}

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer after ${PATIENCE / 1000} s`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const peers = [];

function fail(message) {
  console.error(message);
  for (const peer of peers) peer.kill();
  process.exit(1);
}

async function start(name) {
  const port = await freePort();
  writeFileSync(join(home, `${name}.port`), `${port}\n`);
  const peer = new Peer(name, port);
  peers.push(peer);
  await peer.until('welcome', async () => (await peer.call('status')).stage === 'welcome');
  const stage = await peer.call('begin', { name: name[0].toUpperCase() + name.slice(1), custody: { kind: 'keychain' } });
  if (stage.stage !== 'open') throw new Error(`${name}: ${JSON.stringify(stage)}`);
  return peer;
}

const texts = async (peer, room) => {
  const page = await peer.call('timeline', { room, anchor: { at: 'latest' }, limit: 50 });
  return page.messages.filter((message) => message.body.kind === 'text').map((message) => message.body.text);
};

async function main() {
  const [ana, ben, chi] = [await start('ana'), await start('ben'), await start('chi')];
  const room = (await ana.call('create_room', { name: ROOM })).id;
  const invite = await ana.call('create_invite', { room, uses: 2 });
  for (const guest of [ben, chi]) {
    await guest.call('accept_invite', { text: invite.text });
    await guest.until('in the room', async () => (await guest.call('snapshot')).rooms.some((row) => row.id === room));
  }
  const by = { ana, ben, chi };
  const said = [];
  for (const [author, text] of TALK) {
    await by[author].call('send', { room, text });
    said.push(text);
    // The next answers this one, so it must have been read everywhere.
    for (const peer of peers) await peer.until('message', async () => (await texts(peer, room)).length >= said.length);
  }
  for (const peer of peers) await peer.end();
}

main().catch((error) => fail(error.message));
