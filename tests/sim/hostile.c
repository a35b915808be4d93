/*
 * A server that does what it likes between people who want to be introduced, with the
 * shipped machines and OpenSSL:
 *     hostile [ATTEMPTS [GUESSES [SEED]]]
 * Each trick so often, and guesses at codes out of a list of 32 words. Then the same
 * with tables that were broken on purpose, which the judge has to notice.
 */
#include "sim/mailman.h"

#include <altair/openssl.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 32
#define SIGMAS 3

static const char *const names[SIM_TRICKS] = {
	[SIM_SUBSTITUTE] = "substitutes", [SIM_REPLAY] = "replays",
	[SIM_REORDER] = "reorders",	  [SIM_DROP] = "drops",
	[SIM_REFLECT] = "reflects",	  [SIM_SWAP_SIDES] = "swaps sides",
	[SIM_SWAP_ROOMS] = "swaps rooms", [SIM_SPOIL] = "spoils",
	[SIM_ALL_TRICKS] = "all of it"};

static struct sim_mailman mailman;
static bool is_failed;

static void fail(const char *what)
{
	printf("FAILED: %s\n", what);
	is_failed = true;
}

static void play(enum sim_trick trick, unsigned long attempts)
{
	const struct sim_mail_count *c = &mailman.count;

	memset(&mailman.count, 0, sizeof mailman.count);
	for (unsigned long i = 0; i < attempts; i++)
		sim_mailman_attempt(&mailman, trick);
	printf("%-12s %7" PRIu64 " attempts: introduced %7" PRIu64
	       ", failed %7" PRIu64 ", payloads %7" PRIu64
	       ", bytes disclosed %" PRIu64 ", accepted %" PRIu64
	       ", untold %" PRIu64 "\n",
	       names[trick], c->attempts, c->introduced, c->failed, c->payloads,
	       c->disclosed, c->accepted, c->untold);
	if (c->disclosed + c->accepted + c->untold > 0)
		fail("a trick worked");
	if (attempts >= 100 && (c->introduced == 0 || c->failed == 0))
		fail("nothing happened");
}

static void guess(unsigned long guesses)
{
	const struct sim_mail_count *c = &mailman.count;
	double expected = (double)guesses / WORDS;
	double sigma = sqrt(expected * (1 - 1.0 / WORDS));
	double off;

	memset(&mailman.count, 0, sizeof mailman.count);
	for (unsigned long i = 0; i < guesses; i++)
		sim_mailman_guess(&mailman);
	off = ((double)c->guessed - expected) / sigma;
	printf("guesses      %7" PRIu64 " codes: right %" PRIu64
	       ", expected %.0f, off by %.2f standard deviations, untold "
	       "%" PRIu64 "\n",
	       c->guesses, c->guessed, expected, off, c->untold);
	if (off > SIGMAS || off < -SIGMAS || c->untold > 0)
		fail("guesses");
}

/* --- what the judge has to notice ---------------------------------------- */

static int deaf(void *user, altair_bytes secret, altair_bytes salt,
		uint8_t w[ALTAIR_PAKE_SCALAR])
{
	(void)user;
	(void)secret;
	(void)salt;
	memset(w, 7, ALTAIR_PAKE_SCALAR);
	return 0;
}

static int gullible(void *user, const altair_pake_seal *how, uint8_t *bytes,
		    size_t len)
{
	(void)user;
	altair_openssl_pake()->open(NULL, how, bytes, len);
	return 0;
}

static int in_clear(void *user, const altair_pake_seal *how, uint8_t *bytes,
		    size_t len)
{
	(void)user;
	(void)how;
	memset(bytes + len, 0, ALTAIR_PAKE_TAG);
	return 0;
}

static void noticed(const char *what, enum sim_trick trick,
		    const altair_pake *broken)
{
	const struct sim_mail_count *c = &mailman.count;

	sim_mailman_init(&mailman, 1, WORDS, altair_openssl(), broken);
	for (unsigned i = 0; i < 500; i++)
		sim_mailman_attempt(&mailman, trick);
	printf("%s: bytes disclosed %" PRIu64 ", accepted %" PRIu64
	       ", as it has to be\n",
	       what, c->disclosed, c->accepted);
	if (c->disclosed + c->accepted == 0)
		fail("the judge noticed nothing");
}

static void broken_tables(void)
{
	altair_pake pake = *altair_openssl_pake();

	pake.stretch = deaf;
	noticed("no secret", SIM_SUBSTITUTE, &pake);
	pake = *altair_openssl_pake();
	pake.open = gullible;
	noticed("no tags", SIM_SPOIL, &pake);
	pake.seal = in_clear;
	noticed("no cipher", SIM_ALL_TRICKS, &pake);
}

static unsigned long argument(int argc, char **argv, int at,
			      unsigned long otherwise)
{
	return argc > at ? strtoul(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
	unsigned long attempts = argument(argc, argv, 1, 4500);
	unsigned long guesses = argument(argc, argv, 2, 3000);

	sim_mailman_init(&mailman, argument(argc, argv, 3, 1), WORDS,
			 altair_openssl(), altair_openssl_pake());
	for (unsigned trick = 0; trick < SIM_TRICKS; trick++)
		play((enum sim_trick)trick, attempts / SIM_TRICKS);
	guess(guesses);
	broken_tables();
	return is_failed;
}
