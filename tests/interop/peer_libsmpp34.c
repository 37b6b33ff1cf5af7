/* libsmpp34 as a client or a server of the interop script: peer_libsmpp34 client|server SCRIPT. See exchange.py for both.
 * The library packs and unpacks PDUs; the sockets are ours. cc peer_libsmpp34.c -lsmpp34 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libsmpp34/smpp34.h>
#include <libsmpp34/smpp34_structs.h>
#include <libsmpp34/smpp34_params.h>

#define ROWS 1024
#define FIELDS 10
#define VENDOR_TAG 0x1456

struct row { char *field[FIELDS]; };
static struct row messages[ROWS], inbound[ROWS];
static int message_count, inbound_count;
static char host[64], system_id[16], password[16], wrong[16], hangup[32], unknown[128];
static int port, window_size, throttle, expect;

static void die(const char *why) { fprintf(stderr, "peer_libsmpp34: %s %s\n", why, smpp34_strerror); exit(1); }

static int from_hex(const char *text, uint8_t *octets)
{
    int count = 0;
    unsigned one;
    for (; text[0] && text[1]; text += 2, count++) { if (sscanf(text, "%2x", &one) != 1) die("bad hex"); octets[count] = one; }
    return count;
}

static char *to_hex(const uint8_t *octets, int count)
{
    static char text[2 * 2048 + 1];
    int at;
    for (at = 0; at < count; at++) sprintf(text + 2 * at, "%02x", octets[at]);
    text[2 * count] = 0;
    return text;
}

static void load(const char *path)
{
    static char line[8192];
    FILE *file = fopen(path, "r");
    if (!file) die("no script");
    while (fgets(line, sizeof line, file)) {
        struct row row = {{0}};
        char *rest = strdup(line), *name;
        int at;
        rest[strcspn(rest, "\n")] = 0;
        name = strsep(&rest, "\t");
        for (at = 0; at < FIELDS && rest; at++) row.field[at] = strsep(&rest, "\t");
        if (!strcmp(name, "message")) messages[message_count++] = row;
        else if (!strcmp(name, "inbound")) inbound[inbound_count++] = row;
        else if (!strcmp(name, "host")) strcpy(host, row.field[0]);
        else if (!strcmp(name, "port")) port = atoi(row.field[0]);
        else if (!strcmp(name, "system_id")) strcpy(system_id, row.field[0]);
        else if (!strcmp(name, "password")) strcpy(password, row.field[0]);
        else if (!strcmp(name, "wrong")) strcpy(wrong, row.field[0]);
        else if (!strcmp(name, "window")) window_size = atoi(row.field[0]);
        else if (!strcmp(name, "throttle")) throttle = atoi(row.field[0]);
        else if (!strcmp(name, "expect")) expect = atoi(row.field[0]);
        else if (!strcmp(name, "hangup")) strcpy(hangup, row.field[0]);
        else if (!strcmp(name, "unknown")) strcpy(unknown, row.field[0]);
    }
    fclose(file);
}

/* --- octets */

static uint8_t frame[8192];
static int frame_length;
static uint32_t next_sequence;

static uint32_t u32(const uint8_t *at) { return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3]; }

static void send_octets(int fd, const uint8_t *octets, int count)
{
    while (count > 0) {
        int done = send(fd, octets, count, MSG_NOSIGNAL);
        if (done <= 0) die("cannot send");
        octets += done;
        count -= done;
    }
}

static void send_pdu(int fd, void *pdu)
{
    static uint8_t octets[8192];
    int count = 0;
    if (smpp34_pack2(octets, sizeof octets, &count, pdu)) die("cannot pack:");
    send_octets(fd, octets, count);
}

/* 0 at the end of the stream. */
static int read_frame(int fd)
{
    int have = 0, want = 4;
    while (have < want) {
        int got = recv(fd, frame + have, want - have, 0);
        if (got <= 0) return 0;
        have += got;
        if (have == 4) want = u32(frame);
        if (want < 16 || want > (int)sizeof frame) die("bad length");
    }
    frame_length = want;
    return 1;
}

static void unpack(void *pdu, size_t size)
{
    memset(pdu, 0, size);
    if (smpp34_unpack2(pdu, frame, frame_length)) die("cannot unpack:");
}

/* A PDU without a body, or the head of one. */
struct head { uint32_t command_length, command_id, command_status, sequence_number; };

static void send_empty(int fd, uint32_t command, uint32_t status, uint32_t sequence)
{
    union { struct head head; enquire_link_t pdu; } one;
    memset(&one, 0, sizeof one);
    one.pdu.command_id = command;
    one.pdu.command_status = status;
    one.pdu.sequence_number = sequence;
    send_pdu(fd, &one);
}

static tlv_t *tlv(uint16_t tag, const uint8_t *octets, int length)
{
    tlv_t *made = calloc(1, sizeof *made);
    made->tag = tag;
    made->length = length;
    if (tag == TLVID_user_message_reference) made->value.val16 = octets[0] << 8 | octets[1];
    else if (tag == TLVID_message_state) made->value.val08 = octets[0];
    else memcpy(made->value.octet, octets, length);
    return made;
}

static void print_tlvs(tlv_t *tlvs)
{
    tlv_t *one;
    smpp34_tlv_for_each(one, tlvs) {
        if (one->tag == TLVID_receipted_message_id) printf(", \"receipted\": \"%s\"", (char *)one->value.octet);
        if (one->tag == TLVID_user_message_reference) printf(", \"reference\": %d", one->value.val16);
        if (one->tag == VENDOR_TAG) printf(", \"campaign\": \"%s\"", to_hex(one->value.octet, one->length));
    }
}

#define REPORT(...) (printf(__VA_ARGS__), fflush(stdout))
#define ADDRESSES(pdu) (pdu).source_addr, (pdu).destination_addr, (pdu).esm_class, (pdu).data_coding
#define CONTENT "\"source\": \"%s\", \"destination\": \"%s\", \"esm_class\": %d, \"data_coding\": %d, \"octets\": \"%s\""

/* --- client */

static struct { uint32_t sequence; const char *key; } flying[ROWS];
static int flying_count, delivered, unbound;
static char first_id[66];

static void submit(int fd, const char *key, const char *source, const char *destination, int esm, int coding, const char *octets, int tag, const char *value)
{
    submit_sm_t pdu;
    uint8_t raw[256];
    memset(&pdu, 0, sizeof pdu);
    pdu.command_id = SUBMIT_SM;
    pdu.sequence_number = ++next_sequence;
    pdu.source_addr_ton = TON_Alphanumeric;
    strcpy((char *)pdu.source_addr, source);
    pdu.dest_addr_ton = TON_International;
    pdu.dest_addr_npi = NPI_ISDN_E163_E164;
    strcpy((char *)pdu.destination_addr, destination);
    pdu.esm_class = esm;
    pdu.data_coding = coding;
    pdu.registered_delivery = 1;
    pdu.sm_length = from_hex(octets, pdu.short_message);
    if (tag) { int length = from_hex(value, raw); build_tlv(&pdu.tlv, tlv(tag, raw, length)); }
    flying[flying_count].sequence = pdu.sequence_number;
    flying[flying_count++].key = key;
    send_pdu(fd, &pdu);
    destroy_tlv(pdu.tlv);
}

/* Reads a PDU: answers a request, reports what it says. Its command, 0 at the end. */
static uint32_t turn(int fd)
{
    uint32_t command, sequence;
    if (!read_frame(fd)) return 0;
    command = u32(frame + 4);
    sequence = u32(frame + 12);
    if (command == SUBMIT_SM_RESP) {
        submit_sm_resp_t pdu;
        int at;
        unpack(&pdu, sizeof pdu);
        for (at = 0; at < flying_count && flying[at].sequence != sequence; at++) ;
        if (at == flying_count) die("a response to no request");
        REPORT("{\"event\": \"submitted\", \"key\": \"%s\", \"status\": %u, \"message_id\": \"%s\"}\n", flying[at].key, pdu.command_status, pdu.message_id);
        if (!first_id[0]) strcpy(first_id, (char *)pdu.message_id);
        flying[at] = flying[--flying_count];
    } else if (command == DELIVER_SM) {
        deliver_sm_t pdu;
        deliver_sm_resp_t answer;
        unpack(&pdu, sizeof pdu);
        printf("{\"event\": \"delivered\", " CONTENT, ADDRESSES(pdu), to_hex(pdu.short_message, pdu.sm_length));
        print_tlvs(pdu.tlv);
        REPORT("}\n");
        destroy_tlv(pdu.tlv);
        delivered++;
        memset(&answer, 0, sizeof answer);
        answer.command_id = DELIVER_SM_RESP;
        answer.sequence_number = sequence;
        send_pdu(fd, &answer);
    } else if (command == ENQUIRE_LINK) {
        REPORT("{\"event\": \"enquired\"}\n");
        send_empty(fd, ENQUIRE_LINK_RESP, 0, sequence);
    } else if (command == UNBIND) {
        REPORT("{\"event\": \"unbound\"}\n");
        unbound = 1;
        send_empty(fd, UNBIND_RESP, 0, sequence);
    } else if (command == GENERIC_NACK) {
        REPORT("{\"event\": \"nacked\", \"status\": %u, \"sequence\": %u}\n", u32(frame + 8), sequence);
    } else if (command == ENQUIRE_LINK_RESP) {
        REPORT("{\"event\": \"alive\"}\n");
    } else if (command == QUERY_SM_RESP) {
        query_sm_resp_t pdu;
        unpack(&pdu, sizeof pdu);
        REPORT("{\"event\": \"queried\", \"status\": %u, \"message_id\": \"%s\", \"state\": %d}\n", pdu.command_status, pdu.message_id, pdu.message_state);
    } else if (command == CANCEL_SM_RESP) {
        REPORT("{\"event\": \"cancelled\", \"status\": %u}\n", u32(frame + 8));
    } else if (command == DATA_SM_RESP) {
        data_sm_resp_t pdu;
        unpack(&pdu, sizeof pdu);
        REPORT("{\"event\": \"data\", \"status\": %u, \"message_id\": \"%s\"}\n", pdu.command_status, pdu.message_id);
    }
    return command;
}

static void wait_for(int fd, uint32_t command)
{
    uint32_t seen;
    while ((seen = turn(fd)) != command) if (!seen) die("the connection is gone");
}

static int connect_bind(uint32_t command, const char *kind, const char *secret)
{
    struct sockaddr_in address = {0};
    bind_transceiver_t pdu;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, host, &address.sin_addr);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) die("no connection");
    memset(&pdu, 0, sizeof pdu);
    pdu.command_id = command;
    pdu.sequence_number = ++next_sequence;
    strcpy((char *)pdu.system_id, system_id);
    strcpy((char *)pdu.password, secret);
    pdu.interface_version = SMPP_VERSION;
    send_pdu(fd, &pdu);
    if (!read_frame(fd) || u32(frame + 4) != (command | 0x80000000)) die("no answer to the bind");
    REPORT("{\"event\": \"%s\", \"kind\": \"%s\", \"status\": %u}\n", u32(frame + 8) ? "refused" : "bound", kind, u32(frame + 8));
    delivered = 0;
    return fd;
}

static void client(void)
{
    uint8_t raw[64];
    struct row *first = &messages[0];
    int at, count, fd = connect_bind(BIND_TRANSCEIVER, "transceiver", wrong);
    query_sm_t query;
    cancel_sm_t cancel;
    data_sm_t data;
    close(fd);
    for (at = 0; at < 2; at++) {
        fd = connect_bind(at ? BIND_RECEIVER : BIND_TRANSMITTER, at ? "receiver" : "transmitter", password);
        while (at && delivered < inbound_count) if (!turn(fd)) die("the connection is gone");
        send_empty(fd, ENQUIRE_LINK, 0, ++next_sequence);
        wait_for(fd, ENQUIRE_LINK_RESP);
        send_empty(fd, UNBIND, 0, ++next_sequence);
        wait_for(fd, UNBIND_RESP);
        close(fd);
        REPORT("{\"event\": \"closed\", \"by\": \"peer\"}\n");
    }
    fd = connect_bind(BIND_TRANSCEIVER, "transceiver", password);
    for (at = 0; at < message_count; at++) {
        char **field = messages[at].field;
        while (flying_count == window_size) if (!turn(fd)) die("the connection is gone");
        submit(fd, field[0], field[1], field[2], atoi(field[3]), atoi(field[4]), field[5], atoi(field[6]), field[7]);
    }
    while (flying_count || delivered < expect) if (!turn(fd)) die("the connection is gone");
    send_empty(fd, ENQUIRE_LINK, 0, ++next_sequence);
    wait_for(fd, ENQUIRE_LINK_RESP);

    memset(&query, 0, sizeof query);
    query.command_id = QUERY_SM;
    query.sequence_number = ++next_sequence;
    strcpy((char *)query.message_id, first_id);
    query.source_addr_ton = TON_Alphanumeric;
    strcpy((char *)query.source_addr, first->field[1]);
    send_pdu(fd, &query);
    wait_for(fd, QUERY_SM_RESP);

    memset(&cancel, 0, sizeof cancel);
    cancel.command_id = CANCEL_SM;
    cancel.sequence_number = ++next_sequence;
    strcpy((char *)cancel.message_id, first_id);
    cancel.source_addr_ton = TON_Alphanumeric;
    strcpy((char *)cancel.source_addr, first->field[1]);
    cancel.dest_addr_ton = cancel.dest_addr_npi = 1;
    strcpy((char *)cancel.destination_addr, first->field[2]);
    send_pdu(fd, &cancel);
    wait_for(fd, CANCEL_SM_RESP);

    memset(&data, 0, sizeof data);
    data.command_id = DATA_SM;
    data.sequence_number = ++next_sequence;
    data.source_addr_ton = TON_Alphanumeric;
    strcpy((char *)data.source_addr, first->field[1]);
    data.dest_addr_ton = data.dest_addr_npi = 1;
    strcpy((char *)data.destination_addr, first->field[2]);
    data.data_coding = 4;
    build_tlv(&data.tlv, tlv(TLVID_message_payload, (const uint8_t *)"data_sm", 7));
    send_pdu(fd, &data);
    destroy_tlv(data.tlv);
    wait_for(fd, DATA_SM_RESP);

    count = from_hex(unknown, raw);
    send_octets(fd, raw, count);
    wait_for(fd, GENERIC_NACK);
    submit(fd, "hangup", first->field[1], hangup, 0, 0, "", 0, "");
    while (!unbound) if (!turn(fd)) die("the connection is gone");
    if (!turn(fd)) REPORT("{\"event\": \"closed\", \"by\": \"server\"}\n");
    close(fd);
}

/* --- server */

static void deliver(int fd, const char *source, const char *destination, int esm, int coding, const uint8_t *octets, int length, const char *id)
{
    deliver_sm_t pdu;
    memset(&pdu, 0, sizeof pdu);
    pdu.command_id = DELIVER_SM;
    pdu.sequence_number = ++next_sequence;
    pdu.source_addr_ton = TON_International;
    pdu.source_addr_npi = NPI_ISDN_E163_E164;
    strcpy((char *)pdu.source_addr, source);
    strcpy((char *)pdu.destination_addr, destination);
    pdu.esm_class = esm;
    pdu.data_coding = coding;
    pdu.sm_length = length;
    memcpy(pdu.short_message, octets, length);
    if (id) {
        build_tlv(&pdu.tlv, tlv(TLVID_receipted_message_id, (const uint8_t *)id, strlen(id) + 1));
        build_tlv(&pdu.tlv, tlv(TLVID_message_state, (const uint8_t *)"\2", 1));
    }
    send_pdu(fd, &pdu);
    destroy_tlv(pdu.tlv);
}

static void serve(int fd)
{
    static int number, submits;
    int leaving = 0;
    while (read_frame(fd)) {
        uint32_t command = u32(frame + 4), status = u32(frame + 8), sequence = u32(frame + 12);
        if (command == BIND_TRANSMITTER || command == BIND_RECEIVER || command == BIND_TRANSCEIVER) {
            const char *kind = command == BIND_TRANSMITTER ? "transmitter" : command == BIND_RECEIVER ? "receiver" : "transceiver";
            bind_transceiver_t pdu;
            bind_transceiver_resp_t answer;
            int known, at;
            unpack(&pdu, sizeof pdu);
            known = !strcmp((char *)pdu.system_id, system_id) && !strcmp((char *)pdu.password, password);
            memset(&answer, 0, sizeof answer);
            answer.command_id = command | 0x80000000;
            answer.command_status = known ? 0 : ESME_RINVPASWD;
            answer.sequence_number = sequence;
            strcpy((char *)answer.system_id, "libsmpp34");
            send_pdu(fd, &answer);
            REPORT("{\"event\": \"%s\", \"kind\": \"%s\"}\n", known ? "bound" : "refused", kind);
            for (at = 0; known && command != BIND_TRANSMITTER && at < inbound_count; at++) {
                char **field = inbound[at].field;
                uint8_t raw[256];
                int length = from_hex(field[4], raw);
                deliver(fd, field[0], field[1], atoi(field[2]), atoi(field[3]), raw, length, NULL);
            }
        } else if (command == SUBMIT_SM) {
            submit_sm_t pdu;
            submit_sm_resp_t answer;
            char id[16] = "", text[128];
            int refused = throttle && ++submits % throttle == 0;
            unpack(&pdu, sizeof pdu);
            memset(&answer, 0, sizeof answer);
            answer.command_id = SUBMIT_SM_RESP;
            answer.command_status = refused ? ESME_RTHROTTLED : 0;
            answer.sequence_number = sequence;
            if (!refused) sprintf(id, "%d", ++number);
            strcpy((char *)answer.message_id, id);
            send_pdu(fd, &answer);
            if (refused) {
                REPORT("{\"event\": \"throttled\"}\n");
            } else {
                printf("{\"event\": \"submit\", \"message_id\": \"%s\", " CONTENT, id, ADDRESSES(pdu), to_hex(pdu.short_message, pdu.sm_length));
                print_tlvs(pdu.tlv);
                REPORT("}\n");
                if (!strcmp((char *)pdu.destination_addr, hangup)) {
                    leaving = 1;
                    send_empty(fd, ENQUIRE_LINK, 0, ++next_sequence);
                } else if (pdu.registered_delivery & 1) {
                    int length = sprintf(text, "id:%s sub:001 dlvrd:001 submit date:2601311200 done date:2601311201 stat:DELIVRD err:000 text:", id);
                    deliver(fd, (char *)pdu.destination_addr, (char *)pdu.source_addr, 4, 0, (uint8_t *)text, length, id);
                }
            }
            destroy_tlv(pdu.tlv);
        } else if (command == DELIVER_SM_RESP) {
            REPORT("{\"event\": \"acknowledged\", \"status\": %u}\n", status);
        } else if (command == ENQUIRE_LINK) {
            send_empty(fd, ENQUIRE_LINK_RESP, 0, sequence);
            REPORT("{\"event\": \"enquired\"}\n");
        } else if (command == ENQUIRE_LINK_RESP) {
            REPORT("{\"event\": \"alive\"}\n");
            if (leaving) send_empty(fd, UNBIND, 0, ++next_sequence);
        } else if (command == UNBIND) {
            send_empty(fd, UNBIND_RESP, 0, sequence);
            REPORT("{\"event\": \"unbound\"}\n");
            break;
        } else if (command == UNBIND_RESP) {
            REPORT("{\"event\": \"unbound\", \"by\": \"us\"}\n");
            break;
        } else if (command == QUERY_SM) {
            query_sm_t pdu;
            query_sm_resp_t answer;
            unpack(&pdu, sizeof pdu);
            memset(&answer, 0, sizeof answer);
            answer.command_id = QUERY_SM_RESP;
            answer.sequence_number = sequence;
            strcpy((char *)answer.message_id, (char *)pdu.message_id);
            answer.message_state = 2;
            send_pdu(fd, &answer);
        } else if (command == CANCEL_SM) {
            send_empty(fd, CANCEL_SM_RESP, 0, sequence);
        } else if (command == DATA_SM) {
            data_sm_resp_t answer;
            memset(&answer, 0, sizeof answer);
            answer.command_id = DATA_SM_RESP;
            answer.sequence_number = sequence;
            sprintf((char *)answer.message_id, "%d", ++number);
            send_pdu(fd, &answer);
        } else if (!(command & 0x80000000)) {
            send_empty(fd, GENERIC_NACK, ESME_RINVCMDID, sequence);
        }
    }
    close(fd);
    REPORT("{\"event\": \"closed\"}\n");
}

int main(int count, char **words)
{
    if (count != 3) die("client|server SCRIPT");
    alarm(60); /* it ends by then, whatever becomes of its test */
    load(words[2]);
    if (!strcmp(words[1], "client")) {
        client();
    } else {
        struct sockaddr_in address = {0};
        socklen_t size = sizeof address;
        int fd, listener = socket(AF_INET, SOCK_STREAM, 0);
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, 16)) die("no port");
        getsockname(listener, (struct sockaddr *)&address, &size);
        REPORT("{\"event\": \"listening\", \"port\": %d}\n", ntohs(address.sin_port));
        while ((fd = accept(listener, NULL, NULL)) >= 0) serve(fd);
    }
    return 0;
}
