// The command line and the JSON Lines of `altair agent`, for peers on Node.js.
'use strict';

const readline = require('node:readline');
const { parseArgs } = require('node:util');

const began = performance.now();

function hostPort(text) {
  const colon = text.lastIndexOf(':');
  return [text.slice(0, colon).replace(/^\[|\]$/g, ''), Number(text.slice(colon + 1))];
}

// turn:USER:PASS@H:P[?transport=udp|tcp|tls]
function turnUrl(text) {
  const [where, query] = text.slice('turn:'.length).split('?');
  const at = where.lastIndexOf('@');
  const [name, password] = where.slice(0, at).split(':').map(decodeURIComponent);
  const [host, port] = hostPort(where.slice(at + 1));
  const transport = new URLSearchParams(query).get('transport') ?? 'udp';
  return { host, port, name, password, transport };
}

exports.options = (more) => {
  const flag = { type: 'boolean', default: false };
  const list = { type: 'string', multiple: true, default: [] };
  const { values } = parseArgs({
    options: {
      controlling: flag, controlled: flag, stun: list, turn: list,
      'relay-only': flag, hold: flag,
      ta: { type: 'string' }, ca: { type: 'string' }, ...more,
    },
  });
  values.stun = values.stun.map(hostPort);
  values.turn = values.turn.map(turnUrl);
  return values;
};

exports.say = (event, more) => {
  const t = Math.round(performance.now() - began);
  process.stdout.write(JSON.stringify({ v: 1, t, event, ...more }) + '\n');
};

// Calls obey(command) for each line, in order, and says what it throws; ends with
// "close" and with stdin.
exports.run = async (obey, close) => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    if (command.cmd === 'close') {
      break;
    }
    try {
      await obey(command);
    } catch (error) {
      exports.say('error', { name: error.name, message: error.message });
    }
  }
  await close();
  process.exit(0);
};

exports.bytes = ({ text, base64 }) =>
  base64 ? Buffer.from(base64, 'base64') : Buffer.from(text ?? '');

// As text where that loses nothing.
exports.sayData = (bytes) => {
  const text = bytes.toString();
  const same = Buffer.from(text).equals(bytes);
  exports.say('data', same ? { text } : { base64: bytes.toString('base64') });
};
