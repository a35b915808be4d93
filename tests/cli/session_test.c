/*
 * The open connection: lines out, messages in, and the ways it ends.
 */
#define _GNU_SOURCE
#include "check.h"
#include "fake.h"
#include "proc.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static struct fake fake;
static struct peer peer;

static void connect_to_peer(struct proc *p, enum proc_stdin in,
			    const char *option)
{
	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	peer_open(&peer);
	proc_start(p, in,
		   ARGS("connect", "--peer", peer.name, "--initiator", "--stun",
			fake.name, option));
	CHECK(peer_expect(&peer, "PING"));
	peer_say(&peer, "PONG");
	CHECK(proc_expect(p, "Press Ctrl+C to close."));
}

static void teardown(struct proc *p)
{
	proc_free(p);
	fake_stop(&fake);
	peer_close(&peer);
}

static bool peer_gets(const char *text)
{
	return peer_receive_message(&peer) && peer.len == strlen(text) &&
	       !strcmp(peer.text, text);
}

/* ---- out ---- */

static void a_line_is_a_datagram(void)
{
	struct proc p;
	char line[1201];

	connect_to_peer(&p, PROC_PIPE, NULL);
	proc_type(&p, "hello\n");
	CHECK(peer_gets("hello"));
	proc_type(&p, "one\ntwo\n");
	CHECK(peer_gets("one"));
	CHECK(peer_gets("two"));
	proc_type(&p, "in par");
	proc_type(&p, "ts\n\n");
	CHECK(peer_gets("in parts"));
	CHECK(peer_gets(""));
	memset(line, 'x', 1200);
	line[1200] = '\0';
	proc_type(&p, line);
	proc_type(&p, "\nlast");
	CHECK(peer_gets(line));
	proc_close_in(&p);
	CHECK(peer_gets("last"));
	CHECK_EQ(proc_end(&p), 0);
	CHECK(proc_expect(&p, "Connection closed: sent 7 messages (1223 "
			      "bytes), received 0 messages (0 bytes)"));
	CHECK_STR(strstr(p.err_text, "not sent") ? "refused" : "", "");
	teardown(&p);
}

static void lines_from_a_socket(void)
{
	struct proc p;

	connect_to_peer(&p, PROC_SOCKET, NULL);
	proc_type(&p, "hello\n");
	CHECK(peer_gets("hello"));
	proc_close_in(&p);
	CHECK_EQ(proc_end(&p), 0);
	teardown(&p);
}

/* A file ends as a pipe does: its lines are sent, then the connection closes. */
static void lines_of_a_file(void)
{
	char path[] = "/tmp/altair-cli-lines.XXXXXX";
	int fd = mkstemp(path), saved = dup(0);
	struct proc p;

	CHECK(write(fd, "skipped\none\ntwo", 15) == 15);
	CHECK(lseek(fd, 8, SEEK_SET) == 8);
	unlink(path);
	dup2(fd, 0);
	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	peer_open(&peer);
	proc_start(&p, PROC_INHERITED,
		   ARGS("connect", "--peer", peer.name, "--initiator", "--stun",
			fake.name));
	dup2(saved, 0);
	CHECK(peer_expect(&peer, "PING"));
	peer_say(&peer, "PONG");
	CHECK(peer_gets("one"));
	CHECK(peer_gets("two"));
	CHECK_EQ(proc_end(&p), 0);
	CHECK(proc_expect(&p, "sent 2 messages (6 bytes)"));
	close(fd);
	close(saved);
	teardown(&p);
}

static void refused_lines(void)
{
	struct proc p;
	char line[5002];

	connect_to_peer(&p, PROC_PIPE, NULL);
	memset(line, 'x', sizeof line);
	memcpy(line + 1201, "\n", 2);
	proc_type(&p, line);
	memset(line, 'x', sizeof line);
	memcpy(line + 5000, "\n", 2);
	proc_type(&p, line);
	proc_type(&p, "PUNCH\nPING\nPONG\nPING \nping\n");
	CHECK(peer_gets("PING "));
	CHECK(peer_gets("ping"));
	proc_close_in(&p);
	CHECK_EQ(proc_end(&p), 0);
	CHECK_STR(strstr(p.err_text, "note: not sent:"),
		  "note: not sent: the line is longer than 1200 bytes\n"
		  "note: not sent: the line is longer than 1200 bytes\n"
		  "note: not sent: PUNCH, PING and PONG are words of the "
		  "protocol, the peer would not show them\n"
		  "note: not sent: PUNCH, PING and PONG are words of the "
		  "protocol, the peer would not show them\n"
		  "note: not sent: PUNCH, PING and PONG are words of the "
		  "protocol, the peer would not show them\n");
	CHECK(proc_expect(&p, "sent 2 messages (9 bytes)"));
	teardown(&p);
}

/* ---- in ---- */

static void messages_in_a_pipe_are_raw(void)
{
	struct proc p;

	connect_to_peer(&p, PROC_PIPE, NULL);
	peer_send(&peer, "\x1b[31mred\xff", 9);
	CHECK(proc_expect(&p, "\x1b[31mred\xff\n"));
	peer_send(&peer, "", 0);
	peer_send(&peer, "next", 4);
	CHECK(proc_expect(&p, "\nnext\n"));
	proc_signal(&p, SIGINT);
	CHECK_EQ(proc_end(&p), 130);
	CHECK(proc_expect(&p, "received 3 messages (13 bytes)"));
	teardown(&p);
}

static void messages_on_a_terminal_are_escaped(void)
{
	struct proc p;

	connect_to_peer(&p, PROC_TTY, NULL);
	peer_send(&peer, "\x1b[31mred\x07\xff\x9b", 11);
	CHECK(proc_expect(&p, "\r\n\\x1B[31mred\\x07\\xFF\\x9B\r\n"));
	peer_send(&peer, "a\nb\rc\0d", 7);
	CHECK(proc_expect(&p, "a\\x0Ab\\x0Dc\\x00d\r\n"));
	peer_send(&peer, "x\xe2\x80\xaey \xf0\x9f\x8e\x89", 10);
	CHECK(proc_expect(&p, "x\\xE2\\x80\\xAEy \xf0\x9f\x8e\x89\r\n"));
	proc_type(&p, "\x03"); /* Ctrl+C */
	CHECK_EQ(proc_end(&p), 130);
	CHECK(!memchr(p.out_text, 0x1b, p.out_len));
	CHECK(proc_expect(&p, "Connection closed:"));
	teardown(&p);
}

static void raw_on_a_terminal(void)
{
	struct proc p;

	connect_to_peer(&p, PROC_TTY, "--raw");
	peer_send(&peer, "\x1b[31mred", 8);
	CHECK(proc_expect(&p, "\x1b[31mred\r\n"));
	proc_type(&p, "\x03");
	CHECK_EQ(proc_end(&p), 130);
	teardown(&p);
}

static void the_longest_datagram(void)
{
	struct proc p;
	static char data[65507];

	connect_to_peer(&p, PROC_PIPE, NULL);
	memset(data, 'y', sizeof data);
	data[sizeof data - 1] = 'z';
	peer_send(&peer, data, sizeof data);
	CHECK(proc_expect(&p, "yyyz\n"));
	proc_close_in(&p);
	CHECK_EQ(proc_end(&p), 0);
	CHECK(proc_expect(&p, "received 1 message (65507 bytes)"));
	teardown(&p);
}

/* Words and strangers are no messages. */
static void what_is_no_message(void)
{
	struct proc p;
	struct peer stranger;

	connect_to_peer(&p, PROC_PIPE, NULL);
	peer_open(&stranger);
	stranger.their_port = peer.their_port;
	peer_say(&stranger, "forged");
	peer_say(&peer, "PUNCH");
	peer_say(&peer, "PONG");
	peer_say(&peer, "genuine");
	CHECK(proc_expect(&p, "genuine\n"));
	proc_close_in(&p);
	CHECK_EQ(proc_end(&p), 0);
	CHECK(!strstr(p.out_text, "forged"));
	CHECK(proc_expect(&p, "received 1 message (7 bytes)"));
	peer_close(&stranger);
	teardown(&p);
}

/* ---- the end ---- */

static void stays_open_without_input(enum proc_stdin in)
{
	struct proc p;

	connect_to_peer(&p, in, NULL);
	peer_say(&peer, "still here?");
	CHECK(proc_expect(&p, "still here?\n"));
	proc_signal(&p, SIGTERM);
	CHECK_EQ(proc_end(&p), 143);
	CHECK(proc_expect(&p, "Connection closed:"));
	teardown(&p);
}

static void no_input_does_not_close(void)
{
	stays_open_without_input(PROC_NULL);
}

static void closed_input_does_not_close(void)
{
	stays_open_without_input(PROC_CLOSED);
}

static void a_pipe_that_ended_before_does_not_close(void)
{
	struct proc p;

	fake_start(&fake, FAKE_MAPPED, 1, 12345);
	peer_open(&peer);
	proc_start(&p, PROC_PIPE,
		   ARGS("connect", "--peer", peer.name, "--initiator", "--stun",
			fake.name));
	CHECK(peer_expect(&peer, "PING"));
	proc_close_in(&p);
	peer_say(&peer, "PONG");
	CHECK(proc_expect(&p, "Press Ctrl+C to close."));
	peer_say(&peer, "still here?");
	CHECK(proc_expect(&p, "still here?\n"));
	proc_signal(&p, SIGINT);
	CHECK_EQ(proc_end(&p), 130);
	teardown(&p);
}

static void the_end_of_a_terminal_closes(void)
{
	struct proc p;

	connect_to_peer(&p, PROC_TTY, NULL);
	proc_type(&p, "hello\n");
	CHECK(peer_gets("hello"));
	proc_type(&p, "\x04"); /* Ctrl+D */
	CHECK_EQ(proc_end(&p), 0);
	CHECK(proc_expect(&p, "Connection closed: sent 1 message"));
	teardown(&p);
}

static void a_peer_that_ended_is_said(void)
{
	struct proc p;

	connect_to_peer(&p, PROC_PIPE, NULL);
	peer_close(&peer);
	proc_type(&p, "anybody?\n");
	CHECK(proc_expect_note(&p, "has probably ended"));
	proc_type(&p, "again\n");
	proc_close_in(&p);
	CHECK_EQ(proc_end(&p), 0);
	proc_free(&p);
	fake_stop(&fake);
}

static void the_reader_goes_away(void)
{
	struct proc p;

	connect_to_peer(&p, PROC_NULL, NULL);
	proc_close_out(&p);
	peer_say(&peer, "anybody?");
	CHECK_EQ(proc_end(&p), 1);
	CHECK(strstr(p.err_text, "cannot write to the output"));
	teardown(&p);
}

static const struct check_test tests[] = {
	TEST(a_line_is_a_datagram),
	TEST(lines_from_a_socket),
	TEST(lines_of_a_file),
	TEST(refused_lines),
	TEST(messages_in_a_pipe_are_raw),
	TEST(messages_on_a_terminal_are_escaped),
	TEST(raw_on_a_terminal),
	TEST(the_longest_datagram),
	TEST(what_is_no_message),
	TEST(no_input_does_not_close),
	TEST(closed_input_does_not_close),
	TEST(a_pipe_that_ended_before_does_not_close),
	TEST(the_end_of_a_terminal_closes),
	TEST(a_peer_that_ended_is_said),
	TEST(the_reader_goes_away),
};

CHECK_MAIN(tests)
