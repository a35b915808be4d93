/*
 * What the secure session costs: CPU time of a handshake, both sides together, with
 * new keys of the exchange each time, and of a message there. In memory, without
 * sockets.    bench-secure [HANDSHAKES [MESSAGES]]
 */
#define _GNU_SOURCE
#include <altair/openssl.h>
#include <altair/secure.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MESSAGE 1000

static altair_dtls dtls[2];
static altair_secure_config config[2];
static altair_secure *side[2];
static void *memory[2];

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(bool is_good, const char *what)
{
	if (is_good)
		return;
	fprintf(stderr, "bench-secure: %s\n", what);
	exit(1);
}

static void prepare(void)
{
	altair_openssl_key *key[2];

	for (int who = 0; who < 2; who++) {
		must(altair_openssl_key_new(&key[who]) == 0, "no key");
		must(altair_openssl_dtls_open(&dtls[who], key[who]) == 0,
		     "no DTLS");
	}
	for (int who = 0; who < 2; who++) {
		altair_secure_config_default(&config[who]);
		config[who].dtls = &dtls[who];
		config[who].role.is_client = who == 0;
		altair_openssl_key_hash(key[!who], config[who].role.peer);
		memory[who] = malloc(altair_secure_size(&config[who]));
		must(memory[who] != NULL, "no memory");
	}
	altair_openssl_key_free(key[0]);
	altair_openssl_key_free(key[1]);
}

/* What `from` has to say. False: nothing. */
static bool carry(int from)
{
	uint8_t room[ALTAIR_DTLS_DATAGRAM_MAX];
	altair_datagram in = {.bytes = {room, 0}};
	altair_output out;
	enum altair_step step;
	bool moved = false;

	while ((step = altair_poll(altair_secure_machine(side[from]), &out)) !=
	       ALTAIR_WAIT) {
		moved = true;
		if (step != ALTAIR_SEND)
			continue;
		memcpy(room, out.datagram.bytes.data, out.datagram.bytes.len);
		in.bytes.len = out.datagram.bytes.len;
		altair_input(altair_secure_machine(side[!from]), 0, &in, 1);
	}
	return moved;
}

static void shake(void)
{
	bool moves[2] = {true, true};

	for (int who = 0; who < 2; who++) {
		must(altair_secure_init(&side[who], memory[who],
					altair_secure_size(&config[who]),
					&config[who]) == 0,
		     "no session");
		altair_secure_start(side[who], 0);
	}
	while (moves[0] || moves[1])
		for (int who = 0; who < 2; who++)
			moves[who] = carry(who);
	for (int who = 0; who < 2; who++)
		must(altair_secure_state(side[who]) == ALTAIR_SECURE_OPEN,
		     "no handshake");
}

static void part(void)
{
	altair_secure_free(side[0]);
	altair_secure_free(side[1]);
}

static void talk(void)
{
	static uint8_t
		room[ALTAIR_SECURE_HEADROOM + MESSAGE + ALTAIR_SECURE_TAILROOM];
	altair_datagram datagram;

	must(altair_secure_wrap(side[0], room + ALTAIR_SECURE_HEADROOM, MESSAGE,
				&datagram) == 0,
	     "no record");
	altair_input(altair_secure_machine(side[1]), 0, &datagram, 1);
	must(datagram.verdict == ALTAIR_PAYLOAD, "no message");
}

int main(int argc, char **argv)
{
	long handshakes = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
	long messages = argc > 2 ? strtol(argv[2], NULL, 10) : 300000;
	double began;

	must(handshakes > 0 && messages > 0, "[HANDSHAKES [MESSAGES]]");
	prepare();
	began = cpu_seconds();
	for (long i = 0; i < handshakes; i++) {
		shake();
		part();
	}
	printf("a handshake, both sides: %.0f us\n",
	       (cpu_seconds() - began) / (double)handshakes * 1e6);
	shake();
	began = cpu_seconds();
	for (long i = 0; i < messages; i++)
		talk();
	printf("a message of %d bytes, both sides: %.2f us\n", MESSAGE,
	       (cpu_seconds() - began) / (double)messages * 1e6);
	part();
	for (int who = 0; who < 2; who++) {
		altair_openssl_dtls_close(&dtls[who]);
		free(memory[who]);
	}
	return 0;
}
