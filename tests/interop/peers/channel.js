// A program with the surface of `altair agent`, and over its path a data channel:
//
//     node channel.js COMMAND [ARG]...
//
// The same lines in and out, but "send" and "data" are messages of the channel, and
// its DTLS and SCTP (werift's; DTLS server) are what COMMAND carries. It meets
// datachannel_peer.js. Fingerprints are not compared: the credentials of ICE say
// who is who.
'use strict';

const { spawn } = require('node:child_process');
const readline = require('node:readline');
const {
  Event, RTCDataChannel, RTCDataChannelParameters, RTCDtlsFingerprint,
  RTCDtlsParameters, RTCDtlsTransport, RTCSctpTransport,
} = require('werift');
const speaker = require('./speaker.js');

const agent = spawn(process.argv[2], process.argv.slice(3), {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const path = {
  onData: new Event(),
  send: async (bytes) => tell({ cmd: 'send', base64: bytes.toString('base64') }),
  close: async () => {},
};

let channel;
let begun = false;
let connected = false;
const early = []; // what came before we could answer

function tell(command) {
  if (agent.stdin.writable) {
    agent.stdin.write(JSON.stringify(command) + '\n');
  }
}

async function open() {
  begun = true;
  const certificate = await RTCDtlsTransport.SetupCertificate();
  const dtls = new RTCDtlsTransport(
    {}, { role: 'controlled', connection: path }, certificate);
  const sctp = new RTCSctpTransport(5000);
  dtls.role = 'server';
  dtls.setRemoteParams(new RTCDtlsParameters(
    [new RTCDtlsFingerprint('sha-256', '00')], 'client'));
  dtls.verifyRemoteCertificateFingerprint = () => {};
  sctp.setDtlsTransport(dtls);
  channel = new RTCDataChannel(sctp, new RTCDataChannelParameters({
    label: 'interop', negotiated: true, id: 0,
  }));
  channel.onMessage.subscribe((message) => speaker.sayData(Buffer.from(message)));
  await dtls.start();
  await sctp.start(5000);
}

function hear(line) {
  const said = JSON.parse(line);
  if (said.event === 'data') {
    early.push(speaker.bytes(said));
  } else if (said.event === 'state') {
    connected = ['connected', 'completed'].includes(said.state);
  }
  if (connected) {
    early.splice(0).forEach((bytes) => path.onData.execute(bytes));
  }
  if (said.event === 'data') {
    return;
  }
  if (!begun && said.event === 'credentials') {
    open();
  }
  process.stdout.write(line + '\n');
}

function obey(command) {
  if (command.cmd !== 'send') {
    tell(command);
  } else if (channel?.readyState === 'open') {
    channel.send(speaker.bytes(command));
  }
}

// werift's SCTP throws when the peer's ends first. Were it earlier, no data came.
process.on('unhandledRejection', () => {});
agent.stdin.on('error', () => {}); // it has ended; its exit code says how
readline.createInterface({ input: agent.stdout }).on('line', hear);
agent.on('exit', (code) => process.exit(code ?? 1));
speaker.run(obey, () => new Promise(() => tell({ cmd: 'close' })));
