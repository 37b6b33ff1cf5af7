// The node-smpp side of the benchmarks: reads one JSON command a line, answers one JSON line with the nanoseconds that the loop took.
// Started by peers.py with NODE_PATH set; commands: {"load": [hex, ...], "fields": [{...}, ...], "texts": [...]},
// {"run": "decode" | "read4" | "build" | "write"}, {"show": "read4" | "build"}.
'use strict';
const smpp = require('smpp');
let frames = [];
let fields = [];
let written = [];
let kept = 0;

const loops = {
  decode() {
    for (const frame of frames) kept += smpp.PDU.fromBuffer(frame).command_length & 1;
  },
  read4() {
    for (const frame of frames) {
      const pdu = smpp.PDU.fromBuffer(frame);
      kept += pdu.source_addr.length + pdu.destination_addr.length + pdu.data_coding + (pdu.short_message.message.length);
    }
  },
  build() {
    for (const given of fields) kept += new smpp.PDU('submit_sm', given).toBuffer().length;
  },
  write() {
    for (const given of written) kept += new smpp.PDU('submit_sm', given).toBuffer().length;
  },
};

const rows = {
  read4: () => frames.map((frame) => {
    const pdu = smpp.PDU.fromBuffer(frame);
    return [pdu.source_addr, pdu.destination_addr, pdu.data_coding, String(pdu.short_message.message)];
  }),
  build: () => fields.map((given) => new smpp.PDU('submit_sm', given).toBuffer().toString('hex')),
};

function answer(command) {
  if (command.load) {
    frames = command.load.map((hex) => Buffer.from(hex, 'hex'));
    fields = command.fields.map((given) => ({ ...given, short_message: Buffer.from(given.short_message, 'hex') }));
    written = fields.map((given, index) => ({ ...given, short_message: command.texts[index] }));
    return { loaded: frames.length, node: process.version };
  }
  if (command.show) return { rows: rows[command.show]() };
  const start = process.hrtime.bigint();
  loops[command.run]();
  return { ns: Number(process.hrtime.bigint() - start), kept };
}

require('readline').createInterface({ input: process.stdin }).on('line', (line) => {
  process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + '\n');
});
