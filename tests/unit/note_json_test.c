/* The JSON of the rendezvous protocol: every type there and back, and everything
 * that is refused. */
#include "check.h"

#include <altair/json.h>

#include <jansson.h>
#include <stdlib.h>

#define TOKEN "AAECAwQFBgcICQoLDA0ODw"
#define MAILBOX "EBESExQVFhcYGRobHB0eHw"
#define HASH "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static uint8_t scratch[ALTAIR_NOTE_MAX];
static altair_note note;

static int parse_bytes(const void *text, size_t len)
{
	return altair_note_parse(&note, (altair_bytes){text, len}, scratch,
				 sizeof scratch);
}

static int parse(const char *text)
{
	return parse_bytes(text, strlen(text));
}

/* As the writer writes them: what is read and written again is the same text. */
static const char *const canonical[] = {
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\"}",
	"{\"type\":\"claim\",\"token\":\"" TOKEN
	"\",\"body\":\"AQID\",\"nameplate\":7}",
	"{\"type\":\"claim\",\"token\":\"" TOKEN
	"\",\"body\":\"\",\"nameplate\":9999999}",
	"{\"type\":\"present\",\"spki\":\"MFk\",\"signature\":\"MEU\"}",
	"{\"type\":\"present\"}",
	"{\"type\":\"call\",\"token\":\"" TOKEN "\",\"pair\":\"" MAILBOX
	"\",\"key\":\"" HASH "\",\"body\":\"_w\"}",
	"{\"type\":\"resume\",\"token\":\"" TOKEN "\",\"mailbox\":\"" MAILBOX
	"\"}",
	"{\"type\":\"resume\",\"token\":\"" TOKEN "\",\"mailbox\":\"" MAILBOX
	"\",\"nameplate\":12,\"caller\":true}",
	"{\"type\":\"send\",\"token\":\"" TOKEN
	"\",\"body\":\"-_8\",\"number\":2147483647}",
	"{\"type\":\"ack\",\"token\":\"" TOKEN "\",\"number\":0}",
	"{\"type\":\"close\",\"token\":\"" TOKEN "\"}",
	"{\"type\":\"close\",\"token\":\"" TOKEN "\",\"failed\":true}",
	"{\"type\":\"welcome\",\"nonce\":\"" HASH "\"}",
	"{\"type\":\"welcome\",\"nonce\":\"" HASH
	"\",\"seconds\":600,\"stun\":[\"stun:a.example:3478\"],"
	"\"turn\":[{\"url\":\"turn:a.example:3478\",\"username\":\"u\","
	"\"password\":\"p/+=\"}]}",
	"{\"type\":\"nameplate\",\"token\":\"" TOKEN "\",\"mailbox\":\"" MAILBOX
	"\",\"nameplate\":1,\"seconds\":600}",
	"{\"type\":\"joined\",\"token\":\"" TOKEN "\",\"mailbox\":\"" MAILBOX
	"\"}",
	"{\"type\":\"called\",\"token\":\"" TOKEN "\",\"mailbox\":\"" MAILBOX
	"\",\"pair\":\"" TOKEN "\"}",
	"{\"type\":\"message\",\"token\":\"" TOKEN
	"\",\"body\":\"\",\"number\":1}",
	"{\"type\":\"gone\",\"token\":\"" TOKEN "\",\"failed\":true}",
	"{\"type\":\"error\",\"code\":\"busy\"}",
	"{\"type\":\"error\",\"token\":\"" TOKEN
	"\",\"seconds\":86400,\"code\":\"no-such-nameplate\"}",
	"{\"type\":\"bye\",\"seconds\":30}",
};

static void every_type_there_and_back(void)
{
	static char out[ALTAIR_NOTE_MAX];

	for (size_t i = 0; i < sizeof canonical / sizeof *canonical; i++) {
		const char *text = canonical[i];
		int len;

		CHECK_EQ(parse(text), 0);
		len = altair_note_format(&note, out, sizeof out);
		CHECK_EQ(len, strlen(text));
		CHECK_MEM(out, text, (size_t)len);
		CHECK_EQ(altair_note_format(&note, out, (size_t)len - 1),
			 ALTAIR_E_SPACE);
	}
}

static void fields_are_what_they_say(void)
{
	static const uint8_t body[] = {1, 2, 3};

	CHECK_EQ(parse(canonical[1]), 0);
	CHECK_EQ(note.type, ALTAIR_NOTE_CLAIM);
	CHECK(note.has_token);
	CHECK_EQ(note.token[15], 15);
	CHECK_EQ(note.nameplate, 7);
	CHECK_EQ(note.body.len, 3);
	CHECK_MEM(note.body.data, body, 3);
	CHECK_EQ(parse("{\"type\":\"error\",\"code\":\"limit\","
		       "\"seconds\":9}"),
		 0);
	CHECK(!note.has_token);
	CHECK_EQ(note.refusal, ALTAIR_REFUSED_LIMIT);
	CHECK_EQ(note.seconds, 9);
}

static void keys_in_any_order_and_unknown_ones(void)
{
	CHECK_EQ(parse(" {\n\"x\":[[{}]],\"token\":\"" TOKEN "\",\"y\":1.5,"
		       "\"type\" : \"listen\",\"nameplate\":\"no\"}\r\n"),
		 0);
	CHECK_EQ(note.type, ALTAIR_NOTE_LISTEN);
	CHECK_EQ(note.nameplate, 0); /* no field of this type */
}

#define SEND(number, body)                                                     \
	"{\"type\":\"send\",\"token\":\"" TOKEN "\",\"number\":" number        \
	",\"body\":\"" body "\"}"

static const char *const refused[] = {
	"",
	" ",
	"{",
	"null",
	"[]",
	"\"listen\"",
	"{}",
	"{\"type\":7}",
	"{\"type\":null}",
	"{\"type\":\"\"}",
	"{\"type\":\"Listen\",\"token\":\"" TOKEN "\"}",
	"{\"type\":\"list\"}",
	/* twice */
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"token\":\"" TOKEN "\"}",
	"{\"type\":\"listen\",\"type\":\"close\",\"token\":\"" TOKEN "\"}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"\\u0074ype\":1}",
	/* behind it */
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\"}x",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\"}{}",
	/* no JSON */
	"{'type':'listen'}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\"/**/}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"x\":1e999}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"x\":-1e999}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"x\":NaN}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"x\":01}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN
	"\",\"x\":99999999999999999999}",
	/* depth */
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"x\":[[[[]]]]}",
	"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
	/* missing, or of another type */
	"{\"type\":\"listen\"}",
	"{\"type\":\"listen\",\"token\":null}",
	"{\"type\":\"listen\",\"token\":[]}",
	"{\"type\":\"listen\",\"token\":5}",
	"{\"type\":\"claim\",\"token\":\"" TOKEN "\",\"nameplate\":1}",
	"{\"type\":\"close\",\"token\":\"" TOKEN "\",\"failed\":1}",
	"{\"type\":\"close\",\"token\":\"" TOKEN "\",\"failed\":null}",
	"{\"type\":\"error\",\"code\":\"?\"}",
	"{\"type\":\"error\",\"code\":\"nothing\"}",
	"{\"type\":\"error\",\"code\":1}",
	"{\"type\":\"bye\"}",
	/* numbers */
	SEND("0", ""),
	SEND("-1", ""),
	SEND("1.0", ""),
	SEND("1e0", ""),
	SEND("\"1\"", ""),
	SEND("2147483648", ""),
	SEND("4294967297", ""),
	SEND("9223372036854775807", ""),
	SEND("true", ""),
	"{\"type\":\"claim\",\"token\":\"" TOKEN
	"\",\"nameplate\":0,\"body\":\"\"}",
	"{\"type\":\"claim\",\"token\":\"" TOKEN
	"\",\"nameplate\":10000000,\"body\":\"\"}",
	"{\"type\":\"bye\",\"seconds\":86401}",
	"{\"type\":\"ack\",\"token\":\"" TOKEN "\",\"number\":-1}",
	/* base64url */
	SEND("1", "A"),
	SEND("1", "AA=="),
	SEND("1", "AA "),
	SEND("1", "A+AA"),
	SEND("1", "A/AA"),
	SEND("1", "AB"),
	SEND("1", "AAB"),
	SEND("1", "AA\\n"),
	"{\"type\":\"listen\",\"token\":\"AAECAwQFBgcICQoLDA0OD\"}",
	"{\"type\":\"listen\",\"token\":\"AAECAwQFBgcICQoLDA0ODwA\"}",
	"{\"type\":\"listen\",\"token\":\"AAECAwQFBgcICQoLDA0ODx\"}",
	"{\"type\":\"present\",\"spki\":\"\",\"signature\":\"AA\"}",
	/* NUL and UTF-8 */
	SEND("1", "AA\\u0000"),
	"{\"type\":\"list\\u0000en\",\"token\":\"" TOKEN "\"}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"x\":\"\\u0000\"}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"\\u0000\":1}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"x\":\"\\ud800\"}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"x\":\"\xff\"}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"x\":\"\xc0\xaf\"}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"x\":\"\xed\xa0\x80\"}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN
	"\",\"x\":\"\xf4\x90\x80\x80\"}",
	"{\"type\":\"listen\",\"token\":\"" TOKEN "\",\"x\":\"\xe2\x82\"}",
	"\xef\xbb\xbf{\"type\":\"listen\",\"token\":\"" TOKEN "\"}",
	/* servers */
	"{\"type\":\"welcome\",\"nonce\":\"" HASH "\",\"stun\":\"a\"}",
	"{\"type\":\"welcome\",\"nonce\":\"" HASH "\",\"stun\":[1]}",
	"{\"type\":\"welcome\",\"nonce\":\"" HASH "\",\"stun\":[\"\"]}",
	"{\"type\":\"welcome\",\"nonce\":\"" HASH "\",\"stun\":[\"a\\n\"]}",
	"{\"type\":\"welcome\",\"nonce\":\"" HASH
	"\",\"stun\":[\"\\u001b[31m\"]}",
	"{\"type\":\"welcome\",\"nonce\":\"" HASH "\",\"stun\":[\"\xc3\xa9\"]}",
	"{\"type\":\"welcome\",\"nonce\":\"" HASH
	"\",\"stun\":[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"]}",
	"{\"type\":\"welcome\",\"nonce\":\"" HASH "\",\"turn\":[\"a\"]}",
	"{\"type\":\"welcome\",\"nonce\":\"" HASH "\",\"turn\":[{}]}",
	"{\"type\":\"welcome\",\"nonce\":\"" HASH
	"\",\"turn\":[{\"url\":\"a\",\"username\":\"b\"}]}",
};

static void what_is_no_note_is_refused(void)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		note.type = ALTAIR_NOTE_BYE;
		if (parse(refused[i]) != ALTAIR_E_SYNTAX) {
			printf("# not refused: %s\n", refused[i]);
			CHECK(false);
		}
		CHECK_EQ(note.type, ALTAIR_NOTE_BYE); /* untouched */
	}
}

static void a_nul_among_the_bytes_is_refused(void)
{
	static const char text[] =
		"{\"type\":\"listen\",\0\"token\":\"" TOKEN "\"}";
	static const char behind[] =
		"{\"type\":\"listen\",\"token\":\"" TOKEN "\"}\0";

	CHECK_EQ(parse_bytes(text, sizeof text - 1), ALTAIR_E_SYNTAX);
	CHECK_EQ(parse_bytes(behind, sizeof behind - 1), ALTAIR_E_SYNTAX);
	CHECK_EQ(parse_bytes(behind, sizeof behind - 2), 0);
}

static void sixteen_kib_and_no_byte_more(void)
{
	static const char head[] =
		"{\"type\":\"listen\",\"token\":\"" TOKEN "\"}";
	static char text[ALTAIR_NOTE_MAX + 1];

	memset(text, ' ', sizeof text);
	memcpy(text, head, sizeof head - 1);
	CHECK_EQ(parse_bytes(text, ALTAIR_NOTE_MAX), 0);
	CHECK_EQ(parse_bytes(text, ALTAIR_NOTE_MAX + 1), ALTAIR_E_TOO_LONG);
}

static void the_longest_body_and_no_byte_more(void)
{
	static uint8_t body[ALTAIR_NOTE_BODY_MAX + 1];
	static char out[ALTAIR_NOTE_MAX];
	altair_note big = {.type = ALTAIR_NOTE_SEND,
			   .number = ALTAIR_NOTE_NUMBER_MAX,
			   .body = {body, ALTAIR_NOTE_BODY_MAX}};
	int len;

	memset(body, 0xa5, sizeof body);
	len = altair_note_format(&big, out, sizeof out);
	CHECK(len > 0);
	CHECK_EQ(parse_bytes(out, (size_t)len), 0);
	CHECK_EQ(note.body.len, ALTAIR_NOTE_BODY_MAX);
	CHECK_MEM(note.body.data, body, ALTAIR_NOTE_BODY_MAX);
	CHECK_EQ(altair_note_parse(&note,
				   (altair_bytes){(uint8_t *)out, (size_t)len},
				   scratch, 100),
		 ALTAIR_E_SPACE);
	big.body.len++;
	CHECK_EQ(altair_note_format(&big, out, sizeof out), ALTAIR_E_INVALID);
}

static void the_longest_welcome_has_room(void)
{
	static uint8_t text[ALTAIR_NOTE_TEXT_MAX];
	static char out[ALTAIR_NOTE_MAX];
	altair_bytes it = {text, sizeof text};
	altair_note welcome = {.type = ALTAIR_NOTE_WELCOME,
			       .seconds = ALTAIR_NOTE_SECONDS_MAX,
			       .stun_count = ALTAIR_NOTE_SERVERS_MAX,
			       .turn_count = ALTAIR_NOTE_SERVERS_MAX};
	int len;

	memset(text, 'x', sizeof text);
	for (size_t i = 0; i < ALTAIR_NOTE_SERVERS_MAX; i++) {
		welcome.stun[i] = it;
		welcome.turn[i] = (altair_note_turn){it, it, it};
	}
	len = altair_note_format(&welcome, out, sizeof out);
	CHECK(len > 8 * 4 * 256);
	CHECK_EQ(parse_bytes(out, (size_t)len), 0);
	CHECK_EQ(note.turn_count, 8);
	CHECK_EQ(note.turn[7].password.len, 256);
	text[3] = '"';
	CHECK_EQ(altair_note_format(&welcome, out, sizeof out),
		 ALTAIR_E_INVALID);
}

static void the_writer_refuses_what_the_reader_would(void)
{
	static char out[ALTAIR_NOTE_MAX];
	altair_note bad = {.type = ALTAIR_NOTE_SEND};

	CHECK_EQ(altair_note_format(&bad, out, sizeof out), ALTAIR_E_INVALID);
	bad.number = ALTAIR_NOTE_NUMBER_MAX + 1;
	CHECK_EQ(altair_note_format(&bad, out, sizeof out), ALTAIR_E_INVALID);
	bad = (altair_note){.type = ALTAIR_NOTE_NONE};
	CHECK_EQ(altair_note_format(&bad, out, sizeof out), ALTAIR_E_INVALID);
	bad.type = (enum altair_note_type)99;
	CHECK_EQ(altair_note_format(&bad, out, sizeof out), ALTAIR_E_INVALID);
	bad = (altair_note){.type = ALTAIR_NOTE_ERROR};
	CHECK_EQ(altair_note_format(&bad, out, sizeof out), ALTAIR_E_INVALID);
	bad = (altair_note){.type = ALTAIR_NOTE_WELCOME, .stun_count = 9};
	CHECK_EQ(altair_note_format(&bad, out, sizeof out), ALTAIR_E_INVALID);
}

/* malloc fails at each call in turn. */
static size_t calls_left;

static void *failing_malloc(size_t len)
{
	return calls_left > 0 && calls_left-- > 0 ? malloc(len) : NULL;
}

static void memory_that_runs_out_is_said(void)
{
	static char out[ALTAIR_NOTE_MAX];
	const char *text = canonical[13]; /* the richest */
	size_t calls = 0;
	int error;

	json_set_alloc_funcs(failing_malloc, free);
	do {
		calls_left = ++calls;
		error = parse(text);
		/* jansson does not tell the two apart everywhere. */
		CHECK(error == 0 || error == ALTAIR_E_MEMORY ||
		      error == ALTAIR_E_SYNTAX);
	} while (error < 0 && calls < 1000);
	CHECK(calls > 10 && calls < 1000);
	calls = 0;
	do {
		calls_left = ++calls;
		error = altair_note_format(&note, out, sizeof out);
		if (error < 0)
			CHECK_EQ(error, ALTAIR_E_MEMORY);
	} while (error < 0 && calls < 1000);
	CHECK(calls > 10 && calls < 1000);
	CHECK_EQ(error, strlen(text));
	json_set_alloc_funcs(malloc, free);
}

static void refusals_have_codes_and_sentences(void)
{
	CHECK_STR(altair_refusal_code(ALTAIR_REFUSED_USED), "used");
	CHECK_STR(altair_refusal_code((enum altair_refusal)77), "?");
	for (int i = 0; i <= ALTAIR_REFUSED_BUSY; i++)
		CHECK(strlen(altair_refusal_sentence((enum altair_refusal)i)) >
		      10);
}

static const struct check_test tests[] = {
	TEST(every_type_there_and_back),
	TEST(fields_are_what_they_say),
	TEST(keys_in_any_order_and_unknown_ones),
	TEST(what_is_no_note_is_refused),
	TEST(a_nul_among_the_bytes_is_refused),
	TEST(sixteen_kib_and_no_byte_more),
	TEST(the_longest_body_and_no_byte_more),
	TEST(the_longest_welcome_has_room),
	TEST(the_writer_refuses_what_the_reader_would),
	TEST(memory_that_runs_out_is_said),
	TEST(refusals_have_codes_and_sentences),
};
CHECK_MAIN(tests)
