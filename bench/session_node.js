// One end of an SMPP session under node-smpp, or both: the commands are those of session_end.py, and one more that brings the messages:
// {"do": "fields", "fields": [{...}, ...]}. Started by session_pairs.py with NODE_PATH set.
'use strict';
const smpp = require('smpp');
let fields = [];
let number = 0;

function serve(given, done) {
  const server = smpp.createServer((session) => {
    session.on('error', () => session.destroy());
    session.on('bind_transceiver', (pdu) => session.send(pdu.response()));
    session.on('submit_sm', (pdu) => session.send(pdu.response({ message_id: String(++number) })));
    session.on('unbind', (pdu) => { session.send(pdu.response()); session.close(); });
  });
  server.listen(0, '127.0.0.1', () => done({ port: server.address().port }));
}

// The window is ours: the library has none. A response starts the next request.
function load(given, done) {
  const session = smpp.connect({ host: '127.0.0.1', port: given.port });
  session.on('error', (error) => { throw error; });
  let sent = 0;
  let answered = 0;
  let failed = 0;
  let start = 0n;
  function next() {
    if (sent < given.messages) session.submit_sm(fields[sent++ % fields.length], respond);
  }
  function respond(pdu) {
    if (pdu.command_status || !pdu.message_id) failed += 1;
    answered += 1;
    if (answered < given.messages) { next(); return; }
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    session.unbind(() => session.close(() => done({ seconds, failed })));
  }
  session.on('connect', () => session.bind_transceiver({ system_id: 'bench', password: 'bench' }, (pdu) => {
    if (pdu.command_status) throw new Error(`bind: ${pdu.command_status}`);
    start = process.hrtime.bigint();
    for (let k = 0; k < given.window; k += 1) next();
  }));
}

function cpu() {
  const used = process.cpuUsage();
  return { cpu: (used.user + used.system) / 1e6 };
}

function take(given, done) {
  fields = given.fields.map((one) => ({ ...one, short_message: Buffer.from(one.short_message, 'hex') }));
  done({ fields: fields.length });
}

const works = { serve, load, fields: take, cpu: (given, done) => done(cpu()) };
const lines = require('readline').createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const command = JSON.parse(line);
  works[command.do](command, (answer) => process.stdout.write(JSON.stringify(answer) + '\n'));
});
lines.on('close', () => process.exit(0));
