/*
 * The TURN client against coturn, on loopback: two clients, each with its
 * allocation, talk through both relays; over UDP and over TCP. The server's
 * allocations live for 4 seconds and its nonces for 2, so that what is held is
 * refreshed, and challenged anew, within the test.
 */
#define _GNU_SOURCE
#include "../check.h"
#include "child.h"
#include "wire.h"

#include <altair/openssl.h>
#include <altair/turn.h>
#include <altair/udp.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURNSERVER "/usr/bin/turnserver"
#define LIFETIME "4"
#define NONCE_LIFETIME "2"
#define DENIED "203.0.113.1"

/* Who has not done it by then never will. */
#define PATIENCE ALTAIR_SEC(15)

/* A server, and one that only sends its clients to the first. */
static struct child turnserver, redirector;
static altair_addr server_addr, redirector_addr;

struct client {
	altair_turn *turn;
	altair_machine *machine;
	altair_udp *udp; /* or */
	int fd;		 /* a stream; -1 where there is none              */
	void *memory;
	altair_time deadline;
	altair_addr relayed;
	altair_output last; /* event */
	enum altair_event awaited;
	bool is_come;
	altair_datagram got;
	char text[64]; /* of the payload received last                  */
};

static struct client a, b;

/* --- the server ---------------------------------------------------------- */

static altair_addr free_endpoint(void)
{
	int fd = wire_open("127.0.0.1", 0);
	altair_addr local = wire_local(fd);

	close(fd);
	return local;
}

/* Starts a server; `more` is one more argument or NULL. */
static void start(struct child *child, const altair_addr *at, const char *more)
{
	char port[16];
	const char *argv[] = {TURNSERVER,
			      "-n",
			      "-L127.0.0.1",
			      "-E127.0.0.1",
			      "-L::1",
			      "-E::1",
			      "-p",
			      port,
			      "--allow-loopback-peers",
			      "--denied-peer-ip=" DENIED,
			      "--no-tls",
			      "--no-dtls",
			      "--no-cli",
			      "--no-rfc5780",
			      "--log-file=/dev/null",
			      "--no-stdout-log",
			      "--simple-log",
			      "--pidfile=/dev/null",
			      "--userdb=/dev/null",
			      "-a",
			      "-uuser:pass",
			      "-rexample.org",
			      "--max-allocate-lifetime=" LIFETIME,
			      "--stale-nonce=" NONCE_LIFETIME,
			      more,
			      NULL};

	snprintf(port, sizeof port, "%u", at->port);
	child_start(child, argv);
}

static void start_servers(void)
{
	char text[ALTAIR_ADDR_TEXT], argument[96];

	server_addr = free_endpoint();
	redirector_addr = free_endpoint();
	altair_addr_format(&server_addr, text, sizeof text);
	snprintf(argument, sizeof argument, "--alternate-server=%s", text);
	start(&turnserver, &server_addr, NULL);
	start(&redirector, &redirector_addr, argument);
}

static void stop(struct child *child)
{
	kill(child->pid, SIGKILL);
	child_end(child);
}

/* --- a client ------------------------------------------------------------ */

/* A stream to the server, which may still be starting. */
static int open_stream(void)
{
	struct sockaddr_in in = {.sin_family = AF_INET,
				 .sin_port = htons(server_addr.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	altair_time until = wire_now() + PATIENCE;

	while (wire_now() < until) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (connect(fd, (struct sockaddr *)&in, sizeof in) == 0)
			return fd;
		close(fd);
		wire_sleep_until(wire_now() + ALTAIR_MSEC(20));
	}
	return -1;
}

static altair_turn_config config(void)
{
	altair_turn_config c;

	altair_turn_config_default(&c);
	c.crypto = altair_openssl();
	c.server = server_addr;
	c.name = (altair_bytes){(const uint8_t *)"user", 4};
	c.password = (altair_bytes){(const uint8_t *)"pass", 4};
	return c;
}

static void open_client(struct client *c, const altair_turn_config *config)
{
	altair_addr any = {.family = ALTAIR_IPV4, .ip = {127, 0, 0, 1}};
	size_t size = altair_turn_size(config);

	*c = (struct client){.fd = -1};
	c->memory = malloc(size);
	CHECK_EQ(altair_turn_init(&c->turn, c->memory, size, config,
				  altair_clock_now()),
		 0);
	c->machine = altair_turn_machine(c->turn);
	if (!config->is_stream) {
		CHECK_EQ(altair_udp_open(&c->udp, &any, 0, 16), 0);
		return;
	}
	c->fd = open_stream();
	CHECK(c->fd >= 0);
	altair_turn_opened(c->turn, altair_clock_now());
}

static void close_client(struct client *c)
{
	altair_udp_close(c->udp);
	if (c->fd >= 0)
		close(c->fd);
	free(c->memory);
	*c = (struct client){.fd = -1};
}

static void send_out(struct client *c, const altair_datagram *d)
{
	if (c->udp)
		altair_udp_send(c->udp, d, 1);
	else
		CHECK_EQ(send(c->fd, d->bytes.data, d->bytes.len, MSG_NOSIGNAL),
			 d->bytes.len);
}

static void see(struct client *c, const altair_output *out)
{
	c->last = *out;
	if (out->event == ALTAIR_EV_RELAYED)
		c->relayed = out->addr;
	if (out->event == c->awaited)
		c->is_come = true;
	/* Nothing ends but what should. */
	CHECK(out->event != ALTAIR_EV_RELAY_ENDED ||
	      c->awaited == ALTAIR_EV_RELAY_ENDED);
}

static void obey(struct client *c)
{
	enum altair_step step;
	altair_output out;

	while ((step = altair_poll(c->machine, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND)
			send_out(c, &out.datagram);
		else
			see(c, &out);
	}
	c->deadline = out.deadline;
}

static void take(struct client *c, altair_datagram *d)
{
	altair_input(c->machine, altair_clock_now(), d, 1);
	if (d->verdict != ALTAIR_PAYLOAD)
		return;
	c->got = *d;
	snprintf(c->text, sizeof c->text, "%.*s", (int)d->bytes.len,
		 (const char *)d->bytes.data);
}

static void read_stream(struct client *c)
{
	static uint8_t bytes[7]; /* in odd pieces */
	ssize_t len = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	altair_bytes in = {bytes, len > 0 ? (size_t)len : 0};
	altair_datagram d;
	int more;

	while ((more = altair_turn_unframe(c->turn, &in, &d)) > 0)
		take(c, &d);
	CHECK_EQ(more, 0);
}

static void run_once(struct client *c)
{
	altair_datagram d;

	if (c->fd >= 0)
		read_stream(c);
	else if (altair_udp_receive(c->udp, 0, &d, 1) > 0)
		take(c, &d);
	altair_tick(c->machine, altair_clock_now());
	obey(c);
}

static bool heard(const struct client *c, const char *text)
{
	return strcmp(c->text, text) == 0;
}

/* Drives both clients once, waiting for at most 20 ms. */
static void drive(void)
{
	struct client *both[] = {&a, &b};
	struct pollfd fds[2];
	nfds_t count = 0;

	for (size_t i = 0; i < 2; i++)
		if (both[i]->turn)
			fds[count++] = (struct pollfd){
				.fd = both[i]->udp ? altair_udp_fd(both[i]->udp)
						   : both[i]->fd,
				.events = POLLIN};
	poll(fds, count, 20);
	for (size_t i = 0; i < 2; i++)
		if (both[i]->turn)
			run_once(both[i]);
}

/* Until the event comes; what it says is in c->last. */
static void await(struct client *c, enum altair_event event)
{
	altair_time until = wire_now() + PATIENCE;

	c->awaited = event;
	c->is_come = false;
	while (!c->is_come && wire_now() < until)
		drive();
	CHECK(c->is_come);
}

static void say(struct client *c, const struct client *to, const char *text,
		bool by_channel)
{
	uint8_t room[ALTAIR_TURN_HEADROOM + 64 + ALTAIR_TURN_TAILROOM];
	altair_datagram out;

	CHECK(strlen(text) <= 64);
	memcpy(room + ALTAIR_TURN_HEADROOM, text, strlen(text));
	CHECK_EQ(altair_turn_wrap(c->turn, &to->relayed,
				  room + ALTAIR_TURN_HEADROOM, strlen(text),
				  &out),
		 0);
	CHECK_EQ(out.bytes.data[0] == 0x40, by_channel);
	send_out(c, &out);
}

/* Says something until it is heard; on loopback once is enough, but UDP owes
 * nothing to anybody. */
static void converse(struct client *c, struct client *to, const char *text,
		     bool by_channel)
{
	altair_time until = wire_now() + PATIENCE;

	while (!heard(to, text) && wire_now() < until) {
		say(c, to, text, by_channel);
		for (int i = 0; i < 25 && !heard(to, text); i++)
			drive();
	}
	CHECK(heard(to, text));
	CHECK(altair_addr_equal(&to->got.path.remote, &c->relayed));
	CHECK(altair_addr_equal(&to->got.path.local, &to->relayed));
}

static void outlive_the_lifetime(void)
{
	altair_time until = wire_now() + ALTAIR_SEC(6);

	while (wire_now() < until)
		drive();
}

/* --- the test ------------------------------------------------------------ */

static void forbidden_peer(struct client *c)
{
	altair_addr denied;

	CHECK_EQ(altair_addr_parse_ip(&denied, DENIED, 9), 0);
	CHECK_EQ(altair_turn_permit(c->turn, altair_clock_now(), &denied), 0);
	obey(c);
	await(c, ALTAIR_EV_PERMITTED);
	CHECK_EQ(c->last.reason, ALTAIR_E_FORBIDDEN);
	CHECK_EQ(c->last.total, 403);
}

static void whole_life(bool is_stream)
{
	altair_turn_config c = config();
	altair_addr mapped;

	c.is_stream = is_stream;
	open_client(&a, &c);
	open_client(&b, &c);
	obey(&a);
	obey(&b);
	await(&a, ALTAIR_EV_RELAYED);
	if (b.relayed.family == ALTAIR_NO_FAMILY)
		await(&b, ALTAIR_EV_RELAYED);
	CHECK_EQ(altair_turn_mapped(a.turn, &mapped), 0);
	altair_turn_permit(a.turn, altair_clock_now(), &b.relayed);
	altair_turn_permit(b.turn, altair_clock_now(), &a.relayed);
	await(&a, ALTAIR_EV_PERMITTED);
	CHECK_EQ(a.last.reason, 0);
	if (b.last.event != ALTAIR_EV_PERMITTED)
		await(&b, ALTAIR_EV_PERMITTED);
	converse(&a, &b, "by indication", false);
	converse(&b, &a, "and back", false);
	altair_turn_bind(a.turn, altair_clock_now(), &b.relayed);
	await(&a, ALTAIR_EV_CHANNEL);
	CHECK_EQ(a.last.reason, 0);
	altair_turn_bind(b.turn, altair_clock_now(), &a.relayed);
	await(&b, ALTAIR_EV_CHANNEL);
	converse(&a, &b, "by channel", true);
	converse(&b, &a, "and back by channel", true);
	outlive_the_lifetime();
	converse(&a, &b, "still there", true);
	converse(&b, &a, "so am I", true);
	forbidden_peer(&a);
	altair_turn_close(a.turn, altair_clock_now());
	altair_turn_close(b.turn, altair_clock_now());
	b.awaited = ALTAIR_EV_RELAY_ENDED;
	await(&a, ALTAIR_EV_RELAY_ENDED);
	CHECK_EQ(a.last.reason, 0);
	if (b.last.event != ALTAIR_EV_RELAY_ENDED)
		await(&b, ALTAIR_EV_RELAY_ENDED);
	CHECK_EQ(b.last.reason, 0);
	close_client(&a);
	close_client(&b);
}

static void test_over_udp(void)
{
	whole_life(false);
}

static void test_over_tcp(void)
{
	whole_life(true);
}

static void test_wrong_password(void)
{
	altair_turn_config c = config();

	c.password.len = 3;
	open_client(&a, &c);
	obey(&a);
	await(&a, ALTAIR_EV_RELAY_ENDED);
	CHECK_EQ(a.last.reason, ALTAIR_E_CREDENTIALS);
	CHECK_EQ(a.last.total, 401);
	close_client(&a);
}

static void test_redirection(void)
{
	altair_turn_config c = config();
	altair_addr now;

	c.server = redirector_addr;
	open_client(&a, &c);
	obey(&a);
	await(&a, ALTAIR_EV_RELAYED);
	CHECK_EQ(altair_turn_server(a.turn, &now), 0);
	CHECK(altair_addr_equal(&now, &server_addr));
	close_client(&a);
}

/* coturn 4.6.1 knows ADDITIONAL-ADDRESS-FAMILY by the number of a draft only and
 * passes ours over: it gives IPv4 alone, later ones both. */
static void test_both_families(void)
{
	altair_turn_config c = config();
	altair_addr relayed;

	c.families = ALTAIR_TURN_IPV4 | ALTAIR_TURN_IPV6;
	open_client(&a, &c);
	obey(&a);
	await(&a, ALTAIR_EV_RELAYED);
	CHECK_EQ(altair_turn_relayed(a.turn, ALTAIR_IPV4, &relayed), 0);
	CHECK(altair_turn_relayed(a.turn, ALTAIR_IPV6, &relayed) == 0 ||
	      a.last.reason == ALTAIR_E_RELAY_FAMILY);
	close_client(&a);
}

static bool has_ipv6(void)
{
	altair_addr any = {.family = ALTAIR_IPV6, .ip = {[15] = 1}};
	altair_udp *udp;

	if (altair_udp_open(&udp, &any, 0, 1) != 0)
		return false;
	altair_udp_close(udp);
	return true;
}

static void test_ipv6_alone(void)
{
	altair_turn_config c = config();
	altair_addr relayed;

	if (!has_ipv6()) {
		puts("# no IPv6 on this host");
		return;
	}
	c.families = ALTAIR_TURN_IPV6;
	open_client(&a, &c);
	obey(&a);
	await(&a, ALTAIR_EV_RELAYED);
	CHECK_EQ(altair_turn_relayed(a.turn, ALTAIR_IPV6, &relayed), 0);
	CHECK_EQ(altair_turn_permit(a.turn, altair_clock_now(), &relayed), 0);
	await(&a, ALTAIR_EV_PERMITTED);
	CHECK_EQ(a.last.reason, 0);
	close_client(&a);
}

static const struct check_test tests[] = {
	TEST(test_over_udp),	   TEST(test_over_tcp),
	TEST(test_wrong_password), TEST(test_redirection),
	TEST(test_both_families),  TEST(test_ipv6_alone),
};

int main(int argc, char **argv)
{
	int status;

	if (access(TURNSERVER, X_OK) != 0) {
		puts("skipped: no " TURNSERVER " here (package coturn)");
		return 77;
	}
	start_servers();
	status = check_run(tests, sizeof tests / sizeof *tests, argc, argv);
	stop(&turnserver);
	stop(&redirector);
	return status;
}
