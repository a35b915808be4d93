// node-datachannel (libdatachannel, whose ICE is libjuice) as a program that speaks
// the JSON Lines of `altair agent`.
//
// Its ICE carries DTLS, SCTP and a data channel: data here is the channel's, and
// the other program runs under channel.js. libjuice knows no restart, one TURN
// transport (UDP), and only starts when it knows the other's credentials.
'use strict';

const { randomBytes } = require('node:crypto');
const { PeerConnection } = require('node-datachannel');
const speaker = require('./speaker.js');

const { say } = speaker;
const options = speaker.options();
const credentials = {
  ufrag: randomBytes(6).toString('base64'),
  pwd: randomBytes(18).toString('base64'),
};

function servers() {
  const types = { udp: 'TurnUdp', tcp: 'TurnTcp', tls: 'TurnTls' };
  return [
    ...options.stun.map(([host, port]) => `stun:${host}:${port}`),
    ...options.turn.map(({ host, port, name, password, transport }) => ({
      hostname: host, port, username: name, password, relayType: types[transport],
    })),
  ];
}

const peer = new PeerConnection('peer', {
  iceServers: servers(),
  iceTransportPolicy: options['relay-only'] ? 'relay' : 'all',
  disableAutoNegotiation: true,
  disableFingerprintVerification: true,
});
const channel = peer.createDataChannel('interop', { negotiated: true, id: 0 });

let remote; // the other's credentials, once known
let gathering = false;
let started = false;
let selected;
const early = []; // candidates that came before the start

// What the other side would say of itself, were this its signalling.
function remoteDescription() {
  return [
    'v=0', 'o=- 1 0 IN IP4 127.0.0.1', 's=-', 't=0 0',
    'a=group:BUNDLE 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0', 'a=mid:0', 'a=sctp-port:5000', 'a=max-message-size:65536',
    `a=ice-ufrag:${remote.ufrag}`, `a=ice-pwd:${remote.pwd}`,
    'a=ice-options:ice2,trickle',
    `a=setup:${options.controlling ? 'passive' : 'actpass'}`,
    `a=fingerprint:sha-256 ${Array(32).fill('00').join(':')}`, '',
  ].join('\r\n');
}

function start() {
  const init = { iceUfrag: credentials.ufrag, icePwd: credentials.pwd };
  started = true;
  say('state', { state: 'gathering' });
  if (options.controlling) {
    peer.setLocalDescription('offer', init);
    peer.setRemoteDescription(remoteDescription(), 'answer');
  } else {
    peer.setRemoteDescription(remoteDescription(), 'offer');
    peer.setLocalDescription('answer', init);
  }
  early.forEach((candidate) => peer.addRemoteCandidate(candidate, '0'));
}

// Tells what is selected, which may change.
function saySelected() {
  const pair = peer.getSelectedCandidatePair();
  const line = (end) => end.candidate.replace(/^a=/, '');
  const now = pair && { local: line(pair.local), remote: line(pair.remote) };
  if (!now || JSON.stringify(now) === selected) {
    return;
  }
  selected = JSON.stringify(now);
  say('selected', {
    kind: [now.local, now.remote].some((text) => text.includes('typ relay'))
      ? 'relay' : 'direct',
    ...now,
  });
}

function obey(command) {
  if (command.cmd === 'gather') {
    gathering = true;
  } else if (command.cmd === 'remote') {
    remote = remote ?? command;
  } else if (command.cmd === 'candidate') {
    if (started) {
      peer.addRemoteCandidate(command.candidate, '0');
    } else {
      early.push(command.candidate);
    }
  } else if (command.cmd === 'send') {
    if (channel.isOpen()) {
      channel.sendMessageBinary(speaker.bytes(command));
    }
  } else if (command.cmd !== 'end-of-candidates') {
    throw new Error(`no ${command.cmd} here`);
  }
  if (gathering && remote && !started) {
    start();
  }
}

peer.onLocalCandidate((candidate) =>
  say('candidate', { candidate: candidate.replace(/^a=/, '') }));
peer.onGatheringStateChange((state) => {
  if (state === 'complete') {
    say('end-of-candidates');
  }
});
peer.onIceStateChange((state) => say('state', { state }));
channel.onMessage((message) => speaker.sayData(Buffer.from(message)));

say('credentials', credentials);
if (!options.hold) {
  obey({ cmd: 'gather' });
}
setInterval(saySelected, 20);
speaker.run(obey, () => peer.close());
