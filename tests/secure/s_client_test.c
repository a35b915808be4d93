/*
 * A session of ours against `openssl s_client` on loopback: what it may offer, and
 * each thing that is refused.
 */
#define _GNU_SOURCE
#include "outsider.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE ALTAIR_SEC(8)

static struct pair pair;
static char cert_file[] = "/tmp/altair-cert-XXXXXX";
static char key_file[] = "/tmp/altair-key-XXXXXX";
static int sock;
static char address[32];

static altair_time now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ALTAIR_SEC(t.tv_sec) + (altair_time)t.tv_nsec;
}

static void open_socket(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;

	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(bind(sock, (struct sockaddr *)&at, len) == 0);
	CHECK(getsockname(sock, (struct sockaddr *)&at, &len) == 0);
	snprintf(address, sizeof address, "127.0.0.1:%u", ntohs(at.sin_port));
}

static void write_files(void)
{
	EVP_PKEY *key = outsider_key(pair.side[CLIENT].key);
	X509 *cert = outsider_certificate(key, key);
	FILE *file = fdopen(mkstemp(cert_file), "w");

	CHECK(file && PEM_write_X509(file, cert) == 1 && fclose(file) == 0);
	file = fdopen(mkstemp(key_file), "w");
	CHECK(file &&
	      PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
	CHECK(fclose(file) == 0);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static pid_t spawn(const char *const *more)
{
	const char *argv[24] = {"openssl", "s_client", "-connect",
				address,   "-mtu",     "1200"};
	size_t count = 6;
	pid_t pid;

	while (*more)
		argv[count++] = *more++;
	pid = fork();
	if (pid == 0) {
		int nothing = open("/dev/null", O_RDWR);

		dup2(nothing, 0);
		dup2(nothing, 1);
		dup2(nothing, 2);
		execvp("openssl", (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	return pid;
}

static void speak(const struct sockaddr_in *to)
{
	altair_output out;
	enum altair_step step;

	while ((step = altair_poll(pair_machine(&pair, SERVER), &out)) !=
	       ALTAIR_WAIT) {
		if (step == ALTAIR_SEND)
			sendto(sock, out.datagram.bytes.data,
			       out.datagram.bytes.len, 0,
			       (const struct sockaddr *)to, sizeof *to);
		else
			pair.side[SERVER].is_secured |=
				out.event == ALTAIR_EV_SECURED;
	}
}

/* Serves until the client has ended. Its exit status; -1: it did not end. */
static int serve(pid_t pid)
{
	altair_time until = now() + PATIENCE;
	struct sockaddr_in from = {.sin_family = AF_INET};
	int status = -1;

	altair_secure_start(pair.side[SERVER].secure, now());
	while (now() < until && waitpid(pid, &status, WNOHANG) == 0) {
		struct pollfd ready = {.fd = sock, .events = POLLIN};
		struct pair_datagram d = {.to = SERVER};
		socklen_t len = sizeof from;
		ssize_t got;

		altair_tick(pair_machine(&pair, SERVER), now());
		speak(&from);
		if (poll(&ready, 1, 20) != 1)
			continue;
		got = recvfrom(sock, d.bytes, sizeof d.bytes, 0,
			       (struct sockaddr *)&from, &len);
		if (got <= 0)
			continue;
		d.len = (size_t)got;
		pair.now = now();
		pair_deliver(&pair, &d);
		speak(&from);
	}
	if (status == -1) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const struct {
	const char *argv[12];
	bool has_key, is_good;
} offers[] = {
	{{"-dtls1_2"}, true, true},
	{{"-dtls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"}, true, true},
	{{"-dtls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384", "-groups",
	  "P-256"},
	 true,
	 true},
	{{"-dtls1_2"}, false, false},
	{{"-dtls1", "-cipher", "ALL:@SECLEVEL=0"}, true, false},
	{{"-dtls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"}, true, false},
	{{"-dtls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA384"}, true, false},
	{{"-dtls1_2", "-cipher", "ECDHE-ECDSA-AES128-CCM8"}, true, false},
	{{"-dtls1_2", "-cipher", "ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0"},
	 true,
	 false},
	{{"-dtls1_2", "-cipher", "AES128-GCM-SHA256"}, true, false},
	{{"-dtls1_2", "-cipher", "aNULL:@SECLEVEL=0"}, true, false},
	{{"-dtls1_2", "-psk", "c0ffee", "-cipher", "PSK-AES128-GCM-SHA256"},
	 true,
	 false},
	{{"-dtls1_2", "-groups", "P-384"}, true, false},
	{{"-dtls1_2", "-sigalgs", "ECDSA+SHA1", "-cipher", "ALL:@SECLEVEL=0"},
	 true,
	 false},
};

static void try_offer(size_t i, bool asks_cookie)
{
	const char *argv[20] = {"-cert", cert_file, "-key", key_file};
	size_t count = offers[i].has_key ? 4 : 0;
	int status;

	for (size_t k = 0; offers[i].argv[k]; k++)
		argv[count++] = offers[i].argv[k];
	argv[count] = NULL;
	pair.side[SERVER].config.role.asks_cookie = asks_cookie;
	pair_open(&pair);
	status = serve(spawn(argv));
	if (pair.side[SERVER].is_secured != offers[i].is_good)
		printf("# offer %zu: exit %d\n", i, status);
	CHECK_EQ(pair.side[SERVER].is_secured, offers[i].is_good);
	CHECK(offers[i].is_good ? status == 0 : status != 0);
	pair_close(&pair);
}

static void refused_ciphers_and_versions(void)
{
	pair_make(&pair);
	open_socket();
	write_files();
	for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
		try_offer(i, false);
		try_offer(i, true);
	}
	unlink(cert_file);
	unlink(key_file);
	close(sock);
	pair_end(&pair);
}

static const struct check_test tests[] = {TEST(refused_ciphers_and_versions)};

int main(int argc, char **argv)
{
	if (system("openssl version >/dev/null 2>&1") != 0) {
		puts("no openssl command here");
		return 77;
	}
	return check_run(tests, 1, argc, argv);
}
