// werift's ICE as a program that speaks the JSON Lines of `altair agent`.
//
// Besides those options: --lite, --ice-tcp off|on|only (off). It knows one STUN
// and one TURN server; with TURN, it falls back from UDP to TCP by itself.
'use strict';

const { Candidate, Connection } = require('werift');
const speaker = require('./speaker.js');

const { say } = speaker;
const options = speaker.options({
  lite: { type: 'boolean', default: false },
  'ice-tcp': { type: 'string', default: 'off' },
});

const isTcpOnly = options['ice-tcp'] === 'only';

function configuration() {
  const [turn] = options.turn;
  return {
    iceLite: options.lite,
    useTcp: options['ice-tcp'] !== 'off',
    stunServer: options.stun[0],
    forceTurn: options['relay-only'],
    filterCandidatePair: (pair) => isWanted(pair.localCandidate),
    ...(turn && {
      turnServer: [turn.host, turn.port],
      turnUsername: turn.name,
      turnPassword: turn.password,
      turnTransport: turn.transport,
      turnTlsOptions: { rejectUnauthorized: false },
    }),
  };
}

const ice = new Connection(options.controlling, configuration());
ice.stunServer = options.stun[0]; // its default is a server of the internet

let remote; // the other's credentials, once known
let gathered = false;
let connecting = false;

function sayCredentials() {
  const lite = options.lite || undefined;
  say('credentials', { ufrag: ice.localUsername, pwd: ice.localPassword, lite });
}

function isWanted(candidate) {
  return !isTcpOnly || candidate.transport === 'tcp';
}

function lineOf(candidate) {
  return 'candidate:' + candidate.toSdp();
}

function saySelected() {
  const pair = ice.nominated;
  const ends = [pair.localCandidate, pair.remoteCandidate];
  const direct = ends[0].transport === 'tcp' ? 'tcp' : 'direct';
  say('selected', {
    kind: ends.some((end) => end.type === 'relay') ? 'relay' : direct,
    local: lineOf(ends[0]),
    remote: lineOf(ends[1]),
  });
}

async function connect() {
  connecting = true;
  say('state', { state: 'checking' });
  try {
    await ice.connect();
    saySelected();
    say('state', { state: 'connected' });
  } catch (error) {
    say('state', { state: 'failed' });
  }
  connecting = false;
}

// It pairs a relayed candidate only when connect() is called, so after all.
async function gather() {
  say('state', { state: 'gathering' });
  await ice.gatherCandidates();
  say('end-of-candidates');
  gathered = true;
  if (remote) {
    connect();
  }
}

async function restart() {
  remote = undefined;
  gathered = false;
  await ice.restart();
  sayCredentials();
  gather();
}

async function learnRemote({ ufrag, pwd }) {
  if (remote && remote.ufrag !== ufrag) {
    await restart();
  }
  remote = { ufrag, pwd };
  ice.setRemoteParams({ iceLite: false, usernameFragment: ufrag, password: pwd });
  if (gathered && !connecting) {
    connect();
  }
}

async function obey(command) {
  switch (command.cmd) {
    case 'gather':
      gather();
      break;
    case 'remote':
      await learnRemote(command);
      break;
    case 'candidate':
      await ice.addRemoteCandidate(
        Candidate.fromSdp(command.candidate.replace(/^candidate:/, '')));
      break;
    case 'end-of-candidates':
      // With passive candidates alone it has no pair before somebody connects,
      // and would fail now.
      if (!isTcpOnly) {
        await ice.addRemoteCandidate(undefined);
      }
      break;
    case 'send':
      await ice.send(speaker.bytes(command));
      break;
    case 'restart':
      await restart();
      break;
    default:
      throw new Error(`no ${command.cmd} here`);
  }
}

ice.onIceCandidate.subscribe((candidate) => {
  if (isWanted(candidate)) {
    say('candidate', { candidate: lineOf(candidate) });
  }
});
ice.onData.subscribe(speaker.sayData);
ice.stateChanged.subscribe((state) => {
  if (state === 'failed' || state === 'disconnected') {
    say('state', { state });
  }
});

sayCredentials();
if (!options.hold) {
  gather();
}
speaker.run(obey, () => ice.close());
