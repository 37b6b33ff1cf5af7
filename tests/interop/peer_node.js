// node-smpp as a client or a server of the interop script: node peer_node.js client|server SCRIPT. See exchange.py for both.
'use strict';
const fs = require('fs');
const smpp = require('smpp');

// It ends by then, whatever becomes of its test.
setTimeout(() => process.exit(1), 60000).unref();

const script = {messages: [], inbound: []};
for (const line of fs.readFileSync(process.argv[3], 'utf8').split('\n')) {
  const [name, ...rest] = line.split('\t');
  if (name === 'message') {
    const [key, source, destination, esm, coding, octets, tag, value, text] = rest;
    script.messages.push({key, source, destination, esm: +esm, coding: +coding, octets, tag: +tag, value, text});
  } else if (name === 'inbound') {
    const [source, destination, esm, coding, octets, text] = rest;
    script.inbound.push({source, destination, esm: +esm, coding: +coding, octets, text});
  } else if (name) {
    script[name] = rest[0];
  }
}

smpp.addTLV('campaign_id', {id: 0x1456, type: smpp.types.tlv.buffer});
const TLVS = {0x1456: 'campaign_id', 0x0204: 'user_message_reference'};

const report = (event, values) => process.stdout.write(JSON.stringify({event, ...values}) + '\n');

// It gives text where it knows the alphabet, and octets where it does not.
function content(pdu) {
  const message = pdu.short_message.message;
  const common = {source: pdu.source_addr, destination: pdu.destination_addr, esm_class: pdu.esm_class, data_coding: pdu.data_coding};
  const tlvs = {
    receipted: pdu.receipted_message_id, reference: pdu.user_message_reference, campaign: pdu.campaign_id && pdu.campaign_id.toString('hex'),
  };
  const udh = pdu.short_message.udh ? {parts: pdu.short_message.udh.map((element) => Buffer.from(element).toString('hex'))} : {};
  return {...common, ...tlvs, ...udh, ...(Buffer.isBuffer(message) ? {octets: message.toString('hex')} : {text: message})};
}

// --- client

function connect() {
  return new Promise((resolve, reject) => {
    const tls = script.ca ? {tls: true, ca: fs.readFileSync(script.ca)} : {};
    const session = smpp.connect({host: script.host, port: +script.port, ...tls}, () => resolve(session));
    session.on('error', reject);
    session.on('enquire_link', (pdu) => { session.send(pdu.response()); report('enquired'); });
    session.on('deliver_sm', (pdu) => {
      session.send(pdu.response());
      report('delivered', content(pdu));
      session.delivered = (session.delivered || 0) + 1;
      session.emit('counted');
    });
  });
}

const ask = (session, command, options) => new Promise((resolve) => session[command](options, resolve));
const closed = (session) => new Promise((resolve) => session.on('close', resolve));

async function bind(session, kind, password) {
  const response = await ask(session, 'bind_' + kind, {system_id: script.system_id, password, interface_version: 0x34});
  report(response.command_status ? 'refused' : 'bound', {kind, status: response.command_status});
}

async function leave(session) {
  const end = closed(session);
  await ask(session, 'unbind', {});
  session.close();
  await end;
  report('closed', {by: 'peer'});
}

function delivered(session, count) {
  return new Promise((resolve) => {
    const look = () => { if ((session.delivered || 0) >= count) resolve(); };
    session.on('counted', look);
    look();
  });
}

const addresses = (message) => ({
  source_addr: message.source, source_addr_ton: 5, source_addr_npi: 0, destination_addr: message.destination, dest_addr_ton: 1, dest_addr_npi: 1,
});

async function submit(session, message) {
  const options = {
    ...addresses(message), esm_class: message.esm, data_coding: message.coding, registered_delivery: 1,
    short_message: Buffer.from(message.octets, 'hex'),
  };
  if (message.tag) {
    const value = Buffer.from(message.value, 'hex');
    options[TLVS[message.tag]] = message.tag === 0x0204 ? value.readUInt16BE(0) : value;
  }
  const response = await ask(session, 'submit_sm', options);
  report('submitted', {key: message.key, status: response.command_status, message_id: response.message_id});
  return response.message_id;
}

async function client() {
  let session = await connect();
  await bind(session, 'transceiver', script.wrong);
  session.close();
  for (const kind of ['transmitter', 'receiver']) {
    session = await connect();
    await bind(session, kind, script.password);
    if (kind === 'receiver') await delivered(session, script.inbound.length);
    await ask(session, 'enquire_link', {});
    report('alive');
    await leave(session);
  }
  session = await connect();
  const end = closed(session);
  await bind(session, 'transceiver', script.password);
  const queue = [...script.messages];
  const ids = [];
  const worker = async () => { while (queue.length) ids.push(await submit(session, queue.shift())); };
  await Promise.all(Array.from({length: +script.window}, worker));
  await delivered(session, +script.expect);
  await ask(session, 'enquire_link', {});
  report('alive');
  const first = script.messages[0];
  const query = await ask(session, 'query_sm', {message_id: ids[0], source_addr: first.source, source_addr_ton: 5});
  report('queried', {status: query.command_status, message_id: query.message_id, state: query.message_state});
  const cancel = await ask(session, 'cancel_sm', {...addresses(first), message_id: ids[0]});
  report('cancelled', {status: cancel.command_status});
  const data = await ask(session, 'data_sm', {...addresses(first), data_coding: 4, message_payload: Buffer.from('data_sm')});
  report('data', {status: data.command_status, message_id: data.message_id});
  const nack = new Promise((resolve) => session.on('generic_nack', resolve));
  session.socket.write(Buffer.from(script.unknown, 'hex'));
  const refusal = await nack;
  report('nacked', {status: refusal.command_status, sequence: refusal.sequence_number});
  session.on('unbind', (pdu) => { session.send(pdu.response()); report('unbound'); session.close(); });
  await submit(session, {...first, key: 'hangup', destination: script.hangup, octets: '', tag: 0});
  await end;
  report('closed', {by: 'server'});
}

// --- server

let number = 0;
let submits = 0;

function serve(session) {
  session.on('error', (error) => report('fault', {text: String(error)}));
  session.on('close', () => report('closed'));
  const receive = (kind) => (pdu) => {
    if (pdu.system_id !== script.system_id || pdu.password !== script.password) {
      report('refused', {kind});
      session.send(pdu.response({command_status: smpp.ESME_RINVPASWD}));
      return;
    }
    report('bound', {kind});
    session.send(pdu.response({system_id: 'node'}));
    if (kind !== 'transmitter') {
      for (const message of script.inbound) {
        const text = message.coding === 4 ? Buffer.from(message.octets, 'hex') : message.text;
        deliver({source_addr: message.source, destination_addr: message.destination, data_coding: message.coding, short_message: text});
      }
    }
  };
  const deliver = (options) => session.deliver_sm(options, (response) => report('acknowledged', {status: response.command_status}));
  for (const kind of ['transmitter', 'receiver', 'transceiver']) session.on('bind_' + kind, receive(kind));
  session.on('enquire_link', (pdu) => { session.send(pdu.response()); report('enquired'); });
  session.on('unbind', (pdu) => { session.send(pdu.response()); report('unbound'); session.close(); });
  session.on('unknown', (pdu) => session.send(pdu.response()));
  session.on('query_sm', (pdu) => session.send(pdu.response({message_id: pdu.message_id, message_state: 2})));
  session.on('cancel_sm', (pdu) => session.send(pdu.response()));
  session.on('data_sm', (pdu) => session.send(pdu.response({message_id: String(++number)})));
  session.on('submit_sm', (pdu) => {
    submits += 1;
    if (+script.throttle && submits % +script.throttle === 0) {
      session.send(pdu.response({command_status: smpp.ESME_RTHROTTLED}));
      report('throttled');
      return;
    }
    const id = String(++number);
    session.send(pdu.response({message_id: id}));
    report('submit', {...content(pdu), message_id: id});
    if (pdu.destination_addr === script.hangup) {
      session.enquire_link(() => { report('alive'); session.unbind(() => { report('unbound', {by: 'us'}); session.close(); }); });
    } else if (pdu.registered_delivery & 1) {
      const text = `id:${id} sub:001 dlvrd:001 submit date:2601311200 done date:2601311201 stat:DELIVRD err:000 text:`;
      const told = {receipted_message_id: id, message_state: 2};
      deliver({source_addr: pdu.destination_addr, destination_addr: pdu.source_addr, esm_class: 4, short_message: text, ...told});
    }
  });
}

if (process.argv[2] === 'client') {
  // A promise that nothing settles any more ends the program too.
  process.exitCode = 1;
  client().then(() => process.exit(0), (error) => { process.stderr.write(error.stack + '\n'); process.exit(1); });
} else {
  const tls = script.certificate ? {key: fs.readFileSync(script.key), cert: fs.readFileSync(script.certificate)} : {};
  const server = smpp.createServer(tls, serve);
  server.listen(0, '127.0.0.1', () => report('listening', {port: server.address().port}));
}
