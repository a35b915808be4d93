/*
 * The examples, run as their users would: two of each on loopback, talking to
 * each other. Endpoints are on addresses of this process, so that they are
 * free.
 */
#define _GNU_SOURCE
#include "../check.h"
#include "child.h"

#include <altair/serve.h>

#include <unistd.h>

#define PATIENCE ALTAIR_SEC(20)

static struct child children[2];
static char endpoints[2][ALTAIR_ADDR_TEXT];

static void name_endpoints(void)
{
	for (int i = 0; i < 2; i++)
		snprintf(endpoints[i], sizeof endpoints[i], "127.%d.250.%d:%d",
			 16 + getpid() % 200, 1 + i, 4000);
}

static void test_establish(void)
{
	name_endpoints();
	for (int i = 0; i < 2; i++) {
		const char *argv[] = {EXAMPLE_ESTABLISH, endpoints[1 - i],
				      endpoints[i], i == 0 ? "initiator" : NULL,
				      NULL};

		child_start(&children[i], argv);
	}
	for (int i = 0; i < 2; i++) {
		CHECK(child_says(&children[i], "Connected!", PATIENCE));
		CHECK(child_says(&children[i], "Received: Hello!", PATIENCE));
		CHECK_EQ(child_end(&children[i]), 0);
	}
}

static void test_loop(void)
{
	name_endpoints();
	for (int i = 0; i < 2; i++) {
		const char *argv[] = {EXAMPLE_LOOP, endpoints[i],
				      endpoints[1 - i], NULL};

		child_start(&children[i], argv);
	}
	for (int i = 0; i < 2; i++) {
		CHECK(child_says(&children[i], "attempt 1 of 5", PATIENCE));
		CHECK(child_says(&children[i], "heard: greetings", PATIENCE));
		CHECK_EQ(child_end(&children[i]), 0);
	}
}

static void test_usage(void)
{
	const char *const programs[] = {EXAMPLE_ESTABLISH, EXAMPLE_LOOP,
					EXAMPLE_UV_CHAT};

	for (size_t i = 0; i < 3; i++) {
		const char *argv[] = {programs[i], "nowhere", NULL};

		child_start(&children[0], argv);
		CHECK_EQ(child_end(&children[0]), 2);
	}
}

static altair_serve *start_server(char text[ALTAIR_ADDR_TEXT])
{
	altair_addr listen = {.family = ALTAIR_IPV4, .ip = {127, 0, 0, 1}};
	altair_serve_config config;
	altair_serve *serve;

	altair_serve_config_default(&config);
	config.listen = &listen;
	config.listens = 1;
	config.threads = 1;
	CHECK_EQ(altair_serve_start(&serve, &config, NULL), 0);
	CHECK_EQ(altair_serve_local(serve, 0, &listen), 0);
	altair_addr_format(&listen, text, ALTAIR_ADDR_TEXT);
	return serve;
}

static void test_uv_chat(void)
{
	char server[ALTAIR_ADDR_TEXT];
	altair_serve *serve = start_server(server);

	for (int i = 0; i < 2; i++) {
		const char *argv[] = {EXAMPLE_UV_CHAT, server,
				      i == 0 ? "initiator" : NULL, NULL};
		const char *found;

		child_start(&children[i], argv);
		found = child_says(&children[i], "our endpoint: ", PATIENCE);
		CHECK(found != NULL);
		snprintf(endpoints[i], sizeof endpoints[i], "%s\n", found);
	}
	child_tell(&children[0], "nonsense\n224.0.0.1:5000\n");
	for (int i = 0; i < 2; i++)
		CHECK(child_says(&children[0], "not sent: ", PATIENCE));
	for (int i = 0; i < 2; i++)
		child_tell(&children[i], endpoints[1 - i]);
	for (int i = 0; i < 2; i++)
		CHECK(child_says(&children[i], "connected", PATIENCE));
	child_tell(&children[0], "one\nPING\ntwo\n");
	CHECK(child_says(&children[0], "not sent: ", PATIENCE));
	CHECK(child_says(&children[1], "> one", PATIENCE));
	CHECK(child_says(&children[1], "> two", PATIENCE));
	child_tell(&children[1], "\033[2J\n");
	CHECK(child_says(&children[0], "> ?[2J", PATIENCE));
	for (int i = 0; i < 2; i++)
		CHECK_EQ(child_end(&children[i]), 0);
	altair_serve_stop(serve);
}

static const struct check_test tests[] = {
	TEST(test_establish),
	TEST(test_loop),
	TEST(test_uv_chat),
	TEST(test_usage),
};

CHECK_MAIN(tests)
