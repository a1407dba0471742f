'use strict';
// Holds a node that was started ahead of its use until its program is there. Node loads this file before the main
// file (NODE_OPTIONS), behind all walls of the program. It says that it waits by one byte on standard output, and
// takes one message from standard input (crates/init/src/worker.rs); what follows there is the program's. Then it
// undoes what it changed, and node goes on to the main file.
const fs = require('fs');

const OPTIONS = '-r /.casemate/node.cjs';
const MOST_BYTES = 1 << 20;

// What a program's first lines need. Node has them compiled already, but takes its time to load them.
function warm() {
  ['tty', 'net', 'stream', 'util', 'events', 'path', 'url', 'os', 'timers', 'fs/promises'].forEach((name) =>
    require(name));
  // Colours would ask standard error, and so open it.
  const nowhere = new (require('stream').Writable)({ write: (chunk, encoding, done) => done() });
  new console.Console({ stdout: nowhere, colorMode: false }).log('%s', 1, {});
}

function read(length) {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let done = 0; done < length;) {
    const count = fs.readSync(0, bytes, done, length - done, null);
    // Nobody is there any more.
    if (count === 0) process.reallyExit(1);
    done += count;
  }
  return bytes;
}

function receive() {
  const length = read(4).readUInt32LE(0);
  if (length > MOST_BYTES) process.reallyExit(1);
  const [input, directory, count, ...words] = read(length).toString('utf8').split('\0');
  words.pop();
  return { input, directory, args: words.splice(0, Number(count)), env: words };
}

function become({ input, directory, args, env }) {
  if (input === 'none') {
    // Node may have put /dev/null there itself.
    fs.closeSync(0);
    const empty = fs.openSync('/dev/null', 'r');
    if (empty !== 0) fs.closeSync(empty);
  }
  process.chdir(directory);
  process.argv.push(...args);
  delete process.env.NODE_OPTIONS;
  const now = Object.entries(process.env).map(([name, value]) => `${name}=${value}`);
  if (now.length === env.length && now.every((word, at) => word === env[at])) return;
  Object.keys(process.env).forEach((name) => delete process.env[name]);
  env.forEach((word) => {
    const at = word.indexOf('=');
    process.env[word.slice(0, at)] = word.slice(at + 1);
  });
}

// A program sees that it was held by nothing but its age, its parts that are loaded already, and what /proc tells of
// the environment and the arguments that it began with.
function vanish() {
  delete require.cache[__filename];
  const found = require('module')._pathCache;
  Object.keys(found).filter((key) => key.startsWith(__filename)).forEach((key) => delete found[key]);
  Object.defineProperty(process, '_preload_modules', { value: [] });
}

// A thread of the program inherits the option, and has nothing to wait for.
if (process.env.NODE_OPTIONS === OPTIONS) {
  warm();
  fs.writeSync(1, 'w');
  become(receive());
}
vanish();
