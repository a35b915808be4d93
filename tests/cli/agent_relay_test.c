/*
 * altair agent through coturn, on loopback: over UDP, TCP and TLS, and where the
 * server does not let us in, or is not who it should be. In a network of its own
 * where that is allowed: there nobody else takes a port that was free.
 */
#define _GNU_SOURCE
#include "../adapters/certificate.h"
#include "agent_side.h"
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURNSERVER "/usr/bin/turnserver"
#define USER "ann:pass%25word%40"
#define STARTING 500 /* times 20 ms for the server to listen */

static struct side ours, theirs;
static struct certificate certificate, stranger;
static unsigned port, tls_port;
static pid_t server;

/* ---- the server ---- */

static int tcp_socket(unsigned at, struct sockaddr_in *out)
{
	*out = (struct sockaddr_in){.sin_family = AF_INET,
				    .sin_port = htons((uint16_t)at),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static unsigned free_port(void)
{
	struct sockaddr_in in;
	socklen_t len = sizeof in;
	int fd = tcp_socket(0, &in);

	if (bind(fd, (struct sockaddr *)&in, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&in, &len) < 0)
		exit(1);
	close(fd);
	return ntohs(in.sin_port);
}

static bool is_listening(unsigned at)
{
	struct sockaddr_in in;
	int fd = tcp_socket(at, &in);
	bool listens = connect(fd, (struct sockaddr *)&in, sizeof in) == 0;

	close(fd);
	return listens;
}

static void become_server(void)
{
	char listens[20], listens_tls[32], cert[64], key[64];
	const char *argv[] = {
		TURNSERVER, "-n", "-L127.0.0.1", "-E127.0.0.1", "-p", listens,
		listens_tls, cert, key, "--allow-loopback-peers", "--no-dtls",
		"--no-cli", "--no-rfc5780", "--log-file=/dev/null",
		"--no-stdout-log", "--simple-log", "--pidfile=/dev/null",
		"--userdb=/dev/null", "-a", "-uann:pass%word@", "-rexample.org",
		/* Who is done must have given it back, perhaps a while ago:
		 * coturn counts only when it comes to it. */
		"--user-quota=6", NULL};

	snprintf(listens, sizeof listens, "%u", port);
	snprintf(listens_tls, sizeof listens_tls, "--tls-listening-port=%u",
		 tls_port);
	snprintf(cert, sizeof cert, "--cert=%s", certificate.file);
	snprintf(key, sizeof key, "--pkey=%s", certificate.key_file);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static bool start_server(void)
{
	port = free_port();
	tls_port = free_port();
	fflush(stdout);
	server = fork();
	if (server == 0)
		become_server();
	for (int i = 0; i < STARTING; i++) {
		if (is_listening(port) && is_listening(tls_port))
			return true;
		poll(NULL, 0, 20);
	}
	return false;
}

static void stop_server(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
}

/* ---- through it ---- */

static const char *uri(const char *user, const char *transport)
{
	static char text[128];
	bool is_tls = strcmp(transport, "tls") == 0;

	snprintf(text, sizeof text, "turn:%s@127.0.0.1:%u?transport=%s", user,
		 is_tls ? tls_port : port, transport);
	return text;
}

static void end(struct side *side)
{
	proc_close_in(&side->proc);
	CHECK_EQ(proc_end(&side->proc), 0);
	proc_free(&side->proc);
}

static void meet_through(const char *transport, bool has_both)
{
	const char *turn = uri(USER, transport);
	const char *const *relayed =
		ARGS("--relay-only", "--turn", turn, "--ca", certificate.file);

	CHECK(side_start(&ours, "--controlling", relayed));
	CHECK(side_start(&theirs, "--controlled",
			 has_both ? relayed : ARGS(NULL)));
	CHECK(side_read_candidates(&ours));
	CHECK(side_read_candidates(&theirs));
	CHECK_EQ(ours.candidates_count, 1);
	CHECK(strstr(ours.candidates[0], " typ relay"));
	side_introduce(&ours, &theirs);
	side_introduce(&theirs, &ours);
	CHECK(proc_expect(&ours.proc, "\"kind\":\"relay\""));
	CHECK(proc_expect(&theirs.proc, "\"kind\":\"relay\""));
	CHECK(proc_expect(&ours.proc, "\"state\":\"completed\""));
	CHECK(proc_expect(&theirs.proc, "\"state\":\"completed\""));
	proc_type(&ours.proc, "{\"cmd\":\"send\",\"text\":\"over there\"}\n");
	CHECK(proc_expect(&theirs.proc, "\"text\":\"over there\""));
	proc_type(&theirs.proc, "{\"cmd\":\"send\",\"text\":\"and back\"}\n");
	CHECK(proc_expect(&ours.proc, "\"text\":\"and back\""));
	end(&ours);
	end(&theirs);
}

static void over_udp(void)
{
	meet_through("udp", true);
	meet_through("udp", false);
}

static void over_tcp(void)
{
	meet_through("tcp", true);
	meet_through("tcp", false);
}

static void over_tls(void)
{
	meet_through("tls", true);
	meet_through("tls", false);
}

/* ---- not through it ---- */

static void refused(const char *turn, const char *ca, const char *name)
{
	char got[64];

	CHECK(side_start(&ours, "--controlling",
			 ARGS("--relay-only", "--turn", turn, "--ca", ca)));
	CHECK(proc_expect(&ours.proc, "\"event\":\"error\",\"code\":-"));
	CHECK(side_text(&ours, "name", got, sizeof got));
	CHECK_STR(got, name);
	CHECK(side_read_candidates(&ours));
	CHECK_EQ(ours.candidates_count, 0);
	end(&ours);
}

static void a_wrong_password(void)
{
	refused(uri("ann:wrong", "udp"), certificate.file,
		"ALTAIR_E_CREDENTIALS");
	refused(uri("ann:wrong", "tls"), certificate.file,
		"ALTAIR_E_CREDENTIALS");
}

static void a_stranger_with_tls(void)
{
	refused(uri(USER, "tls"), stranger.file, "ALTAIR_E_TLS");
}

static void a_server_without_tls(void)
{
	unsigned before = tls_port;

	tls_port = free_port();
	refused(uri(USER, "tls"), certificate.file, "ALTAIR_E_NETWORK");
	tls_port = before;
}

static void wrong_options(void)
{
	static char too_long[700]; /* 300 and 300 bytes */
	const char *const wrong[] = {
		"turn:ann@127.0.0.1",
		"turn:ann:@127.0.0.1",
		"turn::pass@127.0.0.1",
		"turn:ann:pa%2@127.0.0.1",
		"turn:ann:pa%zz@127.0.0.1",
		"turn:ann:pass@",
		"turn:ann:pass@127.0.0.1:0",
		"turn:ann:pass@::1",
		"turn:ann:pass@127.0.0.1?transport=sctp",
		"turns:ann:pass@127.0.0.1",
		"stun:127.0.0.1",
		"ann:pass@127.0.0.1",
		too_long,
	};
	struct proc p;

	snprintf(too_long, sizeof too_long, "turn:%0300d:%0300d@127.0.0.1", 1,
		 2);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		CHECK_EQ(proc_run(&p, ARGS("agent", "--turn", wrong[i])), 2);
		CHECK(strstr(p.err_text, "--turn wants"));
		CHECK(strstr(p.err_text, "512 together"));
		CHECK_STR(p.out_text, "");
		proc_free(&p);
	}
	CHECK_EQ(proc_run(&p, ARGS("agent", "--relay-only")), 2);
	proc_free(&p);
	CHECK_EQ(proc_run(&p, ARGS("agent", "--ca", "/dev/null")), 2);
	CHECK(strstr(p.err_text, "--ca"));
	proc_free(&p);
}

static void a_password_is_not_shown(void)
{
	char path[40], line[512];
	ssize_t len;
	FILE *stream;

	CHECK(side_start(&ours, "--controlling",
			 ARGS("--turn", "turn:ann:secret@[::1]:9")));
	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)ours.proc.pid);
	stream = fopen(path, "r");
	CHECK(stream);
	len = (ssize_t)fread(line, 1, sizeof line, stream);
	fclose(stream);
	CHECK(memmem(line, (size_t)len, "turn:", 5));
	CHECK(!memmem(line, (size_t)len, "secret", 6));
	end(&ours);
}

static const struct check_test tests[] = {
	TEST(over_udp),
	TEST(over_tcp),
	TEST(over_tls),
	TEST(a_wrong_password),
	TEST(a_stranger_with_tls),
	TEST(a_server_without_tls),
	TEST(wrong_options),
	TEST(a_password_is_not_shown),
};

int main(int argc, char **argv)
{
	int status = 1;

	if (access(TURNSERVER, X_OK) != 0) {
		puts("no coturn here");
		return 77;
	}
	if (unshare(CLONE_NEWNET) == 0 && system("ip link set lo up") != 0) {
		puts("no loopback here");
		return 77;
	}
	if (certificate_make(&certificate, "IP:127.0.0.1", 7200) &&
	    certificate_make(&stranger, "IP:127.0.0.1", 7200) && start_server())
		status = check_run(tests, sizeof tests / sizeof *tests, argc,
				   argv);
	else
		puts("coturn does not start");
	if (server > 0)
		stop_server();
	certificate_free(&certificate);
	certificate_free(&stranger);
	return status;
}
